import diagnostics_channel from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { onAbort, unlessAborted } from '../abort.js';
import { ClosedError, WxpayFaceError } from '../errors.js';
import type { Fields } from '../unknown.js';
import { type Command, findCommand } from './commands.js';
import { ServiceCommandError } from './errors.js';
import { Lane } from './lane.js';
import type { CommandRequest, LibraryAccess, LoadedLibrary } from './library-access.js';
import { parseResponse, prepareRequest, type RawResponse } from './messages.js';

/** A message on the diagnostics channel `wxpay-face.face.call`, once for each call of the vendor's function. */
export interface FaceCallEvent {
  readonly cmd: string;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** Milliseconds, without the time that the call was queued. */
  readonly duration: number;
  readonly return_code?: string;
  /** The `code` of the error, if there was no usable response. */
  readonly error?: string;
}

/** How long a command is waited for. */
export interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, instead of OpenOptions.humanTimeout. */
  readonly humanTimeout?: number | undefined;
}

/** Milliseconds between two stops of one recognition. */
const stopInterval = 1000;

const callChannel = diagnostics_channel.channel('wxpay-face.face.call');

/** The commands on their way to the library: in which order, on which library, and how a wait for a person ends. */
export class CommandQueue {
  readonly #access: LibraryAccess;
  readonly #beforeStop: (params: Fields) => void;
  readonly #serial = new Lane();
  readonly #inFlight = new Set<symbol>();
  #whenIdle = () => {};
  /** The parameters of an initWxpayface that is in force, and the library it was sent to. */
  #init: { readonly request: () => Uint8Array; loaded: LoadedLibrary } | undefined;
  #repeatedInit: Promise<void> | undefined;
  /** close() no longer waits: whatever the calls in flight are rejected with, they were closed. */
  #isGivenUp = false;

  /** @param beforeStop Called with the parameters of each stopWxpayface that is sent for an abort. */
  constructor(access: LibraryAccess, beforeStop: (params: Fields) => void) {
    this.#access = access;
    this.#beforeStop = beforeStop;
  }

  /** Ends a host process between two commands; nothing in this process. */
  async endHost(): Promise<void> {
    const leaveLane = await this.#serial.enter();
    try {
      await this.#access.restart?.();
    } finally {
      leaveLane();
    }
  }

  /** Rejects the commands in flight, those of a customer too. What comes next starts again. */
  async abandon(): Promise<void> {
    this.forgetInit();
    await this.#access.abandon();
  }

  /** Whatever is loaded again from now on is not initialised by itself. */
  forgetInit(): void {
    this.#init = undefined;
  }

  /** Waits for the commands in flight, then ends the access to the library. */
  async close(): Promise<void> {
    // An abort may still send a stopWxpayface meanwhile, or let go of a call that never returns.
    if (this.#inFlight.size > 0)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    await this.#access.close();
  }

  /** Ends the wait of close(). */
  giveUp(): void {
    this.#isGivenUp = true;
    this.#whenIdle();
  }

  /**
   * Sends a command in its turn.
   * @param params What a stop is sent with
   * @throws signal.reason before it is sent; afterwards an abort ends the wait, as the command's row says
   */
  async run(
    cmd: string,
    params: Fields,
    request: () => Uint8Array,
    { signal, humanTimeout }: CommandOptions = {},
  ): Promise<RawResponse> {
    const command = findCommand(cmd);
    const call = Symbol(cmd);
    this.#inFlight.add(call);
    let leaveLane = () => {};
    let stopping: { readonly over: AbortController; readonly stopped: Promise<void> } | undefined;
    const stop = () => {
      if (stopping !== undefined) return;
      const over = new AbortController();
      stopping = { over, stopped: this.#stop(command, params, over.signal) };
    };
    const giveWay = () => {
      leaveLane();
      this.#inFlight.delete(call);
      if (this.#inFlight.size === 0) this.#whenIdle();
    };
    let left = false;
    const leave = () => {
      left = true;
      if (stopping === undefined) return giveWay();
      // The next customer's recognition must not meet a stop that is still on its way.
      stopping.over.abort();
      void stopping.stopped.then(giveWay);
    };
    let ignore = () => {};
    try {
      if (command?.lane === 'serial') leaveLane = await this.#serial.enter(signal);
      const loaded = await unlessAborted(() => this.#ready(command), signal);
      if (signal?.aborted) throw signal.reason;
      ignore = onAbort(signal, command?.abort === 'leave' ? leave : stop);
      if (cmd === 'releaseWxpayface') this.#init = undefined;
      const person = command?.waitsForPerson ? { stop, awaited: () => !left, timeout: humanTimeout } : undefined;
      const response = await this.#exchange(loaded, cmd, request, person);
      if (cmd === 'initWxpayface' && response.return_code === 'SUCCESS') this.#init = { request, loaded };
      return response;
    } finally {
      ignore();
      leave();
    }
  }

  /** The library, loaded, and initialised again if it had to be loaded again. */
  async #ready(command: Command | undefined): Promise<LoadedLibrary> {
    const loaded = await this.#access.connect();
    const init = this.#init;
    if (init !== undefined && init.loaded !== loaded && (command?.needsInit ?? true)) {
      this.#repeatedInit ??= this.#repeatInit(loaded, init.request).finally(() => {
        this.#repeatedInit = undefined;
      });
      await this.#repeatedInit;
    } else if (command?.lane === 'serial') {
      // Sent beside it, a release could reach the service first, and be undone by it.
      await this.#repeatedInit?.catch(() => {});
    }
    return loaded;
  }

  async #repeatInit(loaded: LoadedLibrary, request: () => Uint8Array): Promise<void> {
    const { return_code, return_msg } = await this.#exchange(loaded, 'initWxpayface', request);
    if (return_code !== 'SUCCESS') throw new ServiceCommandError('initWxpayface', return_code, return_msg);
    // Meanwhile another one, or a release, may have taken its place.
    if (this.#init?.request === request) this.#init = { request, loaded };
  }

  async #exchange(
    loaded: LoadedLibrary,
    cmd: string,
    request: () => Uint8Array,
    person?: CommandRequest['person'],
  ): Promise<RawResponse> {
    const startTime = Date.now();
    const began = performance.now();
    const report = (outcome: { return_code: string } | { error: string }) => {
      if (!callChannel.hasSubscribers) return;
      const event: FaceCallEvent = { cmd, startTime, duration: performance.now() - began, ...outcome };
      callChannel.publish(event);
    };
    try {
      const bytes = await loaded.call({ cmd, request: request(), ...(person === undefined ? {} : { person }) });
      const response = parseResponse(cmd, bytes);
      report({ return_code: response.return_code });
      return response;
    } catch (reason) {
      const error = this.#isGivenUp ? new ClosedError('the face service') : reason;
      report({ error: error instanceof WxpayFaceError ? error.code : 'unknown' });
      throw error;
    }
  }

  /**
   * Ends the wait for a person that was asked for with these parameters. A stop that reaches the service before its
   * recognition does finds nothing to stop, whatever it answers: it is repeated until the recognition is over.
   */
  async #stop(command: Command | undefined, { appid, mch_id, authinfo }: Fields, over: AbortSignal): Promise<void> {
    const params = { appid, mch_id, authinfo };
    this.#beforeStop(params);
    do {
      const request = prepareRequest('stopWxpayface', params);
      await this.run('stopWxpayface', params, request).catch(() => {});
      if (command?.abort !== 'stop') return;
      await sleep(stopInterval, undefined, { ref: false, signal: over }).catch(() => {});
    } while (!over.aborted);
  }
}
