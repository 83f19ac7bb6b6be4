import { backoff, type Policies } from '../policies.js';
import { rowFinder, without } from '../table.js';
import { guards } from './guards.js';
import {
  finalPhases,
  newMemory,
  type RefundEvent,
  type RefundEventName,
  type RefundFacts,
  type RefundMemory,
  type RefundNext,
  type RefundState,
} from './states.js';
import { type RefundPlan, type RefundRow, transitions } from './transitions.js';

/*
 * What happens to one refund, decided by one pure function over one table, as with a payment (../machine.ts).
 */

/** What the machine needs of the policies. */
export type RefundPolicies = Pick<Policies, 'reversal' | 'refund'>;

const isSend = ({ on }: RefundEvent): boolean => on.startsWith('send:');

/** After these something may have reached the gateway; after a restart too, since a crash may have cut a request off. */
const reaching: ReadonlySet<RefundEventName> = new Set([
  'send:accepted',
  'send:again',
  'send:unclear',
  'send:limited',
  'send:refused',
  'send:certificate',
  'query:PROCESSING',
  'ask',
  'restart',
]);

const reaches = ({ phase }: Pick<RefundState, 'phase'>, { on }: RefundEvent): boolean =>
  reaching.has(on) && (on !== 'restart' || phase === 'sending');

/** The same object if there is nothing new, so that only what changed is written. */
function learn(before: RefundState, event: RefundEvent): RefundFacts {
  let known = before.facts;
  if (reaches(before, event) && known.reached === undefined) known = { ...known, reached: true };
  switch (event.on) {
    case 'send:accepted':
    case 'query:PROCESSING':
    case 'query:SUCCESS':
      // It was taken after all.
      return known.decline === undefined ? known : without(known, 'decline');
    case 'send:declined':
    case 'query:REFUNDCLOSE':
      return event.decline === undefined ? known : { ...known, decline: event.decline };
    default:
      return known;
  }
}

/** What keeps the refund from its end, after this event. A good query says nothing of the certificate. */
function troubleAfter({ trouble }: RefundMemory, { on, verified }: RefundEvent): RefundMemory['trouble'] {
  if (on === 'send:certificate') return 'certificate';
  if (on.endsWith(':limited')) return 'limit';
  if (on.endsWith(':refused')) return 'refused';
  if (on.startsWith('send:') && verified) return undefined;
  if (trouble === 'certificate') return trouble;
  if (on === 'query:silent' || on === 'send:again' || on === 'send:not-sent') return verified ? undefined : 'silence';
  return verified ? undefined : trouble;
}

function remember({ phase, memory: before }: RefundState, event: RefundEvent): RefundMemory {
  const { on, elapsed, verified = false } = event;
  if (on === 'restart' || on === 'ask') return { ...newMemory, reachedAt: elapsed };
  const trouble = troubleAfter(before, event);
  const refusedSince = before.refusedSince ?? (on.endsWith(':refused') ? elapsed : undefined);
  // Silence is not a sign that the certificate is good, nor is a query, which needs none.
  const since = before.certificateSince ?? (on === 'send:certificate' ? elapsed : undefined);
  const isGood = isSend(event) && verified;
  const unlisted = unlistedAfter(before, event);
  return {
    sends: before.sends + (isSend(event) ? 1 : 0),
    queries: before.queries + (on.startsWith('query:') ? 1 : 0),
    reachedAt: reaches({ phase }, event) ? elapsed : before.reachedAt,
    isLimited: on.endsWith(':limited'),
    ...(unlisted !== undefined && { unlisted }),
    ...(refusedSince !== undefined && !verified && { refusedSince }),
    ...(since !== undefined && !isGood && { certificateSince: since }),
    ...(trouble !== undefined && { trouble }),
  };
}

/** Silence is not an answer, and a query's says nothing of the request's. */
function unlistedAfter({ unlisted }: RefundMemory, event: RefundEvent): RefundMemory['unlisted'] {
  if (!isSend(event) || !event.verified) return unlisted;
  const { on, elapsed, detail = on } = event;
  return on === 'send:unclear' ? { since: unlisted?.since ?? elapsed, words: detail } : undefined;
}

/** What the row's state adds to the facts. */
function conclude({ facts, memory }: RefundState, row: RefundRow, event: RefundEvent): RefundFacts {
  if (row.to === row.from) return facts;
  const rest = without(facts, 'reason', 'attention', 'resumable');
  if (row.attention !== undefined) {
    const { code, reason, resumable } = row.attention;
    const { err_code, err_code_des } = facts.decline ?? {};
    const no = [err_code, err_code_des].filter(Boolean).join(' ');
    return {
      ...rest,
      attention: code,
      reason: reason
        .replace('{no}', () => no)
        .replace('{unlisted}', () => memory.unlisted?.words ?? '')
        .replace('{detail}', () => event.detail ?? event.on),
      ...(resumable && { resumable }),
    };
  }
  switch (row.to) {
    case 'refunded':
      return event.givenBack === undefined ? rest : { ...rest, givenBack: event.givenBack };
    case 'failed':
      return { ...rest, failure: event.failure ?? 'internal', reason: event.detail ?? event.on };
    default:
      return rest;
  }
}

/** The least wait before the next call while the gateway limits calls (docs/facts.md#refunds): again a minute later. */
const minute = 60_000;

function plan(to: RefundPlan, { memory }: RefundState, { elapsed }: RefundEvent, policies: RefundPolicies): RefundNext {
  const { refund, reversal } = policies;
  const least = memory.isLimited ? minute : 0;
  const after = (what: 'send' | 'query', ms: number, atLeast = least) => ({
    do: what,
    wait: Math.max(ms, atLeast),
    least: atLeast,
  });
  switch (to) {
    case 'send now':
      return after('send', 0);
    case 'send again':
      return after('send', backoff(refund.backoff, Math.max(1, memory.sends)));
    case 'query now':
      return after('query', 0);
    case 'query first':
      return after('query', refund.firstQuery);
    case 'query again':
      return after('query', backoff(refund.backoff, Math.max(1, memory.queries)));
    case 'query when it can settle':
      return after('query', 0, Math.max(0, memory.reachedAt + reversal.settleAfter - elapsed));
    default:
      return { do: to };
  }
}

export interface RefundStep {
  readonly state: RefundState;
  readonly next: RefundNext;
}
export type RefundTransition = (state: RefundState, event: RefundEvent, policies: RefundPolicies) => RefundStep;

/** Reads a table of transitions. The simulation reads mutated ones, to see that it notices. */
export function machineOf(rows: readonly RefundRow[]): RefundTransition {
  const find = rowFinder(rows, guards);
  return (before, event, policies) => {
    const memory = finalPhases.has(before.phase) && event.on !== 'ask' ? before.memory : remember(before, event);
    const known = { phase: before.phase, facts: learn(before, event), memory };
    const row = find(known, event, policies);
    if (row === undefined) return { state: before, next: { do: 'continue' } };
    const state = {
      phase: row.to,
      facts: conclude(known, row, event),
      // The backoff of asking begins again.
      memory: row.to === row.from ? memory : { ...memory, queries: 0 },
    };
    return { state, next: plan(row.next, state, event, policies) };
  };
}

export const transition: RefundTransition = machineOf(transitions);
