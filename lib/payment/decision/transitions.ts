import type { GuardName } from './guards.js';
import type { AttentionCode, ReversalReason } from './outcomes.js';
import type { EventName, Phase } from './states.js';

/** 'ask, then reverse': vendor page, 6: before a reversal the order's state is to be confirmed. */
export type Plan =
  | 'query now'
  | 'query first'
  | 'query again'
  | 'query when it can settle'
  | 'ask, then reverse'
  | 'ask until answered'
  | 'reverse'
  | 'continue'
  | 'end';

/** What a person is told; `{detail}` is what was seen. */
interface Attention {
  readonly code: AttentionCode;
  readonly reason: string;
  readonly resumable?: true;
}

export interface Row {
  readonly from: Phase;
  readonly on: readonly EventName[];
  readonly when?: GuardName;
  readonly to: Phase;
  readonly next: Plan;
  /** Of a row to `attention`. */
  readonly attention?: Attention;
  /** Of a row to `reversing` or `reversed` out of another phase. */
  readonly why?: ReversalReason;
}

const taken: Attention = {
  code: 'number-taken',
  reason:
    'The gateway says that this out_trade_no belongs to another sale ({detail}). Nothing was reversed, since that would refund the other sale. Look the number up at the gateway before taking money again, and use a new number.',
};
const stranger: Attention = {
  code: 'not-ours',
  reason:
    'A query for this out_trade_no shows a payment that is not ours ({detail}). Nothing more was reversed. Look the number up at the gateway.',
};
const refund: Attention = {
  code: 'refunded-elsewhere',
  reason:
    'The gateway shows a refund that this package did not make ({detail}). Check at the gateway that it covers the whole amount.',
};
const refused: Attention = {
  code: 'refused',
  reason:
    'The gateway refuses every request of this merchant ({detail}): check the key and the merchant number. Whether the payment was charged is unknown: query the order once they are right, or cancel() it.',
  resumable: true,
};
const certificate: Attention = {
  code: 'certificate',
  reason:
    "The gateway refuses the merchant's certificate ({detail}). Whether the customer was charged is to be looked up at the gateway; put a good certificate in and cancel() the sale again.",
  resumable: true,
};
const unable: Attention = {
  code: 'certificate',
  reason: 'The reversal cannot be sent from here: {detail}. Set it right and cancel() the sale again.',
  resumable: true,
};
const expired: Attention = {
  code: 'reverse-expired',
  reason: 'The gateway no longer reverses this payment ({detail}). If it was charged, refund it by hand.',
};
const denied: Attention = {
  code: 'denied',
  reason: 'The gateway denies an order that it had confirmed as charged ({detail}). Look the number up at the gateway.',
};

const unanswered = ['query:silent', 'query:refused', 'query:limited'] as const;
const undone = ['query:REVOKED', 'query:CLOSED', 'query:returned'] as const;

/**
 * The transitions; of the rows for a phase and an event the first whose condition holds. What no row names changes nothing.
 * Sources: docs/facts.md#unknown-is-not-failed and the sections after it; vendor page, 5 to 7.
 */
