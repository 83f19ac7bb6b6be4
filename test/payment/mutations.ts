import type { Journal } from '../../lib/journal/journal.js';
import type { RequestOptions } from '../../lib/pay/request.js';
import { hasRail, type PaymentClient } from '../../lib/payment/client.js';
import type { Clock } from '../../lib/payment/clock.js';
import { machineOf, type Step, type Transition, transition } from '../../lib/payment/decision/machine.js';
import { beijingTime } from '../../lib/payment/decision/request-time.js';
import type { Next, PaymentEvent } from '../../lib/payment/decision/states.js';
import { type Row, transitions } from '../../lib/payment/decision/transitions.js';
import type { Mutation } from '../support/simulated/mutation.js';

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

type Pay = PaymentClient['micropay'];
type Query = PaymentClient['orderquery'];

/** A client whose payments, or queries, go another way, on both rails. */
const withClient = (change: {
  pay?: (pay: Pay, client: PaymentClient) => Pay;
  query?: (query: Query, client: PaymentClient) => Query;
}): Mutation => ({
  client: (client) => {
    if (!hasRail(client, 'facepay')) return client;
    const { pay = (same: Pay) => same, query = (same: Query) => same } = change;
    const micropay = pay(client.micropay, client);
    const orderquery = query(client.orderquery, client);
    return {
      ...client,
      micropay,
      orderquery,
      // The simulated client takes both rails' calls alike.
      facepay: ({ face_code: _, ...order }, options) =>
        micropay({ ...order, auth_code: '120061098828009406' }, options),
      facepayquery: orderquery,
    };
  },
});

/** What the payment request is given. */
const withOptions = (change: (options: RequestOptions) => RequestOptions): Mutation =>
  withClient({
    pay:
      (pay) =>
      (order, options = {}) =>
        pay(order, change(options)),
  });

/** A client of API v3 whose payments by v2 are asked for, or given up, by v3. */
const withOneApi = (...names: ReadonlyArray<'orderquery' | 'reverse'>): Mutation => ({
  client: (client) => {
    const { v2, orderquery, reverse } = client;
    if (v2 === undefined) return client;
    const all = { orderquery, reverse };
    return { ...client, v2: { ...v2, ...Object.fromEntries(names.map((name) => [name, all[name]])) } };
  },
});

/** Moves the time_end of every query's answer. */
const withTimeEnd = (move: (time_end: string, client: PaymentClient) => string | undefined): Mutation =>
  withClient({
    query: (query, client) => async (order, options) => {
      const answer = await query(order, options);
      if (answer.result_code === 'FAIL' || answer.time_end === undefined) return answer;
      const { time_end, ...rest } = answer;
      const moved = move(time_end, client);
      return { ...rest, ...(moved !== undefined && { time_end: moved }) };
    },
  });

const earlier = (time_end: string, ms: number): string =>
  new Date((beijingTime(time_end) ?? 0) - ms + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);

const renamed = (from: PaymentEvent['on'], to: PaymentEvent['on']): Mutation =>
  withEvent((event) => (event.on === from ? { ...event, on: to } : event));

const decline = { err_code: 'SYSTEMERROR' };
const minute = 60_000;

