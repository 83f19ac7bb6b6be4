import type { PayClient } from '../pay/client.js';

/** One sale, in the vendor's field names (vendor page, micropay). The code that pays it comes apart, as {@link PaymentCode}. */
export interface Order {
  /** The merchant's own number: 1 to 32 of `0-9 A-Z a-z _ - | *`. Unique for ever: a number is never used for a second sale. */
  out_trade_no: string;
  /** Amount in fen, a whole number of at least 1. */
  total_fee: number;
  /** What is sold, as the customer sees it; at most 128 UTF-8 bytes. */
  body: string;
  /** Address of the calling machine. Default: the client's. */
  spbill_create_ip?: string;
  /** Comes back unchanged in the answers. */
  attach?: string;
  /** Single-item discounts, JSON text. */
  detail?: string;
  goods_tag?: string;
  /** `no_credit`: credit cards can't be used. */
  limit_pay?: string;
  /** Three-letter currency. Default at the gateway: CNY. */
  fee_type?: string;
  device_info?: string;
  /** yyyyMMddHHmmss, China Standard Time. */
  time_start?: string;
  /** yyyyMMddHHmmss, China Standard Time; more than a minute after the start. */
  time_expire?: string;
  /** `Y` offers the customer an invoice. */
  receipt?: string;
  /** JSON text of `{ "store_info": … }`. */
  scene_info?: string;
  /** `Y` where the takings are shared (分账). */
  profit_sharing?: 'Y' | 'N';
  /** Fields that this package does not know, sent as they are. */
  extra?: Record<string, string>;
}

/**
 * What the face recognition gave. `auth_code` (face_code_type "1", 18 digits) goes to micropay, `face_code`
 * (face_code_type "0") to facepay. A credential: it is sent once and kept nowhere.
 */
export type PaymentCode = { auth_code: string } | { face_code: string; openid?: string };

/** Which of the vendor's two sets of calls takes the payment. */
export type Rail = 'micropay' | 'facepay';

/** How an unknown payment is asked after. Milliseconds. */
export interface PollingPolicy {
  /**
   * Milliseconds before the first query of an unknown payment.
   * @default 5000
   */
  firstDelay: number;
  /**
   * Milliseconds between queries.
   * @default 5000
   */
  interval: number;
  /**
   * Milliseconds after the payment request at which polling gives up and reversal begins.
   * @default 30000
   */
  timeout: number;
}

/** How a payment is given up. Milliseconds. */
export interface ReversalPolicy {
  /**
   * Milliseconds after the payment request before which no reversal is sent (vendor page, reverse: at least 15 s).
   * @default 15000
   */
  notBefore: number;
  /**
   * 'background': pay() resolves with status 'reversing' when reversal begins; 'await': it resolves when the reversal is done.
   * @default 'background'
   */
  mode: 'background' | 'await';
  /**
   * Wait between attempts: `initial`, times `factor` each time, at most `maximum`, up to `jitter` (a share of the wait)
   * shorter or longer. There is no limit on attempts: only the gateway's REVERSE_EXPIRE ends them.
   * @default { initial: 1000, factor: 2, maximum: 60000, jitter: 0.2 }
   */
  backoff: { initial: number; factor: number; maximum: number; jitter: number };
  /**
   * Milliseconds after the payment request before a missing order (ORDERNOTEXIST) can count as never paid; then one more
   * reversal and one more query decide. More than `notBefore` and than the time-outs of a request.
   * @default 300000
   */
  settleAfter: number;
}

/** How a payment ended, or stands. Plain JSON, so that it can cross from a merchant server to a terminal. Amounts in fen. */
export type PaymentOutcome =
  | {
      status: 'paid';
      out_trade_no: string;
      transaction_id: string;
      /** Fen. */
      total_fee: number;
      /** Fen that the customer paid beyond coupons. */
      cash_fee?: number;
      openid?: string;
      /** yyyyMMddHHmmss, China Standard Time. */
      time_end?: string;
      /** The gateway's answer that said so, without what only served the wire (sign, nonce_str). */
      response: Record<string, unknown>;
    }
  /** The gateway said no, and a query confirmed that nothing was charged. */
  | { status: 'declined'; out_trade_no: string; err_code: string; err_code_des?: string }
  /** Nothing reached the gateway (PayTransportError with sent false). */
  | { status: 'failed'; out_trade_no: string; reason: string }
  /** Aborted before anything was sent. */
  | { status: 'cancelled'; out_trade_no: string; by: 'customer' | 'cashier' }
  /** Not charged, or given back; confirmed by a query. */
  | { status: 'reversed'; out_trade_no: string }
  /**
   * The decision to reverse is in the journal and irrevocable; it goes on in the background and after a restart. Never
   * becomes 'paid'. `settled(out_trade_no)` tells how it ended.
   */
  | { status: 'reversing'; out_trade_no: string }
  /**
   * A person must look, and why: REVERSE_EXPIRE (refund), an amount that is not ours, a number that belongs to another
   * sale, a gateway that refuses our key.
   */
  | { status: 'attention'; out_trade_no: string; reason: string };

