import { expect } from 'chai';
import { type Bill, BillError, type BillRow, MemoryJournal } from 'wxpay-face';
import { Connections } from '../lib/database/connections.js';
import { migrate } from '../lib/database/migrations.js';
import { listDifferences, reconciledDays } from '../lib/jobs/index.js';
import { billDateOf } from '../lib/jobs/nights/days.js';
import { openBills, reconcileBill } from '../lib/jobs/nights/night.js';
import { sharedPostgres } from './support/postgres.js';

const hour = 3_600_000;
const day = 24 * hour;

describe('Nights in simulated time', function () {
  this.timeout(60_000);
  let connections: Connections;
  let now: number;
  /** When each bill is there, by merchant and day; the others never. */
  let there: Map<string, number>;
  let asked: string[];

  /** Rows of sales that no till here knows, by merchant and day. */
  let planted: Map<string, BillRow[]>;

  const billOf = (rows: readonly BillRow[]): Bill => ({
    rows: (async function* () {
      yield* rows;
    })(),
    summary: async () => ({}),
    close: () => {},
  });
  const merchant = (name: string, isTold = false) => {
    const downloadBill = async ({ bill_date }: { bill_date: string }) => {
      asked.push(`${name} ${bill_date} ${new Date(now + 8 * hour).toISOString().slice(5, 16)}`);
      const day = `${name} ${bill_date}`;
      if (now >= (there.get(day) ?? Number.POSITIVE_INFINITY)) return billOf(planted.get(day) ?? []);
      throw new BillError('ERR_BILL_MISSING', 'There is no bill');
    };
    const parts = {
      name,
      client: { identity: { appid: 'a', mch_id: name }, downloadBill },
      journal: new MemoryJournal(),
      ...(isTold && { webhook: {} }),
    };
    return Object.assign(Object.create(null), parts);
  };
  const parts = () => ({ connections, server: 'one', now: () => now });
  /** From one moment to another, ten minutes at a time, as the schedule has it. */
  const pass = async (merchants: ReturnType<typeof merchant>[], to: number) => {
    for (; now < to; now += 600_000)
      for (const { merchant: whose, bill_date } of await openBills(parts(), merchants))
        await reconcileBill(
          parts(),
          merchants.find(({ name }) => name === whose),
          bill_date,
        );
  };

  beforeEach(async () => {
    const postgres = await sharedPostgres();
    connections = new Connections(postgres.url(await postgres.database()));
    await migrate(connections);
    now = Date.parse('2026-03-02T00:00:00+08:00');
    there = new Map();
    asked = [];
    planted = new Map();
  });
  afterEach(() => connections.close());

  it('begin with the last day alone, after ten in Beijing, and ask once for what is there', async () => {
    const merchants = ['tea', 'coffee'].map((name) => merchant(name));
    for (const each of ['0228', '0301', '0302', '0303'])
      for (const name of ['tea', 'coffee']) there.set(`${name} 2026${each}`, now);
    await pass(merchants, now + 9.5 * hour);
    expect(asked).to.deep.equal(['tea 20260228 03-02T00:00', 'coffee 20260228 03-02T00:00']);
    await pass(merchants, now + 3 * day);
    expect(asked.filter((each) => each.startsWith('tea'))).to.deep.equal([
      'tea 20260228 03-02T00:00',
      'tea 20260301 03-02T10:00',
      'tea 20260302 03-03T10:00',
      'tea 20260303 03-04T10:00',
    ]);
    expect(await openBills(parts(), merchants)).to.deep.equal([]);
  });

  it('ask for a late bill again, hour by hour, and keep why it is open', async () => {
    const merchants = [merchant('tea')];
    now += 10 * hour;
    there.set('tea 20260301', now + 3 * hour);
    await pass(merchants, now + 2 * hour);
    const [open] = await reconciledDays(connections);
    expect(open).to.include({ merchant: 'tea', bill_date: '20260301', reconciledAt: undefined, differences: 0 });
    expect(open?.trouble).to.match(/^ERR_BILL_MISSING/);
    await pass(merchants, now + 6 * hour);
    expect(asked.map((each) => each.slice(-5))).to.deep.equal(['10:00', '10:50', '11:40', '12:30', '13:20']);
    const [done] = await reconciledDays(connections);
    expect(done).to.include({ bill_date: '20260301', differences: 0, trouble: undefined });
    expect(done?.reconciledAt).to.be.a('date');
  });

  it('keep and tell what three merchants’ bills have and their journals haven’t, night by night', async () => {
    const merchants = ['tea', 'coffee', 'books'].map((name) => merchant(name, name !== 'books'));
    for (const each of ['0228', '0301', '0302']) for (const { name } of merchants) there.set(`${name} 2026${each}`, 0);
    const row = {
      appid: 'a',
      mch_id: 'coffee',
      sub_mch_id: '0',
      columns: {},
      transaction_id: '42',
      out_trade_no: 'S1',
      trade_type: 'MICROPAY',
    };
    const sale = { ...row, trade_state: 'SUCCESS', total_fee: 700, time: '2026-03-01 12:00:00' };
    const refund = { ...sale, trade_state: 'REFUND', out_refund_no: 'R1', refund_fee: 30, refund_status: 'SUCCESS' };
    planted.set('coffee 20260301', [sale, refund]);
    planted.set('books 20260302', [{ ...sale, mch_id: 'books', out_trade_no: 'S2' }]);
    there.set('coffee 20260301', now + day);
    await pass(merchants, now + 2 * day);
    const found = await listDifferences(connections);
    expect(
      found.map(({ merchant: whose, bill_date, kind, out_trade_no, there: fen }) => [
        ...[whose, bill_date, kind, out_trade_no, fen],
      ]),
    ).to.deep.equal([
      ['books', '20260302', 'unknown-here', 'S2', 700],
      ['coffee', '20260301', 'unknown-here', 'S1', 700],
      ['coffee', '20260301', 'unknown-here', 'S1', 30],
    ]);
    expect(
      (await reconciledDays(connections, { from: '20260301' })).map(({ differences }) => differences),
    ).to.deep.equal([1, 0, 0, 0, 2, 0]);
    const told = await connections.query<{ body: string }>(
      { name: 'told', text: 'select merchant, body from wxpay_face.event order by position' },
      [],
    );
    const counts = told
      .map(({ body }) => JSON.parse(body).data)
      .map(({ merchant: whose, bill_date, count }) => [...[whose, bill_date, count]]);
    expect(counts).to.have.deep.members([
      ['tea', '20260228', 0],
      ['coffee', '20260228', 0],
      ['tea', '20260301', 0],
      ['coffee', '20260301', 2],
      ['tea', '20260302', 0],
      ['coffee', '20260302', 0],
    ]);
  });

  it('take a bill that never comes for one without rows, after two days', async () => {
    const tea = merchant('tea');
    now += 10 * hour;
    await pass([tea], now + 2 * day - hour);
    expect((await reconciledDays(connections)).every(({ reconciledAt }) => reconciledAt === undefined)).to.equal(true);
    await pass([tea], now + 2 * hour);
    const days = await reconciledDays(connections, { to: '20260301' });
    expect(days.map(({ bill_date, trouble }) => [bill_date, trouble])).to.deep.equal([['20260301', undefined]]);
  });

  it('make up for the days that nobody asked for', async () => {
    const merchants = [merchant('tea')];
    now += 11 * hour;
    for (let back = 1; back < 12; back += 1) there.set(`tea ${billDateOf(now - back * day + 10 * day)}`, 0);
    await pass(merchants, now + hour);
    now += 9 * day;
    await pass(merchants, now + hour);
    const days = await reconciledDays(connections, { from: '20260301', to: '20260310' });
    expect(days.map(({ bill_date }) => bill_date)).to.deep.equal(
      Array.from({ length: 10 }, (_, index) => `202603${String(10 - index).padStart(2, '0')}`),
    );
  });
});
