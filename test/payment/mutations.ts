import type { Journal } from '../../lib/journal/journal.js';
import type { Clock } from '../../lib/payment/clock.js';
import { machineOf, type Step, type Transition, transition } from '../../lib/payment/decision/machine.js';
import type { Next, PaymentEvent } from '../../lib/payment/decision/states.js';
import { type Row, transitions } from '../../lib/payment/decision/transitions.js';
import type { Mutation } from './simulation.js';

/* Deliberate mistakes, most of them made by somebody's payment code. The simulation must notice each. */

/** The machine with other rows where the chosen ones were. */
const withRows = (from: Row['from'], on: Row['on'][number], change: Partial<Row> | undefined): Mutation => {
  const isHit = (row: Row) => row.from === from && row.on.includes(on);
  const rows = transitions.flatMap((row): Row[] => {
    if (!isHit(row)) return [row];
    const others = { ...row, on: row.on.filter((each) => each !== on) };
    if (change === undefined) return [others];
    const { when: _, attention: __, ...rest } = row;
    return [others, { ...rest, on: [on], ...change }];
  });
  return { transition: machineOf(rows) };
};

const withEvent = (change: (event: PaymentEvent) => PaymentEvent): Mutation => ({
  transition: (state, event, policies) => transition(state, change(event), policies),
});

const withStep = (change: (step: Step, ...given: Parameters<Transition>) => Step): Mutation => ({
  transition: (...given) => change(transition(...given), ...given),
});

const withNext = (change: (next: Next) => Next): Mutation =>
  withStep(({ state, next }) => ({ state, next: change(next) }));

const withJournal = (change: (journal: Journal) => Partial<Journal>): Mutation => ({
  journal: (journal) => ({ ...journal, ...change(journal) }),
});

const decline = { err_code: 'SYSTEMERROR' };

export const mutations: Readonly<Record<string, Mutation>> = {
  'trusts a missing order at once': withRows('polling', 'query:ORDERNOTEXIST', { to: 'reversed', next: 'end' }),
  'trusts a missing order after one reversal': withRows('reversing', 'query:ORDERNOTEXIST', {
    to: 'reversed',
    next: 'end',
  }),
  'never trusts a missing order': withRows('reversing', 'query:ORDERNOTEXIST', { to: 'reversing', next: 'reverse' }),
  'skips the query that confirms a decline': withRows('submitting', 'submit:declined', { to: 'declined', next: 'end' }),
  'treats SYSTEMERROR as a decline': withEvent((event) =>
    event.on === 'submit:unclear' && event.detail?.startsWith('SYSTEMERROR')
      ? { ...event, on: 'submit:declined', decline }
      : event,
  ),
  'treats what got no answer as failed': withRows('submitting', 'submit:unclear', {
    to: 'failed',
    next: 'end',
  }),
  'treats an unsigned FAIL as failed': withRows('submitting', 'submit:refused', {
    to: 'failed',
    next: 'end',
  }),
  'believes a reversal without a query': withRows('reversing', 'reverse:done', { to: 'reversed', next: 'end' }),
  'reverses only once': withRows('reversing', 'query:SUCCESS', { to: 'reversed', next: 'end' }),
  'gives a reversal up that must be called again': withRows('reversing', 'reverse:again', {
    to: 'reversed',
    next: 'end',
  }),
  'gives a reversal up when nobody answers': withRows('reversing', 'query:silent', {
    to: 'reversing',
    next: 'continue',
  }),
  'reverses for ever what is no longer reversible': withRows('reversing', 'reverse:expired', {
    to: 'reversing',
    next: 'query now',
  }),
  'tells paid what was found charged after it was given up': withRows('reversing', 'query:SUCCESS', {
    to: 'paid',
    next: 'end',
  }),
  'takes PAYERROR for the end': withRows('polling', 'query:PAYERROR', { to: 'reversed', next: 'end' }),
  'takes PAYERROR after a decline for the end': withRows('confirming', 'query:PAYERROR', {
    to: 'declined',
    next: 'end',
  }),
  'takes USERPAYING after a decline for the end': withRows('confirming', 'query:USERPAYING', {
    to: 'declined',
    next: 'end',
  }),
  'takes ORDERPAID for our own payment': withRows('submitting', 'submit:taken', {
    to: 'confirming',
    next: 'query now',
  }),
  "reverses another sale's payment": withRows('submitting', 'submit:taken', { to: 'reversing', next: 'reverse' }),
  "forgets a given up sale's number that is another's": withRows('reversing', 'submit:taken', undefined),
  'takes another amount for ours': withEvent((event) =>
    event.on === 'query:stranger'
      ? { ...event, on: 'query:SUCCESS', payment: { transaction_id: '1', total_fee: 1, response: {} } }
      : event,
  ),
  'asks for ever': withRows('polling', 'timeout', undefined),
  'reverses for ever at a gateway that refuses the key': withRows('reversing', 'query:refused', {
    to: 'reversing',
    next: 'reverse',
  }),
  'takes NOTPAY for the end': withRows('polling', 'query:NOTPAY', { to: 'reversed', next: 'end' }),
  'takes USERPAYING for the end': withRows('polling', 'query:USERPAYING', { to: 'reversed', next: 'end' }),
  'takes a silent query for the end': withRows('polling', 'query:silent', { to: 'reversed', next: 'end' }),
  'cancels what was sent': withRows('submitting', 'abort', { to: 'cancelled', next: 'end' }),
  'ignores an abort while asking': withRows('polling', 'abort', undefined),
  'takes a crash for a failure': withRows('submitting', 'restart', { to: 'failed', next: 'end' }),
  'forgets a reversal over a crash': withRows('reversing', 'restart', undefined),
  'asks again, after a crash, what was given up': withRows('reversing', 'restart', {
    to: 'polling',
    next: 'query first',
  }),
  'leaves a paid sale paid when it is given up': withRows('paid', 'cancel', { to: 'reversed', next: 'end' }),
  'tells reversed before the gateway does': withRows('polling', 'timeout', { to: 'reversed', next: 'end' }),
  'reverses too early': withNext((next) =>
    next.do === 'reverse' || next.do === 'query' ? { ...next, notBefore: 0 } : next,
  ),
  'settles too early': {
    transition: (state, event, policies) =>
      transition(state, event, { ...policies, reversal: { ...policies.reversal, settleAfter: 0 } }),
  },
  'writes down only after sending': withJournal((journal) => ({
    create: async (record) => {
      void Promise.resolve()
        .then(() => undefined)
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => journal.create(record))
        .catch(() => undefined);
    },
  })),
  'acts before it is written down': withJournal((journal) => ({
    put: async (record) => {
      await journal.get('payment', record.id);
      setImmediate(() => void journal.put(record).catch(() => undefined));
    },
  })),
  'forgets what it decided': withJournal((journal) => ({
    put: async (record) =>
      record.state === 'reversing'
        ? undefined
        : journal.put({ ...record, revision: ((await journal.get('payment', record.id))?.revision ?? 0) + 1 }),
  })),
  'waits by the wall clock': { clock: (clock): Clock => ({ ...clock, monotonic: () => clock.wall() }) },
  'tells the screen only what was paid': { tellsScreen: (payresult) => payresult === 'SUCCESS' },
};
