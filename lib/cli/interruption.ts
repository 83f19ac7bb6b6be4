import { english, type Words } from '../words/cli/index.js';
import { exitCodes } from './exit.js';
import type { Output } from './output.js';

// SIGHUP: the terminal's window was closed.
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What is said at the first Ctrl-C, and at the second, which ends the program at once. */
type Said = Words['payments']['interruptions'];

export interface Interruption {
  /** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP). */
  readonly signal: AbortSignal;
  ignore(): void;
}

/** @param of Which of the commands is interrupted. */
export function onInterruption(output: Output, of: keyof Said): Interruption {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (!controller.signal.aborted) {
      output.note(({ payments }) => `\n${payments.interruptions[of].first}`);
      controller.abort();
      return;
    }
    const exitCode = exitCodes.interrupted.code;
    output.note(({ payments }) => `\n${payments.interruptions[of].second}`);
    output.emit('error', { code: 'ERR_INTERRUPTED', message: english.payments.interruptions[of].second, exitCode });
    process.stdout.write('', () => process.exit(exitCode));
  };
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    ignore: () => {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}
