import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalError } from 'wxpay-face';
import type { RefundLimits, Spending } from './refund-limits.js';

/** One refund that was counted. */
interface Spent extends Omit<Spending, 'limit'> {
  isShared: boolean;
}

interface Day {
  /** yyyy-MM-dd, in China. */
  readonly day: string;
  readonly spent: Spent[];
}

/** China has no summer time. Milliseconds. */
const eastOfGreenwich = 8 * 60 * 60 * 1_000;

const today = (): string => new Date(Date.now() + eastOfGreenwich).toISOString().slice(0, 10);

const isSpent = (value: unknown): value is Spent => {
  const { terminal, numbers, out_trade_no, out_refund_no, fen, isShared } = Object(value);
  const texts = [terminal, numbers, out_trade_no, out_refund_no];
  return texts.every((text) => typeof text === 'string') && Number.isSafeInteger(fen) && typeof isShared === 'boolean';
};

const isDay = (value: unknown): value is Day => {
  const { day, spent } = Object(value);
  return typeof day === 'string' && Array.isArray(spent) && spent.every(isSpent);
};

const isSame = (one: Spending | Spent, other: Spent): boolean =>
  (['terminal', 'numbers', 'out_trade_no', 'out_refund_no', 'fen'] as const).every((name) => one[name] === other[name]);

/** Of a server without a database: a file beside its journal, with what was counted today. */
export class FileRefundLimits implements RefundLimits {
  readonly #path: string;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#path = join(folder, 'refunds-today.json');
  }

  spend(spending: Spending): Promise<'counted' | 'known' | 'beyond'> {
    return this.#change(({ spent }) => {
      const known = spent.find((each) => isSame(spending, each));
      if (known !== undefined) {
        known.isShared = true;
        return 'known';
      }
      const { limit, ...counted } = spending;
      const sum = spent
        .filter(({ terminal }) => terminal === spending.terminal)
        .reduce((fen, each) => fen + each.fen, spending.fen);
      if (sum > limit) return 'beyond';
      spent.push({ ...counted, isShared: false });
      return 'counted';
    });
  }

  release(spending: Spending): Promise<void> {
    return this.#change(({ spent }) => {
      const index = spent.findIndex((each) => !each.isShared && isSame(spending, each));
      if (index >= 0) spent.splice(index, 1);
    });
  }

  /** Durable when it resolves. */
  #change<Result>(change: (day: Day) => Result): Promise<Result> {
    const changed = this.#changing.then(async () => {
      const day = await this.#read();
      const result = change(day);
      await writeFile(`${this.#path}.new`, JSON.stringify(day), { mode: 0o600, flush: true });
      await rename(`${this.#path}.new`, this.#path);
      return result;
    });
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #read(): Promise<Day> {
    const now = today();
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (Object(error).code === 'ENOENT') return undefined;
      throw new JournalError(`The refunds of today can't be read: ${this.#path}`, { cause: error });
    });
    if (text === undefined) return { day: now, spent: [] };
    const parsed = parse(text);
    if (!isDay(parsed)) throw new JournalError(`The file of today's refunds is none: ${this.#path}`);
    // A clock that was set back opens no day again.
    return parsed.day < now ? { day: now, spent: [] } : parsed;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
