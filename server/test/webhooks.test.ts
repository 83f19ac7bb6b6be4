import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { Connections } from '../lib/database/connections.js';
import { type MerchantServer, type MerchantServerOptions, startMerchantServer } from '../lib/index.js';
import { listDeadLetters, replay } from '../lib/jobs/index.js';
import { Client } from './support/client.js';
import { freePort, type Postgres, sharedPostgres } from './support/postgres.js';
import { Receiver } from './support/receiver.js';
import { until } from './support/records.js';
import { rejection } from './support/rejection.js';
import { ServerCommand } from './support/server-command.js';

let numbers = 0;
const newNumber = (): string => {
  numbers += 1;
  return `W${numbers}`;
};
const newCode = (): string => {
  numbers += 1;
  return `13${String(numbers).padStart(16, '0')}`;
};

const policies = {
  lease: 2_000,
  polling: { firstDelay: 50, interval: 100, timeout: 5_000 },
  reversal: { notBefore: 300, backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 } },
};
const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };

describe('Webhooks', function () {
  this.timeout(120_000);
  /** Of the server, one at a time. */
  let port: number;
  let simulator: Simulator;
  let postgres: Postgres;
  let database: string;
  let receiver: Receiver;
  let server: MerchantServer;
  let token: string;
  let till: Client;
  let connections: Connections;

  const options = (change: object = {}): MerchantServerOptions => ({
    database: postgres.url(database),
    merchants: [
      { name: 'tea', ...simulator.client, webhook: { url: receiver.url, secret: Receiver.secret, ...change } },
    ],
    listen: { port },
    ...policies,
  });
  const query = (text: string, values: unknown[] = []) => postgres.query(database, text, values);
  /** As if the pauses between attempts were over. */
  const hurry = () => query('update wxpay_face.event set due_at = now() where attempts > 0 and dead_at is null');

  before(async () => {
    port = await freePort();
    simulator = await startSimulator({ notifyUrl: `http://127.0.0.1:${port}/v1/notices/tea` });
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());
  beforeEach(async () => {
    database = await postgres.database();
    receiver = await Receiver.start();
    server = await startMerchantServer(options());
    ({ token } = await server.addTerminal({ name: 'till', ...shop, can: ['pay', 'cancel', 'refund'] }));
    till = new Client(server.url, token);
    connections = new Connections(postgres.url(database));
  });
  afterEach(async () => {
    simulator.scenario = 'success';
    await server.close();
    await receiver.close();
    await connections.close();
  });

  it('tell each final outcome of a sale in its order, signed, once, with nothing of the customer', async () => {
    const number = newNumber();
    const { body } = await till.pay(number, newCode(), { key: 'one' });
    await till.ask('POST', `/v1/payments/${number}/acknowledge`, { revision: body.revision });
    await till.ask('PUT', `/v1/refunds/R${number}`, { out_trade_no: number, refund_fee: 40 });
    simulator.endRefund(`R${number}`, 'SUCCESS');
    await till.delete(`/v1/payments/${number}`);
    const given = newNumber();
    await till.pay(given, newCode(), { key: 'one' });
    await till.delete(`/v1/payments/${given}?wait=20`);
    await until(() => receiver.taken(given).length === 2);
    expect(receiver.taken(given).map(({ type }) => type)).to.deep.equal(['payment.paid', 'payment.reversed']);
    const [paid] = receiver.taken(number);
    const { status, revision, transaction_id, total_fee, time_end } = body;
    expect(paid?.data).to.deep.include({ merchant: 'tea', out_trade_no: number });
    expect(paid?.data).to.deep.include({ status, revision, transaction_id, total_fee, time_end });
    expect(receiver.forged).to.equal(0);
    const all = receiver.received.map(({ text }) => text).join('\n');
    const { openid = 'no openid' } = body;
    const secrets = [String(openid), 'openid', Receiver.secret, String(simulator.client.key), 'auth_code', 'response'];
    for (const secret of secrets) expect(all).not.to.include(secret);
    const tables = await query('select e::text as "row" from wxpay_face.event e');
    for (const { row } of tables) expect(row).not.to.include(String(openid));
  });

  it('tell who paid only where that is asked for', async () => {
    await server.close();
    server = await startMerchantServer(options({ includeOpenid: true }));
    const number = newNumber();
    const { body } = await new Client(server.url, token).pay(number, newCode(), { key: 'one' });
    await until(() => receiver.taken(number).length === 1);
    expect(body.openid).to.be.a('string');
    expect(receiver.taken(number)[0]?.data.openid).to.equal(body.openid);
  });

  it('are signed by two secrets while the receiver changes from one to the other', async () => {
    await server.close();
    const next = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const number = newNumber();
    for (const [secret, taken] of [
      [`${next} ${Receiver.secret}`, true],
      [`${Receiver.secret} ${next}`, true],
      [next, false],
    ] as const) {
      const before = receiver.taken(number).length;
      server = await startMerchantServer(options({ secret }));
      const here = new Client(server.url, token);
      await (before === 0
        ? here.pay(number, newCode(), { key: 'one' })
        : here.delete(`/v1/payments/${number}?wait=20`));
      if (!taken) await here.pay(newNumber(), newCode(), { key: 'one' });
      await until(() => (taken ? receiver.taken(number).length > before : receiver.forged > 0));
      if (taken) expect(receiver.forged).to.equal(0);
      await server.close();
    }
    expect(receiver.taken(number).map(({ type }) => type)).to.deep.equal(['payment.paid', 'payment.reversed']);
    for (const secret of [`${next} `, `${next} nothing#`, ` ${next}`])
      expect(
        await startMerchantServer(options({ secret })).then(
          (started) => started.close(),
          (error: unknown) => Object(error).parameter,
        ),
      ).to.equal('merchants.webhook.secret');
    server = await startMerchantServer(options());
  });

  it('take the word of a receiver whose answer never ends', async () => {
    receiver.manner = (_received, response) => {
      response.writeHead(200, { 'content-length': 1e9 }).write('{"taken": ');
      return undefined;
    };
    const all = [newNumber(), newNumber()];
    for (const number of all) await till.pay(number, newCode(), { key: 'one' });
    await until(async () => receiver.received.length > 1 && (await query('select from wxpay_face.event')).length === 0);
    expect(receiver.received.map(({ data }) => data.out_trade_no)).to.have.members(all);
  });

  it('tell what failed, and a number that was given up before it came', async () => {
    simulator.scenario = 'not-enough';
    const [declined, early] = [newNumber(), newNumber()];
    await till.pay(declined, newCode(), { key: 'one' });
    await till.delete(`/v1/payments/${early}`);
    await until(() => receiver.taken(declined).length + receiver.taken(early).length === 2);
    expect(receiver.taken(declined)[0]).to.deep.include({ type: 'payment.declined' });
    expect(receiver.taken(early)[0]).to.deep.include({ type: 'payment.cancelled' });
  });

  it('tell the end of a refund after the sale that it is of, also if the sale was not taken at once', async () => {
    receiver.manner = ({ type }) => (type === 'payment.paid' ? 500 : 200);
    const number = newNumber();
    await till.pay(number, newCode(), { key: 'one' });
    // A notice tells of its end: it isn't waited for a minute.
    simulator.scenario = 'refund-pending';
    await till.ask('PUT', `/v1/refunds/R${number}`, { out_trade_no: number, refund_fee: 40 });
    simulator.endRefund(`R${number}`, 'SUCCESS');
    await until(async () => (await till.get(`/v1/refunds/R${number}`)).body.status === 'refunded');
    await until(() => receiver.received.length > 0);
    expect(receiver.received.map(({ type }) => type)).not.to.include('refund.refunded');
    receiver.manner = () => 200;
    await hurry();
    await until(() => receiver.taken(number).length === 2);
    expect(receiver.taken(number).map(({ type }) => type)).to.deep.equal(['payment.paid', 'refund.refunded']);
    expect(receiver.taken(number)[1]?.data).to.include({ out_refund_no: `R${number}`, refund_fee: 40 });
  });

  for (const [what, manner] of Object.entries<Receiver['manner']>({
    'answers 500': () => 500,
    redirects: (_received, response) => {
      response.setHeader('location', receiver.url);
      return 302;
    },
    'breaks off': (_received, response) => {
      response.destroy();
      return undefined;
    },
    'never answers': () => undefined,
    'answers late that it can not': (_received, response) => {
      setTimeout(() => response.writeHead(503).end(), 1_000);
      return undefined;
    },
    'lies about its answer': (_received, response) => {
      response.writeHead(500, { 'content-length': 1e9, 'content-type': 'application/json' }).write('{"taken": true}');
      return undefined;
    },
  }))
    it(`go on to a receiver that ${what}, until it takes them, while payments wait for none`, async () => {
      receiver.manner = manner;
      const all = [newNumber(), newNumber(), newNumber()];
      for (const number of all)
        expect((await till.pay(number, newCode(), { key: 'one' })).body.status).to.equal('paid');
      await till.delete(`/v1/payments/${all[0]}?wait=20`);
      await until(() => receiver.received.length > 0);
      receiver.manner = () => 200;
      await until(async () => {
        await hurry();
        return all.every((number) => receiver.taken(number).length > 0) && receiver.taken(all[0] ?? '').length === 2;
      });
      const order = receiver.taken(all[0] ?? '').map(({ type }) => type);
      expect(order).to.deep.equal(['payment.paid', 'payment.reversed']);
      const ids = new Set(receiver.received.map(({ id }) => id));
      expect(ids.size, 'an id for each event, the same in every attempt').to.equal(4);
      // Followed, a redirection would come without a signature.
      expect(receiver.forged).to.equal(0);
    });

  it('wait for a receiver that is down, and tell all when it is up', async () => {
    const { port: same } = receiver;
    await receiver.close();
    const all = Array.from({ length: 20 }, newNumber);
    for (const number of all) await till.pay(number, newCode(), { key: 'one' });
    await until(async () => (await query('select from wxpay_face.event where attempts > 0')).length > 0);
    receiver = await Receiver.start(same);
    await until(async () => {
      await hurry();
      return all.every((number) => receiver.taken(number).length > 0);
    });
    await until(async () => (await query('select from wxpay_face.event')).length === 0);
  });

  it('are sent no more after three days; listed then, with what waits behind them, and replayed', async () => {
    receiver.manner = () => 503;
    const number = newNumber();
    await till.pay(number, newCode(), { key: 'one' });
    await till.delete(`/v1/payments/${number}?wait=20`);
    await until(async () => (await query('select from wxpay_face.event where attempts > 0')).length > 0);
    expect(await listDeadLetters(connections)).to.deep.equal([]);
    await query(`update wxpay_face.event set since = now() - interval '3 days 1 minute' where since is not null`);
    await hurry();
    await until(async () => (await listDeadLetters(connections)).length > 0);
    const [letter, ...more] = await listDeadLetters(connections, ['tea']);
    expect(letter).to.include({ lane: number, type: 'payment.paid', answer: 'HTTP 503', waiting: 1, merchant: 'tea' });
    expect(more).to.deep.equal([]);
    expect(await listDeadLetters(connections, ['coffee'])).to.deep.equal([]);
    receiver.manner = () => 200;
    expect(receiver.taken(number)).to.deep.equal([]);
    expect(await replay(connections, ['no id'])).to.equal(0);
    expect(await replay(connections, [letter?.id ?? ''], ['coffee'])).to.equal(0);
    expect(await replay(connections, [letter?.id ?? ''])).to.equal(1);
    expect(await replay(connections, [letter?.id ?? ''])).to.equal(0);
    await until(() => receiver.taken(number).length === 2);
    expect(receiver.taken(number).map(({ type }) => type)).to.deep.equal(['payment.paid', 'payment.reversed']);
  });

  it('lose nothing of a server that is killed in the middle', async () => {
    await server.close();
    const doomed = await ServerCommand.of(options());
    const sold = new Set<string>();
    try {
      for (let kills = 0; kills < 4; kills += 1) {
        expect(await doomed.start(), doomed.said).to.equal(true);
        const here = new Client(doomed.url, token);
        let isGone = false;
        const selling = async () => {
          while (!isGone) {
            const number = newNumber();
            const paid = await here.pay(number, newCode(), { key: 'one' }).catch(() => undefined);
            if (paid?.body.status === 'paid') sold.add(number);
          }
        };
        const tills = [selling(), selling(), selling()];
        const some = sold.size + 5 + 7 * kills;
        await until(() => sold.size >= some);
        isGone = true;
        await doomed.end('SIGKILL');
        await Promise.all(tills);
      }
      server = await startMerchantServer(options());
      await until(async () => {
        await hurry();
        return [...sold].every((number) => receiver.taken(number).length > 0);
      });
      const finished = await query('select id from wxpay_face.record where finished');
      await until(() => finished.every(({ id }) => receiver.taken(String(id)).length > 0));
      expect(receiver.forged).to.equal(0);
    } finally {
      await doomed.dispose();
    }
  });

  it('are told by another server if the one that had them in hand is dead', async () => {
    const number = newNumber();
    const body = JSON.stringify({ type: 'payment.paid', data: { out_trade_no: number } });
    await query(
      `insert into wxpay_face.event (merchant, lane, type, body, due_at, holder)
       values ('tea', $1, 'payment.paid', $2, now() + interval '1 hour', gen_random_uuid())`,
      [number, body],
    );
    await until(() => receiver.taken(number).length === 1);
  });

  it('belong to one merchant: a receiver that hangs keeps no other from being told', async () => {
    await server.close();
    const other = await Receiver.start();
    receiver.manner = () => undefined;
    const { merchants } = options();
    const [tea] = merchants;
    if (tea === undefined) throw new Error('there is one');
    const two = await startSimulator();
    server = await startMerchantServer({
      ...options(),
      merchants: [
        tea,
        { name: 'coffee', ...two.client, mch_id: '1900000110', webhook: { url: other.url, secret: Receiver.secret } },
      ],
    });
    const here = new Client(server.url, token);
    for (let sale = 0; sale < 10; sale += 1) await here.pay(newNumber(), newCode(), { key: 'one' });
    const { token: there } = await server.addTerminal({ ...shop, name: 'coffee till', merchant: 'coffee' });
    const early = newNumber();
    await new Client(server.url, there).delete(`/v1/payments/${early}`);
    await until(() => other.taken(early).length === 1);
    expect(receiver.received.filter(({ isTaken }) => isTaken)).to.deep.equal([]);
    await other.close();
    await two.close();
  });

  it('are refused where they would leak, or could not be kept', async () => {
    const refused = async (webhook: object, place: object = {}) => {
      const merchants = [
        { name: 'tea', ...simulator.client, webhook: { url: receiver.url, secret: Receiver.secret, ...webhook } },
      ];
      return rejection(
        startMerchantServer({ ...policies, ...{ database: postgres.url(database) }, ...place, merchants }),
      );
    };
    for (const url of ['http://shop.example/hook', 'ftp://127.0.0.1/', 'nothing', 'https://user:word@shop.example/'])
      expect(await refused({ url })).to.include({ code: 'ERR_INVALID_PARAMETER', parameter: 'merchants.webhook.url' });
    for (const secret of ['', 'whsec_', 'whsec_#'])
      expect(await refused({ secret })).to.include({ parameter: 'merchants.webhook.secret' });
    const folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    const error = await refused({}, { folder, database: undefined });
    expect(error).to.include({ code: 'ERR_INVALID_PARAMETER', parameter: 'merchants.webhook' });
    expect(String(error)).to.include('database');
    await rm(folder, { recursive: true });
  });

  it('cost a paid sale no commit of its own: neither is stored without the other', async () => {
    await query(`create function skip() returns trigger language plpgsql as 'begin return null; end'`);
    await query('create trigger untouched before update on wxpay_face.event for each row execute function skip()');
    const number = newNumber();
    await till.pay(number, newCode(), { key: 'one' });
    const rows = await query(
      'select r.xmin = e.xmin as "isOne" from wxpay_face.record r join wxpay_face.event e on e.lane = r.id where r.id = $1',
      [number],
    );
    expect(rows).to.deep.equal([{ isOne: true }]);
  });
});
