import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ClosedError, InvalidParameterError } from '../../lib/errors.js';
import { PayClient } from '../../lib/pay/client.js';
import { PayTransportError } from '../../lib/pay/errors.js';
import { Limiter, type Priority } from '../../lib/pay/limiter.js';
import { base, type Fields, type Gateway, startGateway } from '../support/gateway.js';
import { rejection } from '../support/rejection.js';
import { SimulatedClock } from '../support/simulated/clock.js';

const second = 1000;
const minute = 60 * second;

/** A limiter in simulated time, and when which call left. */
function simulated(callsPerSecond?: number) {
  const clock = new SimulatedClock();
  let still = 0;
  const now = () => clock.monotonic() + still;
  const limiter = new Limiter(callsPerSecond, { monotonic: now, sleep: (ms, signal) => clock.sleep(ms, signal) });
  const left: Array<{ name: string; at: number }> = [];
  const enter = (name: string, priority: Priority = 'query', signal?: AbortSignal): Promise<void> => {
    const entered = limiter.enter(priority, signal).then(() => void left.push({ name, at: now() }));
    entered.catch(() => {});
    return entered;
  };
  const names = () => left.map(({ name }) => name).join(' ');
  const between = (from: number, to: number) => left.filter(({ at }) => at >= from && at < to).length;
  /** A call every `interval` milliseconds until a moment. */
  const demand = async (interval: number, until: number) => {
    while (clock.monotonic() < until) {
      void enter('call');
      await clock.run(() => false, interval);
    }
  };
  /** Time passes in which no timer rings. */
  const standStill = (ms: number) => {
    still += ms;
  };
  return { clock, standStill, limiter, left, enter, names, between, demand };
}

