import { InvalidParameterError, WxpayFaceError } from '../errors.js';
import type { RefundRule } from './decision/refund/rules.js';

/**
 * ERR_ORDER_UNKNOWN: the journal doesn't know the number. ERR_ORDER_FOREIGN: it is another merchant's, and only a client of
 * that merchant can go on with it. ERR_ORDER_REFUNDED: it has been refunded, so that it can't be given up.
 */
export class OrderUnknownError extends WxpayFaceError {
  declare readonly code: 'ERR_ORDER_UNKNOWN' | 'ERR_ORDER_FOREIGN' | 'ERR_ORDER_REFUNDED';
  readonly out_trade_no: string;
  readonly out_refund_no?: string;

  constructor(
    code: OrderUnknownError['code'],
    message: string,
    order: { out_trade_no: string; out_refund_no?: string },
  ) {
    super('OrderUnknownError', code, message);
    this.out_trade_no = order.out_trade_no;
    if (order.out_refund_no !== undefined) this.out_refund_no = order.out_refund_no;
  }
}

const brokenRules: Readonly<Record<RefundRule, string>> = {
  'not-paid': 'was not paid, as far as the journal knows',
  'too-much': 'would have more given back than was paid, with the refunds that it has',
  'too-many': 'has 50 refunds, and the gateway takes no more',
  'too-old': 'was paid more than a year ago',
  'given-up': 'was given up: the whole of it is reversed',
};

/** A refund that can't be: which rule it breaks. Nothing was sent. */
export class RefundRefusedError extends WxpayFaceError {
  declare readonly code: 'ERR_REFUND';
  readonly rule: RefundRule;
  readonly out_trade_no: string;
  readonly out_refund_no: string;

  constructor(rule: RefundRule, out_trade_no: string, out_refund_no: string) {
    super('RefundRefusedError', 'ERR_REFUND', `${out_trade_no} ${brokenRules[rule]} (refund ${out_refund_no})`);
    this.rule = rule;
    this.out_trade_no = out_trade_no;
    this.out_refund_no = out_refund_no;
  }
}

/** A policy field out of range: which one, and its limits. */
export class InvalidPolicyError extends InvalidParameterError {
  declare readonly code: 'ERR_INVALID_POLICY';
  /** Dotted path, such as `reversal.backoff.factor`. */
  readonly field: string;

  /** @param rule What is wrong, as the end of a sentence that begins with the field's name. */
  constructor(field: string, rule: string) {
    super(field, rule, ['InvalidPolicyError', 'ERR_INVALID_POLICY']);
    this.field = field;
  }
}
