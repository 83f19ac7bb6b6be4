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
  type PaymentProgress,
  PayTransportError,
  ServiceCallError,
  ServiceCommandError,
  ServiceResponseError,
} from 'wxpay-face';
import type { Scenario } from 'wxpay-face/simulator';
import { deferred } from '../support/pipe-server.js';
import { rejection } from '../support/rejection.js';
import { newOrder, openTill, type Till, terminal } from '../support/till.js';

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
  const withFace = (change: Partial<Record<keyof FaceService, unknown>>, options: Partial<FacePayOptions> = {}) => {
    const { face, client, processor } = till;
    const changed = new Proxy(face, {
      get(target, name) {
        const value: unknown = Reflect.get(change, name) ?? Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return new FacePay({ face: changed, merchant: localMerchant(client, processor), terminal, ...options });
  };
  const withMerchant = (change: Partial<Merchant>) => {
    const { face, client, processor } = till;
    return new FacePay({ face, merchant: { ...localMerchant(client, processor), ...change }, terminal });
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
      const error = await rejection(till.facePay.pay(newOrder()));
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
        const error = await rejection(till.facePay.pay({ ...newOrder(), ...change }));
        expect(error).to.be.instanceOf(InvalidParameterError).and.include({ parameter });
        expect(till.calls()).to.deep.equal([]);
      });

    it('an out_trade_no that the journal knows, before the customer is bothered', async () => {
      await open();
      const order = newOrder();
      await till.facePay.pay(order);
      const before = till.calls();
      expect(await rejection(till.facePay.pay(order))).to.be.instanceOf(OrderExistsError);
      expect(till.calls()).to.deep.equal(before);
    });

    it('a second payment during another, and any after close()', async () => {
      await open();
      const first = till.facePay.pay(newOrder());
      expect(await rejection(till.facePay.pay(newOrder()))).to.be.instanceOf(BusyError);
      expect(await first).to.include({ status: 'paid' });
      await till.facePay.close();
      expect(await rejection(till.facePay.pay(newOrder()))).to.be.instanceOf(ClosedError);
    });

    it('a terminal that the vendor would refuse', async () => {
      await open();
      const { face, client, processor } = till;
      const merchant = localMerchant(client, processor);
      const make = (change: object) => () => new FacePay({ face, merchant, terminal: { ...terminal, ...change } });
      expect(make({ store_id: '' })).to.throw(InvalidParameterError, 'store_id is required');
      expect(make({ device_id: 'x'.repeat(33) })).to.throw(InvalidParameterError, 'device_id');
    });

    it('parts that were swapped, or are none', async () => {
      await open();
      const { face, client, processor } = till;
      const swapped: ReadonlyArray<[string, () => unknown]> = [
        ['client', () => Reflect.apply(localMerchant, undefined, [processor, client])],
        ['client', () => Reflect.apply(localMerchant, undefined, [])],
        ['processor', () => Reflect.apply(localMerchant, undefined, [client, face])],
        ['processor', () => Reflect.apply(localMerchant, undefined, [client])],
        [
          'face',
          () => Reflect.construct(FacePay, [{ face: client, merchant: localMerchant(client, processor), terminal }]),
        ],
        ['merchant', () => Reflect.construct(FacePay, [{ face, merchant: client, terminal }])],
        ['merchant', () => Reflect.construct(FacePay, [{ face, merchant: processor, terminal }])],
      ];
      for (const [parameter, make] of swapped)
        expect(make).to.throw(InvalidParameterError).with.property('parameter', parameter);
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
      expect(await rejection(again)).to.be.instanceOf(OrderExistsError);
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

  describe('with a merchant that is silent', () => {
    const reason = new Error('the customer left');

    for (const name of ['outcome', 'getWxpayfaceAuthinfo'] as const) {
      it(`at ${name}(): an abort cancels at once, and the next payment is taken`, async () => {
        await open();
        const asked = deferred<void>();
        let silent = true;
        const merchant = localMerchant(till.client, till.processor);
        const facePay = withMerchant({
          [name]: (...given: never) => {
            asked.resolve();
            return silent ? never() : Reflect.apply(merchant[name], merchant, given);
          },
        });
        const controller = new AbortController();
        const payment = facePay.pay(newOrder(), { signal: controller.signal });
        await asked.promise;
        controller.abort(reason);
        expect(await payment).to.include({ status: 'cancelled', by: 'cashier' });
        silent = false;
        expect(await facePay.pay(newOrder())).to.include({ status: 'paid' });
      });

      it(`at ${name}(): close() ends the payment, of which nothing was sent`, async () => {
        await open();
        const asked = deferred<void>();
        const facePay = withMerchant({
          [name]: () => {
            asked.resolve();
            return never();
          },
        });
        const payment = rejection(facePay.pay(newOrder()));
        await asked.promise;
        await facePay.close();
        expect(await payment).to.be.instanceOf(ClosedError);
        expect(till.calls()).to.not.include('micropay');
      });
    }

    it('at outcome(): an abort before anything cancels, too', async () => {
      await open();
      const facePay = withMerchant({ outcome: never });
      const outcome = await facePay.pay(newOrder(), { signal: AbortSignal.abort(reason) });
      expect(outcome).to.include({ status: 'cancelled', by: 'cashier' });
      expect(till.calls()).to.deep.equal([]);
    });

    it('at outcome() after its pay() failed: an abort ends the question, and what pay() said is told', async () => {
      await open();
      const trouble = new Error('the line broke');
      const controller = new AbortController();
      let sent = false;
      const facePay = withMerchant({
        pay: async () => {
          sent = true;
          throw trouble;
        },
        outcome: async () => {
          if (!sent) return undefined;
          setImmediate(() => controller.abort());
          return never();
        },
      });
      expect(await rejection(facePay.pay(newOrder(), { signal: controller.signal }))).to.equal(trouble);
      expect(screenTold()).to.equal(1);
    });

    describe('at pay()', () => {
      const realSetTimeout = globalThis.setTimeout;
      /** The 2 minutes are over at once; other times pass as they do. */
      const hurry = () => {
        globalThis.setTimeout = Object.assign(
          (callback: () => void, milliseconds?: number) =>
            realSetTimeout(callback, milliseconds === 120_000 ? 0 : milliseconds),
          realSetTimeout,
        );
      };
      afterEach(() => {
        globalThis.setTimeout = realSetTimeout;
      });

      for (const [how, giveUp] of Object.entries({
        abort: async (controller: AbortController) => controller.abort(reason),
        close: (_: AbortController, facePay: FacePay) => facePay.close(),
      }))
        it(`after ${how}: no outcome is invented, and after 2 minutes of silence it is told to be unknown`, async () => {
          await open();
          const asked = deferred<AbortSignal | undefined>();
          const facePay = withMerchant({
            pay: (_order, _code, options) => {
              asked.resolve(options?.signal);
              return never();
            },
          });
          const controller = new AbortController();
          const payment = rejection(facePay.pay(newOrder(), { signal: controller.signal }));
          expect(await asked.promise).to.equal(controller.signal);
          hurry();
          const givenUp = giveUp(controller, facePay);
          const failure = await payment;
          expect(failure).to.be.instanceOf(PayTransportError).that.includes({ sent: true, why: 'response-timeout' });
          expect(failure)
            .to.have.property('cause')
            .that.satisfies((cause: unknown) => (how === 'abort' ? cause === reason : cause instanceof ClosedError));
          expect(screenTold()).to.equal(1);
          await givenUp;
        });

      it('after an abort it is waited for as long as it is heard of', async () => {
        await open();
        const asked = deferred<(progress: PaymentProgress) => void>();
        const answer = deferred<FacePayOutcome & { status: 'reversed' }>();
        const facePay = withMerchant({
          pay: (_order, _code, options) => {
            asked.resolve(options?.onProgress ?? never);
            return answer.promise;
          },
        });
        const controller = new AbortController();
        const { out_trade_no, ...rest } = newOrder();
        const payment = facePay.pay({ out_trade_no, ...rest }, { signal: controller.signal });
        const tell = await asked.promise;
        const begun: NodeJS.Timeout[] = [];
        globalThis.setTimeout = Object.assign((callback: () => void, milliseconds?: number) => {
          const timer = realSetTimeout(callback, milliseconds);
          if (milliseconds === 120_000) begun.push(timer);
          return timer;
        }, realSetTimeout);
        tell({ out_trade_no, phase: 'querying', step: 'unknown' });
        expect(begun).to.have.length(0);
        controller.abort(reason);
        tell({ out_trade_no, phase: 'reversing', step: 'reversing' });
        expect(begun).to.have.length(2);
        answer.resolve({ status: 'reversed', out_trade_no, why: 'given-up' });
        expect(await payment).to.include({ status: 'reversed' });
      });
    });
  });

  it('tells a time limit from a cashier', async () => {
    await open({ face: 'waiting' });
    for (const [reason, by] of [
      [new DOMException('The operation timed out', 'TimeoutError'), 'timeout'],
      [new DOMException('The operation was aborted', 'AbortError'), 'cashier'],
      ['no error at all', 'cashier'],
    ] as const) {
      const controller = new AbortController();
      const outcome = await till.facePay.pay(newOrder(), {
        signal: controller.signal,
        onProgress: ({ step }) => {
          if (step === 'looking') setImmediate(() => controller.abort(reason));
        },
      });
      expect(outcome).to.include({ status: 'cancelled', by });
    }
  });

  describe('says at which step it is', () => {
    const stepsOf = async (facePay: FacePay) => {
      const steps: unknown[] = [];
      await facePay.pay(newOrder(), { onProgress: ({ phase, step }) => steps.push(phase === 'face' ? step : phase) });
      return steps;
    };

    it('before the payment: the camera, the credential, the customer', async () => {
      await open('user-cancel');
      expect(await stepsOf(till.facePay)).to.deep.equal(['camera', 'camera', 'credential', 'looking', 'finished']);
      expect(await stepsOf(till.facePay)).to.deep.equal(['looking', 'finished']);
    });

    it('when the customer chooses to scan', async () => {
      await open('scan-payment');
      expect((await stepsOf(till.facePay)).slice(-3)).to.deep.equal(['looking', 'scanning', 'finished']);
    });
  });

  describe('says why nothing was sent where the credential can’t be had:', () => {
    for (const [why, code] of [
      ['dns', 'dns'],
      ['unreachable', 'unreachable'],
      ['connect-timeout', 'connect-timeout'],
      ['tls', 'tls'],
      ['certificate', 'certificate'],
      ['proxy', 'proxy'],
      ['limit', 'limit'],
      ['internal', 'internal'],
      ['response-timeout', 'unreachable'],
      ['broken', 'unreachable'],
      [undefined, 'unreachable'],
    ] as const)
      it(`${why ?? 'an error that does not say'}: ${code}`, async () => {
        await open();
        const trouble = new PayTransportError('no answer', why === 'broken', why && { why });
        const facePay = withMerchant({ getWxpayfaceAuthinfo: () => Promise.reject(trouble) });
        expect(await facePay.pay(newOrder())).to.include({ status: 'failed', code, reason: 'no answer' });
      });
  });

  describe('names an SDK that ignores face_code_type', () => {
    for (const [version, words] of [
      ['1.15.2.0', /older than 1\.16, version 1\.15\.2\.0/],
      [undefined, /version of .* is unknown/],
    ] as const)
      it(`of version ${version}: nothing is sent, the screen is told`, async () => {
        await open();
        const letters = 'abcdef0123456789ABCDEF';
        const facePay = withFace({
          getWxpayfaceCode: async (params: GetWxpayfaceCodeParams) => ({
            ...(await till.face.getWxpayfaceCode(params)),
            face_code: letters,
          }),
          library: { path: '/sdk', arch: 'x64', host: 'in-process', ...(version && { version }) },
        });
        const order = newOrder();
        const error = await rejection(facePay.pay(order));
        expect(error).to.be.instanceOf(ServiceResponseError).with.property('message').that.matches(words);
        expect(error).to.have.property('message').that.does.not.include(letters);
        expect(till.calls()).to.not.include('micropay');
        expect(screenTold()).to.equal(1);
        expect(await till.processor.outcome(order.out_trade_no)).to.equal(undefined);
      });
  });

  describe('tells the customer’s screen', () => {
    it('also when the payment throws', async () => {
      await open();
      const trouble = new Error('the merchant server is away');
      const facePay = withMerchant({ pay: () => Promise.reject(trouble) });
      expect(await rejection(facePay.pay(newOrder()))).to.equal(trouble);
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
