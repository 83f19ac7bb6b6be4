import { channel } from 'node:diagnostics_channel';
import { isDeepStrictEqual } from 'node:util';
import { ClosedError } from '../errors.js';
import type { PayResult, RequestOptions } from '../pay/types.js';
import {
  type Answer,
  queryAnswer,
  queryError,
  reverseAnswer,
  reverseError,
  submitAnswer,
  submitError,
} from './answers.js';
import {
  finalPhases,
  type Next,
  outcomeOf,
  type PaymentEvent,
  type PaymentState,
  type Phase,
  remembered,
  submitting,
  type Transition,
} from './machine.js';
import { backoff, jittered, type Policies } from './policies.js';
import { type Entry, type Remembered, toRecord } from './record.js';
import type { Clock, Journal, PaymentClient, PaymentOutcome, PaymentProgress, PaymentRecord, Rail } from './types.js';

/** What one payment needs of the processor that runs it. */
export interface Surroundings {
  readonly client: PaymentClient;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly policies: Policies;
  readonly transition: Transition;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  /** Holds back queries and reversals where many payments are taken up at once. */
  readonly gate: <T>(task: () => Promise<T>) => Promise<T>;
  readonly onProgress?: ((progress: PaymentProgress) => void) | undefined;
  /** The payment has ended, or can't go on. */
  readonly onOver: () => void;
}

const progressChannel = channel('wxpay-face.payment.phase');

const calls = {
  micropay: { query: 'orderquery', reverse: 'reverse' },
  facepay: { query: 'facepayquery', reverse: 'facepayreverse' },
} as const satisfies Record<Rail, unknown>;

const progressOf = (phase: Phase): PaymentProgress['phase'] => {
  if (finalPhases.has(phase)) return 'finished';
  if (phase === 'polling' || phase === 'confirming') return 'querying';
  return phase === 'reversing' ? 'reversing' : 'submitting';
};

/** One for all: the error that abort() would make, with its stack, is dear where thousands are polled. */
const stopped = new ClosedError('What is no longer needed');

/** A client that throws at once is one that rejects. */
const call = async <T>(send: () => Promise<T>): Promise<T> => send();

/** Whether the journal has stored this record, though it said that it had not. It has it as JSON. */
const isSame = (stored: PaymentRecord | undefined, { revision, data }: PaymentRecord): boolean =>
  stored?.revision === revision && isDeepStrictEqual(stored.data, JSON.parse(JSON.stringify(data)));

