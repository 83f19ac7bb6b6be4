import { Argument, Command as CommanderCommand, Option } from 'commander';
import type { Command, CommandGroup, Given, Part, Raw } from './command.js';
import { exitHelp } from './exit.js';
import { jsonOption } from './options.js';
import { makeOutput, tellError } from './output.js';

const isOption = ({ written }: Part<unknown>): boolean => written.startsWith('--');

/** Lets a part explain what is wrong while commander can still say where. */
const checkedBy =
  ({ read }: Part<unknown>) =>
  (text: string): string => {
    read(text);
    return text;
  };

function makeOption(part: Part<unknown>): Option {
  const option = new Option(part.written, part.says);
  if (part.default !== undefined) option.default(part.default);
  if (part.choices) return option.choices([...part.choices]);
  return option.required ? option.argParser(checkedBy(part)) : option;
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

function addCommand(parent: CommanderCommand, command: Command, end: (exitCode: number) => void): void {
  const { name, says, takes, more } = command;
  const made = parent.command(name).description(says);
  const all = [jsonOption, ...takes];
  for (const part of all)
    if (isOption(part)) made.addOption(makeOption(part));
    else made.addArgument(new Argument(part.written, part.says).argParser(checkedBy(part)));
  if (more !== undefined) made.addHelpText('after', `\n${more}`);
  made.action(async () => {
    const given = givenTo(made, { name, takes: all });
    const output = makeOutput(given(jsonOption));
    try {
      end(await command.run(given, output));
    } catch (error) {
      end(tellError(output, error));
    }
  });
}

/**
 * The program that the table of commands describes.
 * @param end Called with a command's exit code.
 */
export function makeProgram(
  table: ReadonlyArray<Command | CommandGroup>,
  version: string,
  end: (exitCode: number) => void,
): CommanderCommand {
  const program = new CommanderCommand('wxpay-face')
    .description('WeChat Pay face payment for tills · 微信刷脸支付')
    .version(version)
    .exitOverride()
    // Every command inherits it: `pay 12 50` must not charge 12 fen.
    .allowExcessArguments(false)
    .showHelpAfterError('(--help tells more)')
    .addHelpText(
      'after',
      `\nCredentials come from the configuration file or from WXPAY_FACE_… environment variables, never from arguments.\n\n${exitHelp}`,
    );
  for (const row of table) {
    if ('run' in row) {
      addCommand(program, row, end);
      continue;
    }
    const group = program.command(row.name).description(row.says);
    for (const command of row.commands) addCommand(group, command, end);
  }
  return program;
}
