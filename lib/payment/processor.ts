import { randomUUID } from 'node:crypto';
import { ClosedError, InvalidParameterError } from '../errors.js';
import type { PayResult, RequestOptions } from '../pay/types.js';
import { systemClock } from './clock.js';
import { ActivePayment, type Surroundings } from './driver.js';
import { JournalError, OrderExistsError } from './errors.js';
import { bounded, Lanes } from './lanes.js';
import { outcomeOf, remembered, type Transition, transition } from './machine.js';
import { checkCode, checkOrder } from './order.js';
import { type Policies, resolvePolicies } from './policies.js';
import { fromRecord, type Remembered } from './record.js';
import type {
  Clock,
  Journal,
  Order,
  PaymentClient,
  PaymentCode,
  PaymentOutcome,
  PaymentProcessorOptions,
  PaymentRecord,
  PayOptions,
} from './types.js';

/** How many queries and reversals of recovered payments are under way at once. */
const recoveryConcurrency = 16;

/** Tells what comes, as it comes, to whoever iterates; loses nothing where nobody does. */
class OutcomeStream implements AsyncIterable<PaymentOutcome> {
  readonly #outcomes: PaymentOutcome[] = [];
  #end: { error?: unknown } | undefined;
  readonly #waiting: Array<() => void> = [];

  push(outcome: PaymentOutcome): void {
    this.#outcomes.push(outcome);
    this.#wake();
  }

  end(end: { error?: unknown }): void {
    this.#end = end;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PaymentOutcome, void, undefined> {
    for (;;) {
      const outcome = this.#outcomes.shift();
      if (outcome !== undefined) yield outcome;
      else if (this.#end === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      else if ('error' in this.#end) throw this.#end.error;
      else return;
    }
  }
}

/** What the simulation replaces, and nobody else. */
interface Internals {
  readonly transition?: Transition;
  readonly random?: () => number;
}

/**
 * Takes payments to their end: paid, not charged, or in front of a person. Every payment is written to the journal before
 * its request leaves, and each result before it is told, so that no fault of the network and no crash of the till loses one.
 *
 * One processor per journal. Call {@link PaymentProcessor.recover} once at start. While payments are unfinished their timers
 * keep the program alive; {@link PaymentProcessor.close} ends them, and the journal knows the rest.
 *
 * @example
 * const journal = await LevelJournal.open('payments');
 * const processor = new PaymentProcessor({ client, journal });
 * for await (const outcome of processor.recover()) {
 *   tellCashier(outcome);
 *   await processor.acknowledge(outcome.out_trade_no);
 * }
 * const outcome = await processor.pay({ out_trade_no: 'A1', total_fee: 100, body: 'Tea' }, { auth_code });
 */
export class PaymentProcessor {
  readonly #client: PaymentClient;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #policies: Policies;
  readonly #transition: Transition;
  readonly #random: () => number;
  readonly #lanes = new Lanes();
  readonly #running = new Map<string, ActivePayment>();
  readonly #recoveryGate = bounded(recoveryConcurrency);
  /** Tells moments of this monotonic clock from those of an earlier run. */
  readonly #run = randomUUID();
  #closed = false;

  /** @throws InvalidPolicyError for a policy field out of range. */
  constructor(options: PaymentProcessorOptions, internals: Internals = {}) {
    this.#client = options.client;
    this.#journal = options.journal;
    this.#clock = options.clock ?? systemClock;
    this.#policies = resolvePolicies(options, options.client.requestTimeout);
    this.#transition = internals.transition ?? transition;
    this.#random = internals.random ?? Math.random;
  }

