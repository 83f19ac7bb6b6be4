import { backoff, type Policies } from './policies.js';
import type { PaymentOutcome } from './types.js';

/*
 * What happens to one payment, decided by one pure function over one table: no I/O, no clock, no randomness.
 * The driver (driver.ts) performs what `next` says, writes the state down before it acts on it, and feeds back events.
 */

export const phases = {
  submitting: 'The payment is in the journal; its request is about to leave, or on its way.',
  polling: 'What became of the request is unknown. Unknown is not failed: it is queried.',
  confirming: 'The gateway declined; a query must confirm that nothing was charged.',
  reversing: 'Given up for good: reversed until a query shows it.',
  paid: 'Charged, by a verified answer about our order and amount.',
  declined: 'Declined, and a query confirmed that nothing was charged.',
  failed: 'Nothing reached the gateway.',
  cancelled: 'Aborted before anything was sent.',
  reversed: 'Not charged, or given back; confirmed by a query.',
  attention: 'A person must look.',
} as const;
export type Phase = keyof typeof phases;

export const finalPhases: ReadonlySet<Phase> = new Set([
  'paid',
  'declined',
  'failed',
  'cancelled',
  'reversed',
  'attention',
]);

/** Everything that can happen to a payment. Answers are classified in answers.ts. */
export const events = {
  'submit:paid': 'the payment request was answered SUCCESS',
  'submit:declined': 'the payment request was answered with an err_code of "支付确认失败"',
  'submit:taken': 'the payment request was answered ORDERPAID or OUT_TRADE_NO_USED',
  'submit:not-sent': 'nothing of the payment request can have reached the gateway',
  'submit:unclear':
    'the payment request got no verified answer, or one that says unknown, or an err_code nobody has listed',
  'submit:refused': 'the payment request was answered with an unsigned return_code FAIL',
  'query:SUCCESS': 'a query shows SUCCESS',
  'query:REFUND': 'a query shows REFUND',
  'query:NOTPAY': 'a query shows NOTPAY',
  'query:CLOSED': 'a query shows CLOSED',
  'query:REVOKED': 'a query shows REVOKED',
  'query:USERPAYING': 'a query shows USERPAYING or ACCEPT',
  'query:PAYERROR': 'a query shows PAYERROR',
  'query:ORDERNOTEXIST': 'a query says ORDERNOTEXIST',
  'query:stranger': 'a query for our number shows another amount or merchant',
  'query:silent': 'a query got no verified answer, or one that nobody has listed',
  'query:refused': 'a query was answered with an unsigned return_code FAIL',
  'reverse:done': 'the reversal was answered SUCCESS, without recall',
  'reverse:again': 'the reversal must be called again: recall Y, an err_code, no verified answer',
  'reverse:refused': 'the reversal was answered with an unsigned return_code FAIL',
  'reverse:expired': 'the reversal was answered REVERSE_EXPIRE',
  'reverse:unable': "the reversal can't be sent from here, e.g. for want of a client certificate",
  timeout: 'polling.timeout has passed since the payment request',
  withdraw: 'aborted before the payment request was sent',
  abort: 'aborted by its signal',
  cancel: 'given up by cancel()',
  restart: 'taken up again from the journal',
} as const;
export type EventName = keyof typeof events;

export interface Decline {
  readonly err_code: string;
  readonly err_code_des?: string;
}

/** What a verified SUCCESS tells; amounts in fen. */
export interface Payment {
  readonly transaction_id: string;
  readonly total_fee: number;
  readonly cash_fee?: number;
  readonly openid?: string;
  readonly time_end?: string;
  readonly response: Readonly<Record<string, unknown>>;
}

export interface PaymentEvent {
  readonly on: EventName;
  /** Milliseconds from the payment request (after a restart: from the restart) to this, for an answer to its question. */
  readonly elapsed: number;
  /** With submit:paid and query:SUCCESS. */
  readonly payment?: Payment;
  /** With submit:declined. */
  readonly decline?: Decline;
  /** Whether the gateway answered at all, with a signature that verifies. */
  readonly verified?: boolean;
  /** What was seen, for a person. No secret in it. */
  readonly detail?: string;
}

