import { expect } from 'chai';
import { MemoryJournal, PayClient, PayClientV3, PaymentProcessor, PayProtocolError } from 'wxpay-face';
import { type ScenarioSettings, startSimulator } from 'wxpay-face/simulator';
import { rejection } from '../support/rejection.js';
import { newOrder, openTill, type Till } from '../support/till.js';

let codes = 0;
/** A code that somebody's wallet shows. */
const walletCode = (): string => {
  codes += 1;
  return `12${String(codes).padStart(16, '0')}`;
};

describe('A till of API v3 in front of the simulator', () => {
  let till: Till;
  const start = async (scenario: ScenarioSettings = {}, v3 = {}): Promise<void> => {
    till = await openTill(scenario, { v3 });
  };
  afterEach(() => till.close());
  const become = (scenario: ScenarioSettings) => {
    till.simulator.scenario = { latency: 0, ...scenario };
  };
  const pay = (order = newOrder()) => till.processor.pay(order, { auth_code: walletCode() });
  const entry = (out_trade_no: string) => till.simulator.ledger.find((each) => each.out_trade_no === out_trade_no);

  describe('takes a scanned code by codepay', () => {
    const paidAfterAll: Record<string, ScenarioSettings> = {
      'at once': {},
      'after the password': { scenario: 'userpaying-then-paid' },
      'although the answer was lost': { scenario: 'lost-response' },
      'although the gateway said 400': { payment: 'PARAM_ERROR', charged: true },
      'although the gateway said 500': { scenario: 'system-error-but-paid' },
      'although its answer was a probe': { probe: ['micropay'] },
      'although nobody had signed its error': { payment: 'PARAM_ERROR', charged: true, unsigned: ['micropay'] },
      'although its answer was an old one': { stale: ['micropay'] },
      'although its answer named no order': { omitNumber: ['micropay'] },
      'by answers of the platform certificate': { signer: 'certificate' },
      'by answers of the public key': { signer: 'public-key' },
    };
    for (const [when, scenario] of Object.entries(paidAfterAll))
      it(`and is paid ${when}`, async () => {
        await start(scenario);
        const order = newOrder();
        const outcome = await pay(order);
        expect(outcome).to.include({ status: 'paid', total_fee: order.total_fee });
        expect(outcome).to.have.nested.property('response.amount.total', order.total_fee);
        expect(entry(order.out_trade_no)).to.include({ trade_state: 'SUCCESS', charged: order.total_fee });
        expect(till.calls()).to.include('codepay').and.not.include('micropay');
      });

    it('and tells a decline only after a query has confirmed it', async () => {
      await start({ scenario: 'not-enough' });
      expect(await pay()).to.include({ status: 'declined', err_code: 'NOTENOUGH' });
      expect(till.calls()).to.deep.equal(['codepay', 'orderquery']);
    });

    it('and reverses what it can’t learn of, without a certificate', async () => {
      await start({ scenario: 'userpaying-forever' });
      const order = newOrder();
      expect(await pay(order)).to.include({ status: 'reversing' });
      expect(await till.processor.settled(order.out_trade_no)).to.include({ status: 'reversed' });
      expect(entry(order.out_trade_no)).to.include({ trade_state: 'REVOKED', charged: 0 });
    });

    it('and believes no error that nobody has signed: it asks, then reverses', async () => {
      await start({ payment: 'PARAM_ERROR', unsigned: ['micropay'] });
      const order = newOrder();
      expect(await pay(order)).to.include({ status: 'reversing' });
      expect(await till.processor.settled(order.out_trade_no)).to.include({ status: 'reversed' });
    });

    it('and leaves the sale of another to a person', async () => {
      await start({ scenario: 'number-taken' });
      expect(await pay()).to.include({ status: 'attention', code: 'number-taken' });
    });

    it('and gives a paid sale up', async () => {
      await start();
      const order = newOrder();
      await pay(order);
      await till.processor.cancel(order.out_trade_no);
      expect(await till.processor.settled(order.out_trade_no)).to.include({ status: 'reversed', why: 'given-up' });
    });
  });

  describe('takes a face', () => {
    it('by v2, query and reversal too', async () => {
      await start({ scenario: 'userpaying-forever' });
      const order = newOrder();
      expect(await till.facePay.pay(order)).to.include({ status: 'reversing' });
      expect(await till.processor.settled(order.out_trade_no)).to.include({ status: 'reversed' });
      const { calls } = till.simulator;
      expect(calls.map(({ name }) => name))
        .to.include('micropay')
        .and.not.include('codepay');
      // API v2's requests are signed in their fields.
      const ours = calls.filter(({ name }) => name === 'orderquery' || name === 'reverse');
      expect(ours.every(({ request }) => request.sign_type !== undefined)).to.equal(true);
    });

    it('by v3 if it’s told so', async () => {
      await start({}, { faceCodes: 'v3' });
      expect(await till.facePay.pay(newOrder())).to.include({ status: 'paid' });
      expect(till.calls()).to.include('codepay').and.not.include('micropay');
    });

    it('by the facepay calls of v2 if its code has letters', async () => {
      await start();
      await till.facePay.close();
      become({ faceDelay: 0, confirmDelay: 0 });
      const order = newOrder();
      const outcome = await till.processor.pay(order, { face_code: 'no-such-code' });
      expect(outcome.status).to.equal('declined');
      expect(till.calls().filter((name) => name.startsWith('facepay'))).to.deep.equal(['facepay', 'facepayquery']);
    });
  });

  it('goes on with what v2 has begun by v2, and by no client that hasn’t got it', async () => {
    await start();
    const { simulator, client } = till;
    const journal = new MemoryJournal();
    const order = newOrder();
    const before = new PaymentProcessor({ client, journal });
    await before.pay(order, { auth_code: walletCode() });
    await before.close();
    const alone = new PayClientV3(simulator.clientV3);
    const stranger = new PaymentProcessor({ client: alone, journal });
    expect(await rejection(stranger.cancel(order.out_trade_no))).to.include({ code: 'ERR_ORDER_FOREIGN' });
    await stranger.close();
    const both = new PayClientV3({ ...simulator.clientV3, v2: client });
    const after = new PaymentProcessor({ client: both, journal, reversal: { notBefore: 1, mode: 'await' } });
    expect(await after.cancel(order.out_trade_no)).to.include({ status: 'reversed' });
    await after.close();
    alone.close();
    both.close();
  });
});

