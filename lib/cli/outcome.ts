import type { RefundOutcome } from '../payment/decision/refund/outcomes.js';
import type { FacePayOutcome } from '../terminal/face-pay.js';
import { yuan } from '../words/amount.js';
import { english, type Saying, type Words } from '../words/cli/index.js';
import { padEnd } from './columns.js';
import { type Exit, exitCodes } from './exit.js';
import type { Output } from './output.js';
import { localGatewayTime } from './time.js';

function detail(outcome: FacePayOutcome, { payments }: Words): string {
  switch (outcome.status) {
    case 'paid':
      return payments.paid(yuan(outcome.total_fee), outcome.transaction_id);
    case 'declined':
      return payments.no(outcome.err_code, outcome.err_code_des ?? '');
    case 'failed':
      return payments.failed(outcome.code, outcome.reason);
    case 'attention':
      return payments.attention(outcome.code, outcome.reason);
    case 'cancelled':
      return payments.cancellers[outcome.by];
    case 'scan':
      return payments.scan;
    case 'reversed':
      return payments.both([payments.reversals[outcome.why], payments.nothingCharged]);
    case 'reversing': {
      const trouble = outcome.trouble === undefined ? [] : [payments.troubles[outcome.trouble]];
      return payments.both([payments.reversals[outcome.why], ...trouble, payments.recovery]);
    }
  }
}

function refundDetail(outcome: RefundOutcome, { payments }: Words): string {
  switch (outcome.status) {
    case 'refunded': {
      const time = outcome.time === undefined ? '' : localGatewayTime(outcome.time);
      return payments.refunded(outcome.refund_id, time, outcome.to ?? '');
    }
    case 'processing': {
      const trouble = outcome.trouble === undefined ? [] : [payments.troubles[outcome.trouble]];
      return payments.both([outcome.accepted ? payments.accepted : payments.notAnswered, ...trouble, payments.goesOn]);
    }
    case 'refused':
      return payments.no(outcome.err_code, outcome.err_code_des ?? '');
    case 'failed':
      return payments.failed(outcome.code, outcome.reason);
    case 'attention':
      return payments.refundAttention(outcome.code, outcome.reason);
  }
}

/** One line for people. */
export const sentence =
  (outcome: FacePayOutcome | RefundOutcome): Saying =>
  (words) => {
    const { payments } = words;
    const status = padEnd(payments.statuses[outcome.status], 9);
    if (!('kind' in outcome)) return payments.line(status, outcome.out_trade_no, detail(outcome, words));
    const { out_refund_no, out_trade_no, refund_fee } = outcome;
    return payments.refundLine(status, out_refund_no, out_trade_no, yuan(refund_fee), refundDetail(outcome, words));
  };

/** Tells how a command ended; resolves with its exit code. */
export function tellOutcome(output: Output, outcome: FacePayOutcome | RefundOutcome, exit: Exit): number {
  const exitCode = exitCodes[exit].code;
  output.say(sentence(outcome));
  output.emit('result', { exitCode, ...outcome });
  return exitCode;
}

/** The same for a payment that has not come to its end. @param then What goes on with it. */
export function tellUnfinished(output: Output, out_trade_no: string, why: Saying, then: Saying): number {
  const exitCode = exitCodes.unfinished.code;
  output.say((words) => words.payments.unfinished(out_trade_no, why(words), then(words)));
  output.emit('result', { exitCode, status: 'unfinished', out_trade_no, reason: why(english) });
  return exitCode;
}
