import { expect } from 'chai';
import fc from 'fast-check';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import { PayClient } from '../../lib/pay/client.js';
import { backoff, defaultPolicies, jittered, resolvePolicies } from '../../lib/payment/decision/policies.js';
import { InvalidPolicyError } from '../../lib/payment/errors.js';
import type { PaymentProcessorOptions } from '../../lib/payment/processor.js';
import { PaymentProcessor } from '../../lib/payment/processor.js';

type Given = Pick<PaymentProcessorOptions, 'polling' | 'reversal'>;

function refusal(given: unknown, requestTimeout?: number): InvalidPolicyError {
  try {
    // As a program in JavaScript might.
    Reflect.apply(resolvePolicies, undefined, [given, requestTimeout]);
  } catch (error) {
    if (error instanceof InvalidPolicyError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
}

describe('The policies of a payment', () => {
  it("are the vendor's advice where nothing is said", () => {
    expect(resolvePolicies({})).to.deep.equal({
      polling: { firstDelay: 5000, interval: 5000, timeout: 30000 },
      reversal: {
        notBefore: 15000,
        mode: 'background',
        backoff: { initial: 1000, factor: 2, maximum: 60000, jitter: 0.2 },
        settleAfter: 300000,
      },
      refund: { firstQuery: 60000, backoff: { initial: 60000, factor: 2, maximum: 3600000, jitter: 0.2 } },
    });
  });

  it('take each field by itself, and undefined for none', () => {
    const given = { polling: { interval: 100 }, reversal: { backoff: { factor: 3 } } };
    expect(resolvePolicies(given)).to.deep.equal({
      ...defaultPolicies,
      polling: { ...defaultPolicies.polling, interval: 100 },
      reversal: { ...defaultPolicies.reversal, backoff: { ...defaultPolicies.reversal.backoff, factor: 3 } },
    });
    const asked: unknown = { polling: { interval: undefined }, reversal: { backoff: undefined } };
    expect(Reflect.apply(resolvePolicies, undefined, [asked])).to.deep.equal(defaultPolicies);
  });

  const wrong: ReadonlyArray<[field: string, given: unknown, words: RegExp]> = [
    ['polling.interval', { polling: { interval: 0 } }, /from 1 to 604800000, not 0/],
    ['polling.firstDelay', { polling: { firstDelay: -1 } }, /from 0 to/],
    ['polling.timeout', { polling: { timeout: Number.NaN } }, /not NaN/],
    ['polling.timeout', { polling: { timeout: Number.POSITIVE_INFINITY } }, /not Infinity/],
    ['polling.timeout', { polling: { timeout: '30000' } }, /must be a number/],
    ['polling.timeOut', { polling: { timeOut: 1 } }, /is unknown; known are firstDelay, interval, timeout/],
    ['polling.interval', { polling: { interval: Object.create(null) } }, /must be a number.*not of type object/],
    ['polling', { polling: 5000 }, /must be an object/],
    ['reversal.mode', { reversal: { mode: 'later' } }, /'background' or 'await', not later/],
    ['reversal.mode', { reversal: { mode: Object.create(null) } }, /not of type object/],
    ['reversal.backoff', { reversal: { backoff: null } }, /must be an object/],
    ['reversal.backoff.initial', { reversal: { backoff: { initial: 0 } } }, /from 1/],
    ['reversal.backoff.factor', { reversal: { backoff: { factor: 0.5 } } }, /from 1 to 100/],
    ['reversal.backoff.jitter', { reversal: { backoff: { jitter: 1.1 } } }, /from 0 to 1/],
    [
      'reversal.backoff.maximum',
      { reversal: { backoff: { maximum: 999 } } },
      /at least reversal.backoff.initial \(1000\)/,
    ],
    ['refund', { refund: 60000 }, /must be an object/],
    ['refund.first', { refund: { first: 1 } }, /is unknown; known are firstQuery, backoff/],
    ['refund.firstQuery', { refund: { firstQuery: -1 } }, /from 0 to/],
    ['refund.backoff.initial', { refund: { backoff: { initial: 0 } } }, /from 1/],
    ['refund.backoff.factor', { refund: { backoff: { factor: '2' } } }, /must be a number/],
    [
      'refund.backoff.maximum',
      { refund: { backoff: { maximum: 59_999 } } },
      /at least refund.backoff.initial \(60000\)/,
    ],
    ['refund.backoff.jitter', { refund: { backoff: { jitter: 2 } } }, /from 0 to 1/],
    ['reversal.settleAfter', { reversal: { settleAfter: 15000 } }, /more than reversal.notBefore \(15000\), not 15000/],
    ['reversal.notBefore', { reversal: { notBefore: 8 * 86_400_000 } }, /to 604800000/],
  ];
  for (const [field, given, words] of wrong)
    it(`name ${field} where it is ${JSON.stringify(given)}`, () => {
      expect(refusal(given)).to.include({ code: 'ERR_INVALID_POLICY', field });
      expect(refusal(given).message).to.match(words).and.include(field);
    });

  it('demand that a missing order counts only after no request can be on its way', () => {
    expect(refusal({ reversal: { settleAfter: 20_000 } }, 20_000)).to.include({ field: 'reversal.settleAfter' });
    resolvePolicies({ reversal: { settleAfter: 20_001 } }, 20_000);
    const client = new PayClient({
      appid: 'wx8888888888888888',
      mch_id: '1900000109',
      key: '192006250b4c09247ec02edce69f6a2d',
      timeout: { connect: 6_000, response: 9_000 },
    });
    const processor = (settleAfter: number) =>
      new PaymentProcessor({ client, journal: new MemoryJournal(), reversal: { settleAfter } });
    // Two hosts may be tried.
    expect(() => processor(21_000)).to.throw(InvalidPolicyError, /client's time-outs together \(21000\)/);
    processor(21_001);
  });

  it('wait longer from attempt to attempt, never longer than the maximum and its jitter, never less than nothing', () => {
    const policy = fc
      .record({
        initial: fc.integer({ min: 1, max: 604_800_000 }),
        factor: fc.double({ min: 1, max: 100, noNaN: true }),
        maximum: fc.integer({ min: 1, max: 604_800_000 }),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .filter(({ initial, maximum }) => maximum >= initial);
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 100_000 }), chance, (given, attempts, luck) => {
        resolvePolicies({ reversal: { backoff: given } } satisfies Given);
        const wait = backoff(given, attempts);
        expect(wait).to.be.within(given.initial, given.maximum);
        expect(backoff(given, attempts + 1)).to.be.at.least(wait);
        expect(jittered(wait, given.jitter, luck)).to.be.within(0, 2 * given.maximum);
      }),
    );
    expect(backoff(defaultPolicies.reversal.backoff, 0)).to.equal(0);
  });

  it('are taken as a whole or not at all: whatever numbers are given, they hold or a field is named', () => {
    const number = fc.oneof(fc.integer({ min: -10, max: 400_000 }), fc.double());
    const given = fc.record(
      {
        polling: fc.record({ firstDelay: number, interval: number, timeout: number }, { requiredKeys: [] }),
        reversal: fc.record({ notBefore: number, settleAfter: number }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(given, (each) => {
        try {
          const { polling, reversal } = resolvePolicies(each);
          expect(polling.interval).to.be.at.least(1);
          expect(reversal.settleAfter).to.be.above(reversal.notBefore);
        } catch (error) {
          if (!(error instanceof InvalidPolicyError)) throw error;
          expect(error.message.startsWith(error.field)).to.equal(true);
        }
      }),
    );
  });
});