  /**
   * Takes one payment to its outcome: paid, declined, failed, cancelled, reversed, attention, or, in the background mode of
   * the reversal policy, reversing.
   *
   * @throws InvalidParameterError for an order or a code that the gateway would refuse; nothing was sent.
   * @throws OrderExistsError where the journal knows the out_trade_no; nothing was sent.
   * @throws JournalError where the journal can't be written. Where that was the payment's first record nothing was sent;
   * later, the payment goes on, and `settled` or `recover` tells how it ended.
   * @throws ClosedError after close(), also while the payment is under way: recover() takes it up at the next start.
   */
  async pay(order: Order, code: PaymentCode, options: PayOptions = {}): Promise<PaymentOutcome> {
    const rail = checkCode(code);
    checkOrder(order, rail);
    this.#ensureOpen();
    const { out_trade_no, total_fee } = order;
    const { signal, onProgress } = options;
    // Before anything is sent, not when it is too late to listen to it.
    if (signal && typeof signal.addEventListener !== 'function')
      throw new InvalidParameterError('signal', 'must be an AbortSignal');
    if (signal?.aborted) {
      if (await this.#journal.get(out_trade_no)) throw new OrderExistsError(out_trade_no);
      return { status: 'cancelled', out_trade_no, by: 'cashier' };
    }
    const send = this.#request(order, code);
    const payment = await this.#lanes.run(out_trade_no, async () => {
      const payment = await ActivePayment.create(
        out_trade_no,
        {
          rail,
          total_fee,
          merchant: this.#merchant(),
          requested: { wall: this.#clock.wall(), run: this.#run, monotonic: this.#clock.monotonic() },
        },
        this.#surroundings(out_trade_no, { gate: (task) => task(), onProgress }),
      );
      this.#ensureOpen();
      this.#running.set(out_trade_no, payment);
      return payment;
    });
    const outcome = payment.wait(this.#told);
    if (signal?.aborted) void payment.post({ on: 'withdraw' });
    else payment.submit(send);
    const abort = () => void payment.post({ on: 'abort' });
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await outcome;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * Brings every unfinished payment of the journal to its end. Work starts at the call; iterating only observes, and
   * `break` does not stop it. Yields final outcomes, in either mode: of what was unfinished, and of what had finished but
   * was never acknowledged (the till may have died before it heard). Skips payments that this process is running. Never
   * re-sends one. A record that can't be taken up here (another merchant's, or not readable) is told as `attention` and
   * left as it is. Ends early after close().
   *
   * @throws JournalError, while iterating and after all other outcomes, where the journal failed.
   * @throws ClosedError after close().
   */
  recover(): AsyncIterable<PaymentOutcome> {
    this.#ensureOpen();
    const stream = new OutcomeStream();
    void this.#recoverAll((outcome) => stream.push(outcome)).then(
      () => stream.end({}),
      (error: unknown) => stream.end({ error }),
    );
    return stream;
  }

  /**
   * What the journal knows of a payment, without a call. Undefined where it knows nothing, or where nothing is decided yet.
   * @throws JournalError where the journal can't be read.
   */
  async outcome(out_trade_no: string): Promise<PaymentOutcome | undefined> {
    const record = await this.#journal.get(out_trade_no);
    if (record === undefined) return undefined;
    const known = fromRecord(record);
    return known === undefined ? unreadable(out_trade_no) : outcomeOf(out_trade_no, known);
  }

  /**
   * The caller has acted on a final outcome (goods handed over, receipt printed); recover() will not tell it again.
   * Without effect for a payment that hasn't finished, or that was cancelled before it was ever written down.
   * @throws JournalError where the journal can't be read or written.
   */
  async acknowledge(out_trade_no: string): Promise<void> {
    await this.#lanes.run(out_trade_no, async () => {
      if (this.#running.has(out_trade_no)) return;
      const record = await this.#journal.get(out_trade_no);
      if (!record?.finished || record.acknowledged) return;
      const [revision, updatedAt] = [record.revision + 1, this.#clock.wall()];
      await this.#journal.put({ ...record, revision, updatedAt, acknowledged: true });
    });
  }

