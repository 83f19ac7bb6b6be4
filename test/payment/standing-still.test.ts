import { expect } from 'chai';
import type { Journal } from '../../lib/journal/journal.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import { PayTransportError } from '../../lib/pay/errors.js';
import type { RequestOptions } from '../../lib/pay/request.js';
import type { PayResult } from '../../lib/pay/results.js';
import { PaymentProcessor } from '../../lib/payment/processor.js';
import { charged, Made, reversed, scriptedClient, state, times } from '../support/scripted/client.js';
import { awaiting, code, lost, type Outcome, order, paid, till } from '../support/scripted/till.js';
import { SimulatedClock } from '../support/simulated/clock.js';
import { TillClock } from '../support/simulated/till-clock.js';

/* What happens to a payment while the till's program stands still, its machine sleeps, or a handler takes its time. */

describe('A till that stood still', () => {
  it('does not call a journal silent whose answer came meanwhile', async () => {
    const world = new SimulatedClock();
    const clock = new TillClock(world, 0);
    const stored = new MemoryJournal();
    const journal: Journal = Object.assign(Object.create(stored), {
      create: async (record: Parameters<Journal['create']>[0]) => {
        await stored.create(record);
        clock.stand(12_000, false);
        await clock.awake();
      },
      put: stored.put.bind(stored),
      get: stored.get.bind(stored),
    });
    const client = scriptedClient(() => world.monotonic(), { micropay: [charged('A1', 100)] });
    const processor = new PaymentProcessor({ client, journal, clock });
    expect(await world.until(processor.pay(order, code))).to.include({ status: 'paid' });
  });

  it('takes no payment of its own for an older one because its machine slept', async () => {
    const world = new SimulatedClock();
    const clock = new TillClock(world, 0);
    const gateway = () => Date.UTC(2024, 10, 23, 4) + world.monotonic();
    const scripts = {
      micropay: [
        new Made<PayResult>(async () => {
          clock.stand(600_000, true);
          await clock.awake();
          throw lost;
        }),
      ],
      // Paid as the request arrived, at noon in Beijing.
      orderquery: [paid],
    };
    let hasAnswered = false;
    const scripted = scriptedClient(() => world.monotonic(), scripts);
    const client = {
      ...scripted,
      gatewayTime: () => (hasAnswered ? gateway() : undefined),
      orderquery: async (...given: Parameters<typeof scripted.orderquery>) => {
        const answer = await scripted.orderquery(...given);
        hasAnswered = true;
        return answer;
      },
    };
    const processor = new PaymentProcessor({ client, journal: new MemoryJournal(), clock });
    expect(await world.until(processor.pay(order, code))).to.include({ status: 'paid' });
  });
});

describe('A reversal', () => {
  it('leaves no earlier than notBefore after the payment request left, however long its connection took', async () => {
    const made = till(
      {
        micropay: [
          new Made<PayResult>(async ({ mayLeave }: RequestOptions) => {
            await made.clock.sleep(10_000);
            expect(mayLeave?.()).to.equal(true);
            throw new PayTransportError('connection reset', true);
          }),
        ],
        orderquery: [state('NOTPAY'), state('REVOKED')],
        reverse: [reversed()],
      },
      { ...awaiting, polling: { timeout: 11_000 } },
    );
    const { clock, client, processor } = made;
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse')).to.deep.equal([25_000]);
  });
});

describe('onOutcome, while its handler does not take an outcome,', () => {
  const refusing = () => {
    const told: Outcome[] = [];
    const made = till(
      {
        micropay: [lost],
        orderquery: [paid, paid, state('NOTPAY'), state('NOTPAY'), state('REVOKED')],
        reverse: [reversed()],
      },
      {
        polling: { timeout: 20_000 },
        onOutcome: (outcome) => {
          told.push(outcome);
          if (told.length < 4) throw new Error('the printer is out of paper');
        },
      },
    );
    return { ...made, told };
  };

  /** A payment that a start finds paid, and that its handler was told once. */
  const taken = async () => {
    const made = refusing();
    const { clock, processor, start, told } = made;
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 100);
    await processor.close();
    const next = start();
    await clock.run(undefined, 5_100);
    expect(told.map(({ status }) => status)).to.deep.equal(['paid']);
    return { ...made, next };
  };

  it("does not hear 'paid' of a sale that was given up since", async () => {
    const { clock, told, next } = await taken();
    expect(await clock.until(next.cancel('A1'))).to.include({ status: 'reversing' });
    await clock.run(undefined, 600_000);
    const later = told.slice(1).map(({ status }) => status);
    expect(later).to.include('reversed').and.not.include('paid');
  });

  it('does not hear again what the till itself acknowledged', async () => {
    const { clock, told, next } = await taken();
    await next.acknowledge(await next.settled('A1'));
    await clock.run(undefined, 600_000);
    expect(told).to.have.length(1);
  });
});
