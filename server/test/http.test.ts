import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import {
  type MerchantServer,
  type MerchantServerOptions,
  type NewTerminal,
  startMerchantServer,
} from '../lib/index.js';
import { Client } from './support/client.js';
import { FaultyProxy } from './support/faulty-proxy.js';
import { Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';
import { rejection } from './support/rejection.js';

let numbers = 0;
const newNumber = (): string => {
  numbers += 1;
  return `H${numbers}`;
};
/** A customer's code, good for one payment. */
const newCode = (): string => {
  numbers += 1;
  return `13${String(numbers).padStart(16, '0')}`;
};

const polling = { firstDelay: 50, interval: 100, timeout: 5_000 };
const reversal = { notBefore: 300, backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 } };

describe('The HTTP of a merchant server', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());
  afterEach(() => {
    simulator.scenario = 'success';
  });

  const options = (place: { folder: string } | { database: string }): MerchantServerOptions => ({
    ...place,
    merchants: [{ name: 'tea', ...simulator.client }],
    lease: 2_000,
    polling,
    reversal,
  });
  const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
  const paymentsOf = (number: string) =>
    simulator.calls.filter(({ name, out_trade_no }) => name === 'micropay' && out_trade_no === number).length;

  for (const kind of ['a folder', 'a database'] as const)
    describe(`with its journal in ${kind}`, () => {
      let folder: string;
      let server: MerchantServer;

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
        const place = kind === 'a folder' ? { folder } : { database: postgres.url(await postgres.database()) };
        server = await startMerchantServer(options(place));
      });
      after(async () => {
        await server.close();
        await rm(folder, { recursive: true });
      });

      let names = 0;
      const terminal = async (change: Partial<NewTerminal> = {}): Promise<Client> => {
        names += 1;
        const { token } = await server.addTerminal({ name: `till ${names}`, ...shop, ...change });
        return new Client(server.url, token);
      };

      it('pays, and tells the same outcome to the same attempt, and nothing to another', async () => {
        const till = await terminal();
        const number = newNumber();
        const paid = await till.pay(number, newCode(), { key: 'one' });
        expect([paid.status, paid.body.status, paid.body.total_fee]).to.deep.equal([200, 'paid', 100]);
        const again = await till.pay(number, newCode(), { key: 'one' });
        expect([again.status, again.body]).to.deep.equal([200, paid.body]);
        for (const other of [{ key: 'two' }, {}]) {
          const { status, body } = await till.pay(number, newCode(), other);
          expect([status, body]).to.deep.equal([409, { code: 'ERR_ORDER_EXISTS', message: 'This number is in use' }]);
        }
        expect((await till.get(`/v1/payments/${number}`)).body).to.deep.equal(paid.body);
        expect(paymentsOf(number)).to.equal(1);
      });

      it('is one payment for attempts of one key that come at once', async () => {
        const till = await terminal();
        const number = newNumber();
        const auth_code = newCode();
        const answers = await Promise.all(
          Array.from({ length: 4 }, () => till.pay(number, auth_code, { key: 'one', wait: 20 })),
        );
        expect(answers.map(({ status, body }) => [status, body.status])).to.deep.equal(
          answers.map(() => [200, 'paid']),
        );
        expect(paymentsOf(number)).to.equal(1);
      });

      it('knows no number of another terminal', async () => {
        const [till, other] = [await terminal(), await terminal()];
        const number = newNumber();
        await till.pay(number, newCode(), { key: 'one' });
        for (const [method, path, body] of [
          ['GET', ''],
          ['DELETE', ''],
          ['POST', '/acknowledge', { revision: 2 }],
        ] as const) {
          const { status, body: said } = await other.ask(method, `/v1/payments/${number}${path}`, body);
          expect([method, status, said.code]).to.deep.equal([method, 404, 'ERR_ORDER_UNKNOWN']);
        }
        const taken = await other.pay(number, newCode(), { key: 'one' });
        expect([taken.status, taken.body.code]).to.deep.equal([409, 'ERR_ORDER_EXISTS']);
        expect((await other.get('/v1/payments/nobody')).status).to.equal(404);
        expect((await till.get(`/v1/payments/${number}`)).body.status).to.equal('paid');
      });

      it('answers 202 while nothing is decided, and waits as long as it is told', async () => {
        simulator.scenario = { payment: 'password', password: 'waiting' };
        const till = await terminal();
        const number = newNumber();
        const first = await till.pay(number, newCode(), { key: 'one', wait: 0 });
        expect([first.status, first.body]).to.deep.equal([202, { status: 'undecided' }]);
        await until(() => simulator.act('enter-password'));
        const { status, body } = await till.get(`/v1/payments/${number}?wait=20`);
        expect([status, body.status]).to.deep.equal([200, 'paid']);
      });

      it('tells each step of a payment while it happens', async () => {
        simulator.scenario = { payment: 'password', password: 'waiting' };
        const [till, other] = [await terminal(), await terminal()];
        const number = newNumber();
        await till.pay(number, newCode(), { key: 'one', wait: 0 });
        await until(() => paymentsOf(number) === 1);
        const stream = till.events(`/v1/payments/${number}/progress`);
        expect((await other.get(`/v1/payments/${number}/progress`)).status).to.equal(404);
        const steps: Array<Record<string, unknown>> = [];
        for await (const step of stream) {
          steps.push(step);
          if (step.step === 'password') simulator.act('enter-password');
        }
        const names = steps.map(({ step }) => step);
        expect(names).to.include('password');
        expect(names.at(-1)).to.equal('finished');
        for (const step of steps) expect(step).not.to.have.property('until');
        expect(steps[0]?.remaining).to.be.within(1, polling.timeout);
      });

      it('gives a sale up, also a paid one, if the terminal may', async () => {
        const [till, lesser] = [await terminal(), await terminal({ can: ['pay'] })];
        const number = newNumber();
        await till.pay(number, newCode(), { key: 'one' });
        const given = await till.delete(`/v1/payments/${number}`);
        expect([given.status, given.body.status]).to.deep.equal([200, 'reversing']);
        const end = await till.get(`/v1/payments/${number}?wait=20&until=final`);
        expect([end.status, end.body.status]).to.deep.equal([200, 'reversed']);
        const kept = newNumber();
        await lesser.pay(kept, newCode(), { key: 'one' });
        expect((await lesser.delete(`/v1/payments/${kept}`)).status).to.equal(403);
        expect((await lesser.get(`/v1/payments/${kept}`)).body.status).to.equal('paid');
      });

      it('takes no payment whose number was given up before', async () => {
        const till = await terminal();
        const number = newNumber();
        for (let times = 0; times < 2; times += 1) {
          const { status, body } = await till.delete(`/v1/payments/${number}`);
          expect([status, body.status]).to.deep.equal([200, 'cancelled']);
        }
        const late = await till.pay(number, newCode(), { key: 'one' });
        expect([late.status, late.body.code]).to.deep.equal([409, 'ERR_ORDER_EXISTS']);
        expect(paymentsOf(number)).to.equal(0);
        expect((await till.get(`/v1/payments/${number}`)).body.status).to.equal('cancelled');
        expect((await till.get('/v1/unacknowledged')).lines).to.deep.equal([]);
        // For another one it's in use, like any number that it has not sold.
        const other = await terminal({ can: ['pay', 'cancel', 'refund'] });
        for (const path of ['', '/progress']) {
          const { status, body } = await other.get(`/v1/payments/${number}${path}`);
          expect([status, body.code]).to.deep.equal([404, 'ERR_ORDER_UNKNOWN']);
        }
        expect((await other.delete(`/v1/payments/${number}`)).status).to.equal(404);
        const desk = await terminal({ can: ['cancel', 'refund'] });
        expect((await desk.delete(`/v1/payments/${newNumber()}`)).status).to.equal(404);
        expect((await other.pay(number, newCode(), { key: 'one' })).status).to.equal(409);
        const refund = await other.ask('PUT', `/v1/refunds/R${number}`, { out_trade_no: number, refund_fee: 1 });
        expect([refund.status, refund.body.code]).to.deep.equal([404, 'ERR_ORDER_UNKNOWN']);
      });

      it('says of a cancel that is not waited for whether it is written down', async () => {
        const till = await terminal({ can: ['pay', 'cancel', 'refund'] });
        const [kept, given] = [newNumber(), newNumber()];
        for (const number of [kept, given]) await till.pay(number, newCode(), { key: 'one' });
        await till.ask('PUT', `/v1/refunds/R${kept}`, { out_trade_no: kept, refund_fee: 1 });
        const refused = await till.delete(`/v1/payments/${kept}?wait=0`);
        expect([refused.status, refused.body.code]).to.deep.equal([409, 'ERR_ORDER_REFUNDED']);
        const taken = await till.delete(`/v1/payments/${given}?wait=0`);
        expect(taken.body.status).to.be.oneOf(['undecided', 'reversing', 'reversed']);
        const { body } = await till.get(`/v1/payments/${given}?until=final&wait=20`);
        expect(body.status).to.equal('reversed');
      });

      it('takes a cancel that comes at the same time as its payment', async () => {
        const till = await terminal();
        for (let times = 0; times < 5; times += 1) {
          const number = newNumber();
          const [paid, given] = await Promise.all([
            till.pay(number, newCode(), { key: 'one', wait: 20 }),
            till.delete(`/v1/payments/${number}`),
          ]);
          expect([200, 409]).to.include(paid.status);
          expect(given.status).to.equal(200);
          const end = await till.get(`/v1/payments/${number}?until=final&wait=20`);
          expect(end.body.status).to.be.oneOf(['cancelled', 'reversed']);
          const entry = simulator.ledger.find(({ out_trade_no }) => out_trade_no === number);
          expect([undefined, 'REVOKED']).to.include(entry?.trade_state);
        }
      });

      it('keeps what one terminal has not acted upon from the others, also its refunds', async () => {
        const [till, other] = [await terminal(), await terminal()];
        const [desk, far] = [
          await terminal({ can: ['refund'], store_id: '7' }),
          await terminal({ can: ['refund'], store_id: '8' }),
        ];
        const near = await terminal({ store_id: '7' });
        const numbers = [newNumber(), newNumber(), newNumber()];
        for (const number of numbers) await near.pay(number, newCode(), { key: 'one' });
        await till.pay(newNumber(), newCode(), { key: 'one' });
        const heard = async (who: Client) =>
          (await who.get('/v1/unacknowledged')).lines.map(
            ({ out_refund_no, out_trade_no }) => out_refund_no ?? out_trade_no,
          );
        expect((await heard(near)).sort()).to.deep.equal([...numbers].sort());
        expect(await heard(till)).to.have.length(1);
        expect(await heard(other)).to.deep.equal([]);
        const [number = ''] = numbers;
        const path = `/v1/refunds/R${number}`;
        simulator.scenario = { refund: 'NOTENOUGH' };
        const refused = await desk.ask('PUT', path, { out_trade_no: number, refund_fee: 100 });
        expect(refused.body).to.include({ status: 'refused', err_code: 'NOTENOUGH' });
        expect(await heard(far)).to.deep.equal([]);
        expect(await heard(desk)).to.deep.equal([`R${number}`]);
        expect(
          (await far.ask('POST', `/v1/refunds/R${number}/acknowledge`, { revision: refused.body.revision })).status,
        ).to.equal(404);
        await desk.ask('POST', `/v1/refunds/R${number}/acknowledge`, { revision: refused.body.revision });
        expect(await heard(desk)).to.deep.equal([]);
      });

      it('tells what a terminal has not acted upon, until it has', async () => {
        const [till, other] = [await terminal(), await terminal()];
        const number = newNumber();
        const paid = await till.pay(number, newCode(), { key: 'one' });
        expect((await till.get('/v1/unacknowledged')).lines).to.deep.equal([paid.body]);
        expect((await other.get('/v1/unacknowledged')).lines).to.deep.equal([]);
        const waiting = other.get('/v1/unacknowledged?wait=20');
        const later = await other.pay(newNumber(), newCode(), { key: 'one' });
        expect((await waiting).lines).to.deep.equal([later.body]);
        const path = `/v1/payments/${number}/acknowledge`;
        expect((await till.ask('POST', path, { revision: 1 })).status).to.equal(204);
        expect((await till.get('/v1/unacknowledged')).lines).to.have.length(1);
        expect((await till.ask('POST', path, { revision: paid.body.revision })).status).to.equal(204);
        expect((await till.get('/v1/unacknowledged')).lines).to.deep.equal([]);
      });

      it('refunds the sales of a store, for terminals that may', async () => {
        const till = await terminal();
        const desk = await terminal({ can: ['refund'] });
        const elsewhere = await terminal({ can: ['refund'], store_id: '2' });
        const number = newNumber();
        await till.pay(number, newCode(), { key: 'one' });
        const body = { out_trade_no: number, refund_fee: 40 };
        expect((await till.ask('PUT', `/v1/refunds/R${number}`, body)).status).to.equal(403);
        expect((await elsewhere.ask('PUT', `/v1/refunds/R${number}`, body)).status).to.equal(404);
        // Who may refund sees the paid sales of the store, and no other one of another terminal.
        const neighbour = await terminal();
        const declined = newNumber();
        simulator.scenario = 'not-enough';
        await till.pay(declined, newCode(), { key: 'one' });
        simulator.scenario = 'success';
        const seen = async (who: Client, sale: string) => (await who.get(`/v1/payments/${sale}`)).status;
        expect([await seen(desk, number), await seen(desk, declined)]).to.deep.equal([200, 404]);
        expect([await seen(neighbour, number), await seen(elsewhere, number)]).to.deep.equal([404, 404]);
        expect((await desk.delete(`/v1/payments/${number}`)).status).to.equal(404);
        expect((await neighbour.get(`/v1/payments/${number}/refunds`)).status).to.equal(404);
        expect(
          (await desk.ask('PUT', `/v1/refunds/R${declined}`, { ...body, out_trade_no: declined })).status,
        ).to.equal(404);
        expect((await desk.pay(newNumber(), newCode())).status).to.equal(403);
        for (let times = 0; times < 2; times += 1) {
          const { status, body: said } = await desk.ask('PUT', `/v1/refunds/R${number}`, body);
          expect([status, said.refund_fee, said.accepted]).to.deep.equal([200, 40, true]);
        }
        expect((await neighbour.get(`/v1/refunds/R${number}`)).status).to.equal(404);
        const another = await desk.ask('PUT', `/v1/refunds/R${number}`, { ...body, refund_fee: 41 });
        expect([another.status, another.body.code]).to.deep.equal([409, 'ERR_ORDER_EXISTS']);
        const wrong = await desk.ask('PUT', `/v1/refunds/R3${number}`, { ...body, total_fee: 99 });
        expect([wrong.status, wrong.body.code]).to.deep.equal([400, 'ERR_INVALID_PARAMETER']);
        const more = await desk.ask('PUT', `/v1/refunds/R2${number}`, { out_trade_no: number, refund_fee: 61 });
        expect([more.status, more.body.code]).to.deep.equal([409, 'ERR_REFUND']);
        expect((await desk.get(`/v1/refunds/R${number}`)).body).to.include({ out_refund_no: `R${number}` });
        expect((await elsewhere.get(`/v1/refunds/R${number}`)).status).to.equal(404);
        const refunds: unknown = (await till.get(`/v1/payments/${number}/refunds`)).body;
        expect(refunds).to.have.length(1);
        expect(simulator.refunds.filter(({ out_trade_no }) => out_trade_no === number)).to.have.length(1);
      });

      it('has a token for each terminal, which is worth nothing once it is withdrawn', async () => {
        const { token } = await server.addTerminal({ name: 'desk', ...shop });
        expect(token).to.match(/^[\w-]{43}$/);
        const till = new Client(server.url, token);
        const number = newNumber();
        await till.pay(number, newCode(), { key: 'one' });
        for (const bad of [undefined, 'x', `${token}x`, token.slice(1)])
          expect((await new Client(server.url, bad).get('/v1/identity')).status).to.equal(401);
        expect((await new Client(server.url, undefined).get(`/v1/identity?token=${token}`)).status).to.equal(401);
        const again = new Client(server.url, (await server.addTerminal({ name: 'desk', ...shop })).token);
        expect((await till.get('/v1/identity')).status).to.equal(401);
        // A name that is added again is a new terminal.
        expect((await again.get(`/v1/payments/${number}`)).status).to.equal(404);
        await server.removeTerminal('desk');
        expect((await again.get('/v1/identity')).status).to.equal(401);
      });

      it('gives the terminal what the face commands need', async () => {
        const till = await terminal();
        const { appid, mch_id } = simulator.client;
        expect((await till.get('/v1/identity')).body).to.deep.equal({ appid, mch_id });
        const { status, body } = await till.ask('POST', '/v1/authinfo', { rawdata: 'raw' });
        expect([status, typeof body.authinfo]).to.deep.equal([200, 'string']);
      });

      it('refuses what is no request of its own', async () => {
        const till = await terminal();
        const path = `/v1/payments/${newNumber()}`;
        const [order, code] = [{ total_fee: 100, body: 'Tea' }, { auth_code: newCode() }];
        const refused: Array<[number, unknown, string?]> = [
          [400, { order: { ...order, total_fee: '100' }, code }],
          [400, { order: { ...order, total_fee: 1.5 }, code }],
          [400, { order: { ...order, mch_id: 'another' }, code }],
          [400, { order: { ...order, out_trade_no: 'another' }, code }],
          [400, { order, code: { auth_code: 'x' } }],
          [400, { order, code: { ...code, face_code: 'x' } }],
          [400, { order, code, more: 1 }],
          [400, '{'],
          [400, { order, code }, '?wait=61'],
          [400, { order, code }, '?wait=-1'],
          [400, { order, code }, '?wait=1e1'],
          [413, `"${'x'.repeat(10_000_000)}"`],
        ];
        for (const [expected, body, query = ''] of refused) {
          const { status, body: said } = await till.ask('PUT', `${path}${query}`, body);
          expect(status, JSON.stringify(body).slice(0, 100)).to.equal(expected);
          expect(said.code).to.equal('ERR_INVALID_PARAMETER');
        }
        expect((await till.get(path)).status).to.equal(404);
        expect((await till.get('/v1/nothing')).body.code).to.equal('ERR_NOT_FOUND');
      });

      it('lets four requests of a terminal wait, and no fifth', async () => {
        simulator.scenario = { payment: 'password', password: 'waiting' };
        const [till, other] = [await terminal(), await terminal()];
        const number = newNumber();
        await till.pay(number, newCode(), { key: 'one', wait: 0 });
        const waiting = Array.from({ length: 6 }, () => till.get(`/v1/payments/${number}?wait=20`));
        const refused = await Promise.race(waiting);
        expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([429, '1']);
        expect((await other.get('/v1/unacknowledged')).status).to.equal(200);
        await until(() => simulator.act('enter-password'));
        expect((await Promise.all(waiting)).map(({ status }) => status).sort()).to.deep.equal([
          200, 200, 200, 200, 429, 429,
        ]);
      });

      it('adds no terminal with what nobody keeps, or of a merchant that nobody knows', async () => {
        for (const change of [
          { refundLimit: -1 },
          { refundLimit: 1.5 },
          { more: 1 },
          { merchant: 'nobody' },
          { name: '' },
          { can: ['all'] },
        ]) {
          const added = Reflect.apply(server.addTerminal, server, [{ name: 'x', ...shop, ...change }]);
          const error = await rejection(added);
          expect(error).to.include({ code: 'ERR_INVALID_PARAMETER', parameter: Object.keys(change)[0] });
        }
      });

      it('says whether it can pay', async () => {
        const { status, body } = await new Client(server.url, undefined).get('/healthz');
        expect([status, body]).to.deep.equal([200, { canPay: true }]);
      });
    });

  it('takes what another server has, on one database', async () => {
    const database = postgres.url(await postgres.database());
    const servers = [
      await startMerchantServer(options({ database })),
      await startMerchantServer(options({ database })),
    ];
    const [one, two] = servers;
    if (one === undefined || two === undefined) throw new Error('there are two');
    try {
      const { token } = await one.addTerminal({ name: 'till', ...shop });
      const [here, there] = [new Client(one.url, token), new Client(two.url, token)];
      simulator.scenario = { payment: 'password', password: 'waiting' };
      const number = newNumber();
      await here.pay(number, newCode(), { key: 'one', wait: 0 });
      await until(() => paymentsOf(number) === 1);
      const waiting = there.get(`/v1/payments/${number}?wait=30&until=final`);
      await one.close();
      await until(() => simulator.act('enter-password'));
      expect((await waiting).body.status).to.equal('paid');
      expect((await there.pay(number, newCode(), { key: 'one' })).body.status).to.equal('paid');
      expect(paymentsOf(number)).to.equal(1);
    } finally {
      for (const server of servers) await server.close();
    }
  });

  it('has a cancel() written down though nothing is waited for, when it answers', async () => {
    const database = await postgres.database();
    const proxy = await FaultyProxy.start(postgres.port);
    const servers = [
      await startMerchantServer(options({ database: postgres.url(database) })),
      await startMerchantServer(options({ database: postgres.url(database, proxy.port) })),
    ];
    const [one, two] = servers;
    if (one === undefined || two === undefined) throw new Error('there are two');
    try {
      const { token } = await one.addTerminal({ name: 'till', ...shop });
      simulator.scenario = { payment: 'password', password: 'waiting' };
      const number = newNumber();
      await new Client(one.url, token).pay(number, newCode(), { key: 'one', wait: 0 });
      // Of the statement that writes it down the first few are lost.
      let lost = 0;
      proxy.fate = (sent) => {
        if (!sent.includes('wxpay-face give up') || lost === 3) return 'arrives';
        lost += 1;
        return 'is lost';
      };
      const other = new Client(two.url, token);
      const given = await other.delete(`/v1/payments/${number}?wait=0`);
      const [row] = await postgres.query(database, 'select given_up from wxpay_face.record where id = $1', [number]);
      expect([given.status < 300, row?.given_up, lost]).to.deep.equal([true, true, 3]);
      // No other test's customer is to enter the password of this one.
      const { body } = await other.get(`/v1/payments/${number}?wait=20&until=final`);
      expect(body.status).to.equal('reversed');
    } finally {
      for (const server of servers) await server.close();
      await proxy.close();
    }
  });

  it('answers 503 while the database is away, sends nothing, and goes on when it is back', async () => {
    const own = await Postgres.start();
    const server = await startMerchantServer(options({ database: own.url() }));
    try {
      const { token } = await server.addTerminal({ name: 'till', ...shop });
      const till = new Client(server.url, token);
      await own.stopAtOnce();
      const number = newNumber();
      const away = await till.pay(number, newCode(), { key: 'one' });
      expect([away.status, away.body.code, away.headers.get('retry-after')]).to.deep.equal([503, 'ERR_JOURNAL', '1']);
      await until(async () => (await till.get('/healthz')).status === 503);
      expect(paymentsOf(number)).to.equal(0);
      await own.startAgain();
      await until(async () => (await till.get('/healthz')).status === 200);
      expect((await till.pay(number, newCode(), { key: 'one' })).body.status).to.equal('paid');
    } finally {
      await server.close();
      await own.stop();
    }
  });

  it('is refused where tokens would cross a network in the clear, or with a settleAfter that the lease outlives', async () => {
    const database = postgres.url();
    const refused = async (change: Partial<MerchantServerOptions>) => {
      const given = { ...options({ database }), ...change };
      return Object(await rejection(startMerchantServer(given))).parameter;
    };
    expect(await refused({ listen: { host: '0.0.0.0' } })).to.equal('listen.host');
    expect(await refused({ reversal: { ...reversal, settleAfter: 121_999 } })).to.equal('reversal.settleAfter');
    expect(await refused({ folder: 'x' })).to.equal('database');
  });
});
