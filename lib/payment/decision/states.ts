import type { AttentionCode, CancelledBy, FailureCode, ReversalReason, Trouble } from './outcomes.js';

/* What a payment can be, what can happen to it, and what is known of it. */

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
  'submit:declined': 'the payment request was answered with an err_code of "支付确认失败", or FREQUENCY_LIMITED',
  'submit:taken': 'the payment request was answered that the number belongs to another sale',
  'submit:not-sent': 'nothing of the payment request can have reached the gateway',
  'submit:unclear':
    'the payment request got no verified answer, or one that says unknown, or an err_code nobody has listed',
  'submit:refused': 'the payment request was answered with an unsigned return_code FAIL',
  'submit:limited': 'the payment request was answered with a limit on calls, unsigned or by a code that says unknown',
  'query:SUCCESS': 'a query shows SUCCESS',
  'query:REFUND': 'a query shows REFUND',
  'query:returned':
    'a query of a sale that is reversed shows REFUND, and a refundquery no refund that we do not know of, and all of it given back',
  'query:NOTPAY': 'a query shows NOTPAY',
  'query:CLOSED': 'a query shows CLOSED',
  'query:REVOKED': 'a query shows REVOKED',
  'query:USERPAYING': 'a query shows USERPAYING or ACCEPT',
  'query:PAYERROR': 'a query shows PAYERROR',
  'query:ORDERNOTEXIST': 'a query says ORDERNOTEXIST',
  'query:stranger': 'a query for our number shows another amount or merchant, or a payment from before our request',
  'query:silent': 'a query got no verified answer about our order, or one that nobody has listed',
  'query:refused': 'a query was answered with an unsigned return_code FAIL',
  'query:limited': 'a query was answered with a limit on calls',
  'reverse:done': 'the reversal was answered SUCCESS, without recall',
  'reverse:again': 'the reversal must be called again: recall Y, an err_code, no verified answer',
  'reverse:refused': 'the reversal was answered with an unsigned return_code FAIL',
  'reverse:limited': 'the reversal was answered with a limit on calls',
  'reverse:certificate': "the gateway refuses the merchant's certificate",
  'reverse:expired': 'the reversal was answered REVERSE_EXPIRE',
  'reverse:unable': "the reversal can't be sent from here, e.g. because there is no client certificate",
  timeout: 'polling.timeout has passed since the payment request',
  withdraw: 'given up before the payment request was sent',
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
  /**
   * Milliseconds for which no byte of the payment request can have left the client. Less than `elapsed` if its client sets
   * no bound to a request.
   */
  readonly quiet: number;
  /** With submit:paid and query:SUCCESS. */
  readonly payment?: Payment | undefined;
  /** With submit:declined. */
  readonly decline?: Decline | undefined;
  /** With submit:not-sent. */
  readonly failure?: FailureCode | undefined;
  /** With withdraw. */
  readonly by?: CancelledBy | undefined;
  /** Whether the gateway answered at all, with a signature that verifies. */
  readonly verified?: boolean | undefined;
  /** The query was asked over a connection of its own, so that an ORDERNOTEXIST is about our order. */
  readonly fresh?: boolean | undefined;
  /** The customer is asked for the password. */
  readonly password?: boolean | undefined;
  /** A timeout came late: the till stood still, and answers may lie unread. Or too early: nobody could be asked since it was taken up. */
  readonly late?: boolean | undefined;
  /** What was seen, for a person. No secret in it. */
  readonly detail?: string | undefined;
}

/** What happened, and when. Every field of it: the machine reads events of one hidden class in a fraction of the time. */
export const eventOf = (
  { on, payment, decline, failure, by, verified, password, late, detail }: Omit<PaymentEvent, 'elapsed' | 'quiet'>,
  { elapsed, quiet }: Pick<PaymentEvent, 'elapsed' | 'quiet'>,
  fresh?: boolean,
): Required<PaymentEvent> => ({
  on,
  elapsed,
  quiet,
  payment,
  decline,
  failure,
  by,
  verified,
  fresh,
  password,
  late,
  detail,
});

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
  /** Why it is reversed. */
  readonly why?: ReversalReason;
  /** Of `failed`. */
  readonly failure?: FailureCode;
  /** Of `attention`. */
  readonly attention?: AttentionCode;
  /** Of either, in words. */
  readonly reason?: string;
  /** Of `cancelled`. */
  readonly by?: CancelledBy;
  /** An `attention` that cancel() may still turn into a reversal. */
  readonly resumable?: true;
}

/** What is forgotten at a restart: the waits and counts of a payment begin again. */
export interface Memory {
  readonly queries: number;
  readonly reversals: number;
  /** The last query was answered with an unsigned return_code FAIL. */
  readonly queryRefused: boolean;
  /** The last reversal too, or none could be sent yet. */
  readonly reversalRefused: boolean;
  /** Milliseconds from the payment request to the first unsigned FAIL, if no answer since had a signature that verifies. */
  readonly refusedSince?: number | undefined;
  /** A query has told where our order stands: a reversal may leave. */
  readonly confirmed: boolean;
  /** After settleAfter a query found no order, and no query since has found one. */
  readonly missing: boolean;
  /** A reversal sent since then was answered SUCCESS. */
  readonly reversedSince: boolean;
  /** Milliseconds from the payment request to the first reversal refused for its certificate, if all were since. */
  readonly certificateSince?: number | undefined;
  /** Answers in a row that were limits on calls. */
  readonly limits: number;
  /** The payment request itself was answered with an unsigned limit. */
  readonly isLimited: boolean;
  /** polling.timeout passed while the till stood still: the next answer decides. */
  readonly isOverdue: boolean;
  /** The customer is asked for the password. */
  readonly password: boolean;
  /** What keeps the payment from its end. */
  readonly trouble?: Trouble | undefined;
}

export interface PaymentState {
  readonly phase: Phase;
  readonly facts: Facts;
  readonly memory: Memory;
}

/** What is done next. Waits in milliseconds. */
export type Next =
  | { readonly do: 'submit' }
  /**
   * Not before `notBefore` since the payment request; if that is given, also not before that request has ended. `fresh`: over
   * a connection of its own.
   */
  | {
      readonly do: 'query';
      readonly wait: number;
      readonly notBefore?: number;
      readonly fresh: boolean;
      readonly attempt: number;
    }
  | { readonly do: 'reverse'; readonly wait: number; readonly notBefore: number; readonly attempt: number }
  /** Go on with what is going on. */
  | { readonly do: 'continue' }
  | { readonly do: 'end' };

export const newMemory: Memory = {
  queries: 0,
  reversals: 0,
  queryRefused: false,
  reversalRefused: true,
  confirmed: false,
  missing: false,
  reversedSince: false,
  limits: 0,
  isLimited: false,
  isOverdue: false,
  password: false,
  trouble: undefined,
  refusedSince: undefined,
  certificateSince: undefined,
};

/** A payment that was just written to the journal. */
export const submitting: PaymentState = { phase: 'submitting', facts: {}, memory: newMemory };

/** A payment as the journal knows it. */
export const remembered = (phase: Phase, facts: Facts): PaymentState => ({ phase, facts, memory: newMemory });
