import { expect } from 'chai';
import { JournalError } from '../../lib/journal/errors.js';
import type { QueryResult } from '../../lib/pay/results.js';
import type { PaymentOutcome } from '../../lib/payment/decision/outcomes.js';
import { rejection } from '../support/rejection.js';
import { charged, identity, isPaid, Made, reversed, state, times } from '../support/scripted/client.js';
import { all, code, lost, order, paid, till } from '../support/scripted/till.js';

describe('recover()', () => {
  it('takes up what a till left when it died, and never sends a payment again', async () => {
    const { journal, clock, start, processor, client } = till({ micropay: ['never'], orderquery: [paid] });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    const outcomes = start().recover();
    await clock.run();
    expect((await all(outcomes)).map(({ status }) => status)).to.deep.equal(['paid']);
    expect(times(client.calls, 'micropay')).to.have.length(1);
    expect(await journal.get('payment', 'A1')).to.include({ finished: true, acknowledged: false });
  });

  it('reverses nothing that it could not ask for yet, however many it takes up', async () => {
    const numbers = Array.from({ length: 200 }, (_, index) => `A${index + 1}`);
    const { clock, start, processor, client } = till({
      micropay: ['never'],
      orderquery: [
        new Made<QueryResult>(async (_options, params) => {
          await clock.sleep(4_000);
          return isPaid(String(Object(params).out_trade_no), 100);
        }),
      ],
    });
    for (const out_trade_no of numbers) void processor.pay({ ...order, out_trade_no }, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    const outcomes = start().recover();
    await clock.run();
    const told = await all(outcomes);
    expect(told.map(({ status, out_trade_no }) => `${status} ${out_trade_no}`)).to.have.members(
      numbers.map((number) => `paid ${number}`),
    );
    // All of them were waited for longer than a payment is polled.
    expect(Math.max(...times(client.calls, 'orderquery'))).to.be.above(40_000);
    expect(times(client.calls, 'reverse')).to.deep.equal([]);
  });

  it('takes up no more at once than it can soon ask for, where a journal hands them over one by one', async () => {
    const numbers = Array.from({ length: 1_200 }, (_, index) => `A${index + 1}`);
    let isAnswering = false;
    const { clock, start, processor } = till({
      micropay: ['never'],
      orderquery: [
        new Made<QueryResult>(async (_options, params) => {
          while (!isAnswering) await clock.sleep(1_000);
          return isPaid(String(Object(params).out_trade_no), 100);
        }),
      ],
    });
    for (const out_trade_no of numbers) void processor.pay({ ...order, out_trade_no }, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    const next = start();
    let running = 0;
    for (const id of numbers) void next.resume({ kind: 'payment', id }).then(() => (running += 1));
    await clock.run(undefined, 10_000);
    expect(running).to.equal(1_000);
    // It has its turn for whoever asks for it.
    const settled = next.settled('A1200');
    isAnswering = true;
    await clock.run();
    expect(running).to.equal(1_200);
    expect(await settled).to.include({ status: 'paid' });
  });

  it('asks at once, where the till died while reversing, and counts notBefore anew', async () => {
    const { clock, start, processor, client } = till(
      { micropay: [lost], orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      { polling: { timeout: 0 } },
    );
    await clock.until(processor.pay(order, code));
    await processor.close();
    await clock.run(undefined, 50_000);
    const before = client.calls.length;
    const outcomes = start().recover();
    await clock.run();
    expect((await all(outcomes)).map(({ status }) => status)).to.deep.equal(['reversed']);
    expect(client.calls.slice(before).map(({ method, at }) => [method, at])).to.deep.equal([
      ['orderquery', 50_000],
      ['reverse', 65_000],
      ['orderquery', 65_000],
    ]);
  });

  it('tells finished outcomes again until they are acknowledged', async () => {
    const { pay, start, processor } = till({ micropay: [charged('A1', 100)] });
    const outcome = await pay();
    expect(await all(processor.recover())).to.deep.equal([outcome]);
    expect(await all(start().recover())).to.deep.equal([outcome]);
    await processor.acknowledge(outcome);
    await processor.acknowledge(outcome);
    expect(await all(start().recover())).to.deep.equal([]);
    expect(await processor.outcome('A1')).to.deep.equal(outcome);
  });

  it('refuses to acknowledge what is no outcome as it came', async () => {
    const { pay, processor } = till({ micropay: [charged('A1', 100)] });
    const outcome = await pay();
    for (const wrong of ['A1', null, {}, { ...outcome, revision: '2' }, { ...outcome, revision: null }])
      expect(await rejection(Reflect.apply(processor.acknowledge, processor, [wrong]))).to.include({
        code: 'ERR_INVALID_PARAMETER',
        parameter: 'outcome',
      });
    expect(await all(processor.recover())).to.deep.equal([outcome]);
  });

  it('skips what this process is running, and works on though nobody listens, or stops listening', async () => {
    const { clock, start, processor, client, journal } = till({
      micropay: ['never'],
      orderquery: [paid, { ...isPaid('A2', 100) }],
    });
    for (const out_trade_no of ['A1', 'A2'])
      void processor.pay({ ...order, out_trade_no }, code).catch(() => undefined);
    await clock.run(undefined, 10);
    expect(await all(processor.recover())).to.deep.equal([]);
    await processor.close();
    const second = start();
    const outcomes = second.recover();
    await clock.run();
    for await (const _ of outcomes) break;
    expect(times(client.calls, 'orderquery')).to.have.length(2);
    for (const number of ['A1', 'A2']) expect(await journal.get('payment', number)).to.include({ state: 'paid' });
  });

  it('takes up thousands at once, a few requests at a time', async () => {
    const { clock, start, processor, client } = till({ micropay: ['never'] });
    for (let index = 0; index < 1_000; index += 1)
      void processor.pay({ ...order, out_trade_no: `N${index}` }, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    let [now, most] = [0, 0];
    client.orderquery = async ({ out_trade_no }) => {
      now += 1;
      most = Math.max(most, now);
      await clock.sleep(100);
      now -= 1;
      return state('REVOKED', out_trade_no);
    };
    const outcomes = start({ polling: { timeout: 600_000 } }).recover();
    await clock.run();
    expect(await all(outcomes)).to.have.length(1_000);
    expect(most).to.equal(16);
  });

  it('serves two who iterate over one recovery', async () => {
    const { clock, processor } = till({});
    const recovery = processor.recover();
    expect(await clock.until(Promise.all([all(recovery), all(recovery)]))).to.deep.equal([[], []]);
  });

  it('leaves alone, and tells, what belongs to another merchant or cannot be read', async () => {
    const { clock, start, processor, client, journal } = till({ micropay: ['never'] });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    const record = await journal.get('payment', 'A1');
    if (record) await journal.create({ ...record, id: 'A2', revision: 1, data: { rail: 'carrier pigeon' } });
    const calls = client.calls.length;
    const moved = start({ client: { ...client, identity: { ...identity, mch_id: '1900000999' } } });
    const told = await all(moved.recover());
    expect(told.map(({ status, out_trade_no }) => [status, out_trade_no])).to.have.deep.members([
      ['attention', 'A1'],
      ['attention', 'A2'],
    ]);
    expect(JSON.stringify(told)).to.include(identity.mch_id);
    expect(client.calls).to.have.length(calls);
    expect(await journal.get('payment', 'A1')).to.deep.equal(record);
    expect(await rejection(moved.cancel('A1'))).to.include({ code: 'ERR_ORDER_FOREIGN', out_trade_no: 'A1' });
    expect(await rejection(moved.settled('A2'))).to.be.instanceOf(JournalError);
    expect(await moved.outcome('A2')).to.include({ status: 'attention' });
  });

  it('tells a journal that fails after all that it could recover', async () => {
    const { pay, journal, processor } = till({ micropay: [charged('A1', 100)] });
    await pay();
    const { list } = journal;
    journal.list = async function* (filter) {
      yield* list.call(journal, filter);
      throw new JournalError('unreadable');
    };
    const told: PaymentOutcome[] = [];
    const listening = (async () => {
      for await (const outcome of processor.recover()) told.push(outcome);
    })();
    expect(await rejection(listening)).to.be.instanceOf(JournalError);
    expect(told).to.have.length(1);
  });
});
