import type { RefundOutcome } from '../payment/decision/refund/outcomes.js';
import type { FacePayOutcome } from '../terminal/face-pay.js';
import { isUsage } from './errors.js';

/** The command's exit codes. What they mean is printed by --help, and in docs. */
export const exitCodes = {
  done: { code: 0 },
  failed: { code: 1 },
  usage: { code: 2 },
  attention: { code: 3 },
  unfinished: { code: 4 },
  interrupted: { code: 130 },
} as const;

export type Exit = keyof typeof exitCodes;

/** How a payment that was asked for ended. */
export const payExits: Readonly<Record<FacePayOutcome['status'], Exit>> = {
  paid: 'done',
  declined: 'failed',
  failed: 'failed',
  cancelled: 'failed',
  scan: 'failed',
  reversed: 'failed',
  reversing: 'unfinished',
  attention: 'attention',
};

/** How a sale that was to be given up ended: what was never charged is as good as reversed. */
export const reverseExits: Readonly<Record<FacePayOutcome['status'], Exit>> = {
  ...payExits,
  paid: 'failed',
  declined: 'done',
  failed: 'done',
  cancelled: 'done',
  reversed: 'done',
};

/** How a refund that was asked for stands. That the gateway has taken it is not its end. */
export const refundExits: Readonly<Record<RefundOutcome['status'], Exit>> = {
  refunded: 'done',
  processing: 'unfinished',
  refused: 'failed',
  failed: 'failed',
  attention: 'attention',
};

export const exitOfError = (error: unknown): Exit => (isUsage(error) ? 'usage' : 'failed');
