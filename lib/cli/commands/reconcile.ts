import { createReadStream, statSync } from 'node:fs';
import { billDateOf, dayOf } from '../../bill/day.js';
import type { DifferenceKind } from '../../bill/difference.js';
import { reconcile as differencesOf } from '../../bill/reconcile.js';
import type { Journal } from '../../journal/journal.js';
import type { Bill, BillRow } from '../../pay/bill/bill.js';
import { readBill } from '../../pay/bill/streamed-bill.js';
import { BillError } from '../../pay/errors.js';
import type { Saying } from '../../words/cli/index.js';
import { type Command, type Part, text } from '../command.js';
import { type Config, makeClient } from '../config.js';
import { differenceHead, differenceLine } from '../difference.js';
import { ToldError, UsageError } from '../errors.js';
import { exitCodes } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { configOption, configured, journalFolder, journalOption } from '../options.js';
import type { Output } from '../output.js';
import { withJournalToRead } from '../payments.js';
import { openReport, type Report } from '../report.js';

const hour = 60 * 60 * 1000;

/** Rows after which a person is told that it goes on. */
const manyRows = 50_000;

/** As people write it: yyyy-mm-dd. */
const written = (bill_date: string): string => bill_date.replace(/(....)(..)(..)/, '$1-$2-$3');

const isDay = (bill_date: string): boolean => {
  try {
    return dayOf(bill_date).from > 0;
  } catch {
    return false;
  }
};

/** A bill's date, yyyyMMdd; undefined of yesterday's. */
const dayArgument: Part<string | undefined> = {
  written: '[day]',
  says: ({ help }) => help.takes.day,
  read: (raw) => {
    if (raw === undefined || raw === 'yesterday') return undefined;
    const bill_date = String(raw).replace(/^(\d{4})-(\d\d)-(\d\d)$/, '$1$2$3');
    if (!/^\d{8}$/.test(bill_date) || !isDay(bill_date)) throw new UsageError(({ usage }) => usage.noDay);
    return bill_date;
  },
};
const fileOption = text('--file <file>', ({ help }) => help.takes.file);
const outputOption = text('--output <csv|json|file>', ({ help }) => help.takes.output);
const subMchIdOption = text('--sub-mch-id <number>', ({ help }) => help.takes.subMchId);

/** A bill while it's read: its rows are counted, and those of a file must be of the day. */
class WatchedBill implements Bill {
  count = 0;
  readonly rows: AsyncIterable<BillRow>;
  readonly #bill: Bill;

  constructor(bill: Bill, output: Output, check: (row: BillRow) => void) {
    this.#bill = bill;
    this.rows = this.#watch(output, check);
  }

  async *#watch(output: Output, check: (row: BillRow) => void): AsyncGenerator<BillRow> {
    for await (const row of this.#bill.rows) {
      check(row);
      this.count += 1;
      if (this.count % manyRows === 0) {
        const { count } = this;
        output.step((words) => words.reconcile.read(count));
      }
      yield row;
    }
  }

  summary(): Promise<Record<string, number>> {
    return this.#bill.summary();
  }

  close(): void {
    this.#bill.close();
  }
}

/** @throws UsageError for the bill of another day: each sale of either would differ. A reversal may be older. */
const ofDay =
  (bill_date: string) =>
  ({ trade_state, time }: BillRow): void => {
    const day = time.slice(0, 10);
    if (trade_state !== 'REVOKED' && day !== written(bill_date))
      throw new UsageError(({ usage }) => usage.billOfOtherDay(day, written(bill_date)));
  };

const noBill = (): Bill => ({ rows: (async function* () {})(), summary: async () => ({}), close: () => undefined });

/** What is asked for. */
interface Wanted {
  readonly bill_date: string;
  readonly file: string | undefined;
  readonly sub_mch_id: string | undefined;
}

function kept(file: string, signal: AbortSignal): Promise<Bill> {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new UsageError(({ usage }) => usage.billNotThere(file));
  return readBill(createReadStream(file, { signal }));
}

