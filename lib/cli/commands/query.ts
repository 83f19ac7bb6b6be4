import type { QueryResult } from '../../pay/types.js';
import type { PaymentClient } from '../../payment/client.js';
import type { Rail } from '../../payment/order.js';
import type { Command } from '../command.js';
import { makeClient } from '../config.js';
import { type Exit, exitCodes } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { configOption, configured, orderOf, outTradeNo, railOption, transactionIdOption } from '../options.js';
import { yuan } from '../output.js';
import { showProgress } from '../progress.js';

/** Whether goods may be handed over. PAYERROR isn't final until reversed (docs/facts.md#declines); nor is what nobody has listed. */
const exits: Readonly<Record<string, Exit>> = {
  SUCCESS: 'done',
  REFUND: 'failed',
  NOTPAY: 'failed',
  CLOSED: 'failed',
  REVOKED: 'failed',
  ORDERNOTEXIST: 'failed',
};

export const queryCalls = { micropay: 'orderquery', facepay: 'facepayquery' } as const satisfies Record<
  Rail,
  keyof PaymentClient
>;

/** The trade_state, or the err_code of a query that was refused. */
export const stateOf = (result: QueryResult): string =>
  result.result_code === 'SUCCESS' ? result.trade_state : result.err_code;

/** One line for people. */
export function describeOrder(result: QueryResult): string {
  const { total_fee, transaction_id, time_end, trade_state_desc, err_code_des } = result;
  return [
    stateOf(result),
    trade_state_desc ?? err_code_des,
    typeof total_fee === 'number' ? yuan(total_fee) : undefined,
    transaction_id && `transaction_id ${transaction_id}`,
    time_end && `time_end ${time_end}`,
  ]
    .filter(Boolean)
    .join(', ');
}

export const query: Command = {
  name: 'query',
  says: 'ask the gateway about an order; exit code 0 only if it is paid',
  takes: [outTradeNo, transactionIdOption, railOption, configOption],
  run: async (given, output) => {
    const order = orderOf(given);
    const client = makeClient(configured(given, output));
    const interruption = onInterruption(output, { first: 'Giving the query up.', second: 'Ended at once.' });
    const hideProgress = showProgress(output);
    output.emit('progress', { ...order, phase: 'querying' });
    try {
      const result = await client[queryCalls[given(railOption)]](order, { signal: interruption.signal });
      const exitCode = exitCodes[exits[stateOf(result)] ?? 'unfinished'].code;
      const { sign: _, nonce_str: __, ...answer } = result;
      output.say(`${order.out_trade_no ?? order.transaction_id}: ${describeOrder(result)}`);
      output.emit('result', { exitCode, ...answer });
      return exitCode;
    } finally {
      hideProgress();
      client.close();
      interruption.ignore();
    }
  },
};
