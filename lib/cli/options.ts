import { resolve } from 'node:path';
import { maximumFen, type OrderRef } from '../pay/parameters.js';
import type { Rail } from '../payment/order.js';
import type { Saying } from '../words/cli/index.js';
import { choice, flag, type Given, type Part, text, wholeNumber } from './command.js';
import { type Config, readConfig } from './config.js';
import { UsageError } from './errors.js';
import type { Output } from './output.js';

/* What more than one command takes. */

export const jsonOption = flag('--json', ({ help }) => help.takes.json);

/** Read by {@link languageOf}, since help and errors of usage come in the language as well. */
export const langOption: Part<string | undefined> = {
  ...text('--lang <language>', ({ help }) => help.takes.lang),
  choices: ['zh', 'en'],
};

export const configOption = text('--config <file>', ({ help }) => help.takes.config);

/** The configuration, after its warnings were told. */
export function configured(given: Given, output: Output): Config {
  const config = readConfig(given(configOption));
  for (const { says, todo } of config.warnings) output.note((words) => words.usage.warning(says(words), todo(words)));
  return config;
}

export const journalOption = text('--journal <folder>', ({ help }) => help.takes.journal);

/** The folder of the journal: that of the option, else the configuration's, if there is one. Absolute. */
export function perhapsJournal(given: Given, config: Config): string | undefined {
  const folder = given(journalOption);
  return folder === undefined ? config.journal : resolve(folder);
}

/** The same of a command that can't do without. */
export function journalFolder(given: Given, config: Config): string {
  const folder = perhapsJournal(given, config);
  if (folder === undefined) throw new UsageError(({ usage }) => usage.journalMissing);
  return folder;
}

export const railOption: Part<Rail> = choice('--rail <rail>', ({ help }) => help.takes.rail, ['micropay', 'facepay']);

export const yesOption = flag('--yes', ({ help }) => help.takes.yes);

/** An amount of money as an argument. */
export const fen = (written: string, says: Saying): Part<number> => ({
  written,
  says,
  read: wholeNumber(1, maximumFen),
});

export const outTradeNo = text('[out_trade_no]', ({ help }) => help.takes.outTradeNo);
export const transactionIdOption = text('--transaction-id <id>', ({ help }) => help.takes.transactionId);

/** The order that is named by {@link outTradeNo} or {@link transactionIdOption}. */
export function orderOf(given: Given): OrderRef {
  const out_trade_no = given(outTradeNo);
  const transaction_id = given(transactionIdOption);
  // Two names may be those of two orders.
  if (transaction_id !== undefined && out_trade_no !== undefined) throw new UsageError(({ usage }) => usage.twoNames);
  if (transaction_id !== undefined) return { transaction_id };
  if (out_trade_no === undefined) throw new UsageError(({ usage }) => usage.orderMissing);
  return { out_trade_no };
}
