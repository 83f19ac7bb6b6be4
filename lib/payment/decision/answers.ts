import { ClosedError, InvalidParameterError, WxpayFaceError } from '../../errors.js';
import { paymentAfter } from '../../pay/error-codes.js';
import { PayMismatchError, PayProtocolError, PayTransportError } from '../../pay/errors.js';
import type { RefundQueryResult } from '../../pay/refundquery.js';
import type { PayFailure, PayResult, QueryResult, QuerySuccess, ReverseResult } from '../../pay/results.js';
import { isLimit, troubleOf } from '../../pay/trouble.js';
import { isFields } from '../../unknown.js';
import type { FailureCode } from './outcomes.js';
import { beijingTime } from './request-time.js';
import type { EventName, Payment, PaymentEvent } from './states.js';

/* What the gateway's answers, and the lack of them, mean to the machine. */

/** An answer as the machine takes it; the run adds when. */
export type Answer = Omit<PaymentEvent, 'elapsed' | 'quiet'>;

/** What an answer is held against. */
export interface Asked {
  readonly out_trade_no: string;
  /** Fen; unknown of an order that another program sold. */
  readonly total_fee?: number | undefined;
  /** Milliseconds since the epoch, before which no payment can be ours; undefined if it can't be said. */
  readonly earliest: number | undefined;
}

/** What is told of an error. Our own messages hold no secret; of another's error only its name is told. */
export function describe(error: unknown): string {
  if (error instanceof WxpayFaceError) return error.message;
  return error instanceof Error ? error.name : 'an unknown error';
}

/** The gateway's no, in one line. */
export const words = ({ err_code, err_code_des }: Pick<PayFailure, 'err_code' | 'err_code_des'>): string =>
  err_code_des === undefined ? err_code : `${err_code} ${err_code_des}`;

// docs/facts.md#a-number-of-another-sale. We never submit a number twice, so that it can't be ours.
const taken = new Set(['ORDERPAID', 'OUT_TRADE_NO_USED']);
// Six reports, e.g. "201 商户订单号重复". The other reasons of INVALID_REQUEST (vendor page) speak of rights and certificates.
const saysRepeated =
  /重复|(?:单号|out_?trade_?no|order\s?(?:no|number|id)).*(?:已(?:经)?(?:存在|使用|被使用|支付)|used|exist|duplicat|repeat)|(?:duplicat|repeat)\w*\s.*(?:order|trade)/i;
const isTaken = ({ err_code, err_code_des = '' }: PayFailure): boolean =>
  taken.has(err_code) || (err_code === 'INVALID_REQUEST' && saysRepeated.test(err_code_des));

const isForeign = (time_end: string | undefined, { earliest }: Asked): boolean => {
  const time = time_end === undefined ? undefined : beijingTime(time_end);
  return time !== undefined && earliest !== undefined && time < earliest;
};

/** Undefined if a SUCCESS lacks what makes it one. */
export function paymentOf(answer: Exclude<PayResult, PayFailure> | QuerySuccess): Payment | undefined {
  const { transaction_id, total_fee, cash_fee, openid, time_end } = answer;
  if (transaction_id === undefined || transaction_id === '' || total_fee === undefined) return undefined;
  // openid is personal data, but the till needs it for its member account, also when it is told after a restart; the
  // journal's `keep` ends it. sign and nonce_str only served the wire.
  const { sign: _sign, nonce_str: _nonce, response: original, ...fields } = answer;
  const response = isFields(original) ? original : fields;
  return {
    transaction_id,
    total_fee,
    ...(cash_fee !== undefined && { cash_fee }),
    ...(openid !== undefined && { openid }),
    ...(time_end !== undefined && { time_end }),
    response,
  };
}

