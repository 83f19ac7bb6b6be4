import type { Journal, JournalRecord } from '../../../lib/journal/journal.js';
import { PayTransportError } from '../../../lib/pay/errors.js';
import type { RefundParams } from '../../../lib/pay/refund.js';
import type { RequestOptions } from '../../../lib/pay/request.js';
import type { PaymentClient } from '../../../lib/payment/client.js';
import { machineOf, transition } from '../../../lib/payment/decision/refund/machine.js';
import type { RefundEvent } from '../../../lib/payment/decision/refund/states.js';
import { type RefundRow, transitions } from '../../../lib/payment/decision/refund/transitions.js';
import { hasRefunds } from '../../../lib/payment/refund/client.js';
import type { Mutation } from '../../support/simulated/mutation.js';

/* Deliberate mistakes of code that refunds. The simulation must notice each, by what it is. */

interface RefundMutation {
  readonly mutation: Mutation;
  /** What is noticed. */
  readonly by: RegExp;
}

const withRows = (change: (rows: readonly RefundRow[]) => readonly RefundRow[]): Mutation => ({
  refundTransition: machineOf(change(transitions)),
});

/** One answer in one phase leads elsewhere. */
const withRow = (from: RefundRow['from'], on: RefundRow['on'][number], to: RefundRow['to'], next: RefundRow['next']) =>
  withRows((rows) => [{ from, on: [on], to, next }, ...rows]);

const without = (when: RefundRow['when']) => withRows((rows) => rows.filter((row) => row.when !== when));

const withEvent = (change: (event: RefundEvent) => RefundEvent): Mutation => ({
  refundTransition: (state, event, policies) => transition(state, change(event), policies),
});

const givenBack = { refund_id: '50' };

/** Takes one event for that of a refund that was given back. */
const takenForGivenBack = (on: RefundEvent['on']): Mutation =>
  withEvent((event) => (event.on === on ? { ...event, on: 'query:SUCCESS', givenBack } : event));

const withJournal = (change: (journal: Journal) => Partial<Journal>): Mutation => ({
  journal: (journal) => ({ ...journal, ...change(journal) }),
});

type Reserved = Record<string, unknown>;

/** What a sale's record tells of its refunds. */
function withReserved(record: JournalRecord, change: (refunds: Reserved[]) => Reserved[]): JournalRecord {
  const { refunds } = record.data;
  if (record.kind !== 'payment' || !Array.isArray(refunds)) return record;
  return { ...record, data: { ...record.data, refunds: change(refunds) } };
}

const onRead = (change: (refunds: Reserved[]) => Reserved[]): Mutation =>
  withJournal((journal) => ({
    get: async (kind, id) => {
      const record = await journal.get(kind, id);
      return record && withReserved(record, change);
    },
  }));

const onWrite = (change: (refunds: Reserved[]) => Reserved[]): Mutation =>
  withJournal((journal) => ({ put: (record) => journal.put(withReserved(record, change)) }));

type Send = NonNullable<PaymentClient['refund']>;

const withSend = (
  change: (send: Send, params: RefundParams, options?: RequestOptions) => ReturnType<Send>,
): Mutation => ({
  client: (client) =>
    hasRefunds(client) ? { ...client, refund: (params, options) => change(client.refund, params, options) } : client,
});

const unkept = (each: Reserved): Reserved => ({ ...each, phase: 'failed', facts: { failure: 'late', reason: '' } });
const amounts = /beyond what was paid/;
const untrue = /told of a refund refused, at the gateway (?:SUCCESS|PROCESSING)/;
const endless = /unfinished for ever/;

