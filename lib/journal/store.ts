import { nextTurn } from '../concurrency.js';
import { ClosedError } from '../errors.js';
import { Batch } from './batch.js';
import { writeBase } from './compaction.js';
import { JournalError } from './errors.js';
import type { Files, OpenFile } from './files.js';
import { Entry, type RecordIndex } from './index-of-records.js';
import { type JournalRecord, keyOf, type RecordName } from './journal.js';
import { all, type JournalFolder } from './journal-folder.js';
import { makeLine, maximumPayload } from './line.js';
import { LineReader } from './line-reader.js';
import type { Tip } from './log.js';
import { journalError, openToWrite } from './opening.js';
import type { ReadJournal } from './reading.js';
import { toText } from './stored-record.js';

const nowhere = { lineAt: 0, lineLength: 0, from: 0 };

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
  /** How often the files were read again. */
  #readings = 0;
  readonly #waiting: Batch[] = [];
  #writing: Batch | undefined;
  readonly #tasks: Array<() => Promise<void>> = [];
  #working: Promise<void> | undefined;
  /** What is not known after a failure, until it was made sure: whether a batch is there, or which file is the log. */
  #doubt: Batch | 'file' | undefined;
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

  /** Durable when resolved. If it rejects, {@link Store.read} says what is stored. */
  append(record: JournalRecord): Promise<void> {
    const text = toText(record);
    const { kind, id, revision, finished, acknowledged, updatedAt } = record;
    const length = Buffer.byteLength(text);
    if (length > maximumPayload - 2)
      return Promise.reject(new JournalError(`A record has at most ${maximumPayload - 2} bytes (${keyOf(record)})`));
    const kept = finished ? undefined : text;
    const entry = new Entry(kind, id, revision, finished, acknowledged, updatedAt, nowhere, length, kept);
    const batch = this.#batchFor(entry);
    batch.add(entry, text);
    this.#work();
    return batch.done;
  }

  #batchFor(entry: Entry): Batch {
    const last = this.#waiting[this.#waiting.length - 1];
    if (last?.hasRoomFor(entry)) return last;
    const batch = new Batch();
    this.#waiting.push(batch);
    return batch;
  }

  /** Whether nothing of a record is being written, and it is known what is stored of it. */
  isSettled(record: RecordName): boolean {
    return this.#batchOf(record) === undefined && !this.#isInDoubt(record);
  }

  /** Resolves when a record may be settled. @throws JournalError if it can't be known what is stored of it. */
  settle(record: RecordName): Promise<unknown> {
    return this.#batchOf(record)?.done.catch(() => undefined) ?? this.makeSure();
  }

  #batchOf(record: RecordName): Batch | undefined {
    return this.#writing?.has(record) ? this.#writing : this.#waiting.find((batch) => batch.has(record));
  }

  #isInDoubt(record: RecordName): boolean {
    return this.#doubt === 'file' || this.#doubt?.has(record) === true;
  }

  /** Resolves when it is known what is stored. @throws JournalError if that can't be known. */
  async makeSure(): Promise<void> {
    if (this.#doubt !== undefined) await this.#between(() => this.#clearDoubt());
  }

  /**
   * A record, as text.
   * @throws JournalError if it can't be read, or if it isn't known whether its last write is stored.
   */
  async read(record: RecordName): Promise<string | undefined> {
    while (!this.isSettled(record)) await this.settle(record);
    while (this.#replacing !== undefined) await this.#replacing;
    const entry = this.#index.get(record);
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
    // What waits for another write of its record begins when that one has ended.
    for (; this.#working !== undefined; await nextTurn()) await this.#working;
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
    await nextTurn();
    for (;;) {
      const task = this.#tasks.shift();
      const batch = task === undefined ? this.#waiting.shift() : undefined;
      if (task !== undefined) await task();
      else if (batch !== undefined) await this.#write(batch);
      else break;
    }
    this.#working = undefined;
  }

  async #write(batch: Batch): Promise<void> {
    this.#writing = batch;
    try {
      await this.#clearDoubt();
      const line = makeLine(this.#tip.sequence + 1, this.#tip.digest, batch.json);
      this.#doubt = batch;
      const written = all(this.#folders.map((folder) => folder.write(line, this.#end)));
      // While the disk works: the digest takes its time, too.
      const { sequence, chain, digest, bytes } = line;
      await written;
      this.#doubt = undefined;
      batch.addTo(this.#index, line, this.#end);
      this.#tip = { sequence, chain, digest, bytes };
      this.#end += bytes.length;
      this.#writing = undefined;
      batch.resolve();
    } catch (cause) {
      // So that it is known at once whether it is stored, if that can be.
      await this.#clearDoubt().catch(() => undefined);
      this.#writing = undefined;
      batch.reject(journalError('The journal failed', cause));
    }
  }

  /** @throws If it is still not known what is stored. */
  async #clearDoubt(): Promise<void> {
    if (this.#doubt === undefined) return;
    try {
      if (this.#doubt !== 'file') await all(this.#folders.map((folder) => folder.takeBack(this.#tip, this.#end)));
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
   * Rewrites the log with the records that count, and without those that `isExpired` names. Writes go on meanwhile.
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
      this.#doubt = 'file';
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
