import { expect } from 'chai';
import fc from 'fast-check';
import { defaultPolicies } from '../../../lib/payment/decision/policies.js';
import { type RefundStep, transition } from '../../../lib/payment/decision/refund/machine.js';
import { refundOutcomeOf } from '../../../lib/payment/decision/refund/outcomes.js';
import { defaultRefundPolicy } from '../../../lib/payment/decision/refund/policy.js';
import {
  events,
  finalPhases,
  phases,
  type RefundEvent,
  type RefundEventName,
  type RefundPhase,
  type RefundState,
  remembered,
  sending,
} from '../../../lib/payment/decision/refund/states.js';
import { transitions } from '../../../lib/payment/decision/refund/transitions.js';

const policies = { reversal: defaultPolicies.reversal, refund: defaultRefundPolicy };
const { settleAfter } = policies.reversal;
const minute = 60_000;
const hour = 60 * minute;

const identity = { out_trade_no: 'A1', out_refund_no: 'R1', refund_fee: 40 };
const givenBack = { refund_id: '50000000382019052709732678859', time: '2024-11-23 12:05:00', to: '支付用户零钱' };
const no = { err_code: 'NOTENOUGH', err_code_des: '基本账户余额不足' };

const isEventName = (name: string): name is RefundEventName => Object.hasOwn(events, name);
const names = Object.keys(events).filter(isEventName);
const isPhase = (name: string): name is RefundPhase => Object.hasOwn(phases, name);
const phaseNames = Object.keys(phases).filter(isPhase);

/** What comes with each event, as answers.ts has it. */
const happening = (on: RefundEventName, elapsed = 0): RefundEvent => ({
  on,
  elapsed,
  detail: `${on} in words`,
  ...(on === 'query:SUCCESS' && { givenBack }),
  ...(on === 'send:declined' && { decline: no }),
  ...(on === 'query:REFUNDCLOSE' && { decline: { err_code: 'REFUNDCLOSE' } }),
  ...(on === 'send:unable' && { failure: 'certificate' as const }),
  ...(/:(?:accepted|declined|[A-Z]+)$/.test(on) && { verified: true }),
});

type Given = RefundEventName | RefundEvent | readonly [RefundEventName, elapsed: number];

/** Where a refund is after these events, from the moment it was written down. */
function history(...given: readonly Given[]): RefundStep & { outcome: ReturnType<typeof refundOutcomeOf> } {
  let step: RefundStep = { state: sending, next: { do: 'continue' } };
  for (const each of given) {
    const event = typeof each === 'string' ? happening(each) : 'on' in each ? each : happening(...each);
    step = transition(step.state, event, policies);
  }
  return { ...step, outcome: refundOutcomeOf(identity, step.state, 1, step.state.memory.trouble) };
}

const send = (wait: number, least = 0) => ({ do: 'send', wait, least });
const query = (wait: number, least = 0) => ({ do: 'query', wait, least });