  /**
   * Resolves when a payment has reached its end. One that an earlier run left unfinished is taken up for it.
   * @throws InvalidParameterError where the journal doesn't know the number.
   * @throws JournalError where the journal can't be read, or the record can't be taken up here.
   * @throws ClosedError after close(), also while waiting.
   */
  async settled(out_trade_no: string): Promise<PaymentOutcome> {
    this.#ensureOpen();
    const { ended } = await this.#lanes.run(out_trade_no, async () => {
      const payment = this.#running.get(out_trade_no);
      // Wrapped, so that the lane is free while the payment goes on.
      if (payment !== undefined) return { ended: payment.wait('ended', { patient: true }) };
      const { record, known } = await this.#known(out_trade_no);
      const outcome = outcomeOf(out_trade_no, known);
      if (record.finished && outcome !== undefined) return { ended: Promise.resolve(outcome) };
      return { ended: this.#resume(record, known).wait('ended', { patient: true }) };
    });
    return ended;
  }

  /**
   * Gives a sale up, also a paid one (within the vendor's 7 days): durable, idempotent, irrevocable. Resolves with
   * `reversing` or `reversed`, as the reversal policy's mode says, or with what came instead: a sale that was declined,
   * failed, cancelled or reversed stays so, and a number that belongs to another sale stays in front of a person.
   *
   * @throws InvalidParameterError where the journal doesn't know the number.
   * @throws JournalError where the decision can't be written down, or the record can't be taken up here. A payment that is
   * still under way goes on trying to: `settled` tells how it ended.
   * @throws ClosedError after close(), also while waiting.
   */
  async cancel(out_trade_no: string): Promise<PaymentOutcome> {
    this.#ensureOpen();
    const { told } = await this.#lanes.run(out_trade_no, async () => {
      const running = this.#running.get(out_trade_no);
      if (running !== undefined) {
        const told = running.wait(this.#told);
        const isTaken = running.post({ on: 'cancel' });
        // The payment may end before it hears; where the journal fails it tries on, for which nobody shall wait here.
        const isOver = told.then(
          () => isTaken,
          () => true,
        );
        if (await Promise.race([isTaken, isOver])) return { told };
      }
      const { record, known } = await this.#known(out_trade_no);
      if (!record.finished) {
        const payment = this.#resume(record, known);
        const told = payment.wait(this.#told);
        void payment.post({ on: 'cancel' });
        return { told };
      }
      const outcome = outcomeOf(out_trade_no, known);
      const cancelled = this.#transition(remembered(known.phase, known.facts), cancel, this.#policies);
      if (outcome !== undefined && cancelled.state.phase === known.phase) return { told: Promise.resolve(outcome) };
      this.#ensureOurs(out_trade_no, known);
      const payment = this.#takeUp(record, known);
      const told = payment.wait(this.#told);
      void payment.post({ on: 'cancel' });
      return { told };
    });
    return told;
  }

  /**
   * Stops timers and background work; what is unfinished stays in the journal, for recover() at the next start. A pay() in
   * flight rejects with ClosedError. Leaves client and journal open: they are the caller's. Idempotent.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.values()].map((payment) => payment.close()));
  }

  get #told(): 'decided' | 'ended' {
    return this.#policies.reversal.mode === 'await' ? 'ended' : 'decided';
  }

  #ensureOpen(): void {
    if (this.#closed) throw new ClosedError('The payment processor');
  }

  /** Keeps the code no longer than until it is sent. */
  #request({ extra, ...fields }: Order, code: PaymentCode): (options: RequestOptions) => Promise<PayResult> {
    const order = { ...extra, ...fields };
    if ('auth_code' in code) {
      const params = { ...order, auth_code: code.auth_code };
      return (options) => this.#client.micropay(params, options);
    }
    const { face_code, openid } = code;
    const params = { ...order, face_code, ...(openid !== undefined && { openid }) };
    return (options) => this.#client.facepay(params, options);
  }

