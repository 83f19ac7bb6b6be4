import { expect } from 'chai';
import type { PaymentProcessorOptions } from '../../lib/payment/processor.js';
import { rejection } from '../support/rejection.js';
import { charged, failed, reversed, type Scripts, state, times } from '../support/scripted/client.js';
import { awaiting, code, lost, methods, missing, order, paid, till, unsent } from '../support/scripted/till.js';

describe('An abort', () => {
  const aborting = (scripts: Scripts, at: number, options: Partial<PaymentProcessorOptions> = awaiting) => {
    const made = till(scripts, options);
    const abort = new AbortController();
    made.clock.at(at, () => abort.abort());
    return {
      ...made,
      abort,
      outcome: () => made.clock.until(made.processor.pay(order, code, { signal: abort.signal })),
    };
  };

  it('before anything leaves no trace', async () => {
    const { processor, client, journal } = till({});
    const outcome = await processor.pay(order, code, { signal: AbortSignal.abort() });
    expect(outcome).to.deep.equal({ status: 'cancelled', out_trade_no: 'A1', by: 'cashier' });
    expect(client.calls).to.deep.equal([]);
    expect(await journal.get('payment', 'A1')).to.equal(undefined);
  });

  it('before anything is no answer about a number that the journal knows', async () => {
    const { pay, clock, processor } = till({ micropay: [charged('A1', 100)] });
    await pay();
    const again = clock.until(rejection(processor.pay(order, code, { signal: AbortSignal.abort() })));
    expect(await again).to.have.property('code', 'ERR_ORDER_EXISTS');
  });

  it('while the payment is being written down sends nothing', async () => {
    const abort = new AbortController();
    const { processor, client, journal } = till({});
    const create = journal.create.bind(journal);
    journal.create = async (record) => {
      await create(record);
      abort.abort();
    };
    expect(await processor.pay(order, code, { signal: abort.signal })).to.include({ status: 'cancelled' });
    expect(client.calls).to.deep.equal([]);
    expect(await journal.get('payment', 'A1')).to.include({ state: 'cancelled', finished: true });
  });

  it('after sending is journalled and told at once, and the payment reversed, not before notBefore, even where a query says SUCCESS', async () => {
    const { outcome, client, clock, processor } = aborting(
      { micropay: [lost], orderquery: [paid, paid, state('REVOKED')], reverse: [reversed()] },
      1_000,
      {},
    );
    expect(await outcome()).to.include({ status: 'reversing' });
    expect(clock.monotonic()).to.equal(1_000);
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse')[0]).to.equal(15_000);
  });

  it('while the request is on its way waits for its answer before anything is reversed', async () => {
    for (const [answer, status, calls] of [
      [failed('ORDERPAID'), 'attention', ['micropay']],
      [unsent, 'cancelled', ['micropay']],
      [charged('A1', 100), 'reversed', ['micropay', 'orderquery', 'reverse', 'orderquery']],
      [failed('NOTENOUGH'), 'declined', ['micropay', 'orderquery']],
    ] as const) {
      const query = status === 'declined' ? [missing] : [paid, state('REVOKED')];
      const { outcome, client, clock } = aborting({ orderquery: query, reverse: [reversed()] }, 1_000);
      const { micropay } = client;
      client.micropay = async (params) => {
        await micropay(params).catch(() => undefined);
        await clock.sleep(19_000);
        if (answer instanceof Error) throw answer;
        return answer;
      };
      expect(await outcome()).to.include({ status });
      expect(methods(client.calls)).to.deep.equal(calls);
    }
  });

  it('after the payment was journalled as paid changes nothing', async () => {
    const { outcome, abort, processor } = aborting({ micropay: [charged('A1', 100)] }, 1_000);
    expect(await outcome()).to.include({ status: 'paid' });
    abort.abort();
    expect(await processor.outcome('A1')).to.include({ status: 'paid' });
  });
});
