import { resolve } from 'node:path';
import { ClosedError, InvalidParameterError } from '../errors.js';
import { shown } from '../fields.js';
import { JournalError, OrderExistsError } from './errors.js';
import { type Files, systemFiles } from './files.js';
import type { Entry, RecordIndex } from './index-of-records.js';
import {
  checkNew,
  checkRecord,
  checkSuccessor,
  type Journal,
  type JournalFilter,
  type JournalRecord,
  matches,
  type RecordName,
} from './journal.js';
import { JournalReader } from './journal-reader.js';
import { journalError, lockFolder } from './opening.js';
import { Store } from './store.js';
import { fromText } from './stored-record.js';

/** How {@link FileJournal.open} opens a journal. */
export interface FileJournalOptions {
  /**
   * Milliseconds that finished records are kept. A refund may come for a year.
   * @default 400 days
   */
  keep?: number;
  /** A second folder, on another disk, written along: what one of them lost the other has. Without it nothing is durable. */
  mirror?: string;
  /** Takes no lock, reads beside the process that writes, as it was when it was opened, and refuses create, put and prune. */
  readOnly?: boolean;
}

/** What the simulation replaces, and nobody else. */
interface Internals {
  readonly files?: Files;
  readonly now?: () => number;
}

/** What is behind a journal that is open. */
interface Opened {
  readonly index: RecordIndex;
  read(record: RecordName): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Throws if a record may not be written over the stored one. */
type Check = (record: JournalRecord, stored: Entry | undefined) => void;

const day = 24 * 60 * 60 * 1000;

/** Milliseconds, see {@link FileJournalOptions.keep}. */
export const usualKeep = 400 * day;

/** A log below this many bytes is left alone. */
const leastToCompact = 2 ** 22;

/** Whether half of a log is of the past. */
const isWasteful = ({ size, index }: Store): boolean => size > 2 * index.liveBytes;

const isExpired = ({ finished, acknowledged, updatedAt }: Entry, before: number): boolean =>
  finished && acknowledged && updatedAt < before;

/**
 * The journal in a folder of its own: one append-only text file, a line for each durable write with its checksum and its
 * place in the chain, and a small second file that knows its end. Synchronously written, locked to one process.
 *
 * Damage anywhere, also a lost end, is reported at the opening, and nothing is dropped in silence. Only a folder that as a whole
 * went back to an older moment can't be distinguished from one that is as it was: `mirror`, or the gateway's bill, shows it.
 *
 * Holds no key and no code. It does hold what a receipt needs, the customer's `openid` among it, for as long as `keep` says.
 *
 * @example
 * const journal = await FileJournal.open('C:\\ProgramData\\Till\\payments', { mirror: 'D:\\payments' });
 */
export class FileJournal implements Journal {
  readonly #opened: Opened;
  /** Undefined if it is only read. */
  readonly #store: Store | undefined;
  readonly #locks: ReadonlyArray<{ release(): void }>;
  #compacting: Promise<unknown> = Promise.resolve();
  /** By itself it is compacted only beyond this size. */
  #roomUntil = leastToCompact;
  #isClosed = false;

  private constructor(opened: Opened, store: Store | undefined, locks: ReadonlyArray<{ release(): void }>) {
    this.#opened = opened;
    this.#store = store;
    this.#locks = locks;
  }

  /**
   * Opens the journal, or begins one, reads it through, and removes what is finished, acknowledged and older than `keep` by
   * this machine's clock: if that is ahead, earlier than it should. What is unfinished or not acknowledged stays, whatever
   * the clock says. A program that runs for months calls {@link FileJournal.prune} itself; a till from
   * openTill that was given a folder does so each day.
   *
   * Whether the mirror was used is said by a process warning with code WXPAY_FACE_JOURNAL_COPY.
   *
   * @param directory A folder on a local disk, used for nothing else. Made if it isn't there, for its owner alone.
   * @throws JournalError: ERR_JOURNAL_LOCKED, at once, if another process has it open, or this one already;
   * ERR_JOURNAL_DAMAGED if what was durable is not there as it was written: the message names the numbers concerned, as far
   * as they can be read; ERR_JOURNAL if the folder can't be used, there is no binary for this system, or `readOnly` finds none.
   * @throws InvalidParameterError if an option is none.
   */
  static async open(
    directory: string,
    options: FileJournalOptions = {},
    { files = systemFiles, now = Date.now }: Internals = {},
  ): Promise<FileJournal> {
    const { keep = usualKeep, mirror, readOnly = false } = options;
    if (typeof keep !== 'number' || !(keep >= 0))
      throw new InvalidParameterError('keep', `must be milliseconds, not ${shown(keep)}`);
    if (mirror !== undefined && typeof mirror !== 'string')
      throw new InvalidParameterError('mirror', `must be the path of a folder, not ${shown(mirror)}`);
    const paths = [directory, ...(mirror === undefined ? [] : [mirror])].map((path) => resolve(path));
    try {
      if (!readOnly) return await FileJournal.#openToWrite(paths, now() - keep, files);
      const reader = await JournalReader.open(files, paths);
      return new FileJournal(reader, undefined, []);
    } catch (error) {
      throw journalError(`The journal in ${directory} can't be opened`, error);
    }
  }