export const transitions: readonly Row[] = [
  { from: 'submitting', on: ['submit:paid'], to: 'paid', next: 'end' },
  { from: 'submitting', on: ['submit:declined'], to: 'confirming', next: 'query now' },
  { from: 'submitting', on: ['submit:taken'], to: 'attention', next: 'end', attention: taken },
  { from: 'submitting', on: ['submit:not-sent'], to: 'failed', next: 'end' },
  {
    from: 'submitting',
    on: ['submit:unclear', 'submit:refused', 'submit:limited'],
    to: 'polling',
    next: 'query first',
  },
  { from: 'submitting', on: ['withdraw'], to: 'cancelled', next: 'end' },
  // The answer may lie in the socket: it is read before anything irrevocable is decided.
  { from: 'submitting', on: ['timeout'], when: 'the till stood still', to: 'polling', next: 'query now' },
  { from: 'submitting', on: ['timeout'], to: 'reversing', next: 'ask, then reverse', why: 'unknown' },
  { from: 'submitting', on: ['abort', 'cancel'], to: 'reversing', next: 'ask, then reverse', why: 'given-up' },
  // A crash: the request may have been sent, and may still be on its way.
  { from: 'submitting', on: ['restart'], to: 'polling', next: 'query first' },

  // The request's own answer, after the till stood still.
  { from: 'polling', on: ['submit:paid'], to: 'paid', next: 'end' },
  { from: 'polling', on: ['submit:declined'], to: 'confirming', next: 'query now' },
  { from: 'polling', on: ['submit:taken'], to: 'attention', next: 'end', attention: taken },
  { from: 'polling', on: ['submit:not-sent'], to: 'failed', next: 'end' },
  {
    from: 'polling',
    on: ['submit:unclear', 'submit:refused', 'submit:limited'],
    to: 'polling',
    next: 'continue',
  },
  { from: 'polling', on: ['query:SUCCESS'], to: 'paid', next: 'end' },
  { from: 'polling', on: ['query:CLOSED', 'query:REVOKED'], to: 'reversed', next: 'end', why: 'unknown' },
  // Reported: charged after a PAYERROR. Not final until reversed.
  { from: 'polling', on: ['query:PAYERROR'], to: 'reversing', next: 'reverse', why: 'payerror' },
  { from: 'polling', on: ['query:REFUND'], to: 'attention', next: 'end', attention: refund },
  { from: 'polling', on: ['query:stranger'], to: 'attention', next: 'end', attention: stranger },
  {
    from: 'polling',
    on: ['query:USERPAYING', 'query:NOTPAY', 'query:ORDERNOTEXIST', ...unanswered],
    when: 'the deadline has passed',
    to: 'reversing',
    next: 'ask, then reverse',
    why: 'unknown',
  },
  // ORDERNOTEXIST proves nothing here: the request may still arrive.
  {
    from: 'polling',
    on: ['query:USERPAYING', 'query:NOTPAY', 'query:ORDERNOTEXIST', ...unanswered],
    to: 'polling',
    next: 'query again',
  },
  {
    from: 'polling',
    on: ['timeout'],
    when: 'payment and queries refused, nothing verified',
    to: 'attention',
    next: 'end',
    attention: refused,
  },
  { from: 'polling', on: ['timeout'], when: 'the till stood still', to: 'polling', next: 'query now' },
  { from: 'polling', on: ['timeout'], to: 'reversing', next: 'ask, then reverse', why: 'unknown' },
  { from: 'polling', on: ['abort', 'cancel'], to: 'reversing', next: 'ask, then reverse', why: 'given-up' },
  { from: 'polling', on: ['restart'], to: 'polling', next: 'query first' },

  {
    from: 'confirming',
    on: ['query:ORDERNOTEXIST'],
    when: 'over a connection of its own',
    to: 'declined',
    next: 'end',
  },
  { from: 'confirming', on: ['query:ORDERNOTEXIST'], to: 'confirming', next: 'query again' },
  { from: 'confirming', on: ['query:NOTPAY', 'query:CLOSED', 'query:REVOKED'], to: 'declined', next: 'end' },
  { from: 'confirming', on: ['query:SUCCESS'], to: 'paid', next: 'end' },
  { from: 'confirming', on: ['query:USERPAYING'], to: 'polling', next: 'query again' },
  { from: 'confirming', on: ['query:PAYERROR'], to: 'reversing', next: 'reverse', why: 'payerror' },
  { from: 'confirming', on: ['query:REFUND'], to: 'attention', next: 'end', attention: refund },
  { from: 'confirming', on: ['query:stranger'], to: 'attention', next: 'end', attention: stranger },
  {
    from: 'confirming',
    on: unanswered,
    when: 'the deadline has passed',
    to: 'reversing',
    next: 'ask, then reverse',
    why: 'unknown',
  },
  { from: 'confirming', on: unanswered, to: 'confirming', next: 'query again' },
  { from: 'confirming', on: ['timeout'], when: 'the till stood still', to: 'confirming', next: 'query now' },
  { from: 'confirming', on: ['timeout'], to: 'reversing', next: 'ask, then reverse', why: 'unknown' },
  { from: 'confirming', on: ['abort', 'cancel'], to: 'reversing', next: 'ask, then reverse', why: 'given-up' },
  { from: 'confirming', on: ['restart'], to: 'confirming', next: 'query now' },

  // The request's own answer may come after the sale was given up.
  { from: 'reversing', on: ['submit:taken'], to: 'attention', next: 'end', attention: taken },
  { from: 'reversing', on: ['withdraw'], to: 'cancelled', next: 'end' },
  { from: 'reversing', on: ['submit:not-sent'], when: 'given up by a person', to: 'cancelled', next: 'end' },
  { from: 'reversing', on: ['submit:not-sent'], to: 'failed', next: 'end' },
  {
    from: 'reversing',
    on: ['submit:paid', 'submit:declined', 'submit:unclear', 'submit:refused', 'submit:limited'],
    to: 'reversing',
    next: 'continue',
  },
  { from: 'reversing', on: ['abort', 'cancel'], to: 'reversing', next: 'continue' },
  {
    from: 'reversing',
    on: ['reverse:certificate'],
    when: 'certificate refused for long',
    to: 'attention',
    next: 'end',
    attention: certificate,
  },
  // Also SUCCESS: a reversal may have overtaken its payment. Only the query tells.
  {
    from: 'reversing',
    on: ['reverse:done', 'reverse:again', 'reverse:refused', 'reverse:limited', 'reverse:certificate'],
    to: 'reversing',
    next: 'query now',
  },
  { from: 'reversing', on: ['reverse:expired'], to: 'attention', next: 'end', attention: expired },
  { from: 'reversing', on: ['reverse:unable'], to: 'attention', next: 'end', attention: unable },
  { from: 'reversing', on: undone, when: 'declined before', to: 'declined', next: 'end' },
  { from: 'reversing', on: undone, to: 'reversed', next: 'end' },
  {
    from: 'reversing',
    on: ['query:ORDERNOTEXIST'],
    when: 'declined before, over a connection of its own',
    to: 'declined',
    next: 'end',
  },
  {
    from: 'reversing',
    on: ['query:ORDERNOTEXIST'],
    when: 'settled, but it was charged',
    to: 'attention',
    next: 'end',
    attention: denied,
  },
  { from: 'reversing', on: ['query:ORDERNOTEXIST'], when: 'settled', to: 'reversed', next: 'end' },
  { from: 'reversing', on: ['query:REFUND'], to: 'attention', next: 'end', attention: refund },
  { from: 'reversing', on: ['query:stranger'], to: 'attention', next: 'end', attention: stranger },
  {
    from: 'reversing',
    on: ['query:refused'],
    when: 'payment and queries refused, nothing verified',
    to: 'attention',
    next: 'end',
    attention: refused,
  },
  {
    from: 'reversing',
    on: ['query:refused'],
    when: 'everything refused for long',
    to: 'attention',
    next: 'end',
    attention: refused,
  },
  // A blind reversal may refund a stranger.
  {
    from: 'reversing',
    on: ['query:ORDERNOTEXIST', ...unanswered],
    when: 'no query has told where our order stands',
    to: 'reversing',
    next: 'ask until answered',
  },
  {
    from: 'reversing',
    on: ['query:ORDERNOTEXIST'],
    when: 'calls are limited, too early to settle',
    to: 'reversing',
    next: 'query when it can settle',
  },
  // SUCCESS too: found charged after it was given up, so it is reversed, never told as paid.
  {
    from: 'reversing',
    on: ['query:SUCCESS', 'query:USERPAYING', 'query:NOTPAY', 'query:PAYERROR', 'query:ORDERNOTEXIST', ...unanswered],
    to: 'reversing',
    next: 'reverse',
  },
  // The till may have died between a reversal and its confirmation.
  { from: 'reversing', on: ['restart'], to: 'reversing', next: 'query now' },

  { from: 'paid', on: ['cancel'], to: 'reversing', next: 'ask, then reverse', why: 'given-up' },
  {
    from: 'attention',
    on: ['cancel'],
    when: 'may still be reversed',
    to: 'reversing',
    next: 'ask, then reverse',
    why: 'given-up',
  },
];
