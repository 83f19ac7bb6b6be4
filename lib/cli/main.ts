#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { InvalidParameterError } from '../errors.js';
import { maximumFen } from '../pay/parameters.js';
import type { OrderRef } from '../pay/types.js';
import type { Rail } from '../payment/order.js';
import { type Config, journalFolder, readConfig } from './config.js';
import { exitCodes, exitHelp } from './exit.js';
import { makeOutput, type Output, tellError } from './output.js';

// Built to dist/cli.js, one folder below the package's own file.
const packageFile = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const version = String(packageFile.version);

interface Flags {
  json?: boolean;
  config?: string;
  journal?: string;
  rail: Rail;
  transactionId?: string;
}

/** Ends the program even if a call of the vendor's library never returns, but not before all was written. */
const end = (exitCode: number): void =>
  void process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));

async function run({ json = false }: Pick<Flags, 'json'>, task: (output: Output) => Promise<number>): Promise<void> {
  const output = makeOutput(json);
  end(await task(output).catch((error: unknown) => tellError(output, error)));
}

function configured({ config: file }: Flags, output: Output): Config {
  const config = readConfig(file);
  for (const { says, todo } of config.warnings) output.note(`warning: ${says}; ${todo}`);
  return config;
}

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

function orderOf(out_trade_no: string | undefined, { transactionId }: Flags): OrderRef {
  // Two names may be those of two orders.
  if (transactionId !== undefined && out_trade_no !== undefined)
    throw new InvalidParameterError('--transaction-id', 'is instead of out_trade_no, not beside it');
  if (transactionId !== undefined) return { transaction_id: transactionId };
  if (out_trade_no === undefined) throw new InvalidParameterError('out_trade_no', 'is required, or --transaction-id');
  return { out_trade_no };
}

const railOption = () =>
  new Option('--rail <rail>', 'which of the two sets of calls took the payment')
    .choices(['micropay', 'facepay'])
    .default('micropay');
const journalOption = () => new Option('--journal <folder>', "the payments' journal, instead of the configured one");
const configOption = () =>
  new Option('--config <file>', 'configuration (JSON); default WXPAY_FACE_CONFIG, else ./wxpay-face.json');

const program = new Command('wxpay-face')
  .description('WeChat Pay face payment for tills · 微信刷脸支付')
  .version(version)
  .exitOverride()
  // Every command inherits it: `pay 12 50` must not charge 12 fen.
  .allowExcessArguments(false)
  .showHelpAfterError('(--help tells more)')
  .addHelpText(
    'after',
    `\nCredentials come from the configuration file or from WXPAY_FACE_… environment variables, never from arguments.\n\n${exitHelp}`,
  );

/** Each command takes --json. */
const command = (name: string, description: string, parent = program): Command =>
  parent
    .command(name)
    .description(description)
    .option('--json', 'JSON on stdout, a document a line, the last one of type "result" or "error"');

command('demo', 'run whole face payments against the simulator, through every real part').action((flags: Flags) =>
  run(flags, async (output) => (await import('./demo.js')).demo(output)),
);

command('simulate', 'play camera, customer and gateway, with a web page to play them from, until Ctrl-C')
  .option('--port <port>', "the gateway's port; default any free one", wholeNumber(0, 65_535))
  .option('--pipe <path>', 'where the simulated WxpayFaceService listens')
  .option('--scenario <name>', 'how customer and gateway behave at first')
  .option('--no-open', "don't open the page in the browser")
  .option('--write-config <file>', 'write a configuration for the other commands; removed at the end')
  .action((flags: Flags & { port?: number; pipe?: string; scenario?: string; open: boolean; writeConfig?: string }) =>
    run(flags, async (output) => (await import('./simulate.js')).simulate(flags, output)),
  );

command('doctor', 'find out why a till does not pay; moves no money')
  .addOption(configOption())
  .addOption(journalOption())
  .addHelpText(
    'after',
    '\nTakes the camera for a moment, but for a till program that runs, as its locked journal shows: then neither camera nor\nservice is touched. A till whose merchant server has the journal must be closed before.',
  )
  .action((flags: Flags) =>
    run(flags, async (output) => {
      const { doctor } = await import('./doctor/doctor.js');
      const journal = flags.journal === undefined ? undefined : resolve(flags.journal);
      return doctor({ config: flags.config, journal }, version, output);
    }),
  );

command('pay', 'take one payment, by a face or by a scanned code, through to its end')
  .argument('<total_fee>', 'amount in fen: 1250 is ¥12.50', wholeNumber(1, maximumFen))
  .option('--out-trade-no <number>', 'your number of this sale; default a new one')
  .option('--body <text>', 'what is sold, as the customer sees it', '刷脸支付')
  .option('--auth-code-stdin', "the customer's scanned code, a line on stdin, instead of a face")
  .option('--screen-index <number>', "the customer's screen, from 1, the main one")
  .addOption(railOption())
  .addOption(configOption())
  .addOption(journalOption())
  .action(
    (
      total_fee: number,
      flags: Flags & { outTradeNo?: string; body: string; authCodeStdin?: boolean; screenIndex?: string },
    ) =>
      run(flags, async (output) => {
        const { outTradeNo, body, authCodeStdin = false, screenIndex, rail, journal } = flags;
        const request = {
          total_fee,
          body,
          authCodeStdin,
          rail,
          ...(outTradeNo !== undefined && { out_trade_no: outTradeNo }),
          ...(screenIndex !== undefined && { screen_index: screenIndex }),
          ...(journal !== undefined && { journal }),
        };
        return (await import('./pay.js')).pay(configured(flags, output), request, output);
      }),
  );

