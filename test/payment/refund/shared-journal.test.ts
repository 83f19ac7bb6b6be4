import { expect } from 'chai';
import { JournalError } from '../../../lib/journal/errors.js';
import { rejection } from '../../support/rejection.js';
import { charged, reversed, state } from '../../support/scripted/client.js';
import { day, minute, RefundGateway } from '../../support/scripted/refunds.js';
import { code, methods, type Outcome, order, paid, till } from '../../support/scripted/till.js';
import { SharedJournal, SharedStore } from '../shared-journal.js';

/* Two servers on one journal: a refund is one, whoever asks for it, and the sale's rules hold for both. */

async function servers(scripts: Parameters<typeof till>[0] = {}) {
  const store = new SharedStore();
  const journals = { one: new SharedJournal(store, 'one'), two: new SharedJournal(store, 'two') };
  const gateway = new RefundGateway();
  const made = till(
    { micropay: [charged('A1', 100)], ...gateway.scripts, ...scripts },
    { journal: journals.one, reversal: { mode: 'await' } },
  );
  await made.clock.until(made.processor.pay(order, code));
  made.client.calls.length = 0;
  const told: Outcome[] = [];
  const two = made.start({ journal: journals.two, onOutcome: (outcome) => void told.push(outcome) });
  return { ...made, store, journals, gateway, one: made.processor, two, told };
}

