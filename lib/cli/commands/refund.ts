import { InvalidParameterError } from '../../errors.js';
import type { Journal } from '../../journal/journal.js';
import type { PayClient } from '../../pay/client.js';
import { maximumFen } from '../../pay/parameters.js';
import type { RefundOutcome } from '../../payment/decision/refund/outcomes.js';
import { OrderUnknownError } from '../../payment/errors.js';
import { checkRefund, type RefundRequest } from '../../payment/refund/parameters.js';
import { type Command, type Given, type Part, type Raw, text, wholeNumber } from '../command.js';
import { confirmed } from '../confirmed.js';
import { exitCodes, refundExits } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { configOption, configured, journalFolder, journalOption, transactionIdOption, yesOption } from '../options.js';
import { tellOutcome } from '../outcome.js';
import { type Output, yuan } from '../output.js';
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
const firstArgument = text('[out_trade_no]', "your number of the sale, or the vendor's");
const secondArgument: Part<number | undefined> = {
  written: '[fen]',
  says: 'what is given back, in fen: 1250 is ¥12.50',
  read: perhapsFen,
};
const outRefundNo = text('--out-refund-no <number>', 'your number of this refund; default R1-…, R2-…');
const totalOption: Part<number | undefined> = {
  written: '--total <fen>',
  says: 'what the sale cost, if the journal does not know it: the gateway is asked first',
  read: perhapsFen,
};

/** @throws InvalidParameterError */
function fenOf(argument: string): number {
  try {
    return readFen(argument);
  } catch {
    throw new InvalidParameterError('fen', `must be a whole number from 1 to ${maximumFen}`);
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
  if (first === undefined) throw new InvalidParameterError('out_trade_no', 'and the amount in fen are required');
  if (transaction_id === undefined) {
    if (second === undefined) throw new InvalidParameterError('fen', 'is required: what is given back');
    return { order: { out_trade_no: first }, refund_fee: second, ...rest };
  }
  // Two names may be those of two orders.
  if (second !== undefined)
    throw new InvalidParameterError('--transaction-id', 'is instead of out_trade_no, not beside it');
  return { order: { transaction_id }, refund_fee: fenOf(first), ...rest };
}

/** What journal and gateway know of a sale's refunds. The gateway isn't asked if an open one is to be asked for again. */
async function earlierRefunds(
  journal: Journal,
  client: PayClient,
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
  if (isWaiting(outcome) && !signal.aborted)
    output.step('the gateway takes two refunds of one sale a minute apart: waiting for that');
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
  const keep = (says: string): number => {
    const { code } = exitCodes.failed;
    output.say(`${out_trade_no}: kept, ${says}`);
    output.emit('result', { exitCode: code, out_trade_no, status: 'kept', reason: says });
    return code;
  };
  const sale = await journal.get('payment', out_trade_no);
  if (sale === undefined && total_fee === undefined)
    throw new OrderUnknownError(
      'ERR_ORDER_UNKNOWN',
      `${out_trade_no} is not in the journal: say by --total what it cost, and the gateway is asked for it`,
      { out_trade_no },
    );
  const earlier =
    wanted.out_refund_no === undefined
      ? await earlierRefunds(journal, client, { out_trade_no, refund_fee }, signal)
      : [];
  const out_refund_no = wanted.out_refund_no ?? refundNumber(out_trade_no, refund_fee, earlier);
  const refund = { out_refund_no, refund_fee, ...(total_fee !== undefined && { total_fee }) };
  checkRefund(out_trade_no, refund);
  const cost = total_fee ?? (sale && recorded(sale).fen);
  const of = cost === undefined ? out_trade_no : `${out_trade_no} (${yuan(cost)})`;
  if (!yes && !(await confirmed(`Give back ${yuan(refund_fee)} of ${of}, as ${out_refund_no}?`, signal)))
    return keep(signal.aborted ? 'interrupted' : 'not confirmed');
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
  says: 'give back a paid sale, or a part of it: money goes back',
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
  more: `It is in the journal before it leaves, also of a sale that the journal did not know (--total). The same command again asks
for the same refund until it has come to its end and was told: after Ctrl-C, too, money goes back once. That the gateway
has taken a refund is not its end: "wxpay-face refunds" tells how it stands, "wxpay-face journal recover" goes on with it.`,
  run: async (given, output) => {
    const wanted = wantedBy(given);
    const config = configured(given, output);
    const folder = journalFolder(given, config);
    const interruption = onInterruption(output, {
      first: 'Stopping. A refund that is in the journal goes on with the next "journal recover".',
      second: 'Ended at once. The same command again is safe: it asks for the same refund.',
    });
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
