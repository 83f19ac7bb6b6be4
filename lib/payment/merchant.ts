import type { MerchantIdentity } from '../pay/options.js';
import { OrderUnknownError } from './errors.js';
import type { RecordedMerchant } from './record.js';

/**
 * Only a client of the merchant that took a payment can go on with it: another one's query would say ORDERNOTEXIST.
 * @throws OrderUnknownError if it is another's.
 */
export function ensureMerchant(out_trade_no: string, theirs: RecordedMerchant, ours: MerchantIdentity): void {
  if (theirs.mch_id === ours.mch_id && theirs.sub_mch_id === ours.sub_mch_id) return;
  const who = theirs.sub_mch_id === undefined ? theirs.mch_id : `${theirs.mch_id}/${theirs.sub_mch_id}`;
  throw new OrderUnknownError(
    'ERR_ORDER_FOREIGN',
    `${out_trade_no} was paid to merchant ${who}; only a client of that merchant can go on with it`,
    { out_trade_no },
  );
}
