import type { Clock } from '../../lib/payment/types.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly ring: () => void;
}

/** Lets everything run that waits for no time. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock that goes on only when everything else has come to rest. Milliseconds. */
export class SimulatedClock implements Clock {
  #now = 0;
  #wall = Date.UTC(2024, 10, 23);
  #timers: Timer[] = [];
  #order = 0;

  wall(): number {
    return this.#wall + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** The till's wall clock jumps. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const stop = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.at(ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Calls back after `ms`; returns what takes that back. */
  at(ms: number, ring: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, ring };
    this.#timers.push(timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** Goes on until `done` says so or nothing is left to wait for, for at most `ms`. */
  async run(done: () => boolean = () => false, ms = Number.POSITIVE_INFINITY): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      if (done()) return;
      let next: Timer | undefined;
      for (const timer of this.#timers)
        if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
          next = timer;
      if (next === undefined || next.at > end) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#now = next.at;
      next.ring();
    }
    if (Number.isFinite(end)) this.#now = end;
  }

  /** The value of a promise, by going on until it is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    promise.then(
      () => (isSettled = true),
      () => (isSettled = true),
    );
    await this.run(() => isSettled);
    if (!isSettled) throw new Error('nothing is left to wait for, and the promise is still pending');
    return promise;
  }
}
