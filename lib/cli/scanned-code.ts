import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { onAbort } from '../abort.js';
import { UsageError } from './errors.js';
import type { Output } from './output.js';

/**
 * The customer's code: the first line of stdin, where a scanner types it. Not shown on a terminal.
 * @returns undefined if the signal was aborted first
 */
export function readScannedCode(output: Output, signal: AbortSignal): Promise<string | undefined> {
  const { stdin } = process;
  if (stdin.isTTY) output.note(({ payments }) => payments.scanNow);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: stdin.isTTY === true });
  // A terminal that shows no keys gives no signals either.
  lines.on('SIGINT', () => process.emit('SIGINT'));
  return new Promise((resolve, reject) => {
    const ignoreAbort = onAbort(signal, () => {
      resolve(undefined);
      lines.close();
    });
    lines.once('line', (line) => {
      resolve(line.trim());
      lines.close();
    });
    lines.once('close', () => {
      ignoreAbort();
      stdin.unref?.();
      reject(new UsageError(({ usage }) => usage.codeMissing));
    });
  });
}
