import { nextTurn } from '../../../lib/concurrency.js';
import type { Clock } from '../../../lib/payment/clock.js';
import { sleepOn } from './sleep.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  /** Undefined once it was taken back. */
  ring: (() => void) | undefined;
}

const isEarlier = (one: Timer, other: Timer): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

/** Timers by their time, as a binary heap: thousands of payments wait at once. */
class TimerHeap {
  readonly #timers: Timer[] = [];

  push(timer: Timer): void {
    let index = this.#timers.push(timer) - 1;
    for (;;) {
      const above = (index - 1) >> 1;
      const parent = this.#timers[above];
      if (index === 0 || parent === undefined || !isEarlier(timer, parent)) break;
      this.#timers[index] = parent;
      index = above;
    }
    this.#timers[index] = timer;
  }

  /** The next that was not taken back. */
  peek(): Timer | undefined {
    while (this.#timers[0] !== undefined && this.#timers[0].ring === undefined) this.#drop();
    return this.#timers[0];
  }

  pop(): Timer | undefined {
    const first = this.peek();
    if (first !== undefined) this.#drop();
    return first;
  }

  #drop(): void {
    const last = this.#timers.pop();
    if (last === undefined || this.#timers.length === 0) return;
    let index = 0;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const [one, other] = [this.#timers[left], this.#timers[right]];
      const [below, child] =
        one !== undefined && other !== undefined && isEarlier(other, one) ? [right, other] : [left, one];
      if (child === undefined || !isEarlier(child, last)) break;
      this.#timers[index] = child;
      index = below;
    }
    this.#timers[index] = last;
  }
}

/** A clock that goes on only when everything else has come to rest. Milliseconds. */
export class SimulatedClock implements Clock {
  #now = 0;
  readonly #start = Date.UTC(2024, 10, 23);
  #wall = this.#start;
  readonly #timers = new TimerHeap();
  #order = 0;
  readonly #isBusy: () => boolean;

  /** @param isBusy Whether something is under way that takes no time, but turns of the event loop. */
  constructor(isBusy: () => boolean = () => false) {
    this.#isBusy = isBusy;
  }

  wall(): number {
    return this.#wall + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Milliseconds since the epoch, whatever the till's clock says. */
  real(): number {
    return this.#start + this.#now;
  }

  /** The till's wall clock jumps. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((ring) => this.at(ms, ring), signal);
  }

  /** Calls back after `ms`; returns what takes that back. */
  at(ms: number, ring: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, ring };
    this.#timers.push(timer);
    return () => {
      timer.ring = undefined;
    };
  }

  /** Goes on until `done` says so or nothing is left to wait for, for at most `ms`. */
  async run(done: () => boolean = () => false, ms = Number.POSITIVE_INFINITY): Promise<void> {
    const end = this.#now + ms;
    for (let rung = 0; ; rung += 1) {
      // A test that waits for ever would end none.
      if (rung > 1_000_000) throw new Error('a million timers rang, and what was waited for did not come');
      await this.#settle();
      if (done()) return;
      const next = this.#timers.peek();
      if (next === undefined || next.at > end) break;
      this.#timers.pop();
      this.#now = Math.max(this.#now, next.at);
      next.ring?.();
    }
    if (Number.isFinite(end)) this.#now = end;
  }

  /** Lets everything run that waits for no time. */
  async #settle(): Promise<void> {
    do await nextTurn();
    while (this.#isBusy());
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
