import type { RefundParams, RefundResult } from '../../../lib/pay/refund.js';
import type { RefundQueryResult, RefundRef } from '../../../lib/pay/refundquery.js';
import type { PaymentProcessorOptions } from '../../../lib/payment/processor.js';
import { charged, failed, Made, type Scripts } from './client.js';
import { till } from './till.js';

/* A till whose sale A1 of 100 fen is paid, before a gateway that refunds by a script. */

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

const sale = { out_trade_no: 'A1', total_fee: 100 };

export const taken = (out_refund_no: string, refund_fee: number, of = sale): RefundResult => ({
  result_code: 'SUCCESS',
  ...of,
  transaction_id: '1008450740201411110005820873',
  out_refund_no,
  refund_fee,
  refund_id: `50-${out_refund_no}`,
});

export const shown = (
  refund_status: string,
  out_refund_no: string,
  refund_fee: number,
  of = sale,
): RefundQueryResult => ({
  result_code: 'SUCCESS',
  ...of,
  refunds: [
    {
      out_refund_no,
      refund_fee,
      refund_id: `50-${out_refund_no}`,
      refund_status,
      ...(refund_status === 'SUCCESS' && { refund_success_time: '2024-11-23 12:05:00' }),
    },
  ],
});

export const noRefund = failed('REFUNDNOTEXIST');

/** What the gateway gave back: it takes each number once, whatever comes after. */
export class RefundGateway {
  readonly refunds = new Map<
    string,
    { readonly of: { out_trade_no: string; total_fee: number }; readonly fee: number; status: string }
  >();
  /** What becomes of a refund that it takes. */
  status = 'SUCCESS';

  readonly scripts: Pick<Scripts, 'refund' | 'refundquery'> = {
    refund: [new Made(async (_options, params: RefundParams) => this.take(params))],
    refundquery: [new Made(async (_options, params: RefundRef) => this.show(params))],
  };

  /** Fen, of all refunds that were taken. */
  get givenBack(): number {
    return [...this.refunds.values()].reduce((sum, { fee }) => sum + fee, 0);
  }

  take({ out_refund_no, refund_fee, total_fee, ...ref }: RefundParams): RefundResult {
    const of = { out_trade_no: ref.out_trade_no ?? '', total_fee };
    if (!this.refunds.has(out_refund_no)) this.refunds.set(out_refund_no, { of, fee: refund_fee, status: this.status });
    return taken(out_refund_no, refund_fee, of);
  }

  show(ref: RefundRef): RefundQueryResult {
    const found = [...this.refunds].filter(([number, { of }]) =>
      'out_refund_no' in ref
        ? number === ref.out_refund_no
        : 'out_trade_no' in ref && of.out_trade_no === ref.out_trade_no,
    );
    const shows = found.map(([number, { of, fee, status }]) => shown(status, number, fee, of));
    const [first] = shows;
    if (first === undefined || first.result_code === 'FAIL') return noRefund;
    return { ...first, refunds: shows.flatMap((each) => (each.result_code === 'FAIL' ? [] : each.refunds)) };
  }
}

/** A till that has been paid for A1. */
export async function paidTill(scripts: Scripts, options: Partial<PaymentProcessorOptions> = {}) {
  const made = till({ micropay: [charged('A1', 100)], ...scripts }, options);
  await made.pay();
  const { clock, client, processor } = made;
  client.calls.length = 0;
  const refund = (out_refund_no: string, refund_fee: number, more: { total_fee?: number; refund_desc?: string } = {}) =>
    clock.until(processor.refund('A1', { out_refund_no, refund_fee, ...more }));
  return { ...made, refund };
}
