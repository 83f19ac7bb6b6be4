import type { Life } from '../abort.js';
import type { Journal, JournalRecord } from '../journal/journal.js';
import type { Alarm, Pauses } from './alarm.js';
import type { PaymentClient } from './client.js';
import type { Clock } from './clock.js';
import type { Transition } from './decision/machine.js';
import type { Trouble } from './decision/outcomes.js';
import type { Policies } from './decision/policies.js';
import type { Patience } from './patience.js';

/* What a run of a payment and a run of a refund give the one runner. */

/** What one run needs of the processor, whatever it is about. */
export interface Surroundings<Outcome> {
  readonly client: PaymentClient;
  readonly journal: Journal;
  readonly patience: Patience;
  readonly clock: Clock;
  readonly policies: Policies;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  /** Tells moments of this monotonic clock from those of an earlier run of the program. */
  readonly program: string;
  /** Holds calls back while many records are taken up at once. */
  readonly gate: <T>(task: () => Promise<T>) => Promise<T>;
  /** It has ended, or can't go on. */
  readonly onOver: (id: string) => void;
  /** It has ended, and nobody was waiting for it. */
  readonly onUnheard: (outcome: Outcome) => void;
}

/** What all payments of a processor share. */
export interface PaymentParts {
  readonly transition: Transition;
  /** Of polling.timeout. */
  readonly deadlines: Alarm;
  /** Between queries, and between reversals. */
  readonly pauses: Pauses;
}

/** A state of either machine, as far as a run looks into it. */
export interface MachineState {
  readonly phase: string;
  /** Written down: the same object if there is nothing new. */
  readonly facts: object;
  readonly memory: { readonly trouble?: Trouble | undefined };
}

/** What is known of a record's subject beside the machine's memory. */
export interface Known<State extends MachineState, Stored> {
  /** What the journal keeps beside the state. */
  readonly stored: Stored;
  readonly phase: State['phase'];
  readonly facts: State['facts'];
  /** The record's revision at which this phase was decided. */
  readonly decidedAt: number;
}

/** What a run is about, with its machine: one payment, or one refund. */
export interface Subject<State extends MachineState, Event, Next, Stored, Outcome> {
  /** The record's. */
  readonly id: string;
  transition(state: State, event: Event): { readonly state: State; readonly next: Next };
  isFinal(state: State): boolean;
  toRecord(revision: number, known: Known<State, Stored>): JournalRecord;
  /** Undefined while nothing is decided. */
  outcomeOf(state: State, decidedAt: number, trouble: Trouble | undefined): Outcome | undefined;
  /**
   * Called when there is something to tell: a new phase, which is written down, something new to remember, or, without an
   * event, a journal that begins to fail.
   */
  changed(state: State, before: State, event?: Event): void;
  /** Of a cancel() that another process has written down. Undefined if the state knows of it, or nothing can be given up. */
  cancelEvent?(state: State): Event | undefined;
  /** Performs one step, and reports what came of it, unless it was ended meanwhile. What it throws ends the run. */
  perform(next: Next, action: Life): Promise<void>;
  /** Ends whatever it has under way. */
  stop(): void;
}
