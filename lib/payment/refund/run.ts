import type { Life } from '../../abort.js';
import { call } from '../../concurrency.js';
import { ClosedError } from '../../errors.js';
import type { JournalRecord } from '../../journal/journal.js';
import { CallOptions, orEnd } from '../calls.js';
import { gatewayTimeOf } from '../client.js';
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
import type { RefundOutcome } from '../decision/refund/outcomes.js';
import { mostRefunds } from '../decision/refund/rules.js';
import {
  finalPhases,
  type RefundEvent,
  type RefundEventName,
  type RefundNext,
  type RefundState,
  remembered,
} from '../decision/refund/states.js';
import { Run } from '../run.js';
import type { Subject, Surroundings } from '../subject.js';
import type { WaiterPatience } from '../waiters.js';
import type { RefundClient } from './client.js';
import type { Minutes } from './minutes.js';
import { decidedOutcome, type KnownRefund, refundRecord, type StoredRefund } from './record.js';

/** What a refund's run needs beside what every run does. */
export interface RefundParts {
  readonly client: RefundClient;
  readonly transition: RefundTransition;
  readonly minutes: Minutes;
  /** A new phase is written down. */
  readonly onPhase: (out_refund_no: string, known: KnownRefund) => void;
}

const minute = 60_000;

/** The gateway has it. */
const showsIt: ReadonlySet<RefundEventName> = new Set([
  'send:accepted',
  'query:PROCESSING',
  'query:SUCCESS',
  'query:CHANGE',
]);

/** One refund on its way: its request, always the same, and its queries. */
export class RefundRun implements Subject<RefundState, RefundEvent, RefundNext, StoredRefund, RefundOutcome> {
  /** The out_refund_no. */
  readonly id: string;
  readonly #around: Surroundings<RefundOutcome>;
  readonly #parts: RefundParts;
  /** By the monotonic clock. */
  readonly #beganAt: number;
  /** By the monotonic clock: when its minute comes. */
  readonly #notBefore: number;
  /** While a request or a query is under way: what ends it. */
  #asking: Life | undefined;
  readonly #run: Run<RefundState, RefundEvent, RefundNext, StoredRefund, RefundOutcome>;

  /** A refund that is in the journal, or about to be. Nothing is sent yet. */
  constructor(
    { id, revision }: Pick<JournalRecord, 'id' | 'revision'>,
    { stored, phase, facts, decidedAt }: KnownRefund,
    around: Surroundings<RefundOutcome>,
    parts: RefundParts,
  ) {
    const { clock } = around;
    this.id = id;
    this.#around = around;
    this.#parts = parts;
    this.#beganAt = clock.monotonic();
    // A wall clock that was set back since makes none wait longer than those before it can make it wait.
    const wait = Math.max(0, Math.min(stored.requested.wall - clock.wall(), mostRefunds * minute));
    this.#notBefore = this.#beganAt + wait;
    this.#run = new Run(this, around, { state: remembered(phase, facts), stored, decidedAt }, revision);
  }

  get trouble(): Trouble | undefined {
    return this.#run.trouble;
  }

  get known(): KnownRefund {
    return this.#run.known;
  }

  /** @param until 'decided': the gateway has taken it, or it has ended. */
  wait(until: 'decided' | 'ended', patience?: WaiterPatience, left?: AbortSignal): Promise<RefundOutcome> {
    return this.#run.wait(until, patience, left);
  }

  close(): Promise<void> {
    return this.#run.close();
  }

  /** It was just written down: it is sent. */
  async begin(): Promise<void> {
    await this.#post({ on: 'begin' });
  }

  async resume(): Promise<void> {
    await this.#post({ on: 'restart' });
  }

  /** It is in front of a person, who asks for it once more. */
  async askAgain(): Promise<void> {
    await this.#post({ on: 'ask' });
  }

  async endUnsent(): Promise<void> {
    const detail = 'The journal did not take the refund in time: nothing of it was sent';
    await this.#post({ on: 'send:unable', failure: 'late', detail });
  }

