import { Argument, Command as CommanderCommand, InvalidArgumentError, Option } from 'commander';
import type { Words } from '../words/cli/index.js';
import type { Command, CommandGroup, Given, Part, Raw } from './command.js';
import { UsageError } from './errors.js';
import { closingHelp, helpIn } from './help.js';
import { jsonOption, langOption } from './options.js';
import { makeOutput, tellError } from './output.js';

/** What is made of the table, besides. */
interface Surroundings {
  readonly version: string;
  /** Of help, and of errors of usage. */
  readonly words: Words;
  /** Called with a command's exit code. */
  readonly end: (exitCode: number) => void;
}

const isOption = ({ written }: Part<unknown>): boolean => written.startsWith('--');

/** Lets a part explain what is wrong while commander can still say where. */
const checkedBy =
  ({ read }: Part<unknown>, words: Words) =>
  (text: string): string => {
    try {
      read(text);
      return text;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new InvalidArgumentError(error.says(words));
    }
  };

function makeOption(part: Part<unknown>, words: Words): Option {
  const option = new Option(part.written, part.says(words));
  if (part.default !== undefined) option.default(part.default);
  if (part.choices) return option.choices([...part.choices]);
  return option.required ? option.argParser(checkedBy(part, words)) : option;
}

/** What commander read for a command's parts. */
function givenTo(made: CommanderCommand, { name, takes }: Pick<Command, 'name' | 'takes'>): Given {
  const options: Readonly<Record<string, unknown>> = made.opts();
  const names = takes.filter((part) => !isOption(part));
  const isRaw = (value: unknown): value is Raw =>
    value === undefined || typeof value === 'string' || typeof value === 'boolean';
  return (part) => {
    if (!takes.includes(part)) throw new Error(`${name} doesn't take ${part.written}`);
    const raw = isOption(part) ? options[new Option(part.written).attributeName()] : made.args[names.indexOf(part)];
    return part.read(isRaw(raw) ? raw : undefined);
  };
}

function addCommand(parent: CommanderCommand, command: Command, { words, end }: Surroundings): void {
  const { name, says, takes, more } = command;
  const made = parent.command(name).description(says(words));
  const all = [jsonOption, langOption, ...takes];
  for (const part of all)
    if (isOption(part)) made.addOption(makeOption(part, words));
    else made.addArgument(new Argument(part.written, part.says(words)).argParser(checkedBy(part, words)));
  if (more !== undefined) made.addHelpText('after', `\n${more(words)}`);
  made.action(async () => {
    const given = givenTo(made, { name, takes: all });
    const output = makeOutput(given(jsonOption), words);
    try {
      end(await command.run(given, output));
    } catch (error) {
      end(tellError(output, error));
    }
  });
}

/** The program that the table of commands describes. */
export function makeProgram(table: ReadonlyArray<Command | CommandGroup>, around: Surroundings): CommanderCommand {
  const { words, version } = around;
  const { help } = words;
  const program = new CommanderCommand('wxpay-face')
    .description(help.program)
    .addOption(makeOption(langOption, words))
    .version(version, '-V, --version', help.ofVersion)
    .helpOption('-h, --help', help.ofHelp)
    .addHelpCommand('help [command]', help.ofHelp)
    .configureHelp({ formatHelp: helpIn(help) })
    .configureOutput({ outputError: (said, write) => write(help.wrongUsage(said)) })
    .exitOverride()
    // Every command inherits it: `pay 12 50` must not charge 12 fen.
    .allowExcessArguments(false)
    .showHelpAfterError(help.afterError)
    .addHelpText('after', closingHelp(help));
  for (const row of table) {
    if ('run' in row) {
      addCommand(program, row, around);
      continue;
    }
    const group = program.command(row.name).description(row.says(words));
    for (const command of row.commands) addCommand(group, command, around);
  }
  return program;
}
