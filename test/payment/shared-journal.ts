import { CancelRequestedError, JournalError } from '../../lib/journal/errors.js';
import {
  type Journal,
  type JournalFilter,
  type JournalRecord,
  keyOf,
  type RecordName,
} from '../../lib/journal/journal.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import { isGivenUp } from '../../lib/payment/record.js';

/* A journal that several servers share, in memory: each record has an owner, and each write a number of its own. */

interface Row {
  owner: string;
  writeId: number;
  isGivenUp: boolean;
}

export class SharedStore {
  readonly records = new MemoryJournal();
  readonly rows = new Map<string, Row>();
  readonly listeners = new Map<string, Set<(out_trade_no: string) => void>>();
  readonly takers = new Map<string, (record: RecordName) => Promise<void>>();
  #writes = 0;

  nextWrite(): number {
    this.#writes += 1;
    return this.#writes;
  }

  /** Another server takes a record over: the owner changes, and the revision rises, in one statement. */
  async claim(id: string, owner: string, kind: JournalRecord['kind'] = 'payment'): Promise<void> {
    const record = await this.records.get(kind, id);
    const row = this.rows.get(keyOf({ kind, id }));
    if (record === undefined || row === undefined) throw new Error(`nobody has ${id}`);
    await this.records.put({ ...record, revision: record.revision + 1 });
    row.owner = owner;
    row.writeId = this.nextWrite();
    await this.takers.get(owner)?.({ kind, id });
  }
}

/** What one server sees of it. */
export class SharedJournal implements Journal {
  /** Its lease is good. */
  isAlive = true;
  /** Called after a write, whose answer is lost if it throws. */
  afterWrite: (record: JournalRecord) => void = () => {};
  readonly #store: SharedStore;
  readonly #owner: string;
  readonly #written = new WeakMap<JournalRecord, number>();
  /** What it has, as far as it knows. */
  readonly #own = new Set<string>();

  constructor(store: SharedStore, owner: string) {
    this.#store = store;
    this.#owner = owner;
  }

  async create(record: JournalRecord): Promise<void> {
    await this.#store.records.create(record);
    this.#store.rows.set(keyOf(record), { owner: this.#owner, writeId: this.#note(record), isGivenUp: false });
    this.afterWrite(record);
  }

  async put(record: JournalRecord): Promise<void> {
    const key = keyOf(record);
    const row = this.#store.rows.get(key);
    // One that has finished is nobody's: whoever writes it has it.
    const isFinished = (await this.#store.records.get(record.kind, record.id))?.finished;
    if (row !== undefined && row.owner !== this.#owner && (!isFinished || this.#own.delete(key)))
      throw new JournalError(`${record.id} is another server's`, { code: 'ERR_JOURNAL_LOST' });
    if (row?.isGivenUp && !isFinished && !isGivenUp(record)) throw new CancelRequestedError(record.id);
    await this.#store.records.put(record);
    if (row !== undefined) Object.assign(row, { owner: this.#owner, writeId: this.#note(record) });
    this.afterWrite(record);
  }

  get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    return this.#store.records.get(kind, id);
  }

  list(filter?: JournalFilter): AsyncIterable<JournalRecord> {
    return this.#store.records.list(filter);
  }

  prune(before: number): Promise<number> {
    return this.#store.records.prune(before);
  }

  async close(): Promise<void> {}

  holds(record: Pick<JournalRecord, 'kind' | 'id'>): boolean {
    return this.isAlive && this.#store.rows.get(keyOf(record))?.owner === this.#owner;
  }

  async isStored(record: JournalRecord): Promise<boolean> {
    return this.#store.rows.get(keyOf(record))?.writeId === (this.#written.get(record) ?? 0);
  }

  onCancel(listener: (out_trade_no: string) => void): () => void {
    const mine = this.#store.listeners.get(this.#owner) ?? new Set();
    this.#store.listeners.set(this.#owner, mine.add(listener));
    return () => mine.delete(listener);
  }

  onTakeUp(listener: (record: RecordName) => Promise<void>): () => void {
    this.#store.takers.set(this.#owner, listener);
    return () => this.#store.takers.delete(this.#owner);
  }

  async requestCancel(out_trade_no: string): Promise<void> {
    const key = keyOf({ kind: 'payment', id: out_trade_no });
    const row = this.#store.rows.get(key);
    if (row === undefined) {
      const state = { state: 'cancelled', finished: true, acknowledged: true, updatedAt: 0, data: {} };
      await this.#store.records.create({ schema: 1, kind: 'payment', id: out_trade_no, revision: 1, ...state });
      this.#store.rows.set(key, { owner: this.#owner, writeId: this.#store.nextWrite(), isGivenUp: true });
      return;
    }
    if ((await this.#store.records.get('payment', out_trade_no))?.finished) return;
    row.isGivenUp = true;
    for (const listener of this.#store.listeners.get(row.owner) ?? []) listener(out_trade_no);
  }

  #note(record: JournalRecord): number {
    const writeId = this.#store.nextWrite();
    const key = keyOf(record);
    if (record.finished) this.#own.delete(key);
    else this.#own.add(key);
    this.#written.set(record, writeId);
    return writeId;
  }
}
