import { expect } from 'chai';
import { state } from '../support/scripted/client.js';
import { code, lost, order, till } from '../support/scripted/till.js';

describe('outcome() and acknowledge()', () => {
  it('know nothing of what is unknown or undecided', async () => {
    const { clock, processor } = till({ micropay: [lost], orderquery: [state('USERPAYING')] });
    expect(await processor.outcome('A1')).to.equal(undefined);
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 7_000);
    expect(await processor.outcome('A1')).to.equal(undefined);
    await processor.acknowledge({ out_trade_no: 'A1', revision: 1 });
    await processor.acknowledge({ out_trade_no: 'B', revision: 1 });
    await processor.close();
  });
});
