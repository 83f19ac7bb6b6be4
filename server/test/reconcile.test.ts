import { expect } from 'chai';
import { PayClient } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { billDateOf } from '../lib/jobs/nights/days.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { Receiver } from './support/receiver.js';
import { until } from './support/records.js';
import { ServerCommand } from './support/server-command.js';

const day = 24 * 60 * 60 * 1_000;
const shops = { tea: { sub_mch_id: '1900000201' }, coffee: { sub_mch_id: '1900000202' } };

describe('wxpay-face-server reconcile', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;
  let receiver: Receiver;
  let server: ServerCommand;
  const today = billDateOf(Date.now());

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
    receiver = await Receiver.start();
    const merchant = { name: 'mall', ...simulator.client, sub_merchants: shops };
    const webhook = { url: receiver.url, secret: Receiver.secret };
    const database = postgres.url(await postgres.database());
    server = await ServerCommand.of({ database, merchants: [{ ...merchant, webhook }] });
    await server.start();
    const args = [
      '--name',
      'till',
      '--merchant',
      'mall',
      '--sub-merchant',
      'tea',
      '--store-id',
      '1',
      '--store-name',
      '店',
    ];
    const { out } = await server.run('terminal', 'add', ...args);
    expect((await new Client(server.url, out.trim()).pay('tea-1', '137300000000000001')).body.status).to.equal('paid');
    const elsewhere = new PayClient({ ...simulator.client, ...shops.coffee });
    const order = { out_trade_no: 'foreign-1', total_fee: 700, body: 'x', spbill_create_ip: '127.0.0.1' };
    await elsewhere.micropay({ ...order, auth_code: '137300000000000002' });
    elsewhere.close();
  });
  after(async () => {
    await server.dispose();
    await receiver.close();
    await simulator.close();
  });
  afterEach(() => {
    simulator.scenario = 'success';
  });

  it('compares a day at once, beside a server that runs, and says by its exit code whether each fen agrees', async () => {
    simulator.scenario = { bill: 'early' };
    const agrees = await server.run('reconcile', '--merchant', 'mall/tea', '--date', today);
    expect(agrees).to.deep.equal({ code: 0, out: '', error: `${today} mall/tea: each fen agrees\n` });
    const differs = await server.run('reconcile', '--date', today);
    expect([differs.code, differs.error]).to.deep.equal([
      3,
      `${today} mall/tea: each fen agrees\n${today} mall/coffee: differences: 1\n`,
    ]);
    const fields = differs.out.trimEnd().split('\t');
    expect([fields[1], fields[2], fields[3], fields[7]]).to.deep.equal([
      'mall/coffee',
      'unknown-here',
      'foreign-1',
      '700',
    ]);
    // What the night would have kept and told is kept and told.
    expect((await server.run('differences', '--date', today)).out).to.equal(differs.out);
    expect((await server.run('days', '--date', today)).out).to.match(
      /mall\/coffee\t\S+Z\t1\t\n.*mall\/tea\t\S+Z\t0\t\n/,
    );
    await until(() => receiver.received.some(({ type, data }) => type === 'bill.reconciled' && data.count === 1));
  });

  it('needs a bill, or somebody who says that nothing was sold', async () => {
    simulator.scenario = { bill: 'none' };
    const before = billDateOf(Date.now() - 2 * day);
    const [tea, empty] = [
      ['--merchant', 'mall/tea'],
      ['--date', before, '--no-sales'],
    ];
    const missing = await server.run('reconcile', ...tea, '--date', before);
    expect([missing.code, missing.out]).to.deep.equal([1, '']);
    expect(missing.error).to.match(/not reconciled: ERR_BILL_MISSING/);
    expect((await server.run('days', '--date', before)).out).to.match(/mall\/tea\topen\t0\tERR_BILL_MISSING/);
    expect(await server.run('reconcile', ...tea, ...empty)).to.include({ code: 0, out: '' });
    expect((await server.run('days', '--date', before)).out).to.match(/mall\/tea\t\S+Z\t0\t\n/);
    const early = await server.run('reconcile', ...tea, '--date', today, '--no-sales');
    expect([early.code, early.error.slice(0, 10)]).to.deep.equal([1, '--no-sales']);
  });

  it('says what is wrong with what it is asked for', async () => {
    const wrong = { '--date': ['20260230', '2026-11-26', 'x', ''], '--merchant': ['nobody', 'mall/nobody', 'mal'] };
    for (const [option, values] of Object.entries(wrong))
      for (const value of values) {
        const { code, out, error } = await server.run('reconcile', option, value);
        expect([code, out], `${option} ${value}`).to.deep.equal([1, '']);
        expect(error.startsWith(option), error).to.equal(true);
      }
  });
});
