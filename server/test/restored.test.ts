import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import {
  Database,
  type MerchantServer,
  type MerchantServerOptions,
  PostgresJournal,
  startMerchantServer,
} from '../lib/index.js';
import { addForeignRefund } from '../lib/merchants/foreign-refunds.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { payment, until } from './support/records.js';
import { rejection } from './support/rejection.js';
import { Visitor } from './support/visitor.js';

const beijing = (time: number): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(time).replaceAll('-', '');
const day = 24 * 60 * 60 * 1_000;

describe('A database that was restored to an older moment', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;
  let name: string;
  const servers: MerchantServer[] = [];

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());
  beforeEach(async () => {
    name = await postgres.database();
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  const start = async (change: Partial<MerchantServerOptions> = {}): Promise<MerchantServer> => {
    const merchants = [{ name: 'tea', ...simulator.client }];
    const server = await startMerchantServer({ database: postgres.url(name), merchants, lease: 1_000, ...change });
    servers.push(server);
    return server;
  };
  const reconciled = (merchant: string, bill_date: string) =>
    postgres.query(
      name,
      `insert into wxpay_face.reconciled_day (merchant, bill_date, asked_at, reconciled_at, differences) values ($1, $2, now(), now(), 0)
       on conflict (merchant, bill_date) do update set reconciled_at = now()`,
      [merchant, bill_date],
    );
  let codes = 0;
  const code = (): string => {
    codes += 1;
    return `138${String(codes).padStart(15, '0')}`;
  };

  it('takes no new sale, on any server, until the days since were reconciled', async () => {
    const [yesterday, today] = [beijing(Date.now() - day), beijing(Date.now())];
    const first = await start();
    const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
    const { token } = await first.addTerminal({ name: 'till', ...shop, can: ['pay', 'cancel', 'refund'] });
    await new Client(first.url, token).pay('RESTORED1', code(), { key: 'one' });
    await first.close();
    const [one, other] = [await start({ restored: yesterday }), await start()];
    const tills = [new Client(one.url, token), new Client(other.url, token)];
    const visitor = new Visitor(`${other.adminUrl}/`);
    const person = await other.addPerson({ name: 'Li', merchants: ['tea'], role: 'act' });
    await visitor.signIn(person.token);
    const refund = () => visitor.act('refund', 'tea', 'RESTORED1', { refund_fee: 100 });
    for (const till of tills) {
      const refused = await till.pay('RESTORED2', code(), { key: 'one' });
      expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).to.deep.equal([
        503,
        'ERR_RESTORED',
        '60',
      ]);
      // What is known goes on; of an unknown number nothing can be said.
      expect((await till.pay('RESTORED1', code(), { key: 'one' })).body).to.include({ status: 'paid' });
      expect((await till.get('/v1/payments/RESTORED1')).status).to.equal(200);
      expect((await till.delete('/v1/payments/RESTORED2')).body.code).to.equal('ERR_RESTORED');
      expect((await till.get('/healthz')).status).to.equal(503);
      expect((await till.get('/readyz')).status).to.equal(200);
      // Neither what was sold since, nor what was given back.
      expect((await till.get('/v1/payments/RESTORED2')).body.code).to.equal('ERR_RESTORED');
      const back = { out_trade_no: 'RESTORED1', refund_fee: 100 };
      expect((await till.ask('PUT', '/v1/refunds/RESTORED-R', back)).body.code).to.equal('ERR_RESTORED');
    }
    expect(await refund()).to.deep.include({ status: 503 });
    expect((await refund()).body.code).to.equal('ERR_RESTORED');
    expect(simulator.refunds).to.deep.equal([]);
    expect(simulator.ledger.some(({ out_trade_no }) => out_trade_no === 'RESTORED2')).to.equal(false);
    // The bills are asked for from that day on.
    const asked = 'select merchant, bill_date, reconciled_at from wxpay_face.reconciled_day where bill_date >= $1';
    expect(await postgres.query(name, asked, [yesterday])).to.deep.equal([
      { merchant: 'tea', bill_date: yesterday, reconciled_at: null },
    ]);
    await reconciled('tea', yesterday);
    await reconciled('another', today);
    const said = async () => String((await tills[1]?.pay('RESTORED2', code(), { key: 'one' }))?.body.message);
    await until(async () => (await said()).includes(today));
    await reconciled('tea', today);
    for (const till of tills) await until(async () => (await till.get('/healthz')).status === 200);
    expect((await refund()).status).to.equal(200);
    expect((await tills[0]?.pay('RESTORED2', code(), { key: 'one' }))?.body).to.include({ status: 'paid' });
    // Said again, as from a unit's file, it is over all the same.
    const again = await start({ restored: yesterday });
    expect((await new Client(again.url, token).pay('RESTORED3', code(), { key: 'one' })).body.status).to.equal('paid');
  });

  it('is heeded by a server that was there before another said it', async () => {
    const first = await start();
    const { token } = await first.addTerminal({ name: 'till', merchant: 'tea', store_id: '1', store_name: '茶馆' });
    const till = new Client(first.url, token);
    expect((await till.pay('BEFORE1', code(), { key: 'one' })).body).to.include({ status: 'paid' });
    await start({ restored: beijing(Date.now()) });
    await until(async () => (await till.get('/healthz')).status === 503);
    expect((await till.pay('BEFORE2', code(), { key: 'one' })).body.code).to.equal('ERR_RESTORED');
    await reconciled('tea', beijing(Date.now()));
    await until(async () => (await till.get('/healthz')).status === 200);
    expect((await till.pay('BEFORE2', code(), { key: 'one' })).body).to.include({ status: 'paid' });
  });

  it('waits for the days of each merchant, also where another server has it', async () => {
    const today = beijing(Date.now());
    const tea = await start({ restored: today });
    const coffee = await start({ merchants: [{ name: 'coffee', ...simulator.client }] });
    const { token } = await coffee.addTerminal({
      name: 'till',
      merchant: 'coffee',
      store_id: '1',
      store_name: '咖啡馆',
    });
    const till = new Client(coffee.url, token);
    await reconciled('tea', today);
    await until(async () => (await new Client(tea.url, undefined).get('/healthz')).status === 200);
    const done = async () =>
      (await postgres.query(name, 'select done_at is not null as "isDone" from wxpay_face.restoration'))[0]?.isDone;
    expect(await done()).to.equal(false);
    expect((await till.pay('COFFEE1', code(), { key: 'one' })).body.code).to.equal('ERR_RESTORED');
    await reconciled('coffee', today);
    await until(async () => (await till.get('/healthz')).status === 200);
    expect(await done()).to.equal(true);
    expect((await till.pay('COFFEE1', code(), { key: 'one' })).body).to.include({ status: 'paid' });
  });

  it('refuses for good what a bill since then has and it has not, also of the day after', async () => {
    const [yesterday, today, tomorrow] = [-day, 0, day].map((from) => beijing(Date.now() + from));
    const first = await start({ restored: String(yesterday) });
    const { token } = await first.addTerminal({ name: 'till', merchant: 'tea', store_id: '1', store_name: '茶馆' });
    const till = new Client(first.url, token);
    for (const [bill_date, number] of [
      [yesterday, 'LOST1'],
      [tomorrow, 'LOST2'],
    ])
      await postgres.query(
        name,
        `insert into wxpay_face.difference (merchant, bill_date, position, kind, out_trade_no, there, state)
         values ('tea', $1, 1, 'unknown-here', $2, 100, 'SUCCESS')`,
        [bill_date, number],
      );
    for (const each of [yesterday, today]) await reconciled('tea', String(each));
    await until(async () => (await till.get('/healthz')).status === 200);
    const called = simulator.calls.length;
    for (const number of ['LOST1', 'LOST2']) {
      expect((await till.pay(number, code(), { key: 'one' })).body.code).to.equal('ERR_ORDER_EXISTS');
      expect((await till.get(`/v1/payments/${number}`)).body.code).to.equal('ERR_ORDER_EXISTS');
      expect((await till.delete(`/v1/payments/${number}`)).body.code).to.equal('ERR_ORDER_EXISTS');
    }
    expect(simulator.calls.slice(called)).to.deep.equal([]);
  });

  it('keeps a number that only the bills have in use, for all sub-merchants and on servers that start later', async () => {
    const today = beijing(Date.now());
    const sub_merchants = { east: { sub_mch_id: '1' }, west: { sub_mch_id: '2' } };
    const merchants = [
      { name: 'chain', ...simulator.client, sub_merchants },
      { name: 'tea', ...simulator.client, mch_id: '1900000110' },
    ];
    const first = await start({ merchants, restored: today });
    const tokens: string[] = [];
    for (const sub_merchant of Object.keys(sub_merchants)) {
      const shop = { merchant: 'chain', sub_merchant, store_id: '1', store_name: '茶馆' };
      tokens.push((await first.addTerminal({ name: sub_merchant, ...shop })).token);
    }
    const other = await first.addTerminal({ name: 'tea', merchant: 'tea', store_id: '1', store_name: '茶馆' });
    await postgres.query(
      name,
      `insert into wxpay_face.difference (merchant, bill_date, position, kind, out_trade_no, there)
       values ('chain/east', $1, 1, 'unknown-here', 'LOST1', 100)`,
      [today],
    );
    for (const merchant of ['chain/east', 'chain/west', 'tea']) await reconciled(merchant, today);
    await until(async () => (await new Client(first.url, undefined).get('/healthz')).status === 200);
    for (const server of [first, await start({ merchants })])
      for (const token of tokens) {
        const till = new Client(server.url, token);
        for (const said of [await till.pay('LOST1', code(), { key: 'one' }), await till.get('/v1/payments/LOST1')])
          expect([said.status, said.body.code]).to.deep.equal([409, 'ERR_ORDER_EXISTS']);
      }
    expect(simulator.ledger.some(({ out_trade_no }) => out_trade_no === 'LOST1')).to.equal(false);
    // Another merchant number has numbers of its own.
    expect((await new Client(first.url, other.token).get('/v1/payments/LOST1')).status).to.equal(404);
  });

  it('has each refund that only the bills have entered once, whoever enters it at the same time', async () => {
    const database = await Database.open(postgres.url(name), 1_000);
    try {
      const journal = PostgresJournal.on(database, 'A');
      await journal.create(payment('SOLD1', { state: 'paid', finished: true }));
      const refunds = ['R1', 'R2', 'R3'].map((out_refund_no) => ({
        out_trade_no: 'SOLD1',
        out_refund_no,
        refund_fee: 10,
      }));
      await Promise.all([...refunds, ...refunds].map((refund) => addForeignRefund(journal, refund)));
      for (const refund of refunds) await addForeignRefund(journal, refund);
      const record = await journal.get('payment', 'SOLD1');
      const entered: unknown[] = Object(record?.data.refunds);
      expect(entered.map((each) => Object(each).out_refund_no)).to.have.members(['R1', 'R2', 'R3']);
      expect(record?.revision).to.equal(4);
      await journal.close();
    } finally {
      await database.close();
    }
  });

  it('is said by a day, and of a database only', async () => {
    for (const restored of ['yesterday', '2026-11-26', '20260231', '']) {
      const error = await rejection(start({ restored }));
      expect(error).to.include({ code: 'ERR_INVALID_PARAMETER', parameter: 'restored' });
    }
    const merchants = [{ name: 'tea', ...simulator.client }];
    const error = await rejection(startMerchantServer({ folder: 'none', merchants, restored: '20261126' }));
    expect(error).to.include({ parameter: 'restored' });
  });
});
