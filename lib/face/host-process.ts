import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { onAbort } from '../abort.js';
import { ClosedError } from '../errors.js';
import { HostProcessError, missingResponses, ServiceCallError, ServiceResponseError } from './errors.js';
import { FrameReader, readResponse, requestFrame } from './frames.js';
import type { CommandRequest, LibraryAccess, LoadedLibrary } from './library-access.js';
import { explainLoadFailure } from './load-failure.js';
import { inWords, type TimeOuts, watch } from './time-outs.js';

interface Pending {
  readonly cmd: string;
  readonly resolve: (response: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly unwatch: () => void;
}

const noSystemError = -1;
const largestId = 2 ** 32 - 1;

const howItEnded = (code: number | null, signal: string | null) =>
  signal === null
    ? `ended with exit code ${code}${(code ?? 0) > 255 ? ` (0x${code?.toString(16)})` : ''}`
    : `was ended by ${signal}`;

function whyNotStarted(program: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const forbidden =
    process.platform !== 'win32' && error instanceof Error && 'code' in error && error.code === 'EACCES';
  const advice = `. Make ${program} executable (chmod +x), in a folder that lets programs run (not mounted noexec)`;
  return `could not be started: ${reason}${forbidden ? advice : ''}`;
}

/** One run of the library, which may end. */
export interface Host extends LoadedLibrary {
  /** By performance.now(); undefined while it runs. */
  readonly endedAt: number | undefined;
  close(): Promise<void>;
}

/** One run of the host program. */
export class HostProcess implements Host {
  endedAt: number | undefined;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #timeOuts: TimeOuts;
  readonly #pending = new Map<number, Pending>();
  readonly #exit: Promise<unknown>;
  #loaded: ((problem?: Error) => void) | undefined;
  #problem = '';
  #lastId = 0;

