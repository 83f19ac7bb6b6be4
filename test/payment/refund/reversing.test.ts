import { expect } from 'chai';
import type { RefundQueryResult } from '../../../lib/pay/refundquery.js';
import { returnedAnswer } from '../../../lib/payment/decision/answers.js';
import { charged, failed, reversed, state, times } from '../../support/scripted/client.js';
import { noRefund, shown } from '../../support/scripted/refunds.js';
import { awaiting, lost, methods, paid, till } from '../../support/scripted/till.js';

const asked = { out_trade_no: 'A1', total_fee: 100, earliest: undefined };
const ours = new Set(['R1', 'R2']);
const both = (one: string, two: string, of?: { out_trade_no: string; total_fee: number }): RefundQueryResult => {
  const [first, second] = [shown(one, 'R1', 40, of), shown(two, 'R2', 60, of)];
  if (first.result_code === 'FAIL' || second.result_code === 'FAIL') return noRefund;
  return { ...first, refunds: [...first.refunds, ...second.refunds] };
};

describe('A REFUND that is seen while a sale is reversed', () => {
  const cases: ReadonlyArray<readonly [string, RefundQueryResult, string]> = [
    ['by no refund, so by the reversal', noRefund, 'query:returned'],
    ['by ours, in full', both('SUCCESS', 'SUCCESS'), 'query:returned'],
    ['by nobody knows what, since ours were closed', both('REFUNDCLOSE', 'REFUNDCLOSE'), 'query:REFUND'],
    ['by ours, in part', both('SUCCESS', 'REFUNDCLOSE'), 'query:REFUND'],
    ['by ours, which are to be paid out by hand', both('SUCCESS', 'CHANGE'), 'query:REFUND'],
    ['by ours, under way', both('SUCCESS', 'PROCESSING'), 'query:silent'],
    ['by one that we do not know of', shown('SUCCESS', 'X1', 100), 'query:REFUND'],
    ['by one that we do not know of, closed', shown('REFUNDCLOSE', 'X1', 100), 'query:REFUND'],
    ['of another order', both('SUCCESS', 'SUCCESS', { out_trade_no: 'A2', total_fee: 100 }), 'query:silent'],
    ['unknown', failed('SYSTEMERROR'), 'query:silent'],
    ['unknown, since calls are limited', failed('FREQUENCY_LIMITED'), 'query:limited'],
  ];
  for (const [words, answer, on] of cases)
    it(`is ${on} ${words}`, () => {
      expect(returnedAnswer(answer, asked, ours)).to.include({ on });
    });

  const refund = state('REFUND');

  it('is reversed where no refund made it', async () => {
    const { pay, processor, clock, client } = till(
      {
        micropay: [charged('A1', 100)],
        orderquery: [paid, refund],
        reverse: [reversed()],
        refundquery: [lost, noRefund],
      },
      awaiting,
    );
    await pay();
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversed', why: 'given-up' });
    expect(methods(client.calls).filter((method) => method === 'refundquery')).to.have.length(2);
    expect(client.calls.find(({ method }) => method === 'refundquery')?.params).to.deep.equal({ out_trade_no: 'A1' });
  });

  it('is for a person where another refund did, or where the client cannot ask', async () => {
    for (const canAsk of [true, false]) {
      const { pay, processor, clock, client } = till(
        {
          micropay: [charged('A1', 100)],
          orderquery: [paid, refund],
          reverse: [reversed()],
          refundquery: [shown('SUCCESS', 'X1', 100)],
        },
        awaiting,
      );
      if (!canAsk) Reflect.deleteProperty(client, 'refundquery');
      await pay();
      const outcome = await clock.until(processor.cancel('A1'));
      expect(outcome).to.include({ status: 'attention', code: 'refunded-elsewhere' });
      expect(times(client.calls, 'refundquery')).to.have.length(canAsk ? 1 : 0);
    }
  });

  it('is for a person, without another question, where nobody reverses', async () => {
    const { pay, client } = till({ micropay: [lost], orderquery: [refund] });
    expect(await pay()).to.include({ status: 'attention', code: 'refunded-elsewhere' });
    expect(methods(client.calls)).to.not.include('refundquery');
  });
});
