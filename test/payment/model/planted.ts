import type { GuardName } from '../../../lib/payment/decision/guards.js';
import { machineOf, type Step, type Transition, transition } from '../../../lib/payment/decision/machine.js';
import type { PaymentEvent } from '../../../lib/payment/decision/states.js';
import { type Row, transitions } from '../../../lib/payment/decision/transitions.js';
import type { Dimensions } from './gateway-model.js';

/* Deliberate mistakes of the machine. The model must find each, in a world with these dimensions. */

interface Planted {
  readonly table: Transition;
  readonly dimensions: ReadonlyArray<keyof Dimensions>;
  /** What is found. */
  readonly finds: RegExp;
}

/** Another row for an event, before all others; none: it changes nothing. */
const row = (from: Row['from'], on: Row['on'][number], to: Row['to'], next: Row['next']): Transition =>
  machineOf([{ from, on: [on], to, next }, ...transitions]);

const without = (from: Row['from'], on: Row['on'][number]): Transition =>
  machineOf(
    transitions.map((each) => (each.from === from ? { ...each, on: each.on.filter((name) => name !== on) } : each)),
  );

/** A row that is taken whether its condition holds or not. */
const unguarded = (from: Row['from'], when: GuardName): Transition =>
  machineOf(
    transitions.map((each) => {
      if (each.from !== from || each.when !== when) return each;
      const { when: _, ...rest } = each;
      return rest;
    }),
  );

/** A row that is never taken. */
const untaken = (from: Row['from'], when: GuardName): Transition =>
  machineOf(transitions.filter((each) => each.from !== from || each.when !== when));

const withEvent =
  (change: (event: PaymentEvent) => PaymentEvent): Transition =>
  (state, event, policies) =>
    transition(state, change(event), policies);

const withStep =
  (change: (step: Step) => Step): Transition =>
  (...given) =>
    change(transition(...given));

const decline = { err_code: 'SYSTEMERROR' };