describe('A refund, as its machine decides', () => {
  it('is sent when it is in the journal, and again after a crash: the same number gives back once', () => {
    expect(history('begin').next).to.deep.equal(send(0));
    expect(history('begin', 'restart').next).to.deep.equal(send(0));
  });

  it('is sent again without end, later and later, up to an hour, while nothing verified comes', () => {
    const waits = [minute, 2 * minute, 4 * minute, 8 * minute, 16 * minute, 32 * minute, hour, hour];
    const given: RefundEventName[] = ['begin'];
    for (const wait of waits) {
      given.push('send:again');
      expect(history(...given).next).to.deep.equal(send(wait));
      expect(history(...given).outcome).to.deep.include({ status: 'processing', accepted: false, trouble: 'silence' });
    }
  });

  it('is not failed because the network is: what is written down is sent when it is back', () => {
    expect(history('begin', 'send:not-sent').next).to.deep.equal(send(minute));
    expect(history('begin', 'send:not-sent').outcome).to.deep.include({ status: 'processing', trouble: 'silence' });
  });

  it('is sent a minute later, or more, where calls are limited', () => {
    expect(history('begin', 'send:limited').next).to.deep.equal(send(minute, minute));
    expect(history('begin', 'send:limited').outcome).to.include({ trouble: 'limit' });
    const quick = { ...policies, refund: { firstQuery: 1, backoff: { ...defaultRefundPolicy.backoff, initial: 1 } } };
    expect(transition(sending, happening('send:limited'), quick).next).to.deep.equal(send(minute, minute));
    expect(transition(remembered('accepted', {}), happening('query:limited'), quick).next).to.deep.equal(
      query(minute, minute),
    );
  });

  it('is not refunded when it is accepted: it is queried in minutes, then in hours', () => {
    const accepted = history('begin', 'send:accepted');
    expect(accepted.outcome).to.deep.equal({
      kind: 'refund',
      ...identity,
      revision: 1,
      status: 'processing',
      accepted: true,
    });
    expect(accepted.next).to.deep.equal(query(minute));
    const waits = [minute, 2 * minute, 4 * minute, 8 * minute, 16 * minute, 32 * minute, hour, hour];
    const given: RefundEventName[] = ['begin', 'send:accepted'];
    for (const wait of waits) {
      given.push('query:PROCESSING');
      expect(history(...given).next).to.deep.equal(query(wait));
    }
    expect(history(...given, 'restart').next).to.deep.equal(query(0));
    expect(history(...given, 'notice').next).to.deep.equal(query(0));
    expect(history(...given, 'query:silent').next).to.deep.equal(query(hour));
  });

  it('is refunded when a query shows SUCCESS', () => {
    for (const before of [['send:accepted'], ['send:unclear'], ['send:declined'], ['send:again', 'notice']] as const)
      expect(history('begin', ...before, 'query:SUCCESS').outcome, before.join()).to.deep.equal({
        kind: 'refund',
        ...identity,
        revision: 1,
        status: 'refunded',
        ...givenBack,
      });
  });

  it('is refused where the gateway closed it', () => {
    expect(history('begin', 'send:accepted', 'query:REFUNDCLOSE').outcome).to.deep.include({
      status: 'refused',
      err_code: 'REFUNDCLOSE',
    });
  });

  it('is for a person where the card is gone', () => {
    const { outcome } = history('begin', 'send:accepted', 'query:CHANGE');
    expect(outcome).to.include({ status: 'attention', code: 'by-hand' });
  });

  it('is for a person where its number shows another refund', () => {
    for (const before of ['send:accepted', 'send:unclear', 'send:declined'] as const)
      expect(history('begin', before, 'query:stranger').outcome).to.include({ status: 'attention', code: 'not-ours' });
  });

  it('is refused by a verified no that a query confirms, and not before', () => {
    const told = history('begin', 'send:declined');
    expect(told.next).to.deep.equal(query(0));
    expect(told.outcome).to.include({ status: 'processing', accepted: false });
    expect(history('begin', 'send:declined', 'query:silent').next).to.deep.equal(query(minute));
    expect(history('begin', 'send:declined', 'query:silent', 'query:REFUNDNOTEXIST').outcome).to.deep.equal({
      kind: 'refund',
      ...identity,
      revision: 1,
      status: 'refused',
      ...no,
    });
  });

  it('is accepted where the query finds it although the gateway said no', () => {
    const found = history('begin', 'send:declined', 'query:PROCESSING');
    expect(found.outcome).to.include({ status: 'processing', accepted: true });
    expect(found.state.facts).to.not.have.property('decline');
  });

  it('is not refused while an earlier request may still arrive', () => {
    const waiting = history(
      'begin',
      ['send:again', 15_000],
      ['send:declined', 75_000],
      ['query:REFUNDNOTEXIST', 76_000],
    );
    expect(waiting.outcome).to.include({ status: 'processing' });
    expect(waiting.next).to.deep.equal(query(settleAfter - 61_000, settleAfter - 61_000));
    expect(
      history(
        'begin',
        ['send:again', 15_000],
        ['send:declined', 75_000],
        ['query:REFUNDNOTEXIST', 76_000],
        ['query:REFUNDNOTEXIST', 15_000 + settleAfter],
      ).outcome,
    ).to.include({ status: 'refused' });
    // A crash may have cut a request off.
    const restarted = history(['restart', 0], ['send:declined', 1_000], ['query:REFUNDNOTEXIST', 2_000]);
    expect(restarted.next).to.deep.equal(query(settleAfter - 2_000, settleAfter - 2_000));
  });

  it('is sent again, with the same number, where a query finds nothing after silence', () => {
    expect(history('begin', 'send:again', 'notice', 'query:REFUNDNOTEXIST').next).to.deep.equal(send(minute));
    expect(history('begin', 'send:unclear', 'query:REFUNDNOTEXIST').next).to.deep.equal(send(minute));
  });

  it('is sent again where it was taken and is not there', () => {
    const denied = history('begin', 'send:accepted', 'query:REFUNDNOTEXIST');
    expect(denied.next).to.deep.equal(send(minute));
    // It never counts as one of which nothing reached the gateway.
    expect(transition(denied.state, happening('send:unable'), policies).state.phase).to.equal('attention');
  });

  it('is queried where the answer was about another refund, or a code that nobody has listed', () => {
    expect(history('begin', 'send:unclear').next).to.deep.equal(query(0));
  });

  it('is for a person where the gateway answers for long with codes that nobody has listed, and shows no refund', () => {
    const unlisted = (elapsed: number) => ({
      ...happening('send:unclear', elapsed),
      verified: true,
      detail: 'INVALID_REQUEST 订单已全额退款',
    });
    const early = history('begin', unlisted(0), 'query:REFUNDNOTEXIST', unlisted(settleAfter - 1), [
      'query:REFUNDNOTEXIST',
      settleAfter - 1,
    ]);
    expect(early.outcome).to.include({ status: 'processing' });
    const late = history('begin', unlisted(0), ['send:again', 1], ['query:REFUNDNOTEXIST', settleAfter]);
    // Not by hand: a request may still arrive.
    expect(late.outcome).to.include({ status: 'attention', code: 'refused' });
    expect(late.outcome).to.have.property('reason').that.includes('INVALID_REQUEST 订单已全额退款');
    expect(transition(late.state, happening('ask', settleAfter), policies).next).to.deep.equal(send(0));
    // Another verified answer between says that it may go on.
    const again = { ...happening('send:again', 1), verified: true };
    const mended = history('begin', unlisted(0), again, unlisted(settleAfter), ['query:REFUNDNOTEXIST', settleAfter]);
    expect(mended.outcome).to.include({ status: 'processing' });
  });

  it('is for a person by USER_ACCOUNT_ABNORMAL or ERROR, once a query confirms that nothing was given back', () => {
    const byHand = { ...happening('send:declined'), decline: { ...no, byHand: true as const } };
    expect(history('begin', byHand).outcome).to.include({ status: 'processing' });
    const { outcome } = history('begin', byHand, 'query:REFUNDNOTEXIST');
    expect(outcome).to.include({ status: 'attention', code: 'by-hand' });
    expect(outcome).to.have.property('reason').that.includes('NOTENOUGH 基本账户余额不足');
    expect(history('begin', byHand, 'query:SUCCESS').outcome).to.include({ status: 'refunded' });
  });

  it('has failed only where nothing can have arrived, and nothing can be sent', () => {
    expect(history('begin', 'send:unable').outcome).to.include({ status: 'failed', code: 'certificate' });
    expect(history('begin', 'send:not-sent', 'send:unable').outcome).to.include({ status: 'failed' });
    expect(history('begin', 'send:again', 'send:unable').outcome).to.include({
      status: 'attention',
      code: 'certificate',
    });
    expect(history('restart', 'send:unable').outcome).to.include({ status: 'attention', code: 'certificate' });
  });

  it('tells a refused certificate or key at once, and is for a person after nothing else for long', () => {
    const cases = [
      ['send:certificate', 'certificate', 'send:certificate'],
      ['send:refused', 'refused', 'send:refused'],
    ] as const;
    for (const [on, code, last] of cases) {
      expect(history('begin', [on, 0]).outcome, on).to.include({ status: 'processing', trouble: code });
      expect(history('begin', [on, 0], [last, settleAfter - 1]).outcome).to.include({ status: 'processing' });
      expect(history('begin', [on, 0], [last, settleAfter]).outcome).to.include({ status: 'attention', code });
      // Silence in between is no sign that they are good, a verified answer is.
      expect(history('begin', [on, 0], ['send:again', 1], [last, settleAfter]).outcome).to.include({ code });
      const good = { ...happening('send:again', 1), verified: true };
      expect(history('begin', [on, 0], good, [last, settleAfter]).outcome).to.include({ status: 'processing' });
    }
    for (const before of ['send:accepted', 'send:declined'] as const) {
      const refused = history('begin', before, ['query:refused', 0], ['query:refused', settleAfter]);
      expect(refused.outcome, before).to.include({ status: 'attention', code: 'refused' });
    }
  });

  it('is taken up again by the same number once key or certificate are good', () => {
    const refused = ['begin', ['send:refused', 0], ['send:refused', settleAfter]] as const;
    const again = history(...refused, ['ask', settleAfter + 1]);
    expect(again.next).to.deep.equal(send(0));
    expect(again.outcome).to.deep.include({ status: 'processing', accepted: false });
    expect(again.state.facts).to.deep.equal({ reached: true });
    // Counted anew: the next refusal is no long one.
    expect(history(...refused, ['ask', settleAfter + 1], ['send:refused', settleAfter + 2]).state.phase).to.equal(
      'sending',
    );
    for (const end of ['query:SUCCESS', 'query:CHANGE', 'query:REFUNDCLOSE', 'query:stranger'] as const) {
      const ended = history('begin', 'send:accepted', end);
      expect(transition(ended.state, happening('ask'), policies).state, end).to.equal(ended.state);
    }
  });
});

