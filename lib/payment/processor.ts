import { randomUUID } from 'node:crypto';
import { limit } from '../concurrency.js';
import { ClosedError, InvalidParameterError } from '../errors.js';
import type { Journal, JournalRecord } from '../journal/journal.js';
import type { PaymentClient } from './client.js';
import { type Clock, systemClock } from './clock.js';
import { type Transition, transition } from './decision/machine.js';
import type { PaymentOutcome } from './decision/outcomes.js';
import { checkMilliseconds, type GivenPolicies, resolvePolicies } from './decision/policies.js';
import { checkCode, checkOrder, type Order, type PaymentCode } from './order.js';
import { patienceOf } from './patience.js';
import { Payments } from './payments.js';
import type { PayOptions } from './progress.js';
import { recovered, recoverInBackground } from './recovery.js';
import { type OnOutcome, OutcomeTeller } from './teller.js';

/** Parts and policies of a PaymentProcessor. */
export interface PaymentProcessorOptions extends GivenPolicies {
  /**
   * The merchant's. Without its certificate nothing can be reversed: a payment that must be reversed then ends as
   * 'attention', and cancel() takes it up again once there is one.
   */
  client: PaymentClient;
  /** Of this processor alone. */
  journal: Journal;
  /**
   * Milliseconds after which nobody waits for the journal any more (JournalError); what was begun goes on.
   * @default 10000
   */
  journalTimeout?: number;
  /**
   * Hears every final outcome that no pay(), cancel() or settled() is waiting for: recovered ones, the ends of background
   * reversals. Each is told again (after 1 s, doubling to 5 min, and after a restart) until the handler resolves; then it is
   * acknowledged by itself. One call at a time for a number, up to 16 numbers at once. With it, recovery starts by itself and
   * recover() yields nothing. close() does not wait for it.
   */
  onOutcome?: OnOutcome<PaymentOutcome>;
  /** Default: the system's. Simulated in tests. */
  clock?: Clock;
}

const closed = new ClosedError('The payment processor');

/** How many queries and reversals of recovered payments are under way at once. */
const recoveryConcurrency = 16;

/** What the simulation replaces, and nobody else. */
interface Internals {
  readonly transition?: Transition;
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
  readonly #teller: OutcomeTeller<PaymentOutcome> | undefined;
  readonly #life = new AbortController();
  readonly #stopListening: (() => void) | undefined;

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
      onUnheard: (outcome: PaymentOutcome) => this.#teller?.tell(outcome),
    };
    const [gate, life] = [limit(recoveryConcurrency), this.#life.signal];
    this.#payments = new Payments(parts, internals.transition ?? transition, gate, life);
    this.#stopListening = journal.onCancel?.((out_trade_no) => this.#payments.cancelIfRunning(out_trade_no));
    if (onOutcome === undefined) return;
    const teller = new OutcomeTeller(onOutcome, clock, {
      keyOf: ({ out_trade_no }) => out_trade_no,
      isUntold: ({ out_trade_no, revision = 0 }) => this.#payments.runs.isUntold(out_trade_no, revision),
      acknowledge: (outcome) => this.acknowledge(outcome),
    });
    this.#teller = teller;
    const tell = (outcome: PaymentOutcome) => teller.tell(outcome);
    void recoverInBackground(journal, [this.#payments.runs], tell, { clock, life });
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
  async pay(order: Order, code: PaymentCode, options: PayOptions = {}): Promise<PaymentOutcome> {
    const rail = checkCode(code);
    checkOrder(order);
    this.#payments.runs.ensureOpen();
    const { signal } = options;
    // Before anything is sent, not when it is too late to listen to it.
    if (signal && typeof signal.addEventListener !== 'function')
      throw new InvalidParameterError('signal', 'must be an AbortSignal');
    return this.#payments.pay(order, code, rail, options);
  }

  /**
   * Brings every unfinished payment of the journal to its end. Work starts at the call; iterating only observes, and
   * `break` does not stop it. Yields final outcomes, in either mode: of what was unfinished, and of what had finished but
   * was never acknowledged (the till may have died before it heard). Skips payments that this process is running. Never
   * re-sends one. A record that can't be taken up here (another merchant's, or not readable) is told as `attention` and
   * left as it is. Ends early after close(). With `onOutcome` recovery has started by itself, and this yields nothing.
   *
   * @throws JournalError, while iterating and after all other outcomes, if the journal failed.
   * @throws ClosedError after close().
   */
  recover(): AsyncIterable<PaymentOutcome> {
    this.#payments.runs.ensureOpen();
    return recovered(this.#journal, this.#teller === undefined ? [this.#payments.runs] : []);
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
   * it came. Does nothing if another outcome was decided since, for a payment that hasn't finished, or for one that was
   * cancelled before it was ever written down.
   * @throws InvalidParameterError if it is no outcome.
   * @throws JournalError if the journal can't be read or written.
   */
  async acknowledge(outcome: { out_trade_no: string; revision?: number }): Promise<void> {
    const { out_trade_no, revision } = Object(outcome);
    if (typeof out_trade_no !== 'string' || !(revision === undefined || Number.isInteger(revision)))
      throw new InvalidParameterError('outcome', 'must be an outcome as it came, with its out_trade_no and revision');
    if (revision !== undefined) await this.#payments.runs.acknowledge(out_trade_no, revision);
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
   * @throws OrderUnknownError if the journal doesn't know the number, or it is another merchant's.
   * @throws JournalError if the decision can't be written down, or the record can't be read. A payment that is still under
   * way goes on trying to: `settled` tells how it ended.
   * @throws ClosedError after close(), also while waiting.
   */
  async cancel(out_trade_no: string): Promise<PaymentOutcome> {
    this.#payments.runs.ensureOpen();
    return this.#payments.cancel(out_trade_no);
  }

  /**
   * Takes one unfinished payment up, e.g. one that was claimed from a server that is dead. Nothing happens if it is running
   * here, or has ended. How it ends is told to onOutcome, or to settled().
   * @throws OrderUnknownError if the journal doesn't know it, or it is another merchant's.
   * @throws JournalError if the journal can't be read.
   * @throws ClosedError after close().
   */
  async resume({ kind, id }: Pick<JournalRecord, 'kind' | 'id'>): Promise<void> {
    this.#payments.runs.ensureOpen();
    if (kind !== 'payment') throw new InvalidParameterError('record', 'must be of a payment');
    await this.#payments.runs.resumeStored(id);
  }

  /**
   * Stops timers and background work; what is unfinished stays in the journal, for the next start. A pay() in flight rejects
   * with ClosedError. Waits for no journal longer than journalTimeout, and for no handler. Leaves client and journal open:
   * they are the caller's. Idempotent.
   */
  async close(): Promise<void> {
    this.#life.abort(closed);
    this.#stopListening?.();
    this.#teller?.close();
    await this.#payments.runs.close();
  }
}
