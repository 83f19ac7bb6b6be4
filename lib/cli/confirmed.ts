import { createInterface } from 'node:readline';
import { onAbort } from '../abort.js';
import type { Saying } from '../words/cli/index.js';
import { UsageError } from './errors.js';
import type { Output } from './output.js';

/** Yes in each language, whichever is spoken. */
const yes = /^(?:y|yes|是)$/i;

/** Asks a person; false if the answer is no, or the signal is aborted first. */
export async function confirmed({ words }: Output, question: Saying, signal: AbortSignal): Promise<boolean> {
  // Interrupted already: nobody is asked.
  if (signal.aborted) return false;
  if (!process.stdin.isTTY) throw new UsageError(({ usage }) => usage.yesMissing);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on('SIGINT', () => process.emit('SIGINT'));
  try {
    return await new Promise((resolve) => {
      onAbort(signal, () => resolve(false));
      lines.once('close', () => resolve(false));
      lines.question(`${question(words)} ${words.payments.yesOrNo} `, (answer) => resolve(yes.test(answer.trim())));
    });
  } finally {
    lines.close();
  }
}
