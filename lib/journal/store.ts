import { ClosedError } from '../errors.js';
import { writeBase } from './compaction.js';
import { JournalError } from './errors.js';
import type { Files, OpenFile } from './files.js';
import { Entry, type RecordIndex } from './index-of-records.js';
import type { JournalRecord } from './journal.js';
import { all, type JournalFolder } from './journal-folder.js';
import { makeLine, maximumPayload } from './line.js';
import { LineReader } from './line-reader.js';
import type { Tip } from './log.js';
import { journalError, openToWrite } from './opening.js';
import type { ReadJournal } from './reading.js';
import { together, toText } from './stored-record.js';

const nowhere = { lineAt: 0, lineLength: 0, from: 0 };

interface Write {
  readonly key: string;
  /** Gets its place when it is written. */
  readonly entry: Entry;
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What is not known after a failure, until it was made sure. */
interface Doubt {
  /** 'end': whether the last write is there; 'file': which file is the log. */
  readonly of: 'end' | 'file';
  /** The records whose write failed. */
  readonly keys: ReadonlySet<string>;
}

/** The records that go into one line, from the first on. */
function takeTogether(waiting: Write[]): Write[] {
  let size = 0;
  const count = waiting.findIndex(({ entry }) => {
    size += entry.length + 2;
    return size > maximumPayload;
  });
  return waiting.splice(0, count === -1 ? waiting.length : Math.max(count, 1));
}

/**
 * The log and its head, in one folder or two, as the process that writes has them. Writes go one after the other, those that
 * wait together as one line. A write that failed is cut off before anything is built behind it.
 */
export class Store {
  readonly #files: Files;
  readonly #paths: readonly string[];
  #folders: readonly JournalFolder[];
  #reader: LineReader;
  #index: RecordIndex;
  readonly #id: string;
  #tip: Tip;
  #end: number;
  /** How often the files were read anew. */
  #readings = 0;
  readonly #waiting: Write[] = [];
  readonly #tasks: Array<() => Promise<void>> = [];
  #working: Promise<void> | undefined;
  #doubt: Doubt | undefined;
  readonly #reads = new Set<Promise<string>>();
  #replacing: Promise<unknown> | undefined;
  #isStopped = false;

  private constructor(files: Files, paths: readonly string[], journal: ReadJournal, folders: readonly JournalFolder[]) {
    this.#files = files;
    this.#paths = paths;
    this.#folders = folders;
    this.#reader = new LineReader(folders);
    this.#index = journal.index;
    this.#id = journal.id;
    this.#tip = journal.tip;
    this.#end = journal.end;
  }

  /** @param paths Locked folders: the journal's, and its mirror's. */
  static async open(files: Files, paths: readonly string[]): Promise<Store> {
    const { journal, folders } = await openToWrite(files, paths);
    return new Store(files, paths, journal, folders);
  }

  get index(): RecordIndex {
    return this.#index;
  }

  /** Bytes of the log. */
  get size(): number {
    return this.#end;
  }

