import type { RouteOptions } from 'fastify';

/* The description of the HTTP, written from the routes themselves: what they check is what it says. */

type Fields = Readonly<Record<string, unknown>>;

/** What is answered, by the status; a name is that of a schema below, undefined an answer without a body. */
export interface Described {
  readonly summary: string;
  readonly answers: Readonly<Record<number, string | undefined>>;
  /** Without a token. */
  readonly isOpen?: true;
  /** The schema of a body that isn't JSON. */
  readonly accepts?: string;
}

const text = { type: 'string' } as const;
const fen = { type: 'integer', description: 'Fen' } as const;

const outcome = (statuses: readonly string[], fields: Fields, required: readonly string[]): Fields => ({
  type: 'object',
  required: ['status', ...required],
  properties: {
    status: { enum: statuses },
    revision: { type: 'integer', description: 'Of two outcomes of one number the higher counts; acknowledge names it' },
    ...fields,
  },
});

const schemas: Fields = {
  PaymentOutcome: outcome(
    ['paid', 'declined', 'failed', 'cancelled', 'reversed', 'reversing', 'attention'],
    { out_trade_no: text, transaction_id: text, total_fee: fen, cash_fee: fen, why: text, code: text, reason: text },
    ['out_trade_no'],
  ),
  RefundOutcome: outcome(
    ['refunded', 'processing', 'refused', 'failed', 'attention'],
    {
      kind: { const: 'refund' },
      out_trade_no: text,
      out_refund_no: text,
      refund_fee: fen,
      accepted: { type: 'boolean' },
    },
    ['kind', 'out_trade_no', 'out_refund_no', 'refund_fee'],
  ),
  RefundOutcomes: { type: 'array', items: { $ref: '#/components/schemas/RefundOutcome' } },
  Outcomes: {
    description: 'A PaymentOutcome or a RefundOutcome on each line',
    type: 'string',
  },
  Progress: { description: 'Server-sent events, each a step; `remaining` in milliseconds', type: 'string' },
  Undecided: { type: 'object', required: ['status'], properties: { status: { const: 'undecided' } } },
  Identity: {
    type: 'object',
    required: ['appid', 'mch_id'],
    properties: { appid: text, mch_id: text, sub_appid: text, sub_mch_id: text },
  },
  Authinfo: { type: 'object', required: ['authinfo'], properties: { authinfo: text } },
  Notice: { description: 'XML of at most 16 KB, as the gateway posts it to notify_url', type: 'string' },
  NoticeTaken: { description: 'What the gateway wants to hear', type: 'string' },
  Health: { type: 'object', required: ['canPay'], properties: { canPay: { type: 'boolean' } } },
  Error: {
    type: 'object',
    required: ['code', 'message'],
    properties: { code: text, message: text, parameter: text, rule: text },
  },
};

/** What isn't JSON. */
const media: Readonly<Record<string, string>> = {
  Outcomes: 'application/x-ndjson',
  Progress: 'text/event-stream',
  Notice: 'text/xml',
  NoticeTaken: 'text/xml',
};

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

function parametersOf(where: 'path' | 'query' | 'header', schema: unknown): Fields[] {
  const { properties, required } = fieldsOf(schema);
  return Object.entries(fieldsOf(properties)).map(([name, field]) => ({
    name,
    in: where,
    required: where === 'path' || (Array.isArray(required) && required.includes(name)),
    schema: field,
  }));
}

function answersOf(answers: Fields, isOpen: boolean): Fields {
  const all = Object.entries(answers).map(([status, name]) => {
    const schema = typeof name === 'string' ? name : undefined;
    const content = schema && {
      [media[schema] ?? 'application/json']: { schema: { $ref: `#/components/schemas/${schema}` } },
    };
    return [status, { description: schema ?? 'Done', ...(content && { content }) }];
  });
  const refused = { $ref: '#/components/responses/Refused' };
  return { ...Object.fromEntries(all), ...(!isOpen && { default: refused }) };
}

function bodyOf(body: unknown, accepts: unknown): Fields | undefined {
  if (body !== undefined) return { 'application/json': { schema: body } };
  if (typeof accepts !== 'string') return undefined;
  return { [media[accepts] ?? 'application/json']: { schema: { $ref: `#/components/schemas/${accepts}` } } };
}

function operationOf({ schema, url }: RouteOptions): Fields | undefined {
  const { params, querystring, headers, body, accepts, summary, answers, isOpen: isSaidOpen } = fieldsOf(schema);
  if (typeof summary !== 'string' || !isFields(answers)) return undefined;
  const isOpen = isSaidOpen === true || !url.startsWith('/v1/');
  const content = bodyOf(body, accepts);
  return {
    summary,
    parameters: [
      ...parametersOf('path', params),
      ...parametersOf('query', querystring),
      ...parametersOf('header', headers),
    ],
    ...(content !== undefined && { requestBody: { required: true, content } }),
    responses: answersOf(answers, isOpen),
    ...(isOpen && { security: [] }),
  };
}

/** OpenAPI 3.1. */
export function openApiOf(routes: readonly RouteOptions[]): Fields {
  const paths: Record<string, Record<string, Fields>> = {};
  for (const route of routes) {
    const operation = operationOf(route);
    if (operation === undefined || typeof route.method !== 'string' || route.method === 'HEAD') continue;
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'wxpay-face-server', version: '1', description: 'What a till asks of its merchant server' },
    security: [{ terminal: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: { terminal: { type: 'http', scheme: 'bearer', description: 'The token of a terminal' } },
      responses: {
        Refused: {
          description: 'Refused: what to do follows from the status, and from `code`. With Retry-After: ask again',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
    },
  };
}
