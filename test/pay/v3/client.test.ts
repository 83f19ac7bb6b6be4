import { createHash, createVerify, X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { InvalidParameterError } from '../../../lib/errors.js';
import { PayClient } from '../../../lib/pay/client.js';
import {
  BillError,
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
} from '../../../lib/pay/errors.js';
import type { MicropayParams } from '../../../lib/pay/parameters.js';
import { PayClientV3 } from '../../../lib/pay/v3/client.js';
import type { PayClientV3Options } from '../../../lib/pay/v3/options.js';
import { mch_id, merchantCertificate } from '../../support/certificates.js';
import {
  type AnswerV3,
  appid,
  clientsV3Of,
  type GatewayV3,
  paidV3,
  platform,
  platformSerial,
  publicKeyId,
  startGatewayV3,
} from '../../support/gateway-v3.js';
import { rejection } from '../../support/rejection.js';

const out_trade_no = '20241123-0001';
const auth_code = '134567890123456789';
const order = { body: '咖啡', out_trade_no, total_fee: 100, auth_code };

describe('PayClientV3', () => {
  let gateway: GatewayV3;
  const open = clientsV3Of(() => gateway);

  before(async () => {
    gateway = await startGatewayV3();
  });
  after(() => gateway.close());
  beforeEach(() => {
    gateway.requests = [];
    answer({ body: paidV3(out_trade_no) });
  });
  const answer = (given: AnswerV3) => {
    gateway.handle = () => given;
  };
  function onlyRequest() {
    expect(gateway.requests).to.have.lengthOf(1);
    const [request] = gateway.requests;
    if (request === undefined) throw new Error('no request');
    return request;
  }

  describe('a payment', () => {
    it('is posted to codepay in API v3’s fields, with the shop', async () => {
      await open({ store: { out_id: 'S1', id: '0001' } }).micropay({
        ...order,
        attach: 'table 7',
        device_info: 'T1',
        spbill_create_ip: '::ffff:10.0.0.7',
        receipt: 'Y',
        profit_sharing: 'Y',
        detail: JSON.stringify({ cost_price: 200, goods_detail: [{ goods_id: 'g', quantity: 1, price: 100 }] }),
      });
      const { method, path, body } = onlyRequest();
      expect(`${method} ${path}`).to.equal('POST /v3/pay/transactions/codepay');
      expect(body).to.deep.equal({
        appid,
        mchid: mch_id,
        description: '咖啡',
        out_trade_no,
        attach: 'table 7',
        support_fapiao: true,
        payer: { auth_code },
        amount: { total: 100, currency: 'CNY' },
        scene_info: { device_id: 'T1', device_ip: '10.0.0.7', store_info: { out_id: 'S1', id: '0001' } },
        detail: { cost_price: 200, goods_detail: [{ merchant_goods_id: 'g', quantity: 1, unit_price: 100 }] },
        settle_info: { profit_sharing: true },
      });
    });

    it('is signed with the merchant’s key, and asks for an answer by the public key', async () => {
      await open().micropay(order);
      const { headers, text, method, path } = onlyRequest();
      const parts = Object.fromEntries(
        [...(headers.authorization ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
      );
      const signed = `${method}\n${path}\n${parts.timestamp}\n${parts.nonce_str}\n${text}\n`;
      const key = new X509Certificate(merchantCertificate.cert).publicKey;
      expect(createVerify('RSA-SHA256').update(signed).verify(key, String(parts.signature), 'base64')).to.equal(true);
      expect(parts).to.include({ mchid: mch_id, serial_no: gateway.options.serial_no });
      expect(headers['wechatpay-serial']).to.equal(publicKeyId);
    });

    it('asks for an answer by the platform certificate if there is no public key', async () => {
      answer({ body: paidV3(out_trade_no), signer: 'platform' });
      await open({ verify: [{ certificate: platform.cert }] }).micropay(order);
      expect(onlyRequest().headers['wechatpay-serial']).to.equal(platformSerial);
    });

    it('answers in v2’s names, and keeps the original', async () => {
      const result = await open().micropay(order);
      expect(result).to.deep.include({
        result_code: 'SUCCESS',
        out_trade_no,
        mch_id,
        transaction_id: '4200002110202405060873401234',
        total_fee: 100,
        cash_fee: 90,
        fee_type: 'CNY',
        openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
        time_end: '20240506235959',
        response: paidV3(out_trade_no),
      });
    });

    it('tells the time in Beijing, whatever zone the answer has', async () => {
      answer({ body: { ...paidV3(out_trade_no), success_time: '2024-05-06T15:59:59.123Z' } });
      expect(await open().micropay(order)).to.include({ time_end: '20240506235959' });
    });

    it('that waits for a password is USERPAYING, with 202 and nothing but that', async () => {
      answer({ status: 202, body: { trade_state: 'USERPAYING' } });
      expect(await open().micropay(order)).to.include({ result_code: 'FAIL', err_code: 'USERPAYING' });
    });

    it('is paid by 200 alone: SUCCESS with 202 is no answer', async () => {
      answer({ status: 202, body: paidV3(out_trade_no) });
      expect(await rejection(open().micropay(order))).to.be.instanceOf(PayResponseError);
    });

    it('of another state is unknown by that name', async () => {
      answer({ body: { ...paidV3(out_trade_no), trade_state: 'PAYERROR' } });
      expect(await open().micropay(order)).to.include({ result_code: 'FAIL', err_code: 'PAYERROR' });
    });

    it('of a service provider goes to the partner’s path, with both merchants', async () => {
      const { appid: _, mchid: __, ...rest } = paidV3(out_trade_no);
      answer({ body: { ...rest, sp_appid: appid, sp_mchid: mch_id, sub_appid: 'wxsub', sub_mchid: '1900000110' } });
      const client = open({ sub_appid: 'wxsub', sub_mch_id: '1900000110' });
      expect(await client.micropay(order)).to.include({ sub_mch_id: '1900000110', total_fee: 100 });
      const { path, body } = onlyRequest();
      expect(path).to.equal('/v3/pay/partner/transactions/codepay');
      expect(body).to.include({ sp_appid: appid, sp_mchid: mch_id, sub_appid: 'wxsub', sub_mchid: '1900000110' });
      expect(body).to.not.have.any.keys('appid', 'mchid');
    });

    const broken: Record<string, [Partial<MicropayParams> & Record<string, unknown>, parameter: string]> = {
      'a number of five characters': [{ out_trade_no: 'A-001' }, 'out_trade_no'],
      'a number with a |': [{ out_trade_no: '2024|1123' }, 'out_trade_no'],
      'a description of 128 characters': [{ body: 'x'.repeat(128) }, 'description'],
      'no amount': [{ total_fee: 0 }, 'amount.total'],
      'a code that is none': [{ auth_code: '12' }, 'payer.auth_code'],
      'an attach of 129 characters': [{ attach: 'x'.repeat(129) }, 'attach'],
      limit_pay: [{ limit_pay: 'no_credit' }, 'limit_pay'],
      'the client’s own fields': [{ mchid: '1' }, 'mchid'],
    };
    for (const [what, [change, parameter]] of Object.entries(broken))
      it(`is refused before it’s sent with ${what}, in API v3’s names`, async () => {
        const error = await rejection(open().micropay({ ...order, ...change }));
        expect(error).to.be.instanceOf(InvalidParameterError).and.include({ parameter });
        expect(gateway.requests).to.deep.equal([]);
      });
  });

  describe('an answer', () => {
    const untrue: Record<string, AnswerV3> = {
      'nobody has signed': { body: paidV3(out_trade_no), signer: 'nobody' },
      'is a probe': { body: paidV3(out_trade_no), headers: { 'Wechatpay-Signature': 'WECHATPAY/SIGNTEST/abc' } },
      'names an unknown key': { body: paidV3(out_trade_no), headers: { 'Wechatpay-Serial': 'PUB_KEY_ID_1' } },
      'was signed six minutes ago': { body: paidV3(out_trade_no), timestamp: Math.floor(Date.now() / 1000) - 360 },
      'is an error that nobody has signed': {
        status: 400,
        body: { code: 'PARAM_ERROR', message: 'x' },
        signer: 'nobody',
      },
      'is a 404 that nobody has signed': { status: 404, body: { code: 'ORDER_NOT_EXIST' }, signer: 'nobody' },
    };
    for (const [what, given] of Object.entries(untrue))
      it(`that ${what} is not believed`, async () => {
        answer(given);
        for (const call of [open().micropay(order), open().orderquery({ out_trade_no })])
          expect(await rejection(call)).to.be.instanceOf(PaySignatureError);
      });

    it('by either key is believed at once, while a merchant changes from one to the other', async () => {
      const client = open();
      for (const signer of ['platform', 'publicKey', 'platform'] as const) {
        answer({ body: paidV3(out_trade_no), signer });
        expect(await client.orderquery({ out_trade_no })).to.include({ trade_state: 'SUCCESS' });
      }
    });

    it('about another order, amount or merchant is none', async () => {
      const others: Array<[object, string]> = [
        [{ out_trade_no: 'another-one' }, 'out_trade_no'],
        [{ out_trade_no: undefined }, 'out_trade_no'],
        [{ amount: { total: 1 } }, 'total_fee'],
        [{ amount: undefined }, 'total_fee'],
        [{ mchid: '1900000110' }, 'mch_id'],
        [{ appid: 'wx' }, 'appid'],
      ];
      for (const [change, field] of others) {
        answer({ body: { ...paidV3(out_trade_no), ...change } });
        expect(await rejection(open().micropay(order)))
          .to.be.instanceOf(PayMismatchError)
          .and.include({ field });
      }
    });

    it('of odd shapes is no answer', async () => {
      const bodies: Array<object | string> = [
        '',
        'null',
        '[]',
        '"SUCCESS"',
        '{',
        '<xml/>',
        {},
        { trade_state: 7 },
        { ...paidV3(out_trade_no), amount: { total: '100' } },
        { ...paidV3(out_trade_no), amount: { total: 100.5 } },
        { ...paidV3(out_trade_no), transaction_id: 42 },
        { ...paidV3(out_trade_no), success_time: 'yesterday' },
        '['.repeat(100_000),
      ];
      for (const body of bodies) {
        answer({ body });
        expect(await rejection(open().micropay(order)), String(body)).to.be.instanceOf(PayResponseError);
      }
    });

    it('of 401 is a refusal of our signature, signed or not', async () => {
      for (const signer of ['nobody', 'publicKey'] as const) {
        answer({ status: 401, body: { code: 'SIGN_ERROR', message: '错误的签名，验签失败' }, signer });
        const error = await rejection(open().micropay(order));
        expect(error).to.be.instanceOf(PayProtocolError).and.include({ return_code: 'SIGN_ERROR' });
      }
    });

    it('of 429 is a limit, that slows the client down', async () => {
      answer({ status: 429, body: { code: 'RATE_LIMITED', message: '频率限制' } });
      expect(await open().micropay(order)).to.include({ result_code: 'FAIL', err_code: 'FREQUENCY_LIMITED' });
      answer({ status: 429, body: 'slow down', signer: 'nobody' });
      expect(await rejection(open().micropay(order)))
        .to.be.instanceOf(PayResponseError)
        .and.include({ trouble: 'limit' });
    });

    it('of a gateway’s 502 is no answer', async () => {
      answer({ status: 502, body: '<html>Bad Gateway</html>', signer: 'nobody' });
      expect(await rejection(open().micropay(order))).to.be.instanceOf(PayResponseError);
    });

    it('that is a verified no is a value, in v2’s spelling where v2 has one', async () => {
      const codes = {
        NOT_ENOUGH: 'NOTENOUGH',
        PARAM_ERROR: 'PARAM_ERROR',
        SYSTEM_ERROR: 'SYSTEMERROR',
        BRAND_NEW: 'BRAND_NEW',
      };
      for (const [code, err_code] of Object.entries(codes)) {
        answer({ status: 400, body: { code, message: '余额不足' } });
        const result = await open().micropay(order);
        expect(result).to.deep.include({ result_code: 'FAIL', err_code, err_code_des: '余额不足' });
        expect(result.response).to.deep.equal({ code, message: '余额不足' });
      }
    });
  });

  describe('a query', () => {
    it('goes by the merchant’s number, or by the vendor’s if it has one', async () => {
      const client = open();
      await client.orderquery({ out_trade_no });
      await client.orderquery({ out_trade_no, transaction_id: '4200002110202405060873401234' });
      expect(gateway.requests.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
        `GET /v3/pay/transactions/out-trade-no/${out_trade_no}?mchid=${mch_id}`,
        `GET /v3/pay/transactions/id/4200002110202405060873401234?mchid=${mch_id}`,
      ]);
    });

    it('of a service provider names both merchants', async () => {
      answer({ status: 404, body: { code: 'ORDER_NOT_EXIST', message: '订单不存在' } });
      await open({ sub_mch_id: '1900000110' }).orderquery({ out_trade_no });
      expect(onlyRequest().path).to.equal(
        `/v3/pay/partner/transactions/out-trade-no/${out_trade_no}?sp_mchid=${mch_id}&sub_mchid=1900000110`,
      );
    });

    it('of an order that isn’t there is ORDERNOTEXIST, over a connection of its own if it’s asked so', async () => {
      answer({ status: 404, body: { code: 'ORDER_NOT_EXIST', message: '订单不存在' } });
      const client = open();
      for (const fresh of [false, false, true])
        expect(await client.orderquery({ out_trade_no }, { fresh })).to.include({ err_code: 'ORDERNOTEXIST' });
      const [first, second, third] = gateway.requests.map(({ connection }) => connection);
      expect(second).to.equal(first);
      expect(third).to.not.equal(first);
    });
  });

  describe('a reversal', () => {
    it('names the merchant, and says nothing of how it ended', async () => {
      answer({ body: { appid, mchid: mch_id, out_trade_no } });
      const result = await open().reverse({ out_trade_no });
      expect(result).to.include({ result_code: 'SUCCESS' }).and.not.have.property('recall');
      const { method, path, body } = onlyRequest();
      expect(`${method} ${path}`).to.equal(`POST /v3/pay/transactions/out-trade-no/${out_trade_no}/reverse`);
      expect(body).to.deep.equal({ appid, mchid: mch_id });
    });

    it('may be answered by nothing at all, if that is signed', async () => {
      answer({ status: 204 });
      expect(await open().reverse({ out_trade_no })).to.include({ result_code: 'SUCCESS' });
    });

    it('by the vendor’s number asks for the merchant’s first', async () => {
      const client = open();
      await client.reverse({ transaction_id: '4200002110202405060873401234' });
      expect(gateway.requests.map(({ method }) => method)).to.deep.equal(['GET', 'POST']);
      expect(gateway.requests[1]?.path).to.include(`/out-trade-no/${out_trade_no}/reverse`);
    });
  });

  describe('a refund', () => {
    const refund = { out_trade_no, out_refund_no: 'R-1', total_fee: 100, refund_fee: 40 };
    const told = (status: string) => ({
      refund_id: '50000000382019052709732678859',
      out_refund_no: 'R-1',
      transaction_id: '4200002110202405060873401234',
      out_trade_no,
      user_received_account: '支付用户零钱',
      status,
      success_time: '2024-05-07T00:00:10+08:00',
      amount: { total: 100, refund: 40, payer_total: 90, payer_refund: 36, currency: 'CNY' },
    });

    it('is posted, and its states have v2’s names', async () => {
      answer({ body: told('PROCESSING') });
      const client = open();
      expect(
        await client.refund({ ...refund, refund_desc: '不新鲜', refund_account: 'REFUND_SOURCE_RECHARGE_FUNDS' }),
      ).to.include({
        result_code: 'SUCCESS',
        refund_fee: 40,
        total_fee: 100,
      });
      expect(onlyRequest().body).to.deep.equal({
        out_trade_no,
        out_refund_no: 'R-1',
        reason: '不新鲜',
        funds_account: 'AVAILABLE',
        amount: { refund: 40, total: 100, currency: 'CNY' },
      });
      const states = { SUCCESS: 'SUCCESS', PROCESSING: 'PROCESSING', CLOSED: 'REFUNDCLOSE', ABNORMAL: 'CHANGE' };
      for (const [status, refund_status] of Object.entries(states)) {
        answer({ body: told(status) });
        const found = await client.refundquery({ out_refund_no: 'R-1' });
        if (found.result_code === 'FAIL') throw new Error(found.err_code);
        expect(found.refunds).to.have.length(1);
        expect(found.refunds[0]).to.include({
          out_refund_no: 'R-1',
          refund_fee: 40,
          refund_status,
          refund_success_time: '2024-05-07 00:00:10',
          refund_recv_accout: '支付用户零钱',
        });
      }
    });

    it('about another one is none; one that isn’t there is REFUNDNOTEXIST', async () => {
      answer({ body: { ...told('SUCCESS'), out_refund_no: 'R-2' } });
      expect(await rejection(open().refundquery({ out_refund_no: 'R-1' }))).to.be.instanceOf(PayMismatchError);
      answer({ status: 404, body: { code: 'RESOURCE_NOT_EXISTS', message: '退款单不存在' } });
      expect(await open().refundquery({ out_refund_no: 'R-1' })).to.include({ err_code: 'REFUNDNOTEXIST' });
    });

    it('is found by its own number only', async () => {
      const error = await rejection(open().refundquery({ out_trade_no }));
      expect(error).to.be.instanceOf(InvalidParameterError).and.include({ parameter: 'out_refund_no' });
    });
  });

  describe('a bill', () => {
    const text = [
      '\ufeff交易时间,商户号,微信订单号,商户订单号,交易类型,交易状态,应结订单金额,订单金额',
      '`2024-05-06 23:59:59,`1900000109,`42,`A-0001,`MICROPAY,`SUCCESS,`1.00,`1.00',
      '总交易单数,应结订单总金额,订单总金额',
      '`1,`1.00,`1.00\r\n',
    ].join('\r\n');
    const sha1 = createHash('sha1').update(text).digest('hex');
    const serve = (hash_value: string, download_url: string, hash_type = 'SHA1') => {
      gateway.handle = ({ path }) =>
        path.startsWith('/v3/bill/')
          ? { body: { hash_type, hash_value, download_url } }
          : { body: gzipSync(text), signer: 'nobody' };
    };

    it('is fetched from where the gateway says, signed, and held against its digest', async () => {
      serve(sha1, `${gateway.origin}/v3/billdownload/file?token=abc`);
      const bill = await open().downloadBill({ bill_date: '20240506' });
      const rows = [];
      for await (const row of bill.rows) rows.push(row);
      expect(rows).to.have.length(1);
      expect(rows[0]).to.include({ out_trade_no: 'A-0001', total_fee: 100 });
      const [asked, fetched] = gateway.requests;
      expect(asked?.path).to.equal('/v3/bill/tradebill?bill_date=2024-05-06&bill_type=ALL&tar_type=GZIP');
      expect(fetched?.path).to.equal('/v3/billdownload/file?token=abc');
      expect(fetched?.headers.authorization).to.include('WECHATPAY2-SHA256-RSA2048');
    });

    it('with another digest is told at its end', async () => {
      serve('0'.repeat(40), `${gateway.origin}/v3/billdownload/file`);
      const bill = await open().downloadBill({ bill_date: '20240506' });
      expect(await rejection(bill.summary()))
        .to.be.instanceOf(BillError)
        .and.include({ code: 'ERR_BILL' });
    });

    for (const place of [
      'https://evil.example/file',
      'http://127.0.0.1/file',
      'file:///etc/passwd',
      'nonsense',
      undefined,
    ])
      it(`is not fetched from ${place}`, async () => {
        serve(sha1, String(place));
        expect(await rejection(open().downloadBill({ bill_date: '20240506' }))).to.be.instanceOf(BillError);
        expect(gateway.requests).to.have.length(1);
      });

    it('that isn’t there is ERR_BILL_MISSING', async () => {
      answer({ status: 400, body: { code: 'NO_STATEMENT_EXIST', message: '账单文件不存在' } });
      const error = await rejection(open().downloadBill({ bill_date: '20240506' }));
      expect(error).to.include({ code: 'ERR_BILL_MISSING' });
    });
  });

  it('sends any other call, and gives back what came, whatever its status', async () => {
    answer({ status: 403, body: { code: 'NO_AUTH', message: '无权限' }, signer: 'platform' });
    const client = open();
    expect(await client.request('GET', '/v3/certificates')).to.deep.equal({
      status: 403,
      body: { code: 'NO_AUTH', message: '无权限' },
    });
    answer({ status: 204 });
    expect(await client.request('POST', '/v3/x', { a: 1 })).to.deep.equal({ status: 204, body: undefined });
    expect(gateway.requests[1]?.text).to.equal('{"a":1}');
    for (const path of ['https://evil.example/v3/', '//evil.example/v3/', '/v3/ x', '/pay/micropay', '/v3/a#b'])
      expect(await rejection(client.request('GET', path))).to.be.instanceOf(InvalidParameterError);
  });

  it('signs by the gateway’s clock once it knows that its own is wrong', async () => {
    const client = open();
    const ahead = 3_600_000;
    answer({
      status: 401,
      body: { code: 'SIGN_ERROR' },
      signer: 'nobody',
      headers: { Date: new Date(Date.now() + ahead).toUTCString() },
    });
    await rejection(client.orderquery({ out_trade_no }));
    await rejection(client.orderquery({ out_trade_no }));
    const times = gateway.requests.map(({ headers }) =>
      Number(/timestamp="(\d+)"/.exec(headers.authorization ?? '')?.[1]),
    );
    expect((times[1] ?? 0) - (times[0] ?? 0)).to.be.within(3_500, 3_700);
  });

  it('leaves what API v3 doesn’t have to its client of v2', async () => {
    const calls = [
      (client: PayClientV3) =>
        client.getWxpayfaceAuthinfo({ store_id: 'S1', store_name: 's', device_id: 'D1', rawdata: 'raw' }),
      (client: PayClientV3) => client.facepayquery({ out_trade_no }),
      (client: PayClientV3) => client.facepayreverse({ out_trade_no }),
    ];
    for (const call of calls)
      expect(await rejection(call(open())))
        .to.be.instanceOf(InvalidParameterError)
        .and.include({ parameter: 'v2' });
  });

  describe('the options', () => {
    const wrong: Record<string, [Partial<Record<keyof PayClientV3Options, unknown>>, parameter: string]> = {
      'no key': [{ privateKey: '' }, 'privateKey'],
      'a key that is none': [{ privateKey: 'secret-not-a-key' }, 'privateKey'],
      'a certificate for a key': [{ privateKey: merchantCertificate.cert }, 'privateKey'],
      'no serial number': [{ serial_no: '' }, 'serial_no'],
      'nothing to verify with': [{ verify: [] }, 'verify'],
      'a public key without an id': [{ verify: [{ publicKey: 'x' }] }, 'verify'],
      'a certificate that is none': [{ verify: [{ certificate: 'x' }] }, 'verify'],
      'no shop': [{ store: undefined }, 'store'],
      'a shop without a number': [{ store: {} }, 'store.out_id'],
      'codes of faces for nobody': [{ faceCodes: 'v2' }, 'v2'],
      'another word for faceCodes': [{ faceCodes: 'v1' }, 'faceCodes'],
      'no merchant': [{ mch_id: '' }, 'mch_id'],
    };
    for (const [what, [change, parameter]] of Object.entries(wrong))
      it(`are refused with ${what}`, () => {
        const options = { ...gateway.options, ...change };
        expect(() => new PayClientV3(Object(options)))
          .to.throw(InvalidParameterError)
          .with.property('parameter', parameter);
      });

    it('are refused with the v2 of another merchant', () => {
      const v2 = new PayClient({ appid, mch_id: '1', key: 'k', certificate: merchantCertificate });
      expect(() => open({ v2 }))
        .to.throw(InvalidParameterError)
        .with.property('parameter', 'v2');
    });
  });

  it('shows its key and the code nowhere', async () => {
    const client = open();
    const key = merchantCertificate.key.split('\n')[1] ?? '';
    expect(inspect(client, { depth: 9, showHidden: true })).to.not.include(key);
    expect(JSON.stringify(client)).to.not.include(key);
    const escaped = [...auth_code].map((digit) => `\\u003${digit}`).join('');
    const echoes: AnswerV3[] = [
      { status: 400, body: { code: 'PARAM_ERROR', message: `payer.auth_code ${auth_code}` } },
      { status: 400, body: `{"code":"PARAM_ERROR","message":"${escaped}"}` },
      { status: 400, body: `auth_code=${auth_code}`, signer: 'nobody' },
      { status: 502, body: `<p>${auth_code}</p>`, signer: 'nobody' },
      { status: 401, body: { code: 'SIGN_ERROR', message: auth_code }, signer: 'nobody' },
      { body: { ...paidV3(out_trade_no), attach: auth_code } },
    ];
    for (const echo of echoes) {
      answer(echo);
      const seen: unknown = await client.micropay(order).catch((error: unknown) => error);
      expect(inspect(seen, { depth: 9, showHidden: true })).to.not.include(auth_code);
    }
  });
});
