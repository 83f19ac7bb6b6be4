import { exitCodes } from './exit.js';
import type { Output } from './output.js';

// SIGHUP: the terminal's window was closed.
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What is said at the first Ctrl-C, and at the second, which ends the program at once. */
export interface Words {
  readonly first: string;
  readonly second: string;
}

export interface Interruption {
  /** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP). */
  readonly signal: AbortSignal;
  ignore(): void;
}

export function onInterruption(output: Output, words: Words): Interruption {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (!controller.signal.aborted) {
      output.note(`\n${words.first}`);
      controller.abort();
      return;
    }
    const exitCode = exitCodes.interrupted.code;
    output.note(`\n${words.second}`);
    output.emit('error', { code: 'ERR_INTERRUPTED', message: words.second, exitCode });
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
