import type { FastifyInstance, FastifyReply } from 'fastify';
import { health } from './schemas.js';

/** What a load balancer is told. */
export interface Health {
  /** A payment can be taken now. */
  readonly canPay: boolean;
  /** Requests should be sent here. False as soon as the server is to end, or can't reach the database, or read its tables. */
  readonly isReady: boolean;
}

/** The same on both sides. */
export function healthRoutes(server: FastifyInstance, now: () => Health): void {
  const answer = (reply: FastifyReply, isGood: boolean): FastifyReply =>
    reply.code(isGood ? 200 : 503).send({ canPay: now().canPay });
  server.get('/healthz', { schema: health }, (_request, reply) => answer(reply, now().canPay));
  server.get('/readyz', { schema: health }, (_request, reply) => answer(reply, now().isReady));
}
