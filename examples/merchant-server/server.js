// The merchant's server: it has the key, the certificate and the journal, and takes the payments of its tills.
// Put it behind TLS: it speaks plain HTTP, for a reverse proxy on the same machine.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import fastify from 'fastify';
import { FileJournal, InvalidParameterError, OrderExistsError, PayClient, PaymentProcessor } from 'wxpay-face';

// ── configuration: appid, mch_id, key, certificate, journal, and the SHA-256 of each terminal's token ──
const file = process.argv[2] ?? 'server.json';
const config = JSON.parse(readFileSync(file, 'utf8'));
const path = (name) => resolve(dirname(file), name);
const { appid, mch_id, key, endpoints, certificate, ca } = config;
// A terminal's numbers begin with its name and a hyphen: "TILL" would have those of "TILL-1" for its own.
const names = Object.keys(config.terminals);
for (const name of names) {
  const other = names.find((each) => each.startsWith(`${name}-`));
  if (other !== undefined)
    throw new Error(`${file}: terminal "${name}" would see the payments of "${other}"; rename one of them`);
}
const client = new PayClient({
  appid,
  mch_id,
  key,
  ...(endpoints && { endpoints }),
  ...(ca && { ca: readFileSync(path(ca)) }),
  certificate: { cert: readFileSync(path(certificate.cert)), key: readFileSync(path(certificate.key)) },
});
const journal = await FileJournal.open(path(config.journal));
const processor = new PaymentProcessor({ client, journal });
const terminals = new Map(Object.entries(config.terminals).map(([terminal, hash]) => [hash, terminal]));

/** The payments that this process runs, so that their tills can give them up. */
const running = new Map();

const server = fastify({ bodyLimit: 64 * 1024 });

// ── who asks: a token per terminal, which is worth nothing at another one and can be withdrawn alone ──
server.decorateRequest('terminal', '');
server.addHook('onRequest', async (request, reply) => {
  const [, token = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  const terminal = terminals.get(createHash('sha256').update(token).digest('hex'));
  if (!terminal) return reply.code(401).send({ error: 'unknown terminal' });
  request.terminal = terminal;
});

/** A terminal's numbers begin with its name, so that none can see or give up another's sales. */
server.addHook('preHandler', async (request, reply) => {
  const { out_trade_no } = request.params;
  if (out_trade_no !== undefined && !out_trade_no.startsWith(`${request.terminal}-`))
    return reply.code(403).send({ error: 'not a number of this terminal' });
});

server.setErrorHandler((error, _request, reply) => {
  const status =
    error instanceof OrderExistsError
      ? 409
      : error instanceof InvalidParameterError || error.validation
        ? 400
        : (error.statusCode ?? 500);
  // The package's errors hold no secret.
  return reply.code(status).send({ error: error.message, code: error.code });
});

// ── the terminal's Merchant, call by call; see merchant.js ──
server.get('/identity', async () => client.identity);

server.post('/authinfo', { schema: { body: { type: 'object' } } }, async ({ body, terminal }) =>
  client.getWxpayfaceAuthinfo({ ...body, device_id: terminal }),
);

/** Takes minutes at worst. A broken connection stops nothing: the payment goes on here, and GET tells its outcome. */
const payment = {
  type: 'object',
  required: ['order', 'code'],
  properties: { order: { type: 'object' }, code: { type: 'object' } },
};
server.put('/payments/:out_trade_no', { schema: { body: payment } }, async ({ params, body }) => {
  const { out_trade_no } = params;
  const withdrawal = new AbortController();
  // PaymentProcessor refuses a number that it knows, also of two requests that come at once (409): no till's repetition
  // pays twice.
  const outcome = processor.pay({ ...body.order, out_trade_no }, body.code, { signal: withdrawal.signal });
  if (!running.has(out_trade_no)) running.set(out_trade_no, withdrawal);
  try {
    return await outcome;
  } finally {
    if (running.get(out_trade_no) === withdrawal) running.delete(out_trade_no);
  }
});

/** 200 with the outcome, 202 while nothing is decided, 404 for a number that never came here. */
server.get('/payments/:out_trade_no', async ({ params: { out_trade_no } }, reply) => {
  const outcome = await processor.outcome(out_trade_no);
  if (outcome) return outcome;
  return reply.code((await journal.get('payment', out_trade_no)) ? 202 : 404).send({});
});

/** The cashier gives the sale up. 204 where that was noted, 404 where the payment has not come here yet. */
server.delete('/payments/:out_trade_no', async ({ params: { out_trade_no } }, reply) => {
  const withdrawal = running.get(out_trade_no);
  if (withdrawal) withdrawal.abort();
  else if (!(await journal.get('payment', out_trade_no))) return reply.code(404).send({});
  // This server was restarted in the middle: nobody has heard an outcome yet, so it may be given up for good.
  else if (!(await processor.outcome(out_trade_no))) void processor.cancel(out_trade_no).catch(server.log.error);
  return reply.code(204).send();
});

/** What this terminal has not acted upon yet: it asks at its start. */
server.get('/payments', async ({ terminal }) => {
  const outcomes = [];
  for await (const { id } of journal.list({ kind: 'payment', acknowledged: false })) {
    const outcome = id.startsWith(`${terminal}-`) && (await processor.outcome(id));
    if (outcome) outcomes.push(outcome);
  }
  return outcomes;
});

/** Of the outcome that the terminal was told, by its revision: another one may have been decided since. */
const told = { type: 'object', properties: { revision: { type: 'integer' } } };
server.post('/payments/:out_trade_no/acknowledge', { schema: { body: told } }, async ({ params, body }, reply) => {
  await processor.acknowledge({ ...params, ...body });
  return reply.code(204).send();
});

// ── start and end ──
/** The terminals acknowledge; here the unfinished ones only have to come to their end. */
async function recover() {
  for await (const { out_trade_no, status } of processor.recover()) console.log(`recovered ${out_trade_no}: ${status}`);
}
recover().catch((error) => console.error(error));

console.log(`listening ${await server.listen({ host: '127.0.0.1', port: config.port ?? 8443 })}`);

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, async () => {
    // The processor first: a pay() in flight ends with ClosedError, and goes on after the next start.
    await processor.close();
    await server.close();
    await journal.close();
    client.close();
  });
