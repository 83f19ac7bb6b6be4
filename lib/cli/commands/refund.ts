import type { Journal } from '../../journal/journal.js';
import { maximumFen } from '../../pay/parameters.js';
import type { RefundOutcome } from '../../payment/decision/refund/outcomes.js';
import { checkRefund, type RefundRequest } from '../../payment/refund/parameters.js';
import { yuan } from '../../words/amount.js';
import { english, type Saying } from '../../words/cli/index.js';
import { type Command, type Given, type Part, type Raw, text, wholeNumber } from '../command.js';
import type { MerchantClient } from '../config.js';
import { confirmed } from '../confirmed.js';
import { ToldError, UsageError } from '../errors.js';
import { exitCodes, refundExits } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { configOption, configured, journalFolder, journalOption, transactionIdOption, yesOption } from '../options.js';
import { tellOutcome } from '../outcome.js';
import type { Output } from '../output.js';
import { type Payments, recorded, withJournal, withProcessor } from '../payments.js';
import { showProgress } from '../progress.js';
import {
  type EarlierRefund,
  isOurNumber,
  refundNumber,
  refundSoon,
  refundsAtGateway,
  refundsInJournal,
  saleNumber,
} from '../sale-refunds.js';

/** Milliseconds that are waited for the end of what the gateway has taken: to the customer's balance it takes seconds or minutes. */
const patience = 6_000;

const readFen = wholeNumber(1, maximumFen);
const perhapsFen = (raw: Raw): number | undefined => (raw === undefined ? undefined : readFen(raw));

// With --transaction-id the amount is the only argument, and stands where the number does else.
const firstArgument = text('[out_trade_no]', ({ help }) => help.takes.refundedSale);
const secondArgument: Part<number | undefined> = {
  written: '[fen]',
  says: ({ help }) => help.takes.refundFee,
  read: perhapsFen,
};
const outRefundNo = text('--out-refund-no <number>', ({ help }) => help.takes.outRefundNo);
const totalOption: Part<number | undefined> = {
  written: '--total <fen>',
  says: ({ help }) => help.takes.total,
  read: perhapsFen,
};

/** @throws UsageError */
function fenOf(argument: string): number {
  try {
    return readFen(argument);
  } catch {
    throw new UsageError(({ usage }) => usage.noFen(maximumFen));
  }
}

interface Wanted {
  readonly order: { readonly out_trade_no: string } | { readonly transaction_id: string };
  readonly refund_fee: number;
  readonly out_refund_no: string | undefined;
  readonly total_fee: number | undefined;
  /** Nobody is asked. */
  readonly yes: boolean;
}

function wantedBy(given: Given): Wanted {
  const [first, second, transaction_id] = [given(firstArgument), given(secondArgument), given(transactionIdOption)];
  const rest = { out_refund_no: given(outRefundNo), total_fee: given(totalOption), yes: given(yesOption) };
  if (first === undefined) throw new UsageError(({ usage }) => usage.saleAndFenMissing);
  if (transaction_id === undefined) {
    if (second === undefined) throw new UsageError(({ usage }) => usage.fenMissing);
    return { order: { out_trade_no: first }, refund_fee: second, ...rest };
  }
  // Two names may be those of two orders.
  if (second !== undefined) throw new UsageError(({ usage }) => usage.twoNames);
  return { order: { transaction_id }, refund_fee: fenOf(first), ...rest };
}

/** What journal and gateway know of a sale's refunds. The gateway isn't asked if an open one is to be asked for again. */
async function earlierRefunds(
  journal: Journal,
  client: MerchantClient,
  { out_trade_no, refund_fee }: { out_trade_no: string; refund_fee: number },
  signal: AbortSignal,
): Promise<EarlierRefund[]> {
  const here = (await refundsInJournal(journal, out_trade_no)).map(({ outcome, isClosed }): EarlierRefund => {
    // One that has ended, but of which nobody has heard, is the one that a command before this was interrupted in.
    const isOpen = outcome.status === 'processing' || (!isClosed && isOurNumber(outcome.out_refund_no, out_trade_no));
    return { out_refund_no: outcome.out_refund_no, refund_fee: outcome.refund_fee, isOpen };
  });
  if (here.some((each) => each.isOpen && each.refund_fee === refund_fee)) return here;
  const there = await refundsAtGateway(client, out_trade_no, signal);
  const known = new Set(here.map(({ out_refund_no }) => out_refund_no));
  const others = there
    .filter(({ out_refund_no }) => !known.has(out_refund_no))
    .map(({ out_refund_no, refund_fee: fen, refund_status }) => ({
      out_refund_no,
      refund_fee: fen,
      isOpen: refund_status === 'PROCESSING' && isOurNumber(out_refund_no, out_trade_no),
    }));
  return [...here, ...others];
}