interface Waiter {
  readonly until: 'decided' | 'ended';
  /** Waits on where the journal can't be written for now. */
  readonly patient: boolean;
  readonly resolve: (outcome: PaymentOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One payment on its way: performs what the machine says, writes each change of state to the journal before anything
 * follows from it, and feeds back what happened.
 */
export class ActivePayment {
  readonly #order: { readonly out_trade_no: string };
  readonly #around: Surroundings;
  #entry: Entry;
  #state: PaymentState;
  #revision: number;
  /** By the monotonic clock. */
  #requestedAt: number;
  /** While the payment request is under way: settles when its end, one way or the other, has had its effect. Never rejects. */
  #submission: Promise<unknown> | undefined;
  readonly #inbox: Array<{ event: PaymentEvent; taken: (taken: boolean) => void }> = [];
  #isPumping = false;
  #pumped: Promise<void> = Promise.resolve();
  readonly #waiters: Waiter[] = [];
  readonly #life = new AbortController();
  #action = new AbortController();
  readonly #deadline = new AbortController();
  /** Set once the payment has ended or can't go on. */
  #over: { error?: unknown } | undefined;

  private constructor(
    out_trade_no: string,
    around: Surroundings,
    entry: Entry,
    state: PaymentState,
    revision: number,
    requestedAt: number,
  ) {
    this.#order = { out_trade_no };
    this.#around = around;
    this.#entry = entry;
    this.#state = state;
    this.#revision = revision;
    this.#requestedAt = requestedAt;
  }

  /** Writes a new payment to the journal. Nothing is sent yet. */
  static async create(out_trade_no: string, entry: Entry, around: Surroundings): Promise<ActivePayment> {
    const { phase, facts } = submitting;
    await around.journal.create(toRecord(out_trade_no, 1, around.clock.wall(), { entry, phase, facts }));
    return new ActivePayment(out_trade_no, around, entry, submitting, 1, around.clock.monotonic());
  }

  /** Takes a payment up from the journal. @param requestedAt By the monotonic clock; now where that isn't known. */
  static takeUp(
    out_trade_no: string,
    { entry, phase, facts }: Remembered,
    revision: number,
    around: Surroundings,
    requestedAt = around.clock.monotonic(),
  ): ActivePayment {
    return new ActivePayment(out_trade_no, around, entry, remembered(phase, facts), revision, requestedAt);
  }

  /** Sends the payment request, for the only time. */
  submit(send: (options: RequestOptions) => Promise<PayResult>): void {
    // Closed as soon as it was written down.
    if (this.#over) return;
    const { clock } = this.#around;
    this.#requestedAt = clock.monotonic();
    this.#entry = {
      ...this.#entry,
      requested: { ...this.#entry.requested, wall: clock.wall(), monotonic: this.#requestedAt },
    };
    this.#tell({ phase: 'submitting' });
    this.#watchDeadline();
    // The abort of a payment doesn't end its request: the answer may say that the number is another sale's.
    this.#submission = call(() => send({ signal: this.#life.signal }))
      .then((answer) => submitAnswer(answer, this.#entry.total_fee))
      .catch(submitError)
      .then((answer) => this.post(answer))
      .then(() => {
        this.#submission = undefined;
      });
  }

  /** Goes on where the journal left off. */
  async resume(): Promise<void> {
    if (this.#state.phase !== 'reversing') this.#watchDeadline();
    await this.post({ on: 'restart' });
  }

  /** Resolves when the event has had its effect: false where the payment was over before. */
  post(answer: Answer, elapsed = this.#elapsed()): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    return new Promise((taken) => {
      this.#inbox.push({ event: { ...answer, elapsed }, taken });
      if (!this.#isPumping) this.#pumped = this.#pump();
    });
  }

  /** Rejects where the payment can't go on; where the caller isn't patient, also as soon as the journal fails. */
  wait(until: Waiter['until'], { patient = false } = {}): Promise<PaymentOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ until, patient, resolve, reject });
      if (this.#over && 'error' in this.#over) reject(this.#over.error);
      else this.#answerWaiters();
    });
  }

  /** Stops; what is unfinished stays in the journal. Resolves when nothing will be written any more. */
  async close(): Promise<void> {
    this.#fail(new ClosedError('The payment processor'));
    await this.#pumped;
  }

  #elapsed(): number {
    return this.#around.clock.monotonic() - this.#requestedAt;
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    for (let item = this.#inbox.shift(); item !== undefined; item = this.#inbox.shift()) {
      if (this.#over) {
        item.taken(false);
        continue;
      }
      try {
        await this.#take(item.event);
      } catch (error) {
        this.#fail(error);
      }
      item.taken(true);
    }
    this.#isPumping = false;
  }

  async #take(event: PaymentEvent): Promise<void> {
    const before = this.#state;
    const { state, next } = this.#around.transition(before, event, this.#around.policies);
    if (state.phase !== before.phase || state.facts !== before.facts) await this.#write(state);
    if (this.#over) return;
    this.#state = state;
    if (state.phase !== before.phase) this.#entered(event);
    this.#perform(next);
  }

