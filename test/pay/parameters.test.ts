import { expect } from 'chai';
import { InvalidParameterError } from '../../lib/errors.js';
import { checkFields, type FieldTable } from '../../lib/fields.js';
import { PayClient } from '../../lib/pay/client.js';
import {
  authcodetoopenidFields,
  authinfoFields,
  facepayFields,
  micropayFields,
  orderRefFields,
  parseTime,
  unmappedAddress,
} from '../../lib/pay/parameters.js';
import { refundFields } from '../../lib/pay/refund.js';
import { rejection } from '../support/rejection.js';

const beijing = (inMs: number): string =>
  new Date(Date.now() + inMs + 8 * 3600_000).toISOString().replace(/\D/g, '').slice(0, 14);
const order = { body: '咖啡', out_trade_no: '20241123-0001', total_fee: 100, auth_code: '134567890123456789' };
const { auth_code: _, ...faceOrder } = { ...order, face_code: 'Ab0' };
const terminal = { store_id: 'S1', store_name: '店', device_id: 'D1', rawdata: 'x' };
const refund = { out_trade_no: '1', out_refund_no: 'R', total_fee: 2, refund_fee: 1 };
const store = JSON.stringify({ store_info: { id: 'SZTX001', name: '腾大餐厅' } });

type Rows = ReadonlyArray<readonly [string, unknown]>;

const tables: ReadonlyArray<readonly [string, FieldTable, object, Rows, Rows]> = [
  [
    'micropay',
    micropayFields,
    order,
    [
      ['body', 'x'.repeat(128)],
      ['out_trade_no', '09azAZ_-|*'],
      ['out_trade_no', 'x'.repeat(32)],
      ['total_fee', 1],
      ['total_fee', 999_999_999_999_999],
      ['spbill_create_ip', '2001:db8::1'],
      ['device_info', '中'.repeat(32)],
      ['detail', JSON.stringify({ goods_detail: [] })],
      ['attach', '说'.repeat(127)],
      ['attach', ''],
      ['fee_type', 'HKD'],
      ['goods_tag', undefined],
      ['limit_pay', 'no_credit'],
      ['time_start', '20091225091010'],
      ['time_start', '20240229000000'],
      ['time_expire', beijing(3_600_000)],
      ['receipt', 'Y'],
      ['scene_info', store],
      ['profit_sharing', 'N'],
      ['auth_code', '100000000000000000'],
      ['auth_code', '159999999999999999'],
    ],
    [
      ['body', ''],
      ['body', '中'.repeat(43)],
      ['body', 'coffee ☕😀'],
      ['body', 'half \ud83d'],
      ['out_trade_no', undefined],
      ['out_trade_no', 'x'.repeat(33)],
      ['out_trade_no', 'a b'],
      ['out_trade_no', 'a@b'],
      ['out_trade_no', '订单1'],
      ['out_trade_no', 'a\n'],
      ['total_fee', 0],
      ['total_fee', -1],
      ['total_fee', 0.5],
      ['total_fee', 100.00000001],
      ['total_fee', '100'],
      ['total_fee', Number.NaN],
      ['total_fee', Number.POSITIVE_INFINITY],
      ['total_fee', 2 ** 53],
      ['total_fee', 1e15],
      ['spbill_create_ip', 'localhost'],
      ['spbill_create_ip', '1.2.3'],
      ['spbill_create_ip', 'fe80::1%eth0'],
      ['device_info', 'x'.repeat(33)],
      ['detail', 'no json'],
      ['detail', `"${'x'.repeat(6000)}"`],
      ['attach', 'x'.repeat(128)],
      ['attach', '😀'],
      ['fee_type', 'cny'],
      ['goods_tag', 'x'.repeat(33)],
      ['time_start', '2009-12-25'],
      ['time_start', '20240230000000'],
      ['time_start', '20241301000000'],
      ['time_start', '20240101240000'],
      ['time_expire', beijing(50_000)],
      ['time_expire', '20091227091010'],
      ['receipt', 'YYYYYYYYY'],
      ['scene_info', '7'],
      ['scene_info', '[]'],
      ['profit_sharing', 'yes'],
      ['auth_code', undefined],
      ['auth_code', '160000000000000000'],
      ['auth_code', '13456789012345678'],
      ['auth_code', 134567890123456],
    ],
  ],
  [
    'facepay',
    facepayFields,
    faceOrder,
    [['openid', 'o'.repeat(128)]],
    [
      ['face_code', ''],
      ['face_code', 'x'.repeat(129)],
      ['openid', 'x'.repeat(129)],
    ],
  ],
  [
    'orderquery and reverse',
    orderRefFields,
    {},
    [
      ['out_trade_no', 'a@b'],
      ['transaction_id', '1008450740201411110005820873'],
    ],
    [
      ['out_trade_no', 'a b'],
      ['transaction_id', 'x'.repeat(33)],
      ['transaction_id', 1008450740201411],
    ],
  ],
  [
    'getWxpayfaceAuthinfo',
    authinfoFields,
    terminal,
    [
      ['attach', '{"a":1}'],
      ['rawdata', 'x'.repeat(2048)],
      ['store_name', '店'.repeat(128)],
    ],
    [
      ['attach', 'text'],
      ['rawdata', 'x'.repeat(2049)],
      ['rawdata', ''],
      ['store_id', undefined],
      ['store_id', 'x'.repeat(33)],
      ['store_name', 'x'.repeat(129)],
      ['device_id', 'x'.repeat(33)],
    ],
  ],
  [
    'refund',
    refundFields,
    refund,
    [
      ['out_refund_no', 'x'.repeat(64)],
      ['refund_desc', '退'.repeat(80)],
    ],
    [
      ['out_refund_no', 'a b'],
      ['out_refund_no', 'x'.repeat(65)],
      ['refund_fee', 0],
      ['refund_fee_type', 'x'],
      ['refund_desc', 'x'.repeat(81)],
    ],
  ],
  ['authcodetoopenid', authcodetoopenidFields, { auth_code: order.auth_code }, [], [['auth_code', 'x']]],
];