  static async #openToWrite(paths: readonly string[], before: number, files: Files): Promise<FileJournal> {
    const locks: Array<{ release(): void }> = [];
    try {
      const copy = paths.length === 1 ? 'only' : 'one-of-two';
      for (const path of paths) locks.push(await lockFolder(files, path, copy));
      const store = await Store.open(files, paths);
      const journal = new FileJournal(store, store, locks);
      // If there is no room for that, the old ones stay for now.
      await journal.#compactAtOpen(store, before).catch(() => undefined);
      return journal;
    } catch (error) {
      for (const lock of locks) lock.release();
      throw error;
    }
  }

  create(record: JournalRecord): Promise<void> {
    return this.#write(record, checkFirst);
  }

  put(record: JournalRecord): Promise<void> {
    return this.#write(record, checkSuccessor);
  }

  async get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    this.#ensureOpen();
    const text = await this.#opened.read({ kind, id });
    return text === undefined ? undefined : fromText(text);
  }

  /** In the order of their last write. What is written meanwhile may be among them. */
  async *list(filter: JournalFilter = {}): AsyncGenerator<JournalRecord, void, undefined> {
    this.#ensureOpen();
    await this.#store?.makeSure();
    for (const entry of this.#opened.index.inOrder((each) => matches(each, filter))) {
      this.#ensureOpen();
      const text = await this.#opened.read(entry);
      const record = text === undefined ? undefined : fromText(text);
      if (record !== undefined && matches(record, filter)) yield record;
    }
  }

  /**
   * Removes finished, acknowledged records last written before `before` (milliseconds since the epoch).
   * @throws JournalError if the log can't be rewritten, as on Windows while another process reads the journal: nothing
   * is lost, and it can be asked for again later.
   */
  async prune(before: number): Promise<number> {
    const store = this.#writable();
    return this.#compact(async () => {
      if (!hasExpired(store, before)) return 0;
      return store.compact((entry) => isExpired(entry, before));
    });
  }

  /** What was asked for before still happens, but a compaction. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#store?.stopCompaction();
    await this.#compacting.catch(() => undefined);
    await this.#opened.close();
    for (const lock of this.#locks) lock.release();
  }

  #write(record: JournalRecord, check: Check): Promise<void> {
    try {
      const store = this.#writable();
      checkRecord(record);
      this.#compactByItself(store);
      return this.#append(store, record, check);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** If there is nothing to wait for, without a promise of its own: they would cost a thousand writes more than their text. */
  #append(store: Store, record: JournalRecord, check: Check): Promise<void> {
    if (!store.isSettled(record)) return store.settle(record).then(() => this.#append(store, record, check));
    check(record, store.index.get(record));
    return store.append(record);
  }

  /** One at a time. */
  #compact(task: () => Promise<number>): Promise<number> {
    const compacting = this.#compacting.then(task, task);
    this.#compacting = compacting;
    return compacting;
  }

  async #compactAtOpen(store: Store, before: number): Promise<void> {
    if (!hasExpired(store, before) && !(store.size > leastToCompact / 16 && isWasteful(store))) return;
    await this.#compact(() => store.compact((entry) => isExpired(entry, before)));
  }

  #compactByItself(store: Store): void {
    if (store.size < this.#roomUntil || !isWasteful(store) || this.#isClosed) return;
    // If it fails, not again at the next write.
    this.#roomUntil = store.size + leastToCompact;
    void this.#compact(() => store.compact(() => false)).then(
      () => {
        this.#roomUntil = leastToCompact;
      },
      () => undefined,
    );
  }

  #writable(): Store {
    this.#ensureOpen();
    if (this.#store === undefined) throw new JournalError('The journal was opened to be read only');
    return this.#store;
  }

  #ensureOpen(): void {
    if (this.#isClosed) throw new ClosedError('The journal');
  }
}

// A bundler renames a class that names itself.
Object.defineProperty(FileJournal, 'name', { value: 'FileJournal' });

function checkFirst(record: JournalRecord, stored: Entry | undefined): void {
  checkNew(record);
  if (stored !== undefined) throw new OrderExistsError(record.id);
}

function hasExpired({ index }: Store, before: number): boolean {
  for (const entry of index.all()) if (isExpired(entry, before)) return true;
  return false;
}