  #merchant() {
    const { appid, mch_id, sub_mch_id } = this.#client.identity;
    return { appid, mch_id, ...(sub_mch_id !== undefined && { sub_mch_id }) };
  }

  #surroundings(out_trade_no: string, { gate, onProgress }: Pick<Surroundings, 'gate' | 'onProgress'>): Surroundings {
    return {
      client: this.#client,
      journal: this.#journal,
      clock: this.#clock,
      policies: this.#policies,
      transition: this.#transition,
      random: this.#random,
      gate,
      onProgress,
      onOver: () => this.#running.delete(out_trade_no),
    };
  }

  async #known(out_trade_no: string): Promise<{ record: PaymentRecord; known: Remembered }> {
    const record = await this.#journal.get(out_trade_no);
    if (record === undefined) throw new InvalidParameterError('out_trade_no', 'is not in the journal');
    const known = fromRecord(record);
    if (known === undefined) throw new JournalError(unreadable(out_trade_no).reason);
    if (!record.finished) this.#ensureOurs(out_trade_no, known);
    return { record, known };
  }

  #ensureOurs(out_trade_no: string, { entry }: Remembered): void {
    const [theirs, ours] = [entry.merchant, this.#merchant()];
    if (theirs.mch_id === ours.mch_id && theirs.sub_mch_id === ours.sub_mch_id) return;
    const who = theirs.sub_mch_id === undefined ? theirs.mch_id : `${theirs.mch_id}/${theirs.sub_mch_id}`;
    throw new JournalError(
      `${out_trade_no} was paid to merchant ${who}; only a client of that merchant can go on with it`,
    );
  }

  #takeUp(record: PaymentRecord, known: Remembered): ActivePayment {
    // It may have been closed while the journal was read.
    this.#ensureOpen();
    const { out_trade_no, revision } = record;
    const { run, monotonic } = known.entry.requested;
    const payment = ActivePayment.takeUp(
      out_trade_no,
      known,
      revision,
      this.#surroundings(out_trade_no, { gate: this.#recoveryGate, onProgress: undefined }),
      // After a restart the waits count anew: an earlier run's monotonic clock says nothing, and the wall clock may lie.
      record.finished && run === this.#run ? monotonic : this.#clock.monotonic(),
    );
    this.#running.set(out_trade_no, payment);
    return payment;
  }

  #resume(record: PaymentRecord, known: Remembered): ActivePayment {
    const payment = this.#takeUp(record, known);
    void payment.resume();
    return payment;
  }

  async #recoverAll(tell: (outcome: PaymentOutcome) => void): Promise<void> {
    const work: Array<Promise<void>> = [];
    const errors: unknown[] = [];
    // What fails stops none of the others.
    const collect = (error: unknown) => void errors.push(error);
    try {
      for await (const { out_trade_no } of this.#journal.list({ acknowledged: false }))
        work.push(this.#recoverOne(out_trade_no, tell).catch(collect));
    } catch (error) {
      collect(error);
    }
    await Promise.all(work);
    // After close() the rest is for the next start.
    const failed = errors.filter((error) => !(error instanceof ClosedError));
    if (failed.length > 0) throw failed[0];
  }

  async #recoverOne(out_trade_no: string, tell: (outcome: PaymentOutcome) => void): Promise<void> {
    const found = await this.#lanes.run(out_trade_no, async () => {
      this.#ensureOpen();
      if (this.#running.has(out_trade_no)) return undefined;
      // Read again: it may have gone on since it was listed.
      const record = await this.#journal.get(out_trade_no);
      if (record === undefined || record.acknowledged) return undefined;
      const known = fromRecord(record);
      if (known === undefined) return { ended: unreadable(out_trade_no) };
      if (record.finished) return { ended: outcomeOf(out_trade_no, known) };
      try {
        this.#ensureOurs(out_trade_no, known);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { ended: { status: 'attention' as const, out_trade_no, reason } };
      }
      return { ended: this.#resume(record, known).wait('ended', { patient: true }) };
    });
    const outcome = await found?.ended;
    if (outcome !== undefined) tell(outcome);
  }
}

const cancel = { on: 'cancel', elapsed: 0 } as const;

const unreadable = (out_trade_no: string) => ({
  status: 'attention' as const,
  out_trade_no,
  reason: `The journal's record of ${out_trade_no} can't be read by this version: look the payment up at the gateway`,
});
