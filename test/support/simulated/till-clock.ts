import type { Clock } from '../../../lib/payment/clock.js';
import type { SimulatedClock } from './clock.js';
import { sleepOn } from './sleep.js';

/** Milliseconds by which a timer may come late unnoticed. */
export const stillness = 50;

/** How fast clocks run, and until when. */
export interface Slowness {
  readonly rate: number;
  /** By the world's clock. */
  readonly until: number;
}

/**
 * Clocks and timers of one run of the till's program. The program may stand still (a synchronous printer, a dialog, a
 * machine that sleeps): its timers then come late, all together, and what arrived meanwhile is read only after them.
 * Milliseconds.
 */
export class TillClock implements Clock {
  /** Of all that stood still, when the program went on, by the monotonic clock. */
  readonly wakings: number[] = [];
  readonly #world: SimulatedClock;
  #offset: number;
  #wallError: number;
  readonly #slowness: Slowness | undefined;
  #frozenAt: number | undefined;
  #isAwake = true;
  /** By the world's clock. */
  #diedAt: number | undefined;
  #lateTimers: Array<() => void> = [];
  #unread: Array<() => void> = [];

  /**
   * @param offset A monotonic clock begins somewhere.
   * @param wallError By how much its machine's wall clock differs from the world's.
   * @param slowness Both of its clocks are slow.
   */
  constructor(world: SimulatedClock, offset: number, wallError = 0, slowness?: Slowness) {
    this.#world = world;
    this.#offset = offset;
    this.#wallError = wallError;
    this.#slowness = slowness;
  }

  wall(): number {
    return this.#world.wall() + this.#wallError - this.#lag;
  }

  /** Its machine's wall clock jumps. */
  jump(ms: number): void {
    this.#wallError += ms;
  }

  monotonic(): number {
    return this.#frozenAt ?? this.#running;
  }

  /** Milliseconds since the program died; none while it lives. */
  get dead(): number {
    return this.#diedAt === undefined ? 0 : this.#world.monotonic() - this.#diedAt;
  }

  /** The program dies: nothing that it waits for happens any more. */
  die(): void {
    this.#diedAt ??= this.#world.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((ring) => this.at(ms, ring), signal);
  }

  /** A timer of the program; returns what takes it back. */
  at(ms: number, ring: () => void): () => void {
    const due = this.monotonic() + Math.max(0, ms);
    let isWanted = true;
    const tick = () => {
      if (!isWanted || this.#diedAt !== undefined) return;
      if (!this.#isAwake) return void this.#lateTimers.push(tick);
      const rest = due - this.monotonic();
      if (rest > 0.001) takeBack = this.#world.at(rest, tick);
      else {
        isWanted = false;
        ring();
      }
    };
    let takeBack = this.#world.at(ms, tick);
    return () => {
      isWanted = false;
      takeBack();
    };
  }

  /** What comes from outside the program: it hears of it at once, or when it goes on. */
  hear(event: () => void): void {
    if (this.#diedAt !== undefined) return;
    if (this.#isAwake) event();
    else this.#unread.push(event);
  }

  get isAwake(): boolean {
    return this.#isAwake;
  }

  awake(): Promise<void> {
    return this.#isAwake && this.#diedAt === undefined
      ? Promise.resolve()
      : new Promise((resolve) => this.hear(resolve));
  }

  /** @param isSuspended The whole machine sleeps: its monotonic clock and its timers don't count that time. */
  stand(ms: number, isSuspended: boolean): void {
    if (!this.#isAwake) return;
    this.#isAwake = false;
    if (isSuspended) this.#frozenAt = this.monotonic();
    this.#world.at(ms, () => {
      if (this.#frozenAt !== undefined) this.#offset += this.#frozenAt - this.#running;
      this.#frozenAt = undefined;
      this.#isAwake = true;
      this.wakings.push(this.monotonic());
      const missed = [...this.#lateTimers, ...this.#unread];
      [this.#lateTimers, this.#unread] = [[], []];
      for (const each of missed) this.#world.at(0, () => this.hear(each));
    });
  }

  get #running(): number {
    return this.#world.monotonic() + this.#offset - this.#lag;
  }

  get #lag(): number {
    if (this.#slowness === undefined) return 0;
    const { rate, until } = this.#slowness;
    return (1 - rate) * Math.min(until, this.#world.monotonic());
  }
}
