import type { Argument, Command, Help, Option } from 'commander';
import type { Words } from '../words/cli/index.js';
import { displayWidth, padEnd, wrapped } from './columns.js';
import { exitCodes } from './exit.js';
import { named } from './named.js';

type HelpWords = Words['help'];

/** What stands behind the list of commands. */
export function closingHelp({ credentials, exitCodes: title, exits }: HelpWords): string {
  const codes = Object.entries(exitCodes).map(
    ([exit, { code }]) => `  ${String(code).padEnd(4)} ${named(exits, exit)}`,
  );
  return [`\n${credentials}\n\n${title}`, ...codes].join('\n');
}

function explained(words: HelpWords, { description, argChoices, defaultValue }: Option | Argument): string {
  const choices = argChoices === undefined ? [] : [words.choices(argChoices)];
  const byDefault = defaultValue === undefined ? [] : [words.byDefault(String(defaultValue))];
  return words.explained(description, [...choices, ...byDefault]);
}

const indent = 2;
const narrowest = 40;

/** Commander's help, but that its titles are words of ours, and that Chinese characters are wide. */
export const helpIn =
  (words: HelpWords) =>
  (command: Command, helper: Help): string => {
    /** Commander's own placeholders, in words of ours. */
    const inWords = (term: string): string =>
      term.replace('[options]', words.anyOptions).replace('[command]', words.anyCommand);
    const parts = [
      {
        title: words.arguments,
        rows: helper
          .visibleArguments(command)
          .map((each) => [helper.argumentTerm(each), explained(words, each)] as const),
      },
      {
        title: words.options,
        rows: helper.visibleOptions(command).map((each) => [helper.optionTerm(each), explained(words, each)] as const),
      },
      {
        title: words.commands,
        rows: helper
          .visibleCommands(command)
          .map((each) => [inWords(helper.subcommandTerm(each)), helper.subcommandDescription(each)] as const),
      },
    ].filter(({ rows }) => rows.length > 0);
    const width = helper.helpWidth ?? 80;
    const column = indent + 2 + Math.max(...parts.flatMap(({ rows }) => rows.map(([term]) => displayWidth(term))));
    const rowOf = ([term, says]: readonly [string, string]): string => {
      const lines = wrapped(says, Math.max(width - column, narrowest));
      return `${padEnd(`${' '.repeat(indent)}${term}`, column)}${lines.join(`\n${' '.repeat(column)}`)}`.trimEnd();
    };
    return [
      words.usage(inWords(helper.commandUsage(command))),
      '',
      ...wrapped(helper.commandDescription(command), width),
      '',
      ...parts.flatMap(({ title, rows }) => [title, ...rows.map(rowOf), '']),
    ].join('\n');
  };
