import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  ClosedError,
  FileJournal,
  InvalidParameterError,
  JournalError,
  LibraryLoadError,
  type LocalMerchantOptions,
  MemoryJournal,
  openTill,
  PayClient,
  type PaymentOutcome,
  PaymentProcessor,
  type RefundOutcome,
  type Till,
  type TillHealth,
  type TillOptions,
} from 'wxpay-face';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { rejection } from '../support/rejection.js';
import { newOrder, terminal } from '../support/till.js';

type Options = TillOptions & LocalMerchantOptions;

/** The customer's code on the screen of a telephone. */
const code = '134567890123456789';

describe('A whole till', () => {
  let simulator: Simulator;
  let folder: string;
  let till: Till | undefined;
  let healths: TillHealth[];
  let told: Array<PaymentOutcome | RefundOutcome>;
  const calls = () => simulator.calls.map(({ name }) => name);
  const become = (scenario: Scenario = 'success') => {
    const quick = typeof scenario === 'string' ? { scenario } : scenario;
    simulator.scenario = { faceDelay: 10, confirmDelay: 0, latency: 0, ...quick };
  };
  const options = (change: Partial<Options> = {}): Options => ({
    face: { library: simulator.library },
    merchant: simulator.client,
    journal: join(folder, 'payments'),
    terminal,
    onOutcome: (outcome) => void told.push(outcome),
    onHealth: (health) => void healths.push(health),
    ...change,
  });
  const open = async (change: Partial<Options> = {}): Promise<Till> => {
    till = await openTill(options(change));
    return till;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'till-'));
    simulator = await startSimulator();
    become();
    [healths, told] = [[], []];
  });
  afterEach(async () => {
    await till?.close();
    till = undefined;
    await simulator.close();
    rmSync(folder, { recursive: true });
  });

  it('sells by a face and by a code, refunds, and agrees with its journal', async () => {
    const { pay, payByCode, refund, refunds, outcome, settled, acknowledge } = await open().then((opened) => ({
      pay: opened.pay.bind(opened),
      payByCode: opened.payByCode.bind(opened),
      refund: opened.refund.bind(opened),
      refunds: opened.refunds.bind(opened),
      outcome: opened.outcome.bind(opened),
      settled: opened.settled.bind(opened),
      acknowledge: opened.acknowledge.bind(opened),
    }));
    const [byFace, byCode] = [newOrder(), newOrder()];
    expect(await pay(byFace)).to.include({ status: 'paid' });
    expect(await payByCode(byCode, `${code}\r\n`)).to.include({ status: 'paid' });
    const no = byCode.out_trade_no;
    expect(await refund(no, { out_refund_no: no, refund_fee: 50 })).to.include({ status: 'processing' });
    expect(await refunds(no)).to.have.length(1);
    for (const number of [byFace.out_trade_no, no]) {
      expect(await outcome(number)).to.include({ status: 'paid' });
      expect(await settled(number)).to.include({ status: 'paid' });
    }
    await acknowledge(await settled(no));
    expect(simulator.ledger.map(({ charged }) => charged)).to.deep.equal([1250, 1250]);
  });

  it('leaves folder, library and gateway to the next one when it is closed', async () => {
    const first = await open();
    await first.pay(newOrder());
    await first.close();
    await first.close();
    expect(calls().slice(-1)).to.deep.equal(['releaseWxpayface']);
    for (const late of [
      () => first.pay(newOrder()),
      () => first.payByCode(newOrder(), code),
      () => first.cancel('A'),
      () => first.outcome('A'),
      () => first.reconcile('20241123')[Symbol.asyncIterator]().next(),
    ])
      expect(await rejection(late())).to.be.instanceOf(ClosedError);
    const second = await open();
    expect(await second.pay(newOrder())).to.include({ status: 'paid' });
  });

  it('holds a day’s bill against its journal', async () => {
    const opened = await open();
    const day = '20241123';
    const differences = (async () => {
      for await (const difference of opened.reconcile(day)) expect.fail(difference.kind);
    })();
    // The simulated gateway sold nothing that day.
    expect(await rejection(differences)).to.have.property('code', 'ERR_BILL_MISSING');
    expect(calls()).to.include('downloadbill');
  });

  describe('refuses', () => {
    const wrong: Record<string, [Record<string, unknown>, string]> = {
      'no onOutcome': [{ onOutcome: undefined }, 'onOutcome'],
      'an onOutcome that is none': [{ onOutcome: 'tell' }, 'onOutcome'],
      'an onHealth that is none': [{ onHealth: 1 }, 'onHealth'],
      'no terminal': [{ terminal: undefined }, 'terminal'],
      'a terminal without a shop': [{ terminal: { ...terminal, store_id: '' } }, 'store_id'],
      'another rail': [{ rail: 'train' }, 'rail'],
      'another camera': [{ camera: 'mine' }, 'camera'],
      'half of a proxy': [{ init: { ip: '10.0.0.1' } }, 'port'],
      'no time for the customer': [{ customerTimeout: 0 }, 'customerTimeout'],
      'an option of the library that there is not': [{ face: { dll: 'x' } }, 'dll'],
      'a time-out that is none': [{ face: { callTimeout: -1 } }, 'callTimeout'],
      'no journal': [{ journal: undefined }, 'journal'],
      'a journal that is none': [{ journal: { keep: 1 } }, 'journal'],
      'a mirror that is none': [{ journal: { folder: 'x', mirror: 1 } }, 'journal.mirror'],
      'no merchant': [{ merchant: undefined }, 'merchant'],
      'a merchant without a key': [{ merchant: { appid: 'a', mch_id: 'm' } }, 'key'],
      'a policy out of range': [{ polling: { interval: -1 } }, 'polling.interval'],
    };
    for (const [what, [change, parameter]] of Object.entries(wrong))
      it(`${what}, before anything is opened`, async () => {
        const given = { ...options(), face: { library: join(folder, 'no-such-library') }, ...change };
        const error = await rejection(Reflect.apply(openTill, undefined, [given]));
        expect(error).to.be.instanceOf(InvalidParameterError).with.property('parameter', parameter);
        expect(calls()).to.deep.equal([]);
      });

    it('a library that is not there, and closes the journal again', async () => {
      const missing = { library: join(folder, 'no-such-library') };
      expect(await rejection(open({ face: missing }))).to.be.instanceOf(LibraryLoadError);
      expect(await (await open()).pay(newOrder())).to.include({ status: 'paid' });
    });

    it('a journal that another has, and leaves it the camera', async () => {
      const journal = await FileJournal.open(join(folder, 'payments'));
      const error = await rejection(open());
      expect(error).to.be.instanceOf(JournalError).with.property('code', 'ERR_JOURNAL_LOCKED');
      expect(calls()).to.deep.equal([]);
      await journal.close();
      expect(await (await open()).pay(newOrder())).to.include({ status: 'paid' });
    });

    it('a code of another wallet, by its name, and what is no code', async () => {
      const { payByCode } = await open().then((opened) => ({ payByCode: opened.payByCode.bind(opened) }));
      for (const [scanned, named] of [
        ['28763443825664394', /Alipay/],
        ['6221234567890123456', /UnionPay/],
        ['912345678901234567', /QQ/],
        ['1234', /18 digits/],
        ['https://example.com', /18 digits/],
      ] as const) {
        const error = await rejection(payByCode(newOrder(), scanned));
        expect(error).to.be.instanceOf(InvalidParameterError).with.property('parameter', 'auth_code');
        expect(String(error)).to.match(named).and.not.include(scanned);
      }
      expect(calls()).to.not.include('micropay');
    });
  });

  it('takes a client and a journal of one’s own, and leaves them open', async () => {
    const journal = new MemoryJournal();
    await open({ journal });
    const order = newOrder();
    await till?.pay(order);
    await till?.close();
    expect(await journal.get('payment', order.out_trade_no)).to.include({ state: 'paid' });
  });

  it('tells how a payment of an earlier run ended', async () => {
    become({ payment: 'password', password: 'waiting' });
    const order = newOrder();
    const journal = await FileJournal.open(join(folder, 'payments'));
    const client = new PayClient(simulator.client);
    const processor = new PaymentProcessor({ client, journal });
    const payment = rejection(
      processor.pay(order, { auth_code: code }, { onProgress: ({ step }) => step === 'password' && processor.close() }),
    );
    expect(await payment).to.be.instanceOf(ClosedError);
    await journal.close();
    client.close();
    simulator.act('enter-password');
    const heard = new Promise<PaymentOutcome | RefundOutcome>((resolve) => {
      void open({ onOutcome: resolve });
    });
    expect(await heard).to.include({ status: 'paid', out_trade_no: order.out_trade_no });
  });
});
