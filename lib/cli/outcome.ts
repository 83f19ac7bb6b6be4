import type { Trouble } from '../payment/decision/outcomes.js';
import type { RefundOutcome } from '../payment/decision/refund/outcomes.js';
import type { FacePayOutcome } from '../terminal/face-pay.js';
import { type Exit, exitCodes } from './exit.js';
import type { Output } from './output.js';
import { yuan } from './output.js';

/** What goes on with a payment that has not come to its end. */
export const recovery = '"wxpay-face journal recover" brings it to its end';

/** What keeps a payment from its end, as it is told to a person. */
export const troubles: Readonly<Record<Trouble, string>> = {
  certificate: 'the gateway refuses the merchant’s certificate: put a good one in',
  refused: 'the gateway refuses the key or the merchant',
  limit: 'the gateway limits the calls',
  silence: 'the gateway gives no answer',
  journal: 'the journal can’t be written',
};
const reversals = {
  unknown: 'its result was unknown for too long',
  'given-up': 'it was given up',
  payerror: 'the gateway said PAYERROR',
} as const;
const cancellers = { customer: 'by the customer', cashier: 'by the cashier', timeout: 'by a time limit' } as const;

function detail(outcome: FacePayOutcome): string {
  switch (outcome.status) {
    case 'paid':
      return `${yuan(outcome.total_fee)}, transaction_id ${outcome.transaction_id}`;
    case 'declined':
      return [outcome.err_code, outcome.err_code_des].filter(Boolean).join(' ');
    case 'failed':
    case 'attention':
      return `${outcome.reason} (${outcome.code})`;
    case 'cancelled':
      return cancellers[outcome.by];
    case 'scan':
      return 'the customer wants to pay by scanning: wxpay-face pay --auth-code-stdin';
    case 'reversed':
      return `${reversals[outcome.why]}; nothing is charged, or it was given back`;
    case 'reversing':
      return [reversals[outcome.why], outcome.trouble && troubles[outcome.trouble], recovery]
        .filter(Boolean)
        .join('; ');
  }
}

function refundDetail(outcome: RefundOutcome): string {
  switch (outcome.status) {
    case 'refunded':
      return [`refund_id ${outcome.refund_id}`, outcome.time, outcome.to].filter(Boolean).join(', ');
    case 'processing':
      return [
        outcome.accepted ? 'the gateway has taken it' : 'the gateway has not answered yet',
        outcome.trouble && troubles[outcome.trouble],
        '"wxpay-face journal recover" goes on with it',
      ]
        .filter(Boolean)
        .join('; ');
    case 'refused':
      return [outcome.err_code, outcome.err_code_des].filter(Boolean).join(' ');
    case 'failed':
    case 'attention':
      return `${outcome.reason} (${outcome.code})`;
  }
}

/** One line for people. */
export function sentence(outcome: FacePayOutcome | RefundOutcome): string {
  const status = outcome.status.padEnd(9);
  if (!('kind' in outcome)) return `${status} ${outcome.out_trade_no}: ${detail(outcome)}`;
  const { out_refund_no, out_trade_no, refund_fee } = outcome;
  return `${status} ${out_refund_no} of ${out_trade_no}: ${yuan(refund_fee)}; ${refundDetail(outcome)}`;
}

/** Tells how a command ended; resolves with its exit code. */
export function tellOutcome(output: Output, outcome: FacePayOutcome | RefundOutcome, exit: Exit): number {
  const exitCode = exitCodes[exit].code;
  output.say(sentence(outcome));
  output.emit('result', { exitCode, ...outcome });
  return exitCode;
}

/** The same for a payment that has not come to its end. @param then What goes on with it. */
export function tellUnfinished(output: Output, out_trade_no: string, why: string, then: string): number {
  const exitCode = exitCodes.unfinished.code;
  output.say(`unfinished ${out_trade_no}: ${why}; ${then}`);
  output.emit('result', { exitCode, status: 'unfinished', out_trade_no, reason: why });
  return exitCode;
}
