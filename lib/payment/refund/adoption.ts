import { InvalidParameterError } from '../../errors.js';
import type { JournalRecord } from '../../journal/journal.js';
import { PayResponseError } from '../../pay/errors.js';
import type { RequestOptions } from '../../pay/request.js';
import type { PayFailure, QuerySuccess } from '../../pay/results.js';
import { gatewayTimeOf, hasRail, queryOf } from '../client.js';
import type { Clock } from '../clock.js';
import { paymentOf } from '../decision/answers.js';
import type { ReservedRefund } from '../decision/refund/rules.js';
import type { RefundPhase } from '../decision/refund/states.js';
import { beijingTime } from '../decision/request-time.js';
import { OrderUnknownError, RefundRefusedError } from '../errors.js';
import type { RecordedRail } from '../order.js';
import { recordedMerchant, toRecord } from '../record.js';
import type { RefundClient } from './client.js';

/* A sale that this journal doesn't know, with its refunds, as the gateway shows them. */

interface Wanted {
  readonly out_trade_no: string;
  readonly out_refund_no: string;
  /** Fen, as whoever asks says. */
  readonly total_fee: number;
}

const unexpected = (call: string, { err_code, err_code_des = '' }: PayFailure): PayResponseError =>
  new PayResponseError(`${call} was answered ${err_code} ${err_code_des}`.trim());

/** What the gateway shows of a refund that another program made. */
const shown: Readonly<Record<string, RefundPhase>> = {
  SUCCESS: 'refunded',
  PROCESSING: 'accepted',
  REFUNDCLOSE: 'refused',
};

/** Which of the rails has it. @throws OrderUnknownError if neither. */
async function findSale(
  client: RefundClient,
  { out_trade_no }: Wanted,
  options: RequestOptions,
): Promise<{ rail: RecordedRail; answer: QuerySuccess }> {
  for (const rail of ['codepay', 'micropay', 'facepay'] as const) {
    if (!hasRail(client, rail)) continue;
    const answer = await queryOf(client, rail, { out_trade_no }, options);
    if (answer.result_code === 'SUCCESS') return { rail, answer };
    if (answer.err_code !== 'ORDERNOTEXIST') throw unexpected('orderquery', answer);
  }
  const message = `Neither the journal nor the gateway knows ${out_trade_no}`;
  throw new OrderUnknownError('ERR_ORDER_UNKNOWN', message, { out_trade_no });
}

/** A sale's refunds as the gateway shows them. @throws What the client throws, PayResponseError for an answer that tells nothing. */
export async function refundsElsewhere(
  client: RefundClient,
  out_trade_no: string,
  options: RequestOptions,
): Promise<ReservedRefund[]> {
  const answer = await client.refundquery({ out_trade_no }, options);
  if (answer.result_code === 'FAIL') {
    if (answer.err_code === 'REFUNDNOTEXIST') return [];
    throw unexpected('refundquery', answer);
  }
  return answer.refunds.map(({ out_refund_no, refund_id, refund_fee, refund_status, ...more }) => {
    const phase = Object.hasOwn(shown, refund_status) ? shown[refund_status] : undefined;
    const { refund_success_time: time, refund_recv_accout: to } = more;
    return {
      out_refund_no,
      refund_fee,
      at: 0,
      phase: phase ?? 'attention',
      facts: {
        ...(phase === 'refunded' && { givenBack: { refund_id, ...(time && { time }), ...(to && { to }) } }),
        ...(phase === 'refused' && { decline: { err_code: refund_status } }),
        ...(phase === undefined && {
          attention: 'by-hand' as const,
          reason: `The gateway shows a refund of another program as ${refund_status}: look it up on the merchant site`,
        }),
      },
      elsewhere: true,
    };
  });
}

/**
 * The first record of a sale that another program made, to be refunded here. It was told to others, so that it counts as
 * acknowledged.
 * @throws OrderUnknownError if the gateway doesn't know it, RefundRefusedError if it isn't paid, InvalidParameterError if its
 * amount is another, and what the client throws.
 */
export async function adoptSale(
  client: RefundClient,
  clock: Clock,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<JournalRecord> {
  const { out_trade_no, out_refund_no, total_fee } = wanted;
  // An answer that names no order is about whose connection it came over.
  const options = { signal, fresh: true };
  const { rail, answer } = await findSale(client, wanted, options);
  const { trade_state } = answer;
  if (answer.out_trade_no !== out_trade_no) throw new PayResponseError('orderquery was answered about another order');
  if (trade_state === 'REVOKED' || trade_state === 'CLOSED')
    throw new RefundRefusedError('given-up', out_trade_no, out_refund_no);
  if (trade_state !== 'SUCCESS' && trade_state !== 'REFUND')
    throw new RefundRefusedError('not-paid', out_trade_no, out_refund_no);
  const payment = paymentOf(answer);
  if (payment === undefined) throw new PayResponseError('orderquery shows no transaction_id, or no amount');
  if (payment.total_fee !== total_fee)
    throw new InvalidParameterError('total_fee', `is not what the gateway shows for ${out_trade_no}`);
  // API v3 can't list them; a sale that has any shows REFUND (docs/facts.md#refunds).
  const isUnrefunded = rail === 'codepay' && trade_state === 'SUCCESS';
  const refunds = isUnrefunded ? [] : await refundsElsewhere(client, out_trade_no, options);
  const paidAt = beijingTime(payment.time_end ?? '') ?? gatewayTimeOf(client) ?? clock.wall();
  const record = toRecord(out_trade_no, 1, clock.wall(), {
    stored: {
      rail,
      total_fee,
      merchant: recordedMerchant(client.identity),
      requested: { wall: paidAt, run: '', monotonic: 0, gateway: paidAt },
      refunds,
    },
    phase: 'paid',
    facts: { payment, charged: true },
    decidedAt: 1,
  });
  return { ...record, acknowledged: true };
}
