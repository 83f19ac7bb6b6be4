import { onAbort, unlessAborted } from '../abort.js';
import { ClosedError, InvalidParameterError } from '../errors.js';
import { commands } from '../face/commands.js';
import { checkParams } from '../face/messages.js';
import { OrderExistsError } from '../journal/errors.js';
import { PayTransportError } from '../pay/errors.js';
import type { MerchantIdentity } from '../pay/options.js';
import { type Clock, systemClock } from '../payment/clock.js';
import { failureCode } from '../payment/decision/answers.js';
import { cancelledBy, type PaymentOutcome } from '../payment/decision/outcomes.js';
import { checkOrder, type Order, type PaymentCode } from '../payment/order.js';
import type { PayOptions } from '../payment/progress.js';
import { authCode } from './auth-code.js';
import { Camera, type CameraStep, type FaceCode, type Recognised, type Recognition as Sought } from './camera.js';
import { BusyError } from './errors.js';
import type { Face } from './face.js';
import type { FacePayOptions, FacePayOutcome } from './face-pay.js';
import { firstCode } from './first-code.js';
import { Leftovers } from './leftovers.js';
import type { Merchant } from './merchant.js';
import { MerchantLine } from './merchant-line.js';
import { finished, report } from './progress.js';
import { decide, type RaceResult } from './race.js';
import { Recognition } from './recognition.js';
import { CustomerScreen } from './screen.js';
import type { TillPayOptions } from './till.js';

export interface SalesOptions extends Pick<FacePayOptions, 'terminal' | 'rail' | 'camera' | 'init' | 'screenTimeout'> {
  readonly face: Face;
  readonly merchant: Merchant;
  readonly clock?: Clock;
  readonly decide?: typeof decide | undefined;
  /** Hears whether the service does what it's asked. */
  readonly onCamera?: (state: 'ready' | 'down') => void;
}

/** What the till adds to what the cashier's program asks for. */
export interface SaleOptions extends TillPayOptions {
  /** Milliseconds that the library waits for this customer, if others than it was opened with. */
  readonly humanTimeout?: number;
}

/** What one sale is about. */
interface Sale {
  readonly order: Order;
  /** Of the recognition, without what only the merchant knows. */
  readonly params: Omit<Sought['params'], keyof MerchantIdentity>;
  readonly options: SaleOptions;
  /** Ends what has no code yet: for the cashier, the customer's time limit, or the end of the till. */
  readonly giveUp: AbortController;
}

/** What the merchant says of itself and of this sale, once it's asked. */
const later = { appid: 'comes later', mch_id: 'comes later', authinfo: 'comes later' } as const;

const faceCodeTypes = { micropay: '1', facepay: '0' } as const;

const timeLimit = (): Error => Object.assign(new Error('the customer took too long'), { name: 'TimeoutError' });

/** One sale at a time, by a face or by a scanned code, from the customer to the settled order. */
export class Sales {
  readonly #options: SalesOptions;
  readonly #face: Face;
  readonly #clock: Clock;
  readonly #merchant: MerchantLine;
  readonly #screen: CustomerScreen;
  readonly #camera: Camera;
  readonly #closing = new AbortController();
  readonly #leftovers: Leftovers;
  /** The payments beside the camera, by their numbers. */
  readonly #scanned = new Map<string, Promise<void>>();
  #running: { out_trade_no: string; ended: Promise<unknown>; giveUp: AbortController } | undefined;

