import { randomBytes } from 'node:crypto';
import { FaceService } from '../../face/service.js';
import { OrderExistsError } from '../../journal/errors.js';
import { FileJournal } from '../../journal/file-journal.js';
import { checkOrder, type Order } from '../../payment/order.js';
import { FacePay, type FacePayOutcome } from '../../terminal/face-pay.js';
import { localMerchant } from '../../terminal/merchant.js';
import { yuan } from '../../words/amount.js';
import { type Command, certainText, flag, type Given, text } from '../command.js';
import type { Config } from '../config.js';
import { sayingOf, UsageError } from '../errors.js';
import { payExits } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { configOption, configured, fen, journalFolder, journalOption, railOption } from '../options.js';
import { tellOutcome, tellUnfinished } from '../outcome.js';
import type { Output } from '../output.js';
import { type Payments, withProcessor } from '../payments.js';
import { showProgress } from '../progress.js';
import { readScannedCode } from '../scanned-code.js';

const totalFee = fen('<total_fee>', ({ help }) => help.takes.totalFee);
const outTradeNo = text('--out-trade-no <number>', ({ help }) => help.takes.newNumber);
const bodyOption = certainText('--body <text>', ({ help }) => help.takes.body, '刷脸支付');
const authCodeStdin = flag('--auth-code-stdin', ({ help }) => help.takes.authCodeStdin);
const screenIndex = text('--screen-index <number>', ({ help }) => help.takes.screenIndex);

/** Unique, and easy to find in the merchant's books. */
const newNumber = (): string =>
  `CLI${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}${randomBytes(4).toString('hex')}`;

/** Takes one payment, by a face or by a scanned code. */
interface Payer {
  pay(order: Order, signal: AbortSignal): Promise<FacePayOutcome>;
  close(): Promise<void>;
}

async function byFace(config: Config, given: Given, { client, processor }: Payments): Promise<Payer> {
  const { terminal, init, source } = config;
  const [rail, screen_index] = [given(railOption), given(screenIndex)];
  if (terminal === undefined) throw new UsageError((words) => words.usage.terminalMissing(source(words)));
  const face = await FaceService.open(config.face);
  const facePay = new FacePay({ face, merchant: localMerchant(client, processor), terminal, rail, init });
  return {
    pay: (order, signal) => facePay.pay(order, { signal, ...(screen_index !== undefined && { screen_index }) }),
    close: async () => {
      await facePay.close();
      await face.close();
    },
  };
}

const byScan = (output: Output, { processor }: Payments): Payer => ({
  pay: async (order, signal) => {
    const auth_code = await readScannedCode(output, signal);
    if (auth_code === undefined) return { status: 'cancelled', out_trade_no: order.out_trade_no, by: 'cashier' };
    return processor.pay(order, { auth_code }, { signal });
  },
  close: async () => undefined,
});

/** Whether a payment that threw may have been sent all the same. */
async function isUnderWay({ journal }: Payments, out_trade_no: string, error: unknown): Promise<boolean> {
  // The number belongs to an earlier payment.
  if (error instanceof OrderExistsError) return false;
  try {
    return (await journal.get('payment', out_trade_no))?.finished === false;
  } catch {
    // A journal that can't be read denies nothing.
    return true;
  }
}

export const pay: Command = {
  name: 'pay',
  says: ({ help }) => help.says.pay,
  takes: [totalFee, outTradeNo, bodyOption, authCodeStdin, screenIndex, railOption, configOption, journalOption],
  run: async (given, output) => {
    const config = configured(given, output);
    const out_trade_no = given(outTradeNo) ?? newNumber();
    const order = { out_trade_no, total_fee: given(totalFee), body: given(bodyOption) };
    checkOrder(order);
    const interruption = onInterruption(output, 'pay');
    const journal = await FileJournal.open(journalFolder(given, config));
    try {
      return await withProcessor(config, journal, async (payments) => {
        const payer = given(authCodeStdin) ? byScan(output, payments) : await byFace(config, given, payments);
        output.step((words) => words.payments.order(out_trade_no, yuan(order.total_fee)));
        output.emit('started', order);
        const hideProgress = showProgress(output);
        try {
          const outcome = await payer.pay(order, interruption.signal);
          const exitCode = tellOutcome(output, outcome, payExits[outcome.status]);
          // Told, and so acted upon; but what a person must look at, recover() tells until somebody did. If this fails
          // it's told again as well.
          if (outcome.status !== 'attention') await payments.processor.acknowledge(outcome).catch(() => undefined);
          return exitCode;
        } catch (error) {
          if (!(await isUnderWay(payments, out_trade_no, error))) throw error;
          return tellUnfinished(output, out_trade_no, sayingOf(error), ({ payments: words }) => words.recovery);
        } finally {
          hideProgress();
          await payer.close();
        }
      });
    } finally {
      await journal.close();
      interruption.ignore();
    }
  },
};
