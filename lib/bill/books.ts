import type { Journal } from '../journal/journal.js';
import type { BillRow } from '../pay/bill/bill.js';
import type { RecordedMerchant } from '../payment/record.js';
import { type Day, isIn } from './day.js';
import {
  type BilledRefund,
  type BilledSale,
  type Difference,
  judgeRefund,
  judgeSale,
  type Mismatch,
  noSale,
} from './difference.js';
import { type RecordedRefund, type RecordedSale, refundOf, saleOf } from './known.js';

interface SaleEntry {
  readonly sale: RecordedSale;
  billed: BilledSale;
  transaction_id: string | undefined;
}

interface RefundEntry {
  readonly refund: RecordedRefund;
  billed: BilledRefund | undefined;
}

/** What a row of another state than these says is a charge. */
const states = { refund: 'REFUND', reversal: 'REVOKED' } as const;

/** Nothing was given back, and nothing will be. */
const failedRefunds: ReadonlySet<string> = new Set(['FAIL', 'REFUNDCLOSE']);

/** The bill has 0 for no sub-merchant. */
const subMerchant = (sub_mch_id: string | undefined): string => (sub_mch_id === '0' ? '' : (sub_mch_id ?? ''));

const unknown = (row: BillRow, kind: Difference['kind'], fen: number): Difference => ({
  kind,
  out_trade_no: row.out_trade_no,
  ...(row.out_refund_no !== undefined && { out_refund_no: row.out_refund_no }),
  transaction_id: row.transaction_id,
  there: fen,
  state: row.trade_state,
});

/**
 * The sales and refunds that the journal knows, of one day and of the bill's rows, each with what the bill says of it. What the
 * journal doesn't know is not kept.
 */
export class Books {
  readonly #journal: Journal;
  readonly #day: Day;
  readonly #sub_mch_id: string | undefined;
  readonly #sales = new Map<string, SaleEntry>();
  readonly #refunds = new Map<string, RefundEntry>();
  /** Whose bill it is, by its first row. */
  #mch_id: string | undefined;

  constructor(journal: Journal, day: Day, sub_mch_id: string | undefined) {
    this.#journal = journal;
    this.#day = day;
    this.#sub_mch_id = sub_mch_id;
  }

