import diagnostics_channel from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { unlessAborted } from '../abort.js';
import { ClosedError, InvalidParameterError, WxpayFaceError } from '../errors.js';
import { checkFields } from '../fields.js';
import {
  type Command,
  type CommandName,
  commands,
  type FaceAuthParams,
  type FaceAuthResult,
  type FaceCodeResult,
  type FaceResponse,
  findCommand,
  type GetWxpayfaceCodeParams,
  type InitWxpayfaceParams,
  newerThan,
  type StopWxpayfaceParams,
  type UpdateWxpayfacePayResultParams,
} from './commands.js';
import { ServiceCommandError, ServiceResponseError } from './errors.js';
import { Lane } from './lane.js';
import { parseResponse, prepareRequest, type RawResponse } from './messages.js';
import { checkMilliseconds, type LibraryInfo, type OpenOptions, openLibrary } from './open.js';
import type { Call, Connection, Transport } from './transport.js';

type Params = Readonly<Record<string, unknown>>;

/** A message on the diagnostics channel `wxpay-face.face.call`, once for each call of the vendor's function. */
export interface FaceCallEvent {
  readonly cmd: string;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** Milliseconds, without the time that the call was queued. */
  readonly duration: number;
  readonly return_code?: string;
  /** The `code` of the error, where there was no usable response. */
  readonly error?: string;
}
/** Milliseconds between two stops of one recognition. */
const stopInterval = 1000;

const callChannel = diagnostics_channel.channel('wxpay-face.face.call');

/**
 * The WxpayFaceService program of this machine, through the vendor's library.
 *
 * The commands run one at a time in the order of the calls; stopWxpayface overtakes. None blocks the event loop.
 * Every command throws InvalidParameterError (before anything is sent), ServiceCommandError (the service said no),
 * ServiceCallError (the library said no; the WxpayFaceService program isn't running), ServiceResponseError,
 * HostProcessError, LibraryLoadError (the library has gone since its host process ended), or ClosedError.
 *
 * @example
 * const face = await FaceService.open({ library: 'C:\\WxpayFace\\WxpayFaceSDK.dll' });
 * await face.initWxpayface();
 * const { rawdata } = await face.getWxpayfaceRawdata();
 */
export class FaceService {
  /** What was opened, and how. */
  readonly library: LibraryInfo;
  /** The same as close(), where the runtime has Symbol.asyncDispose. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #transport: Transport;
  readonly #serial = new Lane();
  readonly #inFlight = new Set<symbol>();
  #whenIdle = () => {};
  readonly #warned = new Set<string>();
  /** The parameters of an initWxpayface that is in force, and the connection it was sent on. */
  #init: { readonly request: () => Uint8Array; connection: Connection } | undefined;
  #repeatedInit: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** close() no longer waits: whatever the calls in flight are rejected with, they were closed. */
  #givenUp = false;

  private constructor(library: LibraryInfo, transport: Transport) {
    this.library = library;
    this.#transport = transport;
  }

  /**
   * Loads the vendor's library. The WxpayFaceService program need not run yet. A library that hangs while it is loaded is
   * given up on with a `callTimeout`; a host process is then ended, where this process keeps the thread that hangs.
   * @throws LibraryLoadError that says what was looked for, what was found and what to do
   */
  static async open(options: OpenOptions = {}): Promise<FaceService> {
    const caller = callSite(FaceService.open);
    try {
      const { library, transport } = await openLibrary(options);
      return new FaceService(library, transport);
    } catch (error) {
      throw calledFrom(caller, error);
    }
  }

  /** Initialises the service and takes the camera (vendor page 1). */
  initWxpayface(params: InitWxpayfaceParams = {}): Promise<FaceResponse> {
    return this.#command('initWxpayface', { ...params });
  }

  /** Data for get_wxpayface_authinfo (vendor page 2). `rawdata` is a credential. */
  getWxpayfaceRawdata(): Promise<FaceResponse & { rawdata: string }> {
    return this.#command('getWxpayfaceRawdata', {});
  }