export function submitAnswer(answer: PayResult, asked: Asked): Answer {
  if (answer.result_code === 'FAIL') {
    const { err_code, err_code_des } = answer;
    const detail = words(answer);
    if (isTaken(answer)) return { on: 'submit:taken', verified: true, detail };
    const password = err_code === 'USERPAYING';
    if (paymentAfter(err_code) !== 'failed') {
      const isLimited = !password && isLimit(answer);
      return { on: isLimited ? 'submit:limited' : 'submit:unclear', verified: true, detail, password };
    }
    const decline = { err_code, ...(err_code_des !== undefined && { err_code_des }) };
    return { on: 'submit:declined', verified: true, detail, decline };
  }
  const payment = paymentOf(answer);
  if (payment?.total_fee !== asked.total_fee || payment === undefined)
    return { on: 'submit:unclear', detail: 'SUCCESS without a transaction_id or with another amount' };
  // A replay: our order must be queried.
  if (isForeign(payment.time_end, asked))
    return { on: 'submit:unclear', detail: `SUCCESS with time_end ${payment.time_end}, before the request` };
  return { on: 'submit:paid', verified: true, payment, detail: 'SUCCESS' };
}

const failures: Readonly<Record<string, FailureCode>> = {
  dns: 'dns',
  unreachable: 'unreachable',
  'connect-timeout': 'connect-timeout',
  tls: 'tls',
  certificate: 'certificate',
  proxy: 'proxy',
  limit: 'limit',
  withdrawn: 'late',
  internal: 'internal',
};

/** Why nothing was sent, of an error that says that nothing was. */
export function failureCode(error: unknown): FailureCode {
  if (error instanceof ClosedError) return 'closed';
  if (error instanceof InvalidParameterError) return 'parameter';
  if (!(error instanceof PayTransportError)) return 'internal';
  return failures[error.why ?? ''] ?? 'unreachable';
}

export function submitError(error: unknown): Answer {
  const detail = describe(error);
  // The last two are thrown before anything is sent.
  if (
    (error instanceof PayTransportError && !error.sent) ||
    error instanceof InvalidParameterError ||
    error instanceof ClosedError
  )
    return { on: 'submit:not-sent', detail, failure: failureCode(error) };
  if (troubleOf(error) === 'limit') return { on: 'submit:limited', detail };
  if (error instanceof PayProtocolError) return { on: 'submit:refused', detail: error.return_msg ?? error.return_code };
  // Everything else, a mismatch too (a replay): our order must be queried.
  return { on: 'submit:unclear', detail };
}

const tradeStates: Readonly<Record<string, EventName>> = {
  SUCCESS: 'query:SUCCESS',
  REFUND: 'query:REFUND',
  NOTPAY: 'query:NOTPAY',
  CLOSED: 'query:CLOSED',
  REVOKED: 'query:REVOKED',
  USERPAYING: 'query:USERPAYING',
  // The facepay rail's word for the same (docs/facts.md#the-two-rails).
  ACCEPT: 'query:USERPAYING',
  PAYERROR: 'query:PAYERROR',
};

export function queryAnswer(answer: QueryResult, asked: Asked): Answer {
  if (answer.result_code === 'FAIL') {
    const { err_code } = answer;
    if (err_code === 'ORDERNOTEXIST') return { on: 'query:ORDERNOTEXIST', verified: true, detail: words(answer) };
    return { on: isLimit(answer) ? 'query:limited' : 'query:silent', verified: true, detail: words(answer) };
  }
  const { trade_state, trade_state_desc, total_fee } = answer;
  // Vendor page, 6: it names the order always. One that doesn't is about nobody.
  if (answer.out_trade_no !== asked.out_trade_no)
    return { on: 'query:silent', detail: 'an answer about no order of ours' };
  if (total_fee !== undefined && asked.total_fee !== undefined && total_fee !== asked.total_fee)
    return {
      on: 'query:stranger',
      verified: true,
      detail: `${trade_state}, total_fee ${total_fee} instead of ${asked.total_fee}`,
    };
  if (isForeign(answer.time_end, asked))
    return {
      on: 'query:stranger',
      verified: true,
      detail: `${trade_state}, time_end ${answer.time_end}, before our request`,
    };
  const detail = trade_state_desc === undefined ? trade_state : `${trade_state} ${trade_state_desc}`;
  const on = Object.hasOwn(tradeStates, trade_state) ? tradeStates[trade_state] : undefined;
  if (on === undefined) return { on: 'query:silent', verified: true, detail };
  if (on !== 'query:SUCCESS') return { on, verified: true, detail, password: on === 'query:USERPAYING' };
  const payment = paymentOf(answer);
  if (payment === undefined) return { on: 'query:silent', detail: 'SUCCESS without transaction_id or total_fee' };
  return { on, verified: true, payment, detail };
}

