import { day } from './beijing.js';

/* What the gateway does to money, whoever keeps the book: the simulator's ledger, and the gateway of the tests' histories. No call, no
   setting and no clock. Amounts in fen, times in milliseconds by the gateway's clock. */

/** One order in the gateway's book. Amounts in fen. */
export interface LedgerEntry {
  readonly out_trade_no: string;
  trade_state: 'SUCCESS' | 'REFUND' | 'NOTPAY' | 'CLOSED' | 'REVOKED' | 'USERPAYING' | 'PAYERROR';
  readonly total_fee: number;
  charged: number;
  /** What has been given back, by reversals and by refunds that have ended so. */
  refunded: number;
}

/** An order, and where its money is. */
export interface Order extends LedgerEntry {
  /** Of what was charged, what a reversal or a refund that isn't closed has taken: nobody can take it once more. */
  reserved: number;
  paidAt: number;
  /** What reversals have given back. */
  readonly reversals: Array<{ readonly at: number; readonly fee: number }>;
}

/** How a refund can end: given back; closed, and nothing given back; or left to the merchant's hand, since the card is gone. */
export type RefundEnd = 'SUCCESS' | 'REFUNDCLOSE' | 'CHANGE';
export const refundEnds: readonly RefundEnd[] = ['SUCCESS', 'REFUNDCLOSE', 'CHANGE'];

export interface Refund {
  readonly order: Order;
  readonly out_refund_no: string;
  readonly refund_fee: number;
  readonly requestedAt: number;
  refund_status: 'PROCESSING' | RefundEnd;
}

/** docs/facts.md#refunds */
const [latest, most] = [365 * day, 50];

/** Nothing is charged yet. */
export const newOrder = (out_trade_no: string, total_fee: number): Order => ({
  out_trade_no,
  trade_state: 'USERPAYING',
  total_fee,
  charged: 0,
  refunded: 0,
  reserved: 0,
  paidAt: 0,
  reversals: [],
});

/** The customer pays, unless the order has ended. */
export function charge(order: Order, at: number): void {
  if (order.trade_state === 'REVOKED' || order.trade_state === 'CLOSED') return;
  order.trade_state = 'SUCCESS';
  order.charged = order.total_fee;
  order.paidAt = at;
}

/** Gives back what nobody has taken. @param shown What the order shows from then on. */
export function reverse(order: Order, at: number, shown: 'REVOKED' | 'REFUND' = 'REVOKED'): void {
  const fee = order.charged - order.reserved;
  if (fee > 0) order.reversals.push({ at, fee });
  order.refunded += fee;
  order.reserved = order.charged;
  if (order.trade_state !== 'REFUND') order.trade_state = shown;
}

/**
 * The vendor's limits for one more refund of an order: the err_code, and the words of the wire if they tell more.
 * @param refunds Those that the order has.
 * @param interval Milliseconds between two.
 */
export function whyNotRefunded(
  order: Order,
  refunds: readonly Refund[],
  refund_fee: number,
  at: number,
  interval: number,
): readonly [err_code: string, err_code_des?: string] | undefined {
  if (order.trade_state !== 'SUCCESS' && order.trade_state !== 'REFUND') return ['TRADE_STATE_ERROR'];
  if (at - order.paidAt > latest) return ['TRADE_OVERDUE'];
  const left = order.charged - order.reserved;
  if (left === 0) return ['ERROR', '订单已全额退款'];
  if (refund_fee > left) return ['INVALID_REQUEST', 'refund_fee大于可退金额'];
  if (refunds.length >= most) return ['INVALID_REQUEST', '部分退款次数超过限制'];
  const isTooSoon = refunds.some(({ requestedAt }) => Math.abs(at - requestedAt) < interval);
  return isTooSoon ? ['FREQUENCY_LIMITED'] : undefined;
}

/** The gateway takes a refund that no limit forbids. */
export function takeRefund({ order, refund_fee }: Refund): void {
  order.reserved += refund_fee;
  order.trade_state = 'REFUND';
}

export function endRefund(refund: Refund, end: RefundEnd): void {
  refund.refund_status = end;
  if (end === 'SUCCESS') refund.order.refunded += refund.refund_fee;
  if (end === 'REFUNDCLOSE') refund.order.reserved -= refund.refund_fee;
}
