import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { PayTransportError } from '../../lib/pay/errors.js';
import type { RequestOptions } from '../../lib/pay/request.js';
import type { PayResult } from '../../lib/pay/results.js';
import { charged, Made, state } from '../support/scripted/client.js';
import { code, lost, methods, order, paid, till } from '../support/scripted/till.js';
import type { SimulatedClock } from '../support/simulated/clock.js';

/* What has not left is withheld: nothing of it may be sent once its sale is given up, or long after its record. */

/** A client that makes its connection for a while, asks whether the request may leave, and is answered SUCCESS. */
const connecting = (clock: () => SimulatedClock, ms: number, left: string[] = []) =>
  new Made<PayResult>(async ({ signal, mayLeave }: RequestOptions) => {
    await clock()
      .sleep(ms, signal)
      .catch(() => {
        throw new PayTransportError('Aborted before anything was sent', false, { why: 'aborted' });
      });
    if (mayLeave?.() === false) throw new PayTransportError('Withdrawn', false, { why: 'withdrawn' });
    left.push('payment');
    await clock().sleep(100);
    return charged('A1', 100);
  });

function slowTill(ms: number, more: Parameters<typeof till>[1] = {}) {
  const left: string[] = [];
  const made = till(
    { micropay: [connecting(() => made.clock, ms, left)], orderquery: [paid, state('REVOKED')], reverse: [] },
    more,
  );
  return { ...made, left };
}

describe('A payment request that has not left', () => {
  it('is cancelled by an abort, at once, and nothing is sent', async () => {
    const { clock, processor, client, left, journal } = slowTill(3_000);
    const abort = new AbortController();
    clock.at(400, () => abort.abort());
    const outcome = await clock.until(processor.pay(order, code, { signal: abort.signal }));
    expect(outcome).to.include({ status: 'cancelled', by: 'cashier', revision: 2 });
    expect(clock.monotonic()).to.equal(400);
    await clock.run();
    expect(left).to.deep.equal([]);
    expect(methods(client.calls)).to.deep.equal(['micropay']);
    expect(await journal.get('payment', 'A1')).to.include({ state: 'cancelled', finished: true });
  });

  it('is cancelled by a time limit as that', async () => {
    const { clock, processor } = slowTill(3_000);
    const abort = new AbortController();
    clock.at(400, () => abort.abort(new DOMException('late', 'TimeoutError')));
    const outcome = await clock.until(processor.pay(order, code, { signal: abort.signal }));
    expect(outcome).to.include({ status: 'cancelled', by: 'timeout' });
  });

  it('is cancelled by cancel(), durably', async () => {
    const { clock, processor, left, journal } = slowTill(3_000);
    const paying = processor.pay(order, code);
    await clock.run(undefined, 400);
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'cancelled' });
    expect(await journal.get('payment', 'A1')).to.include({ state: 'cancelled' });
    expect(await clock.until(paying)).to.include({ status: 'cancelled' });
    await clock.run();
    expect(left).to.deep.equal([]);
  });

  it('is not sent where cancel() comes while its record is written', async () => {
    for (let moment = 0; moment < 12; moment += 1) {
      const { clock, processor, journal, left } = slowTill(0);
      const create = journal.create.bind(journal);
      journal.create = async (record) => {
        await clock.sleep(10);
        await create(record);
        await clock.sleep(10);
      };
      const paying = processor.pay(order, code);
      await clock.run(undefined, 5);
      const cancelling = (async () => {
        for (let tick = 0; tick < moment; tick += 1) await undefined;
        return processor.cancel('A1');
      })();
      expect(await clock.until(Promise.all([paying, cancelling])), `moment ${moment}`).to.deep.equal([
        { status: 'cancelled', out_trade_no: 'A1', by: 'cashier', revision: 2 },
        { status: 'cancelled', out_trade_no: 'A1', by: 'cashier', revision: 2 },
      ]);
      await clock.run();
      expect(left).to.deep.equal([]);
    }
  });

  it('has failed where its connection took longer than fifteen seconds, by either clock', async () => {
    for (const [ms, jump, told] of [
      [14_000, 0, 'paid'],
      [16_000, 0, 'failed'],
      [3_000, 20_000, 'failed'],
    ] as const) {
      const { clock, processor, left } = slowTill(ms);
      clock.at(1_000, () => clock.jump(jump));
      const outcome = await clock.until(processor.pay(order, code));
      expect(outcome, `${ms} ms, wall clock ${jump} ms ahead`).to.include({ status: told });
      if (told === 'failed') expect(outcome).to.include({ code: 'late' });
      expect(left).to.have.length(told === 'paid' ? 1 : 0);
    }
  });

  it('may take twice its connection’s time, where that is more', async () => {
    const { clock, start, client, left } = slowTill(25_000);
    Object.assign(client, { connectTimeout: 13_000 });
    const processor = start();
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'paid' });
    expect(left).to.have.length(1);
  });

  it('has failed where the journal took too long to write it down', async () => {
    const { clock, processor, journal, client } = slowTill(0, { journalTimeout: 60_000 });
    const create = journal.create.bind(journal);
    journal.create = async (record) => {
      await create(record);
      await clock.sleep(16_000);
    };
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'failed', code: 'late' });
    expect(methods(client.calls)).to.deep.equal([]);
  });

  it('is withheld from the moment in which the deadline is decided', async () => {
    const { clock, processor, left } = slowTill(5_000, { polling: { timeout: 4_990 } });
    const outcome = await clock.until(processor.pay(order, code));
    expect(outcome).to.include({ status: 'reversing', why: 'unknown' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'failed', code: 'late' });
    expect(left).to.deep.equal([]);
  });
});