export const mutations: Readonly<Record<string, Mutation>> = {
  'trusts a missing order at once': withRows('polling', 'query:ORDERNOTEXIST', { to: 'reversed', next: 'end' }),
  'trusts a missing order after one reversal': withRows('reversing', 'query:ORDERNOTEXIST', {
    to: 'reversed',
    next: 'end',
  }),
  'never trusts a missing order': withRows('reversing', 'query:ORDERNOTEXIST', { to: 'reversing', next: 'reverse' }),
  'asks API v3 for what v2 has taken': withOneApi('orderquery'),
  'reverses by API v3 what v2 has taken': withOneApi('reverse'),
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
  'keeps a journal that knows no payment when it is asked': withJournal(() => ({ get: async () => undefined })),
  'keeps a journal that no longer knows, after a crash, what is unfinished': withJournal((journal) => ({
    list: async function* (filter) {
      for await (const record of journal.list(filter)) if (record.finished) yield record;
    },
  })),
  'keeps a journal that forgets a payment when it has ended': withJournal((journal) => ({
    get: async (kind, id) => {
      const record = await journal.get(kind, id);
      return record?.finished ? undefined : record;
    },
  })),
  'takes a repeated number, announced as INVALID_REQUEST, for a decline': withEvent((event) =>
    event.on === 'submit:taken' && event.detail?.startsWith('INVALID_REQUEST')
      ? { ...event, on: 'submit:declined', decline }
      : event,
  ),
  'looks at no time_end': withTimeEnd(() => undefined),
  "trusts the gateway's clock to the second": withTimeEnd((time_end, { gatewayTime }) =>
    gatewayTime ? earlier(time_end, 2 * minute) : time_end,
  ),
  'trusts its own clock to a minute': withTimeEnd((time_end, { gatewayTime }) =>
    gatewayTime ? time_end : earlier(time_end, 59 * minute),
  ),
  "never asks for the gateway's clock": {
    client: ({ gatewayTime: _, ...client }) => client,
  },
  "forgets the request's time by the gateway's clock": withJournal((journal) => {
    const forget = ({ data, ...record }: Parameters<Journal['put']>[0]) => {
      const { gateway: _, ...requested } = Object(data.requested);
      return { ...record, data: { ...data, requested } };
    };
    return {
      create: (record) => journal.create(forget(record)),
      put: (record) => journal.put(forget(record)),
    };
  }),
  'reverses before a query has told where the order stands': {
    transition: machineOf(transitions.filter(({ when }) => when !== 'no query has told where our order stands')),
  },
  'reverses without asking what was given up': withRows('submitting', 'abort', {
    to: 'reversing',
    next: 'reverse',
    why: 'given-up',
  }),
  'sends what was given up on the way': withOptions(({ signal: _, mayLeave: __, ...options }) => options),
  'lets a payment request leave however late': withOptions(({ mayLeave, signal, ...options }) => ({
    ...options,
    ...(signal && { signal }),
    mayLeave: () => mayLeave?.() !== false || signal?.aborted !== true,
  })),
  'listens to an abort only after the request was begun': {
    signal: (signal) => {
      const late: AbortSignal['addEventListener'] = (
        type: string,
        listener: Parameters<AbortSignal['addEventListener']>[1],
      ) => setImmediate(() => signal.addEventListener(type, listener));
      return new Proxy(signal, {
        get: (target, name) => {
          if (name === 'addEventListener') return late;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  },
  'decides at a deadline that came late': withEvent((event) => ({ ...event, late: false })),
  'ends at the first refused certificate': withRows('reversing', 'reverse:certificate', {
    to: 'attention',
    next: 'end',
    attention: { code: 'certificate', reason: '{detail}', resumable: true },
  }),
  'never puts a refused certificate before a person': withRows('reversing', 'reverse:certificate', {
    to: 'reversing',
    next: 'query now',
  }),
  'says nothing of a refused certificate': renamed('reverse:certificate', 'reverse:again'),
  'leaves a sale with a refused certificate when it is given up again': withRows('attention', 'cancel', undefined),
  'waits for a client without a bound no longer than for another': withEvent((event) => ({
    ...event,
    quiet: event.elapsed,
  })),
  'believes ORDERNOTEXIST over a kept connection': {
    transition: (state, event, policies) => {
      const step = transition(state, { ...event, fresh: true }, policies);
      return step.next.do === 'query' ? { ...step, next: { ...step.next, fresh: false } } : step;
    },
  },
  'believes an answer that names no order': withClient({
    query: (query) => async (order, options) => {
      const answer = await query(order, options);
      return answer.result_code === 'FAIL' ? answer : { ...answer, out_trade_no: order.out_trade_no ?? '' };
    },
  }),
  'tells what a write that hangs has not stored': withJournal((journal) => ({
    put: (record) => Promise.race([journal.put(record), journal.get('payment', record.id).then(() => undefined)]),
  })),
  'takes for durable what only the system has': {
    files: (files) => {
      const open = async (...given: Parameters<typeof files.open>) => {
        const file = await files.open(...given);
        return file && { ...file, sync: async () => undefined };
      };
      return { ...files, open: open as typeof files.open };
    },
  },
  'waits for a journal that never answers': { journalTimeout: 7 * 24 * 60 * minute },
  'takes a write that failed for one that was not stored': withJournal((journal) => ({
    get: async (kind, id) => {
      const record = await journal.get(kind, id);
      return record && record.revision > 1 ? { ...record, revision: record.revision - 1 } : record;
    },
  })),
  'asks after a limited payment as after any other': renamed('submit:limited', 'submit:unclear'),
  'takes FREQUENCY_LIMITED for an unknown': withEvent((event) =>
    event.on === 'submit:declined' && event.decline?.err_code === 'FREQUENCY_LIMITED'
      ? { ...event, on: 'submit:unclear' }
      : event,
  ),
  'blames the key for a limit on calls': withEvent((event) => {
    if (event.on === 'submit:limited') return { ...event, on: 'submit:refused' };
    return event.on === 'query:limited' ? { ...event, on: 'query:refused' } : event;
  }),
  'acknowledges whatever the journal knows by then': {
    acknowledged: (outcome, revision) => ({ ...outcome, revision }),
  },
  'acknowledges before its handler has taken it': {
    onOutcome: (handler) => (outcome) => void Promise.resolve(handler(outcome)).catch(() => undefined),
  },
  'waits by the wall clock': { clock: (clock): Clock => ({ ...clock, monotonic: () => clock.wall() }) },
  'tells the screen only what was paid': { tellsScreen: (payresult) => payresult === 'SUCCESS' },
};
