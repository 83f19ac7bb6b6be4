import { Life } from '../abort.js';
import { ClosedError } from '../errors.js';
import { CancelRequestedError } from '../journal/errors.js';
import type { JournalRecord } from '../journal/journal.js';
import type { Trouble } from './decision/outcomes.js';
import { RecordWriter } from './record-writer.js';
import type { Known, MachineState, Subject, Surroundings } from './subject.js';
import { type WaiterPatience, Waiters } from './waiters.js';

interface Posted<Event> {
  readonly event: Event;
  readonly taken?: (taken: boolean) => void;
}

/** One for all: the error that abort() would make, with its stack, is expensive if thousands are polled. */
export const stopped = new ClosedError('What is no longer needed');

/**
 * One payment or refund on its way: performs what its machine says, writes each change of state to the journal before
 * anything follows from it, and feeds back what happened.
 */
export class Run<
  State extends MachineState,
  Event,
  Next extends { readonly do: string },
  Stored extends object,
  Outcome,
> {
  /** What is to be in the journal beside the state: if it's another object, it is written with the next event. */
  stored: Stored;
  /** What of it is in the journal. */
  #written: Stored;
  #state: State;
  #revision: number;
  #decidedAt: number;
  /** The state that it began with is left, or about to be. */
  #isDecided = false;
  readonly #subject: Subject<State, Event, Next, Stored, Outcome>;
  readonly #around: Surroundings<Outcome>;
  /** What was posted while an earlier event has its effect. */
  readonly #inbox: Array<Posted<Event>> = [];
  #isPumping = false;
  #pumped: Promise<void> = Promise.resolve();
  readonly #waiters = new Waiters<Outcome>();
  readonly #writer: RecordWriter;
  readonly #life = new Life();
  /** Of the step that is being performed or, if none is, of the next. */
  #action: Life | undefined;
  #isActing = false;
  /** Of who waits for the first answer. */
  #onAnswer: (() => void) | undefined;
  /** Set once it has ended or can't go on. */
  #over: { error?: unknown } | undefined;

  /** @param revision Of the record that the journal has, or is about to have. */
  constructor(
    subject: Subject<State, Event, Next, Stored, Outcome>,
    around: Surroundings<Outcome>,
    { state, stored, decidedAt }: { state: State; stored: Stored; decidedAt: number },
    revision: number,
  ) {
    this.#subject = subject;
    this.#around = around;
    this.stored = stored;
    this.#written = stored;
    this.#state = state;
    this.#revision = revision;
    this.#decidedAt = decidedAt;
    this.#writer = new RecordWriter(around, this, this.#waiters);
  }

  get state(): State {
    return this.#state;
  }

  /** What its record tells. */
  get known(): Known<State, Stored> {
    const { phase, facts } = this.#state;
    return { stored: this.#written, phase, facts, decidedAt: this.#decidedAt };
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** What it began with is no longer to be done: something else was decided, or is being written down. */
  get isDecided(): boolean {
    return this.#isDecided || this.#over !== undefined;
  }

  /** Aborts when it is over. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  /** What keeps it from its end, as far as it is known. */
  get trouble(): Trouble | undefined {
    return this.#writer.fault === undefined ? this.#state.memory.trouble : 'journal';
  }

  /** Resolves when the event has had its effect: false if it was over before. */
  post(event: Event): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    return new Promise((taken) => this.#put({ event, taken }));
  }

  /** The journal begins to fail. */
  onFault(): void {
    if (!this.#over && !this.#subject.isFinal(this.#state)) this.#subject.changed(this.#state, this.#state);
  }

  /** Posts what came of the step that was performed: nothing of it is under way any more. */
  report(event: Event): void {
    this.#isActing = false;
    this.#onAnswer?.();
    if (!this.#over) this.#put({ event });
  }

  /** Resolves when a step of it has come to something, or it is over. */
  answered(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#over) resolve();
      else this.#onAnswer = resolve;
    });
  }

  /** Rejects if it can't go on, or earlier, as the patience says. @param left Whoever waits has left, and hears nothing. */
  wait(until: 'decided' | 'ended', patience: WaiterPatience = 'brief', left?: AbortSignal): Promise<Outcome> {
    const outcome = this.#waiters.add(until, patience, left);
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

  #put(item: Posted<Event>): void {
    if (this.#isPumping) this.#inbox.push(item);
    else this.#pumped = this.#pump(item);
  }

  async #pump(first: Posted<Event>): Promise<void> {
    this.#isPumping = true;
    for (let item: Posted<Event> | undefined = first; item !== undefined; item = this.#inbox.shift()) {
      if (this.#over) {
        item.taken?.(false);
        continue;
      }
      try {
        const decision = this.#subject.transition(this.#state, item.event);
        const draft = this.#draftOf(decision.state);
        if (draft !== undefined) {
          await this.#writer.write(draft.record, this.#subject.isFinal(this.#state));
          this.#written = draft.stored;
          this.#decidedAt = draft.decidedAt;
          this.#revision = draft.record.revision;
        }
        if (!this.#over) this.#follow(item.event, decision);
      } catch (error) {
        const cancel = this.#cancelBehind(error);
        if (cancel !== undefined) {
          // What it said was decided without the cancel(): it is decided again.
          this.#inbox.unshift({ event: cancel }, item);
          continue;
        }
        this.#fail(error);
      }
      item.taken?.(true);
    }
    this.#isPumping = false;
  }

  #cancelBehind(error: unknown): Event | undefined {
    return error instanceof CancelRequestedError && !this.#over ? this.#subject.cancelEvent?.(this.#state) : undefined;
  }

  #follow(event: Event, { state, next }: { readonly state: State; readonly next: Next }): void {
    const before = this.#state;
    const isNew = state.phase !== before.phase;
    this.#state = state;
    const isFinal = this.#subject.isFinal(state);
    // First: whoever hears of the end may acknowledge it at once.
    if (isNew && isFinal) this.#end();
    if (isNew || state.memory !== before.memory) this.#subject.changed(state, before, event);
    if (isNew && !this.#answerWaiters() && isFinal) this.#leaveUnheard();
    this.#perform(next);
  }

  /** Of the record that is to be written before anything follows from this state. Undefined if there is nothing new. */
  #draftOf({ phase, facts }: State): { record: JournalRecord; stored: Stored; decidedAt: number } | undefined {
    const { stored } = this;
    const isNew = phase !== this.#state.phase;
    if (!isNew && facts === this.#state.facts && stored === this.#written) return undefined;
    if (isNew) this.#isDecided = true;
    const revision = this.#revision + 1;
    const decidedAt = isNew ? revision : this.#decidedAt;
    return { record: this.#subject.toRecord(revision, { stored, phase, facts, decidedAt }), stored, decidedAt };
  }

  #perform(next: Next): void {
    if (next.do === 'continue') return;
    if (this.#isActing) this.#endAction();
    this.#isActing = next.do !== 'end';
    if (!this.#isActing) return;
    this.#action ??= new Life();
    const action = this.#action;
    void this.#subject.perform(next, action).catch((error: unknown) => {
      if (!action.isOver) this.#fail(error);
    });
  }

  #endAction(): void {
    this.#action?.end(stopped);
    this.#action = undefined;
  }

  #outcome(): Outcome | undefined {
    return this.#subject.outcomeOf(this.#state, this.#decidedAt, this.trouble);
  }

  /** Whether somebody heard. */
  #answerWaiters(): boolean {
    const outcome = this.#outcome();
    const isFinal = this.#subject.isFinal(this.#state);
    // What had ended, and was taken up to be given up.
    if (outcome === undefined || (isFinal && !this.#over)) return false;
    return this.#waiters.resolve(outcome, isFinal);
  }

  #leaveUnheard(): void {
    const outcome = this.#outcome();
    if (outcome !== undefined) this.#around.onUnheard(outcome);
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
    this.#life.end(stopped);
    this.#onAnswer?.();
    if (this.#isActing) this.#endAction();
    this.#subject.stop();
    this.#around.onOver(this.#subject.id);
  }
}
