import { expect } from 'chai';
import { PayClient } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { Connections } from '../lib/database/connections.js';
import { type MerchantServer, startMerchantServer } from '../lib/index.js';
import { listDifferences, reconciledDays } from '../lib/jobs/index.js';
import { billDateOf, readyAt } from '../lib/jobs/nights/days.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { Receiver } from './support/receiver.js';
import { until } from './support/records.js';
import { Visitor } from './support/visitor.js';

const shops = {
  tea: { sub_mch_id: '1900000201' },
  coffee: { sub_mch_id: '1900000202' },
  books: { sub_mch_id: '1900000203' },
};
type Shop = keyof typeof shops;
const names: readonly Shop[] = ['tea', 'coffee', 'books'];

describe('A night', function () {
  this.timeout(120_000);
  let simulator: Simulator;
  let postgres: Postgres;
  let database: string;
  let receiver: Receiver;
  let connections: Connections;
  let server: MerchantServer;
  let numbers = 0;
  const newCode = (): string => {
    numbers += 1;
    return `13${String(numbers).padStart(16, '7')}`;
  };
  const start = (now?: () => number): Promise<MerchantServer> =>
    startMerchantServer(
      {
        database: postgres.url(database),
        merchants: [
          {
            name: 'mall',
            ...simulator.client,
            sub_merchants: shops,
            webhook: { url: receiver.url, secret: Receiver.secret },
          },
        ],
        lease: 2_000,
      },
      now && { now },
    );

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
    database = await postgres.database();
    receiver = await Receiver.start();
    connections = new Connections(postgres.url(database));
    server = await start();
  });
  after(async () => {
    await server.close();
    await receiver.close();
    await connections.close();
    await simulator.close();
  });

  it('finds in three merchants’ bills what was planted, keeps it, sends it, and asks again for a bill that is late', async () => {
    const bill_date = billDateOf(Date.now());
    const tills = new Map<Shop, Client>();
    let openid = '';
    for (const name of names) {
      const shop = { merchant: 'mall', sub_merchant: name, store_id: '1', store_name: '店' };
      const { token } = await server.addTerminal({ name, ...shop, can: ['pay', 'cancel', 'refund'] });
      const till = new Client(server.url, token);
      tills.set(name, till);
      const { body } = await till.pay(`${name}-1`, newCode(), { key: 'one' });
      expect(body.status).to.equal('paid');
      openid = String(body.openid);
      await till.pay(`${name}-2`, newCode(), { key: 'one' });
      await till.ask('PUT', `/v1/refunds/R-${name}`, { out_trade_no: `${name}-2`, refund_fee: 1 });
      simulator.endRefund(`R-${name}`, 'SUCCESS');
    }
    // Of tea everything agrees. Another program sells as coffee, refunds a sale of coffee's, and reverses one of the bookshop's.
    const elsewhere = (name: Shop) => new PayClient({ ...simulator.client, ...shops[name] });
    const [coffee, books] = [elsewhere('coffee'), elsewhere('books')];
    const foreign = { out_trade_no: 'foreign-1', total_fee: 700, body: 'x', spbill_create_ip: '127.0.0.1' };
    await coffee.micropay({ ...foreign, auth_code: newCode() });
    await coffee.refund({ out_trade_no: 'coffee-1', out_refund_no: 'foreign-R', total_fee: 100, refund_fee: 30 });
    simulator.endRefund('foreign-R', 'SUCCESS');
    await books.reverse({ out_trade_no: 'books-1' });
    for (const client of [coffee, books]) client.close();
    await server.close();
    // And what is written down here of two of the bookshop's is wrong.
    const falsify = (kind: string, id: string, from: string, to: string) =>
      postgres.query(
        database,
        'update wxpay_face.record set data = replace(data, $3, $4) where kind = $1 and id = $2',
        [...[kind, id, from, to]],
      );
    await falsify('payment', 'books-2', '"total_fee":100', '"total_fee":90');
    await falsify('refund', 'R-books', '"refund_fee":1,', '"refund_fee":2,');

    let now = readyAt(bill_date) + 60_000;
    simulator.scenario = { bill: 'none' };
    server = await start(() => now);
    const days = () => reconciledDays(connections, { from: bill_date, to: bill_date });
    await until(async () => (await days()).length === 3);
    expect((await days()).map(({ trouble = '' }) => trouble.slice(0, 16))).to.deep.equal(
      names.map(() => 'ERR_BILL_MISSING'),
    );
    await server.close();
    now += 3_600_000;
    simulator.scenario = { bill: 'early' };
    server = await start(() => now);
    await until(async () => (await days()).filter(({ reconciledAt }) => reconciledAt !== undefined).length === 3);

    const found = await listDifferences(connections, { from: bill_date, to: bill_date });
    expect(
      found.map(({ merchant, kind, out_trade_no, out_refund_no = '' }) => [
        merchant,
        kind,
        out_trade_no,
        out_refund_no,
      ]),
    ).to.deep.equal([
      ['mall/books', 'paid-not-in-bill', 'books-1', ''],
      ['mall/books', 'amount', 'books-2', ''],
      ['mall/books', 'refund-amount', 'books-2', 'R-books'],
      ['mall/coffee', 'unknown-here', 'foreign-1', ''],
      ['mall/coffee', 'refund-unknown-here', 'coffee-1', 'foreign-R'],
    ]);
    const bills = () => receiver.received.filter(({ type }) => type === 'bill.reconciled');
    await until(() => bills().length === 3);
    expect(receiver.forged).to.equal(0);
    const counts = bills().map(({ data }) => [data.merchant, data.count]);
    expect(counts).to.have.deep.members([
      ['mall/tea', 0],
      ['mall/coffee', 2],
      ['mall/books', 3],
    ]);
    // Each person is shown those of its merchants.
    const sights: Record<string, readonly [string[], number]> = { all: [['mall'], 5], one: [['mall/coffee'], 2] };
    const shown: unknown[] = [];
    for (const [name, [merchants, count]] of Object.entries(sights)) {
      const visitor = new Visitor(`${server.adminUrl}/`);
      await visitor.signIn((await server.addPerson({ name, merchants, role: 'look' })).token);
      const { nights } = await visitor.shown();
      expect(Object(nights).differences, name).to.have.lengthOf(count);
      shown.push(nights);
    }
    const kept = JSON.stringify([found, bills(), await days(), shown]);
    for (const secret of [openid, String(simulator.client.key), 'openid']) expect(kept).not.to.include(secret);
  });
});
