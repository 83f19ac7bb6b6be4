import { timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type RouteOptions } from 'fastify';
import type { AuthinfoParams, Order, PaymentCode, PaymentOutcome, RefundOutcome, RefundRequest } from 'wxpay-face';
import type { Merchant, Merchants } from '../merchants/merchants.js';
import type { Restoration } from '../merchants/restoration.js';
import type { Audit } from '../operation/audit.js';
import { hashOf, type Terminals } from '../terminals/terminal.js';
import type { Caller } from './caller.js';
import type { Draining } from './draining.js';
import { type Health, healthRoutes } from './health.js';
import { Rate, Waits } from './limits.js';
import { noticesOf } from './notices.js';
import { openApiOf } from './openapi.js';
import { acknowledge, cancel, look, pay, unacknowledged } from './payments.js';
import { progressOf } from './progress.js';
import { acknowledgeRefund, lookAtRefund, refund, refundsOf, unacknowledgedRefunds } from './refunds.js';
import { lostSale, RefusedError, refusalOf, refuse, restored, unknownAddress } from './refusals.js';
import * as schemas from './schemas.js';
import { deadlineOf, lookUntil } from './waiting.js';

export interface HttpServerParts {
  readonly merchants: Merchants;
  readonly terminals: Terminals;
  readonly audit: Audit;
  readonly health: () => Health;
  readonly draining: Draining;
  /** Of servers with a database. */
  readonly restoration: Pick<Restoration, 'open' | 'isLost'> | undefined;
  /** Hears of each request that was answered: the route is without its numbers. */
  readonly onAnswer: (method: string, route: string, status: number) => void;
  readonly tls?: { readonly cert: string | Uint8Array; readonly key: string | Uint8Array } | undefined;
  readonly behindProxy: boolean;
}

/** Milliseconds in which a request must have arrived whole. */
const arrival = 10_000;
/** Milliseconds between looks for those that haven't. */
const check = 1_000;
/** Bytes. */
const largestBody = 64 * 1_024;
/** How many connections there are at once. */
const most = 2_000;
/** Seconds that a payment is waited for if its request doesn't say. */
const usualWait = 30;

interface Numbered {
  Params: { number: string };
  Querystring: { wait?: string; until?: 'decided' | 'final' };
}

