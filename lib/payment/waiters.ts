import { onAbort } from '../abort.js';

/**
 * 'brief': rejected as soon as the journal fails. 'patient': as soon as the journal gives no answer any more. 'endless':
 * only if the payment can't go on.
 */
export type WaiterPatience = 'brief' | 'patient' | 'endless';

interface Waiter<Outcome> {
  readonly until: 'decided' | 'ended';
  readonly patience: WaiterPatience;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Whoever waits for the outcome of one payment, or one refund. */
export class Waiters<Outcome> {
  #waiting: Array<Waiter<Outcome>> = [];

  /** @param left Whoever waits has left: rejects with its reason. */
  add(until: Waiter<Outcome>['until'], patience: WaiterPatience, left?: AbortSignal): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const waiter = { until, patience, resolve, reject };
      // Most often the only one: push would make room for sixteen more, and so would spreading.
      this.#waiting = this.#waiting.concat(waiter);
      if (left === undefined) return;
      onAbort(left, () => {
        for (const each of this.#take((one) => one === waiter)) each.reject(left.reason);
      });
    });
  }

  /** Returns whether somebody heard it. */
  resolve(outcome: Outcome, isFinal: boolean): boolean {
    const heard = this.#take(({ until }) => isFinal || until === 'decided');
    for (const waiter of heard) waiter.resolve(outcome);
    return heard.length > 0;
  }

  reject(error: unknown, ...patiences: readonly WaiterPatience[]): void {
    for (const waiter of this.#take(({ patience }) => patiences.includes(patience))) waiter.reject(error);
  }

  #take(which: (waiter: Waiter<Outcome>) => boolean): Array<Waiter<Outcome>> {
    const taken = this.#waiting.filter(which);
    if (taken.length > 0) this.#waiting = this.#waiting.filter((waiter) => !which(waiter));
    return taken;
  }
}
