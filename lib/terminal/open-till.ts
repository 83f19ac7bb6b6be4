import type { Difference } from '../bill/difference.js';
import { ClosedError, InvalidParameterError } from '../errors.js';
import type { OpenOptions } from '../face/open.js';
import { isOlder } from '../face/sdk-version.js';
import { FaceService } from '../face/service.js';
import { type Clock, systemClock } from '../payment/clock.js';
import type { PaymentOutcome } from '../payment/decision/outcomes.js';
import type { RefundOutcome } from '../payment/decision/refund/outcomes.js';
import type { Order } from '../payment/order.js';
import type { PaymentProcessor } from '../payment/processor.js';
import type { PayOptions } from '../payment/progress.js';
import { isFields } from '../unknown.js';
import { Closing } from './closing.js';
import type { Face } from './face.js';
import type { FacePayOutcome } from './face-pay.js';
import { HealthBoard } from './health.js';
import { localTillMerchant, type TillParts } from './local-till-merchant.js';
import type { decide } from './race.js';
import { remoteTillMerchant } from './remote-till-merchant.js';
import { Sales } from './sales.js';
import { scannedCode } from './scanned-code.js';
import type {
  LocalMerchantOptions,
  RemoteMerchantOptions,
  Till,
  TillHealth,
  TillOptions,
  TillPayOptions,
} from './till.js';
import type { TillMerchant } from './till-merchant.js';
import {
  checkCustomerTimeout,
  checkTillOptions,
  customerTimeoutOf,
  faceOptionsOf,
  humanTimeoutOf,
} from './till-options.js';
import { within } from './waiting.js';
import { Watch } from './watch.js';

/** What the simulation replaces, and nobody else. */
interface Internals {
  readonly clock?: Clock;
  readonly openFace?: (options: OpenOptions) => Promise<Face & Pick<FaceService, 'close'>>;
  readonly decide?: typeof decide;
}

/** Milliseconds that the camera and the gateway are waited for at the start; after that the till opens without them. */
const startTimeout = 5000;

/** Milliseconds that a payment under way is waited for at the end: until then it is decided, by the default policies. */
const endTimeout = 60_000;

/**
 * What a till needs, put together in the right order and closed by one call: face service, merchant, journal, recovery, and the
 * outcomes that come later. Recovery runs beside the sales.
 *
 * It opens without a camera, too, so that codes can be taken: health.camera is 'down' then, and each sale tries it again. And it opens
 * without its merchant server, see RemoteMerchantOptions.
 *
 * @throws InvalidParameterError for an option that is missing or wrong, before anything is opened.
 * @throws LibraryLoadError, HostProcessError if the vendor's library can't be loaded; JournalError if the journal is another
 * process's, is damaged, or can't be used. What was opened before is closed again.
 * @example
 * const till = await openTill({
 *   merchant: { appid, mch_id, key, certificate },
 *   journal: 'C:\\ProgramData\\Till\\payments',
 *   terminal: { store_id: 'S1', store_name: 'Shop', device_id: 'T1' },
 *   onOutcome: (outcome) => save(outcome),
 * });
 * const outcome = await till.pay({ out_trade_no: 'A1', total_fee: 1250, body: 'Lunch' }, { scan });
 * await till.acknowledge(outcome);
 */
export async function openTill(
  options: TillOptions & (LocalMerchantOptions | RemoteMerchantOptions),
  internals: Internals = {},
): Promise<Till> {
  checkTillOptions(options);
  const openMerchant = tillMerchant(options);
  const { terminal, rail, camera, init, onOutcome, onHealth } = options;
  const { clock = systemClock, openFace = FaceService.open } = internals;
  let opened = () => {};
  const whenOpened = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const closing = new Closing();
  const board = new HealthBoard(onHealth);
  try {
    const face = await openFace(faceOptionsOf(options));
    closing.add(() => face.close({ timeout: 3000 }));
    const { version } = face.library;
    board.warn('sdk-too-old', version !== undefined && isOlder(version, '1.23'));
    const merchant = await openMerchant({
      closing,
      board,
      clock,
      onOutcome: async (outcome) => {
        // Not before whoever opens this till has it.
        await whenOpened;
        return onOutcome(outcome);
      },
    });
    const onCamera = (state: 'ready' | 'down') => board.set({ camera: state });
    const sales = new Sales({
      face,
      merchant,
      terminal,
      rail,
      camera,
      init,
      clock,
      onCamera,
      decide: internals.decide,
    });
    closing.add(() => closeSales(sales, clock));
    const watch = new Watch(() => Promise.all([sales.check(), merchant.look()]), internals.clock);
    closing.add(() => watch.stop());
    await within(clock, startTimeout, Promise.all([sales.prepare(), merchant.look()]));
    board.begin();
    void watch.begin();
    setImmediate(opened);
    return new OpenTill(sales, merchant, board, closing, options);
  } catch (error) {
    // The first error says what is wrong; of those that follow from it nobody could make anything.
    await closing.close().catch(() => undefined);
    throw error;
  }
}

