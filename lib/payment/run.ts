import { call } from '../concurrency.js';
import { ClosedError } from '../errors.js';
import type { Journal, JournalRecord } from '../journal/journal.js';
import type { PayResult, RequestOptions } from '../pay/types.js';
import { callsOf, gatewayTimeOf, type PaymentClient } from './client.js';
import { type Clock, stillness } from './clock.js';
import {
  type Answer,
  type Asked,
  queryAnswer,
  queryError,
  reverseAnswer,
  reverseError,
  submitAnswer,
  submitError,
} from './decision/answers.js';
import type { Transition } from './decision/machine.js';
import { type CancelledBy, outcomeOf, type PaymentOutcome, type Trouble } from './decision/outcomes.js';
import { jittered, type Policies } from './decision/policies.js';
import { earliestOwn } from './decision/request-time.js';
import {
  finalPhases,
  type Next,
  type PaymentEvent,
  type PaymentState,
  remembered,
  submitting,
} from './decision/states.js';
import type { Patience } from './patience.js';
import { hasListeners, type PaymentProgress, type PayOptions, progressOf, tellProgress } from './progress.js';
import { type KnownPayment, type StoredPayment, toRecord } from './record.js';
import { RecordWriter } from './record-writer.js';
import { PaymentRequest, type Withdrawal } from './request.js';
import { type WaiterPatience, Waiters } from './waiters.js';

/** What one payment needs of the processor that runs it. */
export interface Surroundings {
  readonly client: PaymentClient;
  readonly journal: Journal;
  readonly patience: Patience;
  readonly clock: Clock;
  readonly policies: Policies;
  readonly transition: Transition;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  /** Holds back queries and reversals while many payments are taken up at once. */
  readonly gate: <T>(task: () => Promise<T>) => Promise<T>;
  readonly onProgress?: PayOptions['onProgress'] | undefined;
  /** The payment has ended, or can't go on. */
  readonly onOver: () => void;
  /** It has ended, and nobody was waiting for it. */
  readonly onUnheard: (outcome: PaymentOutcome) => void;
}

/** Milliseconds for which a client may go on with a request that was withdrawn, before it counts as sent. */
const withdrawalGrace = 1_000;

const day = 24 * 60 * 60 * 1000;

/** One for all: the error that abort() would make, with its stack, is expensive if thousands are polled. */
const stopped = new ClosedError('What is no longer needed');

/**
 * One payment on its way: performs what the machine says, writes each change of state to the journal before anything
 * follows from it, and feeds back what happened.
 */
export class PaymentRun {
  readonly #order: { readonly out_trade_no: string };
  readonly #around: Surroundings;
  readonly #request: PaymentRequest;
  #stored: StoredPayment;
  /** What of it is in the journal. */
  #written: StoredPayment;
  #state: PaymentState;
  #revision: number;
  #decidedAt: number;
  /** By the monotonic clock. */
  #requestedAt: number;
  /** Whether that is when the payment was requested, not when it was taken up. */
  #isOfThisRun = true;
  /** By the monotonic clock, since when no byte of the payment request can leave any more. */
  #quietSince: number;
  /** While the payment request is under way: settles when its end, one way or the other, has had its effect. Never rejects. */
  #submission: Promise<unknown> | undefined;
  /** The state is left, or about to be, in which the payment request may leave. */
  #isDecided = false;
  readonly #inbox: Array<{ event: PaymentEvent; taken: (taken: boolean) => void }> = [];
  #isPumping = false;
  #pumped: Promise<void> = Promise.resolve();
  readonly #waiters = new Waiters();
  readonly #writer: RecordWriter;
  readonly #life = new AbortController();
  #action = new AbortController();
  readonly #deadline = new AbortController();
  /** Set once the payment has ended or can't go on. */
  #over: { error?: unknown } | undefined;

