import { randomUUID } from 'node:crypto';
import { limit } from '../concurrency.js';
import { ClosedError, InvalidParameterError } from '../errors.js';
import type { Journal, JournalRecord } from '../journal/journal.js';
import type { RefundNotice } from '../pay/refund-notice.js';
import { systemClock } from './clock.js';
import { type Transition, transition } from './decision/machine.js';
import type { PaymentOutcome } from './decision/outcomes.js';
import { checkMilliseconds, resolvePolicies } from './decision/policies.js';
import { type RefundTransition, transition as refundTransition } from './decision/refund/machine.js';
import type { RefundOutcome } from './decision/refund/outcomes.js';
import type { PaymentProcessorOptions } from './options.js';
import type { Order, PaymentCode } from './order.js';
import { patienceOf } from './patience.js';
import { Payments } from './payments.js';
import type { PayOptions } from './progress.js';
import { recovered, recoverInBackground } from './recovery.js';
import { checkRefund, type RefundRequest } from './refund/parameters.js';
import { Refunds } from './refund/refunds.js';
import { Sales } from './refund/sales.js';
import { OutcomeTeller } from './teller.js';

export type { PaymentProcessorOptions };

const closed = new ClosedError('The payment processor');

/** How many queries and reversals of recovered payments are under way at once. */
const recoveryConcurrency = 16;

/** What the simulation replaces, and nobody else. */
interface Internals {
  readonly transition?: Transition;
  readonly refundTransition?: RefundTransition;
  readonly random?: () => number;
}

/**
 * Takes payments to their end: paid, not charged, or in front of a person. Every payment is written to the journal before
 * its request leaves, and each result before it is told, so that no fault of the network and no crash of the till loses one.
 *
 * One processor per journal. While payments are unfinished their timers keep the program alive;
 * {@link PaymentProcessor.close} ends them, and the journal knows the rest.
 *
 * @example
 * const processor = new PaymentProcessor({
 *   client,
 *   journal: await FileJournal.open('payments'),
 *   // What nobody waits for any more: of the last start, or of a reversal in the background.
 *   onOutcome: (outcome) => tellCashier(outcome),
 * });
 * const outcome = await processor.pay({ out_trade_no: 'A1', total_fee: 100, body: 'Tea' }, { auth_code });
 * if (outcome.status === 'paid') await handOverTheGoods();
 * await processor.acknowledge(outcome);
 */
export class PaymentProcessor {
  readonly #journal: Journal;
  readonly #payments: Payments;
  readonly #refunds: Refunds;
  readonly #teller: OutcomeTeller<PaymentOutcome | RefundOutcome> | undefined;
  readonly #life = new AbortController();
  readonly #stopListening: ReadonlyArray<(() => void) | undefined>;

