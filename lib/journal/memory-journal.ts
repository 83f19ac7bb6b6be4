import { ClosedError } from '../errors.js';
import { OrderExistsError } from './errors.js';
import {
  checkNew,
  checkRecord,
  checkSuccessor,
  type Journal,
  type JournalFilter,
  type JournalRecord,
  keyOf,
  matches,
} from './journal.js';

/**
 * A {@link Journal} in memory, for tests and demonstrations: with the process its payments are forgotten.
 *
 * @example
 * const processor = new PaymentProcessor({ client, journal: new MemoryJournal() });
 */
export class MemoryJournal implements Journal {
  // Text, so that nobody changes a stored record from outside.
  readonly #records = new Map<string, { readonly revision: number; readonly text: string }>();
  #closed = false;

  async create(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    checkNew(record);
    const key = keyOf(record);
    if (this.#records.has(key)) throw new OrderExistsError(record.id);
    this.#write(key, record);
  }

  async put(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    const key = keyOf(record);
    checkSuccessor(record, this.#records.get(key));
    this.#write(key, record);
  }

  async get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    this.#ensureOpen();
    return this.#read(keyOf({ kind, id }));
  }

  async *list(filter: JournalFilter = {}): AsyncIterable<JournalRecord> {
    this.#ensureOpen();
    for (const key of [...this.#records.keys()].sort()) {
      const record = this.#read(key);
      if (record !== undefined && matches(record, filter)) yield record;
    }
  }

  async prune(before: number): Promise<number> {
    this.#ensureOpen();
    const old = [...this.#records.keys()].filter((key) => {
      const record = this.#read(key);
      return record?.finished && record.acknowledged && record.updatedAt < before;
    });
    for (const key of old) this.#records.delete(key);
    return old.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #write(key: string, record: JournalRecord): void {
    this.#records.set(key, { revision: record.revision, text: JSON.stringify(record) });
  }

  #read(key: string): JournalRecord | undefined {
    const stored = this.#records.get(key);
    return stored === undefined ? undefined : JSON.parse(stored.text);
  }

  #ensureOpen(): void {
    if (this.#closed) throw new ClosedError('The journal');
  }
}
