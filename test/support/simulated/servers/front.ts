import { OrderExistsError } from '../../../../lib/journal/errors.js';
import type { Journal, JournalRecord } from '../../../../lib/journal/journal.js';
import type { PaymentOutcome } from '../../../../lib/payment/decision/outcomes.js';
import type { Order, PaymentCode } from '../../../../lib/payment/order.js';
import type { PaymentProcessor } from '../../../../lib/payment/processor.js';
import type { TillClock } from '../till-clock.js';
import type { ServerCare } from './care.js';
import type { Rule } from './rules.js';

/* What a server does for a terminal that asks it. 'pending': nothing is decided yet; what was asked is written down. */

export type Answer = PaymentOutcome | 'pending';

/** The number is that of another attempt. */
export class TakenError extends Error {}

/** Nothing new is taken until the days since a restore were reconciled. */
export class RestoredError extends Error {}

/** What a restore has left to be said of a number that the journal doesn't know. */
type Unknown = Pick<ServerCare, 'wasRestored' | 'isRestored' | 'isLost'>;

/** Milliseconds between looks at what another server may be doing. */
const looks = { first: 100, longest: 2_000 } as const;

export class Front {
  readonly #processor: PaymentProcessor;
  readonly #journal: Journal;
  readonly #clock: TillClock;
  readonly #care: Unknown;
  readonly #without: Rule | undefined;

  constructor(
    processor: PaymentProcessor,
    journal: Journal,
    clock: TillClock,
    { care, without }: { care: Unknown; without: Rule | undefined },
  ) {
    this.#processor = processor;
    this.#journal = journal;
    this.#clock = clock;
    this.#care = care;
    this.#without = without;
  }

  /** @param attempt The same again is not paid again. @param wait Milliseconds. */
  async pay(order: Order, code: PaymentCode, attempt: string, wait: number): Promise<Answer> {
    const { out_trade_no } = order;
    const until = this.#clock.monotonic() + wait;
    const again = (record: JournalRecord | undefined): Promise<Answer> => {
      const isSame = Object(record?.data.note).attempt === attempt || this.#without === 'comparesAttempts';
      if (!isSame) throw new TakenError();
      return this.#decided(out_trade_no, until);
    };
    const known = await this.#journal.get('payment', out_trade_no);
    if (known !== undefined) return again(known);
    await this.#ensureUnknown(out_trade_no);
    let isWrittenDown = false;
    let tellWritten = () => {};
    const written = new Promise<void>((resolve) => {
      tellWritten = resolve;
    });
    const onProgress = () => {
      isWrittenDown = true;
      tellWritten();
    };
    const paying = this.#processor.pay(order, code, { note: { attempt }, onProgress });
    try {
      await Promise.race([paying, written]);
      return (await this.#before(paying, until)) ?? 'pending';
    } catch (error) {
      if (error instanceof OrderExistsError) return again(await this.#journal.get('payment', out_trade_no));
      if (isWrittenDown) return 'pending';
      throw error;
    }
  }

  async look(out_trade_no: string, wait: number): Promise<Answer> {
    await this.#ensureNotLost(out_trade_no);
    return this.#decided(out_trade_no, this.#clock.monotonic() + wait);
  }

  /** Durable when answered. */
  async cancel(out_trade_no: string, wait: number): Promise<Answer> {
    await this.#ensureNotLost(out_trade_no);
    const cancelling = this.#processor.cancel(out_trade_no);
    const outcome = await this.#before(cancelling, this.#clock.monotonic() + wait);
    if (outcome !== undefined) return outcome;
    if (this.#without === 'cancelsDurably') return 'pending';
    await this.#journal.requestCancel?.(out_trade_no);
    // What goes on keeps the flag. What has ended has none: whether it's given up the processor tells.
    const record = await this.#journal.get('payment', out_trade_no);
    // It is another sub-merchant's.
    if (record === undefined) throw new TakenError();
    return record.finished ? cancelling : 'pending';
  }

  /** Of a number that may have been paid for all that is known here nothing is said. */
  async #ensureNotLost(out_trade_no: string): Promise<void> {
    if (this.#care.wasRestored && (await this.#journal.get('payment', out_trade_no)) === undefined)
      await this.#ensureUnknown(out_trade_no);
  }

  /** @throws RestoredError, or TakenError, for a number of which the journal has lost what it knew, as far as the bills say. */
  async #ensureUnknown(out_trade_no: string): Promise<void> {
    if (this.#care.isRestored) throw new RestoredError();
    if (await this.#care.isLost(out_trade_no)) throw new TakenError();
  }

  async #decided(out_trade_no: string, until: number): Promise<Answer> {
    for (let pause: number = looks.first; ; pause = Math.min(looks.longest, 2 * pause)) {
      const outcome = await this.#processor.outcome(out_trade_no);
      if (outcome !== undefined && outcome.status !== 'reversing') return outcome;
      const left = until - this.#clock.monotonic();
      if (left <= 0) return outcome ?? 'pending';
      await this.#clock.sleep(Math.min(pause, left));
    }
  }

  async #before<T>(work: Promise<T>, until: number): Promise<T | undefined> {
    const end = this.#clock.sleep(Math.max(0, until - this.#clock.monotonic())).then(() => undefined);
    work.catch(() => undefined);
    return Promise.race([work, end]);
  }
}
