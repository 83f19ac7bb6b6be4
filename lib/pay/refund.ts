import type { FieldTable } from '../fields.js';
import { currency, fen, isHttps, type OrderRef, orderRefFields, refundNumber } from './parameters.js';
import {
  type Fields,
  failure,
  needed,
  neededAmount,
  type PayFailure,
  type PayResponse,
  verdict,
  withAmounts,
} from './results.js';

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

export const refundFields: FieldTable = {
  ...orderRefFields,
  out_refund_no: { ...refundNumber, required: true },
  total_fee: fen,
  refund_fee: fen,
  refund_fee_type: currency,
  refund_desc: { maxCharacters: 80 },
  refund_account: { maxCharacters: 30 },
  notify_url: { maxCharacters: 256, check: isHttps, rule: 'must be a URL that begins with https://' },
};

export const readRefund = (fields: Fields): RefundResult =>
  failure(fields) ?? {
    ...withAmounts(fields),
    ...verdict,
    transaction_id: needed(fields, 'transaction_id'),
    out_trade_no: needed(fields, 'out_trade_no'),
    out_refund_no: needed(fields, 'out_refund_no'),
    refund_id: needed(fields, 'refund_id'),
    refund_fee: neededAmount(fields, 'refund_fee'),
    total_fee: neededAmount(fields, 'total_fee'),
  };
