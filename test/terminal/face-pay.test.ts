import diagnostics_channel from 'node:diagnostics_channel';
import { expect } from 'chai';
import {
  BusyError,
  ClosedError,
  FacePay,
  type FacePayOptions,
  type FacePayOutcome,
  type FaceService,
  type GetWxpayfaceCodeParams,
  InvalidParameterError,
  localMerchant,
  type Merchant,
  type Order,
  OrderExistsError,
  ServiceCallError,
  ServiceCommandError,
} from 'wxpay-face';
import type { Scenario } from 'wxpay-face/simulator';
import { newOrder, openTill, type Till, terminal } from '../till.js';

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
}

describe('FacePay', () => {
  let till: Till;
  const open = async (...given: Parameters<typeof openTill>): Promise<Till> => {
    till = await openTill(...given);
    return till;
  };
  afterEach(() => till?.close());

  const money = ({ out_trade_no }: Order) => {
    const entry = till.simulator.ledger.find((order) => order.out_trade_no === out_trade_no);
    return entry ? entry.charged - entry.refunded : 0;
  };
  /** A FacePay whose face service does some things of its own. */
  const withFace = (
    change: Partial<Record<keyof FaceService, (given: never) => unknown>>,
    options: Partial<FacePayOptions> = {},
  ) => {
    const { face, client, processor } = till;
    const changed = new Proxy(face, {
      get(target, name) {
        const value: unknown = Reflect.get(change, name) ?? Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return new FacePay({ face: changed, merchant: localMerchant(client, processor), terminal, ...options });
  };
  const never = () => new Promise<never>(() => {});
  const screenTold = () => till.calls().filter((name) => name === 'updateWxpayfacePayResult').length;

  describe('takes each named scenario to its outcome, with the money where it says', () => {
    const outcomes: Record<string, { status: FacePayOutcome['status']; screen: number; extra?: object }> = {
      success: { status: 'paid', screen: 1 },
      'userpaying-then-paid': { status: 'paid', screen: 1 },
      'userpaying-forever': { status: 'reversed', screen: 1 },
      'not-enough': { status: 'declined', screen: 1, extra: { err_code: 'NOTENOUGH' } },
      'system-error-but-paid': { status: 'paid', screen: 1 },
      'lost-response': { status: 'paid', screen: 1 },
      'gateway-down': { status: 'failed', screen: 0 },
      'user-cancel': { status: 'cancelled', screen: 0, extra: { by: 'customer' } },
      'scan-payment': { status: 'scan', screen: 0 },
    };
    for (const [scenario, { status, screen, extra }] of Object.entries(outcomes))
      it(`${scenario}: ${status}`, async () => {
        await open(scenario, { payment: { reversal: { mode: 'await' } } });
        const order = newOrder();
        const outcome = await till.facePay.pay(order);
        expect(outcome).to.include({ status, out_trade_no: order.out_trade_no, ...extra });
        expect(money(order)).to.equal(status === 'paid' ? order.total_fee : 0);
        expect(screenTold()).to.equal(screen);
      });

    it('service-down: throws what the library returned, and sends no payment', async () => {
      await open('service-down');
      const error = await failureOf(till.facePay.pay(newOrder()));
      expect(error).to.be.instanceOf(ServiceCallError).and.include({ cmd: 'initWxpayface', returnValue: -1 });
      expect(till.calls()).to.deep.equal([]);
    });

    it('a gateway that goes down after the face was recognised: nothing was sent, the screen is told', async () => {
      await open();
      await till.facePay.pay(newOrder());
      till.simulator.scenario = 'gateway-down';
      const order = newOrder();
      expect(await till.facePay.pay(order)).to.include({ status: 'failed' });
      expect(screenTold()).to.equal(2);
      expect(money(order)).to.equal(0);
    });
  });

  it('follows the vendor’s diagram, and initialises only once', async () => {
    await open();
    await till.facePay.pay(newOrder());
    const preparation = ['releaseWxpayface', 'initWxpayface', 'getWxpayfaceRawdata', 'get_wxpayface_authinfo'];
    const payment = ['getWxpayfaceCode', 'micropay', 'updateWxpayfacePayResult'];
    expect(till.calls()).to.deep.equal([...preparation, ...payment]);
    await till.facePay.pay(newOrder());
    expect(till.calls()).to.deep.equal([...preparation, ...payment, ...payment]);
    await till.facePay.close();
    expect(till.calls().slice(-1)).to.deep.equal(['releaseWxpayface']);
  });

  it('pays on the facepay rail with a code that is bound to order and amount', async () => {
    await open('userpaying-then-paid', { facePay: { rail: 'facepay' } });
    const order = newOrder();
    expect(await till.facePay.pay(order)).to.include({ status: 'paid' });
    expect(till.calls()).to.include.members(['facepay', 'facepayquery']).and.not.include('micropay');
    expect(money(order)).to.equal(order.total_fee);
  });

  describe('refuses before anything is sent', () => {
    const bad: Record<string, [Partial<Order>, string]> = {
      'a fraction of a fen': [{ total_fee: 12.5 }, 'total_fee'],
      'no money at all': [{ total_fee: 0 }, 'total_fee'],
      'an illegal out_trade_no': [{ out_trade_no: 'till 1/7' }, 'out_trade_no'],
      'an emoji': [{ body: 'Latte ☕️ 🙂' }, 'body'],
      'a body that is too long in bytes': [{ body: '咖'.repeat(43) }, 'body'],
    };
    for (const [what, [change, parameter]] of Object.entries(bad))
      it(what, async () => {
        await open();
        const error = await failureOf(till.facePay.pay({ ...newOrder(), ...change }));
        expect(error).to.be.instanceOf(InvalidParameterError).and.include({ parameter });
        expect(till.calls()).to.deep.equal([]);
      });

    it('an out_trade_no that the journal knows, before the customer is bothered', async () => {
      await open();
      const order = newOrder();
      await till.facePay.pay(order);
      const before = till.calls();
      expect(await failureOf(till.facePay.pay(order))).to.be.instanceOf(OrderExistsError);
      expect(till.calls()).to.deep.equal(before);
    });

    it('a second payment during another, and any after close()', async () => {
      await open();
      const first = till.facePay.pay(newOrder());
      expect(await failureOf(till.facePay.pay(newOrder()))).to.be.instanceOf(BusyError);
      expect(await first).to.include({ status: 'paid' });
      await till.facePay.close();
      expect(await failureOf(till.facePay.pay(newOrder()))).to.be.instanceOf(ClosedError);
    });

    it('a terminal that the vendor would refuse', async () => {
      await open();
      const { face, client, processor } = till;
      const merchant = localMerchant(client, processor);
      const make = (change: object) => () => new FacePay({ face, merchant, terminal: { ...terminal, ...change } });
      expect(make({ store_id: '' })).to.throw(InvalidParameterError, 'store_id is required');
      expect(make({ device_id: 'x'.repeat(33) })).to.throw(InvalidParameterError, 'device_id');
    });

    for (const screenTimeout of [-1, 0.5, 2 ** 31])
      it(`a screenTimeout of ${screenTimeout}`, async () => {
        await open();
        const { face, client, processor } = till;
        const merchant = localMerchant(client, processor);
        const make = () => new FacePay({ face, merchant, terminal, screenTimeout });
        expect(make).to.throw(InvalidParameterError, 'screenTimeout');
      });
  });

  describe('when the cashier aborts', () => {
    it('before anything: cancelled, and nobody was called', async () => {
      await open();
      const controller = new AbortController();
      controller.abort();
      expect(await till.facePay.pay(newOrder(), { signal: controller.signal })).to.include({
        status: 'cancelled',
        by: 'cashier',
      });
      expect(till.calls()).to.deep.equal([]);
    });

    it('during the recognition: it is stopped, and no screen is told', async () => {
      await open({ face: 'waiting' });
      const controller = new AbortController();
      const payment = till.facePay.pay(newOrder(), {
        signal: controller.signal,
        onProgress: ({ detail }) => {
          if (detail === 'getWxpayfaceCode') setImmediate(() => controller.abort());
        },
      });
      expect(await payment).to.include({ status: 'cancelled', by: 'cashier' });
      expect(till.calls()).to.include('stopWxpayface').and.not.include('updateWxpayfacePayResult');
      till.simulator.scenario = 'success';
      expect(await till.facePay.pay(newOrder())).to.include({ status: 'paid' });
    });

    it('with a code in hand: nothing is sent, the screen is told', async () => {
      await open();
      const controller = new AbortController();
      const abortWithTheCode = (message: unknown): void => {
        if (typeof message === 'object' && message && 'cmd' in message && message.cmd === 'getWxpayfaceCode')
          controller.abort();
      };
      diagnostics_channel.subscribe('wxpay-face.face.call', abortWithTheCode);
      const order = newOrder();
      const payment = till.facePay.pay(order, { signal: controller.signal });
      const outcome = await payment.finally(() =>
        diagnostics_channel.unsubscribe('wxpay-face.face.call', abortWithTheCode),
      );
      expect(outcome).to.include({ status: 'cancelled', by: 'cashier' });
      expect(till.calls()).to.not.include('micropay');
      expect(screenTold()).to.equal(1);
      expect(await till.processor.outcome(order.out_trade_no)).to.equal(undefined);
    });

    for (const name of ['releaseWxpayface', 'initWxpayface', 'getWxpayfaceRawdata'] as const)
      it(`while ${name} hangs: cancelled at once`, async () => {
        await open();
        const controller = new AbortController();
        const hangs = () => {
          setImmediate(() => controller.abort());
          return never();
        };
        const facePay = withFace({ [name]: hangs });
        const outcome = await facePay.pay(newOrder(), { signal: controller.signal });
        expect(outcome).to.include({ status: 'cancelled', by: 'cashier' });
        expect(till.calls()).to.not.include('micropay');
      });

    it('before anything, with a number that the journal knows: refused', async () => {
      await open();
      const order = newOrder();
      await till.facePay.pay(order);
      const again = till.facePay.pay(order, { signal: AbortSignal.abort() });
      expect(await failureOf(again)).to.be.instanceOf(OrderExistsError);
    });

    it('after the payment was sent: it is given back, even though the customer had paid', async () => {
      await open('userpaying-then-paid', { payment: { reversal: { mode: 'await' } } });
      const controller = new AbortController();
      const order = newOrder();
      const outcome = await till.facePay.pay(order, {
        signal: controller.signal,
        onProgress: ({ phase }) => phase === 'querying' && controller.abort(),
      });
      expect(outcome).to.include({ status: 'reversed' });
      expect(money(order)).to.equal(0);
      expect(screenTold()).to.equal(1);
    });
  });

  describe('tells the customer’s screen', () => {
    const withMerchant = (change: Partial<Merchant>) => {
      const { face, client, processor } = till;
      return new FacePay({ face, merchant: { ...localMerchant(client, processor), ...change }, terminal });
    };

    it('also when the payment throws', async () => {
      await open();
      const trouble = new Error('the merchant server is away');
      const facePay = withMerchant({ pay: () => Promise.reject(trouble) });
      expect(await failureOf(facePay.pay(newOrder()))).to.equal(trouble);
      expect(screenTold()).to.equal(1);
    });

    it('what the merchant’s journal says where only the way back broke', async () => {
      await open();
      const facePay = withMerchant({
        pay: async (order, code) => {
          await till.processor.pay(order, code);
          throw new Error('the answer was lost on the way to the till');
        },
      });
      expect(await facePay.pay(newOrder())).to.include({ status: 'paid' });
      expect(screenTold()).to.equal(1);
    });

    it('and does not wait for a customer who never confirms, nor lets the next one wait', async () => {
      await open({ confirm: 'never' }, { facePay: { screenTimeout: 20 } });
      expect(await till.facePay.pay(newOrder())).to.include({ status: 'paid' });
      expect(await till.facePay.pay(newOrder())).to.include({ status: 'paid' });
      expect(till.calls().filter((name) => name === 'initWxpayface')).to.have.length(2);
      // Told on its way: nobody waited for its arrival.
      while (screenTold() < 2) await new Promise(setImmediate);
    });

    it('whatever a display throws meanwhile', async () => {
      await open();
      const outcome = await till.facePay.pay(newOrder(), {
        onProgress: () => {
          throw new Error('a broken display');
        },
      });
      expect(outcome).to.include({ status: 'paid' });
      expect(screenTold()).to.equal(1);
    });

    it('whatever a display rejects later', async () => {
      await open();
      const onProgress = () => Promise.reject(new Error('a broken display'));
      expect(await till.facePay.pay(newOrder(), { onProgress })).to.include({ status: 'paid' });
    });

    for (const [what, tell] of Object.entries({
      throws: () => {
        throw new Error('a broken wrapper');
      },
      rejects: () => Promise.reject(new Error('a broken pipe')),
      'never answers': never,
    }))
      it(`and keeps the outcome where that ${what}`, async () => {
        await open();
        const facePay = withFace({ updateWxpayfacePayResult: tell }, { screenTimeout: 20 });
        const order = newOrder();
        expect(await facePay.pay(order)).to.include({ status: 'paid' });
        expect(money(order)).to.equal(order.total_fee);
      });

    it('of a payment that a crash left waiting: the next start clears it', async () => {
      await open();
      await till.facePay.pay(newOrder());
      const { appid, mch_id } = till.client.identity;
      const { rawdata } = await till.face.getWxpayfaceRawdata();
      const { authinfo } = await till.client.getWxpayfaceAuthinfo({ ...terminal, rawdata });
      const { store_id } = terminal;
      // The till dies after this, with the code in hand and the spinner on the screen.
      await till.face.getWxpayfaceCode({
        appid,
        mch_id,
        store_id,
        authinfo,
        face_authtype: 'FACEPAY',
        face_code_type: '1',
      });
      const restarted = withMerchant({});
      expect(await restarted.pay(newOrder())).to.include({ status: 'paid' });
    });
  });

  it('initialises anew, with a new authinfo, when the service was restarted', async () => {
    await open();
    await till.facePay.pay(newOrder());
    till.simulator.scenario = 'service-down';
    till.simulator.scenario = 'success';
    expect(await till.facePay.pay(newOrder())).to.include({ status: 'paid' });
    expect(till.calls().filter((name) => name === 'initWxpayface')).to.have.length(2);
    expect(till.calls().filter((name) => name === 'get_wxpayface_authinfo')).to.have.length(2);
  });

  for (const camera of ['dedicated', 'shared'] as const)
    it(`renews an authinfo that the service no longer takes, once (${camera} camera)`, async () => {
      await open();
      let stale = false;
      const refused: unknown[] = [];
      const facePay = withFace(
        {
          getWxpayfaceCode: async (params: GetWxpayfaceCodeParams) => {
            const { authinfo } = params;
            if (stale && refused.length === 0) refused.push(authinfo);
            if (refused.includes(authinfo)) throw new ServiceCommandError('getWxpayfaceCode', 'ERROR', 'authinfo');
            return till.face.getWxpayfaceCode(params);
          },
        },
        { camera },
      );
      expect(await facePay.pay(newOrder())).to.include({ status: 'paid' });
      stale = true;
      expect(await facePay.pay(newOrder())).to.include({ status: 'paid' });
      expect(till.calls().filter((name) => name === 'get_wxpayface_authinfo')).to.have.length(2);
    });

  describe('with a shared camera', () => {
    it('does not wait for a service that never gives it back', async () => {
      await open();
      let frozen = false;
      const facePay = withFace(
        { releaseWxpayface: () => (frozen ? never() : till.face.releaseWxpayface()) },
        { camera: 'shared', screenTimeout: 20 },
      );
      const order = newOrder();
      const outcome = await facePay.pay(order, { onProgress: ({ phase }) => (frozen ||= phase === 'submitting') });
      expect(outcome).to.include({ status: 'paid' });
      frozen = false;
      expect(await facePay.pay(newOrder())).to.include({ status: 'paid' });
      expect(till.calls().filter((name) => name === 'initWxpayface')).to.have.length(2);
      await facePay.close();
    });

    it('and keeps the outcome where the release throws', async () => {
      await open();
      const releaseWxpayface = () => {
        throw new Error('a broken wrapper');
      };
      expect(await withFace({ releaseWxpayface }, { camera: 'shared' }).pay(newOrder())).to.include({ status: 'paid' });
    });

    it('gives it back after every kind of trouble', async () => {
      await open('success', { facePay: { camera: 'shared' } });
      const trouble = new Error('trouble');
      const fail = () => Promise.reject(trouble);
      const { client, processor } = till;
      const merchant = localMerchant(client, processor);
      const tills = {
        recognition: withFace({ getWxpayfaceCode: fail }, { camera: 'shared' }),
        screen: withFace({ updateWxpayfacePayResult: fail }, { camera: 'shared' }),
        authinfo: withFace({}, { camera: 'shared', merchant: { ...merchant, getWxpayfaceAuthinfo: fail } }),
        payment: withFace({}, { camera: 'shared', merchant: { ...merchant, pay: fail } }),
      };
      for (const [what, facePay] of Object.entries(tills)) {
        const order = newOrder();
        const error = await facePay.pay(order).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error, what).to.equal(what === 'screen' ? undefined : trouble);
        expect(till.calls().slice(-1), what).to.deep.equal(['releaseWxpayface']);
      }
    });

    const endings: Record<string, Scenario> = {
      paid: 'success',
      declined: 'not-enough',
      cancelled: 'user-cancel',
      scan: 'scan-payment',
    };
    for (const [status, scenario] of Object.entries(endings))
      it(`gives it back after a payment that ends ${status}`, async () => {
        await open(scenario, { facePay: { camera: 'shared' } });
        for (const round of [1, 2]) {
          expect(await till.facePay.pay(newOrder())).to.include({ status });
          expect(till.calls().filter((name) => name === 'initWxpayface')).to.have.length(round);
          expect(till.calls().slice(-1)).to.deep.equal(['releaseWxpayface']);
        }
      });
  });
});