describe('parameters', () => {
  for (const [call, table, good, accepted, refused] of tables) {
    it(`of ${call} are accepted up to the vendor's limits`, () => {
      checkFields(table, { ...good });
      for (const [name, value] of accepted) checkFields(table, { ...good, [name]: value });
    });

    it(`of ${call} are refused beyond them, by name, without quoting a text`, () => {
      for (const [name, value] of refused)
        expect(() => checkFields(table, { ...good, [name]: value }), `${name} ${String(value)}`)
          .to.throw(InvalidParameterError)
          .that.satisfies(
            (error: InvalidParameterError) =>
              error.parameter === name &&
              error.message.startsWith(`${name} `) &&
              (typeof value !== 'string' || value.length < 8 || !error.message.includes(value)),
          );
    });
  }

  it('are checked before anything is sent', async () => {
    const client = new PayClient({
      appid: 'wx1',
      mch_id: '1',
      key: 'k',
      endpoints: { pay: 'https://127.0.0.1:1', face: 'https://127.0.0.1:1' },
    });
    const unknownText: typeof order & Record<string, unknown> = { ...order, brand_new: '😀' };
    const control: typeof order = { ...order, body: 'a\0b' };
    const nested: typeof order & Record<string, unknown> = { ...order, brand_new: { a: 1 } };
    const calls: ReadonlyArray<readonly [string, Promise<unknown>]> = [
      ['total_fee', client.micropay({ ...order, total_fee: 0.5 })],
      ['brand_new', client.micropay(unknownText)],
      ['brand_new', client.micropay(nested)],
      ['body', client.micropay(control)],
      ['face_code', client.facepay({ ...faceOrder, face_code: '' })],
      ['out_trade_no', client.orderquery({ out_trade_no: '' })],
      ['out_trade_no', client.reverse({ transaction_id: '' })],
      ['refund_fee', client.refund({ ...refund, refund_fee: 3 })],
      ['out_trade_no', client.refundquery({ out_trade_no: '' })],
      ['rawdata', client.getWxpayfaceAuthinfo({ ...terminal, rawdata: '' })],
      ['params', Reflect.apply(client.micropay, client, [undefined])],
    ];
    for (const [parameter, call] of calls)
      expect(await rejection(call), parameter)
        .to.be.instanceOf(InvalidParameterError)
        .with.property('parameter', parameter);
  });

  it('name an IPv4-mapped address as IPv4, in whatever spelling, and leave others as they are', () => {
    for (const [address, sent] of [
      ['::ffff:192.168.10.254', '192.168.10.254'],
      ['::FFFF:1.2.3.4', '1.2.3.4'],
      ['::ffff:c0a8:1', '192.168.0.1'],
      ['0:0:0:0:0:ffff:255.255.255.255', '255.255.255.255'],
      ['::ffff:0:0', '0.0.0.0'],
      ['10.0.0.9', '10.0.0.9'],
      ['2001:db8::1', '2001:db8::1'],
      ['::1', '::1'],
      ['64:ff9b::1.2.3.4', '64:ff9b::1.2.3.4'],
      ['::ffff:0:1.2.3.4', '::ffff:0:1.2.3.4'],
    ] as const)
      expect(unmappedAddress(address), address).to.equal(sent);
  });

  it('leave a deposit out: it is half of a product that has calls of its own', () => {
    for (const table of [micropayFields, facepayFields]) expect(table).to.not.have.property('deposit');
  });

  it("read the vendor's times as Beijing's", () => {
    expect(parseTime('20091225091010')).to.equal(Date.UTC(2009, 11, 25, 1, 10, 10));
    for (const wrong of ['', '2009122509101', '20090229000000', '20091225096010', 'x20091225091010'])
      expect(parseTime(wrong)).to.be.NaN;
  });
});
