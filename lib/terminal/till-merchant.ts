import type { Difference } from '../bill/difference.js';
import type { PaymentProcessor } from '../payment/processor.js';
import type { Merchant } from './merchant.js';

/** What a till needs of its merchant, be it here or on a server. */
export interface TillMerchant
  extends Merchant,
    Pick<PaymentProcessor, 'cancel' | 'refund' | 'refunds' | 'refundSettled' | 'settled' | 'acknowledge'> {
  /** The gateway's bill of a day against the journal. */
  reconcile(bill_date: string): AsyncIterable<Difference>;
  /** At the start, and each minute: finds out what no call has shown. What it finds is told to the health. Never rejects. */
  look(): Promise<void>;
}
