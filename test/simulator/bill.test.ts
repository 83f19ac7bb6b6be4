import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { parseXml } from '../../lib/pay/xml.js';
import { type Merchant, openMerchant } from '../support/merchant.js';
import { rejection } from '../support/rejection.js';

const hour = 60 * 60_000;
const day = 24 * hour;

/** yyyyMMdd in Beijing. */
const dateOf = (at: number): string => new Date(at + 8 * hour).toISOString().slice(0, 10).replaceAll('-', '');
/** How far a clock is off that shows an hour of today in Beijing. */
const clockAt = (days: number, hours: number): number => {
  const now = Date.now() + 8 * hour;
  return Math.floor(now / day) * day + days * day + hours * hour - now;
};

const header =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const oldHeader =
  '交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,代金券或立减优惠金额,微信退款单号,商户退款单号,退款金额,代金券或立减优惠退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率';
const summaryHeader = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

/** The rows by their columns, and the sums. */
function read(text: string): { head: string; rows: Array<Record<string, string>>; sumHead: string; sums: string } {
  expect(text.startsWith('\ufeff')).to.equal(true);
  expect(text.endsWith('\r\n')).to.equal(true);
  const lines = text.slice(1, -2).split('\r\n');
  const [head = '', ...rest] = lines;
  const [sumHead = '', sums = ''] = rest.splice(-2);
  const names = head.split(',');
  const rows = rest.map((line) => {
    const values = line.slice(1).split(',`');
    expect(values).to.have.length(names.length);
    return Object.fromEntries(names.map((name, n) => [name, values[n] ?? '']));
  });
  return { head, rows, sumHead, sums };
}

