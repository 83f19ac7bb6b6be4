import { InvalidParameterError } from '../errors.js';
import type { InitWxpayfaceParams } from '../face/commands.js';
import type { FaceService } from '../face/service.js';
import { checkFields, type FieldTable } from '../fields.js';
import type { PaymentOutcome } from '../payment/decision/outcomes.js';
import type { Order, Rail } from '../payment/order.js';
import type { PayOptions } from '../payment/progress.js';
import { checkPart, type Merchant } from './merchant.js';
import { Sales } from './sales.js';

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
   * payment waits just as long for it, then initialises again.
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

/** Takes one customer at a time from the camera to the settled order: the vendor's sequence diagram, steps 1 to 9. */
export class FacePay {
  readonly #sales: Sales;

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
    this.#sales = new Sales(options);
  }

  /**
   * Recognises the face, pays, and once a face_code was returned (and only then) tells the customer's screen the result,
   * whatever happened in between. Resolves when the outcome is durable and the screen was told. The first payment after a
   * start clears a screen that a crash may have left waiting.
   *
   * An abort before the payment is sent resolves as 'cancelled', by 'timeout' if its reason is a TimeoutError
   * (AbortSignal.timeout): at once, or when the recognition has ended, which gets 3 s for it. If it goes on, its screen hears
   * that nothing was paid when it ends, and the next payment waits just as long for it, then starts the service again.
   * An abort after that is the merchant's, see PayOptions.signal.
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
    return this.#sales.pay(order, options);
  }

  /**
   * Waits for the payment in progress, then releases the service (vendor page 10). The FaceService stays open. If that
   * payment waits for a silent merchant and nothing was sent yet, it is rejected with ClosedError.
   */
  async close(): Promise<void> {
    return this.#sales.close();
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
