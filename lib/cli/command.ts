import type { Saying } from '../words/cli/index.js';
import { UsageError } from './errors.js';
import type { Output } from './output.js';

/** What was given for an argument or an option: a text, true or false of a flag, undefined of neither. */
export type Raw = string | boolean | undefined;

/** An argument or an option of a command. */
export interface Part<T> {
  /** As help writes it: '<total_fee>' and '[out_trade_no]' are arguments, '--port <port>' is an option. */
  readonly written: string;
  readonly says: Saying;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** @throws UsageError */
  readonly read: (raw: Raw) => T;
}

/** What was given for one of a command's parts. */
export type Given = <T>(part: Part<T>) => T;

/** One of the commands: all that help says of it, and what it does. */
export interface Command {
  readonly name: string;
  readonly says: Saying;
  /** Arguments and options, in the order in which help shows them. Each command takes --json and --lang as well. */
  readonly takes: ReadonlyArray<Part<unknown>>;
  /** What else help says. */
  readonly more?: Saying;
  /** Resolves with the exit code. */
  run(given: Given, output: Output): Promise<number>;
}

/** Commands with a word in front: `journal list`. */
export interface CommandGroup {
  readonly name: string;
  readonly says: Saying;
  readonly commands: readonly Command[];
}

export const flag = (written: string, says: Saying): Part<boolean> => ({
  written,
  says,
  read: (raw) => raw === true,
});

export const text = (written: string, says: Saying): Part<string | undefined> => ({
  written,
  says,
  read: (raw) => (typeof raw === 'string' ? raw : undefined),
});

/** A text that is always there: of a required argument, or by default. */
export const certainText = (written: string, says: Saying, otherwise?: string): Part<string> => ({
  written,
  says,
  ...(otherwise !== undefined && { default: otherwise }),
  read: (raw) => String(raw),
});

/** One of some words, the first by default. */
export const choice = <Word extends string>(
  written: string,
  says: Saying,
  words: readonly [Word, ...Word[]],
): Part<Word> => ({
  written,
  says,
  choices: words,
  default: words[0],
  read: (raw) => words.find((word) => word === raw) ?? words[0],
});

/** Reads a whole number. */
export const wholeNumber =
  (least: number, most: number) =>
  (raw: Raw): number => {
    const number = Number(raw);
    if (/^\d+$/.test(String(raw)) && Number.isSafeInteger(number) && number >= least && number <= most) return number;
    throw new UsageError(({ usage }) => usage.wholeNumber(least, most));
  };
