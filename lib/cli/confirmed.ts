import { createInterface } from 'node:readline';
import { InvalidParameterError } from '../errors.js';

/** Asks a person; false if the answer is no, or the signal is aborted first. */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  // Interrupted already: its listener would never be called.
  if (signal.aborted) return false;
  if (!process.stdin.isTTY)
    throw new InvalidParameterError('--yes', 'is required if nobody can be asked: stdin is no terminal');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on('SIGINT', () => process.emit('SIGINT'));
  try {
    return await new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(false), { once: true });
      lines.once('close', () => resolve(false));
      lines.question(`${question} [y/N] `, (answer) => resolve(/^y(?:es)?$/i.test(answer.trim())));
    });
  } finally {
    lines.close();
  }
}
