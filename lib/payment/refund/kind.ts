import { InvalidParameterError } from '../../errors.js';
import type { JournalRecord } from '../../journal/journal.js';
import type { PaymentClient } from '../client.js';
import type { RefundOutcome } from '../decision/refund/outcomes.js';
import { OrderUnknownError } from '../errors.js';
import { ensureMerchant } from '../merchant.js';
import type { Kind } from '../runs.js';
import { refundTaker } from './client.js';
import { decidedOutcome, type KnownRefund, knownRefund } from './record.js';
import { type RefundParts, RefundRun } from './run.js';

/** How a refund is read, told and taken up. */
export const kindOf = (
  client: PaymentClient,
  own: Omit<RefundParts, 'client'>,
): Kind<KnownRefund, RefundOutcome, RefundRun> => ({
  name: 'refund',
  fromRecord: knownRefund,
  outcomeOf: decidedOutcome,
  attention: ({ id, revision, data }: JournalRecord, code, reason) => ({
    kind: 'refund',
    status: 'attention',
    out_trade_no: typeof data.out_trade_no === 'string' ? data.out_trade_no : '',
    out_refund_no: id,
    refund_fee: typeof data.refund_fee === 'number' ? data.refund_fee : 0,
    revision,
    code,
    reason,
  }),
  ensureOurs: (out_refund_no, { stored: { out_trade_no, merchant, api } }) => {
    ensureMerchant(out_trade_no, merchant, client.identity);
    if (refundTaker(client, api) !== undefined) return;
    const message = `${out_refund_no} is a refund by API ${api ?? 'v2'}; only a client with its calls of refunds can go on with it`;
    throw new OrderUnknownError('ERR_ORDER_FOREIGN', message, { out_trade_no, out_refund_no });
  },
  unknown: (out_refund_no) =>
    new OrderUnknownError('ERR_ORDER_UNKNOWN', `The refund ${out_refund_no} is not in the journal`, {
      out_trade_no: '',
      out_refund_no,
    }),
  takeUp: (record, known, around) => {
    const taker = refundTaker(client, known.stored.api);
    if (taker === undefined) throw new InvalidParameterError('client', 'has no calls of refunds of this API');
    return new RefundRun(record, known, around, { ...own, client: taker });
  },
});