/** What stays true over a restart. Written to the journal before anything follows from it. Plain JSON. */
export interface Facts {
  /** The gateway's verified no to the payment request. */
  readonly decline?: Decline;
  readonly payment?: Payment;
  /** The gateway once said, verified, that our order was charged. */
  readonly charged?: true;
  /** return_msg with which the gateway refused the payment request; gone with the first verified answer. */
  readonly refusal?: string;
  /** The sale was given up by a person, not by the clock. */
  readonly givenUp?: true;
  /** Of `failed` and `attention`. */
  readonly reason?: string;
  /** An `attention` that cancel() may still turn into a reversal. */
  readonly resumable?: true;
}

/** What is forgotten at a restart: the waits and counts of a payment begin anew. */
export interface Memory {
  readonly queries: number;
  readonly reversals: number;
  /** The last query was answered with an unsigned return_code FAIL. */
  readonly queryRefused: boolean;
  /** The last reversal too. */
  readonly reversalRefused: boolean;
  /** Milliseconds from the payment request to the last answer with a signature that verifies; 0 where none had. */
  readonly verifiedAt: number;
  /** After settleAfter a query found no order, and no query since has found one. */
  readonly missing: boolean;
  /** A reversal sent since then was answered SUCCESS. */
  readonly reversedSince: boolean;
}

export interface PaymentState {
  readonly phase: Phase;
  readonly facts: Facts;
  readonly memory: Memory;
}

/** What the driver does next. Waits in milliseconds. */
export type Next =
  | { readonly do: 'submit' }
  /** Not before `notBefore` since the payment request; where that is given, also not before that request has ended. */
  | { readonly do: 'query'; readonly wait: number; readonly notBefore?: number; readonly attempt: number }
  | { readonly do: 'reverse'; readonly wait: number; readonly notBefore: number; readonly attempt: number }
  /** Go on with what is going on. */
  | { readonly do: 'continue' }
  | { readonly do: 'end' };

/** 'ask, then reverse': vendor page, 6: before a reversal the order's state is to be confirmed. */
type Plan = 'query now' | 'query first' | 'query again' | 'ask, then reverse' | 'reverse' | 'continue' | 'end';

type Guard = (state: PaymentState, event: PaymentEvent, policies: Policies) => boolean;

/** Conditions of the table, by the words that the table and the diagram use. `state` already knows what the event tells. */
export const guards = {
  'declined before': ({ facts }) => facts.decline !== undefined,
  'given up by a person': ({ facts }) => facts.givenUp === true,
  'payment and queries refused, nothing verified': ({ facts, memory }, event, { polling }) =>
    facts.refusal !== undefined && memory.queryRefused && event.elapsed >= polling.timeout,
  'everything refused for long': ({ memory }, event, { reversal }) =>
    memory.queryRefused && memory.reversalRefused && event.elapsed - memory.verifiedAt >= reversal.settleAfter,
  settled: ({ memory }) => memory.missing && memory.reversedSince,
  'settled, but it was charged': ({ facts, memory }) =>
    facts.charged === true && memory.missing && memory.reversedSince,
  'may still be reversed': ({ facts }) => facts.resumable === true,
} as const satisfies Record<string, Guard>;
export type GuardName = keyof typeof guards;

export interface Row {
  readonly from: Phase;
  readonly on: readonly EventName[];
  readonly when?: GuardName;
  readonly to: Phase;
  readonly next: Plan;
  /** `attention`: what a person is told; `{detail}` is what was seen. */
  readonly reason?: string;
  readonly resumable?: true;
}

const attention = {
  taken:
    'The gateway says that this out_trade_no belongs to another sale ({detail}). Nothing was reversed, since that would refund the other sale. Look the number up at the gateway before taking money again, and use a new number.',
  stranger:
    'A query for this out_trade_no shows a payment that is not ours ({detail}). Nothing more was reversed. Look the number up at the gateway.',
  refund:
    'The gateway shows a refund that this package did not make ({detail}). Check at the gateway that it covers the whole amount.',
  refused:
    'The gateway refuses every request of this merchant ({detail}): check the key and the merchant number. Whether the payment was charged is unknown: query the order once they are right, or cancel() it.',
  expired: 'The gateway no longer reverses this payment ({detail}). If it was charged, refund it by hand.',
  unable: 'The reversal cannot be sent from here: {detail}. Set it right and cancel() the sale again.',
  denied: 'The gateway denies an order that it had confirmed as charged ({detail}). Look the number up at the gateway.',
} as const;

