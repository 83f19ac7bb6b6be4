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
import { guards, type Plan, type Row, transitions } from './transitions.js';

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

function afterReversal(memory: Memory, { on, elapsed, verified }: PaymentEvent): Memory {
  const since = on === 'reverse:certificate' ? (memory.certificateSince ?? elapsed) : memory.certificateSince;
  return {
    ...memory,
    reversals: memory.reversals + 1,
    reversalRefused: on === 'reverse:refused',
    reversedSince: on === 'reverse:done' && memory.missing,
    // Silence is no sign that the certificate is good.
    certificateSince: verified ? undefined : since,
  };
}

function afterQuery(memory: Memory, event: PaymentEvent, { reversal }: Policies): Memory {
  const { on, quiet, fresh = false } = event;
  const isMissing = on === 'query:ORDERNOTEXIST' && fresh && (memory.missing || quiet >= reversal.settleAfter);
  // Silence says nothing of the order, nor does an ORDERNOTEXIST that may be another query's; anything else has found it.
  const saysNothing = isUnanswered(event) || (on === 'query:ORDERNOTEXIST' && !fresh);
  return {
    ...memory,
    queries: memory.queries + 1,
    queryRefused: on === 'query:refused',
    confirmed: memory.confirmed || !saysNothing,
    missing: saysNothing ? memory.missing : isMissing,
    reversedSince: memory.reversedSince && (saysNothing || isMissing),
  };
}

function remember(before: Memory, event: PaymentEvent, policies: Policies): Memory {
  const { on, elapsed, verified = false, password = false, late = false } = event;
  if (on === 'restart') return newMemory;
  const trouble = troubleAfter(before, event);
  const isAnswer = /^(?:submit|query|reverse):/.test(on);
  let limits = before.limits;
  if (on.endsWith(':limited')) limits += 1;
  else if (verified) limits = 0;
  const refusedSince = before.refusedSince ?? (on.endsWith(':refused') ? elapsed : undefined);
  const memory: Memory = {
    ...before,
    trouble,
    refusedSince: verified ? undefined : refusedSince,
    limits,
    isLimited: before.isLimited || on === 'submit:limited',
    isOverdue: before.isOverdue || (on === 'timeout' && late),
    // Nothing but a verified answer ends the wait for the password.
    password: password || (before.password && !(isAnswer && verified)),
  };
  if (on.startsWith('reverse:')) return afterReversal(memory, event);
  return on.startsWith('query:') ? afterQuery(memory, event, policies) : memory;
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
      // The backoff of asking begins anew.
      memory: isGivenUp ? { ...memory, queries: 0 } : memory,
    };
    return { state, next: plan(row.next, state, event, policies) };
  };
}

export const transition: Transition = machineOf(transitions);
