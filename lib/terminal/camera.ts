import { performance } from 'node:perf_hooks';
import { unlessAborted } from '../abort.js';
import type { FaceCodeResult, GetWxpayfaceCodeParams, InitWxpayfaceParams } from '../face/commands.js';
import { HostProcessError, ServiceCallError, ServiceCommandError, ServiceResponseError } from '../face/errors.js';
import type { FaceService } from '../face/service.js';
import type { AuthinfoParams, AuthinfoResponse } from '../pay/types.js';
import type { CustomerScreen } from './screen.js';
import { within } from './waiting.js';

/** What one recognition takes: the command's parameters, but for the credential, which is held here. */
export type Recognition = Omit<GetWxpayfaceCodeParams, 'authinfo'>;

export interface Recognised {
  readonly face: FaceCodeResult;
  /** The one that the face was recognised with: the result is shown with the same. */
  readonly authinfo: string;
}

/** A step of PaymentProgress. */
export type CameraStep = 'camera' | 'credential' | 'looking';

interface CameraOptions {
  readonly face: FaceService;
  readonly screen: CustomerScreen;
  readonly init: InitWxpayfaceParams | undefined;
  readonly terminal: Omit<AuthinfoParams, 'rawdata'>;
  readonly getAuthinfo: (params: AuthinfoParams, signal: AbortSignal | undefined) => Promise<AuthinfoResponse>;
  /** Milliseconds that a release is waited for after a payment. */
  readonly timeout: number;
}

/** An authinfo is left alone for the last tenth of its life, at most five minutes: a recognition takes its time. */
const authinfoMargin = (lifetime: number): number => Math.min(lifetime / 10, 300_000);

/** The service is gone, was restarted, or no longer takes what an earlier payment left behind. */
const isServiceTrouble = (error: unknown): boolean =>
  [ServiceCallError, ServiceCommandError, ServiceResponseError, HostProcessError].some((kind) => error instanceof kind);

/** The service's camera, and the credential to use it. */
export class Camera {
  readonly #options: CameraOptions;
  #authinfo: { readonly text: string; readonly goodUntil: number } | undefined;
  /** 'unknown' at first and after any trouble: nobody knows what a crash left on the screen, or whether the service restarted. */
  #state: 'unknown' | 'ready' | 'released' = 'unknown';
  /** Something of ours is left to release. */
  #isHeld = false;

  constructor(options: CameraOptions) {
    this.#options = options;
  }

  /** Must be initialised anew: something may be left on the screen. */
  distrust(): void {
    this.#state = 'unknown';
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
    const stale = this.#state === 'ready' || this.#authinfo !== undefined;
    try {
      return await this.#lookForFace(recognition, signal, begin);
    } catch (error) {
      if (!isServiceTrouble(error)) throw error;
      this.#forget();
      // Only what an earlier payment left behind can be stale: a restarted service, a worn-out authinfo. Once.
      if (!stale || signal?.aborted) throw error;
    }
    try {
      return await this.#lookForFace(recognition, signal, begin);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** After a payment its outcome is known: a service that no longer answers must not hold it up. */
  async giveBack(): Promise<void> {
    if (!this.#isHeld) return;
    const released = await within(
      this.#options.timeout,
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
    if (!this.#authinfo || performance.now() >= this.#authinfo.goodUntil) {
      begin('camera', 'getWxpayfaceRawdata');
      const { rawdata } = await unlessAborted(() => face.getWxpayfaceRawdata(), signal);
      begin('credential', 'get_wxpayface_authinfo');
      this.#authinfo = await this.#newAuthinfo(rawdata, signal);
    }
    begin('looking', 'getWxpayfaceCode');
    const authinfo = this.#authinfo.text;
    return { face: await face.getWxpayfaceCode({ ...recognition, authinfo }, signal && { signal }), authinfo };
  }

  async #initialise(signal: AbortSignal | undefined, begin: (step: CameraStep, detail: string) => void): Promise<void> {
    const { face, screen, init } = this.#options;
    begin('camera', 'initWxpayface');
    // Closes what a crash, or a customer who walked away, left on the screen.
    if (this.#state === 'unknown') await unlessAborted(() => this.#release(), signal);
    // The release has ended none of the calls that wait for a customer: only the end of their process does.
    if (screen.isStuck) await unlessAborted(() => face.endHost(), signal);
    // An initialisation that fails, or is no longer waited for, may take the camera all the same.
    this.#state = 'unknown';
    this.#isHeld = true;
    await unlessAborted(() => face.initWxpayface(init), signal);
    this.#state = 'ready';
  }

  async #newAuthinfo(rawdata: string, signal: AbortSignal | undefined) {
    const { getAuthinfo, terminal } = this.#options;
    const asked = performance.now();
    const { authinfo, expires_in } = await getAuthinfo({ ...terminal, rawdata }, signal);
    const lifetime = expires_in * 1000;
    return { text: authinfo, goodUntil: asked + lifetime - authinfoMargin(lifetime) };
  }

  #forget(): void {
    this.#state = 'unknown';
    this.#authinfo = undefined;
  }

  async #release(): Promise<void> {
    // The vendor's call goes on until the customer confirms; the commands after it need not wait for that.
    this.#options.screen.leave();
    // If nothing is there to release, the service may say so; initWxpayface tells whether it works.
    const release = async () => this.#options.face.releaseWxpayface();
    await release().catch(() => undefined);
  }
}
