import { expect } from 'chai';
import { JournalError } from '../../lib/journal/errors.js';
import type { Journal, JournalRecord } from '../../lib/journal/journal.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import type { PaymentProgress } from '../../lib/payment/progress.js';
import { rejection } from '../support/rejection.js';
import { charged, reversed, state, times } from '../support/scripted/client.js';
import { code, lost, methods, type Outcome, order, paid, till } from '../support/scripted/till.js';

/* A journal whose write does not return, or lies: a hung disk, a network drive, a filter of an antivirus program. */

type Change = Partial<Pick<Journal, 'create' | 'put' | 'get'>>;
const changed = (change: (inner: MemoryJournal) => Change): Journal => {
  const inner = new MemoryJournal();
  return {
    create: (record) => inner.create(record),
    put: (record) => inner.put(record),
    get: (kind, id) => inner.get(kind, id),
    list: (filter) => inner.list(filter),
    prune: (before) => inner.prune(before),
    close: () => inner.close(),
    ...change(inner),
  };
};

/** Holds the writes of a state until they are let go. */
function held(state: string) {
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const holding = (write: (record: JournalRecord) => Promise<void>) => async (record: JournalRecord) => {
    if (record.state === state) await gate;
    await write(record);
  };
  const journal = changed((inner) => ({
    create: holding((record) => inner.create(record)),
    put: holding((record) => inner.put(record)),
  }));
  return { journal, letGo };
}

const isSilence = (error: unknown) => {
  expect(error).to.be.instanceOf(JournalError);
  expect(error).to.have.property('message').that.includes('did not answer within 10000 ms');
};

describe('A journal that gives no answer', () => {
  it('to the first record: nothing is sent, and what is stored in the end is ended as cancelled', async () => {
    const { journal, letGo } = held('submitting');
    const told: Outcome[] = [];
    const { clock, processor, client } = till({}, { journal, onOutcome: (outcome) => void told.push(outcome) });
    isSilence(await clock.until(rejection(processor.pay(order, code))));
    expect(clock.monotonic()).to.equal(10_000);
    expect(await clock.until(rejection(processor.cancel('A1')))).to.include({ code: 'ERR_ORDER_UNKNOWN' });
    letGo();
    await clock.run(undefined, 1_000);
    expect(methods(client.calls)).to.deep.equal([]);
    expect(await journal.get('payment', 'A1')).to.include({ state: 'cancelled', finished: true });
    expect(told).to.deep.include.members([{ status: 'cancelled', out_trade_no: 'A1', by: 'timeout', revision: 2 }]);
    await processor.close();
  });

  it('to the write of paid: whoever waits hears it, the write goes on, and nothing is told before it is stored', async () => {
    const { journal, letGo } = held('paid');
    const told: Outcome[] = [];
    const { clock, processor } = till(
      { micropay: [charged('A1', 100)] },
      { journal, onOutcome: (outcome) => void told.push(outcome) },
    );
    const progress: PaymentProgress[] = [];
    const paying = rejection(processor.pay(order, code, { onProgress: (each) => progress.push(each) }));
    isSilence(await clock.until(paying));
    expect(progress.at(-1)).to.include({ trouble: 'journal' });
    isSilence(await clock.until(rejection(processor.cancel('A1'))));
    isSilence(await clock.until(rejection(processor.settled('A1'))));
    expect(await processor.outcome('A1')).to.equal(undefined);
    expect(told).to.deep.equal([]);
    letGo();
    await clock.run(undefined, 0);
    expect(told.map(({ status }) => status)).to.include('paid');
    await processor.close();
  });

  it('is not waited for by close(), also twice', async () => {
    const { journal } = held('reversing');
    const { clock, processor } = till({ micropay: [lost], orderquery: [lost] }, { journal, polling: { timeout: 0 } });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 5_000);
    const before = clock.monotonic();
    await clock.until(processor.close());
    expect(clock.monotonic() - before).to.be.at.most(10_000);
    const again = clock.monotonic();
    await clock.until(processor.close());
    expect(clock.monotonic()).to.equal(again);
  });

  it('to a read rejects who asked', async () => {
    const journal = changed(() => ({ get: () => new Promise(() => undefined) }));
    const { clock, processor } = till({}, { journal });
    for (const ask of ['outcome', 'settled', 'cancel'] as const)
      isSilence(await clock.until(rejection(processor[ask]('A1'))));
  });

  it('within a journalTimeout of one’s own', async () => {
    const { journal } = held('submitting');
    const { clock, processor, start } = till({}, { journal, journalTimeout: 700 });
    await clock.until(rejection(processor.pay(order, code)));
    expect(clock.monotonic()).to.equal(700);
    for (const journalTimeout of [0, Number.NaN, '10'])
      expect(() => Reflect.apply(start, undefined, [{ journalTimeout }]))
        .to.throw()
        .with.property('code', 'ERR_INVALID_POLICY');
  });
});

describe('A cancel() of a paid sale whose write is stored although it threw', () => {
  it('is driven on in this process, also where it cannot be read back at once', async () => {
    let isLying = false;
    let unreadable = 0;
    const journal = changed((inner) => ({
      put: async (record) => {
        await inner.put(record);
        if (!isLying || record.state !== 'reversing') return;
        unreadable = 3;
        throw new JournalError('the answer was lost');
      },
      get: async (kind, id) => {
        if (unreadable > 0) {
          unreadable -= 1;
          throw new JournalError('unreadable');
        }
        return inner.get(kind, id);
      },
    }));
    const { clock, processor, client } = till(
      { micropay: [charged('A1', 100)], orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      { journal },
    );
    await clock.until(processor.pay(order, code));
    isLying = true;
    expect(await clock.until(rejection(processor.cancel('A1')))).to.be.instanceOf(JournalError);
    await clock.run(undefined, 60_000);
    expect(times(client.calls, 'reverse')).to.have.length(1);
    expect(await journal.get('payment', 'A1')).to.include({ state: 'reversed' });
  });
});
