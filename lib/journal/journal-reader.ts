import { JournalError } from './errors.js';
import type { Files, OpenFile } from './files.js';
import type { RecordIndex } from './index-of-records.js';
import type { RecordName } from './journal.js';
import { LineReader } from './line-reader.js';
import { journalError, openToRead } from './opening.js';
import type { ReadJournal } from './reading.js';

/** A journal as it was at one moment; another process may write it. */
export class JournalReader {
  readonly #journal: ReadJournal;
  readonly #log: OpenFile;
  readonly #lines: LineReader;

  private constructor(journal: ReadJournal, log: OpenFile) {
    this.#journal = journal;
    this.#log = log;
    this.#lines = new LineReader([log]);
  }

  static async open(files: Files, paths: readonly string[]): Promise<JournalReader> {
    const found = await openToRead(files, paths);
    if (found === undefined) throw new JournalError(`There is no journal in ${paths[0]}`);
    return new JournalReader(found.journal, found.log);
  }

  get index(): RecordIndex {
    return this.#journal.index;
  }

  async read(record: RecordName): Promise<string | undefined> {
    const entry = this.index.get(record);
    if (entry === undefined) return undefined;
    try {
      return await this.#lines.textOf(entry, this.#journal.end);
    } catch (error) {
      throw journalError('The journal failed', error);
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
