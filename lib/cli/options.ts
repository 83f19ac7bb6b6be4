import { resolve } from 'node:path';
import { InvalidParameterError } from '../errors.js';
import { maximumFen } from '../pay/parameters.js';
import type { OrderRef } from '../pay/types.js';
import type { Rail } from '../payment/order.js';
import { choice, flag, type Given, type Part, text, wholeNumber } from './command.js';
import { type Config, readConfig } from './config.js';
import type { Output } from './output.js';

/* What more than one command takes. */

export const jsonOption = flag('--json', 'JSON on stdout, a document a line, the last one of type "result" or "error"');

export const configOption = text(
  '--config <file>',
  'configuration (JSON); default WXPAY_FACE_CONFIG, else ./wxpay-face.json',
);

/** The configuration, after its warnings were told. */
export function configured(given: Given, output: Output): Config {
  const config = readConfig(given(configOption));
  for (const { says, todo } of config.warnings) output.note(`warning: ${says}; ${todo}`);
  return config;
}

export const journalOption = text('--journal <folder>', "the payments' journal, instead of the configured one");

/** The folder of the journal: that of the option, else the configuration's, if there is one. Absolute. */
export function perhapsJournal(given: Given, config: Config): string | undefined {
  const folder = given(journalOption);
  return folder === undefined ? config.journal : resolve(folder);
}

/** The same of a command that can't do without. */
export function journalFolder(given: Given, config: Config): string {
  const folder = perhapsJournal(given, config);
  if (folder === undefined)
    throw new InvalidParameterError(
      'journal',
      "is required: the folder of the payments' journal, in the configuration, in WXPAY_FACE_JOURNAL or by --journal",
    );
  return folder;
}

export const railOption: Part<Rail> = choice('--rail <rail>', 'which of the two sets of calls took the payment', [
  'micropay',
  'facepay',
]);

export const yesOption = flag('--yes', "don't ask first");

/** An amount of money as an argument. */
export const fen = (written: string, says: string): Part<number> => ({
  written,
  says,
  read: wholeNumber(1, maximumFen),
});

export const outTradeNo = text('[out_trade_no]', 'your number of the sale');
export const transactionIdOption = text('--transaction-id <id>', "the vendor's number instead");

/** The order that is named by {@link outTradeNo} or {@link transactionIdOption}. */
export function orderOf(given: Given): OrderRef {
  const out_trade_no = given(outTradeNo);
  const transaction_id = given(transactionIdOption);
  // Two names may be those of two orders.
  if (transaction_id !== undefined && out_trade_no !== undefined)
    throw new InvalidParameterError('--transaction-id', 'is instead of out_trade_no, not beside it');
  if (transaction_id !== undefined) return { transaction_id };
  if (out_trade_no === undefined) throw new InvalidParameterError('out_trade_no', 'is required, or --transaction-id');
  return { out_trade_no };
}
