import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { ClosedError } from '../../../lib/errors.js';
import type { BillRow } from '../../../lib/pay/bill/bill.js';
import { readBill } from '../../../lib/pay/bill/streamed-bill.js';
import { BillError } from '../../../lib/pay/errors.js';
import {
  type BillText,
  inPieces,
  type Line,
  newFormat,
  oldFormat,
  payment,
  refunded,
  refundFormat,
  rowsOf,
  successFormat,
  writeBill,
} from '../../support/bills.js';
import { rejection } from '../../support/rejection.js';

const open = (text: string | Buffer, sizes?: readonly number[]) => readBill(inPieces(text, sizes));

async function read(bill: BillText) {
  const opened = await open(writeBill(bill));
  return { rows: await rowsOf(opened), summary: await opened.summary() };
}

/** What the rows end with, which the sums end with as well, and how many came before it. */
async function ending(text: string | Buffer): Promise<{ error: Error; rows: number }> {
  const bill = await open(text, [700]);
  let rows = 0;
  const reading = async () => {
    for await (const _row of bill.rows) rows += 1;
  };
  const error = await rejection(reading());
  expect(await rejection(bill.summary())).to.equal(error);
  return { error, rows };
}

describe("the bill's reader", () => {
  it('names what every bill has, in fen, and passes on the other columns', async () => {
    const { rows, summary } = await read({ lines: [payment, refunded] });
    const { columns, ...named } = rows[0] ?? { columns: {} };
    expect(named).to.deep.equal({
      time: '2024-11-23 10:15:30',
      mch_id: '1900000109',
      sub_mch_id: '0',
      transaction_id: '4200002468202411230000000001',
      out_trade_no: 'S-0001',
      trade_type: 'FACE',
      trade_state: 'SUCCESS',
      total_fee: 1250,
      settlement_total_fee: 1200,
    });
    expect(columns).to.deep.include({ 商品名称: '拿铁, 大杯 `热`', 商户数据包: '{"a":1,"b":"`"}', 手续费: '0.07500' });
    expect(columns).to.not.have.any.keys('订单金额', '交易时间', '微信退款单号');
    expect(rows[1]).to.deep.include({
      trade_state: 'REFUND',
      total_fee: 0,
      out_refund_no: 'R1-S-0001',
      refund_id: '50300002468202411230000000001',
      refund_fee: 500,
      refund_status: 'SUCCESS',
    });
    expect(rows[1]?.columns).to.include({ 退款金额: '4.90' });
    expect(summary).to.deep.equal({
      总交易单数: 2,
      应结订单总金额: 1200,
      退款总金额: 490,
      充值券退款总金额: 0,
      手续费总金额: 4.5,
      订单总金额: 1250,
      申请退款总金额: 500,
    });
  });

  it('knows the old format, which lacks three columns and has another name for the amount', async () => {
    const { rows, summary } = await read({ columns: oldFormat, lines: [{ ...payment, 总金额: '12.5' }, refunded] });
    expect(rows[0]).to.include({ total_fee: 1250 });
    expect(rows[0]).to.not.have.any.keys('settlement_total_fee', 'refund_fee', 'refund_id');
    expect(rows[1]).to.include({ refund_fee: 490 });
    expect(summary).to.include({ 总交易额: 1250, 总退款金额: 490 });
  });

  it('knows the types: SUCCESS lacks the columns of refunds, REFUND has two more', async () => {
    const success = await read({ columns: successFormat, lines: [payment] });
    expect(success.rows[0]).to.include({ total_fee: 1250 }).and.not.have.property('refund_id');
    const refund = { ...refunded, 退款申请时间: '2024-11-23 11:00:00', 退款成功时间: '2024-11-23 11:00:05' };
    const { rows } = await read({ columns: refundFormat, lines: [refund] });
    expect(rows[0]).to.include({ refund_fee: 500 });
    expect(rows[0]?.columns).to.include({ 退款成功时间: '2024-11-23 11:00:05' });
  });

  it('finds columns by name, whatever their order is and whatever is new', async () => {
    const columns = [...newFormat, '全新的列'].reverse();
    const { rows } = await read({ columns, lines: [{ ...payment, 全新的列: 'x' }] });
    expect(rows[0]).to.include({ out_trade_no: 'S-0001', total_fee: 1250 });
    expect(rows[0]?.columns).to.include({ 全新的列: 'x' });
  });

  it('gives a reversed payment its row, beside that of the payment', async () => {
    const { rows } = await read({ lines: [payment, { ...payment, 交易状态: 'REVOKED', 订单金额: '0.00' }] });
    expect(rows.map(({ out_trade_no, trade_state }) => [out_trade_no, trade_state])).to.deep.equal([
      ['S-0001', 'SUCCESS'],
      ['S-0001', 'REVOKED'],
    ]);
  });

  it('reads a day without a row', async () => {
    expect(await read({ lines: [] })).to.deep.include({ rows: [] });
  });

  for (const [what, change] of [
    ['with a BOM', (text: string) => `\ufeff${text}`],
    ['without its last line break', (text: string) => text.trimEnd()],
    ['with empty lines at its end', (text: string) => `${text}\r\n \r\n`],
    ['packed', (text: string) => gzipSync(text)],
    ['packed in two parts', (text: string) => Buffer.concat([gzipSync(text.slice(0, 99)), gzipSync(text.slice(99))])],
    ['with amounts of one place or none', (text: string) => text.replace('`0.00,`0.00,`,', '`0,`0.0,`,')],
  ] as const)
    it(`reads it ${what}`, async () => {
      const bill = await open(change(writeBill({ lines: [payment] })));
      expect(await rowsOf(bill)).to.have.length(1);
      expect(await bill.summary()).to.include({ 订单总金额: 1250 });
    });

  it('gives the rows that were written, whatever their names are and however they come', async () => {
    // The one thing that can't be told apart is told as an error.
    const text = fc
      .array(fc.constantFrom(',', '`', '"', "'", '咖', '😀', ' ', '<', '=', 'a', '0'), { maxLength: 12 })
      .map((characters) => characters.join(''))
      .filter((value) => !value.includes(',`'));
    const fen = fc.integer({ min: 0, max: 99_999_999 });
    const yuan = (amount: number) => `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
    const line = fc.record({ total: fen, refund: fen, name: text, data: text, device: text, number: text });
    const lines = fc.array(line, { maxLength: 20 });
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        lines,
        sizes,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (sold, pieces, newline, packed) => {
          const written: Line[] = sold.map(({ total, refund, name, data, device, number }, index) => ({
            ...(index % 2 === 0 ? payment : refunded),
            订单金额: yuan(total),
            申请退款金额: yuan(refund),
            商品名称: name,
            商户数据包: data,
            设备号: device,
            商户订单号: number,
          }));
          const bill = writeBill({ lines: written, newline });
          const opened = await open(packed ? gzipSync(bill) : bill, pieces);
          const rows = (await rowsOf(opened)).map(({ total_fee, refund_fee, out_trade_no, columns }) => ({
            total: total_fee,
            refund: refund_fee,
            name: columns.商品名称,
            data: columns.商户数据包,
            device: columns.设备号,
            number: out_trade_no,
          }));
          expect(rows).to.deep.equal(
            sold.map((row, index) => ({ ...row, refund: index % 2 === 0 ? undefined : row.refund })),
          );
          expect((await opened.summary()).订单总金额).to.equal(sold.reduce((sum, { total }) => sum + total, 0));
        },
      ),
    );
  });

  describe('refuses as no bill, at once', () => {
    const header = newFormat.join(',');
    const row = 'x'.repeat(20_000);
    for (const [what, text, said] of [
      ['nothing', '', 'empty'],
      ['white space', ' \r\n\n ', 'empty'],
      ['HTML', '<html><body>502 Bad Gateway</body></html>', 'XML or HTML'],
      ['other words', 'try again later\n', 'no column 交易时间'],
      ['a header without the number', header.replace('商户订单号', '别的'), 'no column 商户订单号'],
      ['a header without an amount', header.replace(',订单金额', ',别的'), 'no column 订单金额 or 总金额'],
      ['a header with a column twice', `${header},商户号`, 'one name'],
      ['a header that never ends', `${header},${row}`, 'more than 16384 characters'],
      ['too many columns', Array.from({ length: 129 }, (_, index) => `c${index}`).join(','), 'more than 128 columns'],
      ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x41]), 'not UTF-8'],
      ['a packed beginning alone', gzipSync(header).subarray(0, 40), "can't be unpacked"],
      ['what is packed wrongly', Buffer.from([0x1f, 0x8b, 1, 2, 3]), "can't be unpacked"],
    ] as const)
      it(what, async () => {
        const error = await rejection(open(text));
        expect(error).to.be.instanceOf(BillError).with.property('code', 'ERR_BILL');
        expect(error.message).to.include(said);
        expect(error.message).to.have.length.below(400);
      });
  });

  describe('tells while it reads, and as its sums', () => {
    const good = writeBill({ lines: [payment, refunded] });
    const wrong = (name: string, value: string) => writeBill({ lines: [payment, refunded], sums: { [name]: value } });
    const cases: ReadonlyArray<readonly [what: string, text: string | Buffer, said: string, rows: number]> = [
      [
        'a row with a value too many',
        good.replace('拿铁, 大杯', '拿铁,`大杯'),
        'Row 1 of the bill has 28 values for 27',
        0,
      ],
      ['a row with a value too few', good.replace(',`R1-S-0001', ''), 'Row 2 of the bill has 26 values for 27', 1],
      ['an amount that is none', good.replace('`5.00,', '`5.0O,'), 'Row 2', 1],
      ['a fraction of a fen', good.replace('`12.50,', '`12.505,'), 'Row 1', 0],
      ['an order below nothing', good.replace('`12.50,', '`-12.50,'), 'Row 1', 0],
      ['an order of nothing', good.replace('`12.50,', '`,'), 'Row 1', 0],
      ['a fee that is none', good.replace('`-0.03000', '`free'), 'Row 2 of the bill has no amount as its 手续费', 1],
      ['an amount beyond any', good.replace('`12.50,', '`99999999999.00,'), 'Row 1', 0],
      ['a line break in a name', good.replace('大杯', '大\n杯'), 'Row 1 of the bill', 0],
      ['words between its rows', good.replace('\r\n`', '\r\nhello\r\n`'), 'neither a row nor its sums', 0],
      ['an end after its rows', good.slice(0, good.indexOf('总交易单数')), 'ends after 2 rows without its sums', 2],
      ['an end before its sums', good.slice(0, good.lastIndexOf('`2')), 'ends after 2 rows without its sums', 2],
      ['an end within its sums', good.slice(0, good.lastIndexOf(',`')), '7 names', 2],
      ['an end within a row', good.slice(0, good.indexOf('R1-S')), 'Row 2 of the bill has 16 values for 27', 1],
      ['a missing row', good.replace(/\r\n`2024.*(?=\r\n`2024)/, ''), 'come to 1 as 总交易单数', 1],
      ['another count', wrong('总交易单数', '3'), 'come to 2 as 总交易单数, but its sum is 3', 2],
      ['another amount', wrong('应结订单总金额', '12.01'), 'come to 1200 as 应结订单总金额, but its sum is 1201', 2],
      ['another refund', wrong('申请退款总金额', '5.01'), 'as 申请退款总金额', 2],
      ['another fee', wrong('手续费总金额', '0.04501'), 'as 手续费总金额', 2],
      ['a sum that is none', wrong('退款总金额', 'n/a'), 'but its sum is none', 2],
      ['more behind its sums', `${good}\`more`, 'goes on behind its sums', 2],
      ['a second bill behind it', good + good, 'goes on behind its sums', 2],
      ['a line that never ends', good.replace('拿铁', '拿'.repeat(17_000)), 'more than 16384 characters', 0],
      ['bytes that are no UTF-8', Buffer.concat([Buffer.from(good), Buffer.from([0xff])]), 'not UTF-8', 1],
      ['an end of what is packed', gzipSync(good, { level: 0 }).subarray(0, -9), "can't be unpacked", 1],
    ];
    for (const [what, text, said, count] of cases)
      it(what, async () => {
        const { error, rows } = await ending(text);
        expect(error).to.be.instanceOf(BillError).with.property('code', 'ERR_BILL');
        expect(error.message).to.include(said);
        expect(rows).to.equal(count);
      });

    it('each sum that it knows, of either format', async () => {
      for (const columns of [newFormat, oldFormat]) {
        const text = writeBill({ columns, lines: [payment, refunded] });
        const names = text.split('\r\n').at(-3)?.split(',') ?? [];
        expect(names).to.have.length.above(3);
        for (const name of names) {
          const changed = writeBill({ columns, lines: [payment, refunded], sums: { [name]: '77' } });
          expect((await ending(changed)).error.message).to.include(`as ${name}, but its sum is`);
        }
      }
    });
  });

  it('adds up exactly what no sum of floating point would', async () => {
    const lines = Array.from({ length: 1000 }, () => ({ ...payment, 订单金额: '0.10', 手续费: '0.00001' }));
    expect((await read({ lines })).summary).to.include({ 订单总金额: 10_000, 手续费总金额: 1 });
  });

  it('reads its rows once, and its sums without them', async () => {
    const text = writeBill({ lines: [payment, refunded] });
    const bill = await open(text);
    expect(await bill.summary()).to.include({ 总交易单数: 2 });
    expect(await bill.summary()).to.include({ 总交易单数: 2 });
    expect(await rejection(rowsOf(bill))).to.include({ code: 'ERR_BILL' });
    bill.close();
    expect(await bill.summary()).to.include({ 总交易单数: 2 });
  });

  it('lets whoever leaves in the middle go, and has no sums then', async () => {
    let isOver = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        yield* inPieces(writeBill({ lines: Array.from({ length: 500 }, () => payment) }), [5000]);
      } finally {
        isOver = true;
      }
    }
    const bill = await readBill(source());
    const seen: BillRow[] = [];
    for await (const row of bill.rows) {
      seen.push(row);
      if (seen.length === 3) break;
    }
    expect(isOver).to.equal(true);
    expect(await rejection(bill.summary())).to.be.instanceOf(ClosedError);
  });

  it('is closed once for all', async () => {
    const bill = await open(writeBill({ lines: [payment, refunded] }));
    bill.close();
    bill.close();
    expect(await rejection(bill.summary())).to.be.instanceOf(ClosedError);
    expect(await rejection(rowsOf(bill))).to.be.instanceOf(Error);
    const other = await open(writeBill({ lines: [payment, refunded] }));
    const reading = async () => {
      for await (const _row of other.rows) other.close();
    };
    expect(await rejection(reading())).to.be.instanceOf(ClosedError);
  });
});
