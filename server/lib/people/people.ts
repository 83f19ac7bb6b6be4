import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { Rate } from '../http/limits.js';
import { RefusedError, refusalOf, restored } from '../http/refusals.js';
import { lookUntil } from '../http/waiting.js';
import type { Merchants } from '../merchants/merchants.js';
import type { UnreconciledDay } from '../merchants/restoration.js';
import { hashOf, type Terminals } from '../terminals/terminal.js';
import { type Confirmed, type Intent, OvertakenError, perform } from './acts.js';
import { told } from './cases.js';
import type { Desk, NamedMerchant } from './desk.js';
import { askGateway } from './gateway.js';
import { newSecret, type People, type Person } from './person.js';
import * as schemas from './schemas.js';
import { cookieOf, ensureSameOrigin, languageOf, sessionIn } from './security.js';
import { Sight, shownPerson } from './sight.js';

/* The page for the people behind the server: its files, its sessions, what it shows and what it does. */

export interface PeopleParts {
  readonly merchants: Merchants;
  readonly terminals: Terminals;
  readonly people: People;
  readonly desk: Desk;
  /** Told of each act before it is done: what can't be written down isn't done. */
  readonly audit: (intent: Intent) => Promise<void>;
  /** What keeps new sales and refunds from being taken, if anything does. */
  readonly unreconciled: () => UnreconciledDay | undefined;
}

/** Milliseconds. */
const session = 8 * 60 * 60 * 1_000;
/** Milliseconds: between looks at what has changed; after which an open line says that it is one; that who comes second waits. */
const pace = { look: 1_000, sign: 15_000, second: 3_000 } as const;
/** How many pages of one person are told of changes at once. */
const mostPages = 8;

/** The page's files, built beside this code. */
const files: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
};
const fileOf = (name: string): Promise<Buffer> => readFile(new URL(`./page/${name}`, import.meta.url));

const unauthorized = (): RefusedError =>
  new RefusedError({ status: 401, code: 'ERR_UNAUTHORIZED', message: 'Nobody has signed in' });
const unknown = (): RefusedError =>
  new RefusedError({ status: 404, code: 'ERR_ORDER_UNKNOWN', message: 'This number is not known' });

/** The page and all that it asks for, for a listener whose answers are all guarded (security.ts). */
export function peoplePages(parts: PeopleParts): FastifyPluginCallback {
  return (server, _options, done) => {
    // Pages that are told of changes would keep it from closing.
    const closing = new AbortController();
    server.addHook('preClose', async () => closing.abort());
    routes(server, parts, closing.signal);
    done();
  };
}

interface RecordQuery {
  Querystring: { merchant: string; kind: 'payment' | 'refund'; id: string };
}