describe('The simulated gateway’s bill', () => {
  let merchant: Merchant;
  beforeEach(async () => {
    merchant = await openMerchant({ bill: 'early', refundInterval: 0 });
  });
  afterEach(() => merchant.close());
  const download = (fields: Record<string, string> = {}) =>
    merchant.ask('/pay/downloadbill', { bill_date: dateOf(Date.now()), ...fields });
  const bill = async (fields: Record<string, string> = {}) => read((await download(fields)).text);
  const missing = async (fields: Record<string, string> = {}) => parseXml((await download(fields)).text);
  const noBill = { return_code: 'FAIL', return_msg: 'No Bill Exist', error_code: '20002' };

  it('has a row for each payment, refund and reversal, and their sums', async () => {
    const [kept, refunded, reversed] = [await merchant.sell(1001), await merchant.sell(), await merchant.sell(50)];
    const { refund_id } = await merchant.refund(refunded, 'R1', 300);
    await merchant.client.reverse({ out_trade_no: reversed });
    merchant.become({ bill: 'early', payment: 'NOTENOUGH' });
    await merchant.sell();

    const { head, rows, sumHead, sums } = await bill();
    expect(head).to.equal(header);
    expect(sumHead).to.equal(summaryHeader);
    const shown = [
      '商户订单号',
      '交易状态',
      '应结订单金额',
      '订单金额',
      '商户退款单号',
      '申请退款金额',
      '退款状态',
      '手续费',
    ];
    expect(rows.map((row) => shown.map((name) => row[name]).join(' '))).to.deep.equal([
      `${kept} SUCCESS 10.01 10.01 0 0.00  0.06006`,
      `${refunded} SUCCESS 10.00 10.00 0 0.00  0.06000`,
      `${reversed} SUCCESS 0.50 0.50 0 0.00  0.00300`,
      `${refunded} REFUND 0.00 0.00 R1 3.00 SUCCESS -0.01800`,
      `${reversed} REVOKED 0.00 0.00 0 0.50 SUCCESS -0.00300`,
    ]);
    expect(sums).to.equal('`5,`20.51,`3.50,`0.00,`0.10206,`20.51,`3.50');
    const { appid, mch_id } = merchant.simulator.client;
    expect(rows[0]).to.include({
      公众账号ID: appid,
      商户号: mch_id,
      特约商户号: '0',
      交易类型: 'MICROPAY',
      货币种类: 'CNY',
      商品名称: '拿铁',
      费率: '0.60%',
      退款类型: '',
    });
    expect(rows[0]?.交易时间).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(rows[3]).to.include({ 微信退款单号: refund_id, 退款类型: 'ORIGINAL', 退款金额: '3.00' });
  });

  it('keeps commas and backticks in names, and each row on its line', async () => {
    await merchant.sell(1, { body: '茶,`杯`, 大\n热', attach: 'a,`b' });
    const { text } = await download();
    expect(text).to.include(',`茶,`杯`, 大 热,`a,`b,`');
    expect(text.split('\r\n')).to.have.length(5);
  });

  it('of one type has its columns and its rows alone', async () => {
    const sale = await merchant.sell();
    await merchant.refund(sale, 'R1', 300);
    const payments = await bill({ bill_type: 'SUCCESS' });
    expect(payments.head).to.include('代金券金额,商品名称,商户数据包,手续费,费率,订单金额,费率备注');
    expect(payments.rows.map((row) => row.交易状态)).to.deep.equal(['SUCCESS']);
    expect(payments.sums).to.equal('`1,`10.00,`0.00,`0.00,`0.06000,`10.00,`0.00');
    const refunds = await bill({ bill_type: 'REFUND' });
    expect(refunds.head).to.include('代金券金额,退款申请时间,退款成功时间,微信退款单号');
    expect(refunds.rows.map((row) => row.商户退款单号)).to.deep.equal(['R1']);
    expect(refunds.sums).to.equal('`1,`0.00,`3.00,`0.00,`-0.01800,`0.00,`3.00');
    expect(await missing({ bill_type: 'RECHARGE_REFUND' })).to.deep.equal(noBill);
  });

  it('shows how a refund stands', async () => {
    const sale = await merchant.sell();
    merchant.become({ bill: 'early', refundEnd: 'waiting' });
    await merchant.refund(sale, 'R1', 300);
    expect((await bill({ bill_type: 'REFUND' })).rows[0]).to.include({ 退款状态: 'PROCESSING', 退款成功时间: '' });
    merchant.simulator.endRefund('R1', 'CHANGE');
    expect((await bill()).rows[1]).to.include({ 退款状态: 'FAIL' });
  });

  for (const billFormat of ['new', 'old'] as const)
    it(`of the ${billFormat} format is read by our own client, whose sums agree with it`, async () => {
      const [sale, reversed] = [await merchant.sell(), await merchant.sell(50)];
      const { refund_id } = await merchant.refund(sale, 'R1', 300);
      await merchant.client.reverse({ out_trade_no: reversed });
      merchant.become({ bill: 'early', billFormat });
      const bill_date = dateOf(Date.now());
      for (const [bill_type, states] of [
        ['ALL', ['SUCCESS', 'SUCCESS', 'REFUND', 'REVOKED']],
        ['SUCCESS', ['SUCCESS', 'SUCCESS']],
        ['REFUND', ['REFUND']],
      ] as const) {
        const read = await merchant.client.downloadBill({ bill_date, bill_type });
        const rows = [];
        for await (const row of read.rows) rows.push(row);
        expect(rows.map(({ trade_state }) => trade_state)).to.deep.equal(states);
        expect((await read.summary()).总交易单数).to.equal(states.length);
        const refund = rows.find(({ trade_state }) => trade_state === 'REFUND');
        if (bill_type !== 'SUCCESS')
          expect(refund).to.include({ out_trade_no: sale, out_refund_no: 'R1', refund_id, refund_fee: 300 });
      }
      const flow = await merchant.client.downloadFundFlow({ bill_date, account_type: 'Basic' });
      expect((await flow.summary()).支出金额).to.equal(350);
      const missing = await rejection(merchant.client.downloadBill({ bill_date: '20200101' }));
      expect(missing).to.include({ code: 'ERR_BILL_MISSING' });
    });

  it('is a gzip stream that no header tells of, if asked for so', async () => {
    await merchant.sell();
    const plain = await download();
    const zipped = await download({ tar_type: 'GZIP' });
    expect(zipped.headers).to.not.have.property('content-encoding');
    expect([...zipped.bytes.subarray(0, 2)]).to.deep.equal([0x1f, 0x8b]);
    expect(zipped.text).to.equal(plain.text);
    expect(await missing({ tar_type: 'GZIP', bill_date: '20200101' })).to.deep.equal(noBill);
  });

  it('of a service provider has one sub-merchant or all', async () => {
    for (const sub_mch_id of ['1900000201', '1900000202', '1900000201']) await merchant.sell(100, { sub_mch_id });
    const { rows } = await bill({ sub_mch_id: '1900000201' });
    expect(rows.map((row) => row.特约商户号)).to.deep.equal(['1900000201', '1900000201']);
    expect((await bill()).rows).to.have.length(3);
    expect(await missing({ sub_mch_id: '1900000203' })).to.deep.equal(noBill);
  });

  it('belongs to a day in Beijing: a refund and a reversal to the day that asked for them', async () => {
    const [today, tomorrow] = [dateOf(Date.now()), dateOf(Date.now() + day)];
    const early = { bill: 'early', refundInterval: 0 } as const;
    merchant.become({ ...early, clock: clockAt(0, 23.999) });
    const [refunded, reversed] = [await merchant.sell(), await merchant.sell()];
    merchant.become({ ...early, clock: clockAt(1, 0.001), refundDelay: 2 * day });
    await merchant.refund(refunded, 'R1', 300);
    await merchant.client.reverse({ out_trade_no: reversed });
    merchant.become({ ...early, clock: clockAt(4, 0) });
    const states = async (bill_date: string) => (await bill({ bill_date })).rows.map((row) => row.交易状态);
    expect(await states(today)).to.deep.equal(['SUCCESS', 'SUCCESS']);
    expect(await states(tomorrow)).to.deep.equal(['REFUND', 'REVOKED']);
    expect((await bill({ bill_date: tomorrow })).rows[0]).to.include({ 退款状态: 'SUCCESS' });
  });

  it('is there from ten o’clock of the next day', async () => {
    const today = dateOf(Date.now());
    await merchant.sell();
    merchant.become({ clock: clockAt(1, 9.9) });
    expect(await missing({ bill_date: today })).to.deep.equal(noBill);
    merchant.become({ clock: clockAt(1, 10.1) });
    expect((await bill({ bill_date: today })).rows).to.have.length(1);
    merchant.become({ clock: clockAt(1, 10.1), bill: 'none' });
    expect(await missing({ bill_date: today })).to.deep.equal(noBill);
  });

  it('is missing for a day without sales, for none of the calendar’s, and for one that has not come', async () => {
    for (const bill_date of ['20200101', '20200230', '2020-01-01', dateOf(Date.now() + 2 * day)])
      expect(await missing({ bill_date })).to.deep.equal(noBill);
  });

  it('has fewer columns, and other names, for a merchant of the old format', async () => {
    const sale = await merchant.sell();
    await merchant.refund(sale, 'R1', 300);
    merchant.become({ bill: 'early', billFormat: 'old' });
    const { head, rows, sumHead, sums } = await bill();
    expect(head).to.equal(oldHeader);
    expect(rows.map((row) => row.总金额)).to.deep.equal(['10.00', '0.00']);
    expect(sumHead).to.equal('总交易单数,总交易额,总退款金额,总代金券或立减优惠退款金额,手续费总金额');
    expect(sums).to.equal('`2,`10.00,`3.00,`0.00,`0.04200');
  });

  it('says FACE of the other rail’s payments', async () => {
    const { client, simulator } = merchant;
    const order = { out_trade_no: 'F1', total_fee: 1250 };
    const { FaceService } = await import('wxpay-face');
    const face = await FaceService.open({ library: simulator.library });
    try {
      await face.initWxpayface();
      const { rawdata } = await face.getWxpayfaceRawdata();
      const shop = { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' };
      const { authinfo } = await client.getWxpayfaceAuthinfo({ ...shop, rawdata });
      const { appid, mch_id, store_id } = { ...client.identity, ...shop };
      const answer = await face.getWxpayfaceCode({
        ...{ appid, mch_id, store_id, authinfo, face_authtype: 'FACEPAY' },
        ...{ out_trade_no: order.out_trade_no, total_fee: String(order.total_fee) },
      });
      await client.facepay({ ...order, body: '茶', face_code: String(Object(answer).face_code) });
    } finally {
      await face.close();
    }
    expect((await bill()).rows[0]).to.include({ 交易类型: 'FACE', 订单金额: '12.50' });
  });

  it('has a flow of funds beside it, with the text’s digest', async () => {
    const [sale, reversed] = [await merchant.sell(), await merchant.sell(200)];
    await merchant.refund(sale, 'R1', 300);
    await merchant.client.reverse({ out_trade_no: reversed });
    const bill_date = dateOf(Date.now());
    const flow = (account_type: string) => merchant.ask('/pay/downloadfundflow', { bill_date, account_type });
    const { headers, text } = await flow('Basic');
    expect(headers.digest).to.equal(`SHA=${createHash('sha1').update(text).digest('hex')}`);
    const { rows, sumHead, sums } = read(text);
    const shown = ['业务凭证号', '业务类型', '收支类型', '收支金额(元)', '账户结余(元)'];
    expect(rows.map((row) => shown.map((name) => row[name]).join(' '))).to.deep.equal([
      `${sale} 交易 收入 10.00 10.00`,
      `${reversed} 交易 收入 2.00 12.00`,
      'R1 退款 支出 3.00 9.00',
      `${reversed} 退款 支出 2.00 7.00`,
    ]);
    expect(sumHead).to.equal('资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额');
    expect(sums).to.equal('`4,`2,`12.00,`2,`5.00');
    expect(parseXml((await flow('Fees')).text)).to.deep.equal(noBill);
    const unsigned = await merchant.ask('/pay/downloadfundflow', { bill_date });
    expect(parseXml(unsigned.text)).to.include({ return_msg: '缺少参数account_type' });
  });
});