/** The terminals' side: HTTP and JSON, as /openapi.json says. */
export function httpServer({
  merchants,
  terminals,
  audit,
  health,
  draining,
  restoration,
  onAnswer,
  tls,
  behindProxy,
}: HttpServerParts): FastifyInstance {
  const server = fastify({
    bodyLimit: largestBody,
    requestTimeout: arrival,
    trustProxy: behindProxy,
    ...(tls === undefined
      ? { http: { connectionsCheckingInterval: check } }
      : { https: { cert: Buffer.from(tls.cert), key: Buffer.from(tls.key), connectionsCheckingInterval: check } }),
    // A text is not a number here, and a field that nobody knows is not a mistake to be passed over.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
  } as const);
  server.server.maxConnections = most;
  const callers = new WeakMap<FastifyRequest, Caller>();
  const leaving = new WeakMap<FastifyRequest, AbortSignal>();
  const waits = new Waits();
  const byTerminal = new Rate(50, 100);
  const byAddress = new Rate(2, 60);

  server.setErrorHandler((error, _request, reply) => refuse(reply, refusalOf(error)));
  server.setNotFoundHandler((_request, reply) => refuse(reply, unknownAddress));

  const ensureUnknown = async (merchant: Merchant, out_trade_no?: string): Promise<void> => {
    if (restoration?.open !== undefined) throw restored(restoration.open);
    if (out_trade_no !== undefined && (await restoration?.isLost(merchant, out_trade_no))) throw lostSale();
  };
  const callerOf = (request: FastifyRequest): Caller => {
    const caller = callers.get(request);
    if (caller === undefined) throw new Error('a route without a caller');
    return caller;
  };
  const deadline = (request: FastifyRequest<Pick<Numbered, 'Querystring'>>, usual: number) =>
    deadlineOf(request.query.wait, usual, leaving.get(request) ?? new AbortController().signal);
  const waiting = <T>(request: FastifyRequest, task: (caller: Caller) => Promise<T>): Promise<T> => {
    const caller = callerOf(request);
    return waits.run(caller.terminal.id, () => task(caller));
  };

  const routes: RouteOptions[] = [];
  server.addHook('onRoute', (route) => {
    routes.push(route);
  });
  server.addHook('onResponse', async ({ method, routeOptions }, { statusCode }) =>
    onAnswer(method, routeOptions.url ?? 'none', statusCode),
  );
  healthRoutes(server, health);
  server.get('/openapi.json', async () => openApiOf(routes));

  server.register(noticesOf(merchants), { prefix: '/v1/notices' });
  server.register(
    (v1, _options, done) => {
      v1.addHook('onRequest', async (request, reply) => {
        const token = /^Bearer ([\w-]{1,128})$/.exec(request.headers.authorization ?? '')?.[1];
        // Whoever guesses is slowed down; who has a token isn't, whatever its neighbours do.
        const terminal = token === undefined ? undefined : await terminals.find(hashOf(token));
        const isSame =
          token !== undefined &&
          terminal !== undefined &&
          timingSafeEqual(Buffer.from(hashOf(token)), Buffer.from(terminal.tokenHash));
        const merchant = isSame ? merchants.get(terminal.merchant, terminal.sub_merchant) : undefined;
        if (terminal === undefined || merchant === undefined) {
          byAddress.spend(request.ip);
          throw new RefusedError({ status: 401, code: 'ERR_UNAUTHORIZED', message: 'No terminal has this token' });
        }
        byTerminal.spend(terminal.id);
        const ofMerchant = (out_trade_no?: string) => ensureUnknown(merchant, out_trade_no);
        callers.set(request, { terminal, merchant, audit, ensureUnknown: ofMerchant });
        const left = draining.begin(request.method === 'PUT');
        leaving.set(request, left.signal);
        reply.raw.once('close', () => draining.end(left));
      });

      v1.get('/identity', { schema: schemas.identity }, async (request) => callerOf(request).merchant.client.identity);
      v1.post<{ Body: AuthinfoParams }>('/authinfo', { schema: schemas.authinfo }, async (request) => {
        const { merchant, terminal } = callerOf(request);
        const { store_id, store_name, name } = terminal;
        return merchant.client.getWxpayfaceAuthinfo({ ...request.body, store_id, store_name, device_id: name });
      });

      v1.put<Numbered & { Body: { order: Omit<Order, 'out_trade_no'>; code: PaymentCode } }>(
        '/payments/:number',
        { schema: schemas.pay },
        async (request, reply) => {
          const attempt = request.headers['idempotency-key'];
          const options = { attempt: attempt?.toString(), deadline: deadline(request, usualWait) };
          return answer(reply, await waiting(request, (who) => pay(who, request.params.number, request.body, options)));
        },
      );
      v1.get<Numbered>('/payments/:number', { schema: schemas.look }, async (request, reply) => {
        const { until = 'decided' } = request.query;
        const by = deadline(request, 0);
        return answer(reply, await waiting(request, (who) => look(who, request.params.number, until, by)));
      });
      v1.delete<Numbered>('/payments/:number', { schema: schemas.cancel }, async (request, reply) => {
        const by = deadline(request, usualWait);
        return answer(reply, await waiting(request, (who) => cancel(who, request.params.number, by)));
      });
      v1.get<Numbered>('/payments/:number/progress', { schema: schemas.progress }, async (request, reply) => {
        const left = leaving.get(request) ?? new AbortController().signal;
        await waiting(request, async (caller) => {
          const steps = progressOf(caller, request.params.number, left)[Symbol.asyncIterator]();
          // A refusal is an answer like any other: the stream begins with the first step.
          let step = await steps.next();
          reply.hijack();
          reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
          for (; !step.done && !left.aborted; step = await steps.next())
            reply.raw.write(`data: ${JSON.stringify(step.value)}\n\n`);
          reply.raw.end();
        });
      });
      v1.get<Numbered>('/payments/:number/refunds', { schema: schemas.refunds }, (request) =>
        refundsOf(callerOf(request), request.params.number),
      );
      v1.post<Numbered & { Body: { revision: number } }>(
        '/payments/:number/acknowledge',
        { schema: schemas.acknowledge },
        async (request, reply) => {
          await acknowledge(callerOf(request), request.params.number, request.body.revision);
          return reply.code(204).send();
        },
      );

      v1.put<Numbered & { Body: Omit<RefundRequest, 'out_refund_no'> & { out_trade_no: string } }>(
        '/refunds/:number',
        { schema: schemas.refund },
        async (request, reply) => {
          const by = deadline(request, usualWait);
          const options = { deadline: by, limits: terminals.refunds };
          return answer(
            reply,
            await waiting(request, (who) => refund(who, request.params.number, request.body, options)),
          );
        },
      );
      v1.get<Numbered>('/refunds/:number', { schema: schemas.lookAtRefund }, async (request, reply) => {
        const { until = 'decided' } = request.query;
        const by = deadline(request, 0);
        return answer(reply, await waiting(request, (who) => lookAtRefund(who, request.params.number, until, by)));
      });
      v1.post<Numbered & { Body: { revision: number } }>(
        '/refunds/:number/acknowledge',
        { schema: schemas.acknowledge },
        async (request, reply) => {
          await acknowledgeRefund(callerOf(request), request.params.number, request.body.revision);
          return reply.code(204).send();
        },
      );

      v1.get<Numbered>('/unacknowledged', { schema: schemas.unacknowledged }, async (request, reply) => {
        const by = deadline(request, 0);
        const found = await waiting(request, (caller) =>
          lookUntil(async () => {
            const outcomes: Array<PaymentOutcome | RefundOutcome> = [];
            for await (const outcome of unacknowledged(caller)) outcomes.push(outcome);
            for await (const outcome of unacknowledgedRefunds(caller)) outcomes.push(outcome);
            return outcomes.length > 0 ? outcomes : undefined;
          }, by),
        );
        const lines = (found ?? []).map((outcome) => `${JSON.stringify(outcome)}\n`);
        return reply.type('application/x-ndjson').send(lines.join(''));
      });
      done();
    },
    { prefix: '/v1' },
  );
  return server;
}

const answer = (reply: FastifyReply, outcome: PaymentOutcome | RefundOutcome | undefined): FastifyReply =>
  outcome === undefined ? reply.code(202).send({ status: 'undecided' }) : reply.send(outcome);
