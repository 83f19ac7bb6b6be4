import { expect } from 'chai';
import pg from 'pg';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, type MerchantServerOptions, startMerchantServer } from '../lib/index.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';
import { ServerCommand } from './support/server-command.js';
import { type Said, Visitor } from './support/visitor.js';

let numbers = 0;
const newNumber = (): string => {
  numbers += 1;
  return `K${numbers}`;
};
const newCode = (): string => {
  numbers += 1;
  return `13${String(numbers).padStart(16, '0')}`;
};

describe('An act whose server is killed before it is done', function () {
  this.timeout(120_000);
  let simulator: Simulator;
  let postgres: Postgres;
  let database: string;
  let other: MerchantServer;
  let doomed: ServerCommand;
  let till: Client;
  /** The first has confirmed; the second sees the same. */
  let first: Visitor;
  let second: Visitor;

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());

  beforeEach(async () => {
    database = await postgres.database();
    const options: MerchantServerOptions = {
      database: postgres.url(database),
      merchants: [{ name: 'tea', ...simulator.client }],
      lease: 2_000,
      polling: { firstDelay: 50, interval: 100, timeout: 60_000 },
      reversal: { notBefore: 300, backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 } },
    };
    other = await startMerchantServer(options);
    doomed = await ServerCommand.of(options);
    expect(await doomed.start(), doomed.said).to.equal(true);
    const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
    const { token } = await other.addTerminal({ name: 'till', ...shop, can: ['pay', 'cancel', 'refund'] });
    till = new Client(other.url, token);
    const person = async (name: string, url: string): Promise<Visitor> => {
      const { token: secret } = await other.addPerson({ name, merchants: ['tea'], role: 'act' });
      const visitor = new Visitor(url);
      expect((await visitor.signIn(secret)).status).to.equal(200);
      return visitor;
    };
    [first, second] = [await person('Li', `${doomed.adminUrl}/`), await person('Wang', `${other.adminUrl}/`)];
  });
  afterEach(async () => {
    simulator.scenario = 'success';
    await doomed.dispose();
    await other.close();
  });

  /** Confirms, and kills the server when it has taken the act upon itself and done nothing of it. Now the person is at the other one. */
  async function killWhileItActs(act: string, seen: Said, more: Record<string, unknown>): Promise<void> {
    const blocker = new pg.Client({ connectionString: postgres.url(database) });
    await blocker.connect();
    try {
      // What can't be written in the audit isn't done.
      await blocker.query('begin');
      await blocker.query('lock table wxpay_face.audit in share mode');
      const confirming = first.confirm(act, seen.body, more).catch(() => undefined);
      const waits = `select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'`;
      await until(async () => (await postgres.query('postgres', waits, [database])).length > 0);
      expect(await postgres.query(database, 'select person from wxpay_face.person_act')).to.deep.equal([
        { person: 'Li' },
      ]);
      await doomed.end('SIGKILL');
      expect(await confirming).to.equal(undefined);
    } finally {
      await blocker.query('rollback');
      await blocker.end();
    }
    const { cookie } = first;
    first = new Visitor(`${other.adminUrl}/`);
    first.cookie = cookie;
  }

  const sale = async (): Promise<string> => {
    const number = newNumber();
    expect((await till.pay(number, newCode(), { key: 'one' })).body.status).to.equal('paid');
    return number;
  };
  const attention = async (): Promise<string> => {
    const number = newNumber();
    simulator.scenario = 'number-taken';
    expect((await till.pay(number, newCode(), { key: 'one', wait: 20 })).body.status).to.equal('attention');
    return number;
  };
  const stateOf = async (number: string): Promise<unknown> => (await second.record('tea', number)).body.state;
  const givenBack = (number: string) => simulator.ledger.find(({ out_trade_no }) => out_trade_no === number)?.refunded;

  /** What each is about, and whether it was done: once. */
  const acts: Readonly<
    Record<string, { begin: () => Promise<string>; more: object; isDone: (number: string) => Promise<boolean> }>
  > = {
    refund: {
      begin: sale,
      more: { refund_fee: 40 },
      isDone: async (number) => {
        expect(givenBack(number)).to.be.oneOf([0, 40]);
        return givenBack(number) === 40;
      },
    },
    'give-up': { begin: sale, more: {}, isDone: async (number) => (await stateOf(number)) === 'reversed' },
    acknowledge: {
      begin: attention,
      more: {},
      isDone: async (number) => !JSON.stringify((await second.shown()).needs).includes(number),
    },
  };

  for (const [act, { begin, more, isDone }] of Object.entries(acts)) {
    it(`is done once, on another server, when it is confirmed again: ${act}`, async () => {
      const number = await begin();
      const [seen, alsoSeen] = [await first.record('tea', number), await second.record('tea', number)];
      await killWhileItActs(act, seen, { ...more });
      expect(await isDone(number)).to.equal(false);
      const late = await second.confirm(act, alsoSeen.body, { ...more });
      expect([late.status, late.body.code, late.body.by]).to.deep.equal([409, 'overtaken', 'Li']);
      expect(await isDone(number)).to.equal(false);
      for (const _ of [1, 2]) expect((await first.confirm(act, seen.body, { ...more })).status).to.equal(200);
      await until(() => isDone(number));
      expect((await second.confirm(act, alsoSeen.body, { ...more })).status).to.equal(409);
    });

    it(`is anybody's again after a while, and then no more the first one's: ${act}`, async () => {
      const number = await begin();
      const [seen, alsoSeen] = [await first.record('tea', number), await second.record('tea', number)];
      await killWhileItActs(act, seen, { ...more });
      await postgres.query(database, `update wxpay_face.person_act set at = now() - interval '11 minutes'`);
      expect((await second.confirm(act, alsoSeen.body, { ...more })).status).to.equal(200);
      await until(() => isDone(number));
      const late = await first.confirm(act, seen.body, { ...more });
      expect([late.status, late.body.code, late.body.by]).to.deep.equal([409, 'overtaken', 'Wang']);
      expect(await isDone(number)).to.equal(true);
    });
  }

  it('is not done when the sale has been given back in part since: the person sees it first', async () => {
    const number = await sale();
    const seen = await first.record('tea', number);
    await killWhileItActs('refund', seen, { refund_fee: 40 });
    const { status } = await till.ask('PUT', `/v1/refunds/R${number}`, { out_trade_no: number, refund_fee: 40 });
    expect(status).to.equal(200);
    const late = await first.confirm('refund', seen.body, { refund_fee: 40 });
    expect([late.status, late.body.code, Object(late.body.record).given_back]).to.deep.equal([409, 'overtaken', 40]);
    await until(() => givenBack(number) === 40);
    const { calls } = simulator;
    expect(calls.filter(({ name, request }) => name === 'refund' && request.out_trade_no === number)).to.have.length(1);
  });

  it('is not done when the customer has paid since: the person sees it first', async () => {
    simulator.scenario = { payment: 'password', password: 'waiting' };
    const number = newNumber();
    const paying = till.pay(number, newCode(), { key: 'one', wait: 50 });
    await until(async () => (await stateOf(number)) === 'polling');
    const seen = await first.record('tea', number);
    await killWhileItActs('give-up', seen, {});
    simulator.act('enter-password');
    expect((await paying).body.status).to.equal('paid');
    const late = await first.confirm('give-up', seen.body);
    expect([late.status, late.body.code, Object(late.body.record).state]).to.deep.equal([409, 'overtaken', 'paid']);
    expect(await stateOf(number)).to.equal('paid');
  });
});
