import { InvalidParameterError, type JournalRecord, type RefundOutcome, type RefundRequest } from 'wxpay-face';
import { PostgresJournal } from '../journal/postgres-journal.js';
import type { RefundLimits, Spending } from '../terminals/refund-limits.js';
import { type Caller, demand, lineOf, noteIn, visiblePayment, watching } from './caller.js';
import type { Until } from './payments.js';
import { beyondLimit, unknownNumber } from './refusals.js';
import { before, type Deadline, lookUntil } from './waiting.js';

/* What a terminal does with the refunds of its store's sales. */

type RefundReply = RefundOutcome | undefined;

/** The sale of a refund, of this terminal or one that it may refund. @throws RefusedError for any other. */
async function saleOf(caller: Caller, out_refund_no: string): Promise<string> {
  const record = await caller.merchant.journal.get('refund', out_refund_no);
  if (record === undefined) await caller.ensureUnknown();
  const { out_trade_no } = record?.data ?? {};
  if (typeof out_trade_no !== 'string') throw unknownNumber();
  await visiblePayment(caller, out_trade_no);
  return out_trade_no;
}

async function outcomeOf({ merchant }: Caller, out_trade_no: string, out_refund_no: string): Promise<RefundReply> {
  const refunds = await merchant.processor.refunds(out_trade_no);
  return refunds.find((refund) => refund.out_refund_no === out_refund_no);
}

const isUndecided = (outcome: RefundReply): boolean =>
  outcome === undefined || (outcome.status === 'processing' && !outcome.accepted);

export async function refund(
  caller: Caller,
  out_refund_no: string,
  { out_trade_no, ...request }: Omit<RefundRequest, 'out_refund_no'> & { out_trade_no: string },
  { deadline, limits }: { deadline: Deadline; limits: RefundLimits },
): Promise<RefundReply> {
  demand(caller, 'refund');
  await visiblePayment(caller, out_trade_no);
  if ('notify_url' in request) throw new InvalidParameterError('notify_url', 'is the server’s matter');
  // Asked for again, it is not another act: it was counted and written down then.
  const isKnown = (await caller.merchant.journal.get('refund', out_refund_no)) !== undefined;
  // It may have been given back.
  if (!isKnown) await caller.ensureUnknown();
  const task = async () => {
    if (!isKnown) {
      const of = { number: out_refund_no, subject: out_trade_no, amount: request.refund_fee };
      await caller.audit.write(lineOf(caller, { action: 'refund', ...of }));
    }
    return caller.merchant.processor.refund(out_trade_no, { ...request, out_refund_no });
  };
  const spent = { out_trade_no, out_refund_no, fen: request.refund_fee };
  return before(isKnown ? task() : withinLimit(caller, limits, spent, task), deadline);
}

/** What is refused so has given nothing back, and never will. */
const refused: ReadonlySet<unknown> = new Set([
  'ERR_REFUND',
  'ERR_INVALID_PARAMETER',
  'ERR_ORDER_UNKNOWN',
  'ERR_ORDER_FOREIGN',
  'ERR_ORDER_EXISTS',
  'ERR_ORDER_REFUNDED',
]);

/** Counts a refund before it is done. @throws RefusedError beyond the terminal's limit. */
async function withinLimit(
  { terminal, merchant }: Caller,
  limits: RefundLimits,
  refund: Pick<Spending, 'out_trade_no' | 'out_refund_no' | 'fen'>,
  task: () => Promise<RefundOutcome>,
): Promise<RefundOutcome> {
  const { id, refundLimit: limit } = terminal;
  if (limit === undefined) return task();
  const spending = { ...refund, terminal: id, limit, numbers: merchant.client.identity.mch_id };
  const counted = await limits.spend(spending);
  if (counted === 'beyond') throw beyondLimit(limit);
  let isNothing = false;
  try {
    const outcome = await task();
    isNothing = outcome.status === 'failed' || outcome.status === 'refused';
    return outcome;
  } catch (error) {
    isNothing = refused.has(Object(error).code);
    throw error;
  } finally {
    // What can't be released now stays counted.
    if (isNothing && counted === 'counted') await limits.release(spending).catch(() => undefined);
  }
}

export async function lookAtRefund(
  caller: Caller,
  out_refund_no: string,
  until: Until,
  deadline: Deadline,
): Promise<RefundReply> {
  const out_trade_no = await saleOf(caller, out_refund_no);
  return lookUntil(
    async () => {
      const outcome = await outcomeOf(caller, out_trade_no, out_refund_no);
      const isOpen = until === 'final' ? outcome?.status === 'processing' : isUndecided(outcome);
      return isOpen ? undefined : outcome;
    },
    deadline,
    watching(caller.merchant.journal, 'refund', out_refund_no),
  );
}

export async function refundsOf(caller: Caller, out_trade_no: string): Promise<RefundOutcome[]> {
  await visiblePayment(caller, out_trade_no);
  return caller.merchant.processor.refunds(out_trade_no);
}

export async function acknowledgeRefund(caller: Caller, out_refund_no: string, revision: number): Promise<void> {
  demand(caller, 'refund');
  const out_trade_no = await saleOf(caller, out_refund_no);
  const asked = { number: out_refund_no, subject: out_trade_no, revision };
  await caller.audit.writeSoon(lineOf(caller, { action: 'acknowledge', ...asked }));
  await caller.merchant.processor.acknowledge({ out_trade_no, out_refund_no, revision });
}

/** What has ended of this store's refunds and nobody has acted upon. */
export async function* unacknowledgedRefunds(caller: Caller): AsyncIterable<RefundOutcome> {
  if (!caller.terminal.can.includes('refund')) return;
  for await (const { id, data } of unheardRefunds(caller)) {
    const outcome = await outcomeOf(caller, String(data.out_trade_no), id);
    if (outcome !== undefined) yield outcome;
  }
}

async function* unheardRefunds(caller: Caller): AsyncIterable<JournalRecord> {
  const { terminal, merchant } = caller;
  const { journal } = merchant;
  if (journal instanceof PostgresJournal) return yield* journal.unheardRefundsOf(terminal.store_id);
  for await (const record of journal.list({ kind: 'refund', finished: true, acknowledged: false })) {
    const sale = await journal.get('payment', String(record.data.out_trade_no));
    if (sale !== undefined && noteIn(sale).store === terminal.store_id) yield record;
  }
}