/**
 * The transitions; of the rows for a phase and an event the first whose condition holds. What no row names changes nothing.
 * Sources: field facts, "Payment semantics"; vendor page, 5 to 7.
 */
export const transitions: readonly Row[] = [
  { from: 'submitting', on: ['submit:paid'], to: 'paid', next: 'end' },
  { from: 'submitting', on: ['submit:declined'], to: 'confirming', next: 'query now' },
  { from: 'submitting', on: ['submit:taken'], to: 'attention', next: 'end', reason: attention.taken },
  { from: 'submitting', on: ['submit:not-sent'], to: 'failed', next: 'end', reason: '{detail}' },
  { from: 'submitting', on: ['submit:unclear', 'submit:refused'], to: 'polling', next: 'query first' },
  { from: 'submitting', on: ['withdraw'], to: 'cancelled', next: 'end' },
  { from: 'submitting', on: ['timeout', 'abort', 'cancel'], to: 'reversing', next: 'ask, then reverse' },
  // A crash: the request may have been sent, and may still be on its way.
  { from: 'submitting', on: ['restart'], to: 'polling', next: 'query first' },

  { from: 'polling', on: ['query:SUCCESS'], to: 'paid', next: 'end' },
  // ORDERNOTEXIST proves nothing here: the request may still arrive.
  {
    from: 'polling',
    on: ['query:USERPAYING', 'query:NOTPAY', 'query:ORDERNOTEXIST', 'query:silent', 'query:refused'],
    to: 'polling',
    next: 'query again',
  },
  { from: 'polling', on: ['query:CLOSED', 'query:REVOKED'], to: 'reversed', next: 'end' },
  // Reported: charged after a PAYERROR. Not final until reversed.
  { from: 'polling', on: ['query:PAYERROR'], to: 'reversing', next: 'reverse' },
  { from: 'polling', on: ['query:REFUND'], to: 'attention', next: 'end', reason: attention.refund },
  { from: 'polling', on: ['query:stranger'], to: 'attention', next: 'end', reason: attention.stranger },
  {
    from: 'polling',
    on: ['timeout'],
    when: 'payment and queries refused, nothing verified',
    to: 'attention',
    next: 'end',
    reason: attention.refused,
    resumable: true,
  },
  { from: 'polling', on: ['timeout', 'abort', 'cancel'], to: 'reversing', next: 'ask, then reverse' },
  { from: 'polling', on: ['restart'], to: 'polling', next: 'query first' },

  {
    from: 'confirming',
    on: ['query:ORDERNOTEXIST', 'query:NOTPAY', 'query:CLOSED', 'query:REVOKED'],
    to: 'declined',
    next: 'end',
  },
  { from: 'confirming', on: ['query:SUCCESS'], to: 'paid', next: 'end' },
  { from: 'confirming', on: ['query:USERPAYING'], to: 'polling', next: 'query again' },
  { from: 'confirming', on: ['query:PAYERROR'], to: 'reversing', next: 'reverse' },
  { from: 'confirming', on: ['query:silent', 'query:refused'], to: 'confirming', next: 'query again' },
  { from: 'confirming', on: ['query:REFUND'], to: 'attention', next: 'end', reason: attention.refund },
  { from: 'confirming', on: ['query:stranger'], to: 'attention', next: 'end', reason: attention.stranger },
  { from: 'confirming', on: ['timeout', 'abort', 'cancel'], to: 'reversing', next: 'ask, then reverse' },
  { from: 'confirming', on: ['restart'], to: 'confirming', next: 'query now' },

  // The request's own answer may come after the sale was given up.
  { from: 'reversing', on: ['submit:taken'], to: 'attention', next: 'end', reason: attention.taken },
  { from: 'reversing', on: ['submit:not-sent'], when: 'given up by a person', to: 'cancelled', next: 'end' },
  { from: 'reversing', on: ['submit:not-sent'], to: 'failed', next: 'end', reason: '{detail}' },
  {
    from: 'reversing',
    on: ['submit:paid', 'submit:declined', 'submit:unclear', 'submit:refused'],
    to: 'reversing',
    next: 'continue',
  },
  { from: 'reversing', on: ['abort', 'cancel'], to: 'reversing', next: 'continue' },
  // Also SUCCESS: a reversal may have overtaken its payment. Only the query tells.
  { from: 'reversing', on: ['reverse:done', 'reverse:again', 'reverse:refused'], to: 'reversing', next: 'query now' },
  { from: 'reversing', on: ['reverse:expired'], to: 'attention', next: 'end', reason: attention.expired },
  {
    from: 'reversing',
    on: ['reverse:unable'],
    to: 'attention',
    next: 'end',
    reason: attention.unable,
    resumable: true,
  },
  { from: 'reversing', on: ['query:REVOKED', 'query:CLOSED'], when: 'declined before', to: 'declined', next: 'end' },
  { from: 'reversing', on: ['query:REVOKED', 'query:CLOSED'], to: 'reversed', next: 'end' },
  { from: 'reversing', on: ['query:ORDERNOTEXIST'], when: 'declined before', to: 'declined', next: 'end' },
  {
    from: 'reversing',
    on: ['query:ORDERNOTEXIST'],
    when: 'settled, but it was charged',
    to: 'attention',
    next: 'end',
    reason: attention.denied,
  },
  { from: 'reversing', on: ['query:ORDERNOTEXIST'], when: 'settled', to: 'reversed', next: 'end' },
  { from: 'reversing', on: ['query:REFUND'], to: 'attention', next: 'end', reason: attention.refund },
  { from: 'reversing', on: ['query:stranger'], to: 'attention', next: 'end', reason: attention.stranger },
  {
    from: 'reversing',
    on: ['query:refused'],
    when: 'payment and queries refused, nothing verified',
    to: 'attention',
    next: 'end',
    reason: attention.refused,
    resumable: true,
  },
  {
    from: 'reversing',
    on: ['query:refused'],
    when: 'everything refused for long',
    to: 'attention',
    next: 'end',
    reason: attention.refused,
    resumable: true,
  },
  // SUCCESS too: found charged after it was given up, so it is reversed, never told as paid.
  {
    from: 'reversing',
    on: [
      'query:SUCCESS',
      'query:USERPAYING',
      'query:NOTPAY',
      'query:PAYERROR',
      'query:ORDERNOTEXIST',
      'query:silent',
      'query:refused',
    ],
    to: 'reversing',
    next: 'reverse',
  },
  // The till may have died between a reversal and its confirmation.
  { from: 'reversing', on: ['restart'], to: 'reversing', next: 'query now' },

  { from: 'paid', on: ['cancel'], to: 'reversing', next: 'ask, then reverse' },
  { from: 'attention', on: ['cancel'], when: 'may still be reversed', to: 'reversing', next: 'ask, then reverse' },
];

