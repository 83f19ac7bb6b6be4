import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { PayClient, PayProtocolError, PayResponseError, sign } from 'wxpay-face';
import { type ScenarioSettings, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { rejection } from '../support/rejection.js';
import { newOrder, terminal } from '../support/till.js';

const minute = 60_000;

/** Milliseconds since the epoch of the vendor's yyyyMMddHHmmss, Beijing. */
const timeOf = (text: unknown): number => {
  const [, date = '', ...time] = /^(\d{8})(\d\d)(\d\d)(\d\d)$/.exec(String(text)) ?? [];
  return Date.parse(`${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.join(':')}+08:00`);
};

describe('The simulated gateway, if told so,', () => {
  let simulator: Simulator;
  let client: PayClient;
  beforeEach(async () => {
    simulator = await startSimulator({ scenario: { latency: 0 } });
    client = new PayClient(simulator.client);
  });
  afterEach(async () => {
    client.close();
    await simulator.close();
  });
  let codes = 0;
  const pay = (order = newOrder()) => {
    codes += 1;
    return client.micropay({ ...order, auth_code: `13${String(codes).padStart(16, '0')}` });
  };
  const query = ({ out_trade_no }: { out_trade_no: string }) => client.orderquery({ out_trade_no });
  const become = (settings: ScenarioSettings) => {
    simulator.scenario = { latency: 0, ...settings };
  };
  const answers = () => simulator.calls.map(({ name, answer }) => `${name}: ${answer}`);

  describe('limits', () => {
    it('named calls, in a signed answer, and does nothing', async () => {
      become({ limited: ['micropay'] });
      const order = newOrder();
      expect(await pay(order)).to.include({
        result_code: 'FAIL',
        err_code: 'FREQUENCY_LIMITED',
        err_code_des: '频率限制',
      });
      expect(simulator.ledger).to.deep.equal([]);
      expect(await query(order)).to.include({ err_code: 'ORDERNOTEXIST' });
    });

    it('named calls, in an answer that nobody signed', async () => {
      become({ limited: ['orderquery'], limit: 'unsigned' });
      const order = newOrder();
      await pay(order);
      const error = await rejection(query(order));
      expect(error).to.be.instanceOf(PayProtocolError).and.include({ return_code: 'FAIL', return_msg: '频率限制' });
    });

    it('an authinfo, whose answer has no err_code, unsigned in either case', async () => {
      become({ limited: ['get_wxpayface_authinfo'] });
      const error = await rejection(client.getWxpayfaceAuthinfo({ ...terminal, rawdata: 'raw' }));
      expect(error).to.be.instanceOf(PayProtocolError).and.include({ return_msg: '频率限制' });
    });

    it('what is above its rate, of whichever call, until the second is over', async () => {
      become({ callsPerSecond: 2 });
      const sale = newOrder();
      await pay(sale);
      const started = Date.now();
      let limited: unknown = {};
      // However slow this machine is: some three of them come within a second.
      while (Object(limited).err_code !== 'FREQUENCY_LIMITED' && Date.now() - started < 10_000)
        limited = (await Promise.all([query(sale), query(sale), query(sale)])).find(
          (answer) => answer.result_code === 'FAIL',
        );
      expect(limited).to.include({ err_code: 'FREQUENCY_LIMITED' });
      const taken = answers().filter((answer) => answer === 'orderquery: SUCCESS');
      expect(taken).to.not.be.empty;
      let again: unknown = limited;
      while (Object(again).result_code === 'FAIL') again = await query(sale);
      expect(again).to.include({ trade_state: 'SUCCESS' });
    });

    for (const [scenario, answer] of [
      ['limited', 'micropay: FREQUENCY_LIMITED'],
      ['limited-unsigned', 'micropay: FAIL 频率限制'],
    ] as const)
      it(`payments alone in the scenario ${scenario}`, async () => {
        simulator.scenario = scenario;
        const order = newOrder();
        await pay(order).catch(() => {});
        await query(order);
        expect(answers()).to.deep.equal([answer, 'orderquery: ORDERNOTEXIST']);
      });
  });

  describe('takes a number for that of another sale', () => {
    for (const [numberUsed, description] of [
      ['ORDERPAID', '订单已支付'],
      ['OUT_TRADE_NO_USED', '商户订单号重复'],
      ['INVALID_REQUEST', '201 商户订单号重复'],
    ] as const)
      it(`and answers ${numberUsed}`, async () => {
        become({ numberUsed });
        const order = newOrder();
        const answer = await pay(order);
        expect(answer).to.include({ result_code: 'FAIL', err_code: numberUsed });
        expect(answer.err_code_des).to.equal(description);
        expect(simulator.ledger).to.have.length(1);
        expect(simulator.ledger[0]).to.include({
          out_trade_no: order.out_trade_no,
          charged: 1250,
          trade_state: 'SUCCESS',
        });
      });

    it('and answers with that sale, which was paid an hour before', async () => {
      become({ numberUsed: 'SUCCESS' });
      const order = newOrder();
      for (const answer of [await pay(order), await pay(order), await query(order)]) {
        expect(answer).to.include({ result_code: 'SUCCESS', out_trade_no: order.out_trade_no });
        expect(Date.now() - timeOf(answer.time_end)).to.be.within(59 * minute, 62 * minute);
      }
      expect(simulator.ledger).to.have.length(1);
    });

    it('but not in other scenarios: then a number of one’s own is refused by its state', async () => {
      const order = newOrder();
      await pay(order);
      expect(await pay(order)).to.include({ err_code: 'ORDERPAID' });
      become({ numberUsed: 'INVALID_REQUEST' });
      expect(await pay(order)).to.include({ err_code: 'INVALID_REQUEST', err_code_des: '201 商户订单号重复' });
    });
  });

  describe('refuses the merchant’s certificate', () => {
    const refusals = [
      ['missing', 'HTTP 400', 'No required SSL certificate was sent'],
      ['error', 'HTTP 400', 'The SSL certificate error'],
      ['mismatch', 'FAIL', 'certificate not match'],
    ] as const;
    for (const [certificate, code, said] of refusals)
      it(`with ${code} and "${said}", at reversals and refunds alone`, async () => {
        become({ certificate });
        const order = newOrder();
        await pay(order);
        const { out_trade_no } = order;
        const refund = { out_trade_no, out_refund_no: `R-${out_trade_no}`, total_fee: 1250, refund_fee: 1250 };
        for (const error of [
          await rejection(client.reverse({ out_trade_no })),
          await rejection(client.facepayreverse({ out_trade_no })),
          await rejection(client.refund(refund)),
        ]) {
          expect(error).to.be.instanceOf(code === 'FAIL' ? PayProtocolError : PayResponseError);
          expect(String(error)).to.include(code).and.include(said);
        }
        expect(await query(order)).to.include({ trade_state: 'SUCCESS' });
        expect(simulator.ledger[0]).to.include({ charged: 1250, refunded: 0 });
        become({});
        expect(await client.reverse({ out_trade_no })).to.include({ result_code: 'SUCCESS' });
      });
  });

  it('has a clock that is off, in its Date header and in time_end, and keeps its patience by the real one', async () => {
    become({ clock: -90 * minute });
    const paid = await pay();
    expect(Date.now() - timeOf(paid.time_end)).to.be.within(89 * minute, 92 * minute);
    const { endpoints, ca } = simulator.client;
    const asked = request(`${endpoints?.pay}/pay/orderquery`, { method: 'POST', ca: String(ca), agent: false }).end();
    const [{ headers }] = await once(asked, 'response');
    asked.destroy();
    expect(Date.now() - Date.parse(headers.date)).to.be.within(89 * minute, 92 * minute);

    become({ payment: 'password', password: 'waiting', clock: 60 * minute });
    const order = newOrder();
    await pay(order);
    expect(simulator.act('enter-password')).to.equal(true);
    expect(timeOf(Object(await query(order)).time_end) - Date.now()).to.be.within(58 * minute, 61 * minute);
  });

  /** All that comes back for a query over a connection of its own, which stays open. */
  async function bytesOf(out_trade_no: string): Promise<string> {
    const { appid, mch_id, key, endpoints, ca } = simulator.client;
    const fields = { appid, mch_id, out_trade_no, nonce_str: 'n', sign_type: 'MD5' };
    const signed = Object.entries({ ...fields, sign: sign(fields, key, 'MD5') });
    const body = `<xml>${signed.map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</xml>`;
    const { port } = new URL(endpoints?.pay ?? '');
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca: String(ca) });
    socket.write(`POST /pay/orderquery HTTP/1.1\r\nHost: gateway\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    let bytes = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      bytes += chunk;
    });
    while (!bytes.includes('</xml>')) await once(socket, 'data');
    // What was sent twice comes along with it, or right behind.
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    return bytes;
  }

  it('sends an answer twice', async () => {
    const order = newOrder();
    await pay(order);
    expect((await bytesOf(order.out_trade_no)).match(/HTTP\/1\.1 200/g)).to.have.length(1);
    become({ sendTwice: ['orderquery'] });
    const bytes = await bytesOf(order.out_trade_no);
    expect(bytes.match(/HTTP\/1\.1 200/g)).to.have.length(2);
    const [first, second] = bytes.match(/<xml>.*?<\/xml>/g) ?? [];
    expect(first).to.include(order.out_trade_no);
    expect(second).to.equal(first);
  });

  it('leaves the number out of an answer that it signs', async () => {
    const order = newOrder();
    await pay(order);
    become({ omitNumber: ['orderquery'] });
    const bytes = await bytesOf(order.out_trade_no);
    expect(bytes).to.include('<trade_state>SUCCESS</trade_state>').and.include('<sign>');
    expect(bytes).to.not.include('out_trade_no');
    become({ omitNumber: ['micropay'] });
    expect(await bytesOf(order.out_trade_no)).to.include(`<out_trade_no>${order.out_trade_no}</out_trade_no>`);
  });
});
