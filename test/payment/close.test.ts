import { expect } from 'chai';
import { ClosedError } from '../../lib/errors.js';
import { rejection } from '../support/rejection.js';
import { charged, state } from '../support/scripted/client.js';
import { all, code, lost, methods, order, till } from '../support/scripted/till.js';

describe('close()', () => {
  it('ends what is under way; the journal keeps it, and nothing is sent or written afterwards', async () => {
    const { clock, processor, client, journal } = till({ micropay: [lost], orderquery: [state('USERPAYING')] });
    const paying = rejection(processor.pay(order, code));
    await clock.run(undefined, 7_000);
    const settling = rejection(processor.settled('A1'));
    await processor.close();
    await processor.close();
    for (const error of [await paying, await settling]) expect(error).to.include({ code: 'ERR_CLOSED' });
    const [record, calls] = [await journal.get('payment', 'A1'), client.calls.length];
    await clock.run();
    expect(await journal.get('payment', 'A1'))
      .to.deep.equal(record)
      .and.include({ finished: false });
    expect(client.calls).to.have.length(calls);
  });

  it('sends nothing of a payment that was just written down', async () => {
    // The moments between the write and the request.
    for (let moment = 0; moment < 10; moment += 1) {
      const { clock, processor, client, journal } = till({ micropay: [charged('A1', 100)] });
      const create = journal.create.bind(journal);
      let isClosed = false;
      const closeLater = async () => {
        for (let tick = 0; tick < moment; tick += 1) await undefined;
        isClosed = client.calls.length === 0;
        await processor.close();
      };
      journal.create = async (record) => {
        await create(record);
        void closeLater();
      };
      await processor.pay(order, code).catch(() => undefined);
      await clock.run();
      if (isClosed) expect(client.calls, `moment ${moment}`).to.deep.equal([]);
    }
  });

  it('begins nothing for who asked just before', async () => {
    const { clock, client, journal, start } = till({ micropay: [lost], orderquery: [state('NOTPAY')] });
    const first = start();
    void first.pay(order, code).catch(() => undefined);
    await clock.run(() => client.calls.length > 0);
    await first.close();
    const second = start();
    const asked = Promise.all([rejection(second.settled('A1')), rejection(second.cancel('A1'))]);
    await second.close();
    for (const error of await clock.until(asked)) expect(error).to.be.instanceOf(ClosedError);
    const before = methods(client.calls);
    await clock.run(() => false, 3_600_000);
    expect(methods(client.calls)).to.deep.equal(before);
    expect(await journal.get('payment', 'A1')).to.include({ finished: false });
  });

  it('refuses what is asked later, but for what the journal knows', async () => {
    const { pay, processor } = till({ micropay: [charged('A1', 100)] });
    const outcome = await pay();
    await processor.close();
    for (const refused of [
      processor.pay({ ...order, out_trade_no: 'A2' }, code),
      processor.cancel('A1'),
      processor.settled('A1'),
    ])
      expect(await rejection(refused)).to.include({ code: 'ERR_CLOSED' });
    expect(() => processor.recover())
      .to.throw()
      .with.property('code', 'ERR_CLOSED');
    expect(await processor.outcome('A1')).to.deep.equal(outcome);
    await processor.acknowledge(outcome);
  });

  it('ends a recovery without an error', async () => {
    const { clock, start, processor } = till({ micropay: ['never'], orderquery: [state('USERPAYING')] });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    const second = start();
    const told = all(second.recover());
    await clock.run(undefined, 10);
    await second.close();
    expect(await told).to.deep.equal([]);
  });
});
