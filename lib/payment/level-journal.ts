import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { ClosedError, InvalidParameterError, WxpayFaceError } from '../errors.js';
import { JournalError, OrderExistsError } from './errors.js';
import { Lanes } from './lanes.js';
import { checkLevelFiles } from './level-files.js';
import { checkNew, checkSuccessor, isPaymentRecord, matches } from './record.js';
import type { Journal, JournalFilter, PaymentRecord } from './types.js';

const day = 24 * 60 * 60 * 1000;

// Every write is on the disk before it counts.
const durable = { sync: true };

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

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** LevelDB's own words are in the cause of the error that classic-level throws. */
function openError(directory: string, error: unknown): JournalError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (codeOf(cause) === 'LEVEL_LOCKED')
    return new JournalError(`The journal in ${directory} is open in another process, or twice in this one`, {
      code: 'ERR_JOURNAL_LOCKED',
      cause,
    });
  const words = cause instanceof Error ? cause.message : String(cause);
  return new JournalError(`The journal in ${directory} can't be opened: ${words}`, { cause });
}

/** @returns What kept the files from being looked at. They may be another process's; then LevelDB will say so. */
async function prepare(directory: string): Promise<{ error: unknown } | undefined> {
  try {
    await mkdir(directory, { recursive: true });
    await checkLevelFiles(directory);
    return undefined;
  } catch (error) {
    if (error instanceof JournalError) throw error;
    return { error };
  }
}

/** What LevelDB throws, as a JournalError. */
async function told<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    if (cause instanceof WxpayFaceError) throw cause;
    if (codeOf(cause) === 'LEVEL_DATABASE_NOT_OPEN') throw new ClosedError('The journal');
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new JournalError(`The journal failed: ${words}`, { cause });
  }
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
  readonly #level: ClassicLevel<string, string>;
  readonly #lanes = new Lanes();

  private constructor(level: ClassicLevel<string, string>) {
    this.#level = level;
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
    if (!(keep >= 0)) throw new InvalidParameterError('keep', `must be milliseconds, not ${String(keep)}`);
    const path = resolve(directory);
    const unread = await prepare(path);
    // Begins to open at once. Not compressed, so that checkLevelFiles can read the tables.
    const level = new ClassicLevel<string, string>(path, { compression: false });
    try {
      await level.open();
      if (unread) throw unread.error;
    } catch (error) {
      await level.close();
      throw openError(path, error);
    }
    const journal = new LevelJournal(level);
    try {
      await journal.prune(Date.now() - keep);
    } catch (error) {
      await level.close();
      throw error;
    }
    return journal;
  }

  async create(record: PaymentRecord): Promise<void> {
    checkNew(record);
    const { out_trade_no } = record;
    await this.#lanes.run(out_trade_no, async () => {
      if ((await this.get(out_trade_no)) !== undefined) throw new OrderExistsError(out_trade_no);
      await told(() => this.#level.put(out_trade_no, JSON.stringify(record), durable));
    });
  }

  async put(record: PaymentRecord): Promise<void> {
    const { out_trade_no } = record;
    await this.#lanes.run(out_trade_no, async () => {
      checkSuccessor(record, await this.get(out_trade_no));
      await told(() => this.#level.put(out_trade_no, JSON.stringify(record), durable));
    });
  }

  async get(out_trade_no: string): Promise<PaymentRecord | undefined> {
    return told(async () => {
      try {
        return decode(out_trade_no, await this.#level.get(out_trade_no));
      } catch (error) {
        if (codeOf(error) === 'LEVEL_NOT_FOUND') return undefined;
        throw error;
      }
    });
  }

  async *list(filter: JournalFilter = {}): AsyncGenerator<PaymentRecord, void, undefined> {
    const iterator = await told(async () => this.#level.iterator());
    try {
      for (let entry = await told(() => iterator.next()); entry; entry = await told(() => iterator.next())) {
        const record = decode(entry[0], entry[1]);
        if (matches(record, filter)) yield record;
      }
    } finally {
      await iterator.close();
    }
  }

  async prune(before: number): Promise<number> {
    let pruned = 0;
    for await (const { out_trade_no } of this.list({ finished: true, acknowledged: true }))
      pruned += await this.#lanes.run(out_trade_no, async () => {
        const record = await this.get(out_trade_no);
        if (!record?.finished || !record.acknowledged || record.updatedAt >= before) return 0;
        await told(() => this.#level.del(out_trade_no, durable));
        return 1;
      });
    return pruned;
  }

  async close(): Promise<void> {
    await told(() => this.#level.close());
  }
}
