import { call } from '../../concurrency.js';
import { ClosedError } from '../../errors.js';
import type { JournalRecord } from '../../journal/journal.js';
import type { Trouble } from '../decision/outcomes.js';
import { jittered } from '../decision/policies.js';
import {
  type AskedRefund,
  queryAnswer,
  queryError,
  type RefundAnswer,
  sendAnswer,
  sendError,
} from '../decision/refund/answers.js';
import type { RefundStep, RefundTransition } from '../decision/refund/machine.js';
import { type RefundOutcome, refundOutcomeOf } from '../decision/refund/outcomes.js';
import { mostRefunds } from '../decision/refund/rules.js';
import {
  finalPhases,
  type RefundEvent,
  type RefundNext,
  type RefundState,
  remembered,
} from '../decision/refund/states.js';
import { Run, type Subject, type Surroundings, stopped } from '../run.js';
import type { WaiterPatience } from '../waiters.js';
import type { RefundClient } from './client.js';
import { type KnownRefund, refundRecord, type StoredRefund } from './record.js';

/** What a refund's run needs. */
export interface RefundSurroundings extends Surroundings<RefundOutcome> {
  readonly client: RefundClient;
  readonly refundTransition: RefundTransition;
  /** A new phase is written down. */
  readonly onPhase: (out_refund_no: string, known: KnownRefund) => void;
}

const minute = 60_000;

/** One refund on its way: its request, always the same, and its queries. */
export class RefundRun implements Subject<RefundState, RefundEvent, RefundNext, StoredRefund, RefundOutcome> {
  /** The out_refund_no. */
  readonly id: string;
  readonly #around: RefundSurroundings;
  /** By the monotonic clock. */
  readonly #beganAt: number;
  /** By the monotonic clock: two refunds of one order leave a minute apart. */
  readonly #notBefore: number;
  /** While a request or a query is under way: what ends it. */
  #asking: AbortSignal | undefined;
  readonly #run: Run<RefundState, RefundEvent, RefundNext, StoredRefund, RefundOutcome>;

  /** Goes on with a refund that is in the journal. Nothing is sent yet. */
  constructor(
    { id, revision }: Pick<JournalRecord, 'id' | 'revision'>,
    { stored, phase, facts, decidedAt }: KnownRefund,
    around: RefundSurroundings,
  ) {
    const { clock } = around;
    this.id = id;
    this.#around = around;
    this.#beganAt = clock.monotonic();
    // A wall clock that was set back since makes no refund wait longer than those before it can make it wait.
    const wait = Math.max(0, Math.min(stored.sendAt - clock.wall(), mostRefunds * minute));
    this.#notBefore = this.#beganAt + wait;
    this.#run = new Run(this, around, { state: remembered(phase, facts), stored, decidedAt }, revision);
  }

  get trouble(): Trouble | undefined {
    return this.#run.trouble;
  }

  get stored(): StoredRefund {
    return this.#run.stored;
  }

  /** How it stands. */
  get outcome(): RefundOutcome | undefined {
    const { stored, state, decidedAt, trouble } = this.#run;
    return refundOutcomeOf({ ...stored, out_refund_no: this.id }, state, decidedAt, trouble);
  }

  /** @param until 'decided': the gateway has taken it, or it has ended. */
  wait(until: 'decided' | 'ended', patience?: WaiterPatience): Promise<RefundOutcome> {
    return this.#run.wait(until, patience);
  }

  close(): Promise<void> {
    return this.#run.close();
  }

  /**
   * 'begin': it was just written down. 'restart': it is taken up from the journal. 'ask': it is in front of a person, and
   * asked for once more.
   */
  async go(on: 'begin' | 'restart' | 'ask'): Promise<void> {
    await this.#post({ on });
  }

  /** A notification came. What is under way tells as much. */
  async noticed(): Promise<void> {
    if (this.#asking === undefined || this.#asking.aborted) await this.#post({ on: 'notice' });
  }

  transition(state: RefundState, event: RefundEvent): RefundStep {
    return this.#around.refundTransition(state, event, this.#around.policies);
  }

  isFinal({ phase }: RefundState): boolean {
    return finalPhases.has(phase);
  }

  toRecord(revision: number, known: KnownRefund): JournalRecord {
    return refundRecord(this.id, revision, this.#around.clock.wall(), known);
  }

  outcomeOf(state: RefundState, decidedAt: number, trouble: Trouble | undefined): RefundOutcome | undefined {
    if (state.phase === 'sending' || state.phase === 'confirming') return undefined;
    return refundOutcomeOf({ ...this.stored, out_refund_no: this.id }, state, decidedAt, trouble);
  }

  changed({ phase, facts }: RefundState, before: RefundState): void {
    const { stored, decidedAt } = this.#run;
    if (phase !== before.phase) this.#around.onPhase(this.id, { stored, phase, facts, decidedAt });
  }

  async perform(next: RefundNext, signal: AbortSignal): Promise<void> {
    if (next.do !== 'send' && next.do !== 'query') return;
    const { clock, gate, policies, random } = this.#around;
    const wait = Math.max(next.least, jittered(next.wait, policies.refund.backoff.jitter, random()));
    if (wait > 0) await clock.sleep(wait, signal);
    // Timers may fire a little early.
    if (next.do === 'send')
      for (let rest = this.#rest(); rest > 0; rest = this.#rest()) await clock.sleep(Math.ceil(rest), signal);
    await gate(async () => {
      if (signal.aborted) return;
      this.#asking = signal;
      const answer = await (next.do === 'send' ? this.#send(signal) : this.#query(signal));
      if (signal.aborted) return;
      this.#asking = undefined;
      void this.#post(answer);
    });
  }

  stop(): void {}

  #post(answer: RefundAnswer): Promise<boolean> {
    return this.#run.post({ ...answer, elapsed: this.#around.clock.monotonic() - this.#beganAt });
  }

  /** What an answer is held against. */
  get #ours(): AskedRefund {
    const { out_trade_no, total_fee, refund_fee } = this.stored;
    return { out_trade_no, out_refund_no: this.id, total_fee, refund_fee };
  }

  #rest(): number {
    return this.#notBefore - this.#around.clock.monotonic();
  }

  #send(signal: AbortSignal): Promise<RefundAnswer> {
    const { client, journal } = this.#around;
    const { refund_desc, refund_account, notify_url } = this.stored;
    const params = {
      ...this.#ours,
      ...(refund_desc !== undefined && { refund_desc }),
      ...(refund_account !== undefined && { refund_account }),
      ...(notify_url !== undefined && { notify_url }),
    };
    const mayLeave = () => !signal.aborted && (journal.holds?.({ kind: 'refund', id: this.id }) ?? true);
    return call(() => client.refund(params, { signal, mayLeave })).then(
      (answer) => sendAnswer(answer, this.#ours),
      (error: unknown) => {
        // What may have reached the gateway goes on at the next start.
        if (error instanceof ClosedError && this.#run.state.facts.reached) throw error;
        return sendError(error);
      },
    );
  }

  /** Always over a connection of its own: REFUNDNOTEXIST names no refund, so that only its connection tells whose it is. */
  #query(signal: AbortSignal): Promise<RefundAnswer> {
    return call(() => this.#around.client.refundquery({ out_refund_no: this.id }, { signal, fresh: true })).then(
      (answer) => queryAnswer(answer, this.#ours),
      (error: unknown) => {
        if (error instanceof ClosedError) throw error;
        return queryError(error);
      },
    );
  }
}
