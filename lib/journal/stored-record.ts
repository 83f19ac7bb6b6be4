import { JournalError } from './errors.js';
import { isJournalRecord, type JournalRecord } from './journal.js';

/*
 * Records as text. Fields in one order, `data` last, so that what the index needs is read without the rest. Records that
 * are written together stand in a JSON array, a tab before each but the first: none is inside a record, since JSON writes
 * it as \t.
 */

/** What is kept in memory of every record. */
export type RecordHead = Pick<JournalRecord, 'kind' | 'id' | 'revision' | 'finished' | 'acknowledged' | 'updatedAt'>;

/** A record in a line's text. */
export interface RecordInLine {
  readonly head: RecordHead;
  /** Bytes from the line's begin. */
  readonly from: number;
  readonly length: number;
}

export function toText(record: JournalRecord): string {
  const { schema, kind, id, revision, state, finished, acknowledged, updatedAt, data } = record;
  return JSON.stringify({ schema, kind, id, revision, state, finished, acknowledged, updatedAt, data });
}

export const together = (texts: readonly string[]): string => `[${texts.join(',\t')}]`;

function parse(text: string): JournalRecord {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    // The cause would quote the record.
  }
  if (isJournalRecord(record)) return record;
  throw new JournalError('The journal holds what another version of this package wrote; this one leaves it as it is');
}

/** @throws JournalError if it is no record of this version. */
export const fromText = parse;

const [tab, dataMark] = [9, ',"data":'];
// The usual case in one step.
const usual =
  /\{"schema":1,"kind":"(payment|refund)","id":"([\x20\x21\x23-\x5b\x5d-\x7e]+)","revision":(\d{1,9}),"state":"[a-z-]+","finished":(true|false),"acknowledged":(true|false),"updatedAt":(\d{1,15}),"data":\{/y;

function readHead(line: Buffer, text: string, from: number): RecordHead {
  usual.lastIndex = from;
  const found = usual.exec(text);
  if (found === null) {
    const whole = parse(`${line.toString('utf8', from, line.indexOf(dataMark, from))},"data":{}}`);
    const { kind, id, revision, finished, acknowledged, updatedAt } = whole;
    return { kind, id, revision, finished, acknowledged, updatedAt };
  }
  const [, kind = '', id = '', revision, finished, acknowledged, updatedAt] = found;
  const idFrom = from + '{"schema":1,"kind":"","id":"'.length + kind.length;
  return {
    kind: kind === 'refund' ? 'refund' : 'payment',
    // A string of its own: V8's part of the line's text would keep all of that in memory.
    id: line.toString('latin1', idFrom, idFrom + id.length),
    revision: Number(revision),
    finished: finished === 'true',
    acknowledged: acknowledged === 'true',
    updatedAt: Number(updatedAt),
  };
}

/**
 * The records of a line whose JSON begins at `from`.
 * @throws JournalError if one is no record of this version.
 */
export function recordsIn({ bytes, from }: { bytes: Buffer; from: number }): RecordInLine[] {
  const text = bytes.toString('latin1');
  const records: RecordInLine[] = [];
  // Without the bracket and the line feed at its end.
  for (let [at, last] = [from + 1, bytes.length - 2]; at < last; ) {
    const next = bytes.indexOf(tab, at);
    const end = next === -1 ? last : next - 1;
    records.push({ head: readHead(bytes, text, at), from: at, length: end - at });
    at = end + 2;
  }
  return records;
}

const numbers = /"kind":"(?:payment|refund)","id":"((?:[^"\\\p{Cc}]|\\.){1,64})"/gu;

/** The numbers that damaged bytes still name. */
export function numbersIn(bytes: Buffer): string[] {
  return [...new Set(Array.from(bytes.toString().matchAll(numbers), ([, id = '']) => id))];
}
