import { ClosedError, InvalidParameterError, WxpayFaceError } from '../errors.js';
import { paymentErrorCodes } from '../pay/error-codes.js';
import { PayMismatchError, PayProtocolError, PayTransportError, type TransportFailure } from '../pay/errors.js';
import type { PayFailure, PayResult, QueryResult, QuerySuccess, ReverseResult } from '../pay/types.js';
import type { EventName, Payment, PaymentEvent } from './machine.js';
import type { FailureCode } from './types.js';

/* What the gateway's answers, and the lack of them, mean to the machine. */

/** An answer as the machine takes it; the driver adds when. */
export type Answer = Omit<PaymentEvent, 'elapsed'>;

const failureCodes: Readonly<Record<TransportFailure, FailureCode>> = {
  // An abort is told as cancelled, not as failed.
  aborted: 'internal',
  withdrawn: 'late',
  limit: 'limit',
  dns: 'dns',
  unreachable: 'unreachable',
  'connect-timeout': 'connect-timeout',
  tls: 'tls',
  certificate: 'certificate',
  proxy: 'proxy',
  internal: 'internal',
  'response-timeout': 'unreachable',
  broken: 'unreachable',
};

/** Why nothing was sent, of the error that says so. */
export function failureCode(error: unknown): FailureCode {
  if (error instanceof PayTransportError) return failureCodes[error.why ?? 'unreachable'];
  if (error instanceof InvalidParameterError) return 'parameter';
  if (error instanceof ClosedError) return 'closed';
  return 'internal';
}

/** What is told of an error. Our own messages hold no secret; of another's error only its name is told. */
function describe(error: unknown): string {
  if (error instanceof WxpayFaceError) return error.message;
  return error instanceof Error ? error.name : 'an unknown error';
}

const words = ({ err_code, err_code_des }: PayFailure): string =>
  err_code_des === undefined ? err_code : `${err_code} ${err_code_des}`;

// Field facts: the number belongs to another sale. We never submit a number twice, so that it can't be ours.
const taken = new Set(['ORDERPAID', 'OUT_TRADE_NO_USED']);

/** Undefined where a SUCCESS lacks what makes it one. */
function paymentOf(answer: Exclude<PayResult, PayFailure> | QuerySuccess): Payment | undefined {
  const { transaction_id, total_fee, cash_fee, openid, time_end } = answer;
  if (transaction_id === undefined || transaction_id === '' || total_fee === undefined) return undefined;
  // openid is personal data, but the till needs it for its member account, also when recover() tells it; the journal's
  // `keep` ends it. sign and nonce_str only served the wire.
  const { sign: _sign, nonce_str: _nonce, ...response } = answer;
  return {
    transaction_id,
    total_fee,
    ...(cash_fee !== undefined && { cash_fee }),
    ...(openid !== undefined && { openid }),
    ...(time_end !== undefined && { time_end }),
    response,
  };
}

/** @param total_fee What the order asked, in fen. */
export function submitAnswer(answer: PayResult, total_fee: number): Answer {
  if (answer.result_code === 'FAIL') {
    const { err_code, err_code_des } = answer;
    const detail = words(answer);
    if (taken.has(err_code)) return { on: 'submit:taken', verified: true, detail };
    // What nobody has listed is unknown, not failed.
    if (paymentErrorCodes[err_code]?.payment !== 'failed') return { on: 'submit:unclear', verified: true, detail };
    const decline = { err_code, ...(err_code_des !== undefined && { err_code_des }) };
    return { on: 'submit:declined', verified: true, detail, decline };
  }
  const payment = paymentOf(answer);
  if (payment?.total_fee !== total_fee)
    return { on: 'submit:unclear', detail: 'SUCCESS without a transaction_id or with another amount' };
  return { on: 'submit:paid', verified: true, payment, detail: 'SUCCESS' };
}

export function submitError(error: unknown): Answer {
  const detail = describe(error);
  // The last two are thrown before anything is sent.
  if (
    (error instanceof PayTransportError && !error.sent) ||
    error instanceof InvalidParameterError ||
    error instanceof ClosedError
  )
    return { on: 'submit:not-sent', detail };
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
  // The facepay rail's word for the same (field facts).
  ACCEPT: 'query:USERPAYING',
  PAYERROR: 'query:PAYERROR',
};

/** @param total_fee What the order asked, in fen. */
export function queryAnswer(answer: QueryResult, total_fee: number): Answer {
  if (answer.result_code === 'FAIL') {
    const on = answer.err_code === 'ORDERNOTEXIST' ? 'query:ORDERNOTEXIST' : 'query:silent';
    return { on, verified: true, detail: words(answer) };
  }
  const { trade_state, trade_state_desc } = answer;
  if (answer.total_fee !== undefined && answer.total_fee !== total_fee)
    return {
      on: 'query:stranger',
      verified: true,
      detail: `${trade_state}, total_fee ${answer.total_fee} instead of ${total_fee}`,
    };
  const detail = trade_state_desc === undefined ? trade_state : `${trade_state} ${trade_state_desc}`;
  const on = Object.hasOwn(tradeStates, trade_state) ? tradeStates[trade_state] : undefined;
  if (on === undefined) return { on: 'query:silent', verified: true, detail };
  if (on !== 'query:SUCCESS') return { on, verified: true, detail };
  const payment = paymentOf(answer);
  if (payment === undefined) return { on: 'query:silent', detail: 'SUCCESS without transaction_id or total_fee' };
  return { on, verified: true, payment, detail };
}

export function queryError(error: unknown): Answer {
  const detail = describe(error);
  if (error instanceof PayProtocolError) return { on: 'query:refused', detail: error.return_msg ?? error.return_code };
  // An answer about another number is no answer about ours.
  if (error instanceof PayMismatchError && error.field !== 'out_trade_no')
    return { on: 'query:stranger', verified: true, detail };
  return { on: 'query:silent', detail };
}

export function reverseAnswer(answer: ReverseResult): Answer {
  if (answer.result_code === 'FAIL') {
    // Vendor page, reverse: seven days are over. Any other code may pass, or a query tells.
    const on = answer.err_code === 'REVERSE_EXPIRE' ? 'reverse:expired' : 'reverse:again';
    return { on, verified: true, detail: words(answer) };
  }
  const again = answer.recall === 'Y';
  return { on: again ? 'reverse:again' : 'reverse:done', verified: true, detail: again ? 'recall Y' : 'SUCCESS' };
}

export function reverseError(error: unknown): Answer {
  const detail = describe(error);
  if (error instanceof InvalidParameterError) return { on: 'reverse:unable', detail };
  if (error instanceof PayProtocolError)
    return { on: 'reverse:refused', detail: error.return_msg ?? error.return_code };
  return { on: 'reverse:again', detail };
}
