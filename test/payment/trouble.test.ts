import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { ClosedError } from '../../lib/errors.js';
import { PayProtocolError, PayTransportError } from '../../lib/pay/errors.js';
import type { PaymentProgress } from '../../lib/payment/progress.js';
import { rejection } from '../support/rejection.js';
import { charged, failed, Made, reversed, state, times } from '../support/scripted/client.js';
import { code, lost, methods, missing, order, paid, refused, till } from '../support/scripted/till.js';

/* What keeps a payment from its end, and how it is told. */

const exact = { reversal: { backoff: { jitter: 0 } } } as const;
const limited = new PayProtocolError('call', 'FAIL', '频率限制');

describe('A certificate that the gateway refuses', () => {
  const shapes = {
    'with FAIL "certificate not match"': new PayProtocolError('reverse', 'FAIL', 'certificate not match'),
    'with an alert of TLS': new PayTransportError('alert', false, { why: 'certificate' }),
  };
  for (const [words, error] of Object.entries(shapes))
    it(`${words} is told at once, tried on with backoff, and after settleAfter before a person`, async () => {
      const { clock, processor, client } = till(
        { micropay: [lost], orderquery: [paid], reverse: [error] },
        { ...exact, polling: { timeout: 0 } },
      );
      const [seen, published]: [PaymentProgress[], object[]] = [[], []];
      const listen = (message: unknown) => void published.push(Object(message));
      subscribe('wxpay-face.payment.phase', listen);
      const abort = new AbortController();
      const paying = processor.pay(order, code, { signal: abort.signal, onProgress: (each) => seen.push(each) });
      expect(await clock.until(paying)).to.include({ status: 'reversing' });
      await clock.run(undefined, 20_000);
      unsubscribe('wxpay-face.payment.phase', listen);
      for (const told of [seen, published])
        expect(told.some((each) => 'trouble' in each && each.trouble === 'certificate')).to.equal(true);
      expect(await processor.outcome('A1')).to.include({ status: 'reversing', trouble: 'certificate' });
      expect(await clock.until(processor.settled('A1'))).to.include({ status: 'attention', code: 'certificate' });
      const reversals = times(client.calls, 'reverse');
      expect(clock.monotonic() - (reversals[0] ?? 0)).to.be.within(300_000, 361_000);
      expect(reversals.slice(0, 5)).to.deep.equal([15_000, 16_000, 18_000, 22_000, 30_000]);
    });

  it('is taken up again by cancel(), when there is a good one', async () => {
    const { clock, processor, client } = till(
      { micropay: [charged('A1', 100)], orderquery: [paid], reverse: [new PayProtocolError('r', 'FAIL', '证书错误')] },
      { reversal: { mode: 'await' } },
    );
    await clock.until(processor.pay(order, code));
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'attention', code: 'certificate' });
    client.reverse = async () => reversed();
    client.orderquery = async () => state('REVOKED');
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversed', why: 'given-up' });
  });

  it('is forgotten once a reversal gets through', async () => {
    const refusal = new PayProtocolError('reverse', 'FAIL', 'certificate not match');
    const { clock, processor } = till(
      {
        micropay: [lost],
        orderquery: [...Array.from({ length: 6 }, () => paid), state('REVOKED')],
        reverse: [refusal, refusal, reversed('Y'), lost, refusal, reversed()],
      },
      { ...exact, polling: { timeout: 0 }, reversal: { mode: 'await', settleAfter: 20_001, backoff: { jitter: 0 } } },
    );
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'reversed' });
  });
});

describe('A gateway that refuses everything', () => {
  it('is told as that at once, and after settleAfter before a person', async () => {
    const { clock, processor } = till(
      { micropay: [failed('SYSTEMERROR')], orderquery: [state('USERPAYING'), refused], reverse: [refused] },
      exact,
    );
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'reversing' });
    await clock.run(undefined, 10_000);
    expect(await processor.outcome('A1')).to.include({ trouble: 'refused' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'attention', code: 'refused' });
  });

  it('is no reason to give up a paid sale’s reversal at its first word', async () => {
    const { clock, processor, client } = till({
      micropay: [charged('A1', 100)],
      orderquery: [refused, paid, state('REVOKED')],
      reverse: [reversed()],
    });
    await clock.until(processor.pay(order, code));
    await clock.run(undefined, 3_600_000);
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversing' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse')).to.have.length(1);
  });
});

