import type { Trouble } from './decision/outcomes.js';

/**
 * Where a payment stands. `step` is for programs: what a till shows. 'camera', 'credential', 'looking' and 'scanning' come
 * from FacePay; 'password' stays until the customer has entered it.
 */
export interface PaymentProgress {
  out_trade_no: string;
  phase: 'face' | 'submitting' | 'querying' | 'reversing' | 'finished';
  step:
    | 'camera'
    | 'credential'
    | 'looking'
    | 'scanning'
    | 'sending'
    | 'password'
    | 'unknown'
    | 'confirming'
    | 'reversing'
    | 'finished';
  /** Counts queries or reversals from 1. */
  attempt?: number;
  /** Milliseconds since the epoch, by this machine's clock, when the phase gives up: for a countdown. */
  until?: number;
  /** What keeps the payment from its end. */
  trouble?: Trouble;
  /** For logs. */
  detail?: string;
}

/** What one pay() may be given besides order and code. */
export interface PayOptions {
  /**
   * Abort. Nothing sent yet: 'cancelled'. Sent: the decision to reverse is journalled, and it is reversed after notBefore
   * even if a query says SUCCESS. Already journalled as paid: stays paid.
   */
  signal?: AbortSignal;
  /** Hears every step. What it throws is ignored: a display must not disturb a payment. */
  onProgress?: (progress: PaymentProgress) => void;
}
