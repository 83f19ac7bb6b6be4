import { RefusedError } from './refusals.js';

/* How much one terminal, or one address, may ask for. */

const tooMuch = (message: string, retryAfter = 1): RefusedError =>
  new RefusedError({ status: 429, code: 'ERR_TOO_MANY', message, retryAfter });

/** Requests a second, and how many at once after a pause. */
export class Rate {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #spent = new Map<string, { tokens: number; at: number }>();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** @throws RefusedError if it's too many. */
  spend(key: string): void {
    const left = this.ensure(key);
    const now = performance.now();
    this.#spent.set(key, { tokens: left - 1, at: now });
    if (this.#spent.size > 10_000) this.#forget(now);
  }

  /** How many are left. @throws RefusedError if none is. */
  ensure(key: string): number {
    const now = performance.now();
    const { tokens, at } = this.#spent.get(key) ?? { tokens: this.#burst, at: now };
    const left = Math.min(this.#burst, tokens + ((now - at) / 1_000) * this.#perSecond);
    if (left < 1) throw tooMuch('Too many requests', Math.ceil(1 / this.#perSecond));
    return left;
  }

  #forget(now: number): void {
    for (const [key, { tokens, at }] of this.#spent)
      if (tokens + ((now - at) / 1_000) * this.#perSecond >= this.#burst) this.#spent.delete(key);
  }
}

/** How many requests of one terminal may wait at once. */
const most = 4;

/** Those that wait. */
export class Waits {
  readonly #waiting = new Map<string, number>();

  /** @throws RefusedError if too many wait already. */
  async run<T>(terminal: string, task: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(terminal) ?? 0;
    if (waiting >= most) throw tooMuch(`${most} requests of this terminal wait already`);
    this.#waiting.set(terminal, waiting + 1);
    try {
      return await task();
    } finally {
      const left = (this.#waiting.get(terminal) ?? 1) - 1;
      if (left > 0) this.#waiting.set(terminal, left);
      else this.#waiting.delete(terminal);
    }
  }
}
