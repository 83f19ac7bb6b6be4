import diagnostics_channel from 'node:diagnostics_channel';
import { unlessAborted } from '../abort.js';
import { ClosedError, InvalidParameterError } from '../errors.js';
import type { FaceCodeResult, InitWxpayfaceParams } from '../face/commands.js';
import type { FaceService } from '../face/service.js';
import { checkFields, type FieldTable } from '../fields.js';
import { OrderExistsError } from '../journal/errors.js';
import { PayTransportError } from '../pay/errors.js';
import { failureCode } from '../payment/decision/answers.js';
import { cancelledBy, type PaymentOutcome } from '../payment/decision/outcomes.js';
import { checkOrder, type Order, type PaymentCode, type Rail } from '../payment/order.js';
import type { PaymentProgress, PayOptions } from '../payment/progress.js';
import { authCode } from './auth-code.js';
import { Camera, type Recognised } from './camera.js';
import { BusyError } from './errors.js';
import { checkPart, type Merchant } from './merchant.js';
import { CustomerScreen } from './screen.js';
import { unlessSilent, within } from './waiting.js';

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
  rail?: Rail | undefined;
  /**
   * 'dedicated': initialised once. 'shared': initWxpayface before and releaseWxpayface after each payment, so that other
   * payment programs get the camera (vendor page 10).
   * @default 'dedicated'
   */
  camera?: 'dedicated' | 'shared' | undefined;
  /** Parameters of initWxpayface: the service's proxy, the camera's rotation. */
  init?: InitWxpayfaceParams | undefined;
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

/** Milliseconds that the merchant has for its answer if the payment was given up before it was asked. */
const lastMoment = 1000;

/** Takes one customer at a time from the camera to the settled order: the vendor's sequence diagram, steps 1 to 9. */
export class FacePay {
  readonly #face: FaceService;
  readonly #merchant: Merchant;
  readonly #options: FacePayOptions;
  readonly #rail: Rail;
  readonly #screen: CustomerScreen;
  readonly #camera: Camera;
  readonly #closing = new AbortController();
  #running: { out_trade_no: string; ended: Promise<unknown> } | undefined;

