import type { PaymentOutcome } from './decision/outcomes.js';

/**
 * 'brief': rejected as soon as the journal fails. 'patient': as soon as the journal gives no answer any more. 'endless':
 * only if the payment can't go on.
 */
export type WaiterPatience = 'brief' | 'patient' | 'endless';

interface Waiter {
  readonly until: 'decided' | 'ended';
  readonly patience: WaiterPatience;
  readonly resolve: (outcome: PaymentOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Whoever waits for the outcome of one payment. */
export class Waiters {
  #waiting: Waiter[] = [];

  add(until: Waiter['until'], patience: WaiterPatience): Promise<PaymentOutcome> {
    return new Promise((resolve, reject) => this.#waiting.push({ until, patience, resolve, reject }));
  }

  /** Returns whether somebody heard it. */
  resolve(outcome: PaymentOutcome, isFinal: boolean): boolean {
    const heard = this.#take(({ until }) => isFinal || until === 'decided');
    for (const waiter of heard) waiter.resolve(outcome);
    return heard.length > 0;
  }

  reject(error: unknown, ...patiences: readonly WaiterPatience[]): void {
    for (const waiter of this.#take(({ patience }) => patiences.includes(patience))) waiter.reject(error);
  }

  #take(which: (waiter: Waiter) => boolean): Waiter[] {
    const taken = this.#waiting.filter(which);
    if (taken.length > 0) this.#waiting = this.#waiting.filter((waiter) => !which(waiter));
    return taken;
  }
}
