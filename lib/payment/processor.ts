import { randomUUID } from 'node:crypto';
import { onAbort } from '../abort.js';
import { KeyedMutex, limit } from '../concurrency.js';
import { ClosedError, InvalidParameterError } from '../errors.js';
import { JournalError, OrderExistsError } from '../journal/errors.js';
import { isSameWrite, type Journal, type JournalRecord } from '../journal/journal.js';
import type { PayResult, RequestOptions } from '../pay/types.js';
import { gatewayTimeOf, hasRail, type PaymentClient } from './client.js';
import { type Clock, systemClock } from './clock.js';
import { type Transition, transition } from './decision/machine.js';
import { cancelledBy, outcomeOf, type PaymentOutcome } from './decision/outcomes.js';
import { backoff, checkMilliseconds, type GivenPolicies, type Policies, resolvePolicies } from './decision/policies.js';
import { remembered } from './decision/states.js';
import { OrderUnknownError } from './errors.js';
import { checkCode, checkOrder, type Order, type PaymentCode } from './order.js';
import { type Patience, patienceOf } from './patience.js';
import type { PayOptions } from './progress.js';
import { fromRecord, type KnownPayment, recordedMerchant, type StoredPayment } from './record.js';
import { PaymentRun, type Surroundings } from './run.js';
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
  onOutcome?: OnOutcome;
  /** Default: the system's. Simulated in tests. */
  clock?: Clock;
}

/** How many queries and reversals of recovered payments are under way at once. */
const recoveryConcurrency = 16;

/** Milliseconds between looks into a journal at a payment that another process runs. */
const lookAgain = { initial: 250, factor: 1.5, maximum: 5_000, jitter: 0 };

