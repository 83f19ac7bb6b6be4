import type { Policies } from './policies.js';
import type { PaymentEvent, PaymentState } from './states.js';

type Guard = (state: PaymentState, event: PaymentEvent, policies: Policies) => boolean;

const isLong = (since: number | undefined, { elapsed }: PaymentEvent, enough: number): boolean =>
  since !== undefined && elapsed - since >= enough;

/** Conditions of the table, by the words that the table and the diagram use. `state` already knows what the event tells. */
export const guards = {
  'declined before': ({ facts }) => facts.decline !== undefined,
  'declined before, over a connection of its own': ({ facts }, event) =>
    facts.decline !== undefined && event.fresh === true,
  'over a connection of its own': (_state, event) => event.fresh === true,
  'given up by a person': ({ facts }) => facts.givenUp === true,
  'the till stood still': (_state, event) => event.late === true,
  'the deadline has passed': ({ memory }) => memory.isOverdue,
  'payment and queries refused, nothing verified': ({ facts, memory }, event, { polling }) =>
    facts.refusal !== undefined && memory.queryRefused && event.elapsed >= polling.timeout,
  'everything refused for long': ({ memory }, event, { reversal }) =>
    memory.queryRefused && memory.reversalRefused && isLong(memory.refusedSince, event, reversal.settleAfter),
  'certificate refused for long': ({ memory }, event, { reversal }) =>
    isLong(memory.certificateSince, event, reversal.settleAfter),
  'no query has told where our order stands': ({ memory }) => !memory.confirmed,
  'calls are limited, too early to settle': ({ memory }, event, { reversal }) =>
    memory.isLimited && event.quiet < reversal.settleAfter,
  settled: ({ memory }) => memory.missing && memory.reversedSince,
  'settled, but it was charged': ({ facts, memory }) =>
    facts.charged === true && memory.missing && memory.reversedSince,
  'may still be reversed': ({ facts }) => facts.resumable === true,
} as const satisfies Record<string, Guard>;
export type GuardName = keyof typeof guards;
