import diagnostics_channel from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { unlessAborted } from '../abort.js';
import { ClosedError, InvalidParameterError } from '../errors.js';
import type { FaceCodeResult, GetWxpayfaceCodeParams, InitWxpayfaceParams } from '../face/commands.js';
import { HostProcessError, ServiceCallError, ServiceCommandError, ServiceResponseError } from '../face/errors.js';
import type { FaceService } from '../face/service.js';
import { checkFields, type FieldTable } from '../fields.js';
import { OrderExistsError } from '../journal/errors.js';
import { PayTransportError } from '../pay/errors.js';
import { failureCode } from '../payment/decision/answers.js';
import type { PaymentOutcome } from '../payment/decision/outcomes.js';
import type { Order, PaymentCode, Rail } from '../payment/order.js';
import { checkOrder } from '../payment/order.js';
import type { PaymentProgress, PayOptions } from '../payment/progress.js';
import { BusyError } from './errors.js';
import type { Merchant } from './merchant.js';

/** Parts of a {@link FacePay}, and how it uses the camera. */
export interface FacePayOptions {
  face: FaceService;
  /** The merchant's side: here in this process (`localMerchant`), or a till's own proxy to a merchant server that keeps the keys. */
  merchant: Merchant;
  /** Vendor page 3. `store_id` up to 32 characters, `store_name` up to 128, `device_id` up to 32, `attach` a JSON text. */
  terminal: { store_id: string; store_name: string; device_id: string; attach?: string };
  /**
   * 'micropay': face_code_type "1", 18 digits. 'facepay': face_code_type "0".
   * @default 'micropay'
   */
  rail?: Rail;
  /**
   * 'dedicated': initialised once. 'shared': initWxpayface before and releaseWxpayface after each payment, so that other
   * payment programs get the camera (vendor page 10).
   * @default 'dedicated'
   */
  camera?: 'dedicated' | 'shared';
  /** Parameters of initWxpayface: the service's proxy, the camera's rotation. */
  init?: InitWxpayfaceParams;
  /**
   * Milliseconds that pay() waits for the answer to updateWxpayfacePayResult, which the customer confirms by hand. The next
   * payment waits for it as long again, then initialises anew.
   * @default 3000
   */
  screenTimeout?: number;
}

/** What one FacePay.pay may be given besides the order: PayOptions, and how the vendor's window behaves. */
export type FacePayPayOptions = PayOptions &
  Partial<Record<'screen_index' | 'disable_keyboard' | 'use_window_nofocus' | 'openid', string>>;

/** A {@link PaymentOutcome}, or: the customer chose to pay by scanning. */
export type FacePayOutcome = PaymentOutcome | { status: 'scan'; out_trade_no: string };

const terminalFields: FieldTable = {
  store_id: { required: true, maxCharacters: 32 },
  store_name: { required: true, maxCharacters: 128 },
  device_id: { required: true, maxCharacters: 32 },
  attach: {},
};

const phases = diagnostics_channel.channel('wxpay-face.payment.phase');

const faceCodeTypes = { micropay: '1', facepay: '0' } as const;

/** An authinfo is left alone for the last tenth of its life, at most five minutes: a recognition takes its time. */
const authinfoMargin = (lifetime: number): number => Math.min(lifetime / 10, 300_000);

/** The service is gone, was restarted, or no longer takes what an earlier payment left behind. */
const isServiceTrouble = (error: unknown): boolean =>
  [ServiceCallError, ServiceCommandError, ServiceResponseError, HostProcessError].some((kind) => error instanceof kind);

type Recognised = FaceCodeResult & { return_code: 'SUCCESS' };

interface Recognition {
  face: FaceCodeResult;
  /** The one that the code was given for: the screen is told with the same. */
  authinfo: string;
}

/** Takes one customer at a time from the camera to the settled order: the vendor's sequence diagram, steps 1 to 9. */
export class FacePay {
  readonly #face: FaceService;
  readonly #merchant: Merchant;
  readonly #options: FacePayOptions;
  readonly #rail: Rail;
  readonly #screenTimeout: number;
  #authinfo: { text: string; goodUntil: number } | undefined;
  /** 'unknown' at first and after any trouble: nobody knows what a crash left on the screen, or whether the service restarted. */
  #camera: 'unknown' | 'ready' | 'released' = 'unknown';
  /** Something of this FacePay's is left to release. */
  #hasCamera = false;
  #screen: { answered: Promise<void>; abandon: AbortController } | undefined;
  #running: { out_trade_no: string; ended: Promise<unknown> } | undefined;
  #closed = false;

