import { expect } from 'chai';
import { JournalError } from '../../lib/journal/errors.js';
import { rejection } from '../support/rejection.js';
import { charged, failed, reversed, state } from '../support/scripted/client.js';
import { all, code, lost, type Outcome, order, paid, till } from '../support/scripted/till.js';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `N${index}`);

describe('onOutcome', () => {
  it('hears what nobody waits for, and acknowledges what its handler took', async () => {
    const told: Outcome[] = [];
    const { clock, processor, journal } = till(
      { micropay: [lost], orderquery: [state('REVOKED')] },
      { polling: { timeout: 0 }, onOutcome: (outcome) => void told.push(outcome) },
    );
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'reversing', revision: 3 });
    expect(told).to.deep.equal([]);
    await clock.run(undefined, 60_000);
    expect(told).to.deep.equal([{ status: 'reversed', out_trade_no: 'A1', why: 'unknown', revision: 4 }]);
    expect(await journal.get('payment', 'A1')).to.include({ state: 'reversed', acknowledged: true });
  });

  it('does not hear what pay(), cancel() or settled() was waiting for; that is theirs to acknowledge', async () => {
    const told: Outcome[] = [];
    const { clock, processor, journal } = till(
      { micropay: [charged('A1', 100)], orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      { reversal: { mode: 'await' }, onOutcome: (outcome) => void told.push(outcome) },
    );
    expect(await clock.until(processor.pay(order, code))).to.include({ status: 'paid' });
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversed' });
    await clock.run(undefined, 60_000);
    expect(told).to.deep.equal([]);
    expect(await journal.get('payment', 'A1')).to.include({ acknowledged: false });
  });

  it('is told again, ever more rarely, until it resolves', async () => {
    const at: number[] = [];
    const made = till(
      { micropay: [lost], orderquery: [state('REVOKED')] },
      {
        polling: { timeout: 0 },
        onOutcome: async () => {
          at.push(made.clock.monotonic());
          if (at.length < 12) throw new Error('the printer is out of paper');
        },
      },
    );
    const { clock, processor, journal } = made;
    await clock.until(processor.pay(order, code));
    await clock.run(undefined, 24 * 3_600_000);
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(waits).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000));
    expect(await journal.get('payment', 'A1')).to.include({ acknowledged: true });
  });

  it('is told again after a restart what its handler had not taken', async () => {
    const { clock, processor, start } = till(
      { micropay: [lost], orderquery: [state('REVOKED')] },
      { polling: { timeout: 0 }, onOutcome: () => Promise.reject(new Error('no display')) },
    );
    await clock.until(processor.pay(order, code));
    await clock.run(undefined, 60_000);
    await processor.close();
    const told: Outcome[] = [];
    const next = start({ onOutcome: (outcome) => void told.push(outcome) });
    await clock.run(undefined, 1_000);
    expect(told.map(({ status }) => status)).to.deep.equal(['reversed']);
    await next.close();
    start({ onOutcome: (outcome) => void told.push(outcome) });
    await clock.run(undefined, 1_000);
    expect(told).to.have.length(1);
  });

  it('recovers by itself, beside the sales, and recover() yields nothing', async () => {
    const { clock, processor, start } = till({
      micropay: ['never', charged('A2', 100)],
      orderquery: [paid],
    });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    const told: string[] = [];
    const next = start({ onOutcome: ({ status, out_trade_no }) => void told.push(`${out_trade_no} ${status}`) });
    expect(await clock.until(next.pay({ ...order, out_trade_no: 'A2' }, code))).to.include({ status: 'paid' });
    expect(await clock.until(all(next.recover()))).to.deep.equal([]);
    await clock.run(undefined, 60_000);
    expect(told).to.deep.equal(['A1 paid']);
  });

  it('is tried again where the journal cannot be listed at the start', async () => {
    const { clock, processor, start, journal } = till({ micropay: [charged('A1', 100)] });
    await clock.until(processor.pay(order, code));
    const list = journal.list.bind(journal);
    let attempts = 0;
    journal.list = async function* (filter) {
      attempts += 1;
      if (attempts < 3) throw new JournalError('not now');
      yield* list(filter);
    };
    const told: Outcome[] = [];
    start({ onOutcome: (outcome) => void told.push(outcome) });
    await clock.run(undefined, 60_000);
    expect(told.map(({ status }) => status)).to.deep.equal(['paid']);
  });

  it('hears one outcome of a number at a time, of sixteen numbers at once', async () => {
    const { clock, processor, start } = till({ micropay: [failed('ORDERPAID')] });
    for (const out_trade_no of numbers(40)) await clock.until(processor.pay({ ...order, out_trade_no }, code));
    let [now, most] = [0, 0];
    const told: string[] = [];
    start({
      onOutcome: async ({ out_trade_no }) => {
        now += 1;
        most = Math.max(most, now);
        await clock.sleep(100);
        now -= 1;
        told.push(out_trade_no);
      },
    });
    await clock.run(undefined, 60_000);
    expect(told).to.have.members(numbers(40));
    expect(most).to.equal(16);
  });

  it('is not waited for by close()', async () => {
    const { clock, processor, start } = till({ micropay: [failed('ORDERPAID')] });
    await clock.until(processor.pay(order, code));
    const next = start({ onOutcome: () => new Promise(() => undefined) });
    await clock.run(undefined, 1_000);
    await clock.until(next.close());
  });

  it('must be a function', () => {
    const { start } = till({});
    expect(() => Reflect.apply(start, undefined, [{ onOutcome: 'print' }])).to.throw(/onOutcome must be a function/);
  });
});

describe('acknowledge()', () => {
  it('does nothing of an outcome after which another was decided', async () => {
    const { clock, processor, journal, start } = till(
      { micropay: [charged('A1', 100)], orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      { reversal: { mode: 'await' } },
    );
    const sold = await clock.until(processor.pay(order, code));
    const givenUp = await clock.until(processor.cancel('A1'));
    // The till prints the receipt late.
    await processor.acknowledge(sold);
    expect(await journal.get('payment', 'A1')).to.include({ state: 'reversed', acknowledged: false });
    expect(await all(start().recover())).to.deep.equal([givenUp]);
    await processor.acknowledge(givenUp);
    expect(await journal.get('payment', 'A1')).to.include({ acknowledged: true });
    expect(await processor.outcome('A1')).to.deep.equal(givenUp);
  });

  it('refuses what is no outcome: a number alone does not say which one', async () => {
    const { processor } = till({});
    for (const wrong of ['A1', undefined, null, 7, {}])
      expect(await rejection(Reflect.apply(processor.acknowledge, processor, [wrong]))).to.include({
        code: 'ERR_INVALID_PARAMETER',
        parameter: 'outcome',
      });
  });
});
