import type { Life } from '../abort.js';
import type { JournalRecord } from '../journal/journal.js';
import type { RequestOptions } from '../pay/request.js';
import type { PayResult } from '../pay/results.js';
import type { Pause, Sleeper } from './alarm.js';
import { CallOptions, query, queryReversed, reverse, submit } from './calls.js';
import type { Answer, Asked } from './decision/answers.js';
import type { Step } from './decision/machine.js';
import { type CancelledBy, outcomeOf, type PaymentOutcome, type Trouble } from './decision/outcomes.js';
import { jittered } from './decision/policies.js';
import {
  eventOf,
  finalPhases,
  type Next,
  type PaymentEvent,
  type PaymentState,
  remembered,
  submitting,
} from './decision/states.js';
import { Moments } from './moments.js';
import { hasListeners, type PaymentProgress, type PayOptions, progressOf, tellProgress } from './progress.js';
import { type KnownPayment, type StoredPayment, toRecord } from './record.js';
import { PaymentRequest, type Wanted, type Withdrawal } from './request.js';
import { Run, stopped } from './run.js';
import type { PaymentParts, Subject, Surroundings } from './subject.js';
import type { WaiterPatience } from './waiters.js';

/** Milliseconds for which a client may go on with a request that was withdrawn, before it counts as sent. */
const withdrawalGrace = 1_000;

