import type { Policies } from '../policies.js';
import type { RefundEvent, RefundState } from './states.js';

/** What a guard needs of the policies. */
type Limits = Pick<Policies, 'reversal'>;
type Guard = (state: RefundState, event: RefundEvent, policies: Limits) => boolean;

const isLong = (since: number | undefined, { elapsed }: RefundEvent, { reversal }: Limits): boolean =>
  since !== undefined && elapsed - since >= reversal.settleAfter;

/** Conditions of the table, by the words that the table and the diagram use. `state` already knows what the event tells. */
export const guards = {
  'an earlier request may still arrive': ({ facts, memory }, event, policies) =>
    facts.reached === true && !isLong(memory.reachedAt, event, policies),
  'a no that is for a person': ({ facts }) => facts.decline?.byHand === true,
  'nothing can have arrived': ({ facts }) => facts.reached !== true,
  'certificate refused for long': ({ memory }, event, policies) => isLong(memory.certificateSince, event, policies),
  'everything refused for long': ({ memory }, event, policies) => isLong(memory.refusedSince, event, policies),
  'answered for long with what nobody has listed': ({ memory }, event, policies) =>
    isLong(memory.unlisted?.since, event, policies),
  'may still be sent': ({ facts }) => facts.resumable === true,
} as const satisfies Record<string, Guard>;
export type RefundGuardName = keyof typeof guards;