describe('A refund on a journal that several processes share', () => {
  it('gives back no more than was paid where both ask at once', async () => {
    const { clock, one, two, gateway } = await servers();
    const asked = [one, two, one, two].map((each, index) =>
      each.refund('A1', { out_refund_no: `R${index}`, refund_fee: 40 }),
    );
    const results = await clock.until(Promise.allSettled(asked));
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(2);
    await clock.run(undefined, day);
    expect(gateway.givenBack).to.equal(80);
    expect(await one.refunds('A1')).to.have.length(2);
  });

  it('is one refund where both ask for its number at once', async () => {
    const { clock, one, two, gateway } = await servers();
    const asked = [one, two].map((each) => each.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }));
    const [first, second] = await clock.until(Promise.all(asked));
    expect(first).to.deep.equal(second);
    await clock.run(undefined, day);
    expect([...gateway.refunds.keys()]).to.deep.equal(['R1']);
    expect(await two.refunds('A1')).to.have.length(1);
    expect(await two.refunds('A1')).to.have.nested.property('[0].status', 'refunded');
  });

  it('is waited for on the other one', async () => {
    const { clock, one, two, gateway } = await servers();
    gateway.status = 'PROCESSING';
    await clock.until(one.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }));
    expect(await clock.until(two.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }))).to.include({ accepted: true });
    const settling = two.refundSettled('R1');
    await clock.run(undefined, 10 * minute);
    const refund = gateway.refunds.get('R1');
    if (refund) refund.status = 'SUCCESS';
    expect(await clock.until(settling)).to.include({ status: 'refunded' });
    await Promise.all([one.close(), two.close()]);
  });

  it('is told after 15 seconds how it stands on the other one', async () => {
    const { clock, one, two } = await servers({ refund: ['never'] });
    const asked = one.refund('A1', { out_refund_no: 'R1', refund_fee: 40 });
    await clock.run(undefined, 1_000);
    const joined = await clock.until(two.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }));
    expect(joined).to.include({ status: 'processing', accepted: false });
    expect(clock.monotonic()).to.equal(16_000);
    await Promise.all([one.close(), two.close()]);
    await asked.catch(() => undefined);
  });

  it('is asked for by a notification only where it runs', async () => {
    const { clock, one, two, client } = await servers();
    await clock.until(one.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }));
    const money = { refund_id: '1', total_fee: 100, refund_fee: 40 };
    const notice = { out_trade_no: 'A1', out_refund_no: 'R1', ...money, refund_status: 'SUCCESS' };
    await two.noticed(notice);
    await clock.run(undefined, 1_000);
    expect(methods(client.calls)).to.deep.equal(['refund']);
    await Promise.all([one.close(), two.close()]);
  });

  it('is shown as the journal has it by one that does not know that another has it', async () => {
    const { clock, store, one, two, gateway } = await servers();
    gateway.status = 'PROCESSING';
    await clock.until(one.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }));
    const refund = gateway.refunds.get('R1');
    if (refund) refund.status = 'SUCCESS';
    await store.claim('R1', 'two', 'refund');
    await clock.run(undefined, 1_000);
    for (const each of [two, one]) expect(await each.refunds('A1')).to.have.nested.property('[0].status', 'refunded');
    await Promise.all([one.close(), two.close()]);
  });

  it('that was taken over is gone on with by who has it now', async () => {
    const { clock, store, one, two, gateway, told, client } = await servers();
    gateway.status = 'PROCESSING';
    await clock.until(one.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }));
    await one.close();
    await store.claim('R1', 'two', 'refund');
    await two.resume({ kind: 'refund', id: 'R1' });
    await clock.run(undefined, minute);
    const refund = gateway.refunds.get('R1');
    if (refund) refund.status = 'SUCCESS';
    await clock.run(undefined, day);
    expect(told.filter((each) => 'kind' in each).map(({ status }) => status)).to.deep.equal(['refunded']);
    expect(methods(client.calls).filter((method) => method === 'refund')).to.have.length(1);
    expect(await two.refunds('A1')).to.have.nested.property('[0].status', 'refunded');
  });

  it('is refused where another has given the sale up, and keeps it from being given up', async () => {
    const scripts = { orderquery: [paid, state('REVOKED')], reverse: [reversed()] };
    const first = await servers(scripts);
    await first.clock.until(first.two.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }));
    expect(await rejection(first.one.cancel('A1'))).to.include({ code: 'ERR_ORDER_REFUNDED', out_refund_no: 'R1' });
    const second = await servers(scripts);
    expect(await second.clock.until(second.one.cancel('A1'))).to.include({ status: 'reversed' });
    expect(await rejection(second.two.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }))).to.include({
      code: 'ERR_REFUND',
      rule: 'given-up',
    });
  });

  it('is refused of a number that was given up before it came', async () => {
    const { one, two, client } = await servers();
    await two.cancel('N1');
    for (const more of [{}, { total_fee: 100 }])
      expect(await rejection(one.refund('N1', { out_refund_no: 'R1', refund_fee: 40, ...more }))).to.include({
        code: 'ERR_REFUND',
        rule: 'given-up',
      });
    expect(client.calls).to.deep.equal([]);
  });

  it('wins against a cancel() that read the sale before it was reserved: the cancel() is refused', async () => {
    const { clock, one, two, journals, client } = await servers({ orderquery: [paid], reverse: [reversed()] });
    const put = journals.one.put.bind(journals.one);
    let refund: Promise<unknown> | undefined;
    journals.one.put = async (record) => {
      // The other one is quicker by a moment.
      if (record.state === 'reversing' && refund === undefined) {
        refund = two.refund('A1', { out_refund_no: 'R1', refund_fee: 40 });
        await refund;
      }
      await put(record);
    };
    expect(await clock.until(rejection(one.cancel('A1')))).to.include({ code: 'ERR_ORDER_REFUNDED' });
    expect(methods(client.calls)).to.not.include('reverse');
    await Promise.all([one.close(), two.close()]);
  });

  it('is reserved once where the answer of the reservation was lost', async () => {
    const { clock, one, journals, gateway } = await servers();
    let isLost = false;
    journals.one.afterWrite = (record) => {
      if (isLost || record.kind !== 'payment') return;
      isLost = true;
      throw new JournalError('the answer was lost');
    };
    expect(await clock.until(one.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }))).to.include({ accepted: true });
    await clock.run(undefined, day);
    expect(gateway.givenBack).to.equal(40);
    expect(await one.refunds('A1')).to.have.length(1);
  });
});
