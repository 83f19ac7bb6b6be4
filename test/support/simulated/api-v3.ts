import { PayProtocolError } from '../../../lib/pay/errors.js';
import type { RefundResult } from '../../../lib/pay/refund.js';
import type { RefundQueryResult } from '../../../lib/pay/refundquery.js';
import type { PayFailure, PayResult, QueryResult, ReverseResult } from '../../../lib/pay/results.js';
import { troubleOf } from '../../../lib/pay/trouble.js';
import { type CallV3, calls, told } from '../../../lib/pay/v3/calls.js';
import { readReply } from '../../../lib/pay/v3/reply.js';
import { errorOf, orderBody, refundBody } from '../../../lib/simulator/v3/messages.js';
import type { Reply } from './client.js';
import { type Kind, merchant } from './gateway.js';
import type { Random } from './random.js';

/* How API v3 says what the gateway's book answers, and how PayClientV3 reads it; signing takes too long for many histories. */

/** An answer as it comes over the wire. */
export interface Said {
  readonly status: number;
  readonly body: object | string;
  readonly isSigned: boolean;
}

type Params = Readonly<Record<string, unknown>>;

const bodies = { pay: orderBody, query: orderBody, reverse: orderBody, refund: refundBody, refundquery: refundBody };

const textsOf = (fields: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
    ),
  );

/** A signed 401 is no refund's no. */
const errorBody = ({ err_code, err_code_des = '' }: PayFailure): Pick<Said, 'status' | 'body'> =>
  errorOf({ err_code: err_code === 'SIGNERROR' ? 'PARAM_ERROR' : err_code, fields: { err_code_des } }, '');

/** @throws What isn't an answer. */
function spoken(kind: Kind, ask: () => Reply): Pick<Said, 'status' | 'body'> & { isSigned?: false } {
  try {
    const reply = ask();
    if (reply.result_code === 'FAIL') return errorBody(reply);
    const refund = 'refunds' in reply && Array.isArray(reply.refunds) ? reply.refunds[0] : {};
    const state = kind === 'pay' ? { trade_state: 'SUCCESS' } : {};
    return { status: 200, body: bodies[kind](merchant, textsOf({ ...reply, ...refund, ...state })) };
  } catch (error) {
    if (!(error instanceof PayProtocolError)) throw error;
    const [status, code] = troubleOf(error) === 'limit' ? [429, 'RATE_LIMITED'] : [401, 'SIGN_ERROR'];
    return { status, body: { code, message: error.return_msg }, isSigned: false };
  }
}

/** The book's answer by API v3. @param isFaulty An error comes from a machine in front of the one that signs. */
export function speak(kind: Kind, isFaulty: boolean, ask: () => Reply): Said {
  const { isSigned = true, ...said } = spoken(kind, ask);
  return { ...said, isSigned: isSigned && (said.status < 300 || !isFaulty) };
}

const errors = (code: string) => ({ code, message: `words for ${code}` });

/** What a till that is mistaken reads. */
export const shows = {
  paid: (params: Params): Said => {
    const paid = { trade_state: 'SUCCESS', transaction_id: '1' };
    return { status: 200, body: orderBody(merchant, textsOf({ ...params, ...paid })), isSigned: true };
  },
  noOrder: { status: 404, body: errors('ORDER_NOT_EXIST'), isSigned: true },
  noRefund: { status: 404, body: errors('RESOURCE_NOT_EXISTS'), isSigned: true },
} as const;

/** What comes from whoever stands between, and has no key: some of it looks like the gateway's own. */
export const unsigned = (kind: Kind, random: Random): Said => ({
  ...random.weighted<Pick<Said, 'status' | 'body'>>([
    [shows[kind === 'refundquery' ? 'noRefund' : 'noOrder'], 6],
    [{ status: 404, body: '<html>Not Found</html>' }, 1],
    [{ status: 400, body: errors('PARAM_ERROR') }, 1],
    [{ status: 403, body: errors('NOT_ENOUGH') }, 1],
    [{ status: 502, body: '<html>Bad Gateway</html>' }, 1],
    [{ status: 200, body: { out_trade_no: 'Y', trade_state: 'CLOSED' } }, 2],
    [{ status: 204, body: '' }, 1],
  ]),
  isSigned: false,
});

/** What each call is answered. */
export interface Replies {
  pay: PayResult;
  query: QueryResult;
  reverse: ReverseResult;
  refund: RefundResult;
  refundquery: RefundQueryResult;
}

function answered<Result>(call: CallV3<Result>, params: Params, { status, body, isSigned }: Said): Result {
  const reply = {
    status,
    contentType: 'application/json',
    headers: isSigned ? { 'wechatpay-signature': 'good' } : {},
    certificateNote: '',
    date: undefined,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  };
  const answer = readReply('a call', reply, [], () => undefined);
  return { ...told('a call', call, params, { identity: merchant }, answer).result, response: answer.body };
}

/** What a till makes of an answer, as PayClientV3 does. @throws What that throws. */
export const hear: { [K in Kind]: (params: Params, said: Said) => Replies[K] } = {
  pay: (params, said) => answered(calls.micropay, params, said),
  query: (params, said) => answered(calls.orderquery, params, said),
  reverse: (params, said) => answered(calls.reverse, params, said),
  refund: (params, said) => answered(calls.refund, params, said),
  refundquery: (params, said) => answered(calls.refundquery, params, said),
};
