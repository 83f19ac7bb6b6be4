import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from '../journal/journal.js';
import { PayResponseError } from '../pay/errors.js';
import type { OrderRef } from '../pay/parameters.js';
import type { Refund } from '../pay/refundquery.js';
import type { RefundOutcome } from '../payment/decision/refund/outcomes.js';
import type { PaymentProcessor } from '../payment/processor.js';
import { fromRecord } from '../payment/record.js';
import { knownRefund, outcomeOf } from '../payment/refund/record.js';
import { reservedOutcome } from '../payment/refund/reserved.js';
import type { MerchantClient } from './config.js';
import { ToldError } from './errors.js';

/** A refund as the journal has it. */
export interface JournalledRefund {
  readonly outcome: RefundOutcome;
  /** It has come to its end, and somebody has heard. */
  readonly isClosed: boolean;
}

/** A sale's refunds, as its record and theirs tell them. */
export async function refundsInJournal(journal: Journal, out_trade_no: string): Promise<JournalledRefund[]> {
  const sale = await journal.get('payment', out_trade_no);
  const found: JournalledRefund[] = [];
  for (const reserved of (sale && fromRecord(sale)?.stored.refunds) ?? []) {
    const record = await journal.get('refund', reserved.out_refund_no);
    const known = record && knownRefund(record);
    const isIts = known?.stored.out_trade_no === out_trade_no;
    const outcome = isIts ? outcomeOf(reserved.out_refund_no, known) : reservedOutcome(out_trade_no, reserved);
    // Another program's has no record here.
    const isClosed = record === undefined ? reserved.elsewhere === true : record.finished && record.acknowledged;
    if (outcome !== undefined) found.push({ outcome, isClosed });
  }
  return found;
}

/**
 * How a refund of the journal ended, if that comes soon; else how it stands. Undefined if that can't be said.
 * @param patience Milliseconds.
 */
export async function refundSoon(
  { journal, processor }: { journal: Journal; processor: PaymentProcessor },
  out_refund_no: string,
  patience: number,
  signal: AbortSignal,
): Promise<RefundOutcome | undefined> {
  const settled = processor.refundSettled(out_refund_no).catch(() => undefined);
  const ended = await Promise.race([settled, sleep(patience, undefined, { signal })]).catch(() => undefined);
  if (ended !== undefined) return ended;
  const record = await journal.get('refund', out_refund_no);
  const known = record && knownRefund(record);
  return known && outcomeOf(out_refund_no, known);
}

/** A sale's refunds, as the gateway shows them. @throws what the client throws, and PayResponseError for an answer that shows nothing. */
export async function refundsAtGateway(
  client: MerchantClient,
  out_trade_no: string,
  signal: AbortSignal,
): Promise<readonly Refund[]> {
  // An answer that names no order is about whose connection it came over.
  const answer = await client.refundquery({ out_trade_no }, { signal, fresh: true });
  if (answer.result_code === 'SUCCESS') return answer.refunds;
  const { err_code, err_code_des = '' } = answer;
  if (err_code === 'REFUNDNOTEXIST') return [];
  throw new PayResponseError(`refundquery was answered ${err_code} ${err_code_des}`.trim());
}

/**
 * The merchant's number of a sale that is named by either number.
 * @param client Asked if the journal doesn't know the vendor's.
 * @throws ToldError (ERR_ORDER_UNKNOWN) if neither knows it, and what the client throws.
 */
export async function saleNumber(
  order: OrderRef,
  journal: Journal | undefined,
  client: MerchantClient | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { out_trade_no, transaction_id = vendorsNumber(out_trade_no) } = order;
  if (out_trade_no !== undefined && (await journal?.get('payment', out_trade_no)) !== undefined) return out_trade_no;
  if (transaction_id === undefined) return out_trade_no ?? '';
  for await (const record of journal?.list({ kind: 'payment' }) ?? [])
    if (fromRecord(record)?.facts.payment?.transaction_id === transaction_id) return record.id;
  for (const call of ['orderquery', 'facepayquery'] as const) {
    const answer = await client?.[call]({ transaction_id }, { signal });
    if (answer?.result_code === 'SUCCESS' && typeof answer.out_trade_no === 'string') return answer.out_trade_no;
  }
  if (out_trade_no !== undefined) return out_trade_no;
  throw new ToldError('ERR_ORDER_UNKNOWN', ({ payments }) => payments.refund.unknownNumber(transaction_id));
}

/** The vendor's numbers have 28 digits, but a merchant's may have, too. */
const vendorsNumber = (out_trade_no: string | undefined): string | undefined =>
  out_trade_no !== undefined && /^\d{28}$/.test(out_trade_no) ? out_trade_no : undefined;

/** What is known of one of a sale's refunds. */
export interface EarlierRefund {
  readonly out_refund_no: string;
  /** Fen. */
  readonly refund_fee: number;
  /** Asked for again it is told how it stands, and nothing more is given back. */
  readonly isOpen: boolean;
}

const longest = 64;

/** How the command line numbers a sale's refunds. */
const numberOf = (count: number, out_trade_no: string): string => `R${count}-${out_trade_no}`.slice(0, longest);

/**
 * The number of a refund that comes without one: that of an open one of this amount, so that the same command again gives back
 * once; else one that no refund of the sale has had.
 */
export function refundNumber(out_trade_no: string, refund_fee: number, earlier: readonly EarlierRefund[]): string {
  const open = earlier.find((refund) => refund.isOpen && refund.refund_fee === refund_fee);
  if (open !== undefined) return open.out_refund_no;
  const taken = new Set(earlier.map(({ out_refund_no }) => out_refund_no));
  for (let count = earlier.length + 1; ; count += 1) {
    const number = numberOf(count, out_trade_no);
    if (!taken.has(number)) return number;
  }
}

/** Whether the command line has made it, here or on another machine. */
export const isOurNumber = (out_refund_no: string, out_trade_no: string): boolean =>
  /^R\d+-/.test(out_refund_no) && out_refund_no === numberOf(Number.parseInt(out_refund_no.slice(1), 10), out_trade_no);