/**
 * A sale that is reversed shows REFUND, and a refundquery was asked why (docs/facts.md#reversals). A reversal gives all back,
 * and shows as no refund.
 * @param ours Numbers of the refunds that this package made.
 */
export function returnedAnswer(answer: RefundQueryResult, { out_trade_no }: Asked, ours: ReadonlySet<string>): Answer {
  if (answer.result_code === 'FAIL') {
    if (answer.err_code === 'REFUNDNOTEXIST') return { on: 'query:returned', verified: true, detail: 'REFUND' };
    return { on: isLimit(answer) ? 'query:limited' : 'query:silent', verified: true, detail: words(answer) };
  }
  if (answer.out_trade_no !== out_trade_no) return { on: 'query:silent', detail: 'an answer about no order of ours' };
  const strange = answer.refunds.find(({ out_refund_no }) => !ours.has(out_refund_no));
  if (strange !== undefined)
    return { on: 'query:REFUND', verified: true, detail: `REFUND, by ${strange.out_refund_no}` };
  // Of these nothing was given back. A sale may show REFUND although all of its refunds were closed: then nothing tells that it
  // was reversed.
  const refunds = answer.refunds.filter(({ refund_status }) => refund_status !== 'REFUNDCLOSE');
  if (refunds.some(({ refund_status }) => refund_status === 'PROCESSING'))
    return { on: 'query:silent', verified: true, detail: 'REFUND, under way' };
  const isDone = refunds.every(({ refund_status }) => refund_status === 'SUCCESS');
  const returned = refunds.reduce((fen, { refund_fee }) => fen + refund_fee, 0);
  const isWhole = isDone && returned === answer.total_fee;
  const detail = `REFUND, ${returned} of ${answer.total_fee}`;
  return { on: isWhole ? 'query:returned' : 'query:REFUND', verified: true, detail };
}

export function queryError(error: unknown): Answer {
  const detail = describe(error);
  if (troubleOf(error) === 'limit') return { on: 'query:limited', detail };
  if (error instanceof PayProtocolError) return { on: 'query:refused', detail: error.return_msg ?? error.return_code };
  // An answer about another number is not an answer about ours.
  if (error instanceof PayMismatchError && error.field !== 'out_trade_no')
    return { on: 'query:stranger', verified: true, detail };
  return { on: 'query:silent', detail };
}

export function reverseAnswer(answer: ReverseResult): Answer {
  if (answer.result_code === 'FAIL') {
    const detail = words(answer);
    // Vendor page, reverse: seven days are over. Any other code may pass, or a query tells.
    if (answer.err_code === 'REVERSE_EXPIRE') return { on: 'reverse:expired', verified: true, detail };
    return { on: isLimit(answer) ? 'reverse:limited' : 'reverse:again', verified: true, detail };
  }
  const again = answer.recall === 'Y';
  return { on: again ? 'reverse:again' : 'reverse:done', verified: true, detail: again ? 'recall Y' : 'SUCCESS' };
}

export function reverseError(error: unknown): Answer {
  const detail = describe(error);
  if (error instanceof InvalidParameterError) return { on: 'reverse:unable', detail };
  const trouble = troubleOf(error);
  if (trouble !== undefined) return { on: trouble === 'limit' ? 'reverse:limited' : 'reverse:certificate', detail };
  if (error instanceof PayProtocolError)
    return { on: 'reverse:refused', detail: error.return_msg ?? error.return_code };
  return { on: 'reverse:again', detail };
}
