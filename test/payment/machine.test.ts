import { expect } from 'chai';
import fc from 'fast-check';
import { transition } from '../../lib/payment/decision/machine.js';
import { outcomeOf } from '../../lib/payment/decision/outcomes.js';
import { defaultPolicies } from '../../lib/payment/decision/policies.js';
import {
  type EventName,
  events,
  finalPhases,
  type PaymentEvent,
  type PaymentState,
  type Phase,
  phases,
  remembered,
  submitting,
} from '../../lib/payment/decision/states.js';
import { transitions } from '../../lib/payment/decision/transitions.js';

const payment = { transaction_id: '42', total_fee: 100, response: {} };
const decline = { err_code: 'NOTENOUGH' };
const names = Object.keys(events).filter((name): name is EventName => Object.hasOwn(events, name));

const phaseNames = Object.keys(phases).filter((name): name is Phase => Object.hasOwn(phases, name));

const anyEvent: fc.Arbitrary<PaymentEvent> = fc.record({
  on: fc.constantFrom(...names),
  elapsed: fc.integer({ min: 0, max: 600_000 }),
  quiet: fc.integer({ min: 0, max: 600_000 }),
  fresh: fc.boolean(),
  late: fc.boolean(),
  verified: fc.boolean(),
  payment: fc.constant(payment),
  decline: fc.constant(decline),
});

/** What a hundred sequences rarely meet, a CI run would meet one day. */
const often = { numRuns: 3_000 };

/** Every state that a payment passes, and what was to be done in each. */
function history(given: readonly PaymentEvent[]) {
  let state: PaymentState = submitting;
  return given.map((event) => {
    const before = state;
    const step = transition(state, event, defaultPolicies);
    state = step.state;
    return { before, event, ...step };
  });
}

describe('The payment machine', () => {
  it('names only rows that can be reached: none stands behind another that takes all its events', () => {
    for (const [index, { from, on, when }] of transitions.entries())
      for (const event of on) {
        const before = transitions.slice(0, index).filter((row) => row.from === from && row.on.includes(event));
        expect(
          before.some((row) => row.when === undefined || row.when === when),
          `${from} ${event}`,
        ).to.equal(false);
      }
  });

  it('has an answer to every query and reversal in the states that wait for one', () => {
    for (const name of names) {
      if (name.startsWith('query:'))
        for (const from of name === 'query:returned'
          ? (['reversing'] as const)
          : (['polling', 'confirming', 'reversing'] as const))
          expect(
            transitions.some((row) => row.from === from && row.on.includes(name)),
            `${from} ${name}`,
          ).to.equal(true);
      if (name.startsWith('reverse:'))
        expect(
          transitions.some((row) => row.from === 'reversing' && row.on.includes(name)),
          name,
        ).to.equal(true);
      if (name.startsWith('submit:'))
        for (const from of ['submitting', 'reversing'] as const)
          expect(
            transitions.some((row) => row.from === from && row.on.includes(name)),
            `${from} ${name}`,
          ).to.equal(true);
    }
  });

  it('goes on after every answer and timer in an unfinished state, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (given) => {
        for (const { before, event, state, next } of history(given)) {
          if (finalPhases.has(state.phase) || before.phase === 'submitting') continue;
          // Only what is reversed is asked for its refunds.
          if (event.on === 'query:returned' && before.phase !== 'reversing') continue;
          const isAnswer = /^(query|reverse|restart)/.test(event.on) && !finalPhases.has(before.phase);
          if (isAnswer && (before.phase === 'reversing' || !event.on.startsWith('reverse:')))
            expect(next.do, `${before.phase} ${event.on}`).to.be.oneOf(['query', 'reverse']);
        }
      }),
      often,
    );
  });

  it('never tells paid after the decision to reverse, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (given) => {
        const passed = history(given).map(({ state }) => state.phase);
        const decided = passed.indexOf('reversing');
        if (decided >= 0) expect(passed.slice(decided)).to.not.include('paid');
      }),
      often,
    );
  });

  it('changes nothing where its table has no row', () => {
    for (const from of phaseNames)
      for (const on of names) {
        const state = remembered(from, { decline, refusal: 'SIGNERROR' });
        const event = { on, elapsed: 1, quiet: 1, verified: true };
        if (!transitions.some((row) => row.from === from && row.on.includes(on)))
          expect(transition(state, event, defaultPolicies), `${from} ${on}`).to.deep.equal({
            state,
            next: { do: 'continue' },
          });
      }
  });

  it('leaves a final state only by cancel()', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (given) => {
        for (const { before, event, state } of history(given))
          if (finalPhases.has(before.phase) && state.phase !== before.phase) {
            expect(event.on).to.equal('cancel');
            expect(before.phase).to.be.oneOf(['paid', 'attention']);
          }
      }),
      often,
    );
  });

  it('has something to tell in each final state, and while reversing', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (given) => {
        for (const { state } of history(given))
          if (finalPhases.has(state.phase) || state.phase === 'reversing')
            expect(outcomeOf('A1', state, 1)).to.include({ status: state.phase, out_trade_no: 'A1' });
      }),
      often,
    );
  });

  it('believes that an order is missing only after settleAfter, one more reversal and one more query', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (given) => {
        const passed = history(given);
        const end = passed.findIndex(
          ({ before, event, state }) =>
            before.phase === 'reversing' && state.phase === 'reversed' && event.on === 'query:ORDERNOTEXIST',
        );
        if (end < 0) return;
        const earlier = passed.slice(0, end).map(({ event }) => event);
        const missed = earlier.findIndex(
          ({ on, quiet, fresh }) =>
            on === 'query:ORDERNOTEXIST' && fresh && quiet >= defaultPolicies.reversal.settleAfter,
        );
        expect(missed).to.be.at.least(0);
        expect(earlier.slice(missed).map(({ on }) => on)).to.include('reverse:done');
      }),
      often,
    );
  });

  it('knows every state that its table names', () => {
    for (const { from, to } of transitions) expect(phases).to.include.keys(from, to);
  });
});
