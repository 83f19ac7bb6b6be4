#!/usr/bin/env node
import { CommanderError } from 'commander';
import { languages } from '../words/cli/index.js';
import { commands } from './commands.js';
import { exitCodes } from './exit.js';
import { languageOf, userLocale } from './language.js';
import { makeOutput } from './output.js';
import { makeProgram } from './program.js';
import { packageVersion } from './version.js';

/** Ends the program even if a call of the vendor's library never returns, but not before all was written. */
const end = (exitCode: number): void =>
  void process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));

// A reader that went away must not disturb a payment.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const args = process.argv.slice(2);
const language = languages[languageOf(args, process.env, userLocale)];
const output = makeOutput(args.includes('--json'), language);

// Instead of Node.js's own way, which is for programmers, and English.
process.removeAllListeners('warning');
process.on('warning', (warning) => output.note(({ errors }) => errors.warning(warning.message)));

try {
  await makeProgram(commands, { version: packageVersion(), words: output.words, end }).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  const { code } = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (code !== 0) output.emit('error', { code: 'ERR_USAGE', message: error.message, exitCode: code });
  end(code);
}