  /**
   * Starts the program and lets it load the library. An abort ends it if the library isn't loaded yet.
   * @throws LibraryLoadError if that fails, HostProcessError if the program itself does
   */
  static async start(
    [program, ...args]: readonly [string, ...string[]],
    library: string,
    timeOuts: TimeOuts,
    signal?: AbortSignal,
  ): Promise<HostProcess> {
    let child: ChildProcessByStdio<Writable, Readable, null>;
    try {
      // Nobody may repeat what the vendor's code prints: it could be a credential.
      child = spawn(program, [...args, library], { stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
      // If this process is short of file descriptors, the child that failed has no pipes, and says why in an event.
      await once(child, 'spawn');
    } catch (error) {
      throw new HostProcessError(whyNotStarted(program, error));
    }
    const host = new HostProcess(child, library, timeOuts);
    const limit = timeOuts.loadTimeout;
    const onLate = (problem: string) => {
      host.#loaded?.(new HostProcessError(problem));
      host.#end(problem);
    };
    const late =
      limit && setTimeout(() => onLate(`did not load the library within ${inWords(limit)} and was ended`), limit);
    const loaded = new Promise<void>((resolve, reject) => {
      host.#loaded = (problem) => (problem === undefined ? resolve() : reject(problem));
    });
    const ignoreAbort = onAbort(signal, () => host.#end('was closed'));
    try {
      await loaded;
    } finally {
      clearTimeout(late);
      ignoreAbort();
      host.#loaded = undefined;
    }
    host.#holdParent(false);
    return host;
  }

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, library: string, timeOuts: TimeOuts) {
    this.#timeOuts = timeOuts;
    this.#child = child;
    const reader = new FrameReader();
    this.#child.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const payload of reader.push(chunk)) this.#receive(payload, library);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#end(`sent ${error.message} and was ended`);
      }
    });
    this.#child.stdout.on('error', (error) => this.#end(`could not be read (${error.message}) and was ended`));
    // A broken pipe: its end, below, says why.
    this.#child.stdin.on('error', () => {});
    this.#exit = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        const finish = () => {
          this.#end(howItEnded(code, signal));
          // Held open by a child of the library's, they would keep this process from ending.
          this.#child.stdout.destroy();
          this.#child.stdin.destroy();
          resolve(undefined);
        };
        // Answers may still be in the pipe; 'close' doesn't come if a child of the library's holds it open.
        const enough = setTimeout(finish, 1000);
        this.#child.on('close', () => {
          clearTimeout(enough);
          finish();
        });
      });
      // The system refuses to end it.
      this.#child.on('error', resolve);
    });
  }

  call(call: CommandRequest): Promise<Uint8Array> {
    const { cmd, request } = call;
    if (this.endedAt !== undefined) return Promise.reject(new HostProcessError(`${this.#problem}. Nothing was sent`));
    return new Promise((resolve, reject) => {
      const unwatch = watch(call, this.#timeOuts, (problem) => this.#end(`${problem} and was ended`));
      this.#lastId = (this.#lastId % largestId) + 1;
      this.#pending.set(this.#lastId, { cmd, resolve, reject, unwatch });
      this.#holdParent(true);
      const [header, message] = requestFrame(this.#lastId, request);
      this.#child.stdin.cork();
      this.#child.stdin.write(header);
      this.#child.stdin.write(message);
      this.#child.stdin.uncork();
    });
  }

  /** Lets it end by itself, as it does when its input ends; the calls in flight are rejected. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    this.#holdParent(true);
    const enough = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
    await this.#exit;
    clearTimeout(enough);
  }

  #receive(payload: Buffer, library: string): void {
    if (this.endedAt !== undefined) return;
    const { id, outcome, value, message } = readResponse(payload);
    if (this.#loaded !== undefined && id === 0) {
      const failure = { message: message.toString(), ...(value === noSystemError ? {} : { systemCode: value }) };
      if (value === 0) this.#loaded();
      else this.#loaded(explainLoadFailure(library, failure));
      return;
    }
    const pending = this.#pending.get(id);
    const missing = missingResponses.find((one) => one.outcome === outcome);
    if (pending === undefined || this.#loaded !== undefined || (outcome !== 0 && missing === undefined)) {
      this.#end('answered what was not asked and was ended');
      return;
    }
    this.#settle(id, pending);
    if (missing !== undefined) pending.reject(new ServiceResponseError(pending.cmd, missing.problem));
    else if (value === 0) pending.resolve(message);
    else pending.reject(new ServiceCallError(pending.cmd, value));
  }

  #settle(id: number, pending: Pending): void {
    pending.unwatch();
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#holdParent(false);
  }

  #end(problem: string): void {
    if (this.endedAt !== undefined) return;
    this.endedAt = performance.now();
    this.#problem = problem;
    this.#child.kill('SIGKILL');
    this.#loaded?.(new HostProcessError(`${problem} before the library was loaded`));
    for (const [id, pending] of this.#pending) {
      this.#settle(id, pending);
      pending.reject(new HostProcessError(`${problem} before it answered ${pending.cmd}`));
    }
  }

  /** An idle host lets this process end; a call in flight holds it. */
  #holdParent(hold: boolean): void {
    for (const handle of [this.#child, this.#child.stdin, this.#child.stdout])
      if (handle === this.#child || handle instanceof Socket) hold ? handle.ref() : handle.unref();
  }
}

/** Milliseconds before a start after so many ends in a row: none after the first, then doubling from 250 to 8000. */
export const restartDelay = (ends: number): number => (ends <= 1 ? 0 : Math.min(250 * 2 ** (ends - 2), 8000));

// A host that ran for a minute was not in a row of quick ends.
const steadyAfter = 60_000;

/** Keeps a host running: starts it again for the next call after it has ended. `signal` is aborted when it is closed. */
export async function restarting(
  start: (signal: AbortSignal) => Promise<Host>,
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void> = (milliseconds, signal) =>
    wait(milliseconds, undefined, { signal }),
): Promise<LibraryAccess> {
  const closing = new AbortController();
  let startedAt = performance.now();
  let host = await start(closing.signal);
  let next: Promise<Host> | undefined;
  let quickEnds = 0;
  const closed = () => new ClosedError('the face service');

  const restart = async () => {
    quickEnds = (host.endedAt ?? 0) - startedAt >= steadyAfter ? 1 : quickEnds + 1;
    try {
      await sleep(restartDelay(quickEnds), closing.signal);
      if (closing.signal.aborted) throw closed();
      startedAt = performance.now();
      host = await start(closing.signal);
      return host;
    } catch (error) {
      throw closing.signal.aborted ? closed() : error;
    }
  };

  const end = async () => {
    await host.close();
    // An end of our own is none of the library's.
    quickEnds = 0;
  };

  return {
    async connect() {
      if (closing.signal.aborted) throw closed();
      if (host.endedAt === undefined) return host;
      next ??= restart().finally(() => {
        next = undefined;
      });
      return next;
    },
    restart: end,
    abandon: end,
    async close() {
      closing.abort();
      // The caller that it was started for may have given up; it would be left over.
      await next?.catch(() => {});
      await host.close();
    },
  };
}

/**
 * Loads the vendor's library in a program of the library's own architecture, which is looked for at each start.
 * @throws LibraryLoadError, HostProcessError
 */
export async function openHostProcess(
  findProgram: () => Promise<string>,
  library: string,
  timeOuts: TimeOuts,
): Promise<LibraryAccess> {
  return restarting(async (signal) => HostProcess.start([await findProgram()], library, timeOuts, signal));
}
