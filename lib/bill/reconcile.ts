import type { Journal } from '../journal/journal.js';
import type { Bill } from '../pay/bill/bill.js';
import { Books } from './books.js';
import { dayOf } from './day.js';
import type { Difference } from './difference.js';

/** What {@link reconcile} compares. */
export interface ReconcileOptions {
  /** {@link PayClient.downloadBill}'s, of type ALL. It is read to its end, and closed. */
  bill: Bill;
  journal: Journal;
  /** yyyyMMdd, Beijing. */
  bill_date: string;
  /** Service-provider mode: only this sub-merchant's rows and records. */
  sub_mch_id?: string;
}

/**
 * Every difference between a day's bill and the journal; none means that each fen agrees.
 *
 * Streams the bill: what the journal doesn't know is told as its row comes, the rest when all rows have come. In memory are the
 * sales and refunds of the journal's own day, and those that the bill names. The journal's records are read once.
 *
 * Payments and reversals are compared by their numbers, not by their days: a sale belongs to the day of its `time_end`, and
 * the bill may show a reversal on either day. The journal is taken as it is now, so that what a later day decided counts.
 *
 * @throws what the bill's rows throw: BillError, PayTransportError, ClosedError. A day that isn't over, or whose bill isn't
 * there yet, is refused by the gateway (ERR_BILL_MISSING).
 * @throws JournalError if the journal can't be read.
 * @throws InvalidParameterError if `bill_date` is not a day.
 * @example
 * const bill = await client.downloadBill({ bill_date: '20261125' });
 * for await (const difference of reconcile({ bill, journal, bill_date: '20261125' })) report(difference);
 */
export async function* reconcile(options: ReconcileOptions): AsyncGenerator<Difference, void, undefined> {
  const { bill, journal, bill_date, sub_mch_id } = options;
  try {
    const day = dayOf(bill_date);
    const books = new Books(journal, day, sub_mch_id);
    await books.open();
    for await (const row of bill.rows) {
      const difference = await books.enter(row);
      if (difference !== undefined) yield difference;
    }
    // The bill's own sums agree with its rows.
    await bill.summary();
    yield* books.differences();
  } finally {
    bill.close();
  }
}
