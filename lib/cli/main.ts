#!/usr/bin/env node
import { CommanderError } from 'commander';
import { commands } from './commands.js';
import { exitCodes } from './exit.js';
import { makeOutput } from './output.js';
import { makeProgram } from './program.js';
import { packageVersion } from './version.js';

/** Ends the program even if a call of the vendor's library never returns, but not before all was written. */
const end = (exitCode: number): void =>
  void process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));

// A reader that went away must not disturb a payment.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await makeProgram(commands, packageVersion(), end).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  const { code } = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  const output = makeOutput(process.argv.includes('--json'));
  if (code !== 0) output.emit('error', { code: 'ERR_USAGE', message: error.message, exitCode: code });
  end(code);
}