const newMemory: Memory = {
  queries: 0,
  reversals: 0,
  queryRefused: false,
  reversalRefused: false,
  verifiedAt: 0,
  missing: false,
  reversedSince: false,
};

/** A payment that was just written to the journal. */
export const submitting: PaymentState = { phase: 'submitting', facts: {}, memory: newMemory };

/** A payment as the journal knows it. */
export const remembered = (phase: Phase, facts: Facts): PaymentState => ({ phase, facts, memory: newMemory });

function without<T extends object, K extends keyof T>(object: T, ...names: K[]): Omit<T, K> {
  const rest = { ...object };
  for (const name of names) delete rest[name];
  return rest;
}

/** The same object where there is nothing new, so that the driver writes only what changed. */
function learn(facts: Facts, event: PaymentEvent): Facts {
  let known = facts;
  if (event.verified && known.refusal !== undefined) known = without(known, 'refusal');
  switch (event.on) {
    case 'submit:paid':
    case 'query:SUCCESS':
      // A charge contradicts the decline before it.
      if (known.decline !== undefined) known = without(known, 'decline');
      return known.charged ? known : { ...known, charged: true };
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

function remember(before: Memory, { on, elapsed, verified }: PaymentEvent, { reversal }: Policies): Memory {
  if (on === 'restart') return newMemory;
  const memory = verified ? { ...before, verifiedAt: elapsed } : before;
  if (on.startsWith('reverse:'))
    return {
      ...memory,
      reversals: memory.reversals + 1,
      reversalRefused: on === 'reverse:refused',
      reversedSince: on === 'reverse:done' && memory.missing,
    };
  if (!on.startsWith('query:')) return memory;
  const isSilent = on === 'query:silent' || on === 'query:refused';
  const missing = on === 'query:ORDERNOTEXIST' && (memory.missing || elapsed >= reversal.settleAfter);
  return {
    ...memory,
    queries: memory.queries + 1,
    queryRefused: on === 'query:refused',
    // Silence says nothing of the order; anything but ORDERNOTEXIST has found it.
    missing: isSilent ? memory.missing : missing,
    reversedSince: memory.reversedSince && (isSilent || missing),
  };
}

/** What the final state adds to the facts. */
function conclude(facts: Facts, row: Row, event: PaymentEvent): Facts {
  if (row.to === row.from) return facts;
  const rest = facts.reason === undefined ? facts : without(facts, 'reason', 'resumable');
  if (row.to === 'paid' && event.payment !== undefined) return { ...rest, payment: event.payment };
  if (row.reason === undefined) return rest;
  const detail = event.detail ?? facts.refusal ?? event.on;
  return {
    ...rest,
    reason: row.reason.replace('{detail}', () => detail),
    ...(row.resumable && { resumable: true }),
  };
}

function plan(to: Plan, { queries, reversals }: Memory, { polling, reversal }: Policies): Next {
  const query = (wait: number) => ({ do: 'query' as const, wait, attempt: queries + 1 });
  const { notBefore } = reversal;
  switch (to) {
    case 'query now':
      return query(0);
    case 'query first':
      return query(polling.firstDelay);
    case 'query again':
      return query(polling.interval);
    case 'ask, then reverse':
      return { ...query(0), notBefore };
    case 'reverse':
      return { do: 'reverse', wait: backoff(reversal.backoff, reversals), notBefore, attempt: reversals + 1 };
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
  return (before, event, policies) => {
    const state = finalPhases.has(before.phase)
      ? before
      : {
          phase: before.phase,
          facts: learn(before.facts, event),
          memory: remember(before.memory, event, policies),
        };
    const row = rows.find(
      ({ from, on, when }) =>
        from === state.phase && on.includes(event.on) && (when === undefined || guards[when](state, event, policies)),
    );
    if (row === undefined) return { state: before, next: { do: 'continue' } };
    const known = finalPhases.has(before.phase) ? learn(before.facts, event) : state.facts;
    return {
      state: { phase: row.to, facts: conclude(known, row, event), memory: state.memory },
      next: plan(row.next, state.memory, policies),
    };
  };
}

export const transition: Transition = machineOf(transitions);

/** What a caller is told of a state; undefined while nothing is decided. */
export function outcomeOf(
  out_trade_no: string,
  { phase, facts }: Pick<PaymentState, 'phase' | 'facts'>,
): PaymentOutcome | undefined {
  switch (phase) {
    case 'paid':
      return facts.payment && { status: 'paid', out_trade_no, ...facts.payment };
    case 'declined':
      return facts.decline && { status: 'declined', out_trade_no, ...facts.decline };
    case 'failed':
    case 'attention':
      return { status: phase, out_trade_no, reason: facts.reason ?? '' };
    case 'cancelled':
      return { status: 'cancelled', out_trade_no, by: 'cashier' };
    case 'reversed':
    case 'reversing':
      return { status: phase, out_trade_no };
    default:
      return undefined;
  }
}