/** What PaymentProcessor needs of a {@link PayClient}. Every call must settle by time-outs of its own. */
export type PaymentClient = Pick<
  PayClient,
  'identity' | 'micropay' | 'orderquery' | 'reverse' | 'facepay' | 'facepayquery' | 'facepayreverse'
> &
  Partial<Pick<PayClient, 'requestTimeout'>>;

/** Parts and policies of a PaymentProcessor. */
export interface PaymentProcessorOptions {
  /**
   * The merchant's. Without its certificate nothing can be reversed: a payment that must be reversed then ends as
   * 'attention', and cancel() takes it up again once there is one.
   */
  client: PaymentClient;
  /** Of this processor alone. */
  journal: Journal;
  polling?: Partial<PollingPolicy>;
  reversal?: Partial<Omit<ReversalPolicy, 'backoff'>> & { backoff?: Partial<ReversalPolicy['backoff']> };
  /** Default: the system's. Simulated in tests. */
  clock?: Clock;
}

/** What one pay() may be given besides order and code. */
export interface PayOptions {
  /**
   * Abort. Nothing sent yet: 'cancelled'. Sent: the decision to reverse is journalled, and it is reversed after notBefore
   * even if a query says SUCCESS. Already journalled as paid: stays paid.
   */
  signal?: AbortSignal;
  /** Told of every step. What it throws is ignored: a display must not disturb a payment. */
  onProgress?: (progress: PaymentProgress) => void;
}

/** Where a payment stands. `attempt` counts queries or reversals from 1. */
export interface PaymentProgress {
  out_trade_no: string;
  phase: 'face' | 'submitting' | 'querying' | 'reversing' | 'finished';
  attempt?: number;
  detail?: string;
}

/**
 * `wall` is for records and the wire; waiting is measured by `monotonic`, since a till's clock may jump by years. After a
 * restart the waits of a payment count anew; wall time may only lengthen a wait. Both in milliseconds.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Milliseconds since some fixed moment of this process; never goes back. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` when the signal aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Where payments are written down before anything is done about them. {@link LevelJournal} is the embedded one; a
 * merchant server may keep its payments in its own database by writing these six methods.
 */
export interface Journal {
  /**
   * Durable when resolved. Atomic: throws OrderExistsError where the journal knows the number, so that of two concurrent
   * payments of one number only one is sent.
   */
  create(record: PaymentRecord): Promise<void>;
  /** Durable when resolved. Throws JournalError where `record.revision` is not the stored one plus one. */
  put(record: PaymentRecord): Promise<void>;
  /** The record of a number, or undefined where there is none. */
  get(out_trade_no: string): Promise<PaymentRecord | undefined>;
  /** The records that the filter lets through, or all. */
  list(filter?: JournalFilter): AsyncIterable<PaymentRecord>;
  /** Removes finished, acknowledged records last written before `before` (milliseconds since the epoch). */
  prune(before: number): Promise<number>;
  /** Ends it; every later call is refused with ClosedError. */
  close(): Promise<void>;
}

/** Which records to list; a field left out lets both kinds through. */
export interface JournalFilter {
  finished?: boolean;
  acknowledged?: boolean;
}

/** One payment as the journal keeps it. */
export interface PaymentRecord {
  schema: 1;
  out_trade_no: string;
  /** 1 when created, one more with each put. */
  revision: number;
  /** State of the payment machine, see docs/payment-states.md. */
  state: string;
  finished: boolean;
  acknowledged: boolean;
  /** Milliseconds since the epoch. */
  updatedAt: number;
  /** Plain JSON of the state machine; no secret in it. */
  data: Record<string, unknown>;
}
