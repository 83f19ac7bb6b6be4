import { onAbort } from '../abort.js';
import type { Clock } from '../payment/clock.js';

/** Milliseconds between two looks. */
const interval = 60_000;

/** A till that has nothing to do need not keep the program alive. */
const idle: Pick<Clock, 'sleep'> = {
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      onAbort(signal, () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

/** Looks again and again, a while after the last look has ended. */
export class Watch {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #look: () => Promise<unknown>;
  readonly #life = new AbortController();

  /** @param look Never rejects. */
  constructor(look: () => Promise<unknown>, clock = idle) {
    this.#clock = clock;
    this.#look = look;
  }

  async begin(): Promise<void> {
    const { signal } = this.#life;
    for (;;) {
      await this.#clock.sleep(interval, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#look();
    }
  }

  stop(): void {
    this.#life.abort();
  }
}
