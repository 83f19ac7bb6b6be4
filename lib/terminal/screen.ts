import type { UpdateWxpayfacePayResultParams } from '../face/commands.js';
import type { Clock } from '../payment/clock.js';
import type { Face } from './face.js';
import { within } from './waiting.js';

/**
 * 'clear': nothing of ours is on it. 'shown': it shows a result that the customer has not confirmed yet. 'left': it shows what
 * nobody will confirm, or still waits for a result; only a release clears it.
 */
type ScreenState = 'clear' | 'shown' | 'left';

/** Each is a thread that the vendor's library holds. */
const mostUnconfirmed = 8;

const warning =
  `the face service has not ended ${mostUnconfirmed} calls of updateWxpayfacePayResult, each of which holds a thread of this ` +
  "process: as long as it doesn't, results are not shown on the customer's screen, which releaseWxpayface clears. Restart the " +
  "WxpayFaceService program, or open the library with host: 'host-process', which can be restarted from here";

/** The customer's screen after a payment. Its calls return when the customer has confirmed, or never (vendor page 8). */
export class CustomerScreen {
  readonly #face: Face;
  readonly #timeout: number;
  readonly #clock: Clock;
  #state: ScreenState = 'clear';
  /** The call that the state is about. */
  #shown: { readonly answered: Promise<unknown>; readonly abandon: AbortController } | undefined;
  #unreturned = 0;
  #hasWarned = false;

  /** @param timeout Milliseconds that it is waited for at once. */
  constructor(face: Face, timeout: number, clock: Clock) {
    this.#face = face;
    this.#timeout = timeout;
    this.#clock = clock;
  }

  /** So many calls have not returned that another must not be added. */
  get isStuck(): boolean {
    return this.#unreturned >= mostUnconfirmed;
  }

  /** Resolves when the customer has confirmed, or the time is over; false if the result could not be shown. Never rejects. */
  async show(params: UpdateWxpayfacePayResultParams): Promise<boolean> {
    if (this.isStuck) {
      this.#state = 'left';
      this.#warn();
      return false;
    }
    const abandon = new AbortController();
    this.#state = 'shown';
    this.#shown = { answered: this.#call(params, abandon), abandon };
    // The call goes on but delays nobody, and its time-out must not stop what can no longer be stopped
    // (vendor page, 9).
    if (!(await this.settle())) abandon.abort();
    return true;
  }

  /** Nothing of ours is on it. */
  get isClear(): boolean {
    return this.#state === 'clear';
  }

  /** Waits for the customer; false if only a release clears the screen. */
  async settle(): Promise<boolean> {
    if (this.#shown && this.#state === 'shown') await within(this.#clock, this.#timeout, this.#shown.answered);
    return this.isClear;
  }

  /** Lets the commands after it go ahead: a release clears the screen. The call itself may go on. */
  leave(): void {
    this.#shown?.abandon.abort();
    this.#shown = undefined;
    this.#state = 'clear';
  }

  async #call(params: UpdateWxpayfacePayResultParams, abandon: AbortController): Promise<void> {
    let state: ScreenState = 'clear';
    this.#unreturned += 1;
    try {
      await this.#face.updateWxpayfacePayResult(params, { signal: abandon.signal });
    } catch {
      state = 'left';
    }
    this.#unreturned -= 1;
    if (this.#shown?.abandon === abandon) this.#state = state;
  }

  #warn(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    process.emitWarning(warning, { type: 'WxpayFaceWarning', code: 'WXPAY_FACE_SCREEN' });
  }
}
