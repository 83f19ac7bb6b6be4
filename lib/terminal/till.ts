import type { Difference } from '../bill/difference.js';
import type { InitWxpayfaceParams } from '../face/commands.js';
import type { OpenOptions } from '../face/open.js';
import type { Journal } from '../journal/journal.js';
import type { PayClient } from '../pay/client.js';
import type { PayClientOptions } from '../pay/options.js';
import type { PaymentClient } from '../payment/client.js';
import type { PaymentOutcome } from '../payment/decision/outcomes.js';
import type { RefundOutcome } from '../payment/decision/refund/outcomes.js';
import type { Order } from '../payment/order.js';
import type { PaymentProcessor, PaymentProcessorOptions } from '../payment/processor.js';
import type { PayOptions } from '../payment/progress.js';
import type { FacePayOptions, FacePayOutcome, FacePayPayOptions } from './face-pay.js';
import type { WrongCode } from './scanned-code.js';

/** What a till is made of, whoever its merchant is. */
export interface TillOptions {
  /**
   * How the vendor's library is found and run. So that a hang is noticed, `callTimeout` is 20 s and `humanTimeout` the
   * customer's time and 10 s, unless given; on Windows `host` is 'host-process', unless given.
   */
  face?: OpenOptions;
  /** Vendor page 3. `store_id` up to 32 characters, `store_name` up to 128, `device_id` up to 32, `attach` a JSON text. */
  terminal: FacePayOptions['terminal'];
  /** How the codes of faces are paid, see {@link FacePayOptions.rail}; a scanned code goes by micropay always. */
  rail?: FacePayOptions['rail'];
  /** Whether other payment programs need the camera as well, see {@link FacePayOptions.camera}. */
  camera?: FacePayOptions['camera'];
  /** Parameters of initWxpayface: the service's proxy, the camera's rotation. */
  init?: InitWxpayfaceParams;
  /**
   * Milliseconds that a customer has, from pay() to a code; then it is 'cancelled' by 'timeout'. A payment under way is never
   * cut off.
   * @default 90000
   */
  customerTimeout?: number;
  /**
   * Required: hears what nobody waits for any more, such as what an earlier run left, or how a reversal or a refund ended in the
   * background. Print it, show it, store it; until it resolves it is told again, see PaymentProcessorOptions.onOutcome.
   */
  onOutcome: (outcome: PaymentOutcome | RefundOutcome) => Promise<void> | void;
  /** Hears how the till is, at its start and whenever that has changed: for a lamp on the screen. What it throws is ignored. */
  onHealth?: (health: TillHealth) => void;
}

/** A till that has the merchant's keys, and its own journal. */
export interface LocalMerchantOptions {
  /** A client is made of options, and closed with the till; one that is given is its owner's. */
  merchant: PayClientOptions | (PaymentClient & Pick<PayClient, 'getWxpayfaceAuthinfo'>);
  /**
   * A folder for a FileJournal, which is locked to this process and closed with the till; or a journal, which is its owner's.
   * `keep` and `mirror`: see FileJournalOptions. What is beyond `keep` is removed at the start, and each day from a folder's journal.
   */
  journal: string | { folder: string; keep?: number; mirror?: string } | Journal;
  polling?: NonNullable<PaymentProcessorOptions['polling']>;
  reversal?: NonNullable<PaymentProcessorOptions['reversal']>;
}

/**
 * The keys and the journal are on a merchant server (package wxpay-face-server). The till opens without it; until it answers, pay() is
 * 'failed', 'unreachable', and health.merchant says so.
 */
export interface RemoteMerchantOptions {
  /** `server`: https://…, or http:// on this very machine; `token`: this terminal's; `ca`: see RemoteMerchantServer. */
  merchant: { server: string; token: string; ca?: string | Uint8Array };
}

/**
 * How a till is. What the real service shows of an unplugged camera is not known: 'ready' says that the service did what it was
 * last asked, no more.
 */
