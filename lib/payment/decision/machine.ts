import { guards } from './guards.js';
import { backoff, type Policies } from './policies.js';
import {
  type Facts,
  finalPhases,
  type Memory,
  type Next,
  newMemory,
  type PaymentEvent,
  type PaymentState,
} from './states.js';
import { extended, rowFinder, without } from './table.js';
import { type Plan, type Row, transitions } from './transitions.js';

/*
 * What happens to one payment, decided by one pure function over one table: no I/O, no clock, no randomness.
 * The run (run.ts) performs what `next` says, writes the state down before it acts on it, and feeds back events.
 */

/** The same object if there is nothing new, so that only what changed is written. */
function learn(facts: Facts, event: PaymentEvent): Facts {
  let known = facts;
  if (event.verified && known.refusal !== undefined) known = without(known, 'refusal');
  switch (event.on) {
    case 'submit:paid':
    case 'query:SUCCESS':
      // A charge contradicts the decline before it.
      if (known.decline !== undefined) known = without(known, 'decline');
      return known.charged ? known : extended(known, { charged: true });
    case 'query:USERPAYING':
      return known.decline === undefined ? known : without(known, 'decline');
    case 'submit:declined':
      return event.decline === undefined ? known : { ...known, decline: event.decline };
    case 'submit:refused':
      return { ...known, refusal: event.detail ?? '' };
    case 'abort':
    case 'cancel':
      return known.givenUp ? known : { ...known, givenUp: true };
    default:
      return known;
  }
}

const isUnanswered = ({ on }: PaymentEvent): boolean =>
  on === 'query:silent' || on === 'query:refused' || on === 'query:limited';

/** What keeps the payment from its end, after this event. A good query says nothing of the certificate. */
function troubleAfter({ trouble }: Memory, { on, verified }: PaymentEvent): Memory['trouble'] {
  if (on === 'reverse:certificate') return 'certificate';
  if (on.endsWith(':limited')) return 'limit';
  if (on.endsWith(':refused')) return 'refused';
  if (on.startsWith('reverse:') && verified) return undefined;
  if (trouble === 'certificate') return trouble;
  if (on === 'query:silent' || (on === 'reverse:again' && !verified)) return 'silence';
  return verified ? undefined : trouble;
}

function limitsAfter({ limits }: Memory, { on, verified }: PaymentEvent): number {
  if (on.endsWith(':limited')) return limits + 1;
  return verified ? 0 : limits;
}

/** Since when there was one refusal after the other; silence is not an end of them. */
function refusedSince(before: number | undefined, { elapsed, verified }: PaymentEvent, isRefused: boolean) {
  if (verified) return undefined;
  return before ?? (isRefused ? elapsed : undefined);
}

/**
 * Every field of it, in the order of newMemory: then V8 has one hidden class for all memories, while each spread of one that
 * was made by a spread makes another.
 */
function remember(before: Memory, event: PaymentEvent, { reversal }: Policies): Memory {
  const { on, quiet, verified = false, fresh = false, password = false, late = false } = event;
  if (on === 'restart') return newMemory;
  const isReversal = on.startsWith('reverse:');
  const isQuery = on.startsWith('query:');
  const isAnswer = isQuery || isReversal || on.startsWith('submit:');
  const isNone = on === 'query:ORDERNOTEXIST';
  // Silence says nothing of the order, nor does an ORDERNOTEXIST that may be another query's; anything else has found it.
  const saysNothing = !isQuery || isUnanswered(event) || (isNone && !fresh);
  const isMissing = isNone && fresh && (before.missing || quiet >= reversal.settleAfter);
  return {
    queries: before.queries + (isQuery ? 1 : 0),
    reversals: before.reversals + (isReversal ? 1 : 0),
    queryRefused: isQuery ? on === 'query:refused' : before.queryRefused,
    reversalRefused: isReversal ? on === 'reverse:refused' : before.reversalRefused,
    confirmed: before.confirmed || !saysNothing,
    missing: saysNothing ? before.missing : isMissing,
    reversedSince: isReversal
      ? on === 'reverse:done' && before.missing
      : before.reversedSince && (saysNothing || isMissing),
    limits: limitsAfter(before, event),
    isLimited: before.isLimited || on === 'submit:limited',
    isOverdue: before.isOverdue || (on === 'timeout' && late),
    // Nothing but a verified answer ends the wait for the password.
    password: password || (before.password && !(isAnswer && verified)),
    trouble: troubleAfter(before, event),
    refusedSince: refusedSince(before.refusedSince, event, on.endsWith(':refused')),
    certificateSince: isReversal
      ? refusedSince(before.certificateSince, event, on === 'reverse:certificate')
      : before.certificateSince,
  };
}

