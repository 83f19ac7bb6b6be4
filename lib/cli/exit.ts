import { InvalidParameterError } from '../errors.js';
import type { RefundOutcome } from '../payment/decision/refund/outcomes.js';
import type { FacePayOutcome } from '../terminal/face-pay.js';

/** What the command's exit codes mean; printed by --help, and in docs. */
export const exitCodes = {
  done: { code: 0, means: 'done as asked: paid, reversed, refunded, every check good, each fen agrees' },
  failed: {
    code: 1,
    means: 'not done: declined, cancelled, refused, not paid, no such order, a check failed, out of reach',
  },
  usage: { code: 2, means: 'wrong arguments or configuration; nothing was sent' },
  attention: { code: 3, means: 'a person must look at a payment, a refund or a difference; the reason is told' },
  unfinished: { code: 4, means: 'not at its end yet; ask again, or "wxpay-face journal recover" goes on with it' },
  interrupted: { code: 130, means: 'ended at once by a second Ctrl-C' },
} as const;

export type Exit = keyof typeof exitCodes;

export const exitHelp = [
  'Exit codes:',
  ...Object.values(exitCodes).map(({ code, means }) => `  ${String(code).padEnd(4)} ${means}`),
].join('\n');

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

export const exitOfError = (error: unknown): Exit => (error instanceof InvalidParameterError ? 'usage' : 'failed');