  #entered(event: PaymentEvent): void {
    const { phase } = this.#state;
    const seen = event.detail === undefined ? {} : { detail: event.detail };
    if (phase !== 'polling' && phase !== 'confirming') this.#deadline.abort(stopped);
    // First: whoever hears of the end may acknowledge it at once.
    if (finalPhases.has(phase)) this.#end();
    this.#tell({ phase: progressOf(phase), ...(finalPhases.has(phase) ? { detail: phase } : seen) });
    this.#answerWaiters();
  }

  async #write({ phase, facts }: PaymentState): Promise<void> {
    const { journal, clock, policies, random } = this.#around;
    const entry = this.#entry;
    const record = toRecord(this.#order.out_trade_no, this.#revision + 1, clock.wall(), { entry, phase, facts });
    for (let attempts = 1; ; attempts += 1) {
      try {
        await journal.put(record);
        break;
      } catch (error) {
        if (this.#over || error instanceof ClosedError) throw error;
        // A sale that was over and is to be given up: where that can't be written down, it stays what it was.
        if (finalPhases.has(this.#state.phase)) {
          if (isSame(await this.#stored(), record)) break;
          throw error;
        }
        // Whoever waits for a result shall not wait for a disk; recover() or settled() will tell it.
        this.#rejectWaiters(error, ({ patient }) => !patient);
        const wait = backoff(policies.reversal.backoff, attempts);
        await clock.sleep(jittered(wait, policies.reversal.backoff.jitter, random()), this.#life.signal);
        const stored = await this.#stored();
        if (isSame(stored, record)) break;
        if (stored !== undefined && stored.revision !== this.#revision) throw error;
      }
    }
    this.#revision = record.revision;
  }

  #stored(): Promise<PaymentRecord | undefined> {
    return this.#around.journal.get(this.#order.out_trade_no).catch(() => undefined);
  }

  #perform(next: Next): void {
    if (next.do === 'continue') return;
    this.#action.abort(stopped);
    if (next.do === 'end' || next.do === 'submit') return;
    this.#action = new AbortController();
    const { signal } = this.#action;
    const work = next.do === 'query' ? this.#query(next, signal) : this.#reverse(next, signal);
    void work.catch((error: unknown) => {
      if (!signal.aborted) this.#fail(error);
    });
  }

  async #query({ wait, notBefore, attempt }: Extract<Next, { do: 'query' }>, signal: AbortSignal): Promise<void> {
    const { client, gate } = this.#around;
    const { rail, total_fee } = this.#entry;
    await this.#wait(wait, notBefore, signal);
    await gate(async () => {
      if (signal.aborted) return;
      const isReversing = this.#state.phase === 'reversing';
      this.#tell(isReversing ? { phase: 'reversing', detail: 'query' } : { phase: 'querying', attempt });
      const asked = this.#elapsed();
      const answer = await call(() => client[calls[rail].query](this.#order, { signal }))
        .then((result) => queryAnswer(result, total_fee))
        .catch(queryError);
      if (!signal.aborted) void this.post(answer, asked);
    });
  }

  async #reverse({ wait, notBefore, attempt }: Extract<Next, { do: 'reverse' }>, signal: AbortSignal): Promise<void> {
    const { client, gate, policies, random } = this.#around;
    await this.#wait(jittered(wait, policies.reversal.backoff.jitter, random()), notBefore, signal);
    await gate(async () => {
      if (signal.aborted) return;
      this.#tell({ phase: 'reversing', attempt });
      const answer = await call(() => client[calls[this.#entry.rail].reverse](this.#order, { signal }))
        .then(reverseAnswer)
        .catch(reverseError);
      if (!signal.aborted) void this.post(answer);
    });
  }

  async #wait(ms: number, notBefore: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#around;
    if (ms > 0) await clock.sleep(ms, signal);
    if (notBefore === undefined) return;
    // Timers may fire a little early.
    while (this.#elapsed() < notBefore) await clock.sleep(Math.ceil(notBefore - this.#elapsed()), signal);
    if (this.#submission === undefined) return;
    // Its answer may still be that the number is another sale's, whose payment a reversal would refund. After settleAfter
    // none comes any more.
    const settle = Math.max(0, this.#around.policies.reversal.settleAfter - this.#elapsed());
    await Promise.race([this.#submission, clock.sleep(settle, signal)]);
  }

  #watchDeadline(): void {
    const { clock, policies } = this.#around;
    const { timeout } = policies.polling;
    void clock.sleep(Math.max(0, timeout - this.#elapsed()), this.#deadline.signal).then(
      () => this.post({ on: 'timeout' }, Math.max(timeout, this.#elapsed())),
      () => undefined,
    );
  }

  #tell(progress: Omit<PaymentProgress, 'out_trade_no'>): void {
    const told = { ...this.#order, ...progress };
    if (progressChannel.hasSubscribers) progressChannel.publish({ ...told, state: this.#state.phase });
    // A display must not disturb a payment, whether it throws at once or later.
    void (async () => this.#around.onProgress?.(told))().catch(() => undefined);
  }

  #answerWaiters(): void {
    const outcome = outcomeOf(this.#order.out_trade_no, this.#state);
    if (outcome === undefined) return;
    const isFinal = finalPhases.has(this.#state.phase);
    // A paid sale that was taken up to be given up.
    if (isFinal && !this.#over) return;
    for (const waiter of this.#removeWaiters(({ until }) => isFinal || until === 'decided')) waiter.resolve(outcome);
  }

  #rejectWaiters(error: unknown, which: (waiter: Waiter) => boolean): void {
    for (const waiter of this.#removeWaiters(which)) waiter.reject(error);
  }

  #removeWaiters(which: (waiter: Waiter) => boolean): Waiter[] {
    const [chosen, rest] = [this.#waiters.filter(which), this.#waiters.filter((waiter) => !which(waiter))];
    this.#waiters.splice(0, Number.POSITIVE_INFINITY, ...rest);
    return chosen;
  }

  #end(): void {
    this.#over = {};
    this.#stop();
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = { error };
    this.#rejectWaiters(error, () => true);
    this.#stop();
  }

  #stop(): void {
    this.#life.abort(stopped);
    this.#action.abort(stopped);
    this.#deadline.abort(stopped);
    this.#around.onOver();
  }
}
