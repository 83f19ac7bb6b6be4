import { ClosedError } from '../errors.js';
import { ByName } from './by-name.js';
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
  type RecordName,
} from './journal.js';

/** A record as text, so that nobody changes it from outside. */
interface Stored extends RecordName {
  readonly revision: number;
  readonly text: string;
}

/**
 * A {@link Journal} in memory, for tests and demonstrations: with the process its payments are forgotten.
 *
 * @example
 * const processor = new PaymentProcessor({ client, journal: new MemoryJournal() });
 */
export class MemoryJournal implements Journal {
  readonly #records = new ByName<Stored>();
  #closed = false;

  async create(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    checkNew(record);
    if (this.#records.has(record)) throw new OrderExistsError(record.id);
    this.#write(record);
  }

  async put(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    checkSuccessor(record, this.#records.get(record));
    this.#write(record);
  }

  async get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    this.#ensureOpen();
    return this.#read({ kind, id });
  }

  async *list(filter: JournalFilter = {}): AsyncIterable<JournalRecord> {
    this.#ensureOpen();
    // In one order always.
    const names = [...this.#records.values()].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    for (const name of names) {
      const record = this.#read(name);
      if (record !== undefined && matches(record, filter)) yield record;
    }
  }

  async prune(before: number): Promise<number> {
    this.#ensureOpen();
    const old = [...this.#records.values()].filter((name) => {
      const record = this.#read(name);
      return record?.finished && record.acknowledged && record.updatedAt < before;
    });
    for (const name of old) this.#records.delete(name);
    return old.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #write(record: JournalRecord): void {
    const { kind, id, revision } = record;
    this.#records.set(record, { kind, id, revision, text: JSON.stringify(record) });
  }

  #read(name: RecordName): JournalRecord | undefined {
    const stored = this.#records.get(name);
    return stored === undefined ? undefined : JSON.parse(stored.text);
  }

  #ensureOpen(): void {
    if (this.#closed) throw new ClosedError('The journal');
  }
}
