import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { findPrebuild, LibraryLoadError, prebuildPath, unpackAdvice } from '../addon.js';
import { InvalidParameterError } from '../errors.js';
import { isFields } from '../unknown.js';
import { openHostProcess } from './host-process.js';
import type { LibraryAccess } from './library-access.js';
import { type LibraryFile, readImports, readLibraryFile, unknownArch } from './library-file.js';
import { openInProcess } from './native.js';
import { allTimeOuts } from './time-outs.js';

/** How {@link FaceService.open} finds and runs the vendor's library. */
export interface OpenOptions {
  /**
   * Absolute path of the vendor's library.
   * @default the environment variable WXPAY_FACE_SDK, else WxpayFaceSDK.dll (Linux: libWxpayFaceSDK.so) beside the executable
   */
  library?: string | undefined;
  /**
   * 'in-process' is quickest; the library's crash is this process's.
   * 'host-process' runs a library of another architecture, and survives its crash.
   * 'auto': in this process if the library's architecture fits, else in a host process.
   * @default 'auto'
   */
  host?: 'auto' | 'in-process' | 'host-process' | undefined;
  /**
   * Milliseconds without an answer after which the calls in flight are rejected, and the connection counts as broken: the
   * next command initialises again. A host process is ended and restarted (HostProcessError). In this process the
   * calls' threads are left behind, with a warning, until they come back (ServiceResponseError); from 16 on nothing is
   * sent any more. Not for the two commands that wait for a person (getWxpayfaceCode, updateWxpayfacePayResult). The
   * loading of the library has at least 10 seconds.
   * @default none
   */
  callTimeout?: number | undefined;
  /**
   * The same for those two: stopWxpayface is sent first, and the connection is given up only if that brings nothing within
   * `callTimeout`; without a `callTimeout` it is not given up.
   * @default none
   */
  humanTimeout?: number | undefined;
}

/** The vendor's library as it was opened. */
export interface LibraryInfo {
  readonly path: string;
  readonly arch: 'x64' | 'ia32' | 'arm64' | (string & {});
  /** File version from the library's own resources, e.g. '1.26.0.0'; undefined if it has none. */
  readonly version?: string;
  readonly host: 'in-process' | 'host-process';
}

const fileName = process.platform === 'win32' ? 'WxpayFaceSDK.dll' : 'libWxpayFaceSDK.so';
const howToName = `Give the absolute path of ${fileName} in \`library\` or in the environment variable WXPAY_FACE_SDK`;

// What the system would have said of a fault that this package finds before it.
const systemCodes = {
  missing: process.platform === 'win32' ? 126 : 'ENOENT',
  denied: process.platform === 'win32' ? 5 : 'EACCES',
  directory: process.platform === 'win32' ? 5 : 'EISDIR',
  format: process.platform === 'win32' ? 193 : 'ENOEXEC',
  path: process.platform === 'win32' ? 161 : 'EINVAL',
};

/** The absolute path of the library, with the system's own separators (LoadLibraryExW wants backslashes). */
function libraryPath(option: string | undefined): string {
  const path = option ?? (process.env.WXPAY_FACE_SDK || join(dirname(process.execPath), fileName));
  if (!isAbsolute(path))
    throw new LibraryLoadError(
      path,
      `the library's path "${path}" is relative, and would depend on the folder that the program was started in. ` +
        `${howToName}; here it might be ${resolve(path)}`,
      { systemCode: systemCodes.path },
    );
  const archive = /\.asar(?=[\\/])/i;
  if (archive.test(path))
    throw new LibraryLoadError(
      path,
      `${path} is inside an asar archive, from where the system can't load a library. Unpack it (electron-builder: ` +
        `asarUnpack, Electron Forge: asar.unpack) and give ${path.replace(archive, '.asar.unpacked')}`,
      { systemCode: systemCodes.missing },
    );
  return resolve(path);
}

const errorCode = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

// A Mach-O file may be for several.
const forArch = ({ format, arch }: LibraryFile) => (format === 'Mach-O' ? '' : ` for ${arch}`);

/** Looks at the file before the system does, since the system's words on it say too little. */
async function inspect(path: string): Promise<LibraryFile> {
  let file: LibraryFile | undefined;
  try {
    const found = await stat(path);
    if (found.isDirectory())
      throw new LibraryLoadError(path, `${path} is a folder. Did you mean ${join(path, fileName)}?`, {
        systemCode: systemCodes.directory,
      });
    // Reading a pipe or a device might never end.
    if (found.isFile()) file = await readLibraryFile(path);
  } catch (error) {
    if (error instanceof LibraryLoadError) throw error;
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new LibraryLoadError(
        path,
        `there is no file ${path}. ${howToName}; it comes with the WxpayFaceService program`,
        {
          systemCode: systemCodes.missing,
        },
      );
    if (code === 'EACCES' || code === 'EPERM')
      throw new LibraryLoadError(path, `${path} may not be read by the user of this program: grant read access to it`, {
        systemCode: systemCodes.denied,
      });
    throw new LibraryLoadError(path, `${path} could not be read (${code})`, { systemCode: code, cause: error });
  }
  const native = process.platform === 'win32' ? 'PE' : process.platform === 'darwin' ? 'Mach-O' : 'ELF';
  const wrong =
    file === undefined
      ? 'is not a library'
      : file.format !== native
        ? `is ${file.format === 'ELF' ? 'an' : 'a'} ${file.format} file${forArch(file)}; this process is ${process.platform}-${process.arch}`
        : !file.shared
          ? 'is a program, not a library'
          : file.complete
            ? undefined
            : 'is cut off: copy it from the vendor again';
  if (file === undefined || wrong !== undefined)
    throw new LibraryLoadError(path, `${path} ${wrong}. ${howToName}`, { systemCode: systemCodes.format });
  return file;
}

