import { limit } from '../concurrency.js';
import { ClosedError } from '../errors.js';
import type { Clock } from './clock.js';
import type { PaymentOutcome } from './decision/outcomes.js';
import { backoff } from './decision/policies.js';

export type OnOutcome = (outcome: PaymentOutcome) => Promise<void> | void;

/** Milliseconds between attempts to tell one outcome. */
const again = { initial: 1_000, factor: 2, maximum: 300_000, jitter: 0 };
/** How many numbers are told at once. */
const most = 16;

const closed = new ClosedError('The payment processor');

/** What the teller needs of the journal. */
interface Book {
  /** False if somebody else has acknowledged it, or another outcome was decided since: how that ends is told. */
  isUntold(outcome: PaymentOutcome): Promise<boolean>;
  acknowledge(outcome: PaymentOutcome): Promise<void>;
}

/** Tells each outcome until its handler takes it, then acknowledges it. One call at a time for a number. */
export class OutcomeTeller {
  readonly #handler: OnOutcome;
  readonly #book: Book;
  readonly #clock: Clock;
  readonly #life = new AbortController();
  readonly #gate = limit(most);
  /** By number, the outcome that is to be told: a later one takes the place of an earlier, and the same is told once. */
  readonly #untold = new Map<string, PaymentOutcome>();
  readonly #telling = new Set<string>();

  constructor(handler: OnOutcome, clock: Clock, book: Book) {
    this.#handler = handler;
    this.#clock = clock;
    this.#book = book;
  }

  tell(outcome: PaymentOutcome): void {
    const { out_trade_no } = outcome;
    const earlier = this.#untold.get(out_trade_no);
    if (earlier !== undefined && (earlier.revision ?? 0) >= (outcome.revision ?? 0)) return;
    this.#untold.set(out_trade_no, outcome);
    if (this.#telling.has(out_trade_no)) return;
    this.#telling.add(out_trade_no);
    void this.#tellAll(out_trade_no).finally(() => this.#telling.delete(out_trade_no));
  }

  close(): void {
    this.#life.abort(closed);
  }

  async #tellAll(out_trade_no: string): Promise<void> {
    const { signal } = this.#life;
    let told: PaymentOutcome | undefined;
    for (let attempts = 0; !signal.aborted; ) {
      const outcome = this.#untold.get(out_trade_no);
      if (outcome === undefined) return;
      if (outcome !== told) attempts = 0;
      told = outcome;
      if (await this.#isTaken(outcome)) {
        if (this.#untold.get(out_trade_no) === outcome) this.#untold.delete(out_trade_no);
        continue;
      }
      attempts += 1;
      await this.#clock.sleep(backoff(again, attempts), signal).catch(() => undefined);
    }
  }

  /** A journal that can't take the acknowledgement has it told again. */
  #isTaken(outcome: PaymentOutcome): Promise<boolean> {
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
