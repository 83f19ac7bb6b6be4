import { JournalError } from './errors.js';
import { isJournalRecord, type JournalRecord } from './journal.js';
import type { Json, Line } from './line.js';

/*
 * Records as text. Fields in one order, `data` last, so that what the index needs is read without the rest. Records that
 * are written together stand in a JSON array, a tab before each but the first: none is inside a record, since JSON writes
 * it as \t.
 */

/** What hears of each record in a line: its head, and where it stands, in bytes from the line's start. */
export type Hear = (
  kind: JournalRecord['kind'],
  id: string,
  revision: number,
  finished: boolean,
  acknowledged: boolean,
  updatedAt: number,
  from: number,
  length: number,
) => void;

export function toText(record: JournalRecord): string {
  const { schema, kind, id, revision, state, finished, acknowledged, updatedAt, data } = record;
  return JSON.stringify({ schema, kind, id, revision, state, finished, acknowledged, updatedAt, data });
}

const [tab, quote, comma, openingBracket, backslash, closingBracket, lastOfAscii] = [9, 34, 44, 91, 92, 93, 126];

/** Records that stand together in a line. */
export class Together implements Json {
  readonly #texts: string[] = [];
  /** Where each stands, from the bracket on. */
  readonly offsets: number[] = [];
  length = 2;

  /** @param length A further text's, in bytes. */
  lengthWith(length: number): number {
    return this.#nextOffset + length + 1;
  }

  /** @param length The text's, in bytes. */
  add(text: string, length: number): void {
    const offset = this.#nextOffset;
    this.#texts.push(text);
    this.offsets.push(offset);
    this.length = offset + length + 1;
  }

  /** In the closing bracket's place, or behind a comma and a tab. */
  get #nextOffset(): number {
    return this.offsets.length === 0 ? 1 : this.length + 1;
  }

  writeTo(bytes: Buffer, at: number): void {
    bytes[at] = openingBracket;
    const first = at + 1;
    let end = first;
    for (const text of this.#texts) {
      if (end > first) {
        bytes[end] = comma;
        bytes[end + 1] = tab;
        end += 2;
      }
      end += bytes.write(text, end);
    }
    bytes[end] = closingBracket;
  }
}

/** @throws JournalError if it is not a record of this version. */
export function fromText(text: string): JournalRecord {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    // The cause would quote the record.
  }
  if (isJournalRecord(record)) return record;
  throw new JournalError('The journal holds what another version of this package wrote; this one leaves it as it is');
}

/** Reads what {@link toText} wrote, without making anything of it: a hundred thousand records are read at an opening. */
class Cursor {
  at: number;
  readonly #text: string;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  /** Goes on behind `words` if they are next. */
  passes(words: string): boolean {
    if (!this.#text.startsWith(words, this.at)) return false;
    this.at += words.length;
    return true;
  }

  /** Goes on behind the quote that ends a plain string; false if it is not plain, or not short. */
  passesString(): boolean {
    for (const end = this.at + 200; this.at < end; this.at += 1) {
      const code = this.#text.charCodeAt(this.at);
      if (code === quote) {
        this.at += 1;
        return true;
      }
      if (code === backslash || code < 32 || code > lastOfAscii) return false;
    }
    return false;
  }

  /** A whole number; NaN if there is none, or one that is too long to be exact. */
  number(): number {
    let value = 0;
    const from = this.at;
    for (; this.at - from < 16; this.at += 1) {
      const digit = this.#text.charCodeAt(this.at) - 48;
      if (!(digit >= 0 && digit <= 9)) return this.at === from ? Number.NaN : value;
      value = 10 * value + digit;
    }
    return Number.NaN;
  }
}

/** @returns false if the record is not written in the usual way. */
function hearUsual(line: Buffer, text: string, from: number, length: number, hear: Hear): boolean {
  const cursor = new Cursor(text, from);
  if (!cursor.passes('{"schema":1,"kind":"')) return false;
  const isRefund = cursor.passes('refund');
  if (!isRefund && !cursor.passes('payment')) return false;
  if (!cursor.passes('","id":"')) return false;
  const idFrom = cursor.at;
  if (!cursor.passesString()) return false;
  const idEnd = cursor.at - 1;
  if (!cursor.passes(',"revision":')) return false;
  const revision = cursor.number();
  if (!cursor.passes(',"state":"') || !cursor.passesString() || !cursor.passes(',"finished":')) return false;
  const finished = cursor.passes('true');
  if (!finished && !cursor.passes('false')) return false;
  if (!cursor.passes(',"acknowledged":')) return false;
  const acknowledged = cursor.passes('true');
  if (!acknowledged && !cursor.passes('false')) return false;
  if (!cursor.passes(',"updatedAt":')) return false;
  const updatedAt = cursor.number();
  if (!cursor.passes(',"data":{') || Number.isNaN(revision + updatedAt)) return false;
  // A string of its own: V8's part of the line's text would keep all of that in memory.
  const id = line.toString('latin1', idFrom, idEnd);
  hear(isRefund ? 'refund' : 'payment', id, revision, finished, acknowledged, updatedAt, from, length);
  return true;
}

/**
 * Tells the records of a line whose JSON begins at `from`.
 * @throws JournalError if one is not a record of this version.
 */
export function hearRecords({ bytes, from }: Pick<Line, 'bytes' | 'from'>, hear: Hear): void {
  const text = bytes.toString('latin1');
  // Without the bracket and the line feed at its end.
  for (let [at, last] = [from + 1, bytes.length - 2]; at < last; ) {
    const next = bytes.indexOf(tab, at);
    const end = next === -1 ? last : next - 1;
    if (!hearUsual(bytes, text, at, end - at, hear)) {
      const { kind, id, revision, finished, acknowledged, updatedAt } = fromText(bytes.toString('utf8', at, end));
      hear(kind, id, revision, finished, acknowledged, updatedAt, at, end - at);
    }
    at = end + 2;
  }
}

/**
 * The records of a line.
 * @throws JournalError if one is not a record of this version.
 */
export function recordsIn(line: Pick<Line, 'bytes' | 'from'>): JournalRecord[] {
  const records: JournalRecord[] = [];
  hearRecords(line, (...[, , , , , , from, length]) => {
    records.push(fromText(line.bytes.toString('utf8', from, from + length)));
  });
  return records;
}

const numbers = /"kind":"(?:payment|refund)","id":"((?:[^"\\\p{Cc}]|\\.){1,64})"/gu;

/** The numbers that damaged bytes still name. */
export function numbersIn(bytes: Buffer): string[] {
  return [...new Set(Array.from(bytes.toString().matchAll(numbers), ([, id = '']) => id))];
}
