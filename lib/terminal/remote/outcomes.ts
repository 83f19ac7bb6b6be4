import type { PaymentOutcome } from '../../payment/decision/outcomes.js';
import type { RefundOutcome } from '../../payment/decision/refund/outcomes.js';
import { type Fields, isFields, isNumber, isOneOf, isOptional, isString, isWhole } from '../../unknown.js';

/* What of a merchant server's answer may be taken for an outcome: all that its type says, of the very number that was asked for. */

type Is = (value: unknown) => boolean;

const isText: Is = (value) => isString(value) && value !== '';
const isFen: Is = (value) => isWhole(value) && value >= 0;
const optional =
  (is: Is): Is =>
  (value) =>
    isOptional(value, is);

const isFailure = isOneOf(
  ...['dns', 'unreachable', 'connect-timeout', 'tls', 'proxy', 'certificate', 'parameter', 'late', 'limit', 'closed'],
  'internal',
);
const isReason = isOneOf('unknown', 'given-up', 'payerror');
const isTrouble = optional(isOneOf('certificate', 'refused', 'limit', 'silence', 'journal'));
const decline = { err_code: isText, err_code_des: optional(isString) };
const failure = { code: isFailure, reason: isString };

const payments: Readonly<Record<string, Readonly<Record<string, Is>>>> = {
  paid: {
    transaction_id: isText,
    total_fee: isFen,
    cash_fee: optional(isNumber),
    openid: optional(isString),
    time_end: optional(isString),
    response: isFields,
  },
  declined: decline,
  failed: failure,
  cancelled: { by: isOneOf('customer', 'cashier', 'timeout') },
  reversed: { why: isReason },
  reversing: { why: isReason, trouble: isTrouble },
  attention: {
    code: isOneOf(
      ...['number-taken', 'not-ours', 'refunded-elsewhere', 'refused', 'certificate', 'reverse-expired', 'denied'],
      ...['unreadable', 'other-merchant'],
    ),
    reason: isString,
  },
};

const refunds: typeof payments = {
  refunded: { refund_id: isText, time: optional(isString), to: optional(isString) },
  processing: { accepted: (value) => typeof value === 'boolean', trouble: isTrouble },
  refused: decline,
  failed: failure,
  attention: {
    code: isOneOf('by-hand', 'not-ours', 'refused', 'certificate', 'unreadable', 'other-merchant'),
    reason: isString,
  },
};

const isRevision = optional((value) => isWhole(value) && value >= 1);

function fits(table: typeof payments, value: Fields): boolean {
  const { status, revision } = value;
  if (!isString(status) || !Object.hasOwn(table, status) || !isRevision(revision)) return false;
  return Object.entries(table[status] ?? {}).every(([name, is]) => is(value[name]));
}

export const isPaymentOutcome = (value: unknown): value is PaymentOutcome =>
  isFields(value) && value.kind === undefined && isText(value.out_trade_no) && fits(payments, value);

export const isRefundOutcome = (value: unknown): value is RefundOutcome =>
  isFields(value) &&
  value.kind === 'refund' &&
  isText(value.out_trade_no) &&
  isText(value.out_refund_no) &&
  isFen(value.refund_fee) &&
  fits(refunds, value);

/** Of this number; and if it was paid, this amount, if that is known. */
export const paymentOf =
  (out_trade_no: string, total_fee?: number) =>
  (value: unknown): PaymentOutcome | undefined => {
    if (!isPaymentOutcome(value) || value.out_trade_no !== out_trade_no) return undefined;
    const isAnother = value.status === 'paid' && total_fee !== undefined && value.total_fee !== total_fee;
    return isAnother ? undefined : value;
  };

/** Of this number; and of this sale and amount, if they are known. */
export const refundOf =
  (out_refund_no: string, asked: { out_trade_no?: string; refund_fee?: number } = {}) =>
  (value: unknown): RefundOutcome | undefined => {
    if (!isRefundOutcome(value) || value.out_refund_no !== out_refund_no) return undefined;
    const { out_trade_no = value.out_trade_no, refund_fee = value.refund_fee } = asked;
    return value.out_trade_no === out_trade_no && value.refund_fee === refund_fee ? value : undefined;
  };

/** Plain JSON; undefined for what is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
