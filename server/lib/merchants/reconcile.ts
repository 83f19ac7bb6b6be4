import { type Bill, BillError, type Difference, reconcile } from 'wxpay-face';
import type { Merchant } from './merchants.js';

/** A day on which nothing was sold has no bill. */
const emptyBill = (): Bill => ({
  rows: (async function* () {})(),
  summary: async () => ({}),
  close: () => {},
});

/**
 * Every difference between the gateway's bill of a day and a merchant's journal, over all servers that share it; none means
 * that each fen agrees.
 * @param bill_date yyyyMMdd, Beijing.
 * @param isOver A bill that is missing is one without rows: it would have come by now.
 * @throws BillError: ERR_BILL_MISSING if there is none yet. What else PayClient.downloadBill and reconcile throw.
 */
export async function reconcileDay(
  { client, journal }: Pick<Merchant, 'client' | 'journal'>,
  bill_date: string,
  isOver = false,
): Promise<Difference[]> {
  const { sub_mch_id } = client.identity;
  const bill = await client.downloadBill({ bill_date }).catch((error: unknown) => {
    if (isOver && error instanceof BillError && error.code === 'ERR_BILL_MISSING') return emptyBill();
    throw error;
  });
  const differences: Difference[] = [];
  const compared = reconcile({ bill, journal, bill_date, ...(sub_mch_id !== undefined && { sub_mch_id }) });
  for await (const difference of compared) differences.push(difference);
  return differences;
}
