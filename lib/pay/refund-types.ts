import type { OrderRef, PayFailure, PayResponse } from './types.js';

/** The vendor's refund (secapi/pay/refund): all or a part of what was paid. Needs the certificate. */
export type RefundParams = OrderRef & {
  /** The merchant's number of this refund, 1 to 64 of `0-9 A-Z a-z _ - | * @`. The same number again never refunds twice. */
  out_refund_no: string;
  /** The whole order's amount in fen. */
  total_fee: number;
  /** Fen, at most total_fee. */
  refund_fee: number;
  /** Currency (ISO 4217). The vendor's default: CNY. */
  refund_fee_type?: string;
  /** Shown to the customer. At most 80 characters. */
  refund_desc?: string;
  /** REFUND_SOURCE_UNSETTLED_FUNDS (the vendor's default) or REFUND_SOURCE_RECHARGE_FUNDS. */
  refund_account?: string;
  /** Where the vendor posts the refund's result: https, at most 256 characters. See {@link PayClient.readRefundNotice}. */
  notify_url?: string;
};

/** The vendor has taken the refund order; refundquery tells how it ends. */
export interface RefundSuccess extends PayResponse {
  result_code: 'SUCCESS';
  transaction_id: string;
  out_trade_no: string;
  out_refund_no: string;
  /** The vendor's number of the refund. */
  refund_id: string;
  refund_fee: number;
  total_fee: number;
  settlement_refund_fee?: number;
  settlement_total_fee?: number;
  fee_type?: string;
  cash_fee?: number;
  cash_fee_type?: string;
  cash_refund_fee?: number;
  coupon_refund_fee?: number;
  [couponFee: `coupon_refund_fee_${number}`]: number;
  coupon_refund_count?: string;
}

/** What a refund call answered. */
export type RefundResult = RefundSuccess | PayFailure;

/** Whose refunds: one, by the merchant's number or the vendor's; or those of an order. */
export type RefundRef =
  | { out_refund_no: string }
  | { refund_id: string }
  | {
      out_trade_no: string;
      /** Gives at most ten, from this one on, counted from 0. Default: all that the order has. */
      offset?: number;
    }
  | {
      transaction_id: string;
      /** Gives at most ten, from this one on, counted from 0. Default: all that the order has. */
      offset?: number;
    };

/**
 * One refund, as `refundquery` shows it: the vendor's fields without the number at their end. A coupon's keep theirs:
 * `coupon_refund_id_0_1` is `coupon_refund_id_1` of the first refund; `coupon_refund_fee` is what its coupons come to.
 * Amounts are numbers in fen, all else the strings that arrived.
 */
export type Refund = {
  out_refund_no: string;
  /** The vendor's number of the refund. */
  refund_id: string;
  /** Fen. */
  refund_fee: number;
  /**
   * SUCCESS; PROCESSING; REFUNDCLOSE: closed, nothing was given back; CHANGE: the customer's card is gone, and the merchant
   * pays out by hand.
   */
  refund_status: 'SUCCESS' | 'PROCESSING' | 'REFUNDCLOSE' | 'CHANGE' | (string & {});
  /** `yyyy-MM-dd HH:mm:ss`, Beijing time. */
  refund_success_time?: string;
  /** Where it went, in the vendor's words and the vendor's spelling. */
  refund_recv_accout?: string;
} & Record<string, string | number>;

/** The refunds that were asked for. */
export interface RefundQuerySuccess {
  result_code: 'SUCCESS';
  out_trade_no: string;
  transaction_id?: string;
  /** The order's, in fen. */
  total_fee: number;
  /** Of an order: how many it has, however many of them are here. */
  total_refund_count?: number;
  refunds: Refund[];
}

/** What a refundquery answered. */
export type RefundQueryResult = RefundQuerySuccess | PayFailure;

/** A refund notification, deciphered. Nobody has signed it: a hint to ask `refundquery`, never a proof. */
export interface RefundNotice {
  out_trade_no: string;
  out_refund_no: string;
  /** The vendor's number of the refund. */
  refund_id: string;
  /** The order's, in fen. */
  total_fee: number;
  /** Fen. */
  refund_fee: number;
  /** SUCCESS, CHANGE or REFUNDCLOSE. */
  refund_status: string;
  /** `yyyy-MM-dd HH:mm:ss`, Beijing time. */
  success_time?: string;
}