  /**
   * Shows the camera to the customer and waits for a face (vendor page 4); this may take minutes.
   *
   * Aborting sends stopWxpayface, and again each second; the promise settles only when the vendor's call has returned. A
   * code that came first is still returned (the vendor's screen then waits for updateWxpayfacePayResult); any other answer
   * after an abort rejects with `signal.reason`. A call that was not sent yet is not sent, and rejects at once.
   */
  getWxpayfaceCode(
    params: GetWxpayfaceCodeParams,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<FaceCodeResult>;
  getWxpayfaceCode(params: FaceAuthParams, options?: { signal?: AbortSignal | undefined }): Promise<FaceAuthResult>;
  getWxpayfaceCode(
    params: GetWxpayfaceCodeParams | FaceAuthParams,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<FaceCodeResult | FaceAuthResult> {
    return this.#command('getWxpayfaceCode', { ...params }, options?.signal);
  }

  /**
   * Tells the customer's screen how the payment ended (vendor page 8). Returns when the customer has confirmed, or never.
   * Aborting lets the commands behind it, and close(), go ahead; the vendor's own call can't be ended, so the promise still
   * settles when that has returned.
   */
  updateWxpayfacePayResult(
    params: UpdateWxpayfacePayResultParams,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<FaceResponse> {
    return this.#command('updateWxpayfacePayResult', { ...params }, options?.signal);
  }

  /** Ends a recognition at once, as long as no code was returned (vendor page 9). Overtakes the other commands. */
  stopWxpayface(params: StopWxpayfaceParams): Promise<FaceResponse> {
    return this.#command('stopWxpayface', { ...params });
  }

  /** Gives the camera back, to other payment programs too (vendor page 10). */
  releaseWxpayface(): Promise<FaceResponse> {
    return this.#command('releaseWxpayface', {});
  }

  /**
   * Any command, also one that this package doesn't know. `cmd`, `version` and `now` are filled in. Returns whatever
   * return_code came, and checks neither the parameters nor the response against the vendor's tables.
   * A listed command runs in that command's lane; an unknown one at once, beside any other.
   *
   * @example
   * const user = await face.call('getWxpayfaceUserInfo', { appid, mch_id, store_id, authinfo });
   */
  async call(cmd: string, params: Record<string, unknown> = {}): Promise<RawResponse> {
    const caller = callSite(this.call);
    try {
      return await this.#send(cmd, params);
    } catch (error) {
      throw calledFrom(caller, error);
    }
  }

  /**
   * Waits for calls in flight, those in the queue too; later calls are rejected with ClosedError. Idempotent, and the
   * shortest `timeout` counts.
   *
   * @param options.timeout Milliseconds after which the calls in flight are rejected with ClosedError as well: a host process
   * is ended, in this process their threads are left behind. Default: none, so that a call that hangs holds it up.
   * @throws InvalidParameterError
   */
  async close(options: { timeout?: number | undefined } = {}): Promise<void> {
    const { timeout } = options;
    checkMilliseconds('timeout', timeout, 0);
    this.#closed ??= this.#finish();
    if (timeout === undefined) return this.#closed;
    const timer = setTimeout(() => {
      this.#givenUp = true;
      this.#whenIdle();
    }, timeout);
    return this.#closed.finally(() => clearTimeout(timer));
  }

  async #finish(): Promise<void> {
    // An abort may still send a stopWxpayface meanwhile, or let go of a call that never returns.
    if (this.#inFlight.size > 0)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    await this.#transport.close();
  }

  async #command<Result extends FaceResponse>(name: CommandName, given: Params, signal?: AbortSignal): Promise<Result> {
    const caller = callSite(this[name]);
    const command: Command = commands[name];
    const params = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
    );
    try {
      checkFields(command.fields, params);
      for (const { field, when, rule } of command.conditions)
        if ((params[field] ?? '') === '' && when(params)) throw new InvalidParameterError(field, rule);
      const response = await this.#send(name, params, signal);
      assertAccepted<Result>(name, command, params, response);
      if (signal?.aborted && response.return_code !== 'SUCCESS') throw signal.reason;
      return response;
    } catch (error) {
      throw signal?.aborted ? signal.reason : calledFrom(caller, error);
    }
  }

  #send(cmd: string, params: Params, signal?: AbortSignal): Promise<RawResponse> {
    if (this.#closed !== undefined) throw new ClosedError('the face service');
    const request = prepareRequest(cmd, params);
    if (signal?.aborted) throw signal.reason;
    this.#warnOfNewer(cmd, params);
    return this.#inTurn(cmd, { ...params }, request, signal);
  }

  async #inTurn(cmd: string, params: Params, request: () => Uint8Array, signal?: AbortSignal): Promise<RawResponse> {
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
    const onAbort = command?.abort === 'leave' ? leave : stop;
    try {
      if (command?.lane === 'serial') leaveLane = await this.#serial.enter(signal);
      const connection = await unlessAborted(() => this.#ready(command), signal);
      if (signal?.aborted) throw signal.reason;
      signal?.addEventListener('abort', onAbort);
      if (cmd === 'releaseWxpayface') this.#init = undefined;
      const person = command?.waitsForPerson ? { stop, awaited: () => !left } : undefined;
      const response = await this.#exchange(connection, cmd, request, person);
      if (cmd === 'initWxpayface' && response.return_code === 'SUCCESS') this.#init = { request, connection };
      return response;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      leave();
    }
  }

  /** The library, loaded, and initialised anew where it had to be loaded anew. */
  async #ready(command: Command | undefined): Promise<Connection> {
    const connection = await this.#transport.connect();
    const init = this.#init;
    if (init !== undefined && init.connection !== connection && (command?.needsInit ?? true)) {
      this.#repeatedInit ??= this.#repeatInit(connection, init.request).finally(() => {
        this.#repeatedInit = undefined;
      });
      await this.#repeatedInit;
    } else if (command?.lane === 'serial') {
      // Sent beside it, a release could reach the service first, and be undone by it.
      await this.#repeatedInit?.catch(() => {});
    }
    return connection;
  }

  async #repeatInit(connection: Connection, request: () => Uint8Array): Promise<void> {
    const { return_code, return_msg } = await this.#exchange(connection, 'initWxpayface', request);
    if (return_code !== 'SUCCESS') throw new ServiceCommandError('initWxpayface', return_code, return_msg);
    // Meanwhile another one, or a release, may have taken its place.
    if (this.#init?.request === request) this.#init = { request, connection };
  }

  async #exchange(
    connection: Connection,
    cmd: string,
    request: () => Uint8Array,
    person?: Call['person'],
  ): Promise<RawResponse> {
    const startTime = Date.now();
    const began = performance.now();
    const tell = (outcome: { return_code: string } | { error: string }) => {
      if (!callChannel.hasSubscribers) return;
      const event: FaceCallEvent = { cmd, startTime, duration: performance.now() - began, ...outcome };
      callChannel.publish(event);
    };
    try {
      const bytes = await connection.call({ cmd, request: request(), ...(person === undefined ? {} : { person }) });
      const response = parseResponse(cmd, bytes);
      tell({ return_code: response.return_code });
      return response;
    } catch (reason) {
      const error = this.#givenUp ? new ClosedError('the face service') : reason;
      tell({ error: error instanceof WxpayFaceError ? error.code : 'unknown' });
      throw error;
    }
  }

  /**
   * Ends the wait for a person that was asked for with these parameters. A stop that reaches the service before its
   * recognition does finds nothing to stop, whatever it answers: it is repeated until the recognition is over.
   */
  async #stop(command: Command | undefined, { appid, mch_id, authinfo }: Params, over: AbortSignal): Promise<void> {
    const params = { appid, mch_id, authinfo };
    this.#warnOfNewer('stopWxpayface', params);
    do {
      const request = prepareRequest('stopWxpayface', params);
      await this.#inTurn('stopWxpayface', params, request).catch(() => {});
      if (command?.abort !== 'stop') return;
      await sleep(stopInterval, undefined, { ref: false, signal: over }).catch(() => {});
    } while (!over.aborted);
  }

  #warnOfNewer(cmd: string, params: Params): void {
    const { version, path } = this.library;
    if (version === undefined) return;
    for (const { what, since } of newerThan(version, cmd, params)) {
      if (this.#warned.has(what)) continue;
      this.#warned.add(what);
      process.emitWarning(`${what} needs SDK ${since}, but ${path} is ${version}: it may be ignored or refused`, {
        type: 'WxpayFaceWarning',
      });
    }
  }
}