command('query', 'ask the gateway about an order; exit code 0 only if it is paid')
  .argument('[out_trade_no]', 'your number of the sale')
  .option('--transaction-id <id>', "the vendor's number instead")
  .addOption(railOption())
  .addOption(configOption())
  .action((out_trade_no: string | undefined, flags: Flags) =>
    run(flags, async (output) => {
      const order = orderOf(out_trade_no, flags);
      return (await import('./query.js')).query(configured(flags, output), order, flags.rail, output);
    }),
  );

command('reverse', 'give an order up, also a paid one of the last 7 days: money goes back')
  .argument('[out_trade_no]', 'your number of the sale')
  .option('--transaction-id <id>', "the vendor's number instead")
  .option('--yes', "don't ask first")
  .addOption(railOption())
  .addOption(configOption())
  .addOption(journalOption())
  .addHelpText(
    'after',
    '\nA sale that the journal knows is given up through the journal: the decision outlives a crash, a later payment can not\nslip through, and the till hears of it. Any other is reversed at the gateway until a query shows it.',
  )
  .action((out_trade_no: string | undefined, flags: Flags & { yes?: boolean }) =>
    run(flags, async (output) => {
      const order = orderOf(out_trade_no, flags);
      const config = configured(flags, output);
      const journal = flags.journal === undefined ? config.journal : journalFolder(config, flags.journal);
      const request = { order, rail: flags.rail, journal, yes: flags.yes === true };
      return (await import('./reverse.js')).reverse(config, request, output);
    }),
  );

const journal = program.command('journal').description("look at the payments' journal, and finish what is unfinished");

command('list', 'list its payments, the oldest change first', journal)
  .option('--unfinished', 'only those that have not come to their end')
  .option('--unacknowledged', 'only those whose end the till has not acted upon')
  .addOption(configOption())
  .addOption(journalOption())
  .action((flags: Flags & { unfinished?: boolean; unacknowledged?: boolean }) =>
    run(flags, async (output) => {
      const filter = {
        ...(flags.unfinished && { finished: false }),
        ...(flags.unacknowledged && { acknowledged: false }),
      };
      const folder = journalFolder(configured(flags, output), flags.journal);
      return (await import('./journal.js')).listJournal(folder, filter, output);
    }),
  );

command('show', 'show all that it holds of one payment', journal)
  .argument('<out_trade_no>', 'your number of the sale')
  .addOption(configOption())
  .addOption(journalOption())
  .action((out_trade_no: string, flags: Flags) =>
    run(flags, async (output) => {
      const folder = journalFolder(configured(flags, output), flags.journal);
      return (await import('./journal.js')).showJournal(folder, out_trade_no, output);
    }),
  );

command(
  'check',
  'tell whether it is as it was written, and what of it is readable; also beside a running till',
  journal,
)
  .addOption(configOption())
  .addOption(journalOption())
  .action((flags: Flags) =>
    run(flags, async (output) => {
      const folder = journalFolder(configured(flags, output), flags.journal);
      return (await import('./journal.js')).checkJournal(folder, output);
    }),
  );

command(
  'salvage',
  'write what is readable of a damaged journal to a new folder; the damaged one stays as it is',
  journal,
)
  .argument('<folder>', 'the new folder')
  .addOption(configOption())
  .addOption(journalOption())
  .action((target: string, flags: Flags) =>
    run(flags, async (output) => {
      const folder = journalFolder(configured(flags, output), flags.journal);
      return (await import('./journal.js')).salvageJournal(folder, resolve(target), output);
    }),
  );

command('recover', 'bring every unfinished payment to its end, and tell those that nobody has acted upon', journal)
  .option('--acknowledge', 'what was told here counts as acted upon: the till will not hear of it again')
  .addOption(configOption())
  .addOption(journalOption())
  .action((flags: Flags & { acknowledge?: boolean }) =>
    run(flags, async (output) => {
      const config = configured(flags, output);
      const options = { acknowledge: flags.acknowledge === true };
      const folder = journalFolder(config, flags.journal);
      return (await import('./journal.js')).recoverJournal(config, folder, options, output);
    }),
  );

// A reader that went away must not disturb a payment.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  const { code } = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  const output = makeOutput(process.argv.includes('--json'));
  if (code !== 0) output.emit('error', { code: 'ERR_USAGE', message: error.message, exitCode: code });
  end(code);
}
