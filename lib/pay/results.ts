import { PayMismatchError, PayResponseError } from './errors.js';

/** Vendor page, 3: get_wxpayface_authinfo. Another `return_code` than SUCCESS is a PayProtocolError. */
export interface AuthinfoResponse {
  return_code: 'SUCCESS';
  return_msg?: string;
  /** The credential for getWxpayfaceCode. Up to 4096 characters. */
  authinfo: string;
  /** Seconds for which this terminal may use `authinfo` with the same parameters. */
  expires_in: number;
  appid?: string;
  mch_id?: string;
  sub_appid?: string;
  sub_mch_id?: string;
  nonce_str?: string;
  sign?: string;
}

/** What a client of one's own leaves out is optional; {@link PayClient}'s answers have what the vendor's tables require. */
export interface PayResponse {
  return_code?: 'SUCCESS';
  return_msg?: string;
  appid?: string;
  mch_id?: string;
  sub_appid?: string;
  sub_mch_id?: string;
  device_info?: string;
  nonce_str?: string;
  sign?: string;
  /** API v3: the answer as it came, without credentials. */
  response?: unknown;
  /** Fields that the vendor's tables don't list are kept. Amounts are numbers, all else strings. */
  [field: string]: unknown;
}

/** A verified no, which is a value. */
export interface PayFailure extends PayResponse {
  result_code: 'FAIL';
  err_code: string;
  /** The vendor's words, Chinese. */
  err_code_des?: string;
}

/** Of an order that was paid. Amounts are in fen. */
interface OrderFacts extends PayResponse {
  result_code: 'SUCCESS';
  openid?: string;
  /** 'Y' if the customer follows the official account. */
  is_subscribe?: string;
  sub_openid?: string;
  sub_is_subscribe?: string;
  trade_type?: string;
  bank_type?: string;
  fee_type?: string;
  /** Amount to be settled: the order's less the coupons that the merchant doesn't pre-pay. */
  settlement_total_fee?: number;
  coupon_fee?: number;
  [couponFee: `coupon_fee_${number}`]: number;
  [couponId: `coupon_id_${number}`]: string;
  /** CASH or NO_CASH. */
  [couponType: `coupon_type_${number}`]: string;
  coupon_count?: string;
  cash_fee?: number;
  cash_fee_type?: string;
  attach?: string;
  /** yyyyMMddHHmmss in Beijing time. */
  time_end?: string;
  /** A JSON text. */
  promotion_detail?: string;
}

/** Vendor page, 5: micropay. */
export interface PaySuccess extends OrderFacts {
  transaction_id: string;
  /** {@link PayClient} never answers without it. */
  out_trade_no?: string;
  /** Fen. {@link PayClient} never answers without it. */
  total_fee?: number;
}

/** What a payment call answered. SUCCESS is about the order that was sent, merchant, number and amount. */
export type PayResult = PaySuccess | PayFailure;

/** Vendor page, 6: orderquery. */
export interface QuerySuccess extends OrderFacts {
  /** SUCCESS, REFUND, NOTPAY, CLOSED, REVOKED, USERPAYING or PAYERROR; after facepay also ACCEPT. */
  trade_state: string;
  /** The vendor's words, Chinese. */
  trade_state_desc?: string;
  transaction_id?: string;
  out_trade_no?: string;
  /** Fen. Present if trade_state is SUCCESS; the caller compares it with the order. */
  total_fee?: number;
}

/** What a query answered. The order is paid only if `trade_state` is SUCCESS. */
export type QueryResult = QuerySuccess | PayFailure;

/** Vendor page, 7: reverse. */
export interface ReverseSuccess extends PayResponse {
  result_code: 'SUCCESS';
  /** 'Y': the reversal must be called again. */
  recall?: string;
}

/** SUCCESS also comes for an order that doesn't exist (yet): only a later query tells that it's reversed. */
export type ReverseResult = ReverseSuccess | (PayFailure & { recall?: string });

/** Fields of a verified response. */
export type Fields = Readonly<Record<string, string>>;

// Vendor page: the Int fields in fen of micropay, orderquery; those of refund. coupon_fee_0, coupon_refund_fee_0, …
const amount =
  /^(?:(?:settlement_)?total_fee|cash_fee|coupon_fee(?:_\d+)?|(?:settlement_|cash_)?refund_fee|coupon_refund_fee(?:_\d+)?)$/;

function fen(name: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new PayResponseError(`${name} is not a whole number of fen`);
  return Number(value);
}

/** Amounts as numbers of fen; an empty one, which no signature covers, is none. */
export function withAmounts(fields: Fields): Record<string, string | number> {
  const result: Record<string, string | number> = { ...fields };
  for (const [name, value] of Object.entries(fields)) {
    if (!amount.test(name)) continue;
    if (value === '') delete result[name];
    else result[name] = fen(name, value);
  }
  return result;
}

/** A field without which the response says nothing. */
export function needed(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined || value === '') throw new PayResponseError(`The response has no ${name}`);
  return value;
}

export const neededAmount = (fields: Fields, name: string): number => fen(name, needed(fields, name));

