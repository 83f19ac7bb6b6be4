import type { QueryResult } from '../../pay/results.js';
import type { PaymentClient } from '../../payment/client.js';
import type { Rail } from '../../payment/order.js';
import { yuan } from '../../words/amount.js';
import type { Saying } from '../../words/cli/index.js';
import type { Command } from '../command.js';
import { makeClient } from '../config.js';
import { type Exit, exitCodes } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { configOption, configured, orderOf, outTradeNo, railOption, transactionIdOption } from '../options.js';
import { showProgress } from '../progress.js';
import { localGatewayTime } from '../time.js';

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

/** What is told to people. */
export const describeOrder =
  (result: QueryResult): Saying =>
  ({ payments: { seen } }) => {
    const { total_fee, transaction_id, time_end, trade_state_desc, err_code_des } = result;
    const parts = [
      seen.state(stateOf(result)),
      String(trade_state_desc ?? err_code_des ?? ''),
      typeof total_fee === 'number' ? yuan(total_fee) : '',
      transaction_id ? seen.transactionId(String(transaction_id)) : '',
      time_end ? seen.paidAt(localGatewayTime(String(time_end))) : '',
    ];
    return seen.all(parts.filter(Boolean));
  };

export const query: Command = {
  name: 'query',
  says: ({ help }) => help.says.query,
  takes: [outTradeNo, transactionIdOption, railOption, configOption],
  run: async (given, output) => {
    const order = orderOf(given);
    const client = makeClient(configured(given, output));
    const interruption = onInterruption(output, 'query');
    const hideProgress = showProgress(output);
    output.emit('progress', { ...order, phase: 'querying' });
    try {
      const result = await client[queryCalls[given(railOption)]](order, { signal: interruption.signal });
      const exitCode = exitCodes[exits[stateOf(result)] ?? 'unfinished'].code;
      const { sign: _, nonce_str: __, ...answer } = result;
      const number = order.out_trade_no ?? order.transaction_id ?? '';
      output.say((words) => words.payments.seen.line(number, describeOrder(result)(words)));
      output.emit('result', { exitCode, ...answer });
      return exitCode;
    } finally {
      hideProgress();
      client.close();
      interruption.ignore();
    }
  },
};
