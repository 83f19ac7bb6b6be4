import { unlessAborted } from '../abort.js';
import { ClosedError } from '../errors.js';
import type { FaceCodeResult, GetWxpayfaceCodeParams, InitWxpayfaceParams } from '../face/commands.js';
import {
  HostProcessError,
  LibraryLoadError,
  ServiceCallError,
  ServiceCommandError,
  ServiceResponseError,
} from '../face/errors.js';
import type { AuthinfoParams } from '../pay/parameters.js';
import type { AuthinfoResponse } from '../pay/results.js';
import type { Clock } from '../payment/clock.js';
import type { Face } from './face.js';
import type { CustomerScreen } from './screen.js';
import { within } from './waiting.js';

/** What one recognition takes. */
export interface Recognition {
  /** The command's, but for the credential, which is held here. */
  readonly params: Omit<GetWxpayfaceCodeParams, 'authinfo'>;
  /** Milliseconds that the library waits for the customer, if others than it was opened with. */
  readonly humanTimeout: number | undefined;
}

/** With a code. */
export type FaceCode = FaceCodeResult & { return_code: 'SUCCESS' };

export interface Recognised<Result = FaceCodeResult> {
  readonly face: Result;
  /** The one that the face was recognised with: the result is shown with the same. */
  readonly authinfo: string;
}

/** A step of PaymentProgress. */
export type CameraStep = 'camera' | 'credential' | 'looking';

interface CameraOptions {
  readonly face: Face;
  readonly clock: Clock;
  readonly screen: CustomerScreen;
  readonly init: InitWxpayfaceParams | undefined;
  readonly terminal: Omit<AuthinfoParams, 'rawdata'>;
  readonly getAuthinfo: (params: AuthinfoParams, signal: AbortSignal | undefined) => Promise<AuthinfoResponse>;
  /** Milliseconds that a release is waited for after a payment. */
  readonly timeout: number;
  /** Hears whether the service does what it's asked. */
  readonly onState: (state: 'ready' | 'down') => void;
}

/** Milliseconds before an initialisation is tried once more, if the service says that it's at one. */
const initialising = 2000;

/** An authinfo is left alone for the last tenth of its life, at most five minutes: a recognition takes its time. */
const authinfoMargin = (lifetime: number): number => Math.min(lifetime / 10, 300_000);

/** The service is gone, was restarted, or no longer takes what an earlier payment left behind; or its library has gone. */
const isServiceTrouble = (error: unknown): boolean =>
  [ServiceCallError, ServiceCommandError, ServiceResponseError, HostProcessError, LibraryLoadError].some(
    (kind) => error instanceof kind,
  );

/** A service that was started a moment ago (docs/facts.md#the-library). */
const isInitialising = (error: unknown): boolean =>
  error instanceof ServiceCommandError &&
  /initiali[sz]ing|正在初始化|初始化中/i.test(`${error.return_code} ${error.return_msg ?? ''}`);

/** The service's camera, and the credential to use it. */
export class Camera {
  readonly #options: CameraOptions;
  #authinfo: { readonly text: string; readonly goodUntil: number } | undefined;
  /** 'unknown' at first and after any trouble: nobody knows what a crash left on the screen, or whether the service restarted. */
  #state: 'unknown' | 'ready' | 'released' = 'unknown';
  /** Something of ours is left to release. */
  #isHeld = false;
  /** The service said no to the last initialisation. */
  #isRefused = false;
  /** An initialisation, or a question, between two sales. Never rejects. */
  #atRest: Promise<void> | undefined;

  constructor(options: CameraOptions) {
    this.#options = options;
  }

  /** Must be initialised again: something may be left on the screen. */
  distrust(): void {
    this.#state = 'unknown';
  }

  /** At the program's start: initialises, so that no customer has to wait for it (vendor page 1). Never rejects. */
  async prepare(): Promise<void> {
    await this.#rest(() => this.#initialise(undefined, () => undefined));
  }

