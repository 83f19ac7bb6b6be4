import { expect } from 'chai';
import { OrderExistsError } from 'wxpay-face';
import type { Scenario } from 'wxpay-face/simulator';
import { newOrder, openTill } from '../support/till.js';

/* The table of docs/guide/02-concepts.md. */

const scenarios: ReadonlyArray<readonly [Scenario, string, 'again' | 'never']> = [
  ['scan-payment', 'scan', 'again'],
  ['user-cancel', 'cancelled', 'again'],
  ['gateway-down', 'failed', 'again'],
  [{ service: 'down' }, 'ERR_SERVICE_CALL', 'again'],
  ['success', 'paid', 'never'],
  ['not-enough', 'declined', 'never'],
  ['number-taken', 'attention', 'never'],
  ['userpaying-forever', 'reversing', 'never'],
];

describe('an order number', () => {
  for (const [scenario, told, rule] of scenarios)
    it(`may ${rule === 'again' ? 'be used again for its sale' : 'never be used again'} after ${told}`, async () => {
      const till = await openTill(scenario);
      const order = newOrder();
      try {
        const first = await till.facePay.pay(order).then(
          ({ status }) => status,
          ({ code }) => code,
        );
        expect(first).to.equal(told);
        expect((await till.journal.get('payment', order.out_trade_no)) === undefined).to.equal(rule === 'again');
        till.simulator.scenario = 'success';
        const second = await till.facePay.pay(order).then(
          ({ status }) => status,
          (error) => error,
        );
        if (rule === 'again') expect(second).to.equal('paid');
        else expect(second).to.be.instanceOf(OrderExistsError);
      } finally {
        await till.close();
      }
    });
});
