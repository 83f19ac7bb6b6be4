import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve, toNamespacedPath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';
import { WxpayFaceError } from './errors.js';

/** The library could not be loaded: path, system error number, both architectures, and what to do about it. */
export class LibraryLoadError extends WxpayFaceError {
  declare readonly code: 'ERR_LIBRARY_LOAD';
  /** The file that was looked for: the vendor's library, or a binary of this package. */
  readonly path: string;
  /** GetLastError's number on Windows; elsewhere the system's name for it, such as ENOENT. */
  readonly systemCode?: number | string;

  constructor(path: string, message: string, options?: { systemCode?: number | string | undefined; cause?: unknown }) {
    const cause = options?.cause === undefined ? {} : { cause: options.cause };
    super('LibraryLoadError', 'ERR_LIBRARY_LOAD', message, cause);
    this.path = path;
    if (options?.systemCode !== undefined) this.systemCode = options.systemCode;
  }
}

/** The vendor's library in this process, as the addon gives it. */
export interface NativeLibrary {
  /** On a thread of its own, since it may take its time. Rejects with what the system said. */
  load(): Promise<void>;
  call(request: Uint8Array): Promise<Uint8Array>;
  /** What is under way no longer keeps this process alive; it may never come back. */
  giveUp(): void;
  close(): void;
}

/** A file that this holder alone has in the whole system. */
export interface FileLock {
  /** Lets go of it; once however often it is called. The end of this process, or worker, does the same. */
  release(): void;
}

/** This package's own binary. */
export interface Addon {
  readonly NativeLibrary: new (path: string) => NativeLibrary;
  lockFile(path: string): FileLock;
  /** Without the system's loader, which a library that hangs while it is loaded holds. */
  endProcess(exitCode: number): void;
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

/** What to do if the binary is inside an asar archive; undefined if this package isn't in one. */
export const unpackAdvice = (): string | undefined =>
  archive.test(packageRoot())
    ? "unpack it from the asar archive: 'node_modules/wxpay-face/prebuilds/**' in electron-builder's asarUnpack, " +
      "or '**/node_modules/wxpay-face/prebuilds/**' in Electron Forge's asar.unpack"
    : undefined;

/**
 * A binary of this package for this process.
 * @throws LibraryLoadError if the package has none
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

const parts: ReadonlyArray<keyof Addon> = ['NativeLibrary', 'lockFile', 'endProcess'];

const isAddon = (value: unknown): value is Addon =>
  typeof value === 'object' && value !== null && parts.every((part) => typeof Reflect.get(value, part) === 'function');

/**
 * The addon, loaded once.
 * @throws LibraryLoadError
 */
export function loadAddon(): Addon {
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

// winerror.h, by libuv's names
const windowsNames: Readonly<Record<number, string>> = { 2: 'ENOENT', 3: 'ENOENT', 5: 'EPERM', 32: 'EBUSY' };

/**
 * Takes a file for this holder alone, in the whole system: a second opener is refused in this process and its workers, too,
 * and by whatever name or link it comes. The file is made if it isn't there, and stays; who removes it lets a second
 * holder in. What it holds is the caller's: others may read it beside the lock, on Windows, too.
 *
 * The system keeps the lock (flock, LockFileEx): it goes with the process, however that ends, and no child inherits it.
 *
 * @throws an Error with `code` 'ELOCKED' if somebody has it, else with the system's: 'ENOENT', 'EACCES', …, 'UNKNOWN'.
 * `systemCode` is errno or GetLastError. LibraryLoadError if this package's binary can't be loaded.
 *
 * @example
 * const lock = lockFile('/var/lib/till/journal.lock');
 * lock.release();
 */
export function lockFile(path: string): FileLock {
  const addon = loadAddon();
  try {
    return addon.lockFile(toNamespacedPath(resolve(path)));
  } catch (error) {
    if (!(error instanceof Error && 'systemCode' in error && typeof error.systemCode === 'number')) throw error;
    const { systemCode } = error;
    const name = process.platform === 'win32' ? windowsNames[systemCode] : getSystemErrorName(-systemCode);
    throw Object.assign(error, { code: 'code' in error ? error.code : (name ?? 'UNKNOWN'), path });
  }
}
