import type { FacePayOutcome } from '../terminal/face-pay.js';
import { type Exit, exitCodes } from './exit.js';
import type { Output } from './output.js';
import { yuan } from './output.js';

function detail(outcome: FacePayOutcome): string {
  switch (outcome.status) {
    case 'paid':
      return `${yuan(outcome.total_fee)}, transaction_id ${outcome.transaction_id}`;
    case 'declined':
      return [outcome.err_code, outcome.err_code_des].filter(Boolean).join(' ');
    case 'failed':
    case 'attention':
      return outcome.reason;
    case 'cancelled':
      return `by the ${outcome.by}`;
    case 'scan':
      return 'the customer wants to pay by scanning: wxpay-face pay --auth-code-stdin';
    case 'reversed':
      return 'nothing is charged, or it was given back';
    case 'reversing':
      return 'being reversed; "wxpay-face journal recover" goes on with it';
  }
}

/** One line for people. */
export const sentence = (outcome: FacePayOutcome): string =>
  `${outcome.status.padEnd(9)} ${outcome.out_trade_no}: ${detail(outcome)}`;

/** Tells how a command ended; resolves with its exit code. */
export function tellOutcome(output: Output, outcome: FacePayOutcome, exit: Exit): number {
  const exitCode = exitCodes[exit].code;
  output.say(sentence(outcome));
  output.emit('result', { exitCode, ...outcome });
  return exitCode;
}

/** The same for a payment that has not come to its end. */
export function tellUnfinished(output: Output, out_trade_no: string, why: string): number {
  const exitCode = exitCodes.unfinished.code;
  output.say(`unfinished ${out_trade_no}: ${why}; "wxpay-face journal recover" brings it to its end`);
  output.emit('result', { exitCode, status: 'unfinished', out_trade_no, reason: why });
  return exitCode;
}
