import { InvalidParameterError } from '../errors.js';
import { shown } from '../fields.js';
import { JournalError, OrderExistsError } from './errors.js';
import { Lanes } from './lanes.js';
import { LevelStore } from './level-store.js';
import { checkNew, checkSuccessor, isPaymentRecord, matches } from './record.js';
import type { Journal, JournalFilter, PaymentRecord } from './types.js';

const day = 24 * 60 * 60 * 1000;

function decode(out_trade_no: string, value: string): PaymentRecord {
  let record: unknown;
  try {
    record = JSON.parse(value);
  } catch {
    // The cause would quote the record.
    throw new JournalError(`The journal's record of ${out_trade_no} is damaged`);
  }
  if (!isPaymentRecord(record) || record.out_trade_no !== out_trade_no)
    throw new JournalError(`The journal's record of ${out_trade_no} was written by another version of this package`);
  return record;
}

/**
 * The journal in a folder of its own: embedded (LevelDB), durable (synchronous writes), locked to one process.
 *
 * Holds no key and no code. It does hold what a receipt needs, the customer's `openid` among it, for as long as `keep` says.
 *
 * @example
 * const journal = await LevelJournal.open('C:\\ProgramData\\Till\\payments');
 */
export class LevelJournal implements Journal {
  readonly #store: LevelStore;
  readonly #lanes = new Lanes();

  private constructor(store: LevelStore) {
    this.#store = store;
  }

  /**
   * Opens the journal, or begins one, reads it through, and removes what is finished, acknowledged and older than `keep` by
   * this machine's clock: where that is ahead, earlier than it should. What is unfinished or not acknowledged stays, whatever
   * the clock says. A program that runs for months calls {@link LevelJournal.prune} itself.
   *
   * @param directory A folder on a local disk, used for nothing else. Made where it doesn't exist.
   * @param options `keep`: milliseconds that finished records are kept for audit. Default 90 days.
   * @throws JournalError: ERR_JOURNAL_LOCKED, at once, where another process has it open; ERR_JOURNAL where the folder can't
   * be written or the journal is damaged.
   * @throws InvalidParameterError where `keep` is no duration.
   */
  static async open(directory: string, options: { keep?: number } = {}): Promise<LevelJournal> {
    const { keep = 90 * day } = options;
    if (typeof keep !== 'number' || !(keep >= 0))
      throw new InvalidParameterError('keep', `must be milliseconds, not ${shown(keep)}`);
    const store = await LevelStore.open(directory);
    const journal = new LevelJournal(store);
    try {
      await journal.prune(Date.now() - keep);
    } catch (error) {
      await store.close();
      throw error;
    }
    return journal;
  }

  async create(record: PaymentRecord): Promise<void> {
    checkNew(record);
    const { out_trade_no } = record;
    await this.#lanes.run(out_trade_no, async () => {
      if ((await this.get(out_trade_no)) !== undefined) throw new OrderExistsError(out_trade_no);
      await this.#store.put(out_trade_no, JSON.stringify(record));
    });
  }

  async put(record: PaymentRecord): Promise<void> {
    const { out_trade_no } = record;
    await this.#lanes.run(out_trade_no, async () => {
      checkSuccessor(record, await this.get(out_trade_no));
      await this.#store.put(out_trade_no, JSON.stringify(record));
    });
  }

  async get(out_trade_no: string): Promise<PaymentRecord | undefined> {
    const value = await this.#store.get(out_trade_no);
    return value === undefined ? undefined : decode(out_trade_no, value);
  }

  async *list(filter: JournalFilter = {}): AsyncGenerator<PaymentRecord, void, undefined> {
    for await (const [out_trade_no, value] of this.#store.entries()) {
      const record = decode(out_trade_no, value);
      if (matches(record, filter)) yield record;
    }
  }

  async prune(before: number): Promise<number> {
    let pruned = 0;
    for await (const { out_trade_no } of this.list({ finished: true, acknowledged: true }))
      pruned += await this.#lanes.run(out_trade_no, async () => {
        const record = await this.get(out_trade_no);
        if (!record?.finished || !record.acknowledged || record.updatedAt >= before) return 0;
        await this.#store.delete(out_trade_no);
        return 1;
      });
    return pruned;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
