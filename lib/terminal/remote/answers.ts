import { InvalidParameterError, type WxpayFaceError } from '../../errors.js';
import { OrderExistsError } from '../../journal/errors.js';
import {
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
  type TransportFailure,
} from '../../pay/errors.js';
import type { Reply } from '../../pay/http/post.js';
import type { RefundRule } from '../../payment/decision/refund/rules.js';
import { OrderUnknownError, RefundRefusedError } from '../../payment/errors.js';
import { type Fields, isFields, isOneOf, isString } from '../../unknown.js';
import { parsed } from './outcomes.js';

/* What a merchant server's answer means. */

export type ServerAnswer =
  /** 200, 202 or 204. */
  | { readonly status: number; readonly body: unknown }
  /** The server understood, and said no. */
  | { readonly refusal: Refusal }
  /** Not now, or nothing that could be believed: ask again. */
  | { readonly failure: PayTransportError; readonly pause: number };

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly parameter?: string;
  readonly rule?: string;
}

/** Of which number it was. */
export interface About {
  readonly out_trade_no?: string;
  readonly out_refund_no?: string;
}

/** Milliseconds: of what a server may ask for. */
const longestPause = 60_000;
/** Characters of its words that are told on. */
const longestMessage = 300;

const isJson = ({ contentType }: Pick<Reply, 'contentType'>): boolean => /^application\/json\b/i.test(contentType);

/** Milliseconds. */
function pauseOf({ headers }: Pick<Reply, 'headers'>): number {
  const seconds = Number(headers['retry-after'] ?? 0);
  return seconds > 0 ? Math.min(longestPause, seconds * 1_000) : 0;
}

export function answerOf(reply: Reply): ServerAnswer {
  const { status, body } = reply;
  if (status === 204) return { status, body: undefined };
  const said = isJson(reply) ? parsed(body.toString()) : undefined;
  if ((status === 200 || status === 202) && said !== undefined) return { status, body: said };
  return isFields(said) && isString(said.code) && isString(said.message)
    ? refused(reply, said, said.code, said.message)
    : unbelievable(reply);
}

/** What stands before the server may have said it, whatever became of the request. */
const unbelievable = (reply: Reply): ServerAnswer =>
  later(reply, 'what is no answer of a merchant server', true, 'broken');

function later(reply: Reply, what: string, sent: boolean, why: TransportFailure): ServerAnswer {
  const failure = new PayTransportError(`the merchant server answered ${reply.status}, ${what}`, sent, { why });
  return { failure, pause: pauseOf(reply) };
}

const numbers = { ERR_ORDER_UNKNOWN: 404, ERR_ORDER_EXISTS: 409, ERR_ORDER_REFUNDED: 409, ERR_REFUND: 409 } as const;
/** What the server's client of the gateway has thrown. */
const gatewayErrors: Readonly<Record<string, (message: string) => WxpayFaceError>> = {
  ERR_PAY_TRANSPORT: (message) => new PayTransportError(message, true, { why: 'unreachable' }),
  ERR_PAY_RESPONSE: (message) => new PayResponseError(message),
  ERR_PAY_SIGNATURE: (message) => new PaySignatureError(message),
  ERR_PAY_MISMATCH: (message) => new PayMismatchError('', message),
  ERR_PAY_PROTOCOL: (message) => new PayProtocolError('The merchant server', 'FAIL', message),
};

function isRefusal(status: number, code: string): boolean {
  if (status === 401 || status === 403) return true;
  if (code === 'ERR_INVALID_PARAMETER' || code === 'ERR_INVALID_POLICY') return status >= 400 && status < 500;
  if (Object.hasOwn(gatewayErrors, code)) return status === 502;
  return Reflect.get(numbers, code) === status;
}

function refused(reply: Reply, said: Fields, code: string, message: string): ServerAnswer {
  const { status } = reply;
  // The server says that nothing was sent.
  if (status === 429) return later(reply, 'too many requests', false, 'limit');
  if (status === 503) return later(reply, 'not now', false, 'unreachable');
  if (!isRefusal(status, code)) return later(reply, 'a failure of its own', true, 'broken');
  const { parameter, rule } = said;
  return {
    refusal: {
      ...{ status, code, message: message.slice(0, longestMessage) },
      ...(isString(parameter) && { parameter }),
      ...(isString(rule) && { rule }),
    },
  };
}

const refundRules: Readonly<Record<RefundRule, true>> = {
  'not-paid': true,
  'too-much': true,
  'too-many': true,
  'too-old': true,
  'given-up': true,
};
const isRefundRule = (rule: unknown): rule is RefundRule => isOneOf(...Object.keys(refundRules))(rule);

/** The error that a merchant in this process would have thrown. @param tokenName What the token's option is called. */
export function errorOf(refusal: Refusal, { out_trade_no = '', out_refund_no }: About, tokenName: string): Error {
  const { status, code, message, parameter, rule } = refusal;
  if (status === 401) return new InvalidParameterError(tokenName, 'is not that of a terminal of this merchant server');
  if (status === 403) return new InvalidParameterError(tokenName, `does not allow it: ${message}`);
  if (code === 'ERR_ORDER_EXISTS') return new OrderExistsError(out_trade_no, out_refund_no);
  if (code === 'ERR_ORDER_UNKNOWN' || code === 'ERR_ORDER_REFUNDED')
    return new OrderUnknownError(code, message, {
      out_trade_no,
      ...(out_refund_no !== undefined && { out_refund_no }),
    });
  if (code === 'ERR_REFUND')
    return isRefundRule(rule)
      ? new RefundRefusedError(rule, out_trade_no, out_refund_no ?? '')
      : new PayTransportError(`the merchant server refused the refund: ${message}`, false, { why: 'broken' });
  const make = gatewayErrors[code];
  if (make !== undefined) return make(message);
  if (parameter !== undefined && rule !== undefined) return new InvalidParameterError(parameter, rule);
  const [, name = 'request', broken = message] = /^(\S+) (.*)$/s.exec(message) ?? [];
  return new InvalidParameterError(name, broken);
}
