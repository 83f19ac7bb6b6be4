import { ClosedError, InvalidParameterError } from '../../../errors.js';
import { PayMismatchError, PayProtocolError, PayTransportError } from '../../../pay/errors.js';
import type { RefundResult } from '../../../pay/refund.js';
import type { RefundQueryResult } from '../../../pay/refundquery.js';
import type { PayFailure } from '../../../pay/results.js';
import { isLimit, troubleOf } from '../../../pay/trouble.js';

import { describe, failureCode, words } from '../answers.js';
import type { GivenBack, RefundDecline, RefundEvent, RefundEventName } from './states.js';

/* What the gateway's answers to refund and refundquery, and the lack of them, mean to the machine. */

/** An answer as the machine takes it; the run adds when. */
export type RefundAnswer = Omit<RefundEvent, 'elapsed'>;

/** What an answer is held against. */
export interface AskedRefund {
  readonly out_trade_no: string;
  readonly out_refund_no: string;
  /** Fen, of the whole sale. */
  readonly total_fee: number;
  /** Fen. */
  readonly refund_fee: number;
}

/** What the gateway's no to a refund means (docs/facts.md#refunds). A limit on calls is known by its words as well. */
const codes = {
  SYSTEMERROR: 'again',
  BIZERR_NEED_RETRY: 'again',
  TRADE_OVERDUE: 'no',
  NOTENOUGH: 'no',
  INVALID_TRANSACTIONID: 'no',
  PARAM_ERROR: 'no',
  APPID_NOT_EXIST: 'no',
  MCHID_NOT_EXIST: 'no',
  ORDERNOTEXIST: 'no',
  REQUIRE_POST_METHOD: 'no',
  SIGNERROR: 'no',
  XML_FORMAT_ERROR: 'no',
  USER_ACCOUNT_ABNORMAL: 'by hand',
  ERROR: 'by hand',
} as const satisfies Readonly<Record<string, 'again' | 'no' | 'by hand'>>;
/** An err_code of a refund that says whether it goes on. */
export type RefundErrorCode = keyof typeof codes;

const isKnown = (err_code: string): err_code is RefundErrorCode => Object.hasOwn(codes, err_code);

const declineOf = ({ err_code, err_code_des }: PayFailure, byHand: boolean): RefundDecline => ({
  err_code,
  ...(err_code_des !== undefined && { err_code_des }),
  ...(byHand && { byHand }),
});

export function sendAnswer(answer: RefundResult, asked: AskedRefund): RefundAnswer {
  if (answer.result_code === 'FAIL') {
    const detail = words(answer);
    if (isLimit(answer)) return { on: 'send:limited', verified: true, detail };
    const meaning = isKnown(answer.err_code) ? codes[answer.err_code] : undefined;
    if (meaning === undefined) return { on: 'send:unclear', verified: true, detail };
    if (meaning === 'again') return { on: 'send:again', verified: true, detail };
    return { on: 'send:declined', verified: true, detail, decline: declineOf(answer, meaning === 'by hand') };
  }
  const other = differing(answer, asked);
  if (other !== undefined) return { on: 'send:unclear', detail: `SUCCESS about another refund: ${other}` };
  return { on: 'send:accepted', verified: true, detail: 'SUCCESS' };
}

/** The first of the names whose value is not ours. */
function differing(
  answer: Readonly<Record<keyof AskedRefund, string | number>>,
  asked: AskedRefund,
): string | undefined {
  const names = ['out_trade_no', 'out_refund_no', 'total_fee', 'refund_fee'] as const;
  const name = names.find((each) => answer[each] !== asked[each]);
  return name && `${name} ${answer[name]} instead of ${asked[name]}`;
}

export function sendError(error: unknown): RefundAnswer {
  const detail = describe(error);
  // Both are thrown before anything is sent.
  if (error instanceof InvalidParameterError || error instanceof ClosedError) {
    const isCertificate = error instanceof InvalidParameterError && error.parameter === 'certificate';
    return { on: 'send:unable', detail, failure: isCertificate ? 'certificate' : failureCode(error) };
  }
  const trouble = troubleOf(error);
  if (trouble !== undefined) return { on: trouble === 'limit' ? 'send:limited' : 'send:certificate', detail };
  if (error instanceof PayTransportError && !error.sent) return { on: 'send:not-sent', detail };
  if (error instanceof PayProtocolError) return { on: 'send:refused', detail: error.return_msg ?? error.return_code };
  // A replay, or our number is another refund's: a query shows which.
  if (error instanceof PayMismatchError) return { on: 'send:unclear', detail };
  return { on: 'send:again', detail };
}

const statuses: Readonly<Record<string, RefundEventName>> = {
  SUCCESS: 'query:SUCCESS',
  PROCESSING: 'query:PROCESSING',
  REFUNDCLOSE: 'query:REFUNDCLOSE',
  CHANGE: 'query:CHANGE',
};

export function queryAnswer(answer: RefundQueryResult, asked: AskedRefund): RefundAnswer {
  if (answer.result_code === 'FAIL') {
    const detail = words(answer);
    if (answer.err_code === 'REFUNDNOTEXIST') return { on: 'query:REFUNDNOTEXIST', verified: true, detail };
    return { on: isLimit(answer) ? 'query:limited' : 'query:silent', verified: true, detail };
  }
  const refund = answer.refunds.find(({ out_refund_no }) => out_refund_no === asked.out_refund_no);
  if (refund === undefined) return { on: 'query:silent', detail: 'an answer about no refund of ours' };
  const { refund_id, refund_status, refund_success_time: time, refund_recv_accout: to } = refund;
  const other = differing({ ...answer, ...refund }, asked);
  if (other !== undefined) return { on: 'query:stranger', verified: true, detail: `${refund_status}, ${other}` };
  const on = Object.hasOwn(statuses, refund_status) ? statuses[refund_status] : undefined;
  const seen = { verified: true, detail: refund_status };
  if (on === undefined) return { on: 'query:silent', ...seen };
  if (on === 'query:REFUNDCLOSE') return { on, ...seen, decline: { err_code: refund_status } };
  if (on !== 'query:SUCCESS') return { on, ...seen };
  const givenBack: GivenBack = { refund_id, ...(time && { time }), ...(to && { to }) };
  return { on, ...seen, givenBack };
}

export function queryError(error: unknown): RefundAnswer {
  const detail = describe(error);
  if (troubleOf(error) === 'limit') return { on: 'query:limited', detail };
  if (error instanceof PayProtocolError) return { on: 'query:refused', detail: error.return_msg ?? error.return_code };
  // An answer about another refund is not an answer about ours.
  if (error instanceof PayMismatchError && !error.field.startsWith('out_refund_no'))
    return { on: 'query:stranger', verified: true, detail };
  return { on: 'query:silent', detail };
}