describe('Limiter', () => {
  describe('without a limit', () => {
    it('lets a thousand calls leave at once', async () => {
      const { clock, enter, left } = simulated();
      for (let call = 0; call < 1000; call++) void enter('call');
      await clock.run();
      expect(left).to.have.length(1000);
      expect(clock.monotonic()).to.equal(0);
    });

    it('gives back a promise that is already resolved', async () => {
      const order: string[] = [];
      const entered = new Limiter().enter('query').then(() => order.push('left'));
      const other = Promise.resolve().then(() => order.push('other'));
      await Promise.all([entered, other]);
      expect(order).to.deep.equal(['left', 'other']);
    });

    it('refuses a call that was given up before', async () => {
      const error = await rejection(new Limiter().enter('query', AbortSignal.abort('gone')));
      expect(error).to.be.instanceOf(PayTransportError).and.to.include({ sent: false, why: 'aborted', cause: 'gone' });
    });
  });

  describe('with callsPerSecond', () => {
    it('lets one call leave after the other, evenly', async () => {
      const { clock, enter, left } = simulated(4);
      for (let call = 0; call < 5; call++) void enter('call');
      await clock.run();
      expect(left.map(({ at }) => at)).to.deep.equal([0, 250, 500, 750, 1000]);
    });

    it('saves up nothing while nobody calls', async () => {
      const { clock, enter, between } = simulated(4);
      await clock.run(() => false, minute);
      for (let call = 0; call < 40; call++) void enter('call');
      await clock.run();
      expect(between(minute, minute + second)).to.equal(4);
    });

    it('takes a call every two seconds as half a call a second', async () => {
      const { clock, enter, left } = simulated(0.5);
      for (let call = 0; call < 3; call++) void enter('call');
      await clock.run();
      expect(left.map(({ at }) => at)).to.deep.equal([0, 2000, 4000]);
    });

    it('keeps a high rate although timers are late', async () => {
      const clock = new SimulatedClock();
      const late = {
        monotonic: () => clock.monotonic(),
        sleep: (ms: number, signal: AbortSignal) => clock.sleep(Math.ceil(ms) + 2, signal),
      };
      const limiter = new Limiter(300, late);
      let left = 0;
      for (let call = 0; call < 1000; call++) void limiter.enter('query').then(() => left++);
      await clock.run(() => false, second);
      expect(left).to.be.within(290, 301);
    });

    it('sends payments first, then what gives money back, then queries, each in their order', async () => {
      const { clock, enter, names } = simulated(1);
      void enter('first');
      void enter('q1', 'query');
      void enter('u1', 'undo');
      void enter('p1', 'payment');
      void enter('q2', 'query');
      void enter('u2', 'undo');
      void enter('p2', 'payment');
      await clock.run();
      expect(names()).to.equal('first p1 p2 u1 u2 q1 q2');
    });

    it('lets nobody past those that wait already, also if their turn comes late', async () => {
      const { clock, standStill, enter, names } = simulated(1);
      void enter('first');
      void enter('second');
      standStill(second);
      void enter('third');
      await clock.run();
      expect(names()).to.equal('first second third');
    });

    it('can be set and taken back while calls wait', async () => {
      const { clock, limiter, enter, left } = simulated(0.01);
      for (let call = 0; call < 6; call++) void enter('call');
      await clock.run(() => false, second);
      limiter.callsPerSecond = 2;
      await clock.run(() => false, second);
      expect(left.map(({ at }) => at)).to.deep.equal([0, 1000, 1500, 2000]);
      limiter.callsPerSecond = undefined;
      await clock.run(() => false, 1);
      expect(limiter.callsPerSecond).to.equal(undefined);
      expect(left.map(({ at }) => at).slice(4)).to.deep.equal([2000, 2000]);
    });

    for (const wrong of [0, -1, Number.NaN, '5', null])
      it(`refuses ${typeof wrong} ${wrong}`, () => {
        const limiter = new Limiter(3);
        expect(() => {
          // What a program in JavaScript may do.
          Reflect.set(limiter, 'callsPerSecond', wrong);
        })
          .to.throw(InvalidParameterError)
          .with.property('parameter', 'callsPerSecond');
        expect(limiter.callsPerSecond).to.equal(3);
      });
  });

  describe('a payment in the queue', () => {
    it('is refused as unsent after fifteen seconds, and those before it left', async () => {
      const { clock, enter, left } = simulated(0.1);
      void enter('first', 'payment');
      void enter('second', 'payment');
      const third = enter('third', 'payment');
      await clock.run(() => false, 14_999);
      expect(left.map(({ at }) => at)).to.deep.equal([0, 10_000]);
      await clock.run(() => false, 1);
      const error = await rejection(third);
      expect(error).to.be.instanceOf(PayTransportError).and.to.include({ sent: false, why: 'limit' });
      await clock.run();
      expect(left).to.have.length(2);
    });

    it('is refused also if the event loop stood still until its turn', async () => {
      const { clock, standStill, enter } = simulated(1);
      void enter('first');
      const payment = rejection(enter('second', 'payment'));
      standStill(15 * second);
      await clock.run();
      expect(await payment)
        .to.be.instanceOf(PayTransportError)
        .and.to.include({ sent: false, why: 'limit' });
    });

    it('does not keep queries from waiting longer', async () => {
      const { clock, enter, left } = simulated(0.02);
      void enter('first');
      void enter('second');
      await clock.run();
      expect(left.map(({ at }) => at)).to.deep.equal([0, 50_000]);
    });
  });

  describe('an abort in the queue', () => {
    it('takes the call out at once, with the reason, and the next gets its turn', async () => {
      const { clock, enter, names } = simulated(1);
      const abort = new AbortController();
      void enter('first');
      const given = enter('given up', 'payment', abort.signal);
      void enter('other', 'payment');
      const reason = new Error('the customer left');
      abort.abort(reason);
      const error = await rejection(given);
      expect(error).to.be.instanceOf(PayTransportError).and.to.include({ sent: false, why: 'aborted', cause: reason });
      expect(clock.monotonic()).to.equal(0);
      await clock.run(() => false, second);
      expect(names()).to.equal('first other');
    });

    it('of one signal takes out all of its calls', async () => {
      const { clock, enter, names } = simulated(1);
      const abort = new AbortController();
      void enter('first');
      const given = Array.from({ length: 20 }, () => enter('given up', 'query', abort.signal));
      void enter('other');
      abort.abort();
      for (const each of given)
        expect(await rejection(each))
          .to.be.instanceOf(PayTransportError)
          .and.to.include({ why: 'aborted' });
      await clock.run();
      expect(names()).to.equal('first other');
    });

    it('means nothing to a call that has left', async () => {
      const { clock, enter, left } = simulated(1);
      const abort = new AbortController();
      void enter('first');
      const second = enter('second', 'query', abort.signal);
      await clock.run();
      abort.abort();
      await second;
      expect(left).to.have.length(2);
    });

    it('lets the process end, since nobody waits any more', () => {
      const limiter = new URL('../../lib/pay/limiter.js', import.meta.url).href;
      const program = `
        import { Limiter } from ${JSON.stringify(limiter)};
        const limiter = new Limiter(1e-9);
        const abort = new AbortController();
        await limiter.enter('query');
        limiter.enter('query', abort.signal).catch(() => console.log('out'));
        abort.abort();`;
      const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
        cwd: fileURLToPath(new URL('../../', import.meta.url)),
        timeout: 10_000,
        encoding: 'utf8',
      });
      expect({ stdout, stderr, status }).to.deep.equal({ stdout: 'out\n', stderr: '', status: 0 });
    });
  });

  describe('after an answer that says "limit"', () => {
    it('lets half as many calls leave in the next minute, without a burst', async () => {
      const { clock, limiter, left, between, demand } = simulated();
      await demand(500, minute);
      limiter.limited();
      await demand(500, 2 * minute);
      expect(between(0, minute)).to.equal(120);
      expect(between(minute, 2 * minute)).to.be.within(58, 60);
      const gaps = left.slice(121).map(({ at }, index) => at - (left[120 + index]?.at ?? 0));
      expect(Math.min(...gaps)).to.be.at.least(1000);
      expect(clock.monotonic()).to.equal(2 * minute);
    });

    it('lets in no minute more calls leave than in the one before, for ten minutes of any demand', async () => {
      const { limiter, left, demand } = simulated();
      await demand(1000, minute);
      limiter.limited();
      await demand(100, 11 * minute);
      const after = left.filter(({ at }) => at >= minute);
      for (const { at: from } of after)
        expect(after.filter(({ at }) => at >= from && at < from + minute).length).to.be.at.most(60);
    });

    it('grows by a twentieth of the rate before with each minute, up to it after ten, then doubles and is lifted', async () => {
      const { limiter, between, demand } = simulated();
      await demand(300, minute);
      expect(between(0, minute)).to.equal(200);
      limiter.limited();
      await demand(40, 15 * minute);
      const minutes = Array.from({ length: 14 }, (_, index) => between((index + 1) * minute, (index + 2) * minute));
      const budgets = [100, 110, 120, 130, 140, 150, 160, 170, 180, 190, 200, 400, 800, 1500];
      for (const [index, budget] of budgets.entries())
        expect(minutes[index], `minute ${index}`).to.be.closeTo(budget, budget / 20);
    });

    it('is over in the end', async () => {
      const { clock, limiter, enter, left, demand } = simulated();
      await demand(1000, minute);
      limiter.limited();
      await clock.run(() => false, 30 * minute);
      left.length = 0;
      for (let call = 0; call < 100; call++) void enter('call');
      await clock.run(() => false, 0);
      expect(left).to.have.length(100);
    });

    it('counts several within a few seconds once', async () => {
      const { clock, limiter, between, demand } = simulated();
      await demand(500, minute);
      for (let answer = 0; answer < 4; answer++) {
        limiter.limited();
        await clock.run(() => false, second);
      }
      await demand(100, 2 * minute + 4 * second);
      expect(between(minute + 4 * second, 2 * minute + 4 * second)).to.be.within(59, 61);
    });

    it('goes down by half again if it is limited again', async () => {
      const { limiter, between, demand } = simulated();
      await demand(100, minute);
      limiter.limited();
      await demand(100, minute + 10 * second);
      limiter.limited();
      await demand(100, 2 * minute + 10 * second);
      expect(between(minute + 10 * second, 2 * minute + 10 * second)).to.be.closeTo(150, 4);
    });

    it('leaves a lone till ten calls a minute', async () => {
      const { clock, limiter, enter, between, demand } = simulated();
      await enter('payment', 'payment');
      limiter.limited();
      limiter.limited();
      await demand(second, 10 * minute);
      for (let from = 0; from < 9 * minute; from += minute) expect(between(from + 1, from + minute + 1)).to.equal(10);
      expect(clock.monotonic()).to.equal(10 * minute);
    });

    it('keeps to callsPerSecond where that is less', async () => {
      const { limiter, enter, clock, left } = simulated(0.1);
      void enter('first');
      limiter.limited();
      void enter('second');
      await clock.run();
      expect(left.map(({ at }) => at)).to.deep.equal([0, 10_000]);
    });
  });
});

