import { expect } from 'chai';
import { JournalError } from '../../lib/journal/errors.js';
import type { JournalRecord } from '../../lib/journal/journal.js';
import { rejection } from '../support/rejection.js';
import { charged, failed, Made, reversed, type Scripts, state, times } from '../support/scripted/client.js';
import { all, code, lost, methods, type Outcome, order, paid, till, unsent } from '../support/scripted/till.js';
import { SharedJournal, SharedStore } from './shared-journal.js';

/* Two servers on one journal: what one has lost it neither sends nor tells; what one gives up holds for both. */

function servers(scripts: Scripts) {
  const store = new SharedStore();
  const journals = { one: new SharedJournal(store, 'one'), two: new SharedJournal(store, 'two') };
  const made = till(scripts, { journal: journals.one, reversal: { mode: 'await' } });
  const told: Outcome[] = [];
  const onOutcome = (outcome: Outcome) => void told.push(outcome);
  const two = made.start({ journal: journals.two, onOutcome });
  return { ...made, store, journals, one: made.processor, two, told };
}

describe('A payment on a journal that several processes share', () => {
  it('is not sent by one that may no longer send', async () => {
    const left: unknown[] = [];
    const made = servers({
      micropay: [
        new Made(async ({ mayLeave }) => {
          await made.clock.sleep(1_000);
          left.push(mayLeave?.());
          throw lost;
        }),
      ],
      orderquery: [state('REVOKED')],
    });
    made.clock.at(500, () => {
      made.journals.one.isAlive = false;
    });
    await made.clock.until(made.one.pay(order, code));
    expect(left).to.deep.equal([false]);
  });

  it('that was taken over is neither written nor told by who had it: who waits is answered from the journal', async () => {
    const { clock, store, one, client } = servers({
      micropay: [lost],
      orderquery: [state('USERPAYING'), paid],
    });
    const paying = one.pay(order, code);
    await clock.run(undefined, 6_000);
    await store.claim('A1', 'two');
    expect(await clock.until(paying)).to.include({ status: 'paid' });
    expect(methods(client.calls).filter((method) => method === 'micropay')).to.have.length(1);
    expect(await store.records.get('payment', 'A1')).to.include({ state: 'paid' });
  });

  it('whose write was stored although its answer was lost goes on, also if a claim has the same data', async () => {
    for (const isClaimed of [false, true]) {
      const { clock, store, journals, one } = servers({ micropay: [lost], orderquery: [paid] });
      let isLost = false;
      journals.one.afterWrite = (record) => {
        if (record.state !== 'polling' || isLost) return;
        isLost = true;
        throw new JournalError('the answer was lost');
      };
      const paying = rejection(one.pay(order, code));
      await clock.run(undefined, 1);
      if (isClaimed) await store.claim('A1', 'two');
      expect(await clock.until(paying)).to.be.instanceOf(JournalError);
      await clock.run(undefined, 60_000);
      expect(await store.records.get('payment', 'A1'), `claimed: ${isClaimed}`).to.include({ state: 'paid' });
      await one.close();
    }
  });

  describe('that is acknowledged while another process writes its record', () => {
    /** The record, where the other writes these changes between the acknowledgement's read and its write. */
    async function acknowledged(changes: Partial<JournalRecord>): Promise<JournalRecord | undefined> {
      const { clock, store, journals, one } = servers({ micropay: [charged('A1', 100)] });
      const outcome = await clock.until(one.pay(order, code));
      const read = journals.one.get.bind(journals.one);
      let hasGoneOn = false;
      journals.one.get = async (kind, id) => {
        const record = await read(kind, id);
        if (record === undefined || hasGoneOn) return record;
        hasGoneOn = true;
        await journals.two.put({ ...record, revision: record.revision + 1, ...changes });
        return record;
      };
      await clock.until(one.acknowledge(outcome));
      return store.records.get('payment', 'A1');
    }

    it('is not, once that has given it up, and that is no error', async () => {
      expect(await acknowledged({ state: 'reversing', finished: false })).to.include({
        state: 'reversing',
        acknowledged: false,
      });
    });

    it('is, after that has reserved a refund in it', async () => {
      expect(await acknowledged({})).to.include({ state: 'paid', acknowledged: true, revision: 4 });
    });
  });

  it('is given up by cancel() on any of them', async () => {
    const { clock, one, two, client } = servers({
      micropay: [lost],
      orderquery: [state('USERPAYING'), paid, state('REVOKED')],
      reverse: [reversed()],
    });
    const paying = one.pay(order, code);
    await clock.run(undefined, 6_000);
    const outcomes = await clock.until(Promise.all([two.cancel('A1'), paying]));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['reversed', 'reversed']);
    expect(times(client.calls, 'reverse')).to.have.length(1);
  });

  it('is given up by cancel() on one that had it, and does not know that another has ended it since', async () => {
    const { clock, store, start, one, client } = servers({
      micropay: [lost],
      orderquery: [paid, paid, state('REVOKED')],
      reverse: [reversed()],
    });
    const paying = one.pay(order, code);
    await clock.run(undefined, 1);
    start({ journal: new SharedJournal(store, 'three'), polling: { firstDelay: 100 } });
    await store.claim('A1', 'three');
    await clock.run(undefined, 200);
    expect(await store.records.get('payment', 'A1')).to.include({ state: 'paid' });
    const outcome = await clock.until(one.cancel('A1'));
    expect(outcome).to.include({ status: 'reversed', why: 'given-up' });
    expect(await clock.until(paying)).to.include({ out_trade_no: 'A1' });
    expect(times(client.calls, 'reverse')).to.have.length(1);
  });

  it('is never paid over a cancel() of which its server did not hear', async () => {
    const statuses: string[] = [];
    for (const answer of [charged('A1', 100), unsent, failed('ORDERPAID')]) {
      const made = servers({
        micropay: [
          new Made(async () => {
            const row = made.store.rows.get('payment A1');
            if (row) row.isGivenUp = true;
            if (answer instanceof Error) throw answer;
            return answer;
          }),
        ],
        orderquery: [paid, state('REVOKED')],
        reverse: [reversed()],
      });
      const { status } = await made.clock.until(made.one.pay(order, code));
      statuses.push(status);
      expect(times(made.client.calls, 'reverse')).to.have.length(status === 'reversed' ? 1 : 0);
    }
    expect(statuses).to.deep.equal(['reversed', 'cancelled', 'attention']);
  });

  it('that comes after its number was given up is refused, and nothing is sent', async () => {
    const { clock, one, two, client } = servers({ micropay: [charged('A1', 100)] });
    expect(await clock.until(two.cancel('A1'))).to.include({ status: 'cancelled', by: 'cashier' });
    expect(await one.outcome('A1')).to.include({ status: 'cancelled' });
    expect(await clock.until(rejection(one.pay(order, code)))).to.include({ code: 'ERR_ORDER_EXISTS' });
    expect(client.calls).to.deep.equal([]);
  });

  it('is waited for by settled() on another, and recovered by its owner alone', async () => {
    const { clock, one, two, told } = servers({ micropay: [lost], orderquery: [state('USERPAYING'), paid] });
    const paying = one.pay(order, code);
    await clock.run(undefined, 1_000);
    const settling = two.settled('A1');
    expect(await all(one.recover())).to.deep.equal([]);
    expect(await clock.until(settling)).to.include({ status: 'paid' });
    expect(await clock.until(paying)).to.include({ status: 'paid' });
    expect(told).to.deep.equal([]);
  });

  it('is resumed once, and only if it is unfinished', async () => {
    const { clock, one, two, client } = servers({ micropay: [charged('A1', 100)] });
    await clock.until(one.pay(order, code));
    await two.resume({ kind: 'payment', id: 'A1' });
    await clock.run(undefined, 60_000);
    expect(methods(client.calls)).to.deep.equal(['micropay']);
    expect(await rejection(two.resume({ kind: 'payment', id: 'B' }))).to.include({ code: 'ERR_ORDER_UNKNOWN' });
  });
});
