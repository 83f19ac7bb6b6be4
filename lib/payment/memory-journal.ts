import { ClosedError } from '../errors.js';
import { OrderExistsError } from './errors.js';
import { checkNew, checkSuccessor, matches } from './record.js';
import type { Journal, JournalFilter, PaymentRecord } from './types.js';

/**
 * A {@link Journal} in memory, for tests and demonstrations: with the process its payments are forgotten.
 *
 * @example
 * const processor = new PaymentProcessor({ client, journal: new MemoryJournal() });
 */
export class MemoryJournal implements Journal {
  // Text, so that nobody changes a stored record from outside.
  readonly #records = new Map<string, string>();
  #closed = false;

  async create(record: PaymentRecord): Promise<void> {
    this.#ensureOpen();
    checkNew(record);
    if (this.#records.has(record.out_trade_no)) throw new OrderExistsError(record.out_trade_no);
    this.#records.set(record.out_trade_no, JSON.stringify(record));
  }

  async put(record: PaymentRecord): Promise<void> {
    this.#ensureOpen();
    checkSuccessor(record, this.#read(record.out_trade_no));
    this.#records.set(record.out_trade_no, JSON.stringify(record));
  }

  async get(out_trade_no: string): Promise<PaymentRecord | undefined> {
    this.#ensureOpen();
    return this.#read(out_trade_no);
  }

  async *list(filter: JournalFilter = {}): AsyncIterable<PaymentRecord> {
    this.#ensureOpen();
    for (const number of [...this.#records.keys()].sort()) {
      const record = this.#read(number);
      if (record !== undefined && matches(record, filter)) yield record;
    }
  }

  async prune(before: number): Promise<number> {
    this.#ensureOpen();
    const old = [...this.#records.keys()].filter((number) => {
      const record = this.#read(number);
      return record?.finished && record.acknowledged && record.updatedAt < before;
    });
    for (const number of old) this.#records.delete(number);
    return old.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #read(out_trade_no: string): PaymentRecord | undefined {
    const text = this.#records.get(out_trade_no);
    return text === undefined ? undefined : JSON.parse(text);
  }

  #ensureOpen(): void {
    if (this.#closed) throw new ClosedError('The journal');
  }
}