  /** A notification came. What is under way tells as much. */
  async noticed(): Promise<void> {
    if (this.#asking === undefined || this.#asking.isOver) await this.#post({ on: 'notice' });
  }

  transition(state: RefundState, event: RefundEvent): RefundStep {
    return this.#parts.transition(state, event, this.#around.policies);
  }

  isFinal({ phase }: RefundState): boolean {
    return finalPhases.has(phase);
  }

  toRecord(revision: number, known: KnownRefund): JournalRecord {
    return refundRecord(this.id, revision, this.#around.clock.wall(), known);
  }

  outcomeOf(state: RefundState, decidedAt: number, trouble: Trouble | undefined): RefundOutcome | undefined {
    const { phase, facts } = state;
    return decidedOutcome(this.id, { stored: this.#run.stored, phase, facts, decidedAt }, trouble);
  }

  changed(state: RefundState, before: RefundState): void {
    if (state.phase !== before.phase) this.#parts.onPhase(this.id, this.#run.known);
  }

  async perform(next: RefundNext, action: Life): Promise<void> {
    if (next.do !== 'send' && next.do !== 'query') return;
    const { clock, gate, policies, random } = this.#around;
    const wait = Math.max(next.least, jittered(next.wait, policies.refund.backoff.jitter, random()));
    if (wait > 0) await clock.sleep(wait, action.signal);
    const { out_trade_no } = this.#ours;
    const { minutes } = this.#parts;
    const rest = () => Math.max(this.#notBefore - clock.monotonic(), minutes.rest(out_trade_no, this.id));
    // Timers may fire a little early.
    while (next.do === 'send' && rest() > 0) await clock.sleep(Math.ceil(rest()), action.signal);
    if (next.do === 'send') minutes.sent(out_trade_no, this.id);
    await gate(async () => {
      if (action.isOver) return;
      this.#asking = action;
      const answer = await (next.do === 'send' ? this.#send(action) : this.#query(action));
      if (action.isOver) return;
      this.#asking = undefined;
      if (showsIt.has(answer.on)) this.#seen();
      void this.#post(answer);
    });
  }

  stop(): void {}

  /** Between its first request and now the gateway has taken it: the bill of one of these days has it. */
  #seen(): void {
    const { stored } = this.#run;
    if (stored.takenBy !== undefined) return;
    const takenBy = gatewayTimeOf(this.#parts.client) ?? this.#around.clock.wall();
    this.#run.stored = { ...stored, takenBy };
  }

  /** What an answer is held against. */
  get #ours(): AskedRefund {
    const { out_trade_no, total_fee, refund_fee } = this.#run.stored;
    return { out_trade_no, out_refund_no: this.id, total_fee, refund_fee };
  }

  #post(answer: RefundAnswer): Promise<boolean> {
    return this.#run.post({ ...answer, elapsed: this.#around.clock.monotonic() - this.#beganAt });
  }

  #send(action: Life): Promise<RefundAnswer> {
    const { client } = this.#parts;
    const { journal } = this.#around;
    const { refund_desc, refund_account, notify_url } = this.#run.stored;
    const params = {
      ...this.#ours,
      ...(refund_desc !== undefined && { refund_desc }),
      ...(refund_account !== undefined && { refund_account }),
      ...(notify_url !== undefined && { notify_url }),
    };
    const mayLeave = () => !action.isOver && (journal.holds?.({ kind: 'refund', id: this.id }) ?? true);
    return call(() => client.refund(params, new CallOptions(action, { mayLeave })))
      .then((answer) => sendAnswer(answer, this.#ours))
      .catch((error: unknown) => {
        // What may have reached the gateway goes on at the next start.
        if (error instanceof ClosedError && this.#run.state.facts.reached) throw error;
        return sendError(error);
      });
  }

  /** Always over a connection of its own: REFUNDNOTEXIST names no refund, so that only its connection tells whose it is. */
  #query(action: Life): Promise<RefundAnswer> {
    return call(() =>
      this.#parts.client.refundquery({ out_refund_no: this.id }, new CallOptions(action, { fresh: true })),
    )
      .then((answer) => queryAnswer(answer, this.#ours))
      .catch(orEnd(queryError));
  }
}