  /** Reads what the journal has of the day. */
  async open(): Promise<void> {
    for await (const record of this.#journal.list()) {
      if (record.kind === 'refund') {
        const refund = refundOf(record);
        // One that was taken over midnight is in either day's bill: this one alone doesn't say that it lacks it.
        if (refund !== undefined && [refund.at, refund.takenBy ?? refund.at].every((at) => isIn(at, this.#day)))
          this.#addRefund(refund);
        continue;
      }
      const sale = saleOf(record);
      if (isIn(sale.at, this.#day) || isIn(sale.decidedAt, this.#day)) this.#addSale(sale);
    }
  }

  /** Enters a row of the bill. Resolves with a difference if it's about a sale or a refund that the journal doesn't know. */
  async enter(row: BillRow): Promise<Difference | undefined> {
    if (this.#sub_mch_id !== undefined && row.sub_mch_id !== this.#sub_mch_id) return undefined;
    this.#mch_id ??= row.mch_id;
    const entry = await this.#saleOf(row);
    if (row.trade_state === states.refund) return this.#enterRefund(row, entry);
    if (entry === undefined) return unknown(row, 'unknown-here', row.total_fee);
    entry.transaction_id = row.transaction_id;
    const { billed } = entry;
    entry.billed =
      row.trade_state === states.reversal
        ? { ...billed, isRevoked: true }
        : { ...billed, charged: billed.charged + row.total_fee };
    return undefined;
  }

  /** What differs of all that the journal knows. */
  *differences(): Generator<Difference, void, undefined> {
    for (const { sale, billed, transaction_id } of this.#sales.values()) {
      if (!this.#concerns(sale.merchant)) continue;
      const mismatch = judgeSale(sale, billed, this.#day);
      if (mismatch !== undefined) yield named(mismatch, sale, transaction_id);
    }
    for (const { refund, billed } of this.#refunds.values()) {
      if (!this.#concerns(refund.merchant)) continue;
      const mismatch = judgeRefund(refund, billed, this.#day);
      if (mismatch === undefined) continue;
      const sale = this.#sales.get(refund.out_trade_no);
      yield named(mismatch, refund, sale?.transaction_id);
    }
  }

  async #enterRefund(row: BillRow, sale: SaleEntry | undefined): Promise<Difference | undefined> {
    const { refund_fee = 0, refund_status = '' } = row;
    const isFailed = failedRefunds.has(refund_status);
    const entry = await this.#refundOf(row, sale?.sale);
    if (entry !== undefined) {
      entry.billed = { refund_fee: (entry.billed?.refund_fee ?? 0) + refund_fee, isFailed };
      return undefined;
    }
    // No fen has moved.
    if (isFailed) return undefined;
    if (sale === undefined) return unknown(row, 'unknown-here', refund_fee);
    sale.billed = { ...sale.billed, refundedElsewhere: sale.billed.refundedElsewhere + refund_fee };
    return unknown(row, 'refund-unknown-here', refund_fee);
  }

  async #saleOf(row: BillRow): Promise<SaleEntry | undefined> {
    const { out_trade_no } = row;
    const kept = this.#sales.get(out_trade_no);
    if (kept !== undefined) return isOf(row, kept.sale.merchant) ? kept : undefined;
    const record = await this.#journal.get('payment', out_trade_no);
    const sale = record && saleOf(record);
    return sale !== undefined && isOf(row, sale.merchant) ? this.#addSale(sale) : undefined;
  }

  async #refundOf(row: BillRow, sale: RecordedSale | undefined): Promise<RefundEntry | undefined> {
    const { out_refund_no = '', out_trade_no } = row;
    const isIts = (refund: RecordedRefund): boolean =>
      refund.out_trade_no === out_trade_no && isOf(row, refund.merchant);
    const kept = this.#refunds.get(out_refund_no);
    if (kept !== undefined) return isIts(kept.refund) ? kept : undefined;
    const record = await this.#journal.get('refund', out_refund_no);
    const reserved = sale?.refunds.find((each) => each.out_refund_no === out_refund_no);
    const refund = record === undefined ? reserved : refundOf(record);
    return refund !== undefined && isIts(refund) ? this.#addRefund(refund) : undefined;
  }

  #addSale(sale: RecordedSale): SaleEntry {
    const entry = { sale, billed: noSale, transaction_id: sale.transaction_id };
    this.#sales.set(sale.out_trade_no, entry);
    return entry;
  }

  #addRefund(refund: RecordedRefund): RefundEntry {
    const entry = { refund, billed: undefined };
    this.#refunds.set(refund.out_refund_no, entry);
    return entry;
  }

  /** Whether a bill of this merchant has to show it. */
  #concerns(merchant: RecordedMerchant | undefined): boolean {
    if (merchant === undefined) return true;
    if (this.#sub_mch_id !== undefined && merchant.sub_mch_id !== this.#sub_mch_id) return false;
    return this.#mch_id === undefined || merchant.mch_id === this.#mch_id;
  }
}

/** Whether a row is about a record of this merchant. */
const isOf = ({ mch_id, sub_mch_id }: BillRow, merchant: RecordedMerchant | undefined): boolean =>
  merchant === undefined ||
  (merchant.mch_id === mch_id && subMerchant(merchant.sub_mch_id) === subMerchant(sub_mch_id));

function named(
  mismatch: Mismatch,
  { out_trade_no, out_refund_no, state }: { out_trade_no: string; out_refund_no?: string; state: string },
  transaction_id: string | undefined,
): Difference {
  return {
    out_trade_no,
    ...(out_refund_no !== undefined && { out_refund_no }),
    ...(transaction_id !== undefined && { transaction_id }),
    state,
    ...mismatch,
  };
}
