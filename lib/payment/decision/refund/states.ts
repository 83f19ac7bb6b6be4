import type { FailureCode, Trouble } from '../outcomes.js';
import type { RefundAttentionCode } from './outcomes.js';

/* What a refund can be, what can happen to it, and what is known of it. */

export const phases = {
  sending: 'The refund is in the journal. Its request is sent, always the same, until a verified answer comes.',
  accepted: 'The gateway has taken it, which is not yet refunded. It is queried in minutes, then in hours.',
  confirming: 'The gateway said no; a query must confirm that nothing was given back.',
  refunded: 'Given back, by a verified answer about our refund, its amount and its sale.',
  refused: 'A verified no, confirmed by a query, or closed by the gateway: nothing was given back.',
  failed: 'Nothing reached the gateway, and nothing ever can.',
  attention: 'A person must look.',
} as const;
export type RefundPhase = keyof typeof phases;

export const finalPhases: ReadonlySet<RefundPhase> = new Set(['refunded', 'refused', 'failed', 'attention']);

/** Everything that can happen to a refund. Answers are classified in answers.ts. */
export const events = {
  'send:accepted': 'the request was answered SUCCESS about our refund',
  'send:declined': 'the request was answered with an err_code that says no',
  'send:again': 'the request got no verified answer, or SYSTEMERROR, or BIZERR_NEED_RETRY',
  'send:unclear': 'the request was answered with an err_code nobody has listed, or about another refund',
  'send:limited': 'the request was answered with a limit on calls',
  'send:refused': 'the request was answered with an unsigned return_code FAIL',
  'send:certificate': "the gateway refuses the merchant's certificate",
  'send:not-sent': 'nothing of this request can have reached the gateway',
  'send:unable': "the request can't be sent from here, e.g. because there is no client certificate",
  'query:SUCCESS': 'a query shows refund_status SUCCESS',
  'query:PROCESSING': 'a query shows refund_status PROCESSING',
  'query:REFUNDCLOSE': 'a query shows refund_status REFUNDCLOSE',
  'query:CHANGE': 'a query shows refund_status CHANGE',
  'query:REFUNDNOTEXIST': 'a query says REFUNDNOTEXIST',
  'query:stranger': 'a query for our number shows another amount, sale or merchant',
  'query:silent': 'a query got no verified answer about our refund, or one that nobody has listed',
  'query:refused': 'a query was answered with an unsigned return_code FAIL',
  'query:limited': 'a query was answered with a limit on calls',
  notice: 'a notification says that something became of it',
  begin: 'it was just written to the journal',
  ask: 'refund() asks for it once more',
  restart: 'taken up again from the journal',
} as const;
export type RefundEventName = keyof typeof events;

/** The gateway's verified no. */
export interface RefundDecline {
  readonly err_code: string;
  readonly err_code_des?: string;
  /** A no after which a person gives the money back by hand, or reads the gateway's words. */
  readonly byHand?: true;
}

/** What a verified refund_status SUCCESS tells. */
export interface GivenBack {
  readonly refund_id: string;
  /** yyyy-MM-dd HH:mm:ss, China Standard Time. */
  readonly time?: string;
  /** Where the money went, in the vendor's words. */
  readonly to?: string;
}

export interface RefundEvent {
  readonly on: RefundEventName;
  /** Milliseconds since this run of the program began with the refund. */
  readonly elapsed: number;
  /** With query:SUCCESS. */
  readonly givenBack?: GivenBack;
  /** With send:declined and query:REFUNDCLOSE. */
  readonly decline?: RefundDecline;
  /** With send:unable. */
  readonly failure?: FailureCode;
  /** Whether the gateway answered at all, with a signature that verifies. */
  readonly verified?: boolean;
  /** What was seen, for a person. No secret in it. */
  readonly detail?: string;
}

/** What stays true over a restart. Written to the journal before anything follows from it. Plain JSON. */
export interface RefundFacts {
  /** Something of it may have reached the gateway, beyond a request that was answered with a no. */
  readonly reached?: true;
  readonly decline?: RefundDecline;
  readonly givenBack?: GivenBack;
  /** Of `failed`. */
  readonly failure?: FailureCode;
  /** Of `attention`. */
  readonly attention?: RefundAttentionCode;
  /** Of either, in words. */
  readonly reason?: string;
  /** An `attention` that refund() may still send. */
  readonly resumable?: true;
}

/** What is forgotten at a restart: waits and counts begin again. */
export interface RefundMemory {
  readonly sends: number;
  /** Since the refund is in this phase. */
  readonly queries: number;
  /** When the last such request ended. Milliseconds, as RefundEvent.elapsed. */
  readonly reachedAt: number;
  /** When the first unsigned FAIL came, if no answer since had a signature that verifies. */
  readonly refusedSince?: number;
  /** When the first request was refused for its certificate, if all were since. */
  readonly certificateSince?: number;
  /** Since when requests are answered with codes that nobody has listed, if all verified answers to them were, and its words. */
  readonly unlisted?: { readonly since: number; readonly words: string };
  /** The last answer was a limit on calls. */
  readonly isLimited: boolean;
  /** What keeps the refund from its end. */
  readonly trouble?: Trouble;
}

export interface RefundState {
  readonly phase: RefundPhase;
  readonly facts: RefundFacts;
  readonly memory: RefundMemory;
}

/**
 * What is done next, after `wait` milliseconds, up to a share of it shorter or longer, but not before `least`. Every query
 * goes over a connection of its own.
 */
export type RefundNext =
  | { readonly do: 'send' | 'query'; readonly wait: number; readonly least: number }
  /** Go on with what is going on. */
  | { readonly do: 'continue' }
  | { readonly do: 'end' };

export const newMemory: RefundMemory = { sends: 0, queries: 0, reachedAt: 0, isLimited: false };

/** A refund that was just written to the journal. */
export const sending: RefundState = { phase: 'sending', facts: {}, memory: newMemory };

/** A refund as the journal knows it. */
export const remembered = (phase: RefundPhase, facts: RefundFacts): RefundState => ({
  phase,
  facts,
  memory: newMemory,
});
