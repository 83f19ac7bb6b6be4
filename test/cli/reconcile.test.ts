import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { FileJournal, PayClient } from 'wxpay-face';
import { billDateOf } from '../../lib/bill/day.js';
import { openShop, type Shop } from './shop.js';

const day = 24 * 60 * 60 * 1000;

/** The day before the gateway's, after `pass`. */
const yesterday = (): string => billDateOf(Date.now() - day);
const dashed = (bill_date: string): string => bill_date.replace(/(....)(..)(..)/, '$1-$2-$3');

describe('wxpay-face reconcile', () => {
  let shop: Shop;
  let codes = 0;
  /** The next customer's. */
  const code = (): string => `1345678901234${String(codes++).padStart(5, '0')}`;
  beforeEach(async () => {
    // Sales are of yesterday by the gateway's clock.
    shop = await openShop({ clock: -day });
  });
  afterEach(() => shop.close());

  const sell = (out_trade_no: string) =>
    shop.run(['pay', '1250', '--auth-code-stdin', '--out-trade-no', out_trade_no], { input: `${code()}\n` });
  async function sellElsewhere(out_trade_no: string): Promise<void> {
    const client = new PayClient(shop.simulator.client);
    await client.micropay({ out_trade_no, total_fee: 800, body: 'tea', auth_code: code() });
    client.close();
  }
  /** The night passes. */
  const pass = (): void => {
    shop.simulator.scenario = { clock: 0, bill: 'early', latency: 0 };
  };

  it('ends with 0 where each fen agrees, and says so', async () => {
    await sell('A1');
    await sell('A2');
    await shop.run(['reverse', 'A2', '--yes']);
    pass();
    const { code: exit, stdout, stderr } = await shop.run(['reconcile']);
    expect(stdout).to.equal(`${dashed(yesterday())}: each fen agrees, 3 rows of the bill\n`);
    expect(stderr).to.match(/downloading the bill of /);
    expect(exit).to.equal(0);
  });

  it('shows every difference in a table, with what it means, and ends with 3', async () => {
    await sell('A1');
    await sellElsewhere('X1');
    pass();
    const { code: exit, stdout } = await shop.run(['reconcile', dashed(yesterday())]);
    expect(stdout).to.match(/^difference +here +bill +sale, refund, state\nunknown-here +– +¥8\.00 {2}X1 {2}SUCCESS\n/);
    expect(stdout).to.match(/1 difference, 2 rows of the bill\n {2}unknown-here: not this journal's sale/);
    expect(exit).to.equal(3);
  });

  it('tells programs each difference as a JSON line', async () => {
    await sellElsewhere('X1');
    await sell('A1');
    pass();
    const { documents, result } = await shop.run(['reconcile', 'yesterday', '--json']);
    expect(documents.map(({ type }) => type)).to.deep.equal(['difference', 'result']);
    expect(documents[0]).to.include({ kind: 'unknown-here', out_trade_no: 'X1', there: 800, state: 'SUCCESS' });
    expect(result).to.deep.include({ exitCode: 3, bill_date: yesterday(), rows: 2, differences: 1 });
    expect(result.kinds).to.deep.equal({ 'unknown-here': 1 });
  });

  it('writes CSV and JSON, on stdout or into a new file', async () => {
    await sell('A1');
    await sellElsewhere('X1');
    pass();
    const csv = await shop.run(['reconcile', '--output', 'csv']);
    const id = '\\d{28}';
    expect(csv.stdout).to.match(
      new RegExp(
        `^kind,out_trade_no,out_refund_no,transaction_id,here,there,state\r\nunknown-here,X1,,${id},,800,SUCCESS\r\n$`,
      ),
    );
    expect(csv.stderr).to.match(/1 difference/);
    const json = await shop.run(['reconcile', '--output', 'json']);
    expect(JSON.parse(json.stdout)).to.have.lengthOf(1);
    const file = join(shop.folder, 'differences.csv');
    expect((await shop.run(['reconcile', '--output', file])).stdout).to.match(/1 difference/);
    expect(readFileSync(file, 'utf8')).to.equal(csv.stdout);
    const again = await shop.run(['reconcile', '--output', file, '--json']);
    expect(again.result).to.include({ code: 'ERR_INVALID_PARAMETER', exitCode: 2 });
    expect(readFileSync(file, 'utf8')).to.equal(csv.stdout);
    const kept = readFileSync(shop.config, 'utf8');
    expect((await shop.run(['reconcile', '--output', shop.config])).code).to.equal(2);
    expect(readFileSync(shop.config, 'utf8')).to.equal(kept);
  });

  it('takes a bill from disk, packed or not, beside a till that runs, without the gateway', async () => {
    await sell('A1');
    pass();
    const client = new PayClient(shop.simulator.client);
    const bill = await client.downloadBill({ bill_date: yesterday() });
    const rows = [];
    for await (const each of bill.rows) rows.push(each);
    const [row] = rows;
    client.close();
    const names = '交易时间,商户号,微信订单号,商户订单号,交易类型,交易状态,订单金额';
    const { time, mch_id, transaction_id } = row ?? { time: '', mch_id: '', transaction_id: '' };
    const values = [time, mch_id, transaction_id, 'A1', 'MICROPAY', 'SUCCESS', '12.50'].map((value) => `\`${value}`);
    const text = [names, values.join(','), '总交易单数,订单总金额', '`1,`12.50', ''].join('\r\n');
    writeFileSync(join(shop.folder, 'bill.csv'), text);
    writeFileSync(join(shop.folder, 'bill.gz'), gzipSync(text));
    await shop.simulator.close();
    const till = await FileJournal.open(shop.journal);
    shop.atEnd(() => till.close());
    for (const file of ['bill.csv', 'bill.gz']) {
      const { code: exit, stdout } = await shop.run(['reconcile', '--file', file]);
      expect(stdout).to.match(/each fen agrees, 1 rows/);
      expect(exit).to.equal(0);
    }
    const other = await shop.run(['reconcile', '2024-11-23', '--file', 'bill.csv', '--output', 'out.json', '--json']);
    expect(other.result).to.include({ code: 'ERR_INVALID_PARAMETER', exitCode: 2 });
    expect(other.result.message).to.match(/--file is the bill of/);
    expect(existsSync(join(shop.folder, 'out.json'))).to.equal(false);
    writeFileSync(join(shop.folder, 'bill.csv'), text.slice(0, -20));
    const cut = await shop.run(['reconcile', '--file', 'bill.csv', '--json']);
    expect(cut.result).to.include({ code: 'ERR_BILL', exitCode: 1 });
  });

  it('says that a bill is not there yet, and that a day without sales has none', async () => {
    await sell('A1');
    shop.simulator.scenario = { clock: 0, bill: 'none', latency: 0 };
    const early = await shop.run(['reconcile', '--json']);
    expect(early.result).to.include({ code: 'ERR_BILL_MISSING', exitCode: 1 });
    expect(early.result.message).to.match(/yesterday's is there after 10:00 in Beijing/);
    const empty = await shop.run(['reconcile', '2024-11-23']);
    expect(empty.stdout).to.equal('2024-11-23: each fen agrees, the gateway has no bill of this day\n');
    expect(empty.code).to.equal(0);
  });

  it('refuses what is no day, no file and no format', async () => {
    await sell('A1');
    const wrong = [
      ['reconcile', '2024-13-01'],
      ['reconcile', 'tomorrow'],
      ['reconcile', '--file', 'nowhere.csv'],
      ['reconcile', '--output', 'table'],
      ['reconcile', '--output', 'csv', '--json'],
    ];
    for (const args of wrong) expect((await shop.run(args)).code, args.join(' ')).to.equal(2);
  });
});