/** A state without what only counts and measures. */
const essence = ({ phase, facts }: RefundState): string =>
  JSON.stringify([phase, facts.reached, facts.decline, facts.resumable]);

/** Every state that can be reached, with what happens in it and where that leads. Early and late, verified and not. */
function explore(): Map<string, { state: RefundState; steps: Array<{ event: RefundEvent; step: RefundStep }> }> {
  const found = new Map<string, { state: RefundState; steps: Array<{ event: RefundEvent; step: RefundStep }> }>();
  const queue: RefundState[] = [sending];
  for (let state = queue.shift(); state !== undefined; state = queue.shift()) {
    if (found.has(essence(state))) continue;
    const steps = names.flatMap((on) =>
      [0, settleAfter].flatMap((since) =>
        [happening(on), { ...happening(on), decline: { ...no, byHand: true as const } }].map((event) => {
          const { refusedSince: _r, certificateSince: _c, unlisted: _u, ...memory } = state.memory;
          // The refusals began at once, or never.
          const unlisted = { since: 0, words: 'X' };
          const refusals = since === 0 ? {} : { refusedSince: 0, certificateSince: 0, unlisted };
          const before = { ...state, memory: { ...memory, ...refusals, reachedAt: 0 } };
          const late = { ...event, elapsed: since };
          return { event: late, step: transition(before, late, policies) };
        }),
      ),
    );
    found.set(essence(state), { state, steps });
    queue.push(...steps.map(({ step }) => step.state));
  }
  return found;
}

