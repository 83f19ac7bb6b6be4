import { Life } from '../abort.js';
import type { RequestOptions } from '../pay/request.js';
import { CallOptions } from './calls.js';
import type { Clock } from './clock.js';
import type { CancelledBy } from './decision/outcomes.js';

/** Milliseconds after its record in which a payment request may leave: an auth code lives for a minute. */
const youth = 15_000;

export interface Withdrawal {
  readonly on: 'abort' | 'cancel';
  readonly by: CancelledBy;
}

/** The payment whose request it is. */
export interface Wanted {
  /** Whether it may still leave, says the payment's state. */
  readonly isWanted: boolean;
}

/**
 * The one request of a payment: whether it may still leave, and whether it may have left. It leaves once, soon after its
 * record was stored, or never.
 */
export class PaymentRequest {
  /** 'begun': the client has it, but no byte has left, as far as it asks before. */
  state: 'waiting' | 'begun' | 'left' | 'ended' = 'waiting';
  /** Set once it was given up before it left. */
  withdrawal: Withdrawal | undefined;
  /** By the monotonic clock, when its first byte left, if its client asked before. */
  leftAt: number | undefined;
  readonly #clock: Clock;
  readonly #payment: Wanted;
  readonly #created: { readonly wall: number; readonly monotonic: number };
  readonly #youth: number;
  readonly #life = new Life();
  #isUnderWay = false;
  #ended: Promise<void> | undefined;
  #tellEnd: (() => void) | undefined;

  /**
   * @param payment Is asked last before it leaves.
   * @param connectTimeout Milliseconds in which the client makes one connection.
   */
  constructor(clock: Clock, payment: Wanted, connectTimeout = 0) {
    this.#clock = clock;
    this.#payment = payment;
    this.#created = { wall: clock.wall(), monotonic: clock.monotonic() };
    this.#youth = Math.max(youth, 2 * connectTimeout);
  }

  /** By either clock, whichever says more: one stands still while the machine sleeps, the other jumps. */
  get isLate(): boolean {
    const { wall, monotonic } = this.#created;
    return Math.max(this.#clock.monotonic() - monotonic, this.#clock.wall() - wall) > this.#youth;
  }

  /** From when its client gets it until its end has had its effect. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Resolves when its end, one way or the other, has had its effect. */
  get ended(): Promise<void> {
    this.#ended ??= new Promise((resolve) => {
      this.#tellEnd = resolve;
    });
    return this.#ended;
  }

  /** Its client gets it now, with these. */
  begin(): RequestOptions {
    this.state = 'begun';
    this.#isUnderWay = true;
    const mayLeave = () => {
      const may = this.withdrawal === undefined && this.state !== 'ended' && !this.isLate && this.#payment.isWanted;
      if (may) {
        this.state = 'left';
        this.leftAt = this.#clock.monotonic();
      }
      return may;
    };
    return new CallOptions(this.#life, { mayLeave });
  }

  /**
   * Its answer may still be that the number is another sale's, whose payment a reversal would refund: resolves once it has ended.
   * @param requestedAt By the monotonic clock: counts if it's not known when it left.
   * @param notBefore Milliseconds since then that are waited for in any case.
   * @param settleAfter Milliseconds after which no answer comes any more; undefined if its client sets it no bound.
   */
  async waitUntil(
    requestedAt: number,
    notBefore: number,
    settleAfter: number | undefined,
    action: Life,
  ): Promise<void> {
    const clock = this.#clock;
    const rest = () => (this.leftAt ?? requestedAt) + notBefore - clock.monotonic();
    // Timers may fire a little early.
    while (rest() > 0) await clock.sleep(Math.ceil(rest()), action.signal);
    if (!this.#isUnderWay) return;
    if (settleAfter === undefined) return this.ended;
    const settle = Math.max(0, requestedAt + settleAfter - clock.monotonic());
    await Promise.race([this.ended, clock.sleep(settle, action.signal)]);
  }

  /** Its end has had its effect. */
  settle(): void {
    this.#isUnderWay = false;
    this.#tellEnd?.();
  }

  /** Gives it up if no byte may have left: false if it is too late for that. */
  withdraw(withdrawal: Withdrawal, reason: unknown): boolean {
    if (this.state === 'left' || this.state === 'ended') return false;
    this.withdrawal ??= withdrawal;
    this.#life.end(reason);
    return true;
  }

  /** It is not wanted any more. */
  stop(reason: unknown): void {
    if (this.state !== 'ended') this.#life.end(reason);
  }
}
