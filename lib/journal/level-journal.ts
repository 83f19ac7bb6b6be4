import { KeyedMutex } from '../concurrency.js';
import { InvalidParameterError } from '../errors.js';
import { shown } from '../fields.js';
import { JournalError, OrderExistsError } from './errors.js';
import {
  checkNew,
  checkSuccessor,
  isJournalRecord,
  type Journal,
  type JournalFilter,
  type JournalRecord,
  keyOf,
  matches,
} from './journal.js';
import { LevelStore } from './level-store.js';

const day = 24 * 60 * 60 * 1000;

function decode(key: string, value: string): JournalRecord {
  let record: unknown;
  try {
    record = JSON.parse(value);
  } catch {
    // The cause would quote the record.
    throw new JournalError(`The journal's record of ${key} is damaged`);
  }
  if (!isJournalRecord(record) || keyOf(record) !== key)
    throw new JournalError(`The journal's record of ${key} was written by another version of this package`);
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
  readonly #lanes = new KeyedMutex();

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

  async create(record: JournalRecord): Promise<void> {
    checkNew(record);
    const key = keyOf(record);
    await this.#lanes.run(key, async () => {
      if ((await this.#read(key)) !== undefined) throw new OrderExistsError(record.id);
      await this.#store.put(key, JSON.stringify(record));
    });
  }

  async put(record: JournalRecord): Promise<void> {
    const key = keyOf(record);
    await this.#lanes.run(key, async () => {
      checkSuccessor(record, await this.#read(key));
      await this.#store.put(key, JSON.stringify(record));
    });
  }

  async get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    return this.#read(keyOf({ kind, id }));
  }

  async *list(filter: JournalFilter = {}): AsyncGenerator<JournalRecord, void, undefined> {
    for await (const [key, value] of this.#store.entries()) {
      const record = decode(key, value);
      if (matches(record, filter)) yield record;
    }
  }

  async prune(before: number): Promise<number> {
    let pruned = 0;
    for await (const listed of this.list({ finished: true, acknowledged: true })) {
      const key = keyOf(listed);
      pruned += await this.#lanes.run(key, async () => {
        const record = await this.#read(key);
        if (!record?.finished || !record.acknowledged || record.updatedAt >= before) return 0;
        await this.#store.delete(key);
        return 1;
      });
    }
    return pruned;
  }

  async #read(key: string): Promise<JournalRecord | undefined> {
    const value = await this.#store.get(key);
    return value === undefined ? undefined : decode(key, value);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