  /** @throws InvalidParameterError for a terminal that the vendor would refuse, another part than asked for, or an option out of range. */
  constructor(options: FacePayOptions) {
    const { face, merchant, terminal, rail = 'micropay', camera = 'dedicated', screenTimeout = 3000 } = options;
    checkPart('face', face, ['initWxpayface', 'getWxpayfaceCode'], 'a FaceService');
    checkPart(
      'merchant',
      merchant,
      ['getWxpayfaceAuthinfo', 'pay', 'outcome'],
      'localMerchant(client, processor), or your own',
    );
    checkTerminal({ terminal, rail, camera });
    // Node.js's timers hold no more.
    checkFields({ screenTimeout: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 } }, { screenTimeout });
    this.#face = face;
    this.#merchant = merchant;
    this.#options = options;
    this.#rail = rail;
    this.#screen = new CustomerScreen(face, screenTimeout);
    this.#camera = new Camera({
      face,
      screen: this.#screen,
      init: options.init,
      terminal,
      getAuthinfo: (params, signal) =>
        this.#unlessGivenUp(() => merchant.getWxpayfaceAuthinfo(params, signal && { signal }), signal),
      timeout: screenTimeout,
    });
  }

  /**
   * Recognises the face, pays, and once a face_code was returned (and only then) tells the customer's screen the result,
   * whatever happened in between. Resolves when the outcome is durable and the screen was told. The first payment after a
   * start clears a screen that a crash may have left waiting.
   *
   * An abort before the payment is sent resolves as 'cancelled' at once, by 'timeout' if its reason is a TimeoutError
   * (AbortSignal.timeout); after that it is the merchant's, see PayOptions.signal.
   *
   * @throws InvalidParameterError before anything happens; BusyError during another payment; OrderExistsError for a number
   * that the journal knows; ServiceCallError, ServiceCommandError and others if the camera's side fails: nothing was
   * charged then. An error out of the payment itself says what is known; ask `outcome(out_trade_no)` later. So does
   * PayTransportError, `sent` true, of a merchant that was silent for 2 minutes after an abort or close().
   * @example
   * const outcome = await facePay.pay({ out_trade_no: 'T1-0001', total_fee: 1250, body: 'Lunch' });
   * if (outcome.status === 'paid') handOverTheGoods();
   */
  async pay(order: Order, options: FacePayPayOptions = {}): Promise<FacePayOutcome> {
    if (this.#closing.signal.aborted) throw new ClosedError('FacePay');
    if (this.#running) throw new BusyError(this.#running.out_trade_no);
    checkOrder(order);
    const payment = this.#payAndGiveBack(order, options);
    this.#running = { out_trade_no: order.out_trade_no, ended: payment.catch(() => undefined) };
    try {
      return await payment;
    } finally {
      this.#running = undefined;
    }
  }

  /**
   * Waits for the payment in progress, then releases the service (vendor page 10). The FaceService stays open. If that
   * payment waits for a silent merchant and nothing was sent yet, it is rejected with ClosedError.
   */
  async close(): Promise<void> {
    this.#closing.abort(new ClosedError('FacePay'));
    await this.#running?.ended;
    await this.#camera.giveBack();
  }

  async #payAndGiveBack(order: Order, options: FacePayPayOptions): Promise<FacePayOutcome> {
    try {
      return await this.#pay(order, options);
    } finally {
      if (this.#options.camera === 'shared') await this.#camera.giveBack();
    }
  }

  async #pay(order: Order, options: FacePayPayOptions): Promise<FacePayOutcome> {
    const { out_trade_no } = order;
    const recognised = await this.#recognise(order, options);
    if ('status' in recognised) return finished(options, recognised);
    const { face, authinfo } = recognised;
    if (face.return_code === 'USER_CANCEL')
      return finished(options, { status: 'cancelled', out_trade_no, by: 'customer' });
    if (face.return_code === 'SCAN_PAYMENT') {
      report(options, { out_trade_no, phase: 'face', step: 'scanning', detail: 'SCAN_PAYMENT' });
      return finished(options, { status: 'scan', out_trade_no });
    }
    const payment = this.#submit(order, face, options);
    const isPaid = await payment.then(
      ({ status }) => status === 'paid',
      () => false,
    );
    await this.#tellScreen(authinfo, isPaid ? 'SUCCESS' : 'ERROR');
    return payment;
  }

  /** Up to the code for the face; or the outcome of what ends before anything was sent. */
  async #recognise(order: Order, options: FacePayPayOptions): Promise<Recognised | FacePayOutcome> {
    const { out_trade_no } = order;
    const { signal } = options;
    try {
      // Before the customer is bothered; and so that a later question about this number can only be about this sale.
      if (await this.#outcomeOf(out_trade_no, signal)) throw new OrderExistsError(out_trade_no);
      const isClear = await unlessAborted(() => this.#screen.settle(), signal);
      if (!isClear) this.#camera.distrust();
      return await this.#camera.recognise(this.#recognition(order, options), signal, (step, detail) =>
        report(options, { out_trade_no, phase: 'face', step, detail }),
      );
    } catch (error) {
      if (error instanceof OrderExistsError) throw error;
      if (signal?.aborted) return { status: 'cancelled', out_trade_no, by: cancelledBy(signal.reason) };
      // The merchant's credential could not be had: no payment was ever sent.
      if (error instanceof PayTransportError)
        return { status: 'failed', out_trade_no, code: failureCode(error), reason: error.message };
      throw error;
    }
  }

  #recognition(order: Order, options: FacePayPayOptions) {
    const { screen_index, disable_keyboard, use_window_nofocus, openid } = options;
    return {
      ...this.#merchant.identity,
      store_id: this.#options.terminal.store_id,
      face_authtype: 'FACEPAY',
      face_code_type: faceCodeTypes[this.#rail],
      out_trade_no: order.out_trade_no,
      total_fee: String(order.total_fee),
      screen_index,
      disable_keyboard,
      use_window_nofocus,
      openid,
    } as const;
  }

  async #submit(
    order: Order,
    { face_code, openid }: FaceCodeResult & { return_code: 'SUCCESS' },
    options: FacePayPayOptions,
  ): Promise<FacePayOutcome> {
    const { out_trade_no } = order;
    const { signal } = options;
    if (signal?.aborted)
      return finished(options, { status: 'cancelled', out_trade_no, by: cancelledBy(signal.reason) });
    const code = this.#rail === 'facepay' ? { face_code, openid } : authCode(face_code, this.#face);
    try {
      return await this.#merchantPays(order, code, options);
    } catch (error) {
      if (error instanceof OrderExistsError) throw error;
      // The way to a merchant server may have broken while the payment went on there. This number was new above, so
      // what its journal says now is about this sale.
      const outcome = await this.#outcomeOf(out_trade_no, signal).catch(() => undefined);
      if (outcome) return outcome;
      throw error;
    }
  }

  #merchantPays(order: Order, code: PaymentCode, { signal, onProgress }: FacePayPayOptions): Promise<PaymentOutcome> {
    return unlessSilent(
      (heard) =>
        this.#merchant.pay(order, code, {
          ...(signal && { signal }),
          onProgress: (progress) => {
            heard();
            return onProgress?.(progress);
          },
        }),
      [this.#closing.signal, ...(signal ? [signal] : [])],
    );
  }

  /**
   * What the merchant's journal knows of a number. Asked after an abort, too, if only for a moment: 'cancelled' must not be
   * said of a number that was paid.
   */
  async #outcomeOf(out_trade_no: string, signal: AbortSignal | undefined): Promise<PaymentOutcome | undefined> {
    const answer = async () => this.#merchant.outcome(out_trade_no);
    if (!signal?.aborted && !this.#closing.signal.aborted) return this.#unlessGivenUp(answer, signal);
    return within(lastMoment, answer());
  }

  /** Waits for the merchant, which may be silent for ever, before anything was sent. */
  #unlessGivenUp<Result>(begin: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    return unlessAborted(() => unlessAborted(begin, signal), this.#closing.signal);
  }

  /** The customer confirms the result by hand, or never: neither its silence nor its failure touches the outcome. */
  async #tellScreen(authinfo: string, payresult: 'SUCCESS' | 'ERROR'): Promise<void> {
    const { appid, mch_id } = this.#merchant.identity;
    const { store_id } = this.#options.terminal;
    const isShown = await this.#screen.show({ appid, mch_id, store_id, authinfo, payresult });
    if (!isShown) await this.#camera.giveBack();
  }
}

/** @throws InvalidParameterError */
export function checkTerminal({ terminal, rail, camera }: Pick<FacePayOptions, 'terminal' | 'rail' | 'camera'>): void {
  if (!terminal) throw new InvalidParameterError('terminal', 'is required');
  checkFields(terminalFields, terminal);
  checkFields(
    { rail: { values: ['micropay', 'facepay'] }, camera: { values: ['dedicated', 'shared'] } },
    { rail, camera },
  );
}

function report({ onProgress }: PayOptions, progress: PaymentProgress): void {
  phases.publish(progress);
  // A display must not disturb a payment, whether it throws at once or later.
  void (async () => onProgress?.(progress))().catch(() => undefined);
}

/** Reports an outcome that the merchant's side did not report. */
function finished(options: PayOptions, outcome: FacePayOutcome): FacePayOutcome {
  const { out_trade_no, status } = outcome;
  report(options, { out_trade_no, phase: 'finished', step: 'finished', detail: status });
  return outcome;
}
