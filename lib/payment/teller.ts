import { limit } from '../concurrency.js';
import { ClosedError } from '../errors.js';
import type { Clock } from './clock.js';
import { backoff } from './decision/policies.js';

export type OnOutcome<Outcome> = (outcome: Outcome) => Promise<void> | void;

/** Milliseconds between attempts to tell one outcome. */
const again = { initial: 1_000, factor: 2, maximum: 300_000, jitter: 0 };
/** How many numbers are told at once. */
const most = 16;

const closed = new ClosedError('The payment processor');

/** What the teller needs to know of outcomes, and of the journal. */
interface Book<Outcome> {
  /** One for all outcomes of one payment, or of one refund. */
  keyOf(outcome: Outcome): string;
  /** False if somebody else has acknowledged it, or another outcome was decided since: how that ends is told. */
  isUntold(outcome: Outcome): Promise<boolean>;
  acknowledge(outcome: Outcome): Promise<void>;
}

/** Tells each outcome until its handler takes it, then acknowledges it. One call at a time for a number. */
export class OutcomeTeller<Outcome extends { readonly revision?: number }> {
  readonly #handler: OnOutcome<Outcome>;
  readonly #book: Book<Outcome>;
  readonly #clock: Clock;
  readonly #life = new AbortController();
  readonly #gate = limit(most);
  /** By key, the outcome that is to be told: a later one takes the place of an earlier, and the same is told once. */
  readonly #untold = new Map<string, Outcome>();
  readonly #telling = new Set<string>();

  constructor(handler: OnOutcome<Outcome>, clock: Clock, book: Book<Outcome>) {
    this.#handler = handler;
    this.#clock = clock;
    this.#book = book;
  }

  tell(outcome: Outcome): void {
    const key = this.#book.keyOf(outcome);
    const earlier = this.#untold.get(key);
    if (earlier !== undefined && (earlier.revision ?? 0) >= (outcome.revision ?? 0)) return;
    this.#untold.set(key, outcome);
    if (this.#telling.has(key)) return;
    this.#telling.add(key);
    void this.#tellAll(key).finally(() => this.#telling.delete(key));
  }

  close(): void {
    this.#life.abort(closed);
  }

  async #tellAll(key: string): Promise<void> {
    const { signal } = this.#life;
    let told: Outcome | undefined;
    for (let attempts = 0; !signal.aborted; ) {
      const outcome = this.#untold.get(key);
      if (outcome === undefined) return;
      if (outcome !== told) attempts = 0;
      told = outcome;
      if (await this.#isTaken(outcome)) {
        if (this.#untold.get(key) === outcome) this.#untold.delete(key);
        continue;
      }
      attempts += 1;
      await this.#clock.sleep(backoff(again, attempts), signal).catch(() => undefined);
    }
  }

  /** A journal that can't take the acknowledgement has it told again. */
  #isTaken(outcome: Outcome): Promise<boolean> {
    return this.#gate(async () => {
      if (this.#life.signal.aborted) return false;
      try {
        if (!(await this.#book.isUntold(outcome))) return true;
        await this.#handler(outcome);
        await this.#book.acknowledge(outcome);
        return true;
      } catch {
        return false;
      }
    });
  }
}