describe('a client that is closed', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  it('sends nothing any more of what waits for its limit on calls', async () => {
    gateway.handle = () => ({ ...base, result_code: 'FAIL', err_code: 'ORDERNOTEXIST' });
    const client = new PayClient({ ...gateway.options, callsPerSecond: 5 });
    await client.orderquery({ out_trade_no: 'A1' });
    const waiting = [
      client.orderquery({ out_trade_no: 'A2' }),
      client.micropay({ out_trade_no: 'A3', total_fee: 1, body: 'tea', auth_code: '130000000000000001' }),
    ].map((call) => rejection(call));
    client.close();
    for (const error of await Promise.all(waiting)) expect(error).to.be.instanceOf(ClosedError);
    expect(gateway.requests.map(({ fields }) => fields.out_trade_no)).to.deep.equal(['A1']);
  });
});

describe('a client whose calls wait', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  it('tells its observers for how long each did, also one that was given up meanwhile', async () => {
    gateway.handle = () => ({ ...base, result_code: 'FAIL', err_code: 'ORDERNOTEXIST' });
    const told: Array<Record<string, number>> = [];
    const note = (message: unknown) => void told.push(Object(message));
    subscribe('wxpay-face.pay.call', note);
    const client = new PayClient({ ...gateway.options, callsPerSecond: 2 });
    try {
      const leaving = client.orderquery({ out_trade_no: 'A1' });
      const given = new AbortController();
      const waiting = client.orderquery({ out_trade_no: 'A2' }, { signal: given.signal }).catch(() => undefined);
      await leaving;
      given.abort();
      await waiting;
      await client.orderquery({ out_trade_no: 'A3' });
    } finally {
      unsubscribe('wxpay-face.pay.call', note);
      client.close();
    }
    const [first, ...others] = told;
    expect(first?.waited).to.be.below(first?.duration ?? 0);
    expect(others.map(({ outcome }) => outcome)).to.deep.equal(['ERR_PAY_TRANSPORT', 'FAIL']);
    for (const { waited, duration } of others)
      expect(waited)
        .to.be.above(0)
        .and.at.most(duration ?? 0);
    // Two a second: the third left half a second after the first, of which the second had its share.
    const [given, last] = others;
    expect((given?.waited ?? 0) + (last?.waited ?? 0)).to.be.above(first?.waited ?? 0);
  });
});

describe('a client whose gateway limits calls', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  const answers: Readonly<Record<string, Fields>> = {
    'by its code': { err_code: 'FREQUENCY_LIMITED' },
    'by the code of refunds': { err_code: 'INVALID_REQ_TOO_MUCH' },
    'by the words of another code': { err_code: 'INVALID_REQUEST', err_code_des: '频率限制，请稍后再试' },
    'by words of a code that nobody has listed': { err_code: 'BUSY', err_code_des: '接口限流' },
  };
  for (const [how, fields] of Object.entries(answers))
    it(`slows down where a signed answer says so ${how}`, async () => {
      gateway.requests = [];
      gateway.handle = () => ({ ...base, result_code: 'FAIL', ...fields });
      const client = new PayClient(gateway.options);
      try {
        await client.orderquery({ out_trade_no: 'A1' });
        const next = client.orderquery({ out_trade_no: 'A2' }, { signal: AbortSignal.timeout(300) });
        const error: unknown = await next.then(String, (thrown: unknown) => thrown);
        expect(error).to.be.instanceOf(PayTransportError).and.include({ sent: false, why: 'aborted' });
        expect(gateway.requests).to.have.length(1);
      } finally {
        client.close();
      }
    });
});