describe('An abort from within', () => {
  const aborting = {
    "a progress handler's call": 'progress',
    'a microtask after a progress handler': 'microtask',
    'a subscriber of the diagnostics channel': 'channel',
  } as const;
  for (const [words, from] of Object.entries(aborting))
    it(`${words} is heard before anything is sent`, async () => {
      const { clock, processor, left } = slowTill(100);
      const abort = new AbortController();
      const listen = () => abort.abort();
      const onProgress = () => {
        if (from === 'progress') abort.abort();
        if (from === 'microtask') queueMicrotask(() => abort.abort());
      };
      if (from === 'channel') subscribe('wxpay-face.payment.phase', listen);
      const outcome = await clock.until(processor.pay(order, code, { signal: abort.signal, onProgress }));
      unsubscribe('wxpay-face.payment.phase', listen);
      expect(outcome).to.include({ status: 'cancelled' });
      await clock.run();
      expect(left).to.deep.equal([]);
    });

  it('a client of one’s own is heard, also where that sends all the same', async () => {
    const abort = new AbortController();
    const { clock, processor } = till({
      micropay: [
        new Made(async () => {
          abort.abort();
          return charged('A1', 100);
        }),
      ],
      orderquery: [paid, state('REVOKED')],
      reverse: [{ return_code: 'SUCCESS', result_code: 'SUCCESS', recall: 'N' }],
    });
    const outcome = await clock.until(processor.pay(order, code, { signal: abort.signal }));
    expect(outcome).to.include({ status: 'reversing', why: 'given-up' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
  });
});

describe('An abort within a client’s own call', () => {
  it('cancels if the client gives up without having sent, as one does whose signal is aborted', async () => {
    const abort = new AbortController();
    const { clock, processor, client } = till({
      micropay: [
        new Made(async ({ signal }) => {
          abort.abort();
          if (signal?.aborted) throw new PayTransportError('aborted', false);
          return charged('A1', 100);
        }),
      ],
    });
    expect(await clock.until(processor.pay(order, code, { signal: abort.signal }))).to.include({ status: 'cancelled' });
    expect(methods(client.calls)).to.deep.equal(['micropay']);
  });

  it('is seen by a client that hands on a copy of its options, before it or after', async () => {
    for (const isBefore of [true, false]) {
      const abort = new AbortController();
      const { clock, processor } = till({
        micropay: [
          new Made(async (options) => {
            if (!isBefore) abort.abort();
            const copy = { ...options };
            if (isBefore) abort.abort();
            if (copy.signal?.aborted) throw new PayTransportError('aborted', false);
            return charged('A1', 100);
          }),
        ],
      });
      const outcome = await clock.until(processor.pay(order, code, { signal: abort.signal }));
      expect(outcome).to.include({ status: 'cancelled' });
    }
  });
});

describe('A payment request that may have left', () => {
  it('is reversed by an abort, and heard to its end: it is not given up itself', async () => {
    const heard: unknown[] = [];
    const { clock, processor } = till({
      micropay: [
        new Made(async ({ signal, mayLeave }) => {
          expect(mayLeave?.()).to.equal(true);
          signal?.addEventListener('abort', () => heard.push('aborted'));
          await clock.sleep(10_000);
          heard.push('answered');
          throw lost;
        }),
      ],
      orderquery: [paid, state('REVOKED')],
      reverse: [{ return_code: 'SUCCESS', result_code: 'SUCCESS', recall: 'N' }],
    });
    const abort = new AbortController();
    clock.at(400, () => abort.abort());
    const outcome = await clock.until(processor.pay(order, code, { signal: abort.signal }));
    expect(outcome).to.include({ status: 'reversing', why: 'given-up' });
    expect(clock.monotonic()).to.equal(400);
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
    expect(heard[0]).to.equal('answered');
  });

  it('and could not, is told by why', async () => {
    const looks: unknown[] = [];
    const { pay } = till({
      micropay: [
        new Made(async ({ mayLeave }) => {
          looks.push(mayLeave?.());
          throw new PayTransportError('the first host is dead', false, { why: 'unreachable' });
        }),
      ],
    });
    expect(await pay()).to.include({ status: 'failed', code: 'unreachable' });
    expect(looks).to.deep.equal([true]);
  });

  it('and could not, although it was given up meanwhile, is cancelled', async () => {
    const { clock, processor } = till({
      micropay: [
        new Made(async ({ mayLeave }) => {
          expect(mayLeave?.()).to.equal(true);
          await clock.sleep(10_000);
          throw new PayTransportError('the first host is dead', false, { why: 'unreachable' });
        }),
      ],
      orderquery: [state('ORDERNOTEXIST')],
    });
    clock.at(400, () => void processor.cancel('A1'));
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'reversing', why: 'given-up' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'cancelled' });
  });
});