/** A day on which nothing was sold has no bill. @param now Milliseconds since the epoch. */
async function isEmptyDay(journal: Journal, { bill_date, sub_mch_id }: Wanted, now: number): Promise<boolean> {
  if (now < dayOf(bill_date).to + 10 * hour) return false;
  const of = sub_mch_id === undefined ? {} : { sub_mch_id };
  const { done } = await differencesOf({ bill: noBill(), journal, bill_date, ...of }).next();
  return done === true;
}

/**
 * The gateway's; undefined if it has none, and need not have one.
 * @throws BillError
 */
async function downloaded(
  config: Config,
  journal: Journal,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Bill | undefined> {
  const { bill_date, sub_mch_id } = wanted;
  const client = makeClient(config, sub_mch_id);
  try {
    const bill = await client.downloadBill({ bill_date }, { signal });
    const close = (): void => {
      bill.close();
      client.close();
    };
    return { rows: bill.rows, summary: () => bill.summary(), close };
  } catch (error) {
    client.close();
    if (!(error instanceof BillError) || error.code !== 'ERR_BILL_MISSING') throw error;
    if (await isEmptyDay(journal, wanted, client.gatewayTime() ?? Date.now())) return undefined;
    throw new ToldError('ERR_BILL_MISSING', (words) => words.reconcile.notYet(written(bill_date)));
  }
}

function tellKinds(output: Output, kinds: Iterable<DifferenceKind>): void {
  for (const kind of kinds)
    output.say((words) => words.reconcile.meaning(words.reconcile.kinds[kind], words.reconcile.meanings[kind]));
}

async function compare(
  config: Config,
  journal: Journal,
  wanted: Wanted,
  report: Report,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const { bill_date, file, sub_mch_id } = wanted;
  const say = (line: Saying): void => (report.isOnStdout ? output.step(line) : output.say(line));
  const day = written(bill_date);
  output.step(({ reconcile: words }) => (file === undefined ? words.downloading(day) : words.reading(file, day)));
  const found = file === undefined ? await downloaded(config, journal, wanted, signal) : await kept(file, signal);
  const watched = new WatchedBill(found ?? noBill(), output, file === undefined ? () => undefined : ofDay(bill_date));
  const kinds = new Map<DifferenceKind, number>();
  const of = sub_mch_id === undefined ? {} : { sub_mch_id };
  for await (const difference of differencesOf({ bill: watched, journal, bill_date, ...of })) {
    if (kinds.size === 0) say(differenceHead);
    kinds.set(difference.kind, (kinds.get(difference.kind) ?? 0) + 1);
    say(differenceLine(difference));
    report.add(difference);
    output.emit('difference', difference);
  }
  report.end();
  const count = [...kinds.values()].reduce((sum, each) => sum + each, 0);
  const rows = watched.count;
  say(({ reconcile: words }) => words.found(day, count, found === undefined ? words.noBill : words.rows(rows)));
  if (!report.isOnStdout) tellKinds(output, kinds.keys());
  const { code } = count === 0 ? exitCodes.done : exitCodes.attention;
  output.emit('result', { exitCode: code, bill_date, rows, differences: count, kinds: Object.fromEntries(kinds) });
  return code;
}

export const reconcile: Command = {
  name: 'reconcile',
  says: ({ help }) => help.says.reconcile,
  takes: [dayArgument, fileOption, outputOption, subMchIdOption, configOption, journalOption],
  more: ({ help }) => help.more.reconcile,
  run: async (given, output) => {
    const config = configured(given, output);
    const folder = journalFolder(given, config);
    const [file, target] = [given(fileOption), given(outputOption)];
    const bill_date = given(dayArgument) ?? billDateOf(Date.now() - 24 * hour);
    if (output.json && (target === 'csv' || target === 'json'))
      throw new UsageError(({ usage }) => usage.outputOnStdout);
    const wanted = { bill_date, file, sub_mch_id: given(subMchIdOption) ?? config.subMerchant };
    const interruption = onInterruption(output, 'reconcile');
    const report = openReport(target);
    try {
      return await withJournalToRead(folder, (journal) =>
        compare(config, journal, wanted, report, output, interruption.signal),
      );
    } catch (error) {
      report.giveUp();
      throw error;
    } finally {
      interruption.ignore();
    }
  },
};