describe('The refund machine, every state of it', () => {
  const states = explore();

  it('reaches every phase', () => {
    expect(new Set([...states.values()].map(({ state }) => state.phase))).to.deep.equal(new Set(phaseNames));
  });

  it('can reach an end from every state, by answers alone', () => {
    for (const [from] of states) {
      const seen = new Set([from]);
      const queue = [from];
      let isEnded = false;
      for (let key = queue.shift(); key !== undefined && !isEnded; key = queue.shift()) {
        const { state, steps } = states.get(key) ?? { state: sending, steps: [] };
        isEnded = finalPhases.has(state.phase);
        for (const { event, step } of steps) {
          const next = essence(step.state);
          if (seen.has(next) || !event.on.includes(':')) continue;
          seen.add(next);
          queue.push(next);
        }
      }
      expect(isEnded, from).to.equal(true);
    }
  });

  it('tells refunded only by a verified SUCCESS of our number, amount and sale', () => {
    for (const { state, steps } of states.values())
      for (const { event, step } of steps)
        if (step.state.phase === 'refunded' && state.phase !== 'refunded') expect(event.on).to.equal('query:SUCCESS');
  });

  it('tells that nothing was given back only by a query, or where nothing was ever sent', () => {
    for (const { state, steps } of states.values())
      for (const { event, step } of steps) {
        if (step.state.phase === state.phase) continue;
        if (step.state.phase === 'refused') expect(event.on).to.be.oneOf(['query:REFUNDCLOSE', 'query:REFUNDNOTEXIST']);
        if (step.state.phase === 'failed') {
          expect(event.on).to.equal('send:unable');
          expect(state.facts.reached).to.equal(undefined);
        }
      }
  });

  it('goes on after every answer, restart and notice in an unfinished state, and does nothing after an end', () => {
    for (const { state, steps } of states.values())
      for (const { event, step } of steps) {
        const isEnd = finalPhases.has(step.state.phase);
        if (finalPhases.has(state.phase) && event.on !== 'ask')
          expect(step.state).to.deep.include({ phase: state.phase });
        const isExpected =
          event.on === 'restart' ||
          event.on === 'notice' ||
          event.on.startsWith('query:') ||
          (event.on.startsWith('send:') && state.phase === 'sending');
        if (finalPhases.has(state.phase) || !isExpected) continue;
        expect(step.next.do, `${state.phase} ${event.on}`).to.be.oneOf(isEnd ? ['end'] : ['send', 'query']);
      }
  });

  it('has something to tell in each', () => {
    for (const { state } of states.values())
      expect(refundOutcomeOf(identity, state, 1)).to.deep.include({
        ...identity,
        status: finalPhases.has(state.phase) ? state.phase : 'processing',
      });
  });

  it('uses every row of its table: none stands behind another that takes all its events', () => {
    const used = new Set<string>();
    for (const { state, steps } of states.values())
      for (const { event, step } of steps)
        if (step.next.do !== 'continue' || step.state !== state)
          used.add(`${state.phase} ${event.on} ${step.state.phase}`);
    for (const [index, { from, on, when, to }] of transitions.entries())
      for (const event of on) {
        expect(used, `${from} ${event} ${to}`).to.include(`${from} ${event} ${to}`);
        const before = transitions.slice(0, index).filter((row) => row.from === from && row.on.includes(event));
        expect(
          before.some((row) => row.when === undefined || row.when === when),
          `${from} ${event}`,
        ).to.equal(false);
      }
  });

  it('never waits less than nothing or longer than an hour, whatever came before', () => {
    const anyEvent = fc.record({ on: fc.constantFrom(...names), elapsed: fc.integer({ min: 0, max: 600_000 }) });
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (given) => {
        let state = sending;
        for (const { on, elapsed } of given) {
          const step = transition(state, happening(on, elapsed), policies);
          if ('wait' in step.next) expect(step.next.wait).to.be.within(0, hour + minute);
          state = step.state;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