export const refundMutations: Readonly<Record<string, RefundMutation>> = {
  'sends a new number after silence': {
    mutation: withSend(async (send, params, options) => {
      try {
        return await send(params, options);
      } catch (error) {
        if (!(error instanceof PayTransportError && error.sent)) throw error;
        return send({ ...params, out_refund_no: `${params.out_refund_no}-2` }, options);
      }
    }),
    by: /nobody asked for/,
  },
  'sends another amount when it sends again': {
    mutation: {
      client: (client) => {
        const sent = new Set<string>();
        if (!hasRefunds(client)) return client;
        return {
          ...client,
          refund: (params, options) => {
            const isAgain = sent.has(params.out_refund_no);
            sent.add(params.out_refund_no);
            return client.refund(isAgain ? { ...params, refund_fee: params.refund_fee + 1 } : params, options);
          },
        };
      },
    },
    by: /other parameters/,
  },
  'tells what was accepted as refunded': {
    mutation: takenForGivenBack('send:accepted'),
    by: /before it was given back/,
  },
  'tells what is under way as refunded': {
    mutation: takenForGivenBack('query:PROCESSING'),
    by: /before it was given back/,
  },
  'tells what was closed as refunded': {
    mutation: takenForGivenBack('query:REFUNDCLOSE'),
    by: /before it was given back/,
  },
  'tells as refunded what is to be paid by hand': {
    mutation: takenForGivenBack('query:CHANGE'),
    by: /before it was given back/,
  },
  'keeps no sum': { mutation: onRead((refunds) => refunds.map(unkept)), by: amounts },
  'keeps the sum of this run of the program only': {
    mutation: {
      journal: (journal) => {
        const own = new Set<unknown>();
        const hide = (refunds: Reserved[]) => refunds.filter(({ out_refund_no }) => own.has(out_refund_no));
        return {
          ...journal,
          put: (record) => {
            withReserved(record, (refunds) => {
              for (const { out_refund_no } of refunds) own.add(out_refund_no);
              return refunds;
            });
            return journal.put(record);
          },
          get: async (kind, id) => {
            const record = await journal.get(kind, id);
            return record && withReserved(record, hide);
          },
        };
      },
    },
    by: /beyond what was paid|before it was reserved/,
  },
  'keeps no count': {
    mutation: onRead((refunds) => refunds.map((each, index) => (index < refunds.length - 45 ? unkept(each) : each))),
    by: /more than 50 refunds/,
  },
  'gives up a sale that is refunded': {
    mutation: onRead((refunds) => refunds.map(unkept)),
    by: /was reversed that is refunded/,
  },
  'keeps no minute between two': {
    mutation: { clock: (clock) => ({ ...clock, monotonic: () => 2 * clock.monotonic() }) },
    by: /less than a minute apart/,
  },
  'reserves no refund': { mutation: onWrite(() => []), by: /before it was reserved/ },
  'keeps reservations in memory': {
    mutation: {
      journal: (journal) => {
        const kept = new Map<string, Reserved[]>();
        return {
          ...journal,
          put: (record) =>
            journal.put(
              withReserved(record, (refunds) => {
                kept.set(record.id, refunds);
                return [];
              }),
            ),
          get: async (kind, id) => {
            const record = await journal.get(kind, id);
            return record && withReserved(record, () => kept.get(id) ?? []);
          },
        };
      },
    },
    by: /before it was reserved/,
  },
  'sends before it is written down': {
    mutation: withJournal((journal) => ({
      create: async (record) => {
        if (record.kind === 'payment') return journal.create(record);
        setImmediate(() => void journal.create(record).catch(() => undefined));
      },
    })),
    by: /before it was written down/,
  },
  'copies nothing to the sale': {
    mutation: onWrite((refunds) => refunds.map((each) => ({ ...each, phase: 'sending', facts: {} }))),
    by: /the sale's record tells/,
  },
  'takes silence for a no': {
    mutation: withEvent((event) =>
      event.on === 'send:again' ? { ...event, on: 'send:declined', decline: { err_code: 'SYSTEMERROR' } } : event,
    ),
    by: untrue,
  },
  'takes a no for the end while an earlier request may arrive': {
    mutation: without('an earlier request may still arrive'),
    by: untrue,
  },
  'tells a no without the query that confirms it': {
    mutation: withRow('sending', 'send:declined', 'refused', 'end'),
    by: untrue,
  },
  'believes REFUNDNOTEXIST over a kept connection': {
    mutation: {
      client: (client) =>
        hasRefunds(client)
          ? { ...client, refundquery: (ref, { fresh: _, ...options } = {}) => client.refundquery(ref, options) }
          : client,
    },
    by: untrue,
  },
  'sends once': { mutation: withRow('sending', 'send:again', 'sending', 'continue'), by: endless },
  'asks once for what was accepted': {
    mutation: withRow('accepted', 'query:PROCESSING', 'accepted', 'continue'),
    by: endless,
  },
  'forgets over a crash what it sends': { mutation: withRow('sending', 'restart', 'sending', 'continue'), by: endless },
  'forgets over a crash what was accepted': {
    mutation: withRow('accepted', 'restart', 'accepted', 'continue'),
    by: endless,
  },
  'ends at the first refused certificate': {
    mutation: withRows((rows) =>
      rows.map((row) => {
        const { when, ...rest } = row;
        return when === 'certificate refused for long' ? rest : row;
      }),
    ),
    by: /certificate too early: refund/,
  },
  'never puts a refused certificate before a person': {
    mutation: without('certificate refused for long'),
    by: endless,
  },
  'ends at the first refusal': {
    mutation: withRows((rows) =>
      rows.map((row) => {
        const { when, ...rest } = row;
        return when === 'everything refused for long' ? rest : row;
      }),
    ),
    by: /refusals too early: refund/,
  },
  'never tells its handler of refunds': {
    mutation: { onOutcome: (handler) => (outcome) => ('kind' in outcome ? undefined : handler(outcome)) },
    by: /acknowledged a refund unheard|a refund (?:never|not) told/,
  },
};
