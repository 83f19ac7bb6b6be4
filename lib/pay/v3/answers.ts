import { isFields } from '../../unknown.js';
import { paymentErrorCodes, queryErrorCodes, reverseErrorCodes } from '../error-codes.js';
import { PayResponseError } from '../errors.js';
import type { Fields } from '../results.js';

/* API v3's answers in v2's names, as texts, so that what reads v2's answers reads these. */

export interface VerifiedAnswer {
  readonly status: number;
  /** Parsed JSON; undefined: there was no body. */
  readonly body: unknown;
}

type Read = (body: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

const part = (value: unknown): Readonly<Record<string, unknown>> => (isFields(value) ? value : {});

/** An amount of money; texts and fractions are none. */
function fen(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  throw new PayResponseError(`${name} is not a whole number of fen`);
}

const eightHours = 8 * 60 * 60 * 1000;

/** RFC 3339 as `yyyy-MM-dd HH:mm:ss` in Beijing time. */
function beijing(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const isTime =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(value);
  const time = isTime ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new PayResponseError(`${name} is not a time`);
  return new Date(time + eightHours).toISOString().slice(0, 19).replace('T', ' ');
}

const compact = (time: string | undefined): string | undefined => time?.replace(/\D/g, '');

/** Only texts, without those that are absent. */
function texts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string') throw new PayResponseError(`${name} is not a text`);
    fields[name] = value;
  }
  return fields;
}

/** Of payments and queries. */
const order: Read = (body) => {
  const [amount, payer] = [part(body.amount), part(body.payer)];
  const isPartner = body.sp_mchid !== undefined;
  const { sub_appid, sub_mchid, out_trade_no, transaction_id, trade_type, trade_state, trade_state_desc } = body;
  const { bank_type, attach, promotion_detail } = body;
  return {
    appid: isPartner ? body.sp_appid : body.appid,
    mch_id: isPartner ? body.sp_mchid : body.mchid,
    ...{ sub_appid, sub_mch_id: sub_mchid, out_trade_no, transaction_id },
    ...{ trade_type, trade_state, trade_state_desc, bank_type, attach },
    openid: payer.openid ?? payer.sp_openid,
    sub_openid: payer.sub_openid,
    total_fee: fen('amount.total', amount.total),
    cash_fee: fen('amount.payer_total', amount.payer_total),
    fee_type: amount.currency,
    cash_fee_type: amount.payer_currency,
    time_end: compact(beijing('success_time', body.success_time)),
    promotion_detail: Array.isArray(promotion_detail) ? JSON.stringify({ promotion_detail }) : undefined,
  };
};

const statuses: Readonly<Record<string, string>> = { CLOSED: 'REFUNDCLOSE', ABNORMAL: 'CHANGE' };

const refund: Read = (body) => {
  const amount = part(body.amount);
  const { transaction_id, out_trade_no, out_refund_no, refund_id, status, user_received_account } = body;
  return {
    ...{ transaction_id, out_trade_no, out_refund_no, refund_id },
    refund_status: typeof status === 'string' && Object.hasOwn(statuses, status) ? statuses[status] : status,
    // The vendor's spelling.
    refund_recv_accout: user_received_account,
    refund_success_time: beijing('success_time', body.success_time),
    refund_channel: body.channel,
    refund_account: body.funds_account,
    total_fee: fen('amount.total', amount.total),
    refund_fee: fen('amount.refund', amount.refund),
    cash_fee: fen('amount.payer_total', amount.payer_total),
    cash_refund_fee: fen('amount.payer_refund', amount.payer_refund),
    settlement_total_fee: fen('amount.settlement_total', amount.settlement_total),
    settlement_refund_fee: fen('amount.settlement_refund', amount.settlement_refund),
    fee_type: amount.currency,
  };
};

/** What a refundquery of v2 says of each refund, with a number behind the name. */
const ofEach = /^(?:out_refund_no|refund_|cash_refund_fee|settlement_refund_fee)/;
const numbered: Read = (body) =>
  Object.fromEntries(
    Object.entries(refund(body)).map(([name, value]) => [ofEach.test(name) ? `${name}_0` : name, value]),
  );

/** v2 writes them without the underscores that API v3 puts between the words: ORDER_NOT_EXIST, NOT_ENOUGH. */
const squeezed = (code: string): string => code.replaceAll('_', '');
const v2Codes: ReadonlyMap<string, string> = new Map(
  [paymentErrorCodes, queryErrorCodes, reverseErrorCodes]
    .flatMap(Object.keys)
    // Only a 404 says so.
    .filter((code) => code !== 'ORDERNOTEXIST')
    .map((code) => [squeezed(code), code]),
);

/** A no in v2's words: the code itself, unless v2 knows it by another spelling or another name. */
export function errorCode(status: number, code: string, missing: string): string {
  if (status === 429) return 'FREQUENCY_LIMITED';
  if (status === 404 && /^(?:ORDER|RESOURCE)_?NOT_?EXISTS?$/.test(code)) return missing;
  return v2Codes.get(squeezed(code)) ?? code;
}

/** The gateway's no: of any status but 2xx. */
export function refusal({ status, body }: VerifiedAnswer, missing: string): Record<string, string> {
  const { code, message } = part(body);
  if (typeof code !== 'string' || code === '') throw new PayResponseError(`HTTP ${status} without a code`);
  return {
    result_code: 'FAIL',
    err_code: errorCode(status, code, missing),
    ...(typeof message === 'string' && message !== '' && { err_code_des: message }),
  };
}

const isGood = ({ status }: VerifiedAnswer): boolean => status >= 200 && status < 300;

/** @throws PayResponseError for what is not a JSON object. */
function object({ body }: VerifiedAnswer): Readonly<Record<string, unknown>> {
  if (!isFields(body)) throw new PayResponseError('The response is no JSON object');
  return body;
}

/** What the answers of a call come to, in v2's names. */
export type Translate = (answer: VerifiedAnswer) => Fields;

/** Only 200 with SUCCESS is a payment; USERPAYING comes with 202, and with nothing else (docs/facts.md#api-v3). */
export const translatePayment: Translate = (answer) => {
  if (!isGood(answer)) return refusal(answer, 'ORDERNOTEXIST');
  const fields = texts(order(object(answer)));
  const { trade_state = '' } = fields;
  if (trade_state === '') throw new PayResponseError('The response has no trade_state');
  if (trade_state === 'SUCCESS') {
    if (answer.status !== 200) throw new PayResponseError(`SUCCESS came with HTTP ${answer.status}`);
    return { ...fields, result_code: 'SUCCESS' };
  }
  const isTyping = trade_state === 'USERPAYING' || trade_state === 'ACCEPT';
  return { ...fields, result_code: 'FAIL', err_code: isTyping ? 'USERPAYING' : trade_state };
};

const translated =
  (read: Read, missing: string): Translate =>
  (answer) =>
    // Into the same object, which keeps the hidden class that it shares with the others.
    isGood(answer) ? Object.assign(texts(read(object(answer))), { result_code: 'SUCCESS' }) : refusal(answer, missing);

export const translateQuery = translated(order, 'ORDERNOTEXIST');
export const translateRefund = translated(refund, 'ORDERNOTEXIST');
export const translateRefundquery = translated(numbered, 'REFUNDNOTEXIST');

/** A good answer may have no body: it proves nothing anyway. */
export const translateReverse: Translate = (answer) =>
  isGood(answer) && answer.body === undefined ? { result_code: 'SUCCESS' } : translateQuery(answer);