  /** @throws InvalidPolicyError for a policy field out of range, InvalidParameterError for another option. */
  constructor(options: PaymentProcessorOptions, internals: Internals = {}) {
    const { client, journal, clock = systemClock, journalTimeout = 10_000, onOutcome } = options;
    if (onOutcome !== undefined && typeof onOutcome !== 'function')
      throw new InvalidParameterError('onOutcome', 'must be a function');
    checkMilliseconds('journalTimeout', journalTimeout);
    this.#journal = journal;
    const parts = {
      client,
      journal,
      clock,
      patience: patienceOf(clock, journalTimeout),
      policies: resolvePolicies(options, client.requestTimeout),
      random: internals.random ?? Math.random,
      program: randomUUID(),
      onUnheard: (outcome: PaymentOutcome | RefundOutcome) => this.#teller?.tell(outcome),
    };
    const [gate, life, sales] = [limit(recoveryConcurrency), this.#life.signal, new Sales(parts)];
    const payments = new Payments(parts, internals.transition ?? transition, gate, life, sales);
    this.#payments = payments;
    const ofRefunds = internals.refundTransition ?? refundTransition;
    this.#refunds = new Refunds(parts, ofRefunds, gate, life, { payments, sales });
    this.#stopListening = [
      journal.onCancel?.((out_trade_no) => payments.cancelIfRunning(out_trade_no)),
      journal.onTakeUp?.((record) => this.resume(record)),
    ];
    if (onOutcome === undefined) return;
    const teller = new OutcomeTeller(onOutcome, clock, {
      keyOf: (outcome) => ('kind' in outcome ? `refund ${outcome.out_refund_no}` : `payment ${outcome.out_trade_no}`),
      isUntold: (outcome) => {
        const [id, { runs }] =
          'kind' in outcome ? [outcome.out_refund_no, this.#refunds] : [outcome.out_trade_no, payments];
        return runs.isUntold(id, outcome.revision ?? 0);
      },
      acknowledge: (outcome) => this.acknowledge(outcome),
    });
    this.#teller = teller;
    const tell = (outcome: PaymentOutcome | RefundOutcome) => teller.tell(outcome);
    void recoverInBackground(journal, [payments.runs, this.#refunds.runs], tell, { clock, life });
  }

  /**
   * Takes one payment to its outcome: paid, declined, failed, cancelled, reversed, attention, or, in the background mode of
   * the reversal policy, reversing.
   *
   * @throws InvalidParameterError for an order or a code that the gateway would refuse; nothing was sent.
   * @throws OrderExistsError if the journal knows the out_trade_no; nothing was sent.
   * @throws JournalError if the journal can't be written. If that was the payment's first record nothing was sent; later, the
   * payment goes on, and `settled`, `onOutcome` or `recover` tells how it ended.
   * @throws ClosedError after close(), also while the payment is under way: the next start takes it up.
   */
  pay(order: Order, code: PaymentCode, options: PayOptions = {}): Promise<PaymentOutcome> {
    return this.#payments.pay(order, code, options);
  }

  /**
   * Brings every unfinished payment of the journal to its end. Work starts at the call; iterating only observes, and
   * `break` does not stop it. Yields final outcomes, in either mode: of what was unfinished, and of what had finished but
   * was never acknowledged (the till may have died before it heard). Skips payments that this process is running. Never
   * re-sends one. A record that can't be taken up here (another merchant's, or not readable) is told as `attention` and
   * left as it is. Ends early after close(). With `onOutcome` recovery has started by itself, and this yields nothing.
   * Unfinished refunds are taken up as well, but not waited for, since that may take days: `refundSettled` tells how they ended.
   *
   * @throws JournalError, while iterating and after all other outcomes, if the journal failed.
   * @throws ClosedError after close().
   */
  recover(): AsyncIterable<PaymentOutcome> {
    this.#payments.runs.ensureOpen();
    const isOurs = this.#teller === undefined;
    return recovered(this.#journal, isOurs ? [this.#payments.runs] : [], isOurs ? [this.#refunds.runs] : []);
  }

  /**
   * What the journal knows of a payment, without a call. Undefined if it knows nothing, or nothing is decided yet.
   * @throws JournalError if the journal can't be read.
   */
  async outcome(out_trade_no: string): Promise<PaymentOutcome | undefined> {
    return this.#payments.runs.outcome(out_trade_no);
  }

  /**
   * The caller has acted on a final outcome (goods handed over, receipt printed); it is not told again. Takes the outcome as
   * it came, a payment's or a refund's. Does nothing if another outcome was decided since, for a payment that hasn't finished,
   * or for one that was cancelled before it was ever written down.
   * @throws InvalidParameterError if it is not an outcome.
   * @throws JournalError if the journal can't be read or written.
   */
  async acknowledge(outcome: { out_trade_no: string; out_refund_no?: string; revision?: number }): Promise<void> {
    const { out_trade_no, out_refund_no, revision } = Object(outcome);
    const isRevision = revision === undefined || Number.isInteger(revision);
    const isNumber = out_refund_no === undefined || typeof out_refund_no === 'string';
    if (typeof out_trade_no !== 'string' || !isRevision || !isNumber)
      throw new InvalidParameterError('outcome', 'must be an outcome as it came, with its numbers and revision');
    if (revision === undefined) return;
    if (out_refund_no === undefined) await this.#payments.runs.acknowledge(out_trade_no, revision);
    else await this.#refunds.acknowledge(out_refund_no, revision);
  }

  /**
   * Resolves when a payment has reached its end. One that an earlier run left unfinished is taken up for it.
   * @throws OrderUnknownError if the journal doesn't know the number, or it is another merchant's.
   * @throws JournalError if the journal can't be read, or gives no answer any more, or the record can't be read.
   * @throws ClosedError after close(), also while waiting.
   */
  async settled(out_trade_no: string): Promise<PaymentOutcome> {
    return this.#payments.runs.settled(out_trade_no);
  }

  /**
   * Gives a sale up, also a paid one (within the vendor's 7 days): durable, idempotent, irrevocable. Resolves with
   * `reversing` or `reversed`, as the reversal policy's mode says, with `cancelled` if its request had not left yet, or with
   * what came instead: a sale that was declined, failed, cancelled or reversed stays so, and a number that belongs to another
   * sale stays in front of a person.
   *
   * @throws OrderUnknownError if the journal doesn't know the number, or it is another merchant's, or it was refunded, at least
   * in part (ERR_ORDER_REFUNDED).
   * @throws JournalError if the decision can't be written down, or the record can't be read. A payment that is still under
   * way goes on trying to: `settled` tells how it ended.
   * @throws ClosedError after close(), also while waiting.
   */
  async cancel(out_trade_no: string): Promise<PaymentOutcome> {
    this.#payments.runs.ensureOpen();
    return this.#payments.cancel(out_trade_no);
  }

  /**
   * Gives back all or a part of a paid sale, of either rail. Reserved in the sale's own record and written down before it is sent,
   * so that sum (at most the sale), count (50), the minute between two and the year hold for any number of callers. The same
   * out_refund_no with the same amount may be asked for again, also after a crash: it is one refund, and gives back once.
   *
   * Resolves as soon as the gateway took it (`processing`, `accepted` true), said no, or after 15 s (`accepted` false),
   * whichever is first. It goes on in the background and after a restart; `refundSettled` and `onOutcome` tell how it ended. One
   * in front of a person for a refused key or certificate is sent again by asking for the same number.
   *
   * @param refund Amounts in fen. `total_fee`: for a sale that this journal doesn't know. The gateway is asked for it first, and
   * amount, merchant and state must agree; the refunds that it shows count.
   * @param options `signal` ends the waiting only: resolves with how the refund stands.
   * @throws InvalidParameterError for what the gateway would refuse, or a client without the calls of refunds; nothing was sent.
   * @throws RefundRefusedError if a rule forbids it; nothing was sent.
   * @throws OrderUnknownError if the journal doesn't know the sale and no `total_fee` was given, the gateway doesn't know it
   * either, or it is another merchant's.
   * @throws OrderExistsError if the out_refund_no is that of another amount or sale.
   * @throws JournalError if the journal can't be read or written. Ask again, with the same number.
   * @throws ClosedError after close(), also while waiting.
   *
   * @example
   * const refund = await processor.refund('A1', { out_refund_no: 'R1-A1', refund_fee: 100 });
   * if (refund.status === 'refused') tellCashier(refund.err_code);
   */
  async refund(
    out_trade_no: string,
    refund: RefundRequest,
    options: { signal?: AbortSignal } = {},
  ): Promise<RefundOutcome> {
    checkRefund(out_trade_no, refund);
    this.#refunds.runs.ensureOpen();
    return this.#refunds.refund(out_trade_no, refund, options.signal);
  }

  /**
   * What the journal knows of a sale's refunds, without a call: in the order in which they were reserved.
   * @throws JournalError if the journal can't be read.
   */
  async refunds(out_trade_no: string): Promise<RefundOutcome[]> {
    return this.#refunds.of(out_trade_no);
  }

  /**
   * Resolves when a refund has reached its end, which may take days. One that an earlier run left unfinished is taken up.
   * @throws OrderUnknownError if the journal doesn't know the number, or it is another merchant's.
   * @throws JournalError if the journal can't be read, or gives no answer any more, or the record can't be read.
   * @throws ClosedError after close(), also while waiting.
   */
  async refundSettled(out_refund_no: string): Promise<RefundOutcome> {
    return this.#refunds.settled(out_refund_no);
  }

  /**
   * A refund notification came (see {@link PayClient.readRefundNotice}): asks the gateway about it now. Nothing of it is
   * believed, and a number that the journal doesn't know is ignored.
   * @throws JournalError if the journal can't be read.
   * @throws ClosedError after close().
   */
  async noticed(notice: Pick<RefundNotice, 'out_refund_no'>): Promise<void> {
    const { out_refund_no } = Object(notice);
    if (typeof out_refund_no !== 'string') throw new InvalidParameterError('notice', 'must have an out_refund_no');
    this.#refunds.runs.ensureOpen();
    await this.#refunds.noticed(out_refund_no);
  }

  /**
   * Takes one unfinished payment or refund up, e.g. one that was claimed from a server that is dead; a journal that several
   * processes share asks for it by itself (Journal.onTakeUp). Nothing happens if it is running here, or has ended.
   * Resolves when it runs. Payments wait until the gateway was queried for most of those taken up before, so that a
   * hundred thousand don't start at once. How it ends is told to onOutcome, or to settled() and refundSettled().
   * @throws OrderUnknownError if the journal doesn't know it, or it is another merchant's.
   * @throws JournalError if the journal can't be read.
   * @throws ClosedError after close().
   */
  async resume({ kind, id }: Pick<JournalRecord, 'kind' | 'id'>): Promise<void> {
    this.#payments.runs.ensureOpen();
    if (kind !== 'payment' && kind !== 'refund')
      throw new InvalidParameterError('record', 'must be of a payment or a refund');
    if (kind === 'payment') await this.#payments.resume(id);
    else await this.#refunds.runs.resumeStored(id);
  }

  /**
   * Stops timers and background work; what is unfinished stays in the journal, for the next start. A pay() in flight rejects
   * with ClosedError. Waits for no journal longer than journalTimeout, and for no handler. Leaves client and journal open:
   * they are the caller's. Idempotent.
   */
  async close(): Promise<void> {
    this.#life.abort(closed);
    for (const stop of this.#stopListening) stop?.();
    this.#teller?.close();
    await Promise.all([this.#payments.runs.close(), this.#refunds.close()]);
  }
}
