import type { Journal } from '../../journal/journal.js';
import type { Refund } from '../../pay/refundquery.js';
import { yuan } from '../../words/amount.js';
import type { Command } from '../command.js';
import { type MerchantClient, makeClient } from '../config.js';
import { sayingOf } from '../errors.js';
import { exitCodes } from '../exit.js';
import { onInterruption } from '../interruption.js';
import {
  configOption,
  configured,
  journalOption,
  orderOf,
  outTradeNo,
  perhapsJournal,
  transactionIdOption,
} from '../options.js';
import { sentence } from '../outcome.js';
import type { Output } from '../output.js';
import { journalAt, withJournalToRead } from '../payments.js';
import { refundsAtGateway, refundsInJournal, saleNumber } from '../sale-refunds.js';

/** Undefined if the gateway can't be asked: what the journal has is worth telling all the same. */
async function askedFor(
  client: MerchantClient | undefined,
  out_trade_no: string,
  isKnown: boolean,
  output: Output,
  signal: AbortSignal,
): Promise<readonly Refund[] | undefined> {
  if (client === undefined) return undefined;
  try {
    return await refundsAtGateway(client, out_trade_no, signal);
  } catch (error) {
    if (!isKnown) throw error;
    output.note((words) => words.payments.refunds.cannotAsk(sayingOf(error)(words)));
    return undefined;
  }
}

async function list(
  order: Parameters<typeof saleNumber>[0],
  journal: Journal | undefined,
  client: MerchantClient | undefined,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const out_trade_no = await saleNumber(order, journal, client, signal);
  const here = journal === undefined ? [] : await refundsInJournal(journal, out_trade_no);
  const isKnown = (await journal?.get('payment', out_trade_no)) !== undefined;
  const there = await askedFor(client, out_trade_no, isKnown, output, signal);
  const shown = new Map(there?.map((refund) => [refund.out_refund_no, refund]));
  for (const { outcome } of here) {
    const status = shown.get(outcome.out_refund_no)?.refund_status;
    output.say((words) => {
      const line = sentence(outcome)(words);
      const { gatewayShows, nothing } = words.payments.refunds;
      return there === undefined ? line : gatewayShows(line, status ?? nothing);
    });
  }
  const known = new Set(here.map(({ outcome }) => outcome.out_refund_no));
  const elsewhere = [...shown.values()].filter(({ out_refund_no }) => !known.has(out_refund_no));
  for (const { out_refund_no, refund_fee, refund_status } of elsewhere)
    output.say(({ payments }) =>
      payments.refunds.elsewhere(out_refund_no, out_trade_no, yuan(refund_fee), refund_status),
    );
  if (here.length + elsewhere.length === 0) output.say(({ payments }) => payments.refunds.none(out_trade_no));
  const { code } = exitCodes.done;
  output.emit('result', {
    exitCode: code,
    out_trade_no,
    refunds: here.map(({ outcome }) => outcome),
    ...(there && { gateway: there }),
  });
  return code;
}

export const refunds: Command = {
  name: 'refunds',
  says: ({ help }) => help.says.refunds,
  takes: [outTradeNo, transactionIdOption, configOption, journalOption],
  run: async (given, output) => {
    const order = orderOf(given);
    const config = configured(given, output);
    const folder = perhapsJournal(given, config);
    const client = config.credentials() === undefined ? undefined : makeClient(config);
    const interruption = onInterruption(output, 'query');
    const { signal } = interruption;
    try {
      if (folder === undefined || (client !== undefined && journalAt(folder) === 'nothing'))
        return await list(order, undefined, client ?? makeClient(config), output, signal);
      return await withJournalToRead(folder, (journal) => list(order, journal, client, output, signal));
    } finally {
      client?.close();
      interruption.ignore();
    }
  },
};