  constructor(options: SalesOptions) {
    const { face, merchant, terminal, init, screenTimeout = 3000, clock = systemClock, onCamera } = options;
    this.#options = options;
    this.#face = face;
    this.#clock = clock;
    this.#merchant = new MerchantLine(merchant, clock, this.#closing.signal);
    this.#screen = new CustomerScreen(face, screenTimeout, clock);
    this.#camera = new Camera({
      face,
      clock,
      screen: this.#screen,
      init,
      terminal,
      getAuthinfo: (params, signal) => this.#merchant.authinfo(params, signal),
      timeout: screenTimeout,
      onState: (state) => onCamera?.(state),
    });
    this.#leftovers = new Leftovers({
      face,
      clock,
      onCode: (recognised, isPaid) => this.#tellScreen(recognised, isPaid),
      onOver: () => this.#giveBackShared(),
      onAnew: () => this.#camera.distrust(),
    });
  }

  /** At the program's start. A shared camera is left to others until there is a customer. */
  async prepare(): Promise<void> {
    if (!this.#isShared) await this.#camera.prepare();
  }

  /**
   * Between two sales: whether the service answers. Not during a recognition, nor while the customer looks at a result; and a
   * shared camera is left alone.
   */
  async check(): Promise<void> {
    const isIdle = this.#running === undefined && this.#leftovers.areNone && this.#screen.isClear;
    if (isIdle && !this.#isShared && !this.#closing.signal.aborted) await this.#camera.check();
  }

  /** See FacePay.pay and Till.pay. */
  async pay(order: Order, options: SaleOptions): Promise<FacePayOutcome> {
    if (this.#closing.signal.aborted) throw new ClosedError('FacePay');
    if (this.#running) throw new BusyError(this.#running.out_trade_no);
    checkOrder(order);
    // The journal may not have it yet.
    if (this.#scanned.has(order.out_trade_no)) throw new OrderExistsError(order.out_trade_no);
    const params = this.#params(order, options);
    checkParams(commands.getWxpayfaceCode, { ...later, ...params });
    if (options.signal && typeof options.signal.addEventListener !== 'function')
      throw new InvalidParameterError('signal', 'must be an AbortSignal');
    const giveUp = new AbortController();
    const outcome = this.#sell({ order, params, options, giveUp });
    this.#running = { out_trade_no: order.out_trade_no, giveUp, ended: outcome.catch(() => undefined) };
    try {
      return await outcome;
    } finally {
      this.#running = undefined;
    }
  }

  /** See Till.payByCode. */
  async payByCode(order: Order, code: PaymentCode, options: PayOptions): Promise<PaymentOutcome> {
    if (this.#closing.signal.aborted) throw new ClosedError('FacePay');
    checkOrder(order);
    const { out_trade_no } = order;
    // Paid beside it, the sale that waits for a face could end as 'cancelled', or with a screen that says no.
    if (this.#running?.out_trade_no === out_trade_no) throw new BusyError(out_trade_no);
    if (this.#scanned.has(out_trade_no)) throw new OrderExistsError(out_trade_no);
    const payment = this.#options.merchant.pay(order, code, options);
    const ended = payment.catch(() => undefined).then(() => void this.#scanned.delete(out_trade_no));
    this.#scanned.set(out_trade_no, ended);
    return payment;
  }

  /** Ends a sale that has no code yet, as cancelled. */
  giveUp(): void {
    this.#running?.giveUp.abort();
  }

  /** Waits for the sales in progress, then releases the service (vendor page 10). */
  async close(): Promise<void> {
    this.#closing.abort(new ClosedError('FacePay'));
    await Promise.all([this.#running?.ended, ...this.#scanned.values()]);
    await this.#leftovers.clear();
    await this.#camera.giveBack();
  }

  get #isShared(): boolean {
    return this.#options.camera === 'shared';
  }

  #params(order: Order, options: TillPayOptions) {
    const { screen_index, disable_keyboard, use_window_nofocus, openid } = options;
    const { terminal, rail = 'micropay' } = this.#options;
    return {
      store_id: terminal.store_id,
      face_authtype: 'FACEPAY',
      face_code_type: faceCodeTypes[rail],
      out_trade_no: order.out_trade_no,
      total_fee: String(order.total_fee),
      screen_index,
      disable_keyboard,
      use_window_nofocus,
      openid,
    } as const;
  }

  async #sell(sale: Sale): Promise<FacePayOutcome> {
    try {
      const { verdict, recognition } = await this.#firstCode(sale);
      const payment = this.#settle(sale, verdict);
      const isPaid = payment.then(
        ({ status }) => status === 'paid',
        () => false,
      );
      if (verdict.verdict === 'face') await this.#tellScreen(verdict.recognised, await isPaid);
      else if (recognition !== undefined) await this.#leftovers.end(recognition, isPaid);
      return await payment;
    } finally {
      // A recognition that goes on has the camera until it's over.
      if (this.#leftovers.areNone) await this.#giveBackShared();
    }
  }

  async #giveBackShared(): Promise<void> {
    if (this.#isShared) await this.#camera.giveBack();
  }

  /** Up to the first code, or to what ends the sale before anything was sent. */
  async #firstCode({
    order: { out_trade_no },
    params,
    options,
    giveUp,
  }: Sale): Promise<{ readonly verdict: RaceResult; readonly recognition?: Recognition }> {
    const { signal, scan, customerTimeout } = options;
    const decided = new AbortController();
    const ignore = onAbort(signal, () => giveUp.abort(signal?.reason));
    if (customerTimeout !== undefined)
      void this.#clock.sleep(customerTimeout, decided.signal).then(
        () => giveUp.abort(timeLimit()),
        () => undefined,
      );
    const onStep = (step: CameraStep | 'scanning', detail: string): void => {
      if (!decided.signal.aborted) report(options, { out_trade_no, phase: 'face', step, detail });
    };
    try {
      // Before the customer is bothered; and so that a later question about this number can only be about this sale.
      if (await this.#merchant.outcome(out_trade_no, giveUp.signal)) throw new OrderExistsError(out_trade_no);
      if (giveUp.signal.aborted) throw giveUp.signal.reason;
      // A merchant on a server says who it is when it's asked the first time, as above.
      const { humanTimeout } = options;
      const sought = { params: { ...this.#merchant.identity, ...params }, humanTimeout };
      const recognition = new Recognition((stop) => this.#lookForFace(sought, stop, onStep));
      const onScanning = (why: string): void => onStep('scanning', why);
      const ways = { recognition, scan, givenUp: giveUp.signal, onScanning };
      const verdict = await firstCode(ways, this.#clock, this.#options.decide ?? decide);
      return { verdict, recognition };
    } catch (error) {
      const isGivenUp = giveUp.signal.aborted && !(error instanceof OrderExistsError);
      return {
        verdict: isGivenUp
          ? { verdict: 'cancelled', by: cancelledBy(giveUp.signal.reason) }
          : { verdict: 'failed', error },
      };
    } finally {
      decided.abort();
      ignore();
    }
  }

  async #lookForFace(
    sought: Sought,
    stop: AbortSignal,
    onStep: (step: CameraStep, detail: string) => void,
  ): Promise<Recognised> {
    await unlessAborted(() => this.#leftovers.clear(), stop);
    const isClear = await unlessAborted(() => this.#screen.settle(), stop);
    if (!isClear) this.#camera.distrust();
    return this.#camera.recognise(sought, stop, onStep);
  }

  async #settle({ order, options }: Sale, verdict: RaceResult): Promise<FacePayOutcome> {
    const { out_trade_no } = order;
    switch (verdict.verdict) {
      case 'face':
        return this.#payByFace(order, verdict.recognised, options);
      case 'scan':
        return this.#merchant.pay(order, verdict.code, options);
      case 'cancelled':
        return finished(options, { status: 'cancelled', out_trade_no, by: verdict.by });
      case 'wants-scan':
        report(options, { out_trade_no, phase: 'face', step: 'scanning', detail: 'SCAN_PAYMENT' });
        return finished(options, { status: 'scan', out_trade_no });
      case 'failed': {
        const { error } = verdict;
        // The merchant's credential could not be had: no payment was ever sent.
        if (!(error instanceof PayTransportError)) throw error;
        return finished(options, { status: 'failed', out_trade_no, code: failureCode(error), reason: error.message });
      }
    }
  }

  async #payByFace(order: Order, { face }: Recognised<FaceCode>, options: TillPayOptions): Promise<FacePayOutcome> {
    const { out_trade_no } = order;
    const { signal } = options;
    if (signal?.aborted)
      return finished(options, { status: 'cancelled', out_trade_no, by: cancelledBy(signal.reason) });
    return this.#merchant.pay(order, this.#codeOf(face), options);
  }

  #codeOf({ face_code, openid }: FaceCode): PaymentCode {
    return this.#options.rail === 'facepay' ? { face_code, openid } : authCode(face_code, this.#face);
  }

  /** The customer confirms the result by hand, or never: neither its silence nor its failure touches the outcome. */
  async #tellScreen({ authinfo }: Recognised, isPaid: boolean): Promise<void> {
    const { appid, mch_id } = this.#merchant.identity;
    const { store_id } = this.#options.terminal;
    const payresult = isPaid ? 'SUCCESS' : 'ERROR';
    const isShown = await this.#screen.show({ appid, mch_id, store_id, authinfo, payresult });
    if (!isShown) await this.#camera.giveBack();
  }
}
