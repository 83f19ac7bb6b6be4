import { JournalError } from './errors.js';
import type { Entry } from './index-of-records.js';
import { keyOf } from './journal.js';
import { readLine } from './line.js';

/** Where lines are read from: a part of a log. */
export interface Source {
  read(at: number, length: number): Promise<Buffer>;
}

/** Lines are read in their order as a rule: some at once. */
const windowSize = 65_536;

/** Reads single records out of a log, each line held against its checksum again. */
export class LineReader {
  readonly #sources: readonly Source[];
  #window: { readonly at: number; readonly bytes: Buffer } | undefined;
  #sound: { readonly at: number; readonly bytes: Buffer } | undefined;

  /** @param sources Copies of one log. */
  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  /**
   * @param end Behind the last line that is durable.
   * @throws JournalError: ERR_JOURNAL_DAMAGED if it is no longer what was written.
   */
  async textOf(entry: Entry, end: number): Promise<string> {
    if (entry.text !== undefined) return entry.text;
    const { from, length, lineAt } = entry;
    const bytes = this.#sound?.at === lineAt ? this.#sound.bytes : await this.#readLine(entry, end);
    return bytes.toString('utf8', from, from + length);
  }

  async #readLine(entry: Entry, end: number): Promise<Buffer> {
    const { lineAt, lineLength } = entry;
    let fault: unknown;
    for (const source of this.#sources)
      try {
        const bytes = await this.#readAt(source, lineAt, lineLength, end);
        if (readLine(bytes) === undefined) {
          this.#window = undefined;
          continue;
        }
        this.#sound = { at: lineAt, bytes };
        return bytes;
      } catch (error) {
        fault = error;
      }
    if (fault !== undefined) throw fault;
    throw new JournalError(`The journal's record of ${keyOf(entry)} is damaged`, { code: 'ERR_JOURNAL_DAMAGED' });
  }

  async #readAt(source: Source, at: number, length: number, end: number): Promise<Buffer> {
    const seen = this.#window;
    if (seen !== undefined && at >= seen.at && at + length <= seen.at + seen.bytes.length)
      return seen.bytes.subarray(at - seen.at, at - seen.at + length);
    const bytes = await source.read(at, Math.min(Math.max(length, windowSize), end - at));
    this.#window = { at, bytes };
    return bytes.subarray(0, length);
  }
}
