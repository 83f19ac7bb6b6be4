import type { FastifyReply } from 'fastify';
import { NoAnswerError } from '../database/connections.js';

/** What a request is answered if it isn't done: `code` is for programs, and stable. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Of a wrong parameter its name; of that, and of a refused refund, the rule that it breaks. */
  readonly parameter?: string;
  readonly rule?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** Thrown by whoever answers a request. */
export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Also of another terminal's number: nobody learns whose numbers there are. */
export const unknownNumber = (): RefusedError =>
  new RefusedError({ status: 404, code: 'ERR_ORDER_UNKNOWN', message: 'This number is not known' });

export const unknownAddress: Refusal = {
  status: 404,
  code: 'ERR_NOT_FOUND',
  message: 'There is nothing of this name',
};

export const unknownMerchant = (): RefusedError =>
  new RefusedError({ status: 404, code: 'ERR_MERCHANT_UNKNOWN', message: 'There is no merchant of this name' });

export const takenNumber = (): RefusedError =>
  new RefusedError({ status: 409, code: 'ERR_ORDER_EXISTS', message: 'This number is in use' });

export const forbidden = (right: string): RefusedError =>
  new RefusedError({ status: 403, code: 'ERR_FORBIDDEN', message: `This terminal may not ${right}` });

export const beyondLimit = (limit: number): RefusedError =>
  new RefusedError({
    status: 403,
    code: 'ERR_REFUND_LIMIT',
    message: `This terminal may give back ${limit} fen a day, and this refund would exceed it`,
  });

/** Nothing was sent, and nothing is said of the number. */
export const restored = ({ day, merchant }: { day: string; merchant: string }): RefusedError =>
  new RefusedError({
    status: 503,
    code: 'ERR_RESTORED',
    message: `The database was restored: no new sale or refund is taken before ${merchant}'s ${day} is reconciled, and the days after it`,
    retryAfter: 60,
  });

/** Sold after the moment to which the database was restored, and nothing more is known of it. */
export const lostSale = (): RefusedError =>
  new RefusedError({
    status: 409,
    code: 'ERR_ORDER_EXISTS',
    message: 'This number is in use: the gateway has a sale of it which was lost when the database was restored',
  });

export const invalid = (message: string): RefusedError =>
  new RefusedError({ status: 400, code: 'ERR_INVALID_PARAMETER', message });

const away: Omit<Refusal, 'code'> = {
  status: 503,
  message: 'The journal can not be reached: ask again',
  retryAfter: 1,
};

/** By the error's code. Those that have no message of their own here tell the error's, which holds no secret. */
const byCode: Readonly<Record<string, Partial<Refusal> & { readonly status: number }>> = {
  ERR_INVALID_PARAMETER: { status: 400 },
  ERR_INVALID_POLICY: { status: 400 },
  FST_ERR_VALIDATION: { status: 400, code: 'ERR_INVALID_PARAMETER' },
  ERR_ORDER_UNKNOWN: unknownNumber().refusal,
  ERR_ORDER_FOREIGN: unknownNumber().refusal,
  ERR_ORDER_EXISTS: takenNumber().refusal,
  ERR_ORDER_REFUNDED: { status: 409 },
  ERR_REFUND: { status: 409 },
  ERR_JOURNAL: away,
  ERR_JOURNAL_LOST: { ...away, code: 'ERR_JOURNAL' },
  ERR_JOURNAL_LOCKED: { ...away, code: 'ERR_JOURNAL' },
  ERR_JOURNAL_DAMAGED: { ...away, code: 'ERR_JOURNAL' },
  ERR_CLOSED: away,
  ERR_PAY_TRANSPORT: { status: 502 },
  ERR_PAY_RESPONSE: { status: 502 },
  ERR_PAY_SIGNATURE: { status: 502 },
  ERR_PAY_MISMATCH: { status: 502 },
  ERR_PAY_PROTOCOL: { status: 502 },
};

/** What the error of a request is answered with. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof RefusedError) return error.refusal;
  if (error instanceof NoAnswerError) return { ...away, code: 'ERR_JOURNAL' };
  const { code, message, statusCode, parameter, rule } = Object(error);
  const known = byCode[String(code)];
  if (known !== undefined)
    return {
      ...{ code: String(code), message: String(message), ...known },
      ...(typeof parameter === 'string' && { parameter }),
      ...(typeof rule === 'string' && { rule }),
    };
  // What the HTTP server itself refuses: a body that is too large, or no JSON.
  if (Number.isInteger(statusCode) && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, code: 'ERR_INVALID_PARAMETER', message: String(message) };
  return { status: 500, code: 'ERR_INTERNAL', message: 'The server failed' };
}

export function refuse(reply: FastifyReply, { status, retryAfter, ...said }: Refusal): FastifyReply {
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  return reply.code(status).send(said);
}
