import fastify, { type FastifyInstance, type FastifyPluginCallback } from 'fastify';
import { type Health, healthRoutes } from '../http/health.js';
import { refusalOf, refuse, unknownAddress } from '../http/refusals.js';
import type { Tls } from '../merchants/options.js';
import type { Metrics } from '../operation/metrics.js';
import { GuardedResponse, unreadableAnswer } from '../people/security.js';

export interface AdminServerParts {
  readonly tls: Tls | undefined;
  readonly health: () => Health;
  readonly metrics: Metrics;
  /** Each with routes of its own, e.g. the page for people. */
  readonly plugins: readonly FastifyPluginCallback[];
}

/** The side of whoever runs the server, at an address of its own: no till needs it. */
export function adminServer({ tls, health, metrics, plugins }: AdminServerParts): FastifyInstance {
  // What has no Host is refused by whoever needs one.
  const guarded = { ServerResponse: GuardedResponse, requireHostHeader: false } as const;
  const server = fastify({
    bodyLimit: 16 * 1_024,
    requestTimeout: 10_000,
    ...(tls === undefined
      ? { http: guarded }
      : { https: { ...guarded, cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) } }),
    clientErrorHandler: ({ code }, socket) => {
      if (socket.writable) socket.end(unreadableAnswer(code));
      socket.destroySoon();
    },
  } as const);
  server.server.maxConnections = 100;
  server.setErrorHandler((error, _request, reply) => refuse(reply, refusalOf(error)));
  server.setNotFoundHandler((_request, reply) => refuse(reply, unknownAddress));
  healthRoutes(server, health);
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  for (const plugin of plugins) server.register(plugin);
  return server;
}
