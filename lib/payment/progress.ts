import { channel } from 'node:diagnostics_channel';
import type { Trouble } from './decision/outcomes.js';
import { finalPhases, type PaymentState, type Phase } from './decision/states.js';

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
  /**
   * Kept in the payment's record (`data.note`) from its first write on, e.g. which terminal's it is, and by which attempt. Texts; no
   * secret.
   */
  note?: Readonly<Record<string, string>>;
}

const progressChannel = channel('wxpay-face.payment.phase');

export const hasListeners = (): boolean => progressChannel.hasSubscribers;

function stepOf({ phase, memory }: PaymentState): Pick<PaymentProgress, 'phase' | 'step'> {
  if (finalPhases.has(phase)) return { phase: 'finished', step: 'finished' };
  switch (phase) {
    case 'submitting':
      return { phase, step: 'sending' };
    case 'reversing':
      return { phase, step: phase };
    case 'confirming':
      return { phase: 'querying', step: phase };
    default:
      return { phase: 'querying', step: memory.password ? 'password' : 'unknown' };
  }
}

/** What is told of a state. `until` is told while a deadline is running, `trouble` while the payment goes on. */
export function progressOf(
  out_trade_no: string,
  state: PaymentState,
  {
    until,
    trouble,
    ...more
  }: Pick<PaymentProgress, 'attempt' | 'detail'> & { until: number; trouble: Trouble | undefined },
): PaymentProgress {
  const { phase } = state;
  const hasDeadline = phase === 'submitting' || phase === 'polling' || phase === 'confirming';
  return {
    out_trade_no,
    ...stepOf(state),
    ...more,
    ...(hasDeadline && { until: Math.round(until) }),
    ...(trouble !== undefined && !finalPhases.has(phase) && { trouble }),
  };
}

/** Tells it to the diagnostics channel and to the caller's handler. */
export function tellProgress(
  progress: PaymentProgress,
  { state, onProgress }: { state: Phase; onProgress: PayOptions['onProgress'] },
): void {
  if (progressChannel.hasSubscribers) progressChannel.publish({ ...progress, state });
  // A display must not disturb a payment, whether it throws at once or later.
  void (async () => onProgress?.(progress))().catch(() => undefined);
}
