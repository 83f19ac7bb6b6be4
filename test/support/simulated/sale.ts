import type { PaymentOutcome } from '../../../lib/payment/decision/outcomes.js';
import type { Fate } from './gateway.js';
import type { Program } from './history.js';

/** By the gateway's clock and the till's. */
interface Moment {
  readonly gateway: number;
  readonly wall: number;
  readonly monotonic: number;
  readonly till: Program;
}

export interface Sale {
  readonly out_trade_no: string;
  readonly total_fee: number;
  readonly rail: 'micropay' | 'facepay';
  readonly fate: Fate;
  readonly told: Array<PaymentOutcome>;
  /** Revisions that somebody has taken. */
  readonly heard: Set<number>;
  /** Revisions whose acknowledgement is stored. */
  readonly acknowledged: Set<number>;
  /** The latest outcome told, and when. */
  last: { readonly revision: number; readonly at: number };
  /** An abort from within: where, and at which step. */
  abortAt?: { readonly where: 'progress' | 'channel' | 'client'; readonly step: number };
  /** When it was written down: by the gateway's clock and the till's. */
  created?: Moment;
  /** When it was begun to be written down, the last time. */
  begun?: Moment;
  /** When the client was called, and the first byte left. */
  calledAt?: number;
  leftAt?: number;
  /** When it is given up, by the till's clock. */
  deadline?: number;
  hasLeft: boolean;
  sells: number;
  requests: number;
  /** Calls that left, of any kind. */
  calls: number;
  /** Answered that the number is another sale's, to a till that was alive to hear it. */
  isKnownTaken: boolean;
  /** The runs of the till that a query has told of a payment from before ours, where they could know. */
  readonly knownOldBy: Set<Program>;
  /** The runs of the till that a query has told where our order stands. */
  readonly confirmedBy: Set<Program>;
  /** The answer that it is paid came in time: to which run of the till, and until when it had time, by its clock. */
  owed?: { readonly till: Program; readonly deadline: number };
  /** Since when the merchant's certificate is refused, and nothing else was said to a reversal. */
  certificateSince?: number;
  /** Whether the till heard that the payment was not taken because of a limit. */
  isLimitHeard: boolean;
  isAborted: boolean;
  isCancelled: boolean;
  /** Given up again, with a good certificate, after the bad one had been put before a person. */
  isTakenUp: boolean;
  /** Given up before the request left. */
  isGivenUpUnsent: boolean;
  /** Another program made it: only refunds of it are asked for here. */
  readonly isElsewhere: boolean;
}

export const newSale = (given: Pick<Sale, 'out_trade_no' | 'total_fee' | 'rail' | 'fate' | 'isElsewhere'>): Sale => ({
  ...given,
  told: [],
  heard: new Set(),
  acknowledged: new Set(),
  last: { revision: 0, at: 0 },
  hasLeft: false,
  sells: 0,
  requests: 0,
  knownOldBy: new Set(),
  confirmedBy: new Set(),
  calls: 0,
  isKnownTaken: false,
  isLimitHeard: false,
  isAborted: false,
  isCancelled: false,
  isTakenUp: false,
  isGivenUpUnsent: false,
});
