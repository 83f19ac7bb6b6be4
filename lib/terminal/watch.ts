import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../payment/clock.js';

/** Milliseconds between two looks. */
const interval = 60_000;

/** A till that has nothing to do need not keep the program alive. */
const idle: Clock['sleep'] = (ms, signal) => wait(ms, undefined, { ref: false, ...(signal && { signal }) });

/** Looks again and again, a while after the last look has ended. */
export class Watch {
  readonly #sleep: Clock['sleep'];
  readonly #look: () => Promise<unknown>;
  readonly #life = new AbortController();

  /** @param look Never rejects. */
  constructor(look: () => Promise<unknown>, sleep: Clock['sleep'] = idle) {
    this.#sleep = sleep;
    this.#look = look;
  }

  async begin(): Promise<void> {
    const { signal } = this.#life;
    for (;;) {
      await this.#sleep(interval, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#look();
    }
  }

  stop(): void {
    this.#life.abort();
  }
}