// Not a method of the class: without the symbol its name would be "undefined".
if (typeof Symbol.asyncDispose === 'symbol')
  Object.defineProperty(FaceService.prototype, Symbol.asyncDispose, {
    value(this: FaceService) {
      return this.close();
    },
    configurable: true,
    writable: true,
  });

/**
 * Holds a response against its command's row.
 * @throws ServiceCommandError for a return_code that is not a value; ServiceResponseError for a SUCCESS without its fields
 */
function assertAccepted<Result extends FaceResponse>(
  cmd: string,
  { goodCodes, fields, response: promised }: Command,
  params: Params,
  response: RawResponse,
): asserts response is RawResponse & Result {
  if (!goodCodes.includes(response.return_code)) {
    // The vendor's words might repeat what was sent.
    const secrets = Object.entries(fields)
      .filter(([, field]) => field.secret)
      .map(([name]) => params[name])
      .filter((value): value is string => typeof value === 'string' && value !== '');
    const said = secrets.reduce((text, secret) => text?.split(secret).join('***'), response.return_msg);
    throw new ServiceCommandError(cmd, response.return_code, said);
  }
  if (response.return_code !== 'SUCCESS' || promised.when?.(params) === false) return;
  for (const name of promised.required)
    if (typeof response[name] !== 'string' || response[name] === '')
      throw new ServiceResponseError(cmd, `is a SUCCESS without ${name} in text`);
  for (const name of promised.optional) {
    if (response[name] === null) delete response[name];
    if (response[name] !== undefined && typeof response[name] !== 'string')
      throw new ServiceResponseError(cmd, `has a ${name} that is not text`);
  }
}

interface CallSite {
  readonly stack?: string;
}

/** Where a public method was called. The frames are put into words only if they are needed. */
function callSite(method: (...args: never[]) => unknown): CallSite {
  const site = {};
  Error.captureStackTrace(site, method);
  return site;
}

/** An error that comes back from another thread or process has no stack that helps: gives it the caller's. */
function calledFrom({ stack }: CallSite, error: unknown): unknown {
  if (error instanceof WxpayFaceError && typeof stack === 'string')
    // Its first line; there may be no other.
    error.stack = stack.replace(/^.*/, () => `${error.name}: ${error.message}`);
  return error;
}