  /** Between two sales: asks the service for something that changes nothing. Never rejects. */
  async check(): Promise<void> {
    await this.#rest(async () => {
      const { face } = this.#options;
      // A library that has to be loaded again for this question must not be initialised for it as well: only a sale
      // does that.
      face.forgetInit();
      await face.getWxpayfaceRawdata();
      // A service that answers, but refuses the camera, is of no use.
      if (!this.#isRefused) this.#options.onState('ready');
    });
  }

  async #rest(ask: () => Promise<void>): Promise<void> {
    this.#atRest ??= ask()
      .catch((error: unknown) => {
        if (error instanceof ClosedError) return;
        this.#forget();
        this.#options.onState('down');
      })
      .finally(() => {
        this.#atRest = undefined;
      });
    await this.#atRest;
  }

  /** Initialises and gets the credential if that is necessary, and waits for a face. */
  async recognise(
    recognition: Recognition,
    signal: AbortSignal | undefined,
    report: (step: CameraStep, detail: string) => void,
  ): Promise<Recognised> {
    const begin = (step: CameraStep, detail: string): void => {
      if (signal?.aborted) throw signal.reason;
      report(step, detail);
    };
    await unlessAborted(async () => this.#atRest, signal);
    const stale = this.#state === 'ready' || this.#authinfo !== undefined;
    try {
      return await this.#lookForFace(recognition, signal, begin);
    } catch (error) {
      if (!isServiceTrouble(error)) throw error;
      this.#forget();
      // Only what an earlier payment left behind can be stale: a restarted service, a worn-out authinfo. Once.
      if (!stale || signal?.aborted) return this.#fail(error, signal);
    }
    try {
      return await this.#lookForFace(recognition, signal, begin);
    } catch (error) {
      this.#forget();
      return this.#fail(error, signal);
    }
  }

  #fail(error: unknown, signal: AbortSignal | undefined): never {
    // The merchant's errors say nothing of the camera.
    if (isServiceTrouble(error) && !signal?.aborted) this.#options.onState('down');
    throw error;
  }

  /** After a payment its outcome is known: a service that no longer answers must not hold it up. */
  async giveBack(): Promise<void> {
    if (!this.#isHeld) return;
    const { clock, timeout } = this.#options;
    const released = await within(
      clock,
      timeout,
      this.#release().then(() => true),
    );
    this.#state = released ? 'released' : 'unknown';
    this.#isHeld = false;
  }

  async #lookForFace(
    recognition: Recognition,
    signal: AbortSignal | undefined,
    begin: (step: CameraStep, detail: string) => void,
  ): Promise<Recognised> {
    const { face } = this.#options;
    if (this.#state !== 'ready') await this.#initialise(signal, begin);
    if (!this.#authinfo || this.#options.clock.monotonic() >= this.#authinfo.goodUntil) {
      begin('camera', 'getWxpayfaceRawdata');
      const { rawdata } = await unlessAborted(() => face.getWxpayfaceRawdata(), signal);
      begin('credential', 'get_wxpayface_authinfo');
      this.#authinfo = await this.#newAuthinfo(rawdata, signal);
    }
    begin('looking', 'getWxpayfaceCode');
    const authinfo = this.#authinfo.text;
    const { params, humanTimeout } = recognition;
    const code = await face.getWxpayfaceCode({ ...params, authinfo }, { signal, humanTimeout });
    this.#options.onState('ready');
    return { face: code, authinfo };
  }

  async #initialise(signal: AbortSignal | undefined, begin: (step: CameraStep, detail: string) => void): Promise<void> {
    const { face, screen } = this.#options;
    begin('camera', 'initWxpayface');
    // Closes what a crash, or a customer who walked away, left on the screen.
    if (this.#state === 'unknown') await unlessAborted(() => this.#release(), signal);
    // The release has ended none of the calls that wait for a customer: only the end of their process does.
    if (screen.isStuck) await unlessAborted(() => face.endHost(), signal);
    // An initialisation that fails, or is no longer waited for, may take the camera all the same.
    this.#state = 'unknown';
    this.#isHeld = true;
    try {
      await unlessAborted(() => this.#init(signal), signal);
      this.#isRefused = false;
    } catch (error) {
      this.#isRefused = error instanceof ServiceCommandError;
      throw error;
    }
    this.#state = 'ready';
    this.#options.onState('ready');
  }

  async #init(signal: AbortSignal | undefined): Promise<void> {
    const { face, init, clock } = this.#options;
    try {
      await face.initWxpayface(init);
    } catch (error) {
      if (!isInitialising(error)) throw error;
      // Not for a sale that is over.
      await clock.sleep(initialising, signal);
      await face.initWxpayface(init);
    }
  }

  async #newAuthinfo(rawdata: string, signal: AbortSignal | undefined) {
    const { getAuthinfo, terminal } = this.#options;
    const asked = this.#options.clock.monotonic();
    const { authinfo, expires_in } = await getAuthinfo({ ...terminal, rawdata }, signal);
    const lifetime = expires_in * 1000;
    return { text: authinfo, goodUntil: asked + lifetime - authinfoMargin(lifetime) };
  }

  #forget(): void {
    this.#state = 'unknown';
    this.#authinfo = undefined;
    this.#options.face.forgetInit();
  }

  async #release(): Promise<void> {
    // The vendor's call goes on until the customer confirms; the commands after it need not wait for that.
    this.#options.screen.leave();
    // If nothing is there to release, the service may say so; initWxpayface tells whether it works.
    const release = async () => this.#options.face.releaseWxpayface();
    await release().catch(() => undefined);
  }
}