  /** Durable when resolved. If it rejects, {@link Store.read} tells what is stored. */
  append(record: JournalRecord, key: string): Promise<void> {
    const text = toText(record);
    const { kind, id, revision, finished, acknowledged, updatedAt } = record;
    const length = Buffer.byteLength(text);
    if (length > maximumPayload - 2)
      return Promise.reject(new JournalError(`A record has at most ${maximumPayload - 2} bytes (${key})`));
    const kept = finished ? undefined : text;
    const entry = new Entry(kind, id, revision, finished, acknowledged, updatedAt, nowhere, length, kept);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, entry, text, resolve, reject });
      this.#work();
    });
  }

  /** Whether it is not known what is stored of a key, or of any. */
  isInDoubt(key?: string): boolean {
    if (this.#doubt === undefined) return false;
    return key === undefined || this.#doubt.of === 'file' || this.#doubt.keys.has(key);
  }

  /** Resolves when it is known what is stored. @throws JournalError if that can't be known. */
  makeSure(): Promise<void> {
    return this.#between(() => this.#clearDoubt());
  }

  /**
   * The record of a key, as text.
   * @throws JournalError if it can't be read, or if it isn't known whether its last write is stored.
   */
  async read(key: string): Promise<string | undefined> {
    if (this.isInDoubt(key)) await this.makeSure();
    while (this.#replacing !== undefined) await this.#replacing;
    const entry = this.#index.get(key);
    return entry === undefined ? undefined : this.#textOf(entry);
  }

  async #textOf(entry: Entry): Promise<string> {
    if (entry.text !== undefined) return entry.text;
    const read = this.#reader.textOf(entry, this.#end);
    this.#reads.add(read);
    try {
      return await read;
    } catch (error) {
      throw journalError('The journal failed', error);
    } finally {
      this.#reads.delete(read);
    }
  }

  /** A compaction under way changes nothing, and begins no more. */
  stopCompaction(): void {
    this.#isStopped = true;
  }

  /** What was asked for before still happens. */
  async close(): Promise<void> {
    await this.#working;
    await Promise.allSettled(this.#reads);
    await all(this.#folders.map((folder) => folder.close()));
  }

  /** Does something alone, between two writes. */
  #between<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => task().then(resolve, reject));
      this.#work();
    });
  }

  #work(): void {
    this.#working ??= this.#workAll();
  }

  /** Never rejects. */
  async #workAll(): Promise<void> {
    // So that those that come at once share a line.
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      const task = this.#tasks.shift();
      if (task !== undefined) await task();
      else if (this.#waiting.length > 0) await this.#write(takeTogether(this.#waiting));
      else break;
    }
    this.#working = undefined;
  }

  async #write(writes: readonly Write[]): Promise<void> {
    try {
      await this.#clearDoubt();
      const line = makeLine(this.#tip.sequence + 1, this.#tip.digest, together(writes.map(({ text }) => text)));
      this.#doubt = { of: 'end', keys: new Set(writes.map(({ key }) => key)) };
      await all(this.#folders.map((folder) => folder.write(line, this.#end)));
      this.#doubt = undefined;
      let from = line.from + 1;
      for (const { key, entry } of writes) {
        entry.moveTo(this.#end, line.bytes.length, from);
        this.#index.add(entry, key);
        from += entry.length + 2;
      }
      this.#tip = line;
      this.#end += line.bytes.length;
      for (const { resolve } of writes) resolve();
    } catch (cause) {
      // So that it is known at once whether it is stored, if that can be.
      await this.#clearDoubt().catch(() => undefined);
      const error = journalError('The journal failed', cause);
      for (const { reject } of writes) reject(error);
    }
  }

  /** @throws If it is still not known what is stored. */
  async #clearDoubt(): Promise<void> {
    if (this.#doubt === undefined) return;
    try {
      if (this.#doubt.of === 'end') await all(this.#folders.map((folder) => folder.takeBack(this.#tip, this.#end)));
      else await this.#readAnew();
      this.#doubt = undefined;
    } catch (error) {
      throw journalError('The journal failed', error);
    }
  }

  async #readAnew(): Promise<void> {
    await Promise.allSettled(this.#folders.map((folder) => folder.close()));
    const { journal, folders } = await openToWrite(this.#files, this.#paths);
    this.#folders = folders;
    if (journal.tip.digest !== this.#tip.digest)
      throw new JournalError('The journal is no longer what it was', { code: 'ERR_JOURNAL_DAMAGED' });
    this.#reader = new LineReader(folders);
    [this.#index, this.#tip, this.#end] = [journal.index, journal.tip, journal.end];
    this.#readings += 1;
  }

  /**
   * Makes the log anew with the records that count, and without those that `isExpired` names. Writes go on meanwhile.
   * @returns How many records went.
   */
  async compact(isExpired: (entry: Entry) => boolean): Promise<number> {
    const { readings, tip, end, index } = await this.#between(async () => {
      await this.#clearDoubt();
      return { readings: this.#readings, tip: this.#tip, end: this.#end, index: this.#index };
    });
    const records = index.inOrder((entry) => !isExpired(entry) && entry.lineAt < end);
    const expired = index.inOrder((entry) => isExpired(entry) && entry.lineAt < end);
    const folders = this.#folders;
    const next: OpenFile[] = [];
    try {
      for (const folder of folders) next.push(await folder.openNext());
      const base = await writeBase(next, this.#id, records, (entry) => this.#textForCompaction(entry), tip);
      const moved = base.end - end;
      let copied = await this.#copy(next, end, moved);
      await all(next.map((file) => file.sync()));
      await this.#between(async () => {
        await this.#clearDoubt();
        if (this.#readings !== readings) throw new JournalError('The journal was read anew meanwhile');
        copied = await this.#copy(next, copied, moved);
        await all(next.map((file) => file.sync()));
        await this.#replace(next.splice(0), () => {
          for (const entry of index.all()) if (entry.lineAt >= end) entry.lineAt += moved;
          records.forEach((entry, position) => void Object.assign(entry, base.places[position]));
          this.#end += moved;
        });
      });
    } catch (error) {
      await Promise.allSettled(next.map((file) => file.close()));
      await Promise.allSettled(folders.map((folder) => folder.removeNext()));
      throw journalError('The journal could not be compacted', error);
    }
    return expired.filter((entry) => index.forget(entry)).length;
  }

  #textForCompaction(entry: Entry): Promise<string> {
    if (this.#isStopped) throw new ClosedError('The journal');
    return this.#textOf(entry);
  }

  /** Copies the lines of the writes from `from` on as they are. @returns How far it came. */
  async #copy(next: readonly OpenFile[], from: number, moved: number): Promise<number> {
    const end = this.#end;
    const [source] = this.#folders;
    for (let at = from; source !== undefined && at < end; ) {
      const bytes = await source.read(at, Math.min(maximumPayload, end - at));
      if (bytes.length === 0) throw new JournalError('The journal could not be read');
      await Promise.all(next.map((file) => file.write(bytes, at + moved)));
      at += bytes.length;
    }
    return end;
  }

  /** @param move Tells the index where its records are now. */
  async #replace(next: readonly OpenFile[], move: () => void): Promise<void> {
    const replace = async () => {
      await Promise.allSettled(this.#reads);
      this.#doubt = { of: 'file', keys: new Set() };
      const pairs = this.#folders.flatMap((folder, index) => ({ folder, file: next[index] }));
      await all(pairs.map(async ({ folder, file }) => file && folder.replaceLog(file, this.#tip)));
      this.#reader = new LineReader(this.#folders);
      move();
      this.#doubt = undefined;
    };
    this.#replacing = replace().finally(() => {
      this.#replacing = undefined;
    });
    await this.#replacing;
  }
}
