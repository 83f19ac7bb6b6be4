import { type Journal, JournalError, type JournalRecord } from 'wxpay-face';

/* Refunds that a sale's record doesn't know, since it's older than they are. */

/** By the gateway's bill. */
export interface ForeignRefund {
  readonly out_trade_no: string;
  readonly out_refund_no: string;
  /** Fen. */
  readonly refund_fee: number;
}

/** How often a record may have gone on before it's left to the next look. */
const tries = 5;

/**
 * Enters a refund into its sale's record, as the processor enters those of other programs: its fen count as given back, and the same
 * number is not a new refund.
 * @throws JournalError if the record can't be read or written.
 */
export async function addForeignRefund(journal: Journal, refund: ForeignRefund): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const record = await journal.get('payment', refund.out_trade_no);
    if (record === undefined || !record.finished) return;
    const refunds = refundsOf(record);
    if (refunds.some((known) => Object(known).out_refund_no === refund.out_refund_no)) return;
    const { out_refund_no, refund_fee } = refund;
    const added = { out_refund_no, refund_fee, at: 0, phase: 'accepted', facts: {}, elsewhere: true };
    const data = { ...record.data, refunds: [...refunds, added] };
    try {
      return await journal.put({ ...record, revision: record.revision + 1, updatedAt: Date.now(), data });
    } catch (error) {
      // It has gone on, and is read again.
      if (!(error instanceof JournalError) || attempt >= tries) throw error;
    }
  }
}

const refundsOf = ({ data: { refunds } }: JournalRecord): readonly unknown[] => (Array.isArray(refunds) ? refunds : []);
