/* What a request may hold. What a field of an order must be is the package's matter, which refuses it by name. */

const text = { type: 'string', maxLength: 8_192 } as const;
const fen = { type: 'integer', minimum: 1 } as const;

const numbered = {
  type: 'object',
  required: ['number'],
  properties: { number: { type: 'string', minLength: 1, maxLength: 64 } },
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
    { type: 'object', required: ['auth_code'], additionalProperties: false, properties: { auth_code: text } },
    {
      type: 'object',
      required: ['face_code'],
      additionalProperties: false,
      properties: { face_code: text, openid: text },
    },
  ],
} as const;

export const wait = { querystring: waited };
export const number = { params: numbered };
export const look = { params: numbered, querystring: waitedUntil };
export const pay = {
  params: numbered,
  querystring: waited,
  headers: {
    type: 'object',
    properties: { 'idempotency-key': { type: 'string', minLength: 1, maxLength: 128 } },
  },
  body: { type: 'object', required: ['order', 'code'], additionalProperties: false, properties: { order, code } },
};
export const refund = {
  params: numbered,
  querystring: waited,
  body: {
    type: 'object',
    required: ['out_trade_no', 'refund_fee'],
    additionalProperties: false,
    properties: { out_trade_no: text, refund_fee: fen, total_fee: fen, refund_desc: text, refund_account: text },
  },
};
export const acknowledge = {
  params: numbered,
  body: {
    type: 'object',
    required: ['revision'],
    properties: { revision: { type: 'integer', minimum: 1 } },
  },
};
/** The terminal's parameters: the server fills in which shop and which device it is. */
export const authinfo = { body: { type: 'object', additionalProperties: text } };