/** What the row's state adds to the facts. */
function conclude(facts: Facts, row: Row, event: PaymentEvent): Facts {
  if (row.to === row.from) return facts;
  const { reason: _reason, attention: _attention, resumable: _resumable, ...rest } = facts;
  if (row.attention !== undefined) {
    const { code, reason, resumable } = row.attention;
    const detail = event.detail ?? facts.refusal ?? event.on;
    return {
      ...rest,
      attention: code,
      reason: reason.replace('{detail}', () => detail),
      ...(resumable && { resumable }),
    };
  }
  switch (row.to) {
    case 'paid':
      return event.payment === undefined ? rest : extended(rest, { payment: event.payment });
    case 'failed':
      return { ...rest, failure: event.failure ?? 'internal', reason: event.detail ?? event.on };
    case 'cancelled':
      return { ...rest, by: event.by ?? 'cashier' };
    default:
      return row.why === undefined ? rest : { ...rest, why: row.why };
  }
}

const minute = 60_000;

/**
 * The least wait before the next call while the gateway limits calls. A payment that was limited itself was most likely not
 * taken, and nobody waits for it: one call a minute, or fewer, so that it adds nothing to what was too much.
 */
function limitWait({ isLimited, limits }: Memory, { polling }: Policies): number {
  if (isLimited) return Math.min(5 * minute, minute * 2 ** Math.max(0, limits - 1));
  return limits === 0 ? 0 : Math.min(minute, polling.interval * 2 ** limits);
}

function plan(to: Plan, state: PaymentState, event: PaymentEvent, policies: Policies): Next {
  const { phase, memory } = state;
  const { polling, reversal } = policies;
  const least = limitWait(memory, policies);
  // Polls may go over kept connections, since they believe no ORDERNOTEXIST: a server polls thousands.
  const query = (wait: number) => ({
    do: 'query' as const,
    wait: Math.max(wait, least),
    fresh: phase !== 'polling',
    attempt: memory.queries + 1,
  });
  const { notBefore } = reversal;
  switch (to) {
    case 'query now':
      return query(0);
    case 'query first':
      return query(polling.firstDelay);
    case 'query again':
      return query(polling.interval);
    case 'query when it can settle':
      return query(reversal.settleAfter - event.quiet);
    case 'ask, then reverse':
      return { ...query(0), notBefore };
    case 'ask until answered':
      return { ...query(backoff(reversal.backoff, memory.queries)), notBefore };
    case 'reverse':
      return {
        do: 'reverse',
        wait: Math.max(backoff(reversal.backoff, memory.reversals), least),
        notBefore,
        attempt: memory.reversals + 1,
      };
    default:
      return { do: to };
  }
}

export interface Step {
  readonly state: PaymentState;
  readonly next: Next;
}
export type Transition = (state: PaymentState, event: PaymentEvent, policies: Policies) => Step;

/** Reads a table of transitions. The simulation reads mutated ones, to see that it notices. */
export function machineOf(rows: readonly Row[]): Transition {
  const find = rowFinder(rows, guards);
  return (before, event, policies) => {
    // What comes after the end is nothing to learn from, but that it is given up.
    const memory = finalPhases.has(before.phase) ? before.memory : remember(before.memory, event, policies);
    const known = { phase: before.phase, facts: learn(before.facts, event), memory };
    const row = find(known, event, policies);
    if (row === undefined) return { state: before, next: { do: 'continue' } };
    const isGivenUp = row.to === 'reversing' && row.from !== 'reversing';
    const state = {
      phase: row.to,
      facts: conclude(known.facts, row, event),
      // The backoff of asking begins again.
      memory: isGivenUp ? { ...memory, queries: 0 } : memory,
    };
    return { state, next: plan(row.next, state, event, policies) };
  };
}

export const transition: Transition = machineOf(transitions);