  private constructor(out_trade_no: string, around: Surroundings, known: KnownPayment, revision: number) {
    this.#order = { out_trade_no };
    this.#around = around;
    this.#stored = known.stored;
    this.#written = known.stored;
    this.#state = remembered(known.phase, known.facts);
    this.#revision = revision;
    this.#decidedAt = known.decidedAt;
    this.#requestedAt = known.stored.requested.monotonic;
    this.#quietSince = this.#requestedAt;
    this.#request = new PaymentRequest(around.clock, around.client.connectTimeout);
    this.#writer = new RecordWriter(around, this.#life.signal, this.#waiters, () => {
      if (!this.#over && !finalPhases.has(this.#state.phase)) this.#tell();
    });
  }

  /** A new payment and its first record, which is yet to be stored. Nothing is sent. */
  static begin(out_trade_no: string, stored: StoredPayment, around: Surroundings): [PaymentRun, JournalRecord] {
    const { phase, facts } = submitting;
    const known = { stored, phase, facts, decidedAt: 1 };
    return [new PaymentRun(out_trade_no, around, known, 1), toRecord(out_trade_no, 1, around.clock.wall(), known)];
  }

  /** Takes a payment up from the journal. @param requestedAt By the monotonic clock; now if that isn't known. */
  static takeUp(
    out_trade_no: string,
    known: KnownPayment,
    revision: number,
    around: Surroundings,
    requestedAt: number | undefined,
  ): PaymentRun {
    const run = new PaymentRun(out_trade_no, around, known, revision);
    run.#request.state = 'ended';
    run.#isOfThisRun = requestedAt !== undefined;
    run.#requestedAt = requestedAt ?? around.clock.monotonic();
    // How long ago the request of a client without a bound came to its end is not known.
    run.#quietSince = around.clock.monotonic();
    return run;
  }

  /** What keeps it from its end, as far as it is known. */
  get trouble(): Trouble | undefined {
    return this.#writer.fault === undefined ? this.#state.memory.trouble : 'journal';
  }

  /** Sends the payment request, for the only time, unless it was given up or closed while it was written down. */
  submit(send: (options: RequestOptions) => Promise<PayResult>): void {
    if (this.#over || this.#request.withdrawal !== undefined) return;
    const { clock } = this.#around;
    this.#requestedAt = clock.monotonic();
    const requested = { wall: clock.wall(), run: this.#stored.requested.run, monotonic: this.#requestedAt };
    this.#stored = { ...this.#stored, requested };
    this.#learnGatewayTime();
    this.#watchDeadline();
    this.#tell();
    const record = { kind: 'payment', id: this.#order.out_trade_no } as const;
    const { journal } = this.#around;
    const isWanted = () => !this.#isDecided && this.#over === undefined && (journal.holds?.(record) ?? true);
    // A subscriber may have given it up just now; a journal may have taken its time.
    if (this.#request.withdrawal !== undefined || !isWanted()) return;
    if (this.#request.isLate) {
      const detail = 'The payment request would have left too long after its record';
      void this.post({ on: 'submit:not-sent', failure: 'late', detail });
      return;
    }
    this.#request.state = 'begun';
    // The abort of a payment doesn't end a request that may have left: the answer may say that the number is another sale's.
    this.#submission = call(() => send(this.#request.options(isWanted)))
      .then((answer) => submitAnswer(answer, this.#asked()))
      .catch(submitError)
      .then((answer) => this.#submitted(answer))
      .then(() => {
        this.#submission = undefined;
        this.#request.end();
      });
  }

  async #submitted(answer: Answer): Promise<void> {
    this.#request.state = 'ended';
    this.#quietSince = this.#around.clock.monotonic();
    const { withdrawal, leftAt } = this.#request;
    if (leftAt !== undefined)
      this.#stored = { ...this.#stored, requested: { ...this.#stored.requested, monotonic: leftAt } };
    if (withdrawal === undefined) await this.post(answer);
    else if (answer.on === 'submit:not-sent') await this.post({ on: 'withdraw', by: withdrawal.by });
    else {
      // Its client didn't ask before it sent.
      await this.post({ on: withdrawal.on });
      await this.post(answer);
    }
  }

  /**
   * The sale is given up: withdrawn if no byte of the request may have left, else reversed. Resolves when that has had its
   * effect: false if the payment was over before.
   */
  async giveUp(on: Withdrawal['on'], by: CancelledBy, reason: unknown): Promise<boolean> {
    const isWaiting = this.#request.state === 'waiting';
    if (!this.#request.withdraw({ on, by }, reason)) return this.post({ on });
    if (isWaiting) return this.post({ on: 'withdraw', by });
    const grace = this.#around.clock.sleep(withdrawalGrace, this.#life.signal).catch(() => undefined);
    // The client may be giving it up right now, within its own call.
    await Promise.race([this.#request.ended, grace]);
    return this.post({ on });
  }

  /** Goes on where the journal left off. */
  async resume(): Promise<void> {
    if (this.#state.phase !== 'reversing') this.#watchDeadline();
    await this.post({ on: 'restart' });
  }

  /** Resolves when the event has had its effect: false if the payment was over before. */
  post(answer: Answer, moment = this.#moment()): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    return new Promise((taken) => {
      this.#inbox.push({ event: { ...answer, ...moment }, taken });
      if (!this.#isPumping) this.#pumped = this.#pump();
    });
  }

  /** Rejects if the payment can't go on, or earlier, as the patience says. */
  wait(until: 'decided' | 'ended', patience: WaiterPatience = 'brief'): Promise<PaymentOutcome> {
    const outcome = this.#waiters.add(until, patience);
    if (this.#over && 'error' in this.#over) this.#waiters.reject(this.#over.error, 'brief', 'patient', 'endless');
    else if (this.#writer.fault?.isSilent) this.#waiters.reject(this.#writer.fault.error, 'brief', 'patient');
    else this.#answerWaiters();
    return outcome;
  }

  /** Stops; what is unfinished stays in the journal. Resolves when nothing more is begun. */
  async close(): Promise<void> {
    this.#fail(new ClosedError('The payment processor'));
    if (!this.#writer.fault?.isSilent) await this.#around.patience(this.#pumped).catch(() => undefined);
  }

  #elapsed(): number {
    return this.#around.clock.monotonic() - this.#requestedAt;
  }

  #moment(): { elapsed: number; quiet: number } {
    const elapsed = this.#elapsed();
    if (this.#around.client.requestTimeout !== undefined) return { elapsed, quiet: elapsed };
    // A client without a bound may send for as long as its request is under way.
    return { elapsed, quiet: this.#submission === undefined ? this.#around.clock.monotonic() - this.#quietSince : 0 };
  }

  /** When the payment was requested, by the gateway's clock: known at its first answer at the latest. */
  #learnGatewayTime(): void {
    const { requested } = this.#stored;
    if (requested.gateway !== undefined || !this.#isOfThisRun) return;
    const { client, clock } = this.#around;
    const gateway = gatewayTimeOf(client);
    if (gateway === undefined) return;
    // The monotonic clock of a machine that sleeps may stand still; a wall clock that is ahead by days was set.
    const slept = clock.wall() - requested.wall - this.#elapsed();
    const elapsed = this.#elapsed() + (slept > 0 && slept < day ? slept : 0);
    this.#stored = { ...this.#stored, requested: { ...requested, gateway: Math.round(gateway - elapsed) } };
  }

  #asked(): Asked {
    this.#learnGatewayTime();
    const { client, clock } = this.#around;
    const { total_fee, requested } = this.#stored;
    const now = { wall: clock.wall(), gateway: gatewayTimeOf(client) };
    return { ...this.#order, total_fee, earliest: earliestOwn(requested, now) };
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
    this.#learnGatewayTime();
    const before = this.#state;
    const { state, next } = this.#around.transition(before, event, this.#around.policies);
    const isNew = state.phase !== before.phase;
    if (isNew) this.#isDecided = true;
    if (isNew || state.facts !== before.facts || this.#stored !== this.#written) await this.#write(state, isNew);
    if (this.#over) return;
    this.#state = state;
    if (isNew) this.#entered(event);
    else if (state.memory.trouble !== before.memory.trouble || state.memory.password !== before.memory.password)
      this.#tell(event.detail === undefined ? {} : { detail: event.detail });
    this.#perform(next);
  }

  #entered(event: PaymentEvent): void {
    const { phase } = this.#state;
    const isFinal = finalPhases.has(phase);
    if (phase !== 'polling' && phase !== 'confirming') this.#deadline.abort(stopped);
    // First: whoever hears of the end may acknowledge it at once.
    if (isFinal) this.#end();
    const detail = isFinal ? phase : event.detail;
    this.#tell(detail === undefined ? {} : { detail });
    const outcome = this.#outcome();
    if (!this.#answerWaiters() && isFinal && outcome !== undefined) this.#around.onUnheard(outcome);
  }

  async #write({ phase, facts }: PaymentState, isNew: boolean): Promise<void> {
    const [stored, revision] = [this.#stored, this.#revision + 1];
    const decidedAt = isNew ? revision : this.#decidedAt;
    const known = { stored, phase, facts, decidedAt };
    const record = toRecord(this.#order.out_trade_no, revision, this.#around.clock.wall(), known);
    await this.#writer.write(record, finalPhases.has(this.#state.phase));
    [this.#written, this.#revision, this.#decidedAt] = [stored, revision, decidedAt];
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

  async #query(next: Extract<Next, { do: 'query' }>, signal: AbortSignal): Promise<void> {
    const { wait, notBefore, attempt, fresh } = next;
    await this.#wait(wait, notBefore, signal);
    await this.#around.gate(async () => {
      if (signal.aborted) return;
      this.#tell(this.#state.phase === 'reversing' ? { detail: 'query' } : { attempt });
      const asked = this.#moment();
      const answer = await call(() =>
        callsOf(this.#around.client, this.#stored.rail).query(this.#order, { signal, fresh }),
      )
        .then((result) => queryAnswer(result, this.#asked()))
        .catch(orEnd(queryError));
      if (signal.aborted) return;
      // Given up, while its client still has the request.
      const { withdrawal } = this.#request;
      if (withdrawal !== undefined) void this.post({ on: withdrawal.on });
      void this.post({ ...answer, fresh }, asked);
    });
  }

  async #reverse(next: Extract<Next, { do: 'reverse' }>, signal: AbortSignal): Promise<void> {
    const { wait, notBefore, attempt } = next;
    const { client, gate, policies, random } = this.#around;
    await this.#wait(jittered(wait, policies.reversal.backoff.jitter, random()), notBefore, signal);
    await gate(async () => {
      if (signal.aborted) return;
      this.#tell({ attempt });
      const mayLeave = () => !signal.aborted && this.#state.phase === 'reversing';
      const answer = await call(() => callsOf(client, this.#stored.rail).reverse(this.#order, { signal, mayLeave }))
        .then(reverseAnswer)
        .catch(orEnd(reverseError));
      if (!signal.aborted) void this.post(answer);
    });
  }

  async #wait(ms: number, notBefore: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock, client, policies } = this.#around;
    if (ms > 0) await clock.sleep(ms, signal);
    if (notBefore === undefined) return;
    const rest = () => (this.#request.leftAt ?? this.#requestedAt) + notBefore - clock.monotonic();
    // Timers may fire a little early.
    while (rest() > 0) await clock.sleep(Math.ceil(rest()), signal);
    if (this.#submission === undefined) return;
    // Its answer may still be that the number is another sale's, whose payment a reversal would refund. After settleAfter
    // none comes any more, if its client sets it a bound.
    if (client.requestTimeout === undefined) return void (await this.#submission);
    const settle = Math.max(0, policies.reversal.settleAfter - this.#elapsed());
    await Promise.race([this.#submission, clock.sleep(settle, signal)]);
  }

  #watchDeadline(): void {
    const { clock, policies } = this.#around;
    const { timeout } = policies.polling;
    void clock.sleep(Math.max(0, timeout - this.#elapsed()), this.#deadline.signal).then(
      () => {
        const moment = this.#moment();
        const elapsed = Math.max(timeout, moment.elapsed);
        return this.post({ on: 'timeout', late: elapsed - timeout > stillness }, { ...moment, elapsed });
      },
      () => undefined,
    );
  }

  #tell(more: Pick<PaymentProgress, 'attempt' | 'detail'> = {}): void {
    const { clock, policies, onProgress } = this.#around;
    if (onProgress === undefined && !hasListeners()) return;
    const until = clock.wall() + policies.polling.timeout - this.#elapsed();
    tellProgress(progressOf(this.#order.out_trade_no, this.#state, { ...more, until, trouble: this.trouble }), {
      state: this.#state.phase,
      onProgress,
    });
  }

  #outcome(): PaymentOutcome | undefined {
    return outcomeOf(this.#order.out_trade_no, this.#state, this.#decidedAt, this.trouble);
  }

  /** Whether somebody heard. */
  #answerWaiters(): boolean {
    const outcome = this.#outcome();
    const isFinal = finalPhases.has(this.#state.phase);
    // A paid sale that was taken up to be given up.
    if (outcome === undefined || (isFinal && !this.#over)) return false;
    return this.#waiters.resolve(outcome, isFinal);
  }

  #end(): void {
    this.#over = {};
    this.#stop();
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = { error };
    this.#waiters.reject(error, 'brief', 'patient', 'endless');
    this.#stop();
  }

  #stop(): void {
    this.#life.abort(stopped);
    this.#request.stop(stopped);
    this.#action.abort(stopped);
    this.#deadline.abort(stopped);
    this.#around.onOver();
  }
}

/** A client that is closed ends the payment's run; every other error is an answer. */
const orEnd =
  (answerOf: (error: unknown) => Answer) =>
  (error: unknown): Answer => {
    if (error instanceof ClosedError) throw error;
    return answerOf(error);
  };
