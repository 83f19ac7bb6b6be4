import { request } from 'node:https';
import { connect } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { PayClient, type PayClientOptions, PayProtocolError, PayResponseError, PayTransportError } from 'wxpay-face';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { rejection } from '../support/rejection.js';
import { newOrder, terminal } from '../support/till.js';

let codes = 0;
/** A code that somebody's wallet shows. */
const walletCode = (): string => {
  codes += 1;
  return `13${String(codes).padStart(16, '0')}`;
};

describe('The simulated gateway', () => {
  let simulator: Simulator;
  let client: PayClient;
  const start = async (scenario: Scenario = 'success', options: Partial<PayClientOptions> = {}): Promise<void> => {
    const settings = typeof scenario === 'string' ? { scenario } : scenario;
    simulator = await startSimulator({ scenario: { latency: 0, ...settings } });
    client = new PayClient({ ...simulator.client, ...options });
  };
  afterEach(async () => {
    client.close();
    await simulator.close();
  });
  const entry = (out_trade_no: string) => simulator.ledger.find((order) => order.out_trade_no === out_trade_no);
  const pay = (order = newOrder(), auth_code = walletCode()) => client.micropay({ ...order, auth_code });

  describe('refuses', () => {
    const strangers: Record<string, [Partial<PayClientOptions>, said: string]> = {
      'a wrong signature': [{ key: '0'.repeat(32) }, '签名错误'],
      'another merchant': [{ mch_id: '1900000110' }, 'mch_id不存在'],
      'another appid': [{ appid: 'wx0000000000000000' }, 'appid不存在'],
    };
    for (const [what, [options, return_msg]] of Object.entries(strangers))
      it(`${what}, without a signature`, async () => {
        await start('success', options);
        const error = await rejection(pay());
        expect(error).to.be.instanceOf(PayProtocolError).and.include({ return_code: 'FAIL', return_msg });
        expect(simulator.ledger).to.deep.equal([]);
      });

    it('an authinfo to a stranger with the return_code of that call', async () => {
      await start('success', { key: '0'.repeat(32) });
      const error = await rejection(client.getWxpayfaceAuthinfo({ ...terminal, rawdata: 'raw' }));
      expect(error).to.include({ return_code: 'PARAM_ERROR', return_msg: '签名错误' });
    });

    it('a reversal and a refund without the client certificate', async () => {
      await start();
      const order = newOrder();
      await pay(order);
      const error = await rejection(client.post('/secapi/pay/reverse', { out_trade_no: order.out_trade_no }));
      expect(error).to.be.instanceOf(PayResponseError);
      expect(String(error)).to.include('HTTP 400').and.include('SSL certificate');
      expect(entry(order.out_trade_no)).to.include({ trade_state: 'SUCCESS', refunded: 0 });
    });

    it('what is missing, no XML, no POST and no path of the vendor’s', async () => {
      await start();
      expect(await rejection(client.post('/pay/micropay', { body: 'x' }))).to.include({
        return_msg: '缺少参数out_trade_no',
      });
      expect(await raw('POST', '/pay/micropay', 'no xml')).to.include('XML格式错误');
      expect(await raw('GET', '/pay/micropay')).to.include('请使用post方法');
      expect(await raw('POST', '/pay/nowhere?key=of-tomorrow')).to.include('404');
      expect(simulator.calls.map(({ name, answer }) => `${name}: ${answer}`)).to.deep.equal([
        'micropay: FAIL 缺少参数out_trade_no',
        'micropay: FAIL XML格式错误',
        'micropay: FAIL 请使用post方法',
        'POST /pay/nowhere: HTTP 404',
      ]);
    });
  });

  /** What a client that isn't ours gets. */
  const raw = (method: string, path: string, body = '', headers: Record<string, string> = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const { endpoints, ca } = simulator.client;
      const asked = request(
        `${endpoints?.pay}${path}`,
        { method, headers, ca: String(ca), agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => {
            const all = Buffer.concat(chunks);
            const { date, 'content-encoding': encoding } = response.headers;
            resolve(`${date} ${encoding} ${encoding === 'gzip' ? gunzipSync(all) : all}`);
          });
        },
      );
      asked.on('error', reject).end(body);
    });

  it('tells its time, and compresses for whoever takes that', async () => {
    await start();
    const plain = await raw('POST', '/pay/micropay');
    expect(Math.abs(Date.parse(plain.slice(0, 29)) - Date.now())).to.be.below(60_000);
    expect(plain).to.include('undefined <xml>');
    expect(await raw('POST', '/pay/micropay', '', { 'accept-encoding': 'gzip' })).to.include('gzip <xml>');
  });

  it('wants TLS 1.2 or newer', async () => {
    await start();
    const { port } = new URL(simulator.client.endpoints?.pay ?? '');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const error = await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false, ...old });
      socket.on('error', resolve).on('secureConnect', () => resolve(undefined));
    });
    expect(error).to.include({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  });

  describe('pays', () => {
    it('and writes it into the book', async () => {
      await start();
      const order = newOrder();
      expect(await pay(order)).to.include({ result_code: 'SUCCESS', total_fee: 1250, trade_type: 'MICROPAY' });
      expect(entry(order.out_trade_no)).to.deep.equal({
        out_trade_no: order.out_trade_no,
        trade_state: 'SUCCESS',
        total_fee: 1250,
        charged: 1250,
        refunded: 0,
      });
    });

    it('once for each code', async () => {
      await start();
      const code = walletCode();
      await pay(newOrder(), code);
      const second = newOrder();
      expect(await pay(second, code)).to.include({ result_code: 'FAIL', err_code: 'AUTH_CODE_ERROR' });
      expect(entry(second.out_trade_no)).to.equal(undefined);
    });

    it('once for each order', async () => {
      await start();
      const order = newOrder();
      await pay(order);
      expect(await pay(order)).to.include({ err_code: 'ORDERPAID', err_code_des: '订单已支付' });
      await client.reverse({ out_trade_no: order.out_trade_no });
      expect(await pay(order)).to.include({ err_code: 'ORDERREVERSED' });
    });

    it('with no code that no wallet and no face gave', async () => {
      await start();
      const order = { ...newOrder(), spbill_create_ip: '127.0.0.1' };
      const scanned = await client.post('/pay/micropay', { ...order, auth_code: '990000000000000000' });
      expect(scanned).to.include({ err_code: 'AUTH_CODE_INVALID', err_code_des: '付款码检验错误' });
      expect(await client.facepay({ ...newOrder(), face_code: 'ofNoFace' })).to.include({
        err_code: 'AUTH_CODE_INVALID',
      });
    });

    it('for a sub-merchant, and says so', async () => {
      await start('success', { sub_mch_id: '1900000200', sub_appid: 'wxsub' });
      const result = await pay();
      expect(result).to.include({ sub_mch_id: '1900000200', sub_appid: 'wxsub', result_code: 'SUCCESS' });
      expect(result).to.have.property('sub_openid').that.is.a('string');
    });

    it('in the sandbox, with the key that it gives out, without a certificate, and with failures on demand', async () => {
      await start('success', { sandbox: true });
      const order = newOrder();
      expect(await pay(order)).to.include({ result_code: 'SUCCESS' });
      expect(await client.reverse({ out_trade_no: order.out_trade_no })).to.include({ result_code: 'SUCCESS' });
      const demanded = await client.micropay(
        { ...newOrder(), auth_code: walletCode() },
        { negativeTest: 'micropay-SYSTEMERROR' },
      );
      expect(demanded).to.include({ result_code: 'FAIL', err_code: 'SYSTEMERROR' });
      expect(simulator.calls.map(({ name }) => name)).to.deep.equal(['getsignkey', 'micropay', 'reverse', 'micropay']);
    });
  });

  describe('gives back', () => {
    it('what is reversed, and answers SUCCESS for an order that does not exist', async () => {
      await start();
      const order = newOrder();
      await pay(order);
      expect(await client.reverse({ out_trade_no: order.out_trade_no })).to.include({ recall: 'N' });
      expect(entry(order.out_trade_no)).to.include({ trade_state: 'REVOKED', charged: 1250, refunded: 1250 });
      expect(await client.reverse({ out_trade_no: 'T-none' })).to.include({ result_code: 'SUCCESS' });
      expect(simulator.ledger).to.have.length(1);
    });

    it('nothing of what it closes: only what is not paid can be closed', async () => {
      await start({ payment: 'password', password: 'waiting' });
      const open = newOrder();
      await pay(open);
      expect(await client.post('/pay/closeorder', { out_trade_no: open.out_trade_no })).to.include({
        result_code: 'SUCCESS',
      });
      expect(entry(open.out_trade_no)).to.include({ trade_state: 'CLOSED', charged: 0 });
      simulator.scenario = 'success';
      const paid = newOrder();
      await pay(paid);
      const refused = await client.post('/pay/closeorder', { out_trade_no: paid.out_trade_no });
      expect(refused).to.include({ err_code: 'ORDERPAID' });
    });
  });

  describe('asks for the password', () => {
    const query = async ({ out_trade_no }: { out_trade_no: string }) =>
      Object(await client.orderquery({ out_trade_no })).trade_state;

    it('until so many queries have found the customer typing', async () => {
      await start({ payment: 'password', passwordQueries: 2 });
      const order = newOrder();
      expect(await pay(order)).to.include({ err_code: 'USERPAYING' });
      expect([await query(order), await query(order), await query(order)]).to.deep.equal([
        'USERPAYING',
        'USERPAYING',
        'SUCCESS',
      ]);
    });

    it('until the test has the customer enter it', async () => {
      await start({ payment: 'password', password: 'waiting' });
      expect(simulator.act('enter-password')).to.equal(false);
      const order = newOrder();
      await pay(order);
      expect(await query(order)).to.equal('USERPAYING');
      expect(simulator.act('enter-password')).to.equal(true);
      expect(await query(order)).to.equal('SUCCESS');
      expect(entry(order.out_trade_no)).to.include({ charged: 1250 });
      expect(simulator.act('enter-password')).to.equal(false);
    });

    it('and gives up when the customer walked away and the time is over', async () => {
      await start({ payment: 'password', passwordQueries: 0, giveUpAfter: 0 });
      const late = newOrder();
      await pay(late);
      expect(await query(late)).to.equal('PAYERROR');

      simulator.scenario = { payment: 'password', passwordQueries: 0, latency: 0 };
      const left = newOrder();
      await pay(left);
      expect(simulator.act('walk-away')).to.equal(true);
      expect(await query(left)).to.equal('USERPAYING');
      expect(simulator.act('enter-password')).to.equal(false);
    });
  });

  describe('loses', () => {
    it('a request: nothing happened', async () => {
      await start({ loseRequest: ['micropay'] });
      const order = newOrder();
      expect(await rejection(pay(order)))
        .to.be.instanceOf(PayTransportError)
        .and.include({ sent: true });
      expect(entry(order.out_trade_no)).to.equal(undefined);
      expect(simulator.calls[0]).to.include({ name: 'micropay', lost: 'request' });
    });

    it('a response: the customer was charged', async () => {
      await start({ loseResponse: ['micropay'] });
      const order = newOrder();
      expect(await rejection(pay(order)))
        .to.be.instanceOf(PayTransportError)
        .and.include({ sent: true });
      expect(entry(order.out_trade_no)).to.include({ trade_state: 'SUCCESS', charged: 1250 });
      expect(simulator.calls[0]).to.include({ name: 'micropay', lost: 'response' });
      expect(await client.orderquery({ out_trade_no: order.out_trade_no })).to.include({ trade_state: 'SUCCESS' });
    });

    it('a response for which the till did not wait', async () => {
      await start({ latency: 2000 });
      const patience = new AbortController();
      const order = newOrder();
      const failure = rejection(client.micropay({ ...order, auth_code: walletCode() }, { signal: patience.signal }));
      while (simulator.calls.length === 0) await new Promise(setImmediate);
      patience.abort();
      expect(await failure).to.be.instanceOf(PayTransportError);
      while (simulator.calls[0]?.answer === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(simulator.calls[0]).to.include({ answer: 'SUCCESS (response lost)', lost: 'response' });
      expect(entry(order.out_trade_no)).to.include({ trade_state: 'SUCCESS', charged: 1250 });
    });

    it('everything while it is down, before anything was sent', async () => {
      await start();
      await pay();
      simulator.scenario = 'gateway-down';
      expect(await rejection(pay()))
        .to.be.instanceOf(PayTransportError)
        .and.include({ sent: false });
      simulator.scenario = 'success';
      expect(await pay()).to.include({ result_code: 'SUCCESS' });
    });
  });

  it('answers what it is told to: an error that charged, a query that fails, a reversal to be called again', async () => {
    await start({ payment: 'BANKERROR', charged: true, query: 'SYSTEMERROR', reverse: 'REVERSE_EXPIRE' });
    const order = newOrder();
    const { out_trade_no } = order;
    expect(await pay(order)).to.include({ err_code: 'BANKERROR', err_code_des: '银行系统异常' });
    expect(entry(out_trade_no)).to.include({ charged: 1250 });
    expect(await client.orderquery({ out_trade_no })).to.include({ err_code: 'SYSTEMERROR', err_code_des: '系统错误' });
    expect(await client.reverse({ out_trade_no })).to.include({ err_code: 'REVERSE_EXPIRE', recall: 'Y' });
  });
});
