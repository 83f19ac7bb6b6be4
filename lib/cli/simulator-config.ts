import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Simulator } from '../simulator/index.js';
import { UsageError } from './errors.js';

const terminal = { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' };

/** What lies beside a configuration `till.json`: `till.ca.pem` and so on. */
const sideFiles = { ca: 'ca.pem', cert: 'client-cert.pem', key: 'client-key.pem' } as const;

/** A configuration's path without its ending. */
const baseOf = (file: string): string => join(dirname(file), basename(file).replace(/\.json$/, ''));

function isSimulators(file: string): boolean {
  try {
    return Object(JSON.parse(readFileSync(file, 'utf8'))).simulator === true;
  } catch {
    // Absent, or not a configuration at all.
    return false;
  }
}

/** Only what an earlier simulator wrote may be written over: a real configuration, and the files beside it, hold keys. */
export function ensureReplaceable(file: string): void {
  if (!existsSync(dirname(file))) throw new UsageError(({ usage }) => usage.noFolderForConfig);
  if (isSimulators(file)) return;
  const taken = [file, ...Object.values(sideFiles).map((ending) => `${baseOf(file)}.${ending}`)].find(existsSync);
  if (taken !== undefined) throw new UsageError(({ usage }) => usage.wouldOverwrite(taken));
}

/**
 * Writes what the other commands need to use a simulator: a configuration, and the certificates beside it.
 * @returns how to remove them again
 */
export function writeSimulatorConfig({ client, library, env }: Simulator, path: string): () => void {
  const file = resolve(path);
  ensureReplaceable(file);
  const { certificate, ca, ...merchant } = client;
  const base = baseOf(file);
  const content = {
    simulator: true,
    ...merchant,
    ca: `${basename(base)}.${sideFiles.ca}`,
    certificate: { cert: `${basename(base)}.${sideFiles.cert}`, key: `${basename(base)}.${sideFiles.key}` },
    library,
    pipe: env.WXPAY_FACE_PIPE,
    journal: `${basename(base)}.journal`,
    terminal,
  };
  const texts: Record<string, unknown> = { ca, ...(certificate && 'cert' in certificate ? certificate : {}) };
  // The configuration is the first to come and the last to go: it says whose the others are.
  const beside = Object.entries(sideFiles).map(([part, ending]) => ({
    name: `${base}.${ending}`,
    text: String(texts[part]),
  }));
  const remove = (): void => {
    for (const { name } of beside) rmSync(name, { force: true });
    rmSync(file, { force: true });
  };
  // Removed first: a file that is there keeps its permissions.
  remove();
  const secret = { mode: 0o600, flag: 'wx' };
  const written = `${JSON.stringify(content, null, 2)}\n`;
  writeFileSync(file, written, secret);
  for (const { name, text } of beside) writeFileSync(name, text, secret);
  return () => {
    // A later simulator may have written its own over it.
    if (existsSync(file) && readFileSync(file, 'utf8') === written) remove();
  };
}
