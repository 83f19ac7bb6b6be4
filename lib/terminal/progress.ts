import diagnostics_channel from 'node:diagnostics_channel';
import type { PaymentProgress, PayOptions } from '../payment/progress.js';
import type { FacePayOutcome } from './face-pay.js';

const phases = diagnostics_channel.channel('wxpay-face.payment.phase');

export function report({ onProgress }: PayOptions, progress: PaymentProgress): void {
  phases.publish(progress);
  // A display must not disturb a payment, whether it throws at once or later.
  void (async () => onProgress?.(progress))().catch(() => undefined);
}

/** Reports an outcome that the merchant's side did not report. */
export function finished(options: PayOptions, outcome: FacePayOutcome): FacePayOutcome {
  const { out_trade_no, status } = outcome;
  report(options, { out_trade_no, phase: 'finished', step: 'finished', detail: status });
  return outcome;
}
