import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { onAbort } from '../abort.js';
import { ClosedError, InvalidParameterError } from '../errors.js';
import { PayTransportError } from './errors.js';

/** Who goes first: payments, then what gives money back (reversals, refunds), then everything else. */
export type Priority = 'payment' | 'undo' | 'query';

/** Milliseconds. */
export interface LimiterClock {
  monotonic(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What a limit of the gateway has made of the budget. */
interface Slowdown {
  /** When it began, in milliseconds of the monotonic clock. */
  readonly since: number;
  /** Calls a minute before the limit. */
  readonly before: number;
}

const minute = 60_000;
/** An auth code lives for a minute: a payment that waits longer here comes too late to the gateway. */
const longestWaitOfPayment = 15_000;
/** Calls a minute, so that a single till can go on. */
const leastBudget = 10;
/** What was sent before the limit was known is answered with it, too. Milliseconds. */
const oneLimit = 5000;
const minutesOfRecovery = 10;
/** Calls a minute: the vendor's largest quota, 600 orders a second (docs/facts.md#quotas). */
const beyondAnyQuota = 600 * 60;
/** Timers are late by a millisecond or two: what is lost by that is made up for, within this many milliseconds. */
const lateness = 20;

/**
 * Calls a minute: half of those before the limit, a twentieth more with each minute, all after ten; then twice as many with
 * each minute, until no quota is below it.
 */
function budgetOf({ since, before }: Slowdown, now: number): number {
  const minutes = Math.floor((now - since) / minute);
  const whole = Math.max(before, leastBudget);
  if (minutes < minutesOfRecovery) return Math.min(whole, Math.max(before / 2, leastBudget) + (minutes * before) / 20);
  const budget = whole * 2 ** (minutes - minutesOfRecovery);
  return budget < beyondAnyQuota ? budget : Number.POSITIVE_INFINITY;
}

/** @param calls Those of the last minute. */
function slowedDown(slowdown: Slowdown | undefined, calls: number, now: number): Slowdown {
  if (slowdown === undefined) return { since: now, before: calls };
  if (now - slowdown.since < oneLimit) return slowdown;
  // The last minute may have begun before the limit.
  return { since: now, before: Math.min(calls, budgetOf(slowdown, now)) };
}

/** How many calls left within the last minute, counted by the second. */
class LastMinute {
  readonly #counts = new Uint32Array(60);
  #second = 0;

  add(now: number): void {
    const second = this.#advance(now);
    this.#counts[second] = (this.#counts[second] ?? 0) + 1;
  }

  count(now: number): number {
    this.#advance(now);
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  #advance(now: number): number {
    const second = Math.floor(now / 1000);
    for (let passed = Math.max(this.#second, second - 60) + 1; passed <= second; passed++)
      this.#counts[passed % 60] = 0;
    this.#second = second;
    return second % 60;
  }
}

/**
 * @returns The value, if it's a number of calls a second.
 * @throws InvalidParameterError
 */
export function checkCallsPerSecond(value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && value > 0)) return value;
  throw new InvalidParameterError('callsPerSecond', 'must be a number above 0');
}

const systemClock: LimiterClock = {
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

interface Waiting {
  /** For a payment: when it's refused, in milliseconds of the monotonic clock. */
  readonly until: number;
  leave(): void;
  refuse(error: PayTransportError | ClosedError): void;
}

/**
 * The queue that every call of a client passes before it's sent. Without a limit nothing waits in it. Quotas are the
 * merchant's, shared by all of its tills (docs/facts.md#quotas): after an answer that says "limit", in no minute do more calls
 * leave than in the one before it, evenly spread; without another one they become as many again within ten minutes.
 */
export class Limiter {
  readonly #clock: LimiterClock;
  readonly #queues: Record<Priority, Set<Waiting>> = { payment: new Set(), undo: new Set(), query: new Set() };
  readonly #left = new LastMinute();
  #callsPerSecond: number | undefined;
  #slowdown: Slowdown | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #sleeping: AbortController | undefined;
  #isClosed = false;

  /** @throws InvalidParameterError for what is not a number of calls a second. */
  constructor(callsPerSecond?: number, clock: LimiterClock = systemClock) {
    this.#clock = clock;
    this.#callsPerSecond = checkCallsPerSecond(callsPerSecond);
  }

  /** The limit that was set; undefined: none but the gateway's. */
  get callsPerSecond(): number | undefined {
    return this.#callsPerSecond;
  }

  /** @throws InvalidParameterError for what is not a number of calls a second. */
  set callsPerSecond(value: number | undefined) {
    this.#callsPerSecond = checkCallsPerSecond(value);
    this.#release();
  }

  /**
   * Resolves when a call may leave, in order of priority and then of arrival.
   * @throws PayTransportError, `sent` false: `why` 'aborted', with the signal's reason as its cause; or 'limit', after a
   * payment has waited for 15 seconds.
   * @throws ClosedError after close(), also while waiting.
   */
  enter(priority: Priority, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    if (signal?.aborted) return Promise.reject(abortedBy(signal));
    const now = this.#clock.monotonic();
    if (this.#next() === undefined && this.#due(now) <= now) {
      this.#leave(now, now);
      return Promise.resolve();
    }
    return new Promise((leave, refuse) => {
      const queue = this.#queues[priority];
      const until = priority === 'payment' ? now + longestWaitOfPayment : Number.POSITIVE_INFINITY;
      const end = (then: () => void) => {
        queue.delete(waiting);
        ignore();
        then();
      };
      const waiting: Waiting = { until, leave: () => end(leave), refuse: (error) => end(() => refuse(error)) };
      queue.add(waiting);
      const ignore =
        signal === undefined
          ? () => {}
          : onAbort(signal, () => {
              waiting.refuse(abortedBy(signal));
              this.#release();
            });
      this.#release();
    });
  }

  /** An answer said "limit". Of those that come within a few seconds the first counts. */
  limited(): void {
    const now = this.#clock.monotonic();
    this.#slowdown = slowedDown(this.#slowdown, this.#left.count(now), now);
  }

  /** What waits does not leave any more. */
  close(): void {
    this.#isClosed = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) next.refuse(closed());
    this.#sleeping?.abort();
  }

  #next(): Waiting | undefined {
    const { payment, undo, query } = this.#queues;
    for (const queue of [payment, undo, query]) for (const waiting of queue) return waiting;
    return undefined;
  }

  /** Milliseconds between two calls. */
  #interval(now: number): number {
    const budget = this.#slowdown === undefined ? Number.POSITIVE_INFINITY : budgetOf(this.#slowdown, now);
    return Math.max(1000 / (this.#callsPerSecond ?? Number.POSITIVE_INFINITY), minute / budget);
  }

  /** When the next call may leave. */
  #due(now: number): number {
    return this.#last + this.#interval(now);
  }

  /** @param last From when the next call's wait counts. */
  #leave(now: number, last: number): void {
    this.#last = last;
    this.#left.add(now);
  }

  /** Lets go whoever may go, and sleeps until the next may, if anybody waits. */
  #release(): void {
    this.#sleeping?.abort();
    const now = this.#clock.monotonic();
    for (const payment of this.#queues.payment) {
      if (payment.until > now) break;
      const message =
        "Nothing was sent: the payment waited for 15 seconds in the queue of this client's limit of calls";
      payment.refuse(new PayTransportError(message, false, { why: 'limit' }));
    }
    let next = this.#next();
    for (; next !== undefined && this.#due(now) <= now; next = this.#next()) {
      const due = this.#due(now);
      const isShort = due - this.#last < lateness;
      this.#leave(now, isShort ? Math.max(due, now - lateness) : now);
      next.leave();
    }
    if (next === undefined) return;
    // A timer for longer than 2^31 milliseconds ends at once.
    const wait = Math.min(this.#due(now) - now, next.until - now, minute);
    const sleeping = new AbortController();
    this.#sleeping = sleeping;
    this.#clock.sleep(wait, sleeping.signal).then(
      () => this.#release(),
      () => {},
    );
  }
}

const closed = (): ClosedError => new ClosedError('The pay client');

const abortedBy = (signal: AbortSignal): PayTransportError =>
  new PayTransportError('Aborted before anything was sent', false, { why: 'aborted', cause: signal.reason });