export const verdict = { return_code: 'SUCCESS', result_code: 'SUCCESS' } as const;

/** The no that each of the calls can answer; undefined if it's a yes. */
export function failure(fields: Fields) {
  const result_code = needed(fields, 'result_code');
  if (result_code === 'SUCCESS') return undefined;
  if (result_code !== 'FAIL') throw new PayResponseError('The result_code is neither SUCCESS nor FAIL');
  return {
    ...withAmounts(fields),
    return_code: 'SUCCESS',
    result_code,
    err_code: needed(fields, 'err_code'),
  } as const;
}

export const readPayment = (fields: Fields): PayResult =>
  failure(fields) ?? {
    ...withAmounts(fields),
    ...verdict,
    appid: needed(fields, 'appid'),
    mch_id: needed(fields, 'mch_id'),
    transaction_id: needed(fields, 'transaction_id'),
    out_trade_no: needed(fields, 'out_trade_no'),
    total_fee: neededAmount(fields, 'total_fee'),
  };

export const readQuery = (fields: Fields): QueryResult =>
  failure(fields) ?? { ...withAmounts(fields), ...verdict, trade_state: needed(fields, 'trade_state') };

export const readReverse = (fields: Fields): ReverseResult => failure(fields) ?? { ...withAmounts(fields), ...verdict };

export function readAuthinfo(fields: Fields): AuthinfoResponse {
  const expires_in = needed(fields, 'expires_in');
  if (!/^\d{1,9}$/.test(expires_in)) throw new PayResponseError('expires_in is not a number of seconds');
  const authinfo = needed(fields, 'authinfo');
  return { ...fields, return_code: 'SUCCESS', authinfo, expires_in: Number(expires_in) };
}

/** Whose a message is, and about what. */
const identifying = [
  ...['appid', 'mch_id', 'sub_appid', 'sub_mch_id'],
  ...['out_trade_no', 'transaction_id', 'total_fee', 'out_refund_no', 'refund_fee'],
];

/** What a response says of money: each of these calls that tells SUCCESS must say whose. */
export type About = 'payment' | 'query' | 'refund' | 'refundquery';

const tellsSuccess = (about: About | undefined, { result_code, trade_state }: Fields): boolean =>
  about !== undefined && result_code === 'SUCCESS' && (about !== 'query' || trade_state === 'SUCCESS');

/** A query's answer names its order in every state (vendor page, 6: out_trade_no is always there). */
const namesOrder = (about: About | undefined, { result_code }: Fields): boolean =>
  about === 'query' && result_code === 'SUCCESS';

/** A refundquery answers with each refund's number under a name of its own (out_refund_no_0): all must be the one asked for. */
function checkRefunds(call: string, sent: Fields, received: Fields): void {
  for (const name of ['out_refund_no', 'refund_id']) {
    const asked = sent[name];
    if (asked === undefined) continue;
    const isNumbered = new RegExp(`^${name}_\\d+$`);
    const answered = Object.keys(received).filter((field) => isNumbered.test(field));
    if (answered.length === 0) throw new PayMismatchError(name, `The response to ${call} has no ${name}`);
    if (answered.some((field) => received[field] !== asked))
      throw new PayMismatchError(name, `The response to ${call} is about another ${name}`);
  }
}

/**
 * Holds a verified response against what was asked: a good signature may be a replay of another merchant's, another
 * order's or another amount's. What was sent must be equal if it comes back, and must come back if a SUCCESS is told.
 * @throws PayMismatchError for the first field that differs or is missing.
 */
export function checkIdentity(call: string, about: About | undefined, sent: Fields, received: Fields): void {
  const told = tellsSuccess(about, received);
  if (told && about === 'refundquery') checkRefunds(call, sent, received);
  /** Of what was asked; the vendor needn't repeat all of it. */
  const isRepeated: Readonly<Record<string, boolean>> = {
    sub_appid: false,
    transaction_id: about === 'refundquery',
    out_refund_no: about !== 'refundquery',
  };
  for (const name of identifying) {
    const asked = sent[name];
    const answered = received[name] || undefined;
    if (answered === undefined) {
      // Order and amount always: a query need not send them, but its caller must be able to compare them.
      const owed =
        name === 'out_trade_no' || name === 'total_fee' || (asked !== undefined && isRepeated[name] !== false);
      const isNumber = name === 'out_trade_no' && asked !== undefined && namesOrder(about, received);
      if ((told && owed) || isNumber) throw new PayMismatchError(name, `The response to ${call} has no ${name}`);
    } else if (asked === undefined) {
      // Only a sub-merchant has one; which one, a service provider need not have said.
      const isStrange = name === 'sub_mch_id' || (name === 'sub_appid' && sent.sub_mch_id === undefined);
      if (isStrange) throw new PayMismatchError(name, `The response to ${call} is about a ${name}`);
    } else if (answered !== asked && !(amount.test(name) && fen(name, answered) === Number(asked)))
      throw new PayMismatchError(name, `The response to ${call} is about another ${name}`);
  }
}