describe('The simulated gateway of API v3', () => {
  it('gives a part of a sale back, once', async () => {
    const simulator = await startSimulator({ scenario: { latency: 0 } });
    const client = new PayClientV3(simulator.clientV3);
    const processor = new PaymentProcessor({ client, journal: new MemoryJournal(), refund: { firstQuery: 100 } });
    const { out_trade_no, ...order } = newOrder();
    await processor.pay({ ...order, out_trade_no }, { auth_code: walletCode() });
    const refund = { out_refund_no: out_trade_no, refund_fee: 250 };
    expect(await processor.refund(out_trade_no, refund)).to.include({ status: 'processing', accepted: true });
    expect(await processor.refund(out_trade_no, refund)).to.include({ out_refund_no: out_trade_no });
    expect(await processor.refundSettled(out_trade_no)).to.include({ status: 'refunded', refund_fee: 250 });
    expect(simulator.ledger).to.have.nested.property('[0].refunded', 250);
    await processor.close();
    client.close();
    await simulator.close();
  });

  it('refuses another key, another serial number and another merchant, and signs nothing for them', async () => {
    const simulator = await startSimulator({ scenario: { latency: 0 } });
    const { clientV3 } = simulator;
    const other = await import('../support/certificates.js');
    const strangers = [
      { privateKey: other.merchantCertificate.key },
      { serial_no: 'ABCDEF' },
      { mch_id: '1900000110' },
    ];
    for (const stranger of strangers) {
      const client = new PayClientV3({ ...clientV3, ...stranger });
      const error = await rejection(client.orderquery({ out_trade_no: 'ORDER-1' }));
      expect(error).to.be.instanceOf(PayProtocolError).and.include({ return_code: 'SIGN_ERROR' });
      client.close();
    }
    expect(simulator.ledger).to.deep.equal([]);
    await simulator.close();
  });

  it('keeps one book with v2', async () => {
    const simulator = await startSimulator({ scenario: { latency: 0 } });
    const [v2, v3] = [new PayClient(simulator.client), new PayClientV3(simulator.clientV3)];
    const [one, other] = [newOrder(), newOrder()];
    await v2.micropay({ ...one, auth_code: walletCode() });
    await v3.micropay({ ...other, auth_code: walletCode() });
    expect(await v3.orderquery({ out_trade_no: one.out_trade_no })).to.include({ trade_state: 'SUCCESS' });
    expect(await v2.orderquery({ out_trade_no: other.out_trade_no })).to.include({ trade_state: 'SUCCESS' });
    v2.close();
    v3.close();
    await simulator.close();
  });

  it('writes the day’s bill, also through a change of keys', async () => {
    const simulator = await startSimulator({ scenario: { latency: 0, bill: 'early' } });
    const client = new PayClientV3(simulator.clientV3);
    const order = newOrder();
    await client.micropay({ ...order, auth_code: walletCode() });
    const bill_date = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
    for (const signer of ['public-key', 'certificate'] as const) {
      simulator.scenario = { latency: 0, bill: 'early', signer };
      const bill = await client.downloadBill({ bill_date });
      const numbers = [];
      for await (const { out_trade_no } of bill.rows) numbers.push(out_trade_no);
      expect(numbers).to.deep.equal([order.out_trade_no]);
      expect(await bill.summary()).to.include({ 总交易单数: 1 });
    }
    simulator.scenario = { latency: 0, bill: 'none' };
    expect(await rejection(client.downloadBill({ bill_date }))).to.include({ code: 'ERR_BILL_MISSING' });
    client.close();
    await simulator.close();
  });
});