/** Milliseconds between attempts to list what a journal knows, at a start with `onOutcome`. */
const listAgain = { initial: 1_000, factor: 2, maximum: 60_000, jitter: 0 };

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
  readonly #client: PaymentClient;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #policies: Policies;
  readonly #transition: Transition;
  readonly #random: () => number;
  readonly #mutex = new KeyedMutex();
  readonly #running = new Map<string, PaymentRun>();
  readonly #recoveryGate = limit(recoveryConcurrency);
  readonly #teller: OutcomeTeller | undefined;
  readonly #life = new AbortController();
  readonly #stopListening: (() => void) | undefined;
  /** Tells moments of this monotonic clock from those of an earlier run. */
  readonly #run = randomUUID();

  /** @throws InvalidPolicyError for a policy field out of range, InvalidParameterError for another option. */
  constructor(options: PaymentProcessorOptions, internals: Internals = {}) {
    const { client, journal, clock = systemClock, journalTimeout = 10_000, onOutcome } = options;
    if (onOutcome !== undefined && typeof onOutcome !== 'function')
      throw new InvalidParameterError('onOutcome', 'must be a function');
    checkMilliseconds('journalTimeout', journalTimeout);
    this.#client = client;
    this.#journal = journal;
    this.#clock = clock;
    this.#patience = patienceOf(clock, journalTimeout);
    this.#policies = resolvePolicies(options, client.requestTimeout);
    this.#transition = internals.transition ?? transition;
    this.#random = internals.random ?? Math.random;
    this.#stopListening = journal.onCancel?.((out_trade_no) => {
      void this.#running.get(out_trade_no)?.giveUp('cancel', 'cashier', cancelled);
    });
    if (onOutcome === undefined) return;
    this.#teller = new OutcomeTeller(onOutcome, clock, {
      isUntold: (outcome) => this.#isUntold(outcome),
      acknowledge: (outcome) => this.acknowledge(outcome),
    });
    void this.#recoverInBackground(this.#teller);
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
    this.#ensureOpen();
    const { out_trade_no, total_fee } = order;
    const { signal, onProgress } = options;
    // Before anything is sent, not when it is too late to listen to it.
    if (signal && typeof signal.addEventListener !== 'function')
      throw new InvalidParameterError('signal', 'must be an AbortSignal');
    const send = this.#request(order, code);
    if (signal?.aborted) {
      if (await this.#stored(out_trade_no)) throw new OrderExistsError(out_trade_no);
      return { status: 'cancelled', out_trade_no, by: cancelledBy(signal.reason) };
    }
    const gateway = gatewayTimeOf(this.#client);
    const stored: StoredPayment = {
      rail,
      total_fee,
      merchant: recordedMerchant(this.#client.identity),
      requested: {
        wall: this.#clock.wall(),
        run: this.#run,
        monotonic: this.#clock.monotonic(),
        ...(gateway !== undefined && { gateway: Math.round(gateway) }),
      },
    };
    const run = await this.#mutex.run(out_trade_no, () => this.#create(out_trade_no, stored, onProgress));
    const outcome = this.#heard(out_trade_no, this.#told, run.wait(this.#told));
    // Before it is sent: an abort may come from within a progress handler, or from the client.
    const ignore = onAbort(signal, () => void run.giveUp('abort', cancelledBy(signal?.reason), signal?.reason));
    try {
      if (!signal?.aborted) run.submit(send);
      return await outcome;
    } finally {
      ignore();
    }
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
    this.#ensureOpen();
    const stream = new OutcomeStream();
    const work = this.#teller === undefined ? this.#recoverAll((outcome) => stream.push(outcome)) : Promise.resolve();
    void work.then(
      () => stream.end({}),
      (error: unknown) => stream.end({ error }),
    );
    return stream;
  }

  /**
   * What the journal knows of a payment, without a call. Undefined if it knows nothing, or nothing is decided yet.
   * @throws JournalError if the journal can't be read.
   */
  async outcome(out_trade_no: string): Promise<PaymentOutcome | undefined> {
    const record = await this.#stored(out_trade_no);
    if (record === undefined) return undefined;
    const known = fromRecord(record);
    if (known === undefined) return unreadable(record);
    return outcomeOf(out_trade_no, known, known.decidedAt, this.#running.get(out_trade_no)?.trouble);
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
    if (revision === undefined) return;
    await this.#mutex.run(out_trade_no, async () => {
      if (this.#running.has(out_trade_no)) return;
      const record = await this.#stored(out_trade_no);
      if (!record?.finished || record.acknowledged) return;
      if ((fromRecord(record)?.decidedAt ?? record.revision) !== revision) return;
      const next = { ...record, revision: record.revision + 1, updatedAt: this.#clock.wall(), acknowledged: true };
      await this.#patience(this.#journal.put(next));
    });
  }

  /**
   * Resolves when a payment has reached its end. One that an earlier run left unfinished is taken up for it.
   * @throws OrderUnknownError if the journal doesn't know the number, or it is another merchant's.
   * @throws JournalError if the journal can't be read, or gives no answer any more, or the record can't be read.
   * @throws ClosedError after close(), also while waiting.
   */
  async settled(out_trade_no: string): Promise<PaymentOutcome> {
    this.#ensureOpen();
    const { ended } = await this.#mutex.run(out_trade_no, async () => {
      const running = this.#running.get(out_trade_no);
      // Wrapped, so that the mutex is free while the payment goes on.
      if (running !== undefined) return { ended: running.wait('ended', 'patient') };
      const { record, known } = await this.#known(out_trade_no);
      const outcome = outcomeOf(out_trade_no, known, known.decidedAt);
      if (record.finished && outcome !== undefined) return { ended: Promise.resolve(outcome) };
      if (!this.#holds(record)) return { ended: this.#followed(out_trade_no, 'ended') };
      return { ended: this.#resume(record, known).wait('ended', 'patient') };
    });
    return this.#heard(out_trade_no, 'ended', ended);
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
    this.#ensureOpen();
    // On a journal that several processes share it is irrevocable from here on, whoever runs the payment.
    if (this.#journal.requestCancel !== undefined) await this.#patience(this.#journal.requestCancel(out_trade_no));
    const { told } = await this.#mutex.run(out_trade_no, async () => {
      const running = this.#running.get(out_trade_no);
      if (running !== undefined) {
        const told = running.wait(this.#told);
        const isTaken = running.giveUp('cancel', 'cashier', cancelled);
        // The payment may end before it hears; if the journal fails it tries on, for which nobody shall wait here.
        const isOver = told.then(
          () => isTaken,
          () => true,
        );
        if (await Promise.race([isTaken, isOver])) return { told };
      }
      const { record, known } = await this.#known(out_trade_no);
      if (!record.finished && !this.#holds(record)) return { told: this.#followed(out_trade_no, this.#told) };
      if (!record.finished) return this.#giveUp(this.#resume(record, known));
      const outcome = outcomeOf(out_trade_no, known, known.decidedAt);
      const { state } = this.#transition(remembered(known.phase, known.facts), onCancel, this.#policies);
      if (outcome !== undefined && state.phase === known.phase) return { told: Promise.resolve(outcome) };
      this.#ensureOurs(out_trade_no, known);
      return this.#giveUp(this.#takeUp(record, known));
    });
    return this.#heard(out_trade_no, this.#told, told);
  }

  /**
   * Takes one unfinished payment up, e.g. one that was claimed from a server that is dead. Nothing happens if it is running
   * here, or has ended. How it ends is told to onOutcome, or to settled().
   * @throws OrderUnknownError if the journal doesn't know it, or it is another merchant's.
   * @throws JournalError if the journal can't be read.
   * @throws ClosedError after close().
   */
  async resume({ kind, id }: Pick<JournalRecord, 'kind' | 'id'>): Promise<void> {
    this.#ensureOpen();
    if (kind !== 'payment') throw new InvalidParameterError('record', 'must be of a payment');
    await this.#mutex.run(id, async () => {
      if (this.#running.has(id)) return;
      const { record, known } = await this.#known(id);
      if (!record.finished) this.#resume(record, known);
    });
  }

  /**
   * Stops timers and background work; what is unfinished stays in the journal, for the next start. A pay() in flight rejects
   * with ClosedError. Waits for no journal longer than journalTimeout, and for no handler. Leaves client and journal open:
   * they are the caller's. Idempotent.
   */
  async close(): Promise<void> {
    this.#life.abort(cancelled);
    this.#stopListening?.();
    this.#teller?.close();
    await Promise.all([...this.#running.values()].map((run) => run.close()));
  }

  /** Whether this process may go on with an unfinished record: on a journal of its own always. */
  #holds(record: JournalRecord): boolean {
    return this.#journal.holds?.(record) ?? true;
  }

  /** What whoever waits is told; of a payment that another process has now, what the journal comes to know. */
  async #heard(
    out_trade_no: string,
    until: 'decided' | 'ended',
    outcome: Promise<PaymentOutcome>,
  ): Promise<PaymentOutcome> {
    try {
      return await outcome;
    } catch (error) {
      if (!(error instanceof JournalError) || error.code !== 'ERR_JOURNAL_LOST') throw error;
      return this.#followed(out_trade_no, until);
    }
  }

  /** The outcome of a payment that another process runs. */
  async #followed(out_trade_no: string, until: 'decided' | 'ended'): Promise<PaymentOutcome> {
    for (let attempts = 1; ; attempts += 1) {
      this.#ensureOpen();
      const { record, known } = await this.#known(out_trade_no);
      const outcome = outcomeOf(out_trade_no, known, known.decidedAt);
      if (outcome !== undefined && (record.finished || until === 'decided')) return outcome;
      await this.#clock.sleep(backoff(lookAgain, attempts), this.#life.signal).catch(() => undefined);
    }
  }

  get #told(): 'decided' | 'ended' {
    return this.#policies.reversal.mode === 'await' ? 'ended' : 'decided';
  }

  #ensureOpen(): void {
    if (this.#life.signal.aborted) throw new ClosedError('The payment processor');
  }

  /** Keeps the code no longer than until it is sent. */
  #request({ extra, ...fields }: Order, code: PaymentCode): (options: RequestOptions) => Promise<PayResult> {
    const order = { ...extra, ...fields };
    if ('auth_code' in code) {
      const params = { ...order, auth_code: code.auth_code };
      return (options) => this.#client.micropay(params, options);
    }
    if (!hasRail(this.#client, 'facepay'))
      throw new InvalidParameterError('code', 'is a face_code, and this client has no calls of the facepay rail');
    const { face_code, openid } = code;
    const params = { ...order, face_code, ...(openid !== undefined && { openid }) };
    const { facepay } = this.#client;
    return (options) => facepay.call(this.#client, params, options);
  }

  /** Writes a new payment down. */
  async #create(
    out_trade_no: string,
    stored: StoredPayment,
    onProgress: PayOptions['onProgress'],
  ): Promise<PaymentRun> {
    const around = this.#surroundings(out_trade_no, { gate: (task) => task(), onProgress });
    const [run, record] = PaymentRun.begin(out_trade_no, stored, around);
    const created = this.#journal.create(record);
    try {
      await this.#patience(created);
    } catch (error) {
      if (!(error instanceof OrderExistsError))
        void created.catch(() => undefined).then(() => this.#endUnsent(run, record));
      throw error;
    }
    this.#ensureOpen();
    this.#running.set(out_trade_no, run);
    return run;
  }

  /** A first record that may have been stored although its caller was told that it was not: nothing of it was sent. */
  async #endUnsent(run: PaymentRun, record: JournalRecord): Promise<void> {
    await this.#mutex.run(record.id, async () => {
      const stored = await this.#stored(record.id).catch(() => undefined);
      if (stored === undefined || !isSameWrite(stored, record) || this.#life.signal.aborted) return;
      if (this.#running.has(record.id)) return;
      this.#running.set(record.id, run);
      await run.giveUp('abort', 'timeout', cancelled);
    });
  }

  async #isUntold({ out_trade_no, revision = 0 }: PaymentOutcome): Promise<boolean> {
    const record = await this.#stored(out_trade_no);
    if (record === undefined || record.acknowledged) return record === undefined;
    return (fromRecord(record)?.decidedAt ?? record.revision) <= revision;
  }

  #surroundings(out_trade_no: string, { gate, onProgress }: Pick<Surroundings, 'gate' | 'onProgress'>): Surroundings {
    return {
      client: this.#client,
      journal: this.#journal,
      patience: this.#patience,
      clock: this.#clock,
      policies: this.#policies,
      transition: this.#transition,
      random: this.#random,
      gate,
      onProgress,
      onOver: () => this.#running.delete(out_trade_no),
      onUnheard: (outcome) => this.#teller?.tell(outcome),
    };
  }

  async #stored(out_trade_no: string): Promise<JournalRecord | undefined> {
    return this.#patience(this.#journal.get('payment', out_trade_no));
  }

  async #known(out_trade_no: string): Promise<{ record: JournalRecord; known: KnownPayment }> {
    const record = await this.#stored(out_trade_no);
    if (record === undefined)
      throw new OrderUnknownError('ERR_ORDER_UNKNOWN', `${out_trade_no} is not in the journal`, { out_trade_no });
    const known = fromRecord(record);
    if (known === undefined) throw new JournalError(unreadable(record).reason);
    if (!record.finished) this.#ensureOurs(out_trade_no, known);
    return { record, known };
  }

  #ensureOurs(out_trade_no: string, { stored }: KnownPayment): void {
    const [theirs, ours] = [stored.merchant, this.#client.identity];
    const foreign = (message: string) => new OrderUnknownError('ERR_ORDER_FOREIGN', message, { out_trade_no });
    const who = theirs.sub_mch_id === undefined ? theirs.mch_id : `${theirs.mch_id}/${theirs.sub_mch_id}`;
    if (theirs.mch_id !== ours.mch_id || theirs.sub_mch_id !== ours.sub_mch_id)
      throw foreign(`${out_trade_no} was paid to merchant ${who}; only a client of that merchant can go on with it`);
    if (!hasRail(this.#client, stored.rail))
      throw foreign(`${out_trade_no} was paid by a face code; only a client with the facepay calls can go on with it`);
  }

  #takeUp(record: JournalRecord, known: KnownPayment): PaymentRun {
    // It may have been closed while the journal was read.
    this.#ensureOpen();
    const { id, revision } = record;
    const { run: writer, monotonic } = known.stored.requested;
    const around = this.#surroundings(id, { gate: this.#recoveryGate, onProgress: undefined });
    // After a restart the waits count anew: an earlier run's monotonic clock says nothing, and the wall clock may lie.
    const requestedAt = record.finished && writer === this.#run ? monotonic : undefined;
    const run = PaymentRun.takeUp(id, known, revision, around, requestedAt);
    this.#running.set(id, run);
    return run;
  }

  #resume(record: JournalRecord, known: KnownPayment): PaymentRun {
    const run = this.#takeUp(record, known);
    void run.resume();
    return run;
  }

  #giveUp(run: PaymentRun): { told: Promise<PaymentOutcome> } {
    const told = run.wait(this.#told);
    void run.giveUp('cancel', 'cashier', cancelled);
    return { told };
  }

  async #recoverInBackground(teller: OutcomeTeller): Promise<void> {
    const { signal } = this.#life;
    for (let attempts = 1; !signal.aborted; attempts += 1) {
      // Not before whoever made this processor has it.
      await Promise.resolve();
      const isDone = await this.#recoverAll((outcome) => teller.tell(outcome), 'unheard').then(
        () => true,
        () => false,
      );
      if (isDone) return;
      await this.#clock.sleep(backoff(listAgain, attempts), signal).catch(() => undefined);
    }
  }

  /** @param whose 'unheard': tells only what an earlier run left; how it goes on is heard by `onUnheard`. */
  async #recoverAll(tell: (outcome: PaymentOutcome) => void, whose?: 'unheard'): Promise<void> {
    const work: Array<Promise<void>> = [];
    const errors: unknown[] = [];
    // What fails stops none of the others.
    const collect = (error: unknown) => void errors.push(error);
    try {
      for await (const { id } of this.#journal.list({ kind: 'payment', acknowledged: false }))
        work.push(this.#recoverOne(id, tell, whose).catch(collect));
    } catch (error) {
      collect(error);
    }
    await Promise.all(work);
    // After close() the rest is for the next start.
    const failed = errors.filter((error) => !(error instanceof ClosedError));
    if (failed.length > 0) throw failed[0];
  }

  async #recoverOne(out_trade_no: string, tell: (outcome: PaymentOutcome) => void, whose?: 'unheard'): Promise<void> {
    const found = await this.#mutex.run(out_trade_no, async () => {
      this.#ensureOpen();
      if (this.#running.has(out_trade_no)) return undefined;
      // Read again: it may have gone on since it was listed.
      const record = await this.#stored(out_trade_no);
      if (record === undefined || record.acknowledged) return undefined;
      const known = fromRecord(record);
      if (known === undefined) return { ended: unreadable(record) };
      const isHeard = whose === 'unheard' && known.stored.requested.run === this.#run;
      if (!record.finished && !this.#holds(record)) return undefined;
      if (record.finished) return { ended: isHeard ? undefined : outcomeOf(out_trade_no, known, known.decidedAt) };
      try {
        this.#ensureOurs(out_trade_no, known);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { ended: attention(record, 'other-merchant', reason) };
      }
      const run = this.#resume(record, known);
      return { ended: whose === 'unheard' ? undefined : run.wait('ended', 'endless') };
    });
    const outcome = await found?.ended;
    if (outcome !== undefined) tell(outcome);
  }
}

const onCancel = { on: 'cancel', elapsed: 0, quiet: 0 } as const;

/** One for all: the error that abort() would make, with its stack, is expensive. */
const cancelled = new ClosedError('What is no longer wanted');

const attention = ({ id, revision }: JournalRecord, code: 'unreadable' | 'other-merchant', reason: string) => ({
  status: 'attention' as const,
  out_trade_no: id,
  revision,
  code,
  reason,
});

const unreadable = (record: JournalRecord) =>
  attention(
    record,
    'unreadable',
    `The journal's record of ${record.id} can't be read by this version: look the payment up at the gateway`,
  );
