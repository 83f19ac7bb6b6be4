import { expect } from 'chai';
import { JournalError } from '../../lib/journal/errors.js';
import { rejection } from '../support/rejection.js';
import { charged, failed, reversed, state, times } from '../support/scripted/client.js';
import {
  awaiting,
  code,
  fragile,
  lost,
  methods,
  missing,
  order,
  paid,
  till,
  unsent,
} from '../support/scripted/till.js';

describe('cancel()', () => {
  it('gives up a paid sale, durably, once', async () => {
    const { pay, processor, clock, client, journal } = till({
      micropay: [charged('A1', 100)],
      orderquery: [paid, state('REVOKED')],
      reverse: [reversed()],
    });
    await processor.acknowledge(await pay());
    expect(await clock.until(processor.cancel('A1'))).to.deep.equal({
      status: 'reversing',
      out_trade_no: 'A1',
      why: 'given-up',
      revision: 4,
    });
    expect(await journal.get('payment', 'A1')).to.include({ state: 'reversing', finished: false, acknowledged: false });
    expect(await processor.cancel('A1')).to.include({ status: 'reversing' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
    expect(await processor.cancel('A1')).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse')).to.deep.equal([15_000]);
  });

  it('waits for the reversal where the policy says so', async () => {
    const { pay, processor, clock } = till(
      { micropay: [charged('A1', 100)], orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      awaiting,
    );
    await pay();
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversed' });
  });

  it('of a sale long ago waits for nothing, in the run of the program that made it', async () => {
    const script = { micropay: [charged('A1', 100)], orderquery: [paid, state('REVOKED')], reverse: [reversed()] };
    const { pay, processor, clock, client } = till(script, awaiting);
    await pay();
    await clock.run(undefined, 100_000);
    await clock.until(processor.cancel('A1'));
    expect(times(client.calls, 'reverse')).to.deep.equal([100_000]);
  });

  it('of a sale of an earlier run counts its waits anew', async () => {
    const script = { micropay: [charged('A1', 100)], orderquery: [paid, state('REVOKED')], reverse: [reversed()] };
    const { pay, processor, clock, client, start } = till(script, awaiting);
    await pay();
    await processor.close();
    await clock.run(undefined, 100_000);
    await clock.until(start().cancel('A1'));
    expect(times(client.calls, 'reverse')).to.deep.equal([115_000]);
  });

  it('of a payment under way gives it up, and tells so to both callers', async () => {
    const { processor, clock } = till({
      micropay: [lost],
      orderquery: [state('USERPAYING')],
      reverse: [failed('USERPAYING')],
    });
    const paying = processor.pay(order, code);
    await clock.run(undefined, 7_000);
    expect(await processor.cancel('A1')).to.include({ status: 'reversing' });
    expect(await paying).to.include({ status: 'reversing' });
    await processor.close();
  });

  it('takes up and gives up what an earlier run left', async () => {
    const { processor, clock, client, start } = till(
      { micropay: ['never'], orderquery: [paid, paid, state('REVOKED')], reverse: [reversed()] },
      awaiting,
    );
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    expect(await clock.until(start().cancel('A1'))).to.include({ status: 'reversed' });
    expect(times(client.calls, 'micropay')).to.have.length(1);
  });

  it('leaves what was not charged as it is', async () => {
    for (const [answer, status] of [
      [unsent, 'failed'],
      [failed('NOTENOUGH'), 'declined'],
      [failed('ORDERPAID'), 'attention'],
    ] as const) {
      const { pay, processor, client } = till({ micropay: [answer], orderquery: [missing] });
      await pay();
      expect(await processor.cancel('A1')).to.include({ status });
      expect(times(client.calls, 'reverse')).to.deep.equal([]);
    }
  });

  it('leaves a paid sale paid where the journal cannot write the decision down, also later', async () => {
    let full = false;
    const journal = fragile(() => full);
    const { pay, clock, client, processor } = till({ micropay: [charged('A1', 100)] }, { journal });
    await pay();
    full = true;
    expect(await clock.until(rejection(processor.cancel('A1')))).to.be.instanceOf(JournalError);
    full = false;
    await clock.run(() => false, 3_600_000);
    expect(methods(client.calls)).to.deep.equal(['micropay']);
    expect(await processor.outcome('A1')).to.include({ status: 'paid' });
  });

  it('of a payment under way is refused where the journal cannot write it down, and holds once it can', async () => {
    let full = false;
    const { pay, clock, client, processor } = till(
      { micropay: [failed('USERPAYING')], orderquery: [state('USERPAYING'), state('REVOKED')], reverse: [reversed()] },
      { journal: fragile(() => full) },
    );
    void pay().catch(() => undefined);
    await clock.run(undefined, 10);
    full = true;
    expect(await clock.until(rejection(processor.cancel('A1')))).to.be.instanceOf(JournalError);
    const settled = processor.settled('A1');
    await clock.run(() => false, 60_000);
    full = false;
    expect(await clock.until(settled)).to.include({ status: 'reversed' });
    expect(times(client.calls, 'micropay')).to.have.length(1);
  });

  it('that was written down after all, though the journal said no, stands', async () => {
    const { pay, processor, clock, journal } = till({
      micropay: [charged('A1', 100)],
      orderquery: [paid, state('REVOKED')],
      reverse: [reversed()],
    });
    await pay();
    const put = journal.put.bind(journal);
    journal.put = async (record) => {
      await put(record);
      if (record.state === 'reversing') throw new JournalError('the answer was lost');
    };
    expect(await processor.cancel('A1')).to.include({ status: 'reversing' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
  });

  it('of a number that the journal does not know is refused', async () => {
    const { processor } = till({});
    expect(await rejection(processor.cancel('B'))).to.include({
      code: 'ERR_ORDER_UNKNOWN',
      out_trade_no: 'B',
    });
    expect(await rejection(processor.settled('B'))).to.include({ code: 'ERR_ORDER_UNKNOWN' });
  });
});
