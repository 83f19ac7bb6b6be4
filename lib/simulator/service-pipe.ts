import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidParameterError } from '../errors.js';

const windows = process.platform === 'win32';

/** Where the real service listens (docs/facts.md#the-library). */
const vendorPipe = '\\\\.\\pipe\\wxpayface';

/** Characters, the prefix included: CreateNamedPipe, lpName. */
const longestPipeName = 256;

/** Bytes. unix(7): sun_path has 108 with the zero at its end; BSD and macOS have 104. */
const longestSocketPath = process.platform === 'linux' ? 107 : 103;
const isTooLong = (path: string): boolean => Buffer.byteLength(path) > longestSocketPath;

const socketName = 'service.sock';

/** A new private folder; in /tmp if TMPDIR's path is too long for a socket. */
function makeSocketFolder(): string {
  const prefix = join(tmpdir(), 'wxpay-face-');
  return mkdtempSync(isTooLong(join(`${prefix}XXXXXX`, socketName)) ? '/tmp/wxpay-face-' : prefix);
}

function fault(pipe: string): string | undefined {
  if (!windows) return isTooLong(pipe) ? `must have at most ${longestSocketPath} bytes` : undefined;
  if (!/^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(pipe)) return 'must begin with \\\\.\\pipe\\';
  if (pipe.length > longestPipeName) return `must have at most ${longestPipeName} characters; it has ${pipe.length}`;
  return undefined;
}

/** @throws InvalidParameterError if the system would refuse to listen there */
export function checkPipe(pipe: string): void {
  const rule = fault(pipe);
  if (rule !== undefined) throw new InvalidParameterError('pipe', rule);
}

/** Where the simulated service listens if nothing else is asked for, and what removes it afterwards. */
export function defaultPipe(): { pipe: string; remove(): void } {
  if (windows) return { pipe: vendorPipe, remove: () => undefined };
  const folder = makeSocketFolder();
  return { pipe: join(folder, socketName), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
