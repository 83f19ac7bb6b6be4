import { type FieldTable, isAbsent } from '../fields.js';
import { PayResponseError } from './errors.js';
import { orderRefFields, refundNumber, vendorNumber } from './parameters.js';
import { type Fields, failure, needed, neededAmount, type PayFailure, withAmounts } from './results.js';

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

export const refundqueryFields: FieldTable = {
  ...orderRefFields,
  out_refund_no: refundNumber,
  refund_id: vendorNumber,
  offset: { type: 'integer', minimum: 0 },
};

/** At most as many refunds are in one answer. */
const pageSize = 10;

/** `refund_fee_0` is the first refund's `refund_fee`, `coupon_refund_id_0_1` its `coupon_refund_id_1`. */
const numbered = /^(.+?)_(\d+)(_\d+)?$/;

/** The fields of each refund, without its number in their names. */
function numberedFields(fields: Fields): Array<Record<string, string>> {
  const found = new Map<number, Record<string, string>>();
  for (const [field, value] of Object.entries(fields)) {
    const [, name, number, coupon = ''] = numbered.exec(field) ?? [];
    if (name === undefined) continue;
    const refund = found.get(Number(number)) ?? {};
    refund[`${name}${coupon}`] = value;
    found.set(Number(number), refund);
  }
  return [...found]
    .filter(([, refund]) => 'out_refund_no' in refund || 'refund_id' in refund)
    .sort(([one], [other]) => one - other)
    .map(([, refund]) => refund);
}

const readOne = (fields: Fields): Refund => ({
  ...withAmounts(fields),
  out_refund_no: needed(fields, 'out_refund_no'),
  refund_id: needed(fields, 'refund_id'),
  refund_fee: neededAmount(fields, 'refund_fee'),
  refund_status: needed(fields, 'refund_status'),
});

/** One answer: at most ten refunds. */
export function readRefundquery(fields: Fields): RefundQueryResult {
  const no = failure(fields);
  if (no !== undefined) return no;
  const total = fields.total_refund_count;
  if (total !== undefined && !/^\d{1,9}$/.test(total)) throw new PayResponseError('total_refund_count is no number');
  return {
    result_code: 'SUCCESS',
    out_trade_no: needed(fields, 'out_trade_no'),
    ...(fields.transaction_id && { transaction_id: fields.transaction_id }),
    total_fee: neededAmount(fields, 'total_fee'),
    ...(total !== undefined && { total_refund_count: Number(total) }),
    refunds: numberedFields(fields).map(readOne),
  };
}

/** Whether all refunds of an order are asked for. */
export const isOfWholeOrder = (ref: Readonly<Record<string, unknown>>): boolean =>
  ['out_refund_no', 'refund_id', 'offset'].every((name) => isAbsent(ref[name]));

/** Without a total only a page that isn't full says that it's the last one. */
const isWhole = ({ total_refund_count, refunds }: RefundQuerySuccess): boolean =>
  total_refund_count === undefined ? refunds.length % pageSize !== 0 : refunds.length >= total_refund_count;

function joined(before: RefundQuerySuccess, page: RefundQuerySuccess): RefundQuerySuccess {
  const known = new Set(before.refunds.map(({ refund_id }) => refund_id));
  const more = page.refunds.filter(({ refund_id }) => !known.has(refund_id));
  return { ...before, ...page, refunds: [...before.refunds, ...more] };
}

/**
 * All refunds of an order, a page after the other.
 * @param ask Gives the refunds from this one on, counted from 0.
 */
export async function allRefunds(ask: (offset: number) => Promise<RefundQueryResult>): Promise<RefundQueryResult> {
  const first = await ask(0);
  if (first.result_code === 'FAIL') return first;
  let all = first;
  while (!isWhole(all)) {
    const page = await ask(all.refunds.length);
    if (page.result_code === 'FAIL' && page.err_code !== 'REFUNDNOTEXIST') return page;
    const more = page.result_code === 'FAIL' ? all : joined(all, page);
    if (more.refunds.length === all.refunds.length) {
      if (more.total_refund_count === undefined) return more;
      // E.g. by a new one, which pushed another one onto the page before.
      throw new PayResponseError("The order's refunds have changed while they were read");
    }
    all = more;
  }
  return all;
}