export interface TillHealth {
  /**
   * 'unknown' until it was asked, as always before the first sale if the camera is shared. A dedicated one is initialised at the
   * start, and asked for something harmless (getWxpayfaceRawdata) each minute between two sales. 'down': codes can be taken all the
   * same, and the next sale initialises it again.
   */
  camera: 'unknown' | 'ready' | 'down';
  /**
   * Whether the merchant's gateway can be reached, by the last call; at the start, and while it can't, by a query each minute. Of a
   * merchant on a server: whether that answers, and can pay.
   */
  merchant: 'unknown' | 'reachable' | 'unreachable';
  /**
   * How many payments and refunds of the journal are not at their end, those under way among them. Of a merchant on a server: of those
   * that this till has begun since it was opened.
   */
  unfinished: number;
  /**
   * 'no-certificate': what can't be cleared up can't be reversed from here, nor refunded. 'certificate-refused',
   * 'merchant-refused': the gateway refuses the certificate, or the key or the merchant (or the merchant server the token): a person
   * must look. 'limit': it takes fewer calls for now. 'clock': this machine's differs from the gateway's by more than 30 s. 'sdk-too-old': a recognition
   * can't be stopped (before SDK 1.23).
   */
  warnings: readonly string[];
}

/** What one Till.pay may be given besides the order. */
export type TillPayOptions = FacePayPayOptions & {
  /**
   * Asks the scanner for the customer's code, while the camera looks. Called at once, and again after a code that can't pay,
   * with the reason. Ends by its signal, whatever decided the sale: a code that comes later is not paid. What a keyboard-wedge
   * scanner adds (CR, LF, blanks) is removed.
   *
   * If it fails, the camera goes on alone and a process warning (WXPAY_FACE_SCAN) says why; if then the customer wants to scan, or
   * the camera fails, pay() rejects.
   * @example
   * const scan = (signal, wrong) => {
   *   if (wrong === 'other-wallet') show('Please show the payment code of WeChat.');
   *   return scanner.read({ signal });
   * };
   */
  scan?: (signal: AbortSignal, wrong?: WrongCode) => Promise<string>;
  /** Milliseconds, instead of the till's. The library waits for this customer for as long and 10 s, unless given `humanTimeout`. */
  customerTimeout?: number;
};

/** A whole till in one object, see openTill. */
export interface Till {
  /** How the till is now. */
  readonly health: TillHealth;
  /**
   * One sale, by a face or by the code that `scan` reads, whichever comes first: the first code decides, and one order has one
   * payment. The other way is ended: the recognition is stopped, and if it yields a code all the same, that is not paid and
   * its screen is told how the sale ended. While the camera can't be used, the code alone is waited for. A customer who
   * chooses to scan on the screen is waited for, too; without `scan` that is the outcome 'scan'.
   *
   * Ends as {@link FacePay.pay} does, and throws what that throws.
   */
  pay(order: Order, options?: TillPayOptions): Promise<FacePayOutcome>;
  /**
   * By a code from the scanner, without the camera; also beside a sale before it. What a keyboard-wedge scanner adds is removed.
   * @throws InvalidParameterError for what is not a code of WeChat Pay: another wallet is named. Nothing was sent.
   * @throws BusyError for the number of the sale before the camera: its code comes by `scan`. Nothing was sent.
   * @throws what PaymentProcessor.pay throws.
   */
  payByCode(order: Order, auth_code: string, options?: PayOptions): Promise<PaymentOutcome>;
  /** See {@link PaymentProcessor.cancel}. */
  cancel(out_trade_no: string): Promise<PaymentOutcome>;
  /** See {@link PaymentProcessor.refund}. */
  refund: PaymentProcessor['refund'];
  /** See {@link PaymentProcessor.refunds}. */
  refunds: PaymentProcessor['refunds'];
  /** See {@link PaymentProcessor.outcome}. */
  outcome(out_trade_no: string): Promise<PaymentOutcome | undefined>;
  /** See {@link PaymentProcessor.settled}. */
  settled(out_trade_no: string): Promise<PaymentOutcome>;
  /** See {@link PaymentProcessor.refundSettled}. */
  refundSettled(out_refund_no: string): Promise<RefundOutcome>;
  /** Told by pay(), cancel() or refund() and acted upon: not told again. See {@link PaymentProcessor.acknowledge}. */
  acknowledge(outcome: { out_trade_no: string; out_refund_no?: string; revision?: number }): Promise<void>;
  /**
   * The gateway's bill of a day against this till's journal, see {@link reconcile}.
   * @param bill_date yyyyMMdd, a day in Beijing.
   * @throws what PayClient.downloadBill and reconcile throw; InvalidParameterError if the client can't download bills, or the merchant
   * is on a server, which has the journal.
   */
  reconcile(bill_date: string): AsyncIterable<Difference>;
  /**
   * Closes all that openTill opened, in the order in which nothing is lost, also if a part fails. A sale that has no code yet is
   * 'cancelled'; a payment under way is waited for until it is decided, at most a minute. What is unfinished stays in the
   * journal, for the next start. Idempotent.
   */
  close(): Promise<void>;
}
