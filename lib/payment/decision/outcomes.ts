import type { PaymentState } from './states.js';

/**
 * Why nothing was sent. 'late': the request would have left too long after its record. 'limit': the client's own queue was
 * too long. 'closed': the client was closed. 'internal': a fault of this package or of the machine.
 */
export type FailureCode =
  | 'dns'
  | 'unreachable'
  | 'connect-timeout'
  | 'tls'
  | 'proxy'
  | 'certificate'
  | 'parameter'
  | 'late'
  | 'limit'
  | 'closed'
  | 'internal';

/**
 * What keeps a reversal from its end. 'certificate': the gateway refuses the merchant's certificate. 'refused': it refuses
 * the key or the merchant. 'limit': it limits calls. 'silence': it gives no verified answer. 'journal': a write fails.
 */
export type Trouble = 'certificate' | 'refused' | 'limit' | 'silence' | 'journal';

/**
 * Why a person must look. 'number-taken': the number belongs to another sale. 'not-ours': a query shows another amount,
 * merchant or time. 'refunded-elsewhere': a refund that this package did not make. 'refused': the gateway refuses our key or
 * merchant. 'certificate': reversals are refused or impossible without a good certificate (cancel() takes the sale up again).
 * 'reverse-expired': refund by hand. 'denied': an order once confirmed is gone. 'unreadable', 'other-merchant': a record of
 * another version or merchant.
 */
export type AttentionCode =
  | 'number-taken'
  | 'not-ours'
  | 'refunded-elsewhere'
  | 'refused'
  | 'certificate'
  | 'reverse-expired'
  | 'denied'
  | 'unreadable'
  | 'other-merchant';

/** Why a payment is reversed: unknown for too long, given up by abort() or cancel(), or the gateway's PAYERROR. */
export type ReversalReason = 'unknown' | 'given-up' | 'payerror';

/** Who ended a payment before it was sent. */
export type CancelledBy = 'customer' | 'cashier' | 'timeout';

/**
 * How a payment ended, or stands. Plain JSON, so that it can cross from a merchant server to a terminal. Amounts in fen.
 * `code` is for programs, `reason` (English) for logs.
 *
 * `revision`: the record's revision at which this outcome was decided (an acknowledgement doesn't change it); of two outcomes
 * of one number the higher counts. Absent if nothing was ever written down.
 */
export type PaymentOutcome = { revision?: number } & (
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
  /** Nothing reached the gateway. */
  | { status: 'failed'; out_trade_no: string; code: FailureCode; reason: string }
  /** Aborted before anything was sent: by the customer, the cashier (an abort without a reason of ours), or a time limit. */
  | { status: 'cancelled'; out_trade_no: string; by: CancelledBy }
  /** Not charged, or given back; confirmed by a query. */
  | { status: 'reversed'; out_trade_no: string; why: ReversalReason }
  /**
   * The decision to reverse is in the journal and irrevocable; it goes on in the background and after a restart. Never
   * becomes 'paid'. `settled(out_trade_no)` tells how it ended.
   */
  | { status: 'reversing'; out_trade_no: string; why: ReversalReason; trouble?: Trouble }
  /** A person must look, and why. */
  | { status: 'attention'; out_trade_no: string; code: AttentionCode; reason: string }
);

/** Who gave up what was not sent yet: a time limit, or the cashier. @param reason The signal's. */
export const cancelledBy = (reason: unknown): 'cashier' | 'timeout' =>
  reason instanceof Error && reason.name === 'TimeoutError' ? 'timeout' : 'cashier';

/**
 * What a caller is told of a state; undefined while nothing is decided.
 * @param revision The record's revision at which this phase was decided.
 * @param trouble What keeps it from its end, as far as it is known.
 */
export function outcomeOf(
  out_trade_no: string,
  { phase, facts }: Pick<PaymentState, 'phase' | 'facts'>,
  revision: number,
  trouble?: Trouble,
): PaymentOutcome | undefined {
  const known = { out_trade_no, revision };
  const { payment, decline, failure, attention, reason = '', by = 'cashier', why = 'unknown' } = facts;
  switch (phase) {
    case 'paid':
      return payment && { status: phase, ...known, ...payment };
    case 'declined':
      return decline && { status: phase, ...known, ...decline };
    case 'failed':
      return failure && { status: phase, ...known, code: failure, reason };
    case 'attention':
      return attention && { status: phase, ...known, code: attention, reason };
    case 'cancelled':
      return { status: phase, ...known, by };
    case 'reversed':
      return { status: phase, ...known, why };
    case 'reversing':
      return { status: phase, ...known, why, ...(trouble !== undefined && { trouble }) };
    default:
      return undefined;
  }
}
