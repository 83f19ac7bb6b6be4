import type { FastifySchema } from 'fastify';
import type { Described } from './openapi.js';

/* What a request may hold. What a field of an order must be is the package's matter, which refuses it by name. */

const text = { type: 'string', maxLength: 8_192 } as const;
const fen = { type: 'integer', minimum: 1 } as const;

const numbered = {
  type: 'object',
  required: ['number'],
  properties: { number: { type: 'string', pattern: '^[0-9A-Za-z_*@|-]{1,64}$' } },
} as const;

const waited = {
  type: 'object',
  additionalProperties: false,
  properties: { wait: { type: 'string', pattern: '^\\d{1,2}(\\.\\d{1,3})?$' } },
} as const;

const waitedUntil = {
  ...waited,
  properties: { ...waited.properties, until: { enum: ['decided', 'final'] } },
} as const;

const order = {
  type: 'object',
  required: ['total_fee', 'body'],
  additionalProperties: false,
  properties: {
    ...Object.fromEntries(
      [
        ...['out_trade_no', 'body', 'spbill_create_ip', 'attach', 'detail', 'goods_tag', 'limit_pay', 'fee_type'],
        ...['device_info', 'time_start', 'time_expire', 'receipt', 'scene_info', 'profit_sharing'],
      ].map((name) => [name, text]),
    ),
    total_fee: fen,
    extra: { type: 'object', additionalProperties: text },
  },
} as const;

const code = {
  oneOf: [
    {
      type: 'object',
      required: ['auth_code'],
      additionalProperties: false,
      // A face's code: a client of API v3 sends it by v2.
      properties: { auth_code: text, from: { enum: ['face'] } },
    },
    {
      type: 'object',
      required: ['face_code'],
      additionalProperties: false,
      properties: { face_code: text, openid: text },
    },
  ],
} as const;

const paid = { 200: 'PaymentOutcome', 202: 'Undecided' } as const;
const refunded = { 200: 'RefundOutcome', 202: 'Undecided' } as const;
const revision = {
  type: 'object',
  required: ['revision'],
  properties: { revision: { type: 'integer', minimum: 1 } },
} as const;

/** What it's for, what it answers, and what its requests may hold. */
type Route = FastifySchema & Described;

export const health: Route = {
  summary: 'Whether a payment can be taken now',
  answers: { 200: 'Health', 503: 'Health' },
};
export const identity: Route = { summary: 'Who is paid, without secrets', answers: { 200: 'Identity' } };
/** The terminal's parameters: the server fills in which shop and which device it is. */
export const authinfo: Route = {
  summary: 'The credential for the face commands',
  answers: { 200: 'Authinfo' },
  body: { type: 'object', additionalProperties: text },
};
export const pay: Route = {
  summary: 'Pays. The same Idempotency-Key again is the same attempt; for another one the number is in use (409)',
  answers: paid,
  params: numbered,
  querystring: waited,
  headers: {
    type: 'object',
    properties: { 'idempotency-key': { type: 'string', minLength: 1, maxLength: 128 } },
  },
  body: { type: 'object', required: ['order', 'code'], additionalProperties: false, properties: { order, code } },
};
export const look: Route = {
  summary:
    'The outcome of a payment of this terminal, or of a paid sale of its store if it may refund; undecided (202) when the wait is over',
  answers: paid,
  params: numbered,
  querystring: waitedUntil,
};
export const cancel: Route = {
  summary: 'Gives a sale up, also a number that has not come yet: durable when answered',
  answers: paid,
  params: numbered,
  querystring: waited,
};
export const progress: Route = {
  summary: 'The steps of a payment while it happens',
  answers: { 200: 'Progress' },
  params: numbered,
};
export const refunds: Route = {
  summary: 'The refunds of a sale of this terminal, or of a paid sale of its store if it may refund',
  answers: { 200: 'RefundOutcomes' },
  params: numbered,
};
export const acknowledge: Route = {
  summary: 'The terminal has acted on the outcome of this revision',
  answers: { 204: undefined },
  params: numbered,
  body: revision,
};
export const refund: Route = {
  summary: 'Gives back all or a part of a paid sale of this store, once for each number',
  answers: refunded,
  params: numbered,
  querystring: waited,
  body: {
    type: 'object',
    required: ['out_trade_no', 'refund_fee'],
    additionalProperties: false,
    properties: { out_trade_no: text, refund_fee: fen, total_fee: fen, refund_desc: text, refund_account: text },
  },
};
export const lookAtRefund: Route = {
  summary: 'The outcome of a refund: of a sale of this terminal, or of its store if it may refund',
  answers: refunded,
  params: numbered,
  querystring: waitedUntil,
};
export const unacknowledged: Route = {
  summary: 'What has ended and this terminal has not acted upon',
  answers: { 200: 'Outcomes' },
  querystring: waited,
};
/** Whoever posts: no terminal. */
export const notice: Route = {
  summary: 'The gateway’s notification of a refund, which is asked for then',
  answers: { 200: 'NoticeTaken', 400: 'Error', 404: 'Error', 413: 'Error', 429: 'Error', 503: 'Error' },
  isOpen: true,
  params: { type: 'object', required: ['merchant'], properties: { merchant: { type: 'string', maxLength: 128 } } },
  accepts: 'Notice',
};
