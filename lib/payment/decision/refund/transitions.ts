import type { RefundGuardName } from './guards.js';
import type { RefundAttentionCode } from './outcomes.js';
import type { RefundEventName, RefundPhase } from './states.js';

export type RefundPlan =
  | 'send now'
  | 'send again'
  | 'query now'
  | 'query first'
  | 'query again'
  | 'query when it can settle'
  | 'continue'
  | 'end';

/** What a person is told; `{detail}` is what was seen, `{no}` what the gateway said no with, `{unlisted}` a code and its words. */
interface Attention {
  readonly code: RefundAttentionCode;
  readonly reason: string;
  readonly resumable?: true;
}

export interface RefundRow {
  readonly from: RefundPhase;
  readonly on: readonly RefundEventName[];
  readonly when?: RefundGuardName;
  readonly to: RefundPhase;
  readonly next: RefundPlan;
  /** Of a row to `attention`. */
  readonly attention?: Attention;
}

const changed: Attention = {
  code: 'by-hand',
  reason:
    "The gateway can't give the money back where it came from ({detail}), e.g. because the card is gone. Pay it out by hand on the merchant site.",
};
const byHand: Attention = {
  code: 'by-hand',
  reason:
    'The gateway did not make this refund ({no}), and a query confirms that nothing was given back. Give the money back by hand, or clear up what it says.',
};
const stranger: Attention = {
  code: 'not-ours',
  reason:
    'A query for this out_refund_no shows a refund that is not ours ({detail}). Look it up at the gateway before giving money back again, and use a new number.',
};
const refused: Attention = {
  code: 'refused',
  reason:
    'The gateway refuses every request of this merchant ({detail}): check the key and the merchant number. Whether the refund was made is unknown: ask for it again, with the same number, once they are right.',
  resumable: true,
};
const certificate: Attention = {
  code: 'certificate',
  reason:
    "The gateway refuses the merchant's certificate ({detail}). Put a good one in and ask for the refund again, with the same number.",
  resumable: true,
};
const unlisted: Attention = {
  code: 'refused',
  reason:
    'The gateway answers every request with a code that nobody has listed ({unlisted}), and shows no such refund. Clear up what it says, then ask for the refund again, with the same number.',
  resumable: true,
};
const unable: Attention = {
  code: 'certificate',
  reason:
    'The refund cannot be sent from here: {detail}. Set it right and ask for the refund again, with the same number.',
  resumable: true,
};

const unanswered = ['query:silent', 'query:refused', 'query:limited'] as const;

/** A query that shows the refund decides, whatever was known before. */
const decidedByQuery = (from: 'sending' | 'accepted' | 'confirming'): readonly RefundRow[] => [
  { from, on: ['query:SUCCESS'], to: 'refunded', next: 'end' },
  { from, on: ['query:PROCESSING'], to: 'accepted', next: 'query again' },
  { from, on: ['query:REFUNDCLOSE'], to: 'refused', next: 'end' },
  { from, on: ['query:CHANGE'], to: 'attention', next: 'end', attention: changed },
  { from, on: ['query:stranger'], to: 'attention', next: 'end', attention: stranger },
];

/**
 * The transitions; of the rows for a phase and an event the first whose condition holds. What no row names changes nothing.
 * Source: docs/facts.md#refunds.
 */
export const transitions: readonly RefundRow[] = [
  { from: 'sending', on: ['begin', 'ask'], to: 'sending', next: 'send now' },
  // A crash: the request may have been sent. The same again gives back once.
  { from: 'sending', on: ['restart'], to: 'sending', next: 'send now' },
  { from: 'sending', on: ['send:accepted'], to: 'accepted', next: 'query first' },
  { from: 'sending', on: ['send:declined'], to: 'confirming', next: 'query now' },
  { from: 'sending', on: ['send:unable'], when: 'nothing can have arrived', to: 'failed', next: 'end' },
  { from: 'sending', on: ['send:unable'], to: 'attention', next: 'end', attention: unable },
  // The number may be that of another refund, from a journal that was lost: a query shows it.
  { from: 'sending', on: ['send:unclear'], to: 'sending', next: 'query now' },
  {
    from: 'sending',
    on: ['send:certificate'],
    when: 'certificate refused for long',
    to: 'attention',
    next: 'end',
    attention: certificate,
  },
  {
    from: 'sending',
    on: ['send:refused', 'query:refused'],
    when: 'everything refused for long',
    to: 'attention',
    next: 'end',
    attention: refused,
  },
  {
    from: 'sending',
    on: ['send:again', 'send:limited', 'send:refused', 'send:certificate', 'send:not-sent'],
    to: 'sending',
    next: 'send again',
  },
  ...decidedByQuery('sending'),
  {
    from: 'sending',
    on: ['query:REFUNDNOTEXIST'],
    when: 'answered for long with what nobody has listed',
    to: 'attention',
    next: 'end',
    attention: unlisted,
  },
  // It proves nothing here: the request may still arrive. The same is sent again.
  { from: 'sending', on: ['query:REFUNDNOTEXIST', ...unanswered], to: 'sending', next: 'send again' },
  { from: 'sending', on: ['notice'], to: 'sending', next: 'query now' },

  ...decidedByQuery('accepted'),
  // Taken, and yet not there: the same again gives back once, and its answer tells.
  { from: 'accepted', on: ['query:REFUNDNOTEXIST'], to: 'sending', next: 'send again' },
  {
    from: 'accepted',
    on: ['query:refused'],
    when: 'everything refused for long',
    to: 'attention',
    next: 'end',
    attention: refused,
  },
  { from: 'accepted', on: unanswered, to: 'accepted', next: 'query again' },
  { from: 'accepted', on: ['notice', 'restart'], to: 'accepted', next: 'query now' },

  ...decidedByQuery('confirming'),
  {
    from: 'confirming',
    on: ['query:REFUNDNOTEXIST'],
    when: 'an earlier request may still arrive',
    to: 'confirming',
    next: 'query when it can settle',
  },
  {
    from: 'confirming',
    on: ['query:REFUNDNOTEXIST'],
    when: 'a no that is for a person',
    to: 'attention',
    next: 'end',
    attention: byHand,
  },
  { from: 'confirming', on: ['query:REFUNDNOTEXIST'], to: 'refused', next: 'end' },
  {
    from: 'confirming',
    on: ['query:refused'],
    when: 'everything refused for long',
    to: 'attention',
    next: 'end',
    attention: refused,
  },
  { from: 'confirming', on: unanswered, to: 'confirming', next: 'query again' },
  { from: 'confirming', on: ['notice', 'restart'], to: 'confirming', next: 'query now' },

  // Money is not given up for a certificate that is renewed, or a key that is put right.
  { from: 'attention', on: ['ask'], when: 'may still be sent', to: 'sending', next: 'send now' },
];
