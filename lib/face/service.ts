import { ClosedError } from '../errors.js';
import type { Fields } from '../unknown.js';
import {
  type Command,
  type CommandName,
  commands,
  type FaceAuthParams,
  type FaceAuthResult,
  type FaceCodeResult,
  type FaceResponse,
  type FaceUserResult,
  type GetWxpayAuthParams,
  type GetWxpayfaceCodeParams,
  type GetWxpayfaceUserInfoParams,
  type InitWxpayfaceParams,
  type StopWxpayfaceParams,
  type UpdateWxpayfacePayResultParams,
} from './commands.js';
import { calledFrom, callSite } from './errors.js';
import type { LibraryAccess } from './library-access.js';
import { assertAccepted, checkParams, prepareRequest, type RawResponse } from './messages.js';
import { checkMilliseconds, type LibraryInfo, type OpenOptions, openLibrary } from './open.js';
import { type CommandOptions, CommandQueue } from './queue.js';
import { newerThan } from './sdk-version.js';

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
  /** The same as close(), if the runtime has Symbol.asyncDispose. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #queue: CommandQueue;
  readonly #warned = new Set<string>();
  #closed: Promise<void> | undefined;

  private constructor(library: LibraryInfo, access: LibraryAccess) {
    this.library = library;
    this.#queue = new CommandQueue(access, (params) => this.#warnOfNewer('stopWxpayface', params));
  }

  /**
   * Loads the vendor's library. The WxpayFaceService program need not run yet. A library that hangs while it is loaded is
   * given up on with a `callTimeout`; a host process is then ended, whereas this process keeps the thread that hangs.
   * @throws LibraryLoadError that says what was looked for, what was found and what to do; InvalidParameterError for an option
   * that there isn't
   */
  static async open(options: OpenOptions = {}): Promise<FaceService> {
    const caller = callSite(FaceService.open);
    try {
      const { library, access } = await openLibrary(options);
      return new FaceService(library, access);
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
   *
   * After face_authtype FACE_AUTH, and whatever it gave, call {@link FaceService.getWxpayAuth}: since SDK 1.20 the screen
   * waits for it.
   */
  getWxpayfaceCode(
    params: GetWxpayfaceCodeParams,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<FaceCodeResult>;
  getWxpayfaceCode(params: FaceAuthParams, options?: { signal?: AbortSignal | undefined }): Promise<FaceAuthResult>;
  /** @internal */
  getWxpayfaceCode(params: GetWxpayfaceCodeParams, options: CommandOptions): Promise<FaceCodeResult>;
  getWxpayfaceCode(
    params: GetWxpayfaceCodeParams | FaceAuthParams,
    options?: CommandOptions,
  ): Promise<FaceCodeResult | FaceAuthResult> {
    return this.#command('getWxpayfaceCode', { ...params }, options);
  }

  /**
   * Shows the camera and tells who the customer is; no payment comes of it (the vendor's page 刷脸用户). Waits for a face, and
   * is aborted, as {@link FaceService.getWxpayfaceCode} is.
   * @example
   * const user = await face.getWxpayfaceUserInfo({ appid, mch_id, store_id, authinfo, face_authtype: 'FACEID-ONCE' });
   * if (user.return_code === 'SUCCESS') await facePay.pay(order, { openid: user.openid });
   */
  getWxpayfaceUserInfo(
    params: GetWxpayfaceUserInfoParams,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<FaceUserResult> {
    return this.#command('getWxpayfaceUserInfo', { ...params }, options);
  }

  /**
   * Goes on after a getWxpayfaceCode with FACE_AUTH, whose screen waits for it since SDK 1.20 (the vendor's page 实名);
   * `quit_face_auth: '1'` leaves that screen.
   */
  getWxpayAuth(params: GetWxpayAuthParams): Promise<FaceResponse> {
    return this.#command('getWxpayAuth', { ...params });
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
    return this.#command('updateWxpayfacePayResult', { ...params }, options);
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
   * const answer = await face.call('reportInfo', { appid, mch_id, store_id, authinfo });
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
   * Between two customers, ends a host process whose calls no longer return; the next command starts another, and initialises
   * it. In this process nothing can end them, and nothing happens.
   * @internal
   */
  async endHost(): Promise<void> {
    if (this.#closed !== undefined) throw new ClosedError('the face service');
    await this.#queue.endHost();
  }

  /**
   * Rejects the calls in flight, such as a recognition that no stop has ended: a host process is ended, in this process their
   * threads are left behind. The next command starts again; nothing is initialised by itself.
   * @internal
   */
  async abandon(): Promise<void> {
    if (this.#closed !== undefined) throw new ClosedError('the face service');
    await this.#queue.abandon();
  }

  /**
   * After trouble: whoever goes on initialises, and no command does so by itself.
   * @internal
   */
  forgetInit(): void {
    this.#queue.forgetInit();
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
    this.#closed ??= this.#queue.close();
    if (timeout === undefined) return this.#closed;
    const timer = setTimeout(() => this.#queue.giveUp(), timeout);
    return this.#closed.finally(() => clearTimeout(timer));
  }

  async #command<Result extends FaceResponse>(
    name: CommandName,
    given: Fields,
    options: CommandOptions = {},
  ): Promise<Result> {
    const { signal } = options;
    const caller = callSite(this[name]);
    const command: Command = commands[name];
    const params = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
    );
    try {
      checkParams(command, params);
      const response = await this.#send(name, params, options);
      assertAccepted<Result>(name, command, params, response);
      if (signal?.aborted && response.return_code !== 'SUCCESS') throw signal.reason;
      return response;
    } catch (error) {
      throw signal?.aborted ? signal.reason : calledFrom(caller, error);
    }
  }

  #send(cmd: string, params: Fields, options: CommandOptions = {}): Promise<RawResponse> {
    if (this.#closed !== undefined) throw new ClosedError('the face service');
    const request = prepareRequest(cmd, params);
    if (options.signal?.aborted) throw options.signal.reason;
    this.#warnOfNewer(cmd, params);
    return this.#queue.run(cmd, { ...params }, request, options);
  }

  #warnOfNewer(cmd: string, params: Fields): void {
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

// A bundler renames a class that names itself.
Object.defineProperty(FaceService, 'name', { value: 'FaceService' });

// Not a method of the class: without the symbol its name would be "undefined".
if (typeof Symbol.asyncDispose === 'symbol')
  Object.defineProperty(FaceService.prototype, Symbol.asyncDispose, {
    value(this: FaceService) {
      return this.close();
    },
    configurable: true,
    writable: true,
  });