/** One payment on its way: its request, its queries and reversals, and its deadline. */
export class PaymentRun
  implements Subject<PaymentState, PaymentEvent, Next, StoredPayment, PaymentOutcome>, Sleeper, Wanted
{
  readonly id: string;
  /** The deadline of its polling. */
  due = 0;
  readonly #around: Surroundings<PaymentOutcome>;
  readonly #parts: PaymentParts;
  readonly #onProgress: PayOptions['onProgress'];
  readonly #moments: Moments;
  readonly #request: PaymentRequest;
  /** Its last one. */
  #pause: Pause | undefined;
  #isTakenUp = false;
  readonly #run: Run<PaymentState, PaymentEvent, Next, StoredPayment, PaymentOutcome>;

  private constructor(
    { id, revision }: Pick<JournalRecord, 'id' | 'revision'>,
    { stored, phase, facts, decidedAt }: KnownPayment,
    around: Surroundings<PaymentOutcome>,
    parts: PaymentParts,
    { requestedAt, onProgress }: { requestedAt: number | undefined; onProgress?: PayOptions['onProgress'] },
  ) {
    const { client, clock } = around;
    this.id = id;
    this.#around = around;
    this.#parts = parts;
    this.#onProgress = onProgress;
    this.#moments = new Moments(client, clock, requestedAt);
    this.#request = new PaymentRequest(clock, this, client.connectTimeout);
    this.#run = new Run(this, around, { state: remembered(phase, facts), stored, decidedAt }, revision);
  }

  /** A new payment and its first record, which is yet to be stored. Nothing is sent. */
  static begin(
    id: string,
    stored: StoredPayment,
    around: Surroundings<PaymentOutcome>,
    parts: PaymentParts,
    onProgress: PayOptions['onProgress'],
  ): { run: PaymentRun; record: JournalRecord } {
    const known = { stored, phase: submitting.phase, facts: submitting.facts, decidedAt: 1 };
    const record = toRecord(id, 1, around.clock.wall(), known);
    const requestedAt = stored.requested.monotonic;
    return { run: new PaymentRun(record, known, around, parts, { requestedAt, onProgress }), record };
  }

  /** Takes a payment up from the journal. */
  static takeUp(
    record: JournalRecord,
    known: KnownPayment,
    around: Surroundings<PaymentOutcome>,
    parts: PaymentParts,
  ): PaymentRun {
    const { run: program, monotonic } = known.stored.requested;
    // After a restart the waits start again: an earlier run's monotonic clock says nothing, and the wall clock may lie.
    const requestedAt = record.finished && program === around.program ? monotonic : undefined;
    const run = new PaymentRun(record, known, around, parts, { requestedAt });
    run.#request.state = 'ended';
    run.#isTakenUp = true;
    return run;
  }

  get trouble(): Trouble | undefined {
    return this.#run.trouble;
  }

  wait(until: 'decided' | 'ended', patience?: WaiterPatience): Promise<PaymentOutcome> {
    return this.#run.wait(until, patience);
  }

  /** Resolves when the gateway was asked for it, or it is over. */
  answered(): Promise<void> {
    return this.#run.answered();
  }

  close(): Promise<void> {
    return this.#run.close();
  }

  /** Sends the payment request, for the only time, unless it was given up or closed while it was written down. */
  submit(send: (options: RequestOptions) => Promise<PayResult>): void {
    const run = this.#run;
    if (run.isOver || this.#request.withdrawal !== undefined) return;
    run.stored = { ...run.stored, requested: { ...run.stored.requested, ...this.#moments.request() } };
    this.#learnGatewayTime();
    this.#parts.deadlines.set(this);
    this.#tell(run.state);
    // A subscriber may have given it up just now; a journal may have taken its time.
    if (this.#request.withdrawal !== undefined || !this.isWanted) return;
    if (this.#request.isLate) {
      const detail = 'The payment request would have left too long after its record';
      return void this.#post({ on: 'submit:not-sent', failure: 'late', detail });
    }
    // The abort of a payment doesn't end a request that may have left: the answer may say that the number is another sale's.
    void this.#send(send);
  }

  /** Whether the payment request may still leave. */
  get isWanted(): boolean {
    return !this.#run.isDecided && (this.#around.journal.holds?.({ kind: 'payment', id: this.id }) ?? true);
  }

  async #send(send: (options: RequestOptions) => Promise<PayResult>): Promise<void> {
    const answer = await submit(send, this.#request.begin(), () => this.#asked());
    this.#request.state = 'ended';
    this.#moments.end();
    const { withdrawal, leftAt } = this.#request;
    const { stored } = this.#run;
    if (leftAt !== undefined) this.#run.stored = { ...stored, requested: { ...stored.requested, monotonic: leftAt } };
    if (withdrawal === undefined) await this.#post(answer);
    else if (answer.on === 'submit:not-sent') await this.#post({ on: 'withdraw', by: withdrawal.by });
    else {
      // Its client didn't ask before it sent.
      await this.#post({ on: withdrawal.on });
      await this.#post(answer);
    }
    this.#request.settle();
  }

  /**
   * The sale is given up: withdrawn if no byte of the request may have left, else reversed. Resolves when that has had its
   * effect: false if the payment was over before.
   */
  async giveUp(on: Withdrawal['on'], by: CancelledBy, reason: unknown): Promise<boolean> {
    const isWaiting = this.#request.state === 'waiting';
    if (!this.#request.withdraw({ on, by }, reason)) return this.#post({ on });
    if (isWaiting) return this.#post({ on: 'withdraw', by });
    const grace = this.#around.clock.sleep(withdrawalGrace, this.#run.life).catch(() => undefined);
    // The client may be giving it up right now, within its own call.
    await Promise.race([this.#request.ended, grace]);
    return this.#post({ on });
  }

  /** Goes on where the journal left off. */
  async resume(): Promise<void> {
    if (this.#run.state.phase !== 'reversing') this.#parts.deadlines.set(this);
    await this.#post({ on: 'restart' });
  }

  /** Its first record was stored although its caller was told that it was not. */
  async endUnsent(): Promise<void> {
    await this.giveUp('abort', 'timeout', stopped);
  }

  transition(state: PaymentState, event: PaymentEvent): Step {
    this.#learnGatewayTime();
    const step = this.#parts.transition(state, event, this.#around.policies);
    this.#run.stored = this.#moments.withReversal(this.#run.stored, step.state.phase);
    return step;
  }

  isFinal({ phase }: PaymentState): boolean {
    return finalPhases.has(phase);
  }

  toRecord(revision: number, known: KnownPayment): JournalRecord {
    return toRecord(this.id, revision, this.#around.clock.wall(), known);
  }

  outcomeOf(state: PaymentState, decidedAt: number, trouble: Trouble | undefined): PaymentOutcome | undefined {
    return outcomeOf(this.id, state, decidedAt, trouble);
  }

  changed(state: PaymentState, before: PaymentState, event?: PaymentEvent): void {
    const { phase, memory } = state;
    const isNew = phase !== before.phase;
    if (isNew && phase !== 'polling' && phase !== 'confirming') this.#parts.deadlines.stop(this);
    const isSame = memory.trouble === before.memory.trouble && memory.password === before.memory.password;
    if (event !== undefined && !isNew && isSame) return;
    const detail = isNew && finalPhases.has(phase) ? phase : event?.detail;
    this.#tell(state, detail === undefined ? {} : { detail });
  }

  cancelEvent({ phase, facts }: PaymentState): PaymentEvent | undefined {
    return facts.givenUp || finalPhases.has(phase) ? undefined : { on: 'cancel', ...this.#now() };
  }

  async perform(next: Next, action: Life): Promise<void> {
    this.#pause?.end();
    if (next.do !== 'query' && next.do !== 'reverse') return;
    const { gate, policies, random } = this.#around;
    const pause = next.do === 'query' ? next.wait : jittered(next.wait, policies.reversal.backoff.jitter, random());
    if (pause > 0)
      await new Promise<void>((resolve) => {
        this.#pause = this.#parts.pauses.begin(pause, resolve);
      });
    if (next.notBefore !== undefined) await this.#waitUntil(next.notBefore, action);
    await gate(() => (next.do === 'query' ? this.#query(next, action) : this.#reverse(next, action)));
  }

  stop(): void {
    this.#pause?.end();
    this.#request.stop(stopped);
    this.#parts.deadlines.stop(this);
  }

  /** What an answer is held against. */
  #asked(): Asked {
    this.#learnGatewayTime();
    const { total_fee, requested } = this.#run.stored;
    return { out_trade_no: this.id, total_fee, earliest: this.#moments.earliestOwn(requested) };
  }

  #now(): Pick<PaymentEvent, 'elapsed' | 'quiet'> {
    return this.#moments.now(this.#request.isUnderWay);
  }

  /** Resolves when the answer has had its effect: false if the payment was over before. */
  #post(answer: Answer, moment = this.#now()): Promise<boolean> {
    return this.#run.post(eventOf(answer, moment));
  }

  /** At its deadline. */
  wake(isLate: boolean): void {
    const moment = this.#now();
    const elapsed = Math.max(this.#around.policies.polling.timeout, moment.elapsed);
    // So many others may have been taken up with it that its turn has not come: it may be paid, and is asked for first.
    const isUnasked = this.#isTakenUp && this.#run.state.memory.queries === 0;
    void this.#post({ on: 'timeout', late: isLate || isUnasked }, { ...moment, elapsed });
  }

  #learnGatewayTime(): void {
    this.#run.stored = this.#moments.withGateway(this.#run.stored);
  }

  async #query({ attempt, fresh }: Extract<Next, { do: 'query' }>, action: Life): Promise<void> {
    if (action.isOver) return;
    const { client } = this.#around;
    const { state, stored } = this.#run;
    this.#tell(state, state.phase === 'reversing' ? { detail: 'query' } : { attempt });
    const asked = this.#now();
    const [options, order] = [new CallOptions(action, { fresh }), { out_trade_no: this.id }];
    const answer = await (state.phase === 'reversing'
      ? queryReversed(client, stored.rail, order, options, () => this.#asked(), stored.refunds)
      : query(client, stored.rail, order, options, () => this.#asked()));
    if (action.isOver) return;
    // Given up, while its client still has the request.
    if (this.#request.withdrawal !== undefined) void this.#post({ on: this.#request.withdrawal.on });
    this.#run.report(eventOf(answer, asked, fresh));
  }

  async #reverse({ attempt }: Extract<Next, { do: 'reverse' }>, action: Life): Promise<void> {
    if (action.isOver) return;
    const { state, stored } = this.#run;
    this.#tell(state, { attempt });
    const mayLeave = () => !action.isOver && this.#run.state.phase === 'reversing';
    const [options, order] = [new CallOptions(action, { mayLeave }), { out_trade_no: this.id }];
    const answer = await reverse(this.#around.client, stored.rail, order, options);
    if (!action.isOver) this.#run.report(eventOf(answer, this.#now()));
  }

  /** @param notBefore Milliseconds since the payment request, which has ended by then, or can't be waited for. */
  #waitUntil(notBefore: number, action: Life): Promise<void> {
    const { client, policies } = this.#around;
    const settleAfter = client.requestTimeout === undefined ? undefined : policies.reversal.settleAfter;
    return this.#request.waitUntil(this.#moments.requestedAt, notBefore, settleAfter, action);
  }

  #tell(state: PaymentState, more: Pick<PaymentProgress, 'attempt' | 'detail'> = {}): void {
    if (this.#onProgress === undefined && !hasListeners()) return;
    const { clock, policies } = this.#around;
    const until = clock.wall() + policies.polling.timeout - this.#moments.elapsed;
    tellProgress(progressOf(this.id, state, { ...more, until, trouble: this.trouble }), {
      state: state.phase,
      onProgress: this.#onProgress,
    });
  }
}
