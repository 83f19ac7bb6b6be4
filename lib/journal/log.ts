import { randomUUID } from 'node:crypto';
import { JournalError } from './errors.js';
import { RecordIndex } from './index-of-records.js';
import { endOfLine, type Json, type Line, makeLine, noDigest, readLine } from './line.js';

/*
 * The log: a first line that says what the file is, lines with the records as they stood after a write, a line that says
 * which write that was, and from there on a line for each write. A compaction rewrites the first part and leaves the
 * lines behind it byte for byte as they were, so that they, and the head, belong to either file.
 */

const format = { journal: 'wxpay-face', version: 1 };

const jsonOf = (value: object): Json => {
  const text = JSON.stringify(value);
  return { length: Buffer.byteLength(text), writeTo: (bytes, at) => void bytes.write(text, at) };
};

/** @param id The journal's own, for as long as it lives. Each file has a layout of its own. */
export const firstLine = (id: string): Line => makeLine(0, noDigest, jsonOf({ ...format, id, layout: randomUUID() }));

/** The last line before the writes. */
export const baseEnd = (before: Line, { sequence, digest }: Pick<Line, 'sequence' | 'digest'>): Line =>
  makeLine(0, before.digest, jsonOf({ upTo: sequence, digest }));

/** What is before the first write. */
export const noTip = { sequence: 0, digest: noDigest, chain: noDigest } as const;

/** A journal without records. */
export function emptyLog(): Buffer {
  const first = firstLine(randomUUID());
  return Buffer.concat([first.bytes, baseEnd(first, noTip).bytes]);
}

/** Whether a line has records in it. */
export const hasRecords = ({ bytes, from }: Line): boolean => bytes[from] === 0x5b;

const fieldsOf = ({ bytes, from }: Line): Readonly<Record<string, unknown>> =>
  Object(JSON.parse(bytes.toString('utf8', from)));

/** The last write of a log. Its bytes are not known if it is the one that the first part stands for. */
export type Tip = Pick<Line, 'sequence' | 'digest' | 'chain'> & { readonly bytes?: Buffer };

/** Reads a log from its start, piece by piece, up to where it is no longer as it was written. */
export class LogScan {
  readonly index = new RecordIndex();
  /** Behind the last line that is as it was written. */
  end = 0;
  tip: Tip = noTip;
  /** The write that the first part stands for; undefined before its end is reached. */
  base: Pick<Line, 'sequence' | 'digest'> | undefined;
  /** Of the first line: which journal it is, and which file of it. */
  id = '';
  layout = '';
  /** The digest of the write that was asked for. */
  watched: string | undefined;
  lines = 0;
  #previous = noDigest;
  readonly #watch: number;

  /** @param watch The sequence of a write whose digest is wanted. */
  constructor(watch: number) {
    this.#watch = watch;
  }

  /**
   * @param piece What stands in the log from `end` on.
   * @returns false if it goes no further: there is an unsound line in the piece, or no end of one.
   * @throws JournalError if another version wrote it.
   */
  take(piece: Buffer): boolean {
    const begin = this.end;
    for (;;) {
      const at = this.end - begin;
      const end = endOfLine(piece, at);
      if (end === undefined) return at > 0;
      const line = readLine(piece.subarray(at, end));
      if (line === undefined || !this.#follows(line)) return false;
      this.#add(line);
      this.end = begin + end;
      this.lines += 1;
      this.#previous = line.digest;
    }
  }

  #follows({ sequence, chain }: Line): boolean {
    const expected = this.base === undefined ? 0 : this.tip.sequence + 1;
    return sequence === expected && chain === (this.base === undefined ? this.#previous : this.tip.digest);
  }

  #add(line: Line): void {
    if (this.lines === 0) {
      const { journal, version, id } = fieldsOf(line);
      if (journal !== format.journal || version !== format.version || typeof id !== 'string')
        throw new JournalError(`The journal was written by another version of this package (${journal} ${version})`);
      this.id = id;
      this.layout = line.digest;
    } else if (this.base !== undefined) {
      this.index.apply(line, this.end);
      this.tip = line;
      if (line.sequence === this.#watch) this.watched = line.digest;
    } else if (hasRecords(line)) this.index.apply(line, this.end);
    else {
      const { upTo, digest } = fieldsOf(line);
      if (typeof upTo !== 'number' || typeof digest !== 'string') throw new JournalError('The journal is not readable');
      this.base = { sequence: upTo, digest };
      this.tip = { sequence: upTo, digest, chain: noDigest };
      if (upTo === this.#watch) this.watched = digest;
    }
  }
}