function routes(
  server: FastifyInstance,
  { people, desk, audit, unreconciled, ...parts }: PeopleParts,
  closing: AbortSignal,
): void {
  const sight = new Sight({ ...parts, desk });
  const visitors = new WeakMap<FastifyRequest, Person>();
  const open = new Map<string, number>();
  // Only what failed counts: whoever has a token signs in as often as it likes.
  const byAddress = new Rate(0.1, 10);
  const inAll = new Rate(1, 100);
  const lookUps = new Rate(1, 20);

  // A form of another site's page may send it unasked.
  server.removeContentTypeParser('text/plain');
  server.setErrorHandler((error, _request, reply) => {
    const { status, code, message, retryAfter } = refusalOf(error);
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    return reply.code(status).send({ code, message });
  });

  server.get('/', async (request, reply) => {
    const language = languageOf(request);
    const page = (await fileOf('page.html')).toString('utf8');
    const lang = language === 'zh' ? 'zh-CN' : 'en';
    return reply
      .type('text/html; charset=utf-8')
      .header('content-language', lang)
      .header('vary', 'accept-language, cookie')
      .send(page.replace('<html lang="zh-CN">', `<html lang="${lang}">`));
  });
  for (const [path, [name, type]] of Object.entries(files))
    server.get(path, async (_request, reply) => reply.type(type).send(await fileOf(name)));

  server.post<{ Body: { token: string } }>('/session', { schema: schemas.signIn }, async (request, reply) => {
    ensureSameOrigin(request);
    byAddress.ensure(request.ip);
    inAll.ensure('');
    const person = await people.find(hashOf(request.body.token));
    if (person === undefined) {
      byAddress.spend(request.ip);
      inAll.spend('');
      throw new RefusedError({ status: 401, code: 'ERR_UNAUTHORIZED', message: 'Nobody has this token' });
    }
    const secret = newSecret();
    await people.begin(person, hashOf(secret), session);
    return reply.header('set-cookie', cookieOf(secret, session)).send(shownPerson(person));
  });

  server.register((inside, _options, ready) => {
    inside.addHook('onRequest', async (request) => {
      if (request.method !== 'GET') ensureSameOrigin(request);
      const secret = sessionIn(request);
      const person = secret === undefined ? undefined : await people.inSession(hashOf(secret));
      if (person === undefined) throw unauthorized();
      visitors.set(request, person);
    });
    const personOf = (request: FastifyRequest): Person => {
      const person = visitors.get(request);
      if (person === undefined) throw unauthorized();
      return person;
    };
    const mayAct = (request: FastifyRequest): Person => {
      const person = personOf(request);
      if (person.role !== 'act')
        throw new RefusedError({ status: 403, code: 'ERR_FORBIDDEN', message: 'This person may look, not act' });
      return person;
    };

    /** @throws RefusedError for who may not, or a merchant that is none of the person's. */
    const actingOn = (
      request: FastifyRequest<{ Body: { merchant: string } }>,
    ): { person: Person; of: NamedMerchant } => {
      const person = mayAct(request);
      const of = sight.merchantOf(person, request.body.merchant);
      if (of === undefined) throw unknown();
      return { person, of };
    };

    inside.get('/session', async (request) => shownPerson(personOf(request)));
    inside.delete('/session', async (request, reply) => {
      const secret = sessionIn(request);
      if (secret !== undefined) await people.end(hashOf(secret));
      return reply.header('set-cookie', cookieOf('', 0)).code(204).send();
    });

    inside.get('/events', { schema: schemas.events }, async (request, reply) => {
      const { id } = personOf(request);
      const pagesOpen = open.get(id) ?? 0;
      if (pagesOpen >= mostPages)
        throw new RefusedError({
          status: 429,
          code: 'ERR_TOO_MANY',
          message: 'Too many pages are open',
          retryAfter: 5,
        });
      open.set(id, pagesOpen + 1);
      try {
        await tellChanges(request, reply);
      } finally {
        const left = (open.get(id) ?? 1) - 1;
        if (left > 0) open.set(id, left);
        else open.delete(id);
      }
    });
    /** Until the page leaves, the session is over, or the server closes. */
    async function tellChanges(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      const language = languageOf(request);
      const hash = hashOf(sessionIn(request) ?? '');
      const left = new AbortController();
      reply.raw.once('close', () => left.abort());
      const signal = AbortSignal.any([left.signal, closing]);
      const first = await sight.all(personOf(request), language);
      let last = JSON.stringify(first, withoutLease);
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      reply.raw.write(`retry: 1000\ndata: ${JSON.stringify(first)}\n\n`);
      for (let told = performance.now(); ; ) {
        await sleep(pace.look, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) break;
        // What fails now, e.g. since the database is away, ends the line: the page says so, and asks again.
        const now = await people
          .inSession(hash)
          .then((person) => person && sight.all(person, language))
          .catch(() => undefined);
        if (now === undefined) break;
        const text = JSON.stringify(now, withoutLease);
        if (text === last && performance.now() - told < pace.sign) continue;
        reply.raw.write(`data: ${JSON.stringify(now)}\n\n`);
        [last, told] = [text, performance.now()];
      }
      reply.raw.end();
    }

    inside.get<RecordQuery>('/record', { schema: schemas.record }, async (request) => {
      const { merchant, kind, id } = request.query;
      const of = sight.merchantOf(personOf(request), merchant);
      const detail = of && (await sight.detail(of, kind, id, languageOf(request)));
      if (detail === undefined) throw unknown();
      return detail;
    });
    inside.post<{ Body: { merchant: string; id: string } }>('/look-up', { schema: schemas.lookUp }, async (request) => {
      const person = personOf(request);
      const { merchant, id } = request.body;
      const of = sight.merchantOf(person, merchant);
      if (of === undefined) throw unknown();
      lookUps.spend(person.id);
      await audit({ act: 'look-up', person, of, number: id });
      return { gateway: await askGateway(of.merchant, id) };
    });
    inside.post<{ Body: Confirmed }>('/act', { schema: schemas.act }, async (request, reply) => {
      const { person, of } = actingOn(request);
      const { kind, id } = request.body;
      const language = languageOf(request);
      const day = request.body.act === 'refund' ? unreconciled() : undefined;
      if (day !== undefined) throw restored(day);
      try {
        const outcome = await perform({ desk, audit }, of, person, request.body);
        const detail = await sight.detail(of, kind, id, language);
        return { ...(outcome !== undefined && { told: told(outcome, language) }), record: detail };
      } catch (error) {
        if (!(error instanceof OvertakenError)) throw error;
        const { code, by, what } = error;
        if (code === 'overtaken') await changed(of, request.body);
        const record = await sight.detail(of, kind, id, language);
        return reply.code(409).send({
          code,
          ...(by !== undefined && { by }),
          ...(what !== undefined && { told: told(what, language) }),
          record,
        });
      }
    });
    inside.post<{ Body: { merchant: string; id: string } }>(
      '/replay',
      { schema: schemas.named },
      async (request, reply) => {
        const { person, of } = actingOn(request);
        const { id } = request.body;
        const isDone = await desk.replay(of, id, () => audit({ act: 'replay', person, of, number: id }));
        return isDone ? reply.code(202).send({}) : reply.code(409).send({ code: 'overtaken' });
      },
    );
    inside.post<{ Body: { merchant: string; id: string } }>(
      '/settle',
      { schema: schemas.named },
      async (request, reply) => {
        const { person, of } = actingOn(request);
        const { id } = request.body;
        const isDone = await desk.settle(of, id, person.name, () =>
          audit({ act: 'acknowledge', person, of, number: id }),
        );
        return isDone ? {} : reply.code(409).send({ code: 'overtaken' });
      },
    );
    ready();
  });
}

/** Who comes second is shown what the first one has done: it may be about to be written down. */
async function changed({ merchant: { journal } }: NamedMerchant, { kind, id, revision }: Confirmed): Promise<void> {
  const deadline = { at: performance.now() + pace.second, signal: new AbortController().signal };
  await lookUntil(async () => ((await journal.get(kind, id))?.revision === revision ? undefined : true), deadline);
}

/** A lease changes all the time: it's no news. */
const withoutLease = (name: string, value: unknown): unknown => (name === 'lease' ? undefined : value);
