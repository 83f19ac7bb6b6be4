import type { Saying, Words } from '../../words/cli/index.js';

/** What a check says, and what it provides for later ones. */
export type Verdict<Fact> =
  | { readonly status: 'ok'; readonly says: Saying; readonly fact: Fact }
  | { readonly status: 'warn'; readonly says: Saying; readonly todo: Saying; readonly fact: Fact }
  /** With a fact if a later check can do with what is left. */
  | { readonly status: 'fail'; readonly says: Saying; readonly todo: Saying; readonly fact?: Fact }
  | { readonly status: 'skip'; readonly says: Saying; readonly fact?: Fact };

/** The fact of a check that provides nothing but that it was good. */
export type Good = true;

export const ok = <Fact>(says: Saying, fact: Fact): Verdict<Fact> => ({ status: 'ok', says, fact });
export const warn = <Fact>(says: Saying, todo: Saying, fact: Fact): Verdict<Fact> => ({
  status: 'warn',
  says,
  todo,
  fact,
});
export const fail = (says: Saying, todo: Saying): Verdict<never> => ({ status: 'fail', says, todo });
export const skip = (says: Saying): Verdict<never> => ({ status: 'skip', says });

/** A check, by its name. */
export type CheckName = Exclude<keyof Words['doctor']['names'], 'client'>;

/** A verdict as it is reported, in one language. */
export interface Finding {
  readonly name: CheckName;
  readonly status: Verdict<unknown>['status'];
  /** What was found. */
  readonly says: string;
  /** What to do about it. */
  readonly todo?: string;
}

/** What the checks look at. */
export interface Patient {
  readonly config: string | undefined;
  /** Absolute. */
  readonly journal: string | undefined;
  /** Milliseconds since the epoch, by this machine's clock. */
  now(): number;
  readonly signal: AbortSignal;
  /** Milliseconds. A camera takes its time to start; a service that is silent for longer hangs. */
  readonly serviceTimeout: number;
}

/** Who hears of the examination while it goes on. */
export interface Listener {
  /** A check began that waits for something. */
  waits?(name: CheckName): void;
  found(finding: Finding): void;
}
