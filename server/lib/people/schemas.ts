import type { FastifySchema } from 'fastify';

/* What the page may ask. */

const text = (maxLength: number, minLength = 1) => ({ type: 'string', minLength, maxLength }) as const;
const language = { enum: ['zh', 'en'] } as const;
const kind = { enum: ['payment', 'refund'] } as const;
const inLanguage = { type: 'object', additionalProperties: false, properties: { language } } as const;

export const signIn: FastifySchema = {
  body: { type: 'object', required: ['token'], additionalProperties: false, properties: { token: text(128) } },
};
export const events: FastifySchema = { querystring: inLanguage };
export const record: FastifySchema = {
  querystring: {
    type: 'object',
    required: ['merchant', 'kind', 'id'],
    additionalProperties: false,
    properties: { merchant: text(300), kind, id: text(64), language },
  },
};
export const lookUp: FastifySchema = {
  querystring: inLanguage,
  body: {
    type: 'object',
    required: ['merchant', 'id'],
    additionalProperties: false,
    properties: { merchant: text(300), id: text(32) },
  },
};

/** Of a dead letter, or of a difference. */
export const named: FastifySchema = {
  querystring: inLanguage,
  body: {
    type: 'object',
    required: ['merchant', 'id'],
    additionalProperties: false,
    properties: { merchant: text(300), id: text(300) },
  },
};

const confirmed = {
  merchant: text(300),
  kind,
  id: text(64),
  revision: { type: 'integer', minimum: 1 },
  form: { type: 'string', pattern: '^P[0-9a-f]{24}$' },
} as const;
const names = ['merchant', 'kind', 'id', 'revision', 'form'] as const;

export const act: FastifySchema = {
  querystring: inLanguage,
  body: {
    type: 'object',
    required: ['act', ...names],
    additionalProperties: false,
    properties: {
      ...confirmed,
      act: { enum: ['give-up', 'refund', 'send-again', 'acknowledge'] },
      refund_fee: { type: 'integer', minimum: 1 },
      refund_desc: text(80, 0),
    },
    // An amount is a refund's, and a refund has one.
    anyOf: [
      { properties: { act: { const: 'refund' } }, required: ['refund_fee'] },
      { properties: { act: { not: { const: 'refund' } }, refund_fee: false, refund_desc: false } },
    ],
  },
};