describe('A limit on calls', () => {
  it('that is signed, on the payment, is a decline: one query confirms it', async () => {
    const { pay, client } = till({ micropay: [failed('FREQUENCY_LIMITED')], orderquery: [missing] });
    expect(await pay()).to.include({ status: 'declined', err_code: 'FREQUENCY_LIMITED' });
    expect(methods(client.calls)).to.deep.equal(['micropay', 'orderquery']);
  });

  const gateways = {
    'and whose order never existed': [missing],
    'and whose queries are limited as well, for minutes': [limited, limited, missing],
    'and whose queries are limited with a signature': [
      failed('FREQUENCY_LIMITED'),
      failed('INVALID_REQUEST', '频率限制'),
      missing,
    ],
  };
  for (const [words, orderquery] of Object.entries(gateways))
    it(`that is unsigned, on the payment, ${words}, costs at most eight calls, none within a minute of another`, async () => {
      const { pay, client } = till(
        { micropay: [limited], orderquery, reverse: [reversed()] },
        { reversal: { mode: 'await' } },
      );
      expect(await pay()).to.include({ status: 'reversed' });
      expect(client.calls.length).to.be.at.most(8);
      const at = client.calls.map((call) => call.at);
      for (const [index, time] of at.slice(1).entries())
        expect(time - (at[index] ?? 0), `call ${index + 2}`).to.be.at.least(60_000 * 0.8);
    });

  it('is known by the words of another code as well, on payment, query and reversal', async () => {
    const words = failed('SYSTEMERROR', '请求过于频繁');
    const { clock, processor, client } = till(
      { micropay: [words], orderquery: [words, paid], reverse: [words] },
      exact,
    );
    await clock.until(processor.pay(order, code));
    await clock.run(undefined, 600_000);
    expect(await processor.outcome('A1')).to.include({ status: 'reversing', trouble: 'limit' });
    expect(methods(client.calls).slice(0, 4)).to.deep.equal(['micropay', 'orderquery', 'orderquery', 'reverse']);
    expect(times(client.calls, 'orderquery')[0]).to.be.at.least(60_000);
  });

  it('never goes before a person as a wrong key', async () => {
    const { clock, processor } = till({ micropay: [limited], orderquery: [limited] });
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'reversing' });
    await clock.run(undefined, 24 * 3_600_000);
    expect(await processor.outcome('A1')).to.include({ status: 'reversing', trouble: 'limit' });
  });

  it('of a payment that was charged all the same ends in its reversal', async () => {
    const { pay, client } = till(
      { micropay: [limited], orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      { reversal: { mode: 'await' } },
    );
    expect(await pay()).to.include({ status: 'reversed' });
    expect(methods(client.calls)).to.deep.equal(['micropay', 'orderquery', 'reverse', 'orderquery']);
  });

  it('on a poll slows the polls down, and their next answer speeds them up', async () => {
    const { pay, client } = till(
      {
        micropay: [failed('USERPAYING')],
        orderquery: [limited, limited, state('USERPAYING'), paid],
      },
      { polling: { timeout: 60_000 } },
    );
    expect(await pay()).to.include({ status: 'paid' });
    expect(times(client.calls, 'orderquery')).to.deep.equal([5_000, 15_000, 35_000, 40_000]);
  });
});

describe('A client that is closed before its processor', () => {
  it('ends the runs of its payments; the journal keeps them', async () => {
    const closed = new ClosedError('The pay client');
    for (const script of [
      { micropay: [lost], orderquery: [closed] },
      { micropay: [lost], orderquery: [state('PAYERROR')], reverse: [closed] },
    ]) {
      const { clock, processor, journal } = till(script, { reversal: { mode: 'await' } });
      const error = await clock.until(rejection(processor.pay(order, code)));
      expect(error).to.include({ code: 'ERR_CLOSED' });
      expect(await journal.get('payment', 'A1')).to.include({ finished: false });
    }
  });
});

describe('A client that sets no bound to its requests', () => {
  it('is waited for: nothing is reversed, nor taken for settled, while its request may still arrive', async () => {
    const { clock, processor, client } = till(
      {
        micropay: [
          new Made(async () => {
            await clock.sleep(900_000);
            throw lost;
          }),
        ],
        orderquery: [missing],
        reverse: [reversed()],
      },
      exact,
    );
    Reflect.deleteProperty(client, 'requestTimeout');
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'reversing' });
    await clock.run(undefined, 800_000);
    expect(times(client.calls, 'reverse')).to.deep.equal([]);
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
    expect(clock.monotonic()).to.be.at.least(900_000 + 300_000);
  });

  it('is waited for by a cancel() after its end, too', async () => {
    const { clock, processor, client } = till(
      {
        micropay: [
          new Made(async () => {
            await clock.sleep(400_000);
            throw refused;
          }),
        ],
        orderquery: [refused, missing],
        reverse: [reversed()],
      },
      exact,
    );
    Reflect.deleteProperty(client, 'requestTimeout');
    await clock.until(processor.pay(order, code));
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'attention', code: 'refused' });
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversing' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
    expect(clock.monotonic()).to.be.at.least(400_000 + 300_000);
  });
});

describe('A till that stood still', () => {
  it('reads the answer that came meanwhile, before it gives the payment up', async () => {
    const { clock, processor, client } = till({
      micropay: [
        new Made(async () => {
          await clock.sleep(45_000);
          return charged('A1', 100);
        }),
      ],
      orderquery: [paid],
    });
    // Every timer of the till comes 10 seconds late, and before what lies in its sockets.
    const late = { ...slowly(clock, 44_000) };
    const still = till({}, { clock: late });
    const second = still.start({ client });
    expect(await clock.until(second.pay(order, code))).to.include({ status: 'paid' });
    await processor.close();
  });

  it('asks once more where it polls, then decides', async () => {
    for (const [answer, status] of [
      [paid, 'paid'],
      [state('USERPAYING'), 'reversing'],
      [lost, 'reversing'],
    ] as const) {
      const base = till({ micropay: [lost], orderquery: [answer] });
      const processor = base.start({
        clock: slowly(base.clock, 40_000),
        polling: { firstDelay: 29_000, interval: 29_000 },
      });
      expect(await base.clock.until(processor.pay(order, code))).to.include({ status });
      await processor.close();
    }
  });
});

/** The clock of a program that stands still until a moment: what was due before comes then. */
function slowly(clock: ReturnType<typeof till>['clock'], until: number) {
  return {
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    sleep: (ms: number, signal?: AbortSignal) =>
      clock.sleep(ms > 0 ? Math.max(ms, until - clock.monotonic()) : ms, signal),
  };
}