/** Before a start of the host: since the last one the library may have gone, or have been replaced. */
async function currentArch(path: string, before: string): Promise<string> {
  try {
    return (await inspect(path)).arch;
  } catch (error) {
    // If there are no file descriptors left, the host can't be started either, which isn't a fault of the library.
    if (error instanceof LibraryLoadError && (error.systemCode === 'EMFILE' || error.systemCode === 'ENFILE'))
      return before;
    throw error;
  }
}

const hostFile = process.platform === 'win32' ? 'wxpay-face-host.exe' : 'wxpay-face-host';

/**
 * The program that runs a library of this architecture.
 * @throws LibraryLoadError if this package has none
 */
function findHost(path: string, arch: string): string {
  if (arch === process.arch) return findPrebuild(hostFile);
  const program = prebuildPath(arch, hostFile);
  // Elsewhere the package may have that program, too, but the system doesn't run it.
  if (process.platform === 'win32' && existsSync(program)) return program;
  const advice =
    unpackAdvice() ??
    `run this program with a Node.js for ${arch}${process.platform === 'win32' ? ', or install wxpay-face anew' : ''}`;
  const missing = arch.startsWith(unknownArch)
    ? `it. Take the vendor's library for ${process.arch}`
    : `${process.platform}-${arch}${process.platform === 'win32' ? ` (${program} is missing)` : ' that this system runs'}. Take the vendor's library for ${process.arch}, or ${advice}`;
  throw new LibraryLoadError(
    path,
    `${path} is for ${arch}, this process is ${process.arch}, and wxpay-face has no host process for ${missing}`,
    { systemCode: systemCodes.format },
  );
}

/** Windows says that a dependency is missing, but not which. */
async function withMissingNames(path: string, arch: string, error: unknown): Promise<unknown> {
  if (process.platform !== 'win32' || !(error instanceof LibraryLoadError)) return error;
  const { systemCode } = error;
  if (error.path !== path || systemCode !== systemCodes.missing) return error;
  const windows = process.env.SystemRoot ?? 'C:\\Windows';
  // By its usual name, a 32-bit process finds the 32-bit folder.
  const system = join(windows, arch === process.arch ? 'System32' : arch === 'ia32' ? 'SysWOW64' : 'Sysnative');
  const searched = [dirname(path), system, join(system, 'downlevel'), windows, ...(process.env.PATH ?? '').split(';')];
  const names = await readImports(path).catch(() => []);
  const missing = names.filter((name) => !searched.some((folder) => existsSync(join(folder, name))));
  if (missing.length === 0) return error;
  return new LibraryLoadError(
    path,
    `${error.message}. Neither in its folder nor in the system's: ${missing.join(', ')}`,
    { systemCode },
  );
}

const openOptions: Readonly<Record<keyof OpenOptions, true>> = {
  library: true,
  host: true,
  callTimeout: true,
  humanTimeout: true,
};

/** Of what is passed over in silence, the default would be used: another library, no time-out. */
function checkNames(options: unknown): void {
  if (!isFields(options)) throw new InvalidParameterError('options', 'must be an object, such as { library: path }');
  for (const name of Object.keys(options))
    if (!Object.hasOwn(openOptions, name))
      throw new InvalidParameterError(name, `is no option; there are ${Object.keys(openOptions).join(', ')}`);
}

/** @throws InvalidParameterError */
export function checkOpenOptions(options: OpenOptions): void {
  checkNames(options);
  const { library, host, callTimeout, humanTimeout } = options;
  if (library !== undefined && (typeof library !== 'string' || library === '' || library.includes('\0')))
    throw new InvalidParameterError('library', 'must be a path');
  if (host !== undefined && !['auto', 'in-process', 'host-process'].includes(host))
    throw new InvalidParameterError('host', "must be 'auto', 'in-process' or 'host-process'");
  checkMilliseconds('callTimeout', callTimeout);
  checkMilliseconds('humanTimeout', humanTimeout);
}

/** @throws InvalidParameterError */
export function checkMilliseconds(name: string, value: number | undefined, least = 1): void {
  // Above this, setTimeout fires at once.
  const longest = 2 ** 31 - 1;
  if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= longest))
    throw new InvalidParameterError(name, `must be a whole number of milliseconds from ${least} to ${longest}`);
}

/**
 * Finds, inspects and loads the vendor's library.
 * @throws LibraryLoadError, InvalidParameterError; HostProcessError if the library crashes while it is loaded
 */
export async function openLibrary(options: OpenOptions): Promise<{ library: LibraryInfo; access: LibraryAccess }> {
  checkOpenOptions(options);
  const path = libraryPath(options.library);
  const { arch, version } = await inspect(path);
  const fits = arch === process.arch;
  if (options.host === 'in-process' && !fits) {
    // Its own error if there is no host to advise.
    findHost(path, arch);
    throw new LibraryLoadError(
      path,
      `${path} is for ${arch}, this process is ${process.arch}. ` +
        "Leave out host: 'in-process'; a host process runs a library of another architecture",
      { systemCode: systemCodes.format },
    );
  }
  const host = options.host === 'host-process' || !fits ? 'host-process' : 'in-process';
  const timeOuts = allTimeOuts(options);
  const open = async () =>
    host === 'in-process'
      ? openInProcess(path, timeOuts)
      : openHostProcess(async () => findHost(path, await currentArch(path, arch)), path, timeOuts);
  const access = await open().catch(async (error: unknown) => {
    throw await withMissingNames(path, arch, error);
  });
  const library = Object.freeze({ path, arch, ...(version === undefined ? {} : { version }), host } as const);
  return { library, access };
}