  /** @throws InvalidParameterError for a terminal that the vendor would refuse, or an option out of range. */
  constructor(options: FacePayOptions) {
    const { face, merchant, terminal, rail = 'micropay', camera = 'dedicated', screenTimeout = 3000 } = options;
    if (!face) throw new InvalidParameterError('face', 'is required: a FaceService');
    if (!merchant)
      throw new InvalidParameterError('merchant', 'is required: localMerchant(client, processor), or your own');
    if (!terminal) throw new InvalidParameterError('terminal', 'is required');
    checkFields(terminalFields, terminal);
    checkFields(
      { rail: { values: ['micropay', 'facepay'] }, camera: { values: ['dedicated', 'shared'] } },
      { rail, camera },
    );
    // Node.js's timers hold no more.
    checkFields({ screenTimeout: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 } }, { screenTimeout });
    this.#face = face;
    this.#merchant = merchant;
    this.#options = options;
    this.#rail = rail;
    this.#screenTimeout = screenTimeout;
  }

  /**
   * Recognises the face, pays, and once a face_code was returned (and only then) tells the customer's screen the result,
   * whatever happened in between. Resolves when the outcome is durable and the screen was told. The first payment after a
   * start clears a screen that a crash may have left waiting.
   *
   * @throws InvalidParameterError before anything happens; BusyError during another payment; OrderExistsError for a number
   * that the journal knows; ServiceCallError, ServiceCommandError and others where the camera's side fails: nothing was
   * charged then. An error out of the payment itself says what is known; ask `outcome(out_trade_no)` later.
   * @example
   * const outcome = await facePay.pay({ out_trade_no: 'T1-0001', total_fee: 1250, body: 'Lunch' });
   * if (outcome.status === 'paid') handOverTheGoods();
   */
  async pay(order: Order, options: FacePayPayOptions = {}): Promise<FacePayOutcome> {
    if (this.#closed) throw new ClosedError('FacePay');
    if (this.#running) throw new BusyError(this.#running.out_trade_no);
    checkOrder(order);
    const payment = this.#pay(order, options);
    this.#running = { out_trade_no: order.out_trade_no, ended: payment.catch(() => undefined) };
    try {
      return await payment;
    } finally {
      this.#running = undefined;
    }
  }

  /** Waits for the payment in progress, then releases the service (vendor page 10). The FaceService stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running?.ended;
    if (this.#hasCamera) await this.#giveBack();
  }

  async #pay(order: Order, options: FacePayPayOptions): Promise<FacePayOutcome> {
    const { out_trade_no } = order;
    const { signal } = options;
    const end = (outcome: FacePayOutcome): FacePayOutcome => {
      report(options, { out_trade_no, phase: 'finished', step: 'finished', detail: outcome.status });
      return outcome;
    };
    const cancelled = (by: 'customer' | 'cashier') => end({ status: 'cancelled', out_trade_no, by });
    try {
      let face: FaceCodeResult;
      let authinfo: string;
      try {
        // Before the customer is bothered; and so that a later question about this number can only be about this sale.
        if (await this.#merchant.outcome(out_trade_no)) throw new OrderExistsError(out_trade_no);
        if (signal?.aborted) return cancelled('cashier');
        await this.#finishLastScreen();
        ({ face, authinfo } = await this.#recognise(order, options));
      } catch (error) {
        if (error instanceof OrderExistsError) throw error;
        if (signal?.aborted) return cancelled('cashier');
        // The merchant's credential could not be had: no payment was ever sent.
        if (error instanceof PayTransportError)
          return end({ status: 'failed', out_trade_no, code: failureCode(error), reason: error.message });
        throw error;
      }
      if (face.return_code === 'USER_CANCEL') return cancelled('customer');
      if (face.return_code === 'SCAN_PAYMENT') return end({ status: 'scan', out_trade_no });

      let outcome: PaymentOutcome | undefined;
      try {
        if (signal?.aborted) return cancelled('cashier');
        outcome = await this.#submit(order, face, options);
        return outcome;
      } finally {
        await this.#tellScreen(authinfo, outcome?.status === 'paid' ? 'SUCCESS' : 'ERROR');
      }
    } finally {
      if (this.#options.camera === 'shared' && this.#hasCamera) await this.#giveBack();
    }
  }

  async #submit(order: Order, face: Recognised, { signal, onProgress }: FacePayPayOptions): Promise<PaymentOutcome> {
    const { face_code, openid } = face;
    const code: PaymentCode = this.#rail === 'micropay' ? { auth_code: face_code } : { face_code, openid };
    const { out_trade_no } = order;
    try {
      return await this.#merchant.pay(order, code, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
    } catch (error) {
      // The way to a merchant server may have broken while the payment went on there. This number was new above, so
      // what its journal says now is about this sale.
      const outcome =
        error instanceof OrderExistsError
          ? undefined
          : await this.#merchant.outcome(out_trade_no).catch(() => undefined);
      if (outcome) return outcome;
      throw error;
    }
  }

  async #recognise(order: Order, options: FacePayPayOptions): Promise<Recognition> {
    const stale = this.#camera === 'ready' || this.#authinfo !== undefined;
    try {
      return await this.#lookForFace(order, options);
    } catch (error) {
      if (!isServiceTrouble(error)) throw error;
      this.#forget();
      // Only what an earlier payment left behind can be stale: a restarted service, a worn-out authinfo. Once.
      if (!stale || options.signal?.aborted) throw error;
    }
    try {
      return await this.#lookForFace(order, options);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  async #lookForFace(order: Order, options: FacePayPayOptions): Promise<Recognition> {
    const { signal, screen_index, disable_keyboard, use_window_nofocus, openid } = options;
    const progress = (detail: string): void => {
      if (signal?.aborted) throw signal.reason;
      report(options, { out_trade_no: order.out_trade_no, phase: 'face', step: 'camera', detail });
    };
    if (this.#camera !== 'ready') {
      progress('initWxpayface');
      // Closes what a crash, or a customer who walked away, left on the screen.
      if (this.#camera === 'unknown') await unlessAborted(() => this.#release(), signal);
      // An initialisation that fails, or is no longer waited for, may take the camera all the same.
      this.#camera = 'unknown';
      this.#hasCamera = true;
      await unlessAborted(() => this.#face.initWxpayface(this.#options.init), signal);
      this.#camera = 'ready';
    }
    if (!this.#authinfo || performance.now() >= this.#authinfo.goodUntil) {
      progress('getWxpayfaceRawdata');
      const { rawdata } = await unlessAborted(() => this.#face.getWxpayfaceRawdata(), signal);
      progress('get_wxpayface_authinfo');
      const asked = performance.now();
      const { authinfo, expires_in } = await this.#merchant.getWxpayfaceAuthinfo(
        { ...this.#options.terminal, rawdata },
        signal && { signal },
      );
      const lifetime = expires_in * 1000;
      this.#authinfo = { text: authinfo, goodUntil: asked + lifetime - authinfoMargin(lifetime) };
    }
    progress('getWxpayfaceCode');
    const params: GetWxpayfaceCodeParams = {
      ...this.#merchant.identity,
      store_id: this.#options.terminal.store_id,
      face_authtype: 'FACEPAY',
      authinfo: this.#authinfo.text,
      face_code_type: faceCodeTypes[this.#rail],
      out_trade_no: order.out_trade_no,
      total_fee: String(order.total_fee),
      screen_index,
      disable_keyboard,
      use_window_nofocus,
      openid,
    };
    const face = await this.#face.getWxpayfaceCode(params, signal && { signal });
    return { face, authinfo: params.authinfo };
  }

  /** The customer confirms the result by hand, or never: neither its silence nor its failure touches the outcome. */
  async #tellScreen(authinfo: string, payresult: 'SUCCESS' | 'ERROR'): Promise<void> {
    const { appid, mch_id } = this.#merchant.identity;
    const { store_id } = this.#options.terminal;
    const abandon = new AbortController();
    const params = { appid, mch_id, store_id, authinfo, payresult };
    const tell = async () => this.#face.updateWxpayfacePayResult(params, { signal: abandon.signal });
    const answered = tell().then(
      () => undefined,
      () => {
        // The screen may still be waiting: the next payment initialises anew.
        if (!abandon.signal.aborted) this.#camera = 'unknown';
      },
    );
    this.#screen = { answered, abandon };
    await this.#waitForScreen();
  }

  async #waitForScreen(): Promise<boolean> {
    if (!this.#screen) return true;
    const inTime = await this.#inTime(this.#screen.answered);
    if (inTime) this.#screen = undefined;
    return inTime;
  }

  /** Waits for an answer of the service that nobody may have to wait for. */
  async #inTime(answered: Promise<void>): Promise<boolean> {
    const timer = new AbortController();
    const late = sleep(this.#screenTimeout, false, { signal: timer.signal }).catch(() => false);
    const inTime = await Promise.race([answered.then(() => true), late]);
    timer.abort();
    return inTime;
  }

  async #finishLastScreen(): Promise<void> {
    if (await this.#waitForScreen()) return;
    this.#camera = 'unknown';
  }

  #forget(): void {
    this.#camera = 'unknown';
    this.#authinfo = undefined;
  }

  async #release(): Promise<void> {
    // The vendor's call goes on until the customer confirms; the commands after it need not wait for that.
    this.#screen?.abandon.abort();
    this.#screen = undefined;
    // Where nothing is there to release, the service may say so; initWxpayface tells whether it works.
    const release = async () => this.#face.releaseWxpayface();
    await release().catch(() => undefined);
  }

  /** After a payment its outcome is known: a service that no longer answers must not hold it up. */
  async #giveBack(): Promise<void> {
    this.#camera = (await this.#inTime(this.#release())) ? 'released' : 'unknown';
    this.#hasCamera = false;
  }
}

function report({ onProgress }: PayOptions, progress: PaymentProgress): void {
  phases.publish(progress);
  // A display must not disturb a payment, whether it throws at once or later.
  void (async () => onProgress?.(progress))().catch(() => undefined);
}
