import { inspect } from 'node:util';
import { expect } from 'chai';
import { ClosedError, InvalidParameterError } from '../../lib/errors.js';
import { PayClient } from '../../lib/pay/client.js';
import {
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
} from '../../lib/pay/errors.js';
import type { PayClientOptions } from '../../lib/pay/options.js';
import { sign, verifySignature } from '../../lib/pay/sign.js';
import { buildXml } from '../../lib/pay/xml.js';
import { authority, mch_id, merchantCertificate } from '../support/certificates.js';
import { clientsOf, out_trade_no, terminal } from '../support/clients.js';
import { appid, base, type Fields, type Gateway, key, paid, signed, startGateway } from '../support/gateway.js';
import { rejection } from '../support/rejection.js';

const order = { body: '咖啡 & cake', out_trade_no, total_fee: 100, auth_code: '134567890123456789' };
const { auth_code: _, ...faceOrder } = { ...order, face_code: 'Ab0-face-code' };

describe('PayClient', () => {
  let gateway: Gateway;
  const open = clientsOf(() => gateway);

  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    gateway.requests = [];
    gateway.handle = ({ fields }) => paid(fields);
  });
  function onlyRequest() {
    expect(gateway.requests).to.have.lengthOf(1);
    const [request] = gateway.requests;
    if (request === undefined) throw new Error('no request');
    return request;
  }
  const answer = (fields: Fields) => {
    gateway.handle = () => ({ ...base, ...fields });
  };

  describe('the calls', () => {
    it('pay by micropay: signed, with the defaults filled in, amounts as numbers and ids as they came', async () => {
      gateway.handle = ({ fields }) => ({
        ...paid(fields),
        coupon_fee: '30',
        coupon_fee_0: '20',
        coupon_fee_1: '10',
        coupon_id_0: '000000012345678901234567',
        coupon_type_0: 'CASH',
        coupon_count: '2',
        settlement_total_fee: '70',
        brand_new_field: ' kept ',
      });
      const result = await open().micropay({ ...order, attach: '' });
      expect(result).to.deep.include({
        result_code: 'SUCCESS',
        total_fee: 100,
        cash_fee: 100,
        coupon_fee: 30,
        coupon_fee_0: 20,
        coupon_fee_1: 10,
        settlement_total_fee: 70,
        coupon_id_0: '000000012345678901234567',
        coupon_count: '2',
        transaction_id: '1008450740201411110005820873',
        brand_new_field: ' kept ',
      });
      const { path, fields, certificate } = onlyRequest();
      expect(path).to.equal('/pay/micropay');
      expect(fields).to.include({ appid, mch_id, sign_type: 'HMAC-SHA256', total_fee: '100', body: order.body });
      expect(fields.auth_code).to.equal(order.auth_code);
      expect(fields.nonce_str).to.match(/^[0-9a-f]{32}$/);
      expect(fields.spbill_create_ip).to.match(/^\d+\.\d+\.\d+\.\d+$/);
      expect(fields).to.not.have.any.keys('attach', 'sub_appid', 'sub_mch_id', 'key');
      expect(verifySignature(fields, key, 'HMAC-SHA256')).to.equal(true);
      expect(certificate).to.equal(undefined);
    });

    it('sign by MD5 where the client says so', async () => {
      await open({ sign_type: 'MD5' }).micropay(order);
      const { fields } = onlyRequest();
      expect(fields.sign_type).to.equal('MD5');
      expect(verifySignature(fields, key, 'MD5')).to.equal(true);
    });

    it('give a verified no as a value', async () => {
      answer({ result_code: 'FAIL', err_code: 'NOTENOUGH', err_code_des: '余额不足' });
      expect(await open().micropay(order)).to.include({
        result_code: 'FAIL',
        err_code: 'NOTENOUGH',
        err_code_des: '余额不足',
      });
    });

    it('send a nonce of its own each time', async () => {
      const client = open();
      await client.orderquery({ out_trade_no }).catch(() => {});
      await client.orderquery({ out_trade_no }).catch(() => {});
      expect(new Set(gateway.requests.map(({ fields }) => fields.nonce_str)).size).to.equal(2);
    });

    it('query by either number, and give the state as it came', async () => {
      gateway.handle = ({ fields }) => ({ ...paid({ out_trade_no, ...fields }), trade_state: 'SUCCESS' });
      expect(await open().orderquery({ out_trade_no })).to.include({ trade_state: 'SUCCESS', total_fee: 100 });
      await open().orderquery({ transaction_id: '1008450740201411110005820873' });
      expect(gateway.requests.map(({ path }) => path)).to.deep.equal(['/pay/orderquery', '/pay/orderquery']);
      expect(gateway.requests[1]?.fields).to.not.have.property('out_trade_no');
      for (const trade_state of ['USERPAYING', 'NOTPAY', 'SOMETHING_NEW']) {
        answer({ result_code: 'SUCCESS', trade_state, out_trade_no, trade_state_desc: '…' });
        expect(await open().orderquery({ out_trade_no })).to.include({ trade_state });
      }
    });

    it('reverse and refund with the certificate, which no other call shows', async () => {
      const client = open();
      gateway.handle = ({ fields }) => ({
        ...base,
        result_code: 'SUCCESS',
        recall: 'N',
        out_trade_no,
        transaction_id: '42',
        out_refund_no: fields.out_refund_no ?? '',
        refund_id: '43',
        refund_fee: '40',
        total_fee: '100',
        coupon_refund_fee_0: '5',
        out_refund_no_0: 'R1',
        refund_id_0: '43',
        refund_fee_0: '40',
        refund_status_0: 'SUCCESS',
        trade_state: 'NOTPAY',
      });
      expect(await client.reverse({ out_trade_no })).to.include({ result_code: 'SUCCESS', recall: 'N' });
      expect(await client.facepayreverse({ out_trade_no })).to.include({ recall: 'N' });
      const refund = { out_trade_no, out_refund_no: 'R1', total_fee: 100, refund_fee: 40 };
      expect(await client.refund(refund)).to.include({ refund_id: '43', refund_fee: 40, coupon_refund_fee_0: 5 });
      await client.orderquery({ out_trade_no });
      await client.facepayquery({ out_trade_no });
      await client.refundquery({ out_refund_no: 'R1' });
      await client.authcodetoopenid({ auth_code: order.auth_code });
      await client.post('/pay/closeorder', { out_trade_no });
      await client.post('/secapi/other', { out_trade_no }, { certificate: true });
      expect(gateway.requests.map(({ path, certificate }) => [path, certificate])).to.deep.equal([
        ['/secapi/pay/reverse', mch_id],
        ['/secapi/pay/facepayreverse', mch_id],
        ['/secapi/pay/refund', mch_id],
        ['/pay/orderquery', undefined],
        ['/pay/facepayquery', undefined],
        ['/pay/refundquery', undefined],
        ['/tools/authcodetoopenid', undefined],
        ['/pay/closeorder', undefined],
        ['/secapi/other', mch_id],
      ]);
    });

    it('refuse what needs a certificate where there is none, before anything is sent', async () => {
      const client = new PayClient(gateway.options);
      const error = await rejection(client.reverse({ out_trade_no }));
      client.close();
      expect(error).to.be.instanceOf(InvalidParameterError).with.property('parameter', 'certificate');
      expect(gateway.requests).to.deep.equal([]);
    });

    it('take the facepay rail by HMAC-SHA256 only, and query it with its version', async () => {
      const client = open({ sign_type: 'MD5' });
      await client.facepay({ ...faceOrder, openid: 'o1', profit_sharing: 'N' });
      gateway.handle = ({ fields }) => ({ ...base, result_code: 'SUCCESS', trade_state: 'ACCEPT', ...fields });
      expect(await client.facepayquery({ out_trade_no })).to.include({ trade_state: 'ACCEPT' });
      gateway.handle = () => ({ ...base, result_code: 'SUCCESS', recall: 'Y' });
      await client.facepayreverse({ out_trade_no });
      expect(gateway.requests.map(({ path, fields }) => [path, fields.sign_type, fields.version])).to.deep.equal([
        ['/pay/facepay', 'HMAC-SHA256', undefined],
        ['/pay/facepayquery', 'HMAC-SHA256', '1.0'],
        ['/secapi/pay/facepayreverse', 'HMAC-SHA256', undefined],
      ]);
      expect(gateway.requests[0]?.fields).to.include({ face_code: 'Ab0-face-code', profit_sharing: 'N' });
    });

    it('fetch the authinfo from the other host, with its life in seconds', async () => {
      const face = await startGateway();
      face.handle = () => ({ ...base, authinfo: 'auth/info+==', expires_in: '7200' });
      const client = open({ endpoints: { pay: gateway.origin, face: face.origin } });
      const result = await client.getWxpayfaceAuthinfo({ ...terminal, attach: '{"a":1}' });
      expect(result).to.include({ return_code: 'SUCCESS', authinfo: 'auth/info+==', expires_in: 7200 });
      const { path, fields } = face.requests[0] ?? {};
      expect(path).to.equal('/face/get_wxpayface_authinfo');
      expect(fields).to.include({ ...terminal, version: '1', sign_type: 'HMAC-SHA256', appid, mch_id });
      expect(fields?.now).to.match(/^\d{10}$/);
      expect(gateway.requests).to.deep.equal([]);
      await face.close();
    });

    it('throw for any other answer to the authinfo call than SUCCESS, which comes unsigned', async () => {
      gateway.handle = () => buildXml({ return_code: 'PARAM_ERROR', return_msg: 'sign_type 不能为空' });
      const error = await rejection(open().getWxpayfaceAuthinfo(terminal));
      expect(error).to.be.instanceOf(PayProtocolError);
      expect(error).to.include({ return_code: 'PARAM_ERROR', return_msg: 'sign_type 不能为空' });
      const short = await rejection(open().getWxpayfaceAuthinfo({ ...terminal, rawdata: 'R' }));
      expect(short).to.include({ return_code: 'PARAM_ERROR' });
    });

    it('refuse an authinfo that is unsigned, missing, or without a life', async () => {
      gateway.handle = () => buildXml({ ...base, authinfo: 'x', expires_in: '7200' });
      expect(await rejection(open().getWxpayfaceAuthinfo(terminal))).to.be.instanceOf(PaySignatureError);
      const broken: Fields[] = [{ expires_in: '7200' }, { authinfo: 'x' }, { authinfo: 'x', expires_in: '-1' }];
      for (const fields of broken) {
        answer(fields);
        expect(await rejection(open().getWxpayfaceAuthinfo(terminal))).to.be.instanceOf(PayResponseError);
      }
    });

    it('tell the sub-merchant in service-provider mode', async () => {
      const sub = { sub_appid: 'wx0000000000000002', sub_mch_id: '1900000110' };
      gateway.handle = ({ fields }) => ({ ...paid(fields), ...sub });
      const client = open(sub);
      expect(client.identity).to.deep.equal({ appid, mch_id, ...sub });
      expect(await client.micropay(order)).to.include(sub);
      expect(onlyRequest().fields).to.include(sub);
    });

    it('send fields that no table lists as they are, and count them in the signature', async () => {
      const extended: typeof order & Record<string, unknown> = { ...order, sub_new: ' x ', count: 3 };
      await open().micropay(extended);
      const { fields } = onlyRequest();
      expect(fields).to.include({ sub_new: ' x ', count: '3' });
      expect(verifySignature(fields, key, 'HMAC-SHA256')).to.equal(true);
    });

    it('post any other call', async () => {
      answer({ result_code: 'SUCCESS', total_fee: '007', 'odd.name': ' y ' });
      const result = await open().post('/pay/closeorder', { out_trade_no, flag: undefined, n: 5 });
      expect(result).to.include({ total_fee: '007', 'odd.name': ' y ', result_code: 'SUCCESS' });
      const { fields } = onlyRequest();
      expect(fields).to.include({ out_trade_no, n: '5', appid, mch_id, sign_type: 'HMAC-SHA256' });
      for (const path of ['pay/closeorder', '//evil.example/pay', '/pay/../x', '/pay?x=1', '', 'https://evil.example/'])
        expect(await rejection(open().post(path, {}))).to.have.property('parameter', 'path');
    });

    it('never let a caller pass what the client fills in', async () => {
      for (const [name, value] of Object.entries({
        appid: 'wx2',
        mch_id: '2',
        nonce_str: 'x',
        sign: 'x',
        sign_type: 'MD5',
      })) {
        const error = await rejection(open().post('/pay/x', { [name]: value }));
        expect(error).to.be.instanceOf(InvalidParameterError).with.property('parameter', name);
      }
      answer({});
      await open().post('/pay/x', { appid, mch_id });
    });
  });

  describe('a response', () => {
    const cases: ReadonlyArray<
      readonly [string, (fields: Fields) => Fields | string | Buffer, new (...args: never[]) => Error]
    > = [
      ['without a signature', (fields) => buildXml(paid(fields)), PaySignatureError],
      ['with an empty signature', (fields) => buildXml({ ...paid(fields), sign: '' }), PaySignatureError],
      ['with a wrong signature', (fields) => buildXml({ ...paid(fields), sign: 'A'.repeat(64) }), PaySignatureError],
      ['signed with another key', (fields) => signed(paid(fields), 'HMAC-SHA256', 'other'), PaySignatureError],
      ['signed by another method than the request', (fields) => signed(paid(fields), 'MD5'), PaySignatureError],
      [
        'with a field added after signing',
        (fields) => buildXml({ ...paid(fields), coupon_fee_0: '1', sign: sign(paid(fields), key, 'HMAC-SHA256') }),
        PaySignatureError,
      ],
      ['with return_code FAIL', () => buildXml({ return_code: 'FAIL', return_msg: '签名错误' }), PayProtocolError],
      ['without a return_code', () => signed({ result_code: 'SUCCESS' }), PayResponseError],
      ['without a result_code', () => signed(base), PayResponseError],
      ['with another result_code', () => signed({ ...base, result_code: 'MAYBE' }), PayResponseError],
      ['that fails without an err_code', () => signed({ ...base, result_code: 'FAIL' }), PayResponseError],
      ['without a transaction_id', (fields) => ({ ...paid(fields), transaction_id: '' }), PayResponseError],
      ['with a fraction of a fen', (fields) => ({ ...paid(fields), cash_fee: '99.5' }), PayResponseError],
      ['with a negative amount', (fields) => ({ ...paid(fields), coupon_fee_0: '-1' }), PayResponseError],
      ['with an amount that is none', (fields) => ({ ...paid(fields), total_fee: '1e2' }), PayResponseError],
      ['without a body', () => '', PayResponseError],
      ['that is an HTML page', () => '<!DOCTYPE html><html><body>502</body></html>', PayResponseError],
      ['with a DTD', (fields) => `<!DOCTYPE x [<!ENTITY a "b">]>${signed(paid(fields))}`, PayResponseError],
      ['that is cut off', (fields) => signed(paid(fields)).slice(0, -20), PayResponseError],
      ['beyond 1 MiB', (fields) => `${signed(paid(fields))}${' '.repeat(1024 * 1024)}`, PayResponseError],
    ];
    for (const [what, make, expected] of cases)
      it(`${what} is refused`, async () => {
        gateway.handle = ({ fields }) => make(fields);
        expect(await rejection(open().micropay(order))).to.be.instanceOf(expected);
      });

    const about: ReadonlyArray<readonly [string, string]> = [
      ['appid', 'wx0000000000000000'],
      ['mch_id', '1900000110'],
      ['sub_mch_id', '1900000111'],
      ['sub_appid', 'wx0000000000000003'],
      ['out_trade_no', '20241123-0002'],
      ['total_fee', '101'],
    ];
    for (const [field, other] of about)
      it(`about another ${field} is refused, whether it says yes or no`, async () => {
        gateway.handle = ({ fields }) => ({ ...paid(fields), [field]: other });
        const error = await rejection(open().micropay(order));
        expect(error).to.be.instanceOf(PayMismatchError).with.property('field', field);
        answer({ result_code: 'FAIL', err_code: 'NOTENOUGH', [field]: other });
        expect(await rejection(open().micropay(order))).to.be.instanceOf(PayMismatchError);
      });

    for (const field of ['appid', 'mch_id', 'out_trade_no', 'total_fee'])
      it(`that tells of a payment without its ${field} is refused`, async () => {
        for (const trade_state of ['', 'SUCCESS']) {
          gateway.handle = ({ fields }) => ({ ...paid(fields), [field]: '', ...(trade_state && { trade_state }) });
          const call = trade_state === '' ? open().micropay(order) : open().orderquery({ out_trade_no });
          expect(await rejection(call))
            .to.be.instanceOf(PayMismatchError)
            .with.property('field', field);
        }
      });

    it('to a query by the other number that tells of a payment without its out_trade_no is refused', async () => {
      gateway.handle = ({ fields }) => ({ ...paid(fields), trade_state: 'SUCCESS' });
      const error = await rejection(open().orderquery({ transaction_id: '1008450740201411110005820873' }));
      expect(error).to.be.instanceOf(PayMismatchError).with.property('field', 'out_trade_no');
    });

    it('to a query about another order is refused', async () => {
      gateway.handle = ({ fields }) => ({ ...paid(fields), trade_state: 'SUCCESS', transaction_id: '43' });
      const error = await rejection(open().orderquery({ out_trade_no, transaction_id: '42' }));
      expect(error).to.be.instanceOf(PayMismatchError).with.property('field', 'transaction_id');
    });

    it('about another sub-merchant is refused', async () => {
      const sub = { sub_appid: 'wx0000000000000002', sub_mch_id: '1900000110' };
      for (const [field, other] of [
        ['sub_mch_id', '1900000111'],
        ['sub_appid', 'wx3'],
        ['sub_mch_id', ''],
      ] as const) {
        gateway.handle = ({ fields }) => ({ ...paid(fields), ...sub, [field]: other });
        expect(await rejection(open(sub).micropay(order)))
          .to.be.instanceOf(PayMismatchError)
          .with.property('field', field);
      }
    });

    it('whose amounts are empty has none of them', async () => {
      gateway.handle = ({ fields }) => ({ ...paid(fields), coupon_fee: '' });
      expect(await open().micropay(order)).to.not.have.property('coupon_fee');
    });

    it('that is none tells status, type and how it begins, without what the gateway echoes', async () => {
      gateway.handle = ({ response, fields }) => {
        response.writeHead(502, { 'content-type': 'text/html' });
        response.end(`<html><h1>502 Bad Gateway</h1>${fields.auth_code} ${fields.sign}</html>`);
        return undefined;
      };
      const error = await rejection(open().micropay(order));
      expect(error).to.be.instanceOf(PayResponseError);
      expect(error.message).to.contain('HTTP 502').and.contain('text/html').and.contain('<h1>502 Bad Gateway</h1>');
      expect(error.message).to.not.contain(order.auth_code).and.not.contain(gateway.requests[0]?.fields.sign);
    });

    it('that is an unsigned no is quoted no longer than the vendor makes it', async () => {
      gateway.handle = () => buildXml({ return_code: 'NO'.repeat(1000), return_msg: '错'.repeat(100_000) });
      const error = await rejection(open().micropay(order));
      expect(error).to.include({ return_code: 'NO'.repeat(8), return_msg: '错'.repeat(128) });
      expect(error.message.length).to.be.below(200);
    });

    it('is not believed with another status than 200, and a redirect is not followed', async () => {
      for (const status of [201, 302, 404, 500, 503]) {
        gateway.handle = ({ response, fields }) => {
          response.writeHead(status, { location: `${gateway.origin}/elsewhere` });
          response.end(signed(paid(fields)));
          return undefined;
        };
        expect(await rejection(open().micropay(order))).to.be.instanceOf(PayResponseError);
      }
      expect(gateway.requests).to.have.lengthOf(5);
    });

    it("is read as an object's own fields only", async () => {
      gateway.handle = () => signed({ ...base, toString: 'x', hasOwnProperty: 'y' });
      expect(await open().post('/pay/x', {})).to.include({ toString: 'x', hasOwnProperty: 'y' });
    });
  });

  describe('the sandbox', () => {
    const sandbox_signkey = 'bd1c50c287f1f5d4c9bd602c4fba6f8a';
    const keyPath = '/xdc/apiv2getsignkey/sign/getsignkey';
    const playSandbox = () => {
      gateway.handle = ({ path, fields }) =>
        path === keyPath
          ? buildXml({ return_code: 'SUCCESS', return_msg: 'ok', mch_id, sandbox_signkey })
          : signed(paid(fields), 'MD5', sandbox_signkey);
    };

    it('has its own paths, and a key that is fetched once with the real one', async () => {
      playSandbox();
      const client = open({ sandbox: true });
      await Promise.all([
        client.micropay(order),
        client.micropay({ ...order, out_trade_no: '2' }, { negativeTest: 'MICROPAY_USERPAYING' }),
      ]);
      await client.micropay({ ...order, out_trade_no: '3' });
      const paths = gateway.requests.map(({ path }) => path);
      expect(paths.filter((path) => path === keyPath)).to.have.lengthOf(1);
      expect(paths.filter((path) => path === '/xdc/apiv2sandbox/pay/micropay')).to.have.lengthOf(3);
      const [first, ...payments] = gateway.requests;
      expect(verifySignature(first?.fields ?? {}, key, 'MD5')).to.equal(true);
      for (const { fields } of payments) expect(verifySignature(fields, sandbox_signkey, 'MD5')).to.equal(true);
      expect(payments.find(({ fields }) => fields.out_trade_no === '2')?.headers['wechatpay-negative-test']).to.equal(
        'MICROPAY_USERPAYING',
      );
    });

    it('is asked for no key where a parameter is wrong', async () => {
      playSandbox();
      const client = open({ sandbox: true });
      for (const [params, parameter] of [
        [{ attach: 'a\0b' }, 'attach'],
        [{ 'no name': 'x' }, 'no name'],
      ] as const)
        expect(await rejection(client.post('/pay/closeorder', params)))
          .to.be.instanceOf(InvalidParameterError)
          .with.property('parameter', parameter);
      expect(gateway.requests).to.deep.equal([]);
    });

    it('gives no key that is for another merchant, or wrongly signed', async () => {
      const answer = { return_code: 'SUCCESS', mch_id, sandbox_signkey };
      for (const [body, why] of [
        [buildXml({ ...answer, mch_id: '1900000110' }), 'about another mch_id'],
        [signed(answer, 'MD5', `${key.slice(1)}x`), 'signature'],
      ] as const) {
        gateway.handle = ({ path, fields }) => (path === keyPath ? body : signed(paid(fields), 'MD5', sandbox_signkey));
        const error = await rejection(open({ sandbox: true }).micropay(order));
        expect(error).to.be.instanceOf(PayTransportError).with.property('sent', false);
        expect(error.cause).to.have.property('message').that.contains(why);
      }
      gateway.handle = ({ path, fields }) =>
        path === keyPath ? signed(answer, 'MD5') : signed(paid(fields), 'MD5', sandbox_signkey);
      expect(await open({ sandbox: true }).micropay(order)).to.include({ result_code: 'SUCCESS' });
    });

    it('gives another try to a key that could not be fetched; of the payment nothing was sent then', async () => {
      const client = open({ sandbox: true });
      gateway.handle = () => buildXml({ return_code: 'FAIL', return_msg: '签名错误' });
      const error = await rejection(client.micropay(order));
      expect(error).to.be.instanceOf(PayTransportError).with.property('sent', false);
      playSandbox();
      expect(await client.micropay(order)).to.include({ result_code: 'SUCCESS' });
    });

    it('is not waited for by a call that is aborted, while its key still comes to another', async () => {
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const client = open({ sandbox: true });
      const abort = new AbortController();
      playSandbox();
      const play = gateway.handle;
      gateway.handle = async (request) => {
        if (request.path === keyPath) await held;
        return play(request);
      };
      const aborted = rejection(client.micropay(order, { signal: abort.signal }));
      const other = client.micropay({ ...order, out_trade_no: '2' });
      abort.abort();
      expect(await aborted)
        .to.be.instanceOf(PayTransportError)
        .with.property('sent', false);
      expect(await rejection(client.micropay(order, { signal: abort.signal }))).to.be.instanceOf(PayTransportError);
      release();
      expect(await other).to.include({ out_trade_no: '2' });
      expect(gateway.requests.map(({ path }) => path)).to.deep.equal([keyPath, '/xdc/apiv2sandbox/pay/micropay']);
    });

    it('is not asked for an authinfo, and a test case is for it alone', async () => {
      gateway.handle = () => ({ ...base, authinfo: 'x', expires_in: '60' });
      await open({ sandbox: true }).getWxpayfaceAuthinfo(terminal);
      expect(onlyRequest().path).to.equal('/face/get_wxpayface_authinfo');
      for (const [sandbox, negativeTest] of [
        [false, 'MICROPAY_TIMEOUT'],
        [true, 'a\r\nb'],
      ] as const)
        expect(await rejection(open({ sandbox }).micropay(order, { negativeTest }))).to.have.property(
          'parameter',
          'negativeTest',
        );
    });
  });

  describe('closed', () => {
    it('lets calls in flight end and refuses later ones', async () => {
      const client = open();
      let release = () => {};
      gateway.handle = ({ fields }) =>
        new Promise((resolve) => {
          release = () => resolve({ ...paid(fields), trade_state: 'SUCCESS' });
          client.close();
          release();
        });
      expect(await client.orderquery({ out_trade_no })).to.include({ total_fee: 100 });
      expect(await rejection(client.orderquery({ out_trade_no }))).to.be.instanceOf(ClosedError);
      client.close();
    });
  });

  describe('its options', () => {
    const good: PayClientOptions = { appid, mch_id, key };
    const wrong: ReadonlyArray<readonly [string, Record<string, unknown>]> = [
      ['appid', { appid: '' }],
      ['appid', { appid: 7 }],
      ['mch_id', { mch_id: undefined }],
      ['sub_appid', { sub_appid: 'x'.repeat(33) }],
      ['sub_mch_id', { sub_mch_id: 5 }],
      ['key', { key: '' }],
      ['key', { key: Buffer.from('x') }],
      ['sign_type', { sign_type: 'SHA1' }],
      ['sandbox', { sandbox: 'yes' }],
      ['spbill_create_ip', { spbill_create_ip: 'localhost' }],
      ['spbill_create_ip', { spbill_create_ip: 'fe80::1%eth0' }],
      ['endpoints', { endpoints: 'https://x' }],
      ['endpoints.pay', { endpoints: { pay: 'http://plain.example' } }],
      ['endpoints.pay', { endpoints: { pay: 'nonsense' } }],
      ['endpoints.pay', { endpoints: { pay: 'https://x.example/path' } }],
      ['endpoints.payBackup', { endpoints: { payBackup: 'ftp://x.example' } }],
      ['endpoints.face', { endpoints: { face: 'https://user:secret@x.example' } }],
      ['timeout', { timeout: 5 }],
      ['timeout.connect', { timeout: { connect: 0 } }],
      ['timeout.response', { timeout: { response: 1.5 } }],
      ['timeout.response', { timeout: { response: '5' } }],
      ['proxy', { proxy: 'ftp://proxy.example' }],
      ['proxy', { proxy: 'proxy.example:8080' }],
      ['ca', { ca: 'no PEM' }],
      ['ca', { ca: [7] }],
      ['certificate', { certificate: 'x' }],
      ['certificate', { certificate: { pfx: 'text' } }],
      ['certificate', { certificate: { cert: 'x' } }],
      ['callsPerSecond', { callsPerSecond: 0 }],
      ['callsPerSecond', { callsPerSecond: '30' }],
    ];
    for (const [option, value] of wrong)
      it(`are refused for ${inspect(value, { breakLength: Number.POSITIVE_INFINITY })}, which names ${option}`, () => {
        const options: object = { ...good, ...value };
        expect(() => Reflect.construct(PayClient, [options]))
          .to.throw(InvalidParameterError)
          .with.property('parameter', option);
      });

    it('are refused for a ca in DER, and for a bundle with a broken certificate, which Node.js would not read', () => {
      const der = Buffer.from(authority.cert.replace(/-----.*-----|\s/g, ''), 'base64');
      const broken = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
      for (const ca of [der, [authority.cert, der], `${authority.cert}${broken}`, `${broken}${authority.cert}`, ''])
        expect(() => new PayClient({ ...good, ca }))
          .to.throw(InvalidParameterError)
          .with.property('parameter', 'ca');
      const pem = Buffer.from(authority.cert);
      for (const ca of [pem, [new Uint8Array(pem)], `# Two\n${authority.cert}# of them\n${merchantCertificate.cert}`])
        expect(() => new PayClient({ ...good, ca })).to.not.throw();
    });

    it('must be there', () => {
      for (const options of [undefined, null, 'x'])
        expect(() => Reflect.construct(PayClient, [options])).to.throw(InvalidParameterError);
    });

    it('may name the machine, which an order overrules', async () => {
      const client = open({ spbill_create_ip: '2001:db8::1' });
      await client.micropay(order);
      await client.micropay({ ...order, spbill_create_ip: '10.0.0.9' });
      expect(gateway.requests.map(({ fields }) => fields.spbill_create_ip)).to.deep.equal(['2001:db8::1', '10.0.0.9']);
    });

    it('may name it as a server sees its clients: an IPv4-mapped address is sent as IPv4, in an order, too', async () => {
      const client = open({ spbill_create_ip: '::ffff:10.0.0.8' });
      await client.micropay(order);
      await client.micropay({ ...order, spbill_create_ip: '::ffff:10.0.0.9' });
      expect(gateway.requests.map(({ fields }) => fields.spbill_create_ip)).to.deep.equal(['10.0.0.8', '10.0.0.9']);
    });

    it('may have a certificate authority as bytes', async () => {
      const client = open({ ca: new Uint8Array(Buffer.from(authority.cert)) });
      expect(await client.micropay(order)).to.include({ result_code: 'SUCCESS' });
    });
  });
});