/** Waits for the gateway's word, and then a little for the end. */
async function awaited(
  payments: Payments,
  out_trade_no: string,
  refund: RefundRequest,
  output: Output,
  signal: AbortSignal,
): Promise<RefundOutcome> {
  const { processor } = payments;
  let outcome = await processor.refund(out_trade_no, refund, { signal });
  if (isWaiting(outcome) && !signal.aborted) output.step((words) => words.payments.refund.aMinuteApart);
  for (let rest = 4; rest > 0 && isWaiting(outcome) && !signal.aborted; rest -= 1)
    outcome = await processor.refund(out_trade_no, refund, { signal });
  if (outcome.status !== 'processing' || !outcome.accepted) return outcome;
  return (await refundSoon(payments, refund.out_refund_no, patience, signal)) ?? outcome;
}

/** Nothing keeps it from being sent but the minute after another one. */
const isWaiting = (outcome: RefundOutcome): boolean =>
  outcome.status === 'processing' && !outcome.accepted && outcome.trouble === undefined;

async function refundSale(
  payments: Payments,
  { order, refund_fee, total_fee, yes, ...wanted }: Wanted,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const { journal, client, processor } = payments;
  const out_trade_no = await saleNumber(order, journal, client, signal);
  const keep = (why: 'interrupted' | 'notConfirmed'): number => {
    const { code } = exitCodes.failed;
    output.say(({ payments: words }) => words.reverse.line(out_trade_no, words.kept, words[why]));
    output.emit('result', { exitCode: code, out_trade_no, status: 'kept', reason: english.payments[why] });
    return code;
  };
  const sale = await journal.get('payment', out_trade_no);
  if (sale === undefined && total_fee === undefined)
    throw new ToldError('ERR_ORDER_UNKNOWN', (words) => words.payments.refund.unknownSale(out_trade_no));
  const earlier =
    wanted.out_refund_no === undefined
      ? await earlierRefunds(journal, client, { out_trade_no, refund_fee }, signal)
      : [];
  const out_refund_no = wanted.out_refund_no ?? refundNumber(out_trade_no, refund_fee, earlier);
  const refund = { out_refund_no, refund_fee, ...(total_fee !== undefined && { total_fee }) };
  checkRefund(out_trade_no, refund);
  const cost = total_fee ?? (sale && recorded(sale).fen);
  const question: Saying = ({ payments: { refund: words } }) => {
    const of = cost === undefined ? out_trade_no : words.costing(out_trade_no, yuan(cost));
    return words.question(yuan(refund_fee), of, out_refund_no);
  };
  if (!yes && !(await confirmed(output, question, signal)))
    return keep(signal.aborted ? 'interrupted' : 'notConfirmed');
  // Nothing was decided yet, even if nobody had to be asked.
  if (signal.aborted) return keep('interrupted');
  const hideProgress = showProgress(output);
  try {
    const outcome = await awaited(payments, out_trade_no, refund, output, signal);
    const exitCode = tellOutcome(output, outcome, refundExits[outcome.status]);
    // As with payments: what a person must look at is told again until somebody did.
    if (outcome.status !== 'attention') await processor.acknowledge(outcome).catch(() => undefined);
    return exitCode;
  } catch (error) {
    if (!signal.aborted || (await journal.get('refund', out_refund_no)) !== undefined) throw error;
    return keep('interrupted');
  } finally {
    hideProgress();
  }
}

export const refund: Command = {
  name: 'refund',
  says: ({ help }) => help.says.refund,
  takes: [
    firstArgument,
    secondArgument,
    transactionIdOption,
    outRefundNo,
    totalOption,
    yesOption,
    configOption,
    journalOption,
  ],
  more: ({ help }) => help.more.refund,
  run: async (given, output) => {
    const wanted = wantedBy(given);
    const config = configured(given, output);
    const folder = journalFolder(given, config);
    const interruption = onInterruption(output, 'refund');
    const begin = wanted.total_fee !== undefined;
    try {
      return await withJournal(
        folder,
        (journal) =>
          withProcessor(config, journal, (payments) => refundSale(payments, wanted, output, interruption.signal)),
        begin,
      );
    } finally {
      interruption.ignore();
    }
  },
};