const isOnServer = (options: LocalMerchantOptions | RemoteMerchantOptions): options is RemoteMerchantOptions =>
  isFields(options.merchant) && 'server' in options.merchant;

function tillMerchant(
  options: TillOptions & (LocalMerchantOptions | RemoteMerchantOptions),
): (parts: TillParts) => Promise<TillMerchant> {
  return isOnServer(options) ? remoteTillMerchant(options) : localTillMerchant(options);
}

/** A sale without a code is over at once. */
async function closeSales(sales: Sales, clock: Clock): Promise<void> {
  sales.giveUp();
  await within(clock, endTimeout, sales.close());
}

class OpenTill implements Till {
  readonly #sales: Sales;
  readonly #merchant: TillMerchant;
  readonly #board: HealthBoard;
  readonly #closing: Closing;
  readonly #options: TillOptions;
  #isClosed = false;

  constructor(sales: Sales, merchant: TillMerchant, board: HealthBoard, closing: Closing, options: TillOptions) {
    this.#sales = sales;
    this.#merchant = merchant;
    this.#board = board;
    this.#closing = closing;
    this.#options = options;
  }

  get health(): TillHealth {
    return this.#board.health;
  }

  async pay(order: Order, options: TillPayOptions = {}): Promise<FacePayOutcome> {
    this.#ensureOpen();
    const customerTimeout = options.customerTimeout ?? customerTimeoutOf(this.#options);
    checkCustomerTimeout(customerTimeout);
    if (options.scan !== undefined && typeof options.scan !== 'function')
      throw new InvalidParameterError('scan', 'must be a function');
    const humanTimeout = humanTimeoutOf(this.#options, customerTimeout);
    return this.#sales.pay(order, { ...options, customerTimeout, humanTimeout });
  }

  async payByCode(order: Order, auth_code: string, options: PayOptions = {}): Promise<PaymentOutcome> {
    this.#ensureOpen();
    return this.#sales.payByCode(order, scannedCode(auth_code), options);
  }

  async cancel(out_trade_no: string): Promise<PaymentOutcome> {
    this.#ensureOpen();
    return this.#merchant.cancel(out_trade_no);
  }

  async refund(...given: Parameters<PaymentProcessor['refund']>): Promise<RefundOutcome> {
    this.#ensureOpen();
    return this.#merchant.refund(...given);
  }

  async refunds(out_trade_no: string): Promise<RefundOutcome[]> {
    this.#ensureOpen();
    return this.#merchant.refunds(out_trade_no);
  }

  async outcome(out_trade_no: string): Promise<PaymentOutcome | undefined> {
    this.#ensureOpen();
    return this.#merchant.outcome(out_trade_no);
  }

  async settled(out_trade_no: string): Promise<PaymentOutcome> {
    this.#ensureOpen();
    return this.#merchant.settled(out_trade_no);
  }

  async refundSettled(out_refund_no: string): Promise<RefundOutcome> {
    this.#ensureOpen();
    return this.#merchant.refundSettled(out_refund_no);
  }

  /** Also while the till is being closed: the sale under way has its outcome then. */
  async acknowledge(outcome: Parameters<PaymentProcessor['acknowledge']>[0]): Promise<void> {
    return this.#merchant.acknowledge(outcome);
  }

  async *reconcile(bill_date: string): AsyncGenerator<Difference, void, undefined> {
    this.#ensureOpen();
    yield* this.#merchant.reconcile(bill_date);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#board.end();
    return this.#closing.close();
  }

  #ensureOpen(): void {
    if (this.#isClosed) throw new ClosedError('The till');
  }
}