const list: Readonly<Record<string, [Transition, RegExp, ...Array<keyof Dimensions>]>> = {
  // What was sent.
  'treats what got no answer as failed': [row('submitting', 'submit:unclear', 'failed', 'end'), /failed.*left/],
  'treats an unsigned FAIL as failed': [
    row('submitting', 'submit:refused', 'failed', 'end'),
    /failed.*left/,
    'refusals',
  ],
  'treats an unsigned limit as failed': [
    row('submitting', 'submit:limited', 'failed', 'end'),
    /failed.*left/,
    'refusals',
  ],
  'takes a crash for a failure': [row('submitting', 'restart', 'failed', 'end'), /failed.*left/, 'crash'],
  'cancels what was sent': [row('submitting', 'abort', 'cancelled', 'end'), /cancelled.*left/, 'abort'],
  'treats SYSTEMERROR as a decline': [
    withEvent((event) =>
      event.on === 'submit:unclear' && event.detail === 'SYSTEMERROR'
        ? { ...event, on: 'submit:declined', decline }
        : event,
    ),
    /declined, but/,
  ],
  // A decline, and the query that confirms it.
  'skips the query that confirms a decline': [row('submitting', 'submit:declined', 'declined', 'end'), /declined, but/],
  'takes PAYERROR after a decline for the end': [
    row('confirming', 'query:PAYERROR', 'declined', 'end'),
    /declined, but/,
  ],
  'takes USERPAYING after a decline for the end': [
    row('confirming', 'query:USERPAYING', 'declined', 'end'),
    /declined, but/,
  ],
  'takes silence after a decline for the end': [row('confirming', 'query:silent', 'declined', 'end'), /declined, but/],
  "takes another order's ORDERNOTEXIST for its own, on the way back": [
    withStep(({ state, next }) => ({ state, next: next.do === 'query' ? { ...next, fresh: false } : next })),
    /no end/,
  ],
  "takes another order's ORDERNOTEXIST for its own": [
    (state, event, policies) => {
      const { state: after, next } = transition(state, { ...event, fresh: true }, policies);
      return { state: after, next: next.do === 'query' ? { ...next, fresh: false } : next };
    },
    /declined, but/,
  ],
  // Queries.
  'trusts a missing order at once': [row('polling', 'query:ORDERNOTEXIST', 'reversed', 'end'), /reversed, but/],
  'takes NOTPAY for the end': [row('polling', 'query:NOTPAY', 'reversed', 'end'), /reversed, but/],
  'takes USERPAYING for the end': [row('polling', 'query:USERPAYING', 'reversed', 'end'), /reversed, but/],
  'takes PAYERROR for the end': [row('polling', 'query:PAYERROR', 'reversed', 'end'), /reversed, but/],
  'takes a silent query for the end': [row('polling', 'query:silent', 'reversed', 'end'), /reversed, but/],
  'takes REFUND for paid back by itself': [
    row('polling', 'query:REFUND', 'reversed', 'end'),
    /reversed, but/,
    'refund',
  ],
  'tells reversed before the gateway does': [row('polling', 'timeout', 'reversed', 'end'), /reversed, but/],
  'asks for ever': [without('polling', 'timeout'), /no end/],
  'asks for ever after a decline': [without('confirming', 'timeout'), /no end/],
  'waits for the answer for ever': [without('submitting', 'timeout'), /no end/],
  'decides late what may lie in the socket': [untaken('submitting', 'the till stood still'), /came late/, 'stillness'],
  'asks for ever after a late deadline': [untaken('polling', 'the deadline has passed'), /no end/, 'stillness'],
  // Another sale's number.
  'takes ORDERPAID for our own payment': [row('submitting', 'submit:taken', 'paid', 'end'), /paid, but/],
  "reverses another sale's payment": [row('submitting', 'submit:taken', 'reversing', 'reverse'), /before a query/],
  "reverses what a query shows as another sale's": [
    row('polling', 'query:stranger', 'reversing', 'reverse'),
    /stranger's/,
  ],
  'takes another amount for ours': [
    withEvent((event) => (event.on === 'query:stranger' ? { ...event, on: 'query:SUCCESS' } : event)),
    /stranger's/,
  ],
  'reverses before a query has told anything': [
    untaken('reversing', 'no query has told where our order stands'),
    /before a query/,
  ],
  'reverses at the deadline, blindly': [row('polling', 'timeout', 'reversing', 'reverse'), /before a query/],
  'reverses before it has heard the request out': [
    withStep(({ state, next }) => {
      if (next.do !== 'query') return { state, next };
      const { notBefore: _, ...rest } = next;
      return { state, next: rest };
    }),
    /declined, but/,
    'unbounded',
  ],
  'sends the payment again while it asks': [
    (state, event, policies) => {
      const step = transition(state, event, policies);
      return event.on === 'query:ORDERNOTEXIST' && step.state.phase === 'polling'
        ? { ...step, next: { do: 'submit' } }
        : step;
    },
    /leaves twice/,
  ],
  // Giving up.
  'ignores an abort while asking': [without('polling', 'abort'), /after it was given up/, 'abort'],
  'ignores a cancel while asking': [without('polling', 'cancel'), /after it was given up/, 'two cancels'],
  'leaves a paid sale paid when it is given up': [
    row('paid', 'cancel', 'reversed', 'end'),
    /reversed, but/,
    'two cancels',
  ],
  'tells paid what was found charged after it was given up': [
    row('reversing', 'query:SUCCESS', 'paid', 'end'),
    /after reversing was told/,
  ],
  'asks again, after a crash, what was given up': [
    row('reversing', 'restart', 'polling', 'query first'),
    /after reversing was told/,
    'crash',
  ],
  'forgets a reversal over a crash': [without('reversing', 'restart'), /no end/, 'crash'],
  // Reversals.
  'reverses too early': [
    withStep(({ state, next }) => ({ state, next: 'notBefore' in next ? { ...next, notBefore: 0 } : next })),
    /too early/,
  ],
  'trusts a missing order after one reversal': [
    row('reversing', 'query:ORDERNOTEXIST', 'reversed', 'end'),
    /reversed, but/,
  ],
  'never trusts a missing order': [row('reversing', 'query:ORDERNOTEXIST', 'reversing', 'reverse'), /no end/],
  'settles too early': [
    (state, event, policies) =>
      transition(state, event, { ...policies, reversal: { ...policies.reversal, settleAfter: 0 } }),
    /reversed, but/,
  ],
  'settles while a client without a bound may still send': [
    withEvent((event) => ({ ...event, quiet: event.elapsed })),
    /reversed, but/,
    'unbounded',
  ],
  'believes a reversal without a query': [row('reversing', 'reverse:done', 'reversed', 'end'), /reversed, but/],
  'gives a reversal up that must be called again': [
    row('reversing', 'reverse:again', 'reversed', 'end'),
    /reversed, but/,
  ],
  'gives a reversal up when nobody answers': [row('reversing', 'query:silent', 'reversing', 'continue'), /no end/],
  'reverses only once': [row('reversing', 'query:SUCCESS', 'reversed', 'end'), /reversed, but/],
  'takes REVERSE_EXPIRE for reversed': [
    row('reversing', 'reverse:expired', 'reversed', 'end'),
    /reversed, but/,
    'reverse-expire',
  ],
  // Refusals.
  'reverses for ever at a gateway that refuses the key': [
    row('reversing', 'query:refused', 'reversing', 'reverse'),
    /before a query/,
    'refusals',
  ],
  'asks for ever at a gateway that refuses the key': [
    untaken('reversing', 'everything refused for long'),
    /if all is refused/,
    'refusals',
  ],
  'reverses for ever with a certificate that is refused': [
    untaken('reversing', 'certificate refused for long'),
    /uncertified/,
    'refusals',
  ],
  'takes a limit for the end': [row('polling', 'query:limited', 'reversed', 'end'), /reversed, but/, 'refusals'],
  'takes a refused certificate for the end': [
    row('reversing', 'reverse:certificate', 'reversed', 'end'),
    /reversed, but/,
    'refusals',
  ],
  'asks a person at the first doubt': [unguarded('reversing', 'settled, but it was charged'), /attention for nothing/],
};

export const planted: ReadonlyArray<Planted & { readonly name: string }> = Object.entries(list).map(
  ([name, [table, finds, ...dimensions]]) => ({ name, table, finds, dimensions }),
);
