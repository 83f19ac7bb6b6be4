import { type Difference, reconcile } from '../../../lib/bill/index.js';
import type { Journal } from '../../../lib/journal/journal.js';
import type { BillRow } from '../../../lib/pay/bill/bill.js';
import { dayOf, spacedTime } from '../../../lib/simulator/beijing.js';
import { merchant, type SimulatedGateway } from './gateway.js';
import { transactionId } from './refund-book.js';

/* The gateway's bill of each day of a history, and what the journal differs from it (docs/facts.md#bills). */

const statusInBill = { SUCCESS: 'SUCCESS', PROCESSING: 'PROCESSING', REFUNDCLOSE: 'FAIL', CHANGE: 'FAIL' } as const;

interface Dated {
  readonly at: number;
  readonly row: BillRow;
}

function* rowsOf(gateway: SimulatedGateway, subMerchantOf: (out_trade_no: string) => string): Generator<Dated> {
  const dated = (at: number, given: Pick<BillRow, 'out_trade_no' | 'trade_state' | 'total_fee'>): Dated => ({
    at,
    row: {
      time: spacedTime(at),
      mch_id: merchant.mch_id,
      sub_mch_id: subMerchantOf(given.out_trade_no),
      transaction_id: transactionId(given.out_trade_no),
      trade_type: 'MICROPAY',
      ...given,
      columns: {},
    },
  });
  for (const { out_trade_no, charged, paidAt, reversals } of gateway.book.values()) {
    if (charged === 0) continue;
    yield dated(paidAt, { out_trade_no, trade_state: 'SUCCESS', total_fee: charged });
    for (const { at } of reversals) yield dated(at, { out_trade_no, trade_state: 'REVOKED', total_fee: 0 });
  }
  for (const { order, out_refund_no, refund_fee, refund_status, requestedAt } of gateway.refunds?.made.values() ?? []) {
    const { out_trade_no } = order;
    // That of another merchant's sale, which has no place here.
    if (!gateway.book.has(out_trade_no)) continue;
    const { at, row } = dated(requestedAt, { out_trade_no, trade_state: 'REFUND', total_fee: 0 });
    const refund = { out_refund_no, refund_fee, refund_id: `50${out_refund_no}` };
    yield { at, row: { ...row, ...refund, refund_status: statusInBill[refund_status] } };
  }
}

/**
 * What the journal differs from the bills of all days on which something happened at the gateway.
 * @param subMerchantOf Whose a number is. Default: of the merchant itself.
 */
export async function* differences(
  gateway: SimulatedGateway,
  journal: Journal,
  subMerchantOf: (out_trade_no: string) => string = () => '0',
): AsyncGenerator<Difference & { readonly day: string }> {
  const days = new Map<string, BillRow[]>();
  for (const { at, row } of rowsOf(gateway, subMerchantOf)) days.set(dayOf(at), [...(days.get(dayOf(at)) ?? []), row]);
  for (const [day, rows] of days) {
    const bill = {
      rows: (async function* () {
        yield* rows;
      })(),
      summary: async () => ({}),
      close: () => undefined,
    };
    for await (const difference of reconcile({ bill, journal, bill_date: day })) yield { ...difference, day };
  }
}
