/** What a check says, and what it provides for later ones. */
export type Verdict<Fact> =
  | { readonly status: 'ok'; readonly says: string; readonly fact: Fact }
  | { readonly status: 'warn'; readonly says: string; readonly todo: string; readonly fact: Fact }
  /** With a fact if a later check can do with what is left. */
  | { readonly status: 'fail'; readonly says: string; readonly todo: string; readonly fact?: Fact }
  | { readonly status: 'skip'; readonly says: string; readonly fact?: Fact };

/** The fact of a check that provides nothing but that it was good. */
export type Good = true;

export const ok = <Fact>(says: string, fact: Fact): Verdict<Fact> => ({ status: 'ok', says, fact });
export const warn = <Fact>(says: string, todo: string, fact: Fact): Verdict<Fact> => ({
  status: 'warn',
  says,
  todo,
  fact,
});
export const fail = (says: string, todo: string): Verdict<never> => ({ status: 'fail', says, todo });
export const skip = (says: string): Verdict<never> => ({ status: 'skip', says });

/** A verdict as it is reported. */
export interface Finding {
  readonly name: string;
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
  waits?(name: string): void;
  found(finding: Finding): void;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The UTC day of a time in milliseconds since the epoch. */
export const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
