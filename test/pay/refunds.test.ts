import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { InvalidParameterError, WxpayFaceError } from '../../lib/errors.js';
import { PayClient } from '../../lib/pay/client.js';
import { PayMismatchError, PayResponseError } from '../../lib/pay/errors.js';
import type { PayClientOptions } from '../../lib/pay/options.js';
import type { RefundRef } from '../../lib/pay/refundquery.js';
import { buildXml } from '../../lib/pay/xml.js';
import { mch_id } from '../support/certificates.js';
import { clientsOf } from '../support/clients.js';
import { encipher as encipherWith } from '../support/encipher.js';
import { base, type Fields, type Gateway, key, signed, startGateway } from '../support/gateway.js';
import { noticeXml, refundResult, refundXml } from '../support/notices.js';
import { rejection } from '../support/rejection.js';

const out_trade_no = 'S-0001';
const transaction_id = '4200002468202411230000000001';
const refund = { out_trade_no, out_refund_no: 'R1-S-0001', total_fee: 1250, refund_fee: 500 };

/** With the merchant's own key, if no other is given. */
const encipher = (text: string | Buffer, by = key, padding = true) => encipherWith(text, by, padding);

describe('refunds', () => {
  let gateway: Gateway;
  const open = clientsOf(() => gateway);

  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    gateway.requests = [];
  });

  describe('are given', () => {
    const accepted: Fields = {
      ...base,
      result_code: 'SUCCESS',
      out_trade_no,
      transaction_id,
      out_refund_no: refund.out_refund_no,
      refund_id: '50300002468202411230000000001',
      refund_fee: '500',
      total_fee: '1250',
      cash_refund_fee: '450',
      coupon_refund_fee_0: '50',
      coupon_refund_id_0: '0012',
    };

    it('with the vendor’s number, amounts as numbers', async () => {
      gateway.handle = () => accepted;
      expect(
        await open().refund({ ...refund, refund_desc: '退'.repeat(80), notify_url: 'https://shop.example/n' }),
      ).to.include({
        result_code: 'SUCCESS',
        refund_id: '50300002468202411230000000001',
        refund_fee: 500,
        total_fee: 1250,
        cash_refund_fee: 450,
        coupon_refund_fee_0: 50,
        coupon_refund_id_0: '0012',
      });
    });

    it('not, as a value', async () => {
      gateway.handle = () => ({ ...base, result_code: 'FAIL', err_code: 'NOTENOUGH', err_code_des: '余额不足' });
      expect(await open().refund(refund)).to.include({ result_code: 'FAIL', err_code: 'NOTENOUGH' });
    });

    for (const [field, value] of [
      ['out_refund_no', 'R2-S-0001'],
      ['refund_fee', '501'],
      ['out_trade_no', 'S-0002'],
      ['total_fee', '1251'],
      ['mch_id', '1900000110'],
      ['appid', 'wxother'],
    ] as const)
      for (const [what, change] of [
        ['another', { [field]: value }],
        ['none', { [field]: '' }],
      ] as const)
        it(`by an answer about this refund: ${what} ${field} is none`, async () => {
          gateway.handle = () => ({ ...accepted, ...change });
          const error = await rejection(open().refund(refund));
          expect(error).to.be.instanceOf(PayMismatchError).with.property('field', field);
        });

    for (const [parameter, change] of [
      ['out_refund_no', { out_refund_no: '' }],
      ['out_refund_no', { out_refund_no: 'R'.repeat(65) }],
      ['out_refund_no', { out_refund_no: 'R 1' }],
      ['refund_fee', { refund_fee: 1251 }],
      ['refund_fee', { refund_fee: 0 }],
      ['refund_desc', { refund_desc: '退'.repeat(81) }],
      ['notify_url', { notify_url: 'http://shop.example/n' }],
      ['notify_url', { notify_url: 'shop.example' }],
      ['notify_url', { notify_url: `https://shop.example/${'n'.repeat(240)}` }],
    ] as const)
      it(`with parameters that are checked before: ${JSON.stringify(change).slice(0, 40)}`, async () => {
        const error = await rejection(open().refund({ ...refund, ...change }));
        expect(error).to.be.instanceOf(InvalidParameterError).with.property('parameter', parameter);
        expect(gateway.requests).to.deep.equal([]);
      });
  });

  describe('are queried', () => {
    const order = { ...base, result_code: 'SUCCESS', out_trade_no, transaction_id, total_fee: '1250' };
    /** As the gateway writes those from `offset` on, ten at most. */
    const page = (count: number, offset = 0, start = 1): Fields => {
      const fields: Fields = {};
      for (let n = 0; n < Math.min(10, count - offset); n++) {
        const number = offset + n + start;
        fields[`out_refund_no_${n}`] = `R${number}-S-0001`;
        fields[`refund_id_${n}`] = `5030000${number}`;
        fields[`refund_fee_${n}`] = String(number);
        fields[`refund_status_${n}`] = 'SUCCESS';
      }
      return fields;
    };
    const paged = (count: number, fields: Fields, withTotal = true): Fields => {
      const offset = Number(fields.offset ?? 0);
      if (offset >= count) return { ...base, result_code: 'FAIL', err_code: 'REFUNDNOTEXIST' };
      return { ...order, ...page(count, offset), ...(withTotal && { total_refund_count: String(count) }) };
    };
    const numbersIn = (result: object) =>
      Object(result).refunds.map(({ refund_fee }: { refund_fee: number }) => refund_fee);
    const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

    it('as a list: each with its fields, its coupons, and amounts in fen', async () => {
      gateway.handle = () => ({
        ...order,
        cash_fee: '1200',
        total_refund_count: '2',
        refund_count: '2',
        out_refund_no_0: 'R1-S-0001',
        refund_id_0: '0050300001',
        refund_channel_0: 'ORIGINAL',
        refund_fee_0: '500',
        settlement_refund_fee_0: '490',
        coupon_refund_fee_0: '30',
        coupon_refund_count_0: '2',
        coupon_refund_id_0_0: '0007',
        coupon_type_0_0: 'CASH',
        coupon_refund_fee_0_0: '10',
        coupon_refund_id_0_1: '0008',
        coupon_refund_fee_0_1: '20',
        refund_status_0: 'SUCCESS',
        refund_account_0: 'REFUND_SOURCE_UNSETTLED_FUNDS',
        refund_recv_accout_0: '支付用户零钱',
        refund_success_time_0: '2024-11-23 11:00:05',
        out_refund_no_1: 'R2-S-0001',
        refund_id_1: '0050300002',
        refund_fee_1: '750',
        refund_status_1: 'PROCESSING',
      });
      expect(await open().refundquery({ out_trade_no })).to.deep.equal({
        result_code: 'SUCCESS',
        out_trade_no,
        transaction_id,
        total_fee: 1250,
        total_refund_count: 2,
        refunds: [
          {
            out_refund_no: 'R1-S-0001',
            refund_id: '0050300001',
            refund_channel: 'ORIGINAL',
            refund_fee: 500,
            settlement_refund_fee: 490,
            coupon_refund_fee: 30,
            coupon_refund_count: '2',
            coupon_refund_id_0: '0007',
            coupon_type_0: 'CASH',
            coupon_refund_fee_0: 10,
            coupon_refund_id_1: '0008',
            coupon_refund_fee_1: 20,
            refund_status: 'SUCCESS',
            refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
            refund_recv_accout: '支付用户零钱',
            refund_success_time: '2024-11-23 11:00:05',
          },
          { out_refund_no: 'R2-S-0001', refund_id: '0050300002', refund_fee: 750, refund_status: 'PROCESSING' },
        ],
      });
    });

    for (const ref of [
      { out_refund_no: 'R1-S-0001' },
      { refund_id: '50300001' },
      { out_trade_no, offset: 0 },
      { transaction_id, offset: 0 },
    ] as const)
      it(`by ${Object.keys(ref).join(' with ')}, in one call`, async () => {
        gateway.handle = () => ({ ...order, ...page(1) });
        expect(numbersIn(await open().refundquery(ref))).to.deep.equal([1]);
        const sent = Object.fromEntries(Object.entries(ref).map(([name, value]) => [name, String(value)]));
        expect(gateway.requests.map(({ fields }) => fields)).to.have.length(1);
        expect(gateway.requests[0]?.fields).to.include(sent);
        expect(gateway.requests[0]).to.include({ certificate: undefined });
      });

    for (const [count, calls] of [
      [1, 1],
      [10, 1],
      [11, 2],
      [50, 5],
    ] as const)
      it(`all of an order, page after page: ${count}`, async () => {
        gateway.handle = ({ fields }) => paged(count, fields);
        const client = open();
        for (const ref of [{ out_trade_no }, { transaction_id }]) {
          gateway.requests = [];
          const result = await client.refundquery(ref);
          expect(numbersIn(result)).to.deep.equal(upTo(count));
          expect(result).to.include({ total_refund_count: count });
          expect(gateway.requests.map(({ fields }) => Number(fields.offset))).to.deep.equal(
            upTo(calls).map((n) => n * 10 - 10),
          );
        }
      });

    for (const count of [9, 10, 20, 23])
      it(`all of an order whose answers name no total: ${count}`, async () => {
        gateway.handle = ({ fields }) => paged(count, fields, false);
        expect(numbersIn(await open().refundquery({ out_trade_no }))).to.deep.equal(upTo(count));
      });

    it('all of an order, though the gateway knows no pages', async () => {
      gateway.handle = () => ({ ...order, ...page(10) });
      expect(numbersIn(await open().refundquery({ out_trade_no }))).to.deep.equal(upTo(10));
    });

    it('over a connection of its own, if that is asked for', async () => {
      gateway.handle = () => ({ ...order, ...page(1) });
      const client = open();
      for (let n = 0; n < 2; n++) await client.refundquery({ out_refund_no: 'R1-S-0001' }, { fresh: true });
      expect(new Set(gateway.requests.map(({ connection }) => connection)).size).to.equal(2);
    });

    it('none, as a value', async () => {
      gateway.handle = ({ fields }) => paged(0, fields);
      expect(await open().refundquery({ out_trade_no })).to.include({
        result_code: 'FAIL',
        err_code: 'REFUNDNOTEXIST',
      });
    });

    it('not at all, if a page fails: half a list is none', async () => {
      gateway.handle = ({ fields }) =>
        fields.offset === '0' ? paged(12, fields) : { ...base, result_code: 'FAIL', err_code: 'SYSTEMERROR' };
      expect(await open().refundquery({ out_trade_no })).to.include({ err_code: 'SYSTEMERROR' });
    });

    for (const [what, second] of [
      ['pushes one onto the page before', () => ({ ...order, ...page(1, 0, 10), total_refund_count: '12' })],
      ['is gone', () => ({ ...base, result_code: 'FAIL', err_code: 'REFUNDNOTEXIST' })],
    ] as const)
      it(`again by the caller, if one ${what} meanwhile`, async () => {
        gateway.handle = ({ fields }) => (fields.offset === '0' ? paged(11, fields) : second());
        expect((await rejection(open().refundquery({ out_trade_no }))).message).to.include('changed while');
      });

    const other = { mch_id: '1900000110', appid: 'wxother' };
    for (const [ref, field, change] of [
      [{ out_refund_no: 'R1-S-0001' }, 'out_refund_no', { out_refund_no_0: 'R2-S-0001' }],
      [{ out_refund_no: 'R1-S-0001' }, 'out_refund_no', { out_refund_no_0: 'R1-S-0001', out_refund_no_1: 'R2-S-0001' }],
      [{ refund_id: '50300001' }, 'refund_id', { refund_id_0: '50300002' }],
      [{ out_trade_no, offset: 0 }, 'out_trade_no', { out_trade_no: 'S-0002' }],
      [{ out_trade_no, offset: 0 }, 'out_trade_no', { out_trade_no: '' }],
      [{ transaction_id, offset: 0 }, 'transaction_id', { transaction_id: '42' }],
      [{ transaction_id, offset: 0 }, 'transaction_id', { transaction_id: '' }],
      [{ out_refund_no: 'R1-S-0001' }, 'out_trade_no', { out_trade_no: '' }],
      [{ out_refund_no: 'R1-S-0001' }, 'total_fee', { total_fee: '' }],
      [{ out_refund_no: 'R1-S-0001' }, 'mch_id', { mch_id: other.mch_id }],
      [{ out_refund_no: 'R1-S-0001' }, 'mch_id', { mch_id: '' }],
      [{ out_refund_no: 'R1-S-0001' }, 'appid', { appid: other.appid }],
      [{ out_refund_no: 'R1-S-0001' }, 'sub_mch_id', { sub_mch_id: '1900000111' }],
    ] as ReadonlyArray<readonly [RefundRef, string, Fields]>)
      it(`by an answer about them: ${JSON.stringify(change)} is none to ${Object.keys(ref)[0]}`, async () => {
        gateway.handle = () => ({ ...order, ...page(1), ...change });
        expect(await rejection(open().refundquery(ref)))
          .to.be.instanceOf(PayMismatchError)
          .with.property('field', field);
      });

    it('by an answer that has them: SUCCESS without our number is none', async () => {
      gateway.handle = () => order;
      for (const ref of [{ out_refund_no: 'R1-S-0001' }, { refund_id: '50300001' }])
        expect(await rejection(open().refundquery(ref))).to.be.instanceOf(PayMismatchError);
    });

    for (const name of ['out_refund_no', 'refund_id', 'refund_fee', 'refund_status'])
      it(`with all that says what became of them: none without ${name}`, async () => {
        gateway.handle = () => ({ ...order, ...page(2), [`${name}_1`]: '' });
        expect(await rejection(open().refundquery({ out_trade_no, offset: 0 }))).to.be.instanceOf(PayResponseError);
      });

    it('with numbers that are numbers', async () => {
      for (const change of [{ refund_fee_0: '1.5' }, { total_fee: 'x' }, { total_refund_count: '-1' }]) {
        gateway.handle = () => ({ ...order, ...page(1), ...change });
        expect(await rejection(open().refundquery({ out_trade_no, offset: 0 }))).to.be.instanceOf(PayResponseError);
      }
    });

    it('with references that are checked before', async () => {
      const client = open();
      for (const [parameter, ref] of [
        ['out_refund_no', { out_refund_no: 'R 1' }],
        ['out_refund_no', { out_refund_no: 'R'.repeat(65) }],
        ['refund_id', { refund_id: '50300001-' }],
        ['offset', { out_trade_no, offset: -1 }],
        ['out_trade_no', { out_trade_no: '' }],
      ] as const)
        expect(await rejection(client.refundquery(ref)))
          .to.be.instanceOf(InvalidParameterError)
          .with.property('parameter', parameter);
      expect(await rejection(Reflect.apply(client.refundquery, client, [undefined]))).to.be.instanceOf(
        InvalidParameterError,
      );
      expect(gateway.requests).to.deep.equal([]);
    });
  });

  describe('are notified', () => {
    const good = noticeXml(encipher(refundXml(refundResult)));
    const read = (xml: string | Uint8Array, options: Partial<PayClientOptions> = {}) =>
      open(options).readRefundNotice(xml);
    function refused(xml: string, options: Partial<PayClientOptions> = {}): Error {
      try {
        read(xml, options);
      } catch (error) {
        if (!(error instanceof WxpayFaceError)) throw error;
        const seen = inspect(error, { depth: 5, showHidden: true });
        for (const secret of [key, 'R1-S-0001', '支付用户零钱', encipher(refundXml(refundResult)).slice(0, 20)])
          expect(seen).to.not.include(secret);
        return error;
      }
      throw new Error('It was not refused');
    }

    it('by what only the key deciphers', () => {
      const notice = {
        out_trade_no: 'S-0001',
        out_refund_no: 'R1-S-0001',
        refund_id: '50300002468202411230000000001',
        total_fee: 1250,
        refund_fee: 500,
        refund_status: 'SUCCESS',
        success_time: '2024-11-23 11:00:05',
      };
      expect(read(good)).to.deep.equal(notice);
      expect(read(Buffer.from(good))).to.deep.equal(notice);
      expect(read(new Uint8Array(Buffer.from(good)))).to.deep.equal(notice);
      const plain = noticeXml(encipher(buildXml(refundResult)));
      expect(read(plain)).to.deep.equal(notice);
      const closed = { ...refundResult, refund_status: 'REFUNDCLOSE', success_time: '' };
      expect(read(noticeXml(encipher(refundXml(closed))))).to.not.have.property('success_time');
    });

    it('of the client’s own sub-merchant', () => {
      const sub = { sub_mch_id: '1900000111' };
      const xml = noticeXml(encipher(refundXml(refundResult)), sub);
      expect(read(xml, sub)).to.include({ refund_fee: 500 });
      for (const [notice, options] of [
        [xml, {}],
        [good, sub],
        [xml, { sub_mch_id: '1900000112' }],
      ] as const)
        expect(refused(notice, options)).to.be.instanceOf(PayMismatchError).with.property('field', 'sub_mch_id');
    });

    for (const [field, change] of [
      ['mch_id', { mch_id: '1900000110' }],
      ['mch_id', { mch_id: '' }],
      ['appid', { appid: 'wxother' }],
    ] as const)
      it(`not of another merchant: ${JSON.stringify(change)}`, () => {
        const xml = noticeXml(encipher(refundXml(refundResult)), change);
        expect(refused(xml)).to.be.instanceOf(PayMismatchError).with.property('field', field);
      });

    const block = 'x'.repeat(32);
    for (const [what, xml] of [
      ['another key', noticeXml(encipher(refundXml(refundResult), 'another key'))],
      ['a wrong padding', noticeXml(encipher(block, key, false))],
      ['half a block', noticeXml(encipher(block).slice(0, 20))],
      ['no base64', noticeXml('%%%')],
      ['no XML inside', noticeXml(encipher('{"out_refund_no":"R1"}'))],
      ['no UTF-8 inside', noticeXml(encipher(Buffer.from([0xff, 0xfe, 0xfd])))],
      ['a DTD inside', noticeXml(encipher(`<!DOCTYPE a [<!ENTITY b "c">]>${refundXml(refundResult)}`))],
      ['an entity inside', noticeXml(encipher('<root><out_refund_no>&xxe;</out_refund_no></root>'))],
      ['nothing inside', noticeXml('')],
      ['nested elements inside', noticeXml(encipher('<root><a><b>1</b></a></root>'))],
      ['a DTD around', `<!DOCTYPE xml [<!ENTITY a "b">]>${good}`],
      ['an entity around', good.replace('SUCCESS', '&xxe;')],
      ['no XML around', 'req_info=1'],
      ['a FAIL', noticeXml(encipher(refundXml(refundResult)), { return_code: 'FAIL' })],
      ['more than 16 KB', noticeXml(encipher(refundXml({ ...refundResult, more: 'x'.repeat(16_000) })))],
    ] as const)
      it(`not by ${what}`, () => {
        expect(refused(xml)).to.be.instanceOf(PayResponseError);
      });

    for (const name of ['out_trade_no', 'out_refund_no', 'refund_id', 'total_fee', 'refund_fee', 'refund_status'])
      it(`not without ${name}, nor by what is none`, () => {
        const { [name]: _, ...rest } = refundResult;
        expect(refused(noticeXml(encipher(refundXml(rest)))).message).to.include(name);
      });

    it('not by an amount that is none, nor by what is no text', () => {
      const xml = noticeXml(encipher(refundXml({ ...refundResult, refund_fee: '5.00' })));
      expect(refused(xml)).to.be.instanceOf(PayResponseError);
      for (const value of [undefined, null, 1, {}])
        expect(() => Reflect.apply(PayClient.prototype.readRefundNotice, open(), [value])).to.throw(PayResponseError);
    });

    it('not by any other bytes', () => {
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.string()), (bytes) => {
          const text = noticeXml(encipher(Buffer.from(bytes)));
          for (const xml of [bytes, text]) expect(() => read(xml)).to.throw(PayResponseError);
        }),
      );
    });

    it('in the sandbox by its key, as soon as it is known', async () => {
      const sandbox_signkey = 'bd1c50c287f1f5d4c9bd602c4fba6f8a';
      gateway.handle = ({ path, fields }) =>
        path.endsWith('getsignkey')
          ? buildXml({ return_code: 'SUCCESS', mch_id, sandbox_signkey })
          : signed({ ...base, result_code: 'FAIL', err_code: 'REFUNDNOTEXIST', ...fields }, 'MD5', sandbox_signkey);
      const client = open({ sandbox: true });
      const xml = noticeXml(encipher(refundXml(refundResult), sandbox_signkey));
      expect(() => client.readRefundNotice(xml)).to.throw(PayResponseError);
      expect(client.readRefundNotice(good)).to.include({ refund_fee: 500 });
      await client.refundquery({ out_refund_no: 'R1' });
      expect(client.readRefundNotice(xml)).to.include({ refund_fee: 500 });
      expect(client.readRefundNotice(good)).to.include({ refund_fee: 500 });
    });
  });
});
