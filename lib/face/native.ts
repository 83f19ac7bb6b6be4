import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LibraryLoadError, missingResponses, ServiceCallError, ServiceResponseError } from './errors.js';
import { explainLoadFailure, type LoadFailure } from './load-failure.js';
import type { Call, Connection, Transport } from './transport.js';

/** The vendor's library in this process, as the addon gives it. */
interface NativeLibrary {
  call(request: Uint8Array): Promise<Uint8Array>;
  close(): void;
}

interface Addon {
  open(path: string): NativeLibrary;
}

/** The folder of this package: the nearest one upwards that has binaries, else the one above the built files. */
function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; dirname(folder) !== folder; folder = dirname(folder))
    if (existsSync(join(folder, 'prebuilds'))) return folder;
  return dirname(here);
}

const archive = /\.asar(?=[\\/])/;

/** Where the package has a binary for this system, if it has it. */
export const prebuildPath = (arch: string, file: string): string =>
  // Electron can't run a program that is inside an archive.
  join(packageRoot(), 'prebuilds', `${process.platform}-${arch}`, file).replace(archive, '.asar.unpacked');

/** What to do where the binary is inside an asar archive; undefined where this package isn't in one. */
export const unpackAdvice = (): string | undefined =>
  archive.test(packageRoot())
    ? "unpack it from the asar archive: 'node_modules/wxpay-face/prebuilds/**' in electron-builder's asarUnpack, " +
      "or '**/node_modules/wxpay-face/prebuilds/**' in Electron Forge's asar.unpack"
    : undefined;

/**
 * A binary of this package for this process.
 * @throws LibraryLoadError where the package has none
 */
export function findPrebuild(file: string): string {
  const path = prebuildPath(process.arch, file);
  if (existsSync(path)) return path;
  const missing = `wxpay-face has no binary for ${process.platform}-${process.arch}: ${path} is missing. `;
  const root = packageRoot();
  const advice =
    unpackAdvice() ??
    'build it from source with CMake and a C++17 compiler: ' +
      `npm --prefix "${root}" install --ignore-scripts && npm --prefix "${root}" run build:native`;
  throw new LibraryLoadError(path, `${missing}Please ${advice}`, { systemCode: 'ENOENT' });
}

const isAddon = (value: unknown): value is Addon =>
  typeof value === 'object' && value !== null && 'open' in value && typeof value.open === 'function';

function loadAddon(): Addon {
  const path = findPrebuild('wxpay_face.node');
  let addon: unknown;
  try {
    addon = createRequire(path)(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LibraryLoadError(
      path,
      `wxpay-face's own binary ${path} could not be loaded by Node.js ${process.versions.node} (${process.platform}-${process.arch}): ${reason}`,
      { systemCode: 'ERR_DLOPEN_FAILED', cause: error },
    );
  }
  if (!isAddon(addon))
    throw new LibraryLoadError(
      path,
      `${path} is not the binary of this version of wxpay-face: install the package anew`,
    );
  return addon;
}

/** The addon's errors carry what the vendor's function, or the system, said. */
interface AddonError extends Error {
  returnValue?: unknown;
  code?: unknown;
  systemCode?: unknown;
  systemMessage?: unknown;
  missingSymbol?: unknown;
}
const isAddonError = (error: unknown): error is AddonError => error instanceof Error;

function loadFailure(error: unknown): LoadFailure {
  if (!isAddonError(error)) return { message: String(error) };
  const { systemCode, systemMessage, missingSymbol } = error;
  return {
    message: typeof systemMessage === 'string' ? systemMessage : error.message,
    ...(typeof systemCode === 'number' || typeof systemCode === 'string' ? { systemCode } : {}),
    ...(typeof missingSymbol === 'string' ? { missingSymbol } : {}),
  };
}

function callError(cmd: string, error: unknown): unknown {
  if (!isAddonError(error)) return error;
  if (typeof error.returnValue === 'number') return new ServiceCallError(cmd, error.returnValue);
  const missing = missingResponses.find(({ code }) => code === error.code);
  return missing === undefined ? error : new ServiceResponseError(cmd, missing.problem);
}

/**
 * Loads the vendor's library into this process.
 * @throws LibraryLoadError
 */
export function openInProcess(path: string): Transport {
  const addon = loadAddon();
  let library: NativeLibrary;
  try {
    library = addon.open(path);
  } catch (error) {
    throw explainLoadFailure(path, loadFailure(error));
  }
  const connection: Connection = {
    async call({ cmd, request }: Call) {
      try {
        return await library.call(request);
      } catch (error) {
        throw callError(cmd, error);
      }
    },
  };
  return {
    connect: async () => connection,
    close: async () => library.close(),
  };
}
