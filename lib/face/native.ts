import { isMainThread } from 'node:worker_threads';
import { LibraryLoadError, loadAddon, type NativeLibrary } from '../addon.js';
import { ClosedError } from '../errors.js';
import { missingResponses, ServiceCallError, ServiceResponseError } from './errors.js';
import type { CommandRequest, LibraryAccess, LoadedLibrary } from './library-access.js';
import { explainLoadFailure, type LoadFailure } from './load-failure.js';
import { inWords, type TimeOuts, watch } from './time-outs.js';

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

// Each of them keeps its thread and the thread's stack for as long as it hangs; a 32-bit process has room for some hundred.
const mostLeftBehind = 16;

/** Calls in this process that were given up and have not come back. */
let leftBehind = 0;

interface Pending {
  readonly cmd: string;
  readonly reject: (error: Error) => void;
}

/** The library, until one of its calls does not come back in time. */
class InProcessLibrary implements LoadedLibrary {
  /** What went wrong, as the end of a sentence; undefined while nothing did. */
  problem: string | undefined;
  readonly #library: NativeLibrary;
  readonly #path: string;
  readonly #timeOuts: TimeOuts;
  readonly #pending = new Set<Pending>();

  constructor(library: NativeLibrary, path: string, timeOuts: TimeOuts) {
    this.#library = library;
    this.#path = path;
    this.#timeOuts = timeOuts;
  }

  call(call: CommandRequest): Promise<Uint8Array> {
    const { cmd, request } = call;
    const without = this.problem ?? (leftBehind >= mostLeftBehind ? `has ${leftBehind} calls that hang` : undefined);
    if (without !== undefined)
      return Promise.reject(new ServiceResponseError(cmd, `will not come: the library ${without}. Nothing was sent`));
    return new Promise((resolve, reject) => {
      const pending: Pending = { cmd, reject };
      this.#pending.add(pending);
      const unwatch = watch(call, this.#timeOuts, (problem) => this.break(problem));
      this.#library
        .call(request)
        .then(resolve, (error: unknown) => reject(callError(cmd, error)))
        .finally(() => {
          unwatch();
          if (!this.#pending.delete(pending)) leftBehind--;
        });
    });
  }

  /** Rejects the calls in flight and leaves them to their threads. */
  giveUp(reason: (cmd: string) => Error): void {
    if (this.#pending.size === 0) return;
    leftBehind += this.#pending.size;
    for (const { cmd, reject } of this.#pending) reject(reason(cmd));
    this.#pending.clear();
    this.#library.giveUp();
    process.emitWarning(
      `${this.#path}: calls that do not come back were left behind, each with its thread; now ${leftBehind}. ` +
        `From ${mostLeftBehind} on, nothing is sent any more. A host process (host: 'host-process') would be ended instead.`,
      { type: 'WxpayFaceWarning' },
    );
  }

  /** @param problem As the end of a sentence. */
  break(problem: string): void {
    this.problem = problem;
    this.giveUp((cmd) => new ServiceResponseError(cmd, `will not come: the library ${problem}`));
  }
}

/** Settles as the loading does, or rejects once that has taken too long: then it is left to its thread. */
function loaded(library: NativeLibrary, path: string, timeOuts: TimeOuts): Promise<void> {
  const loading = library.load();
  const limit = timeOuts.loadTimeout;
  if (limit === undefined) return loading;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      library.giveUp();
      // It holds the system's loader, without which exit() does not come to its end.
      const endAtOnce = (exitCode: number) => loadAddon().endProcess(exitCode);
      if (isMainThread) process.on('exit', endAtOnce);
      void loading.catch(() => {}).finally(() => process.off('exit', endAtOnce));
      const problem = `${path} did not load within ${inWords(limit)}: its start-up code hangs, and this process can't get rid of it`;
      const advice = "Restart the program, and use host: 'host-process', which ends such a library";
      reject(new LibraryLoadError(path, `${problem}. ${advice}`, { systemCode: 'ETIMEDOUT' }));
    }, limit);
    loading.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Loads the vendor's library into this process.
 *
 * On a thread of its own, as its calls: start-up code that takes its time, or a virus scanner that looks at the file, does
 * not hold up the event loop. The library's start-up code so runs on a thread that may be gone later, which is nothing new
 * to it: its calls come from such threads, and the host process has always loaded it on one.
 * @throws LibraryLoadError
 */
export async function openInProcess(path: string, timeOuts: TimeOuts): Promise<LibraryAccess> {
  const library = new (loadAddon().NativeLibrary)(path);
  try {
    await loaded(library, path, timeOuts);
  } catch (error) {
    throw error instanceof LibraryLoadError ? error : explainLoadFailure(path, loadFailure(error));
  }
  const closed = () => new ClosedError('the face service');
  let open = true;
  let current = new InProcessLibrary(library, path, timeOuts);
  return {
    async connect() {
      if (!open) throw closed();
      if (current.problem !== undefined) current = new InProcessLibrary(library, path, timeOuts);
      return current;
    },
    async abandon() {
      current.break('was given up, since a call did not end');
    },
    async close() {
      open = false;
      current.giveUp(closed);
      library.close();
    },
  };
}
