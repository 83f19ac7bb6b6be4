import { type IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { RefusedError } from '../http/refusals.js';
import type { Language } from './shown.js';

/* What keeps the page to itself. */

const securityHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    // The empty icon.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
  'cache-control': 'no-store',
} as const;

/** Has the headers whoever answers: the page, what is beside it, the HTTP server as it refuses what it can't read or closes. */
export class GuardedResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  constructor(...given: ConstructorParameters<typeof ServerResponse<Request>>) {
    super(...given);
    for (const [name, value] of Object.entries(securityHeaders)) this.setHeader(name, value);
  }
}

/** The same if there is no request yet, by the code of Node's error. */
const unreadable: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** All that is said to whoever speaks no HTTP. */
export function unreadableAnswer(code: unknown): string {
  const headers = { ...securityHeaders, connection: 'close', 'content-length': '0' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${unreadable[String(code)] ?? '400 Bad Request'}`, ...lines, '', ''].join('\r\n');
}

/**
 * The prefix has browsers take it for this host alone, by HTTPS alone; they count loopback as such (Secure Contexts, potentially
 * trustworthy origins).
 */
const cookie = '__Host-wxpay-face-session';

/** @param duration Milliseconds; 0 takes it away. */
export const cookieOf = (secret: string, duration: number): string =>
  `${cookie}=${secret}; Path=/; Max-Age=${duration / 1_000}; HttpOnly; Secure; SameSite=Strict`;

const cookies = ({ headers }: FastifyRequest): Map<string, string> => {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.map(([name = '', value = '']) => [name, value]));
};

/** What the browser keeps of a session. */
export function sessionIn(request: FastifyRequest): string | undefined {
  const secret = cookies(request).get(cookie);
  return secret !== undefined && /^[\w-]{43}$/.test(secret) ? secret : undefined;
}

/**
 * Every act is asked by this page, and no other: the browser says so itself. Before a proxy that speaks TLS the scheme differs.
 * @throws RefusedError for a request of another page, or of no page.
 */
export function ensureSameOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  const allowed = [`${request.protocol}://${host}`, `https://${host}`];
  const isOurs = origin !== undefined && host !== undefined && allowed.includes(origin);
  const site = request.headers['sec-fetch-site'];
  if (!isOurs || (site !== undefined && site !== 'same-origin'))
    throw new RefusedError({ status: 403, code: 'ERR_ORIGIN', message: 'Only the page itself may ask for this' });
}

/** As the person chose it, else as the browser prefers it. */
export function languageOf(request: FastifyRequest): Language {
  const chosen =
    new URL(request.url, 'http://page').searchParams.get('language') ?? cookies(request).get('wxpay-face-language');
  if (chosen === 'zh' || chosen === 'en') return chosen;
  return preferredLanguage(request.headers['accept-language'] ?? '');
}

/** The better liked of the two; Chinese if neither is named. */
export function preferredLanguage(accepted: string): Language {
  const liked = { zh: 0, en: 0 };
  for (const entry of accepted.toLowerCase().split(',')) {
    const [, name, weight = '1'] = /^\s*(zh|en)(?:-[\w-]+)?\s*(?:;\s*q=([\d.]+))?\s*$/.exec(entry) ?? [];
    if (name === 'zh' || name === 'en') liked[name] = Math.max(liked[name], Number(weight) || 0);
  }
  return liked.en > liked.zh ? 'en' : 'zh';
}
