import { InvalidParameterError } from '../../errors.js';
import { checkFields, isAbsent } from '../../fields.js';
import { refundFields } from '../../pay/refund.js';
import { isFields } from '../../unknown.js';

/** One refund of a sale, in the vendor's field names. */
export interface RefundRequest {
  /**
   * The merchant's own number of this refund: 1 to 64 of `0-9 A-Z a-z _ - | * @`. The same number again gives back once; after
   * silence a new one may give back twice.
   */
  out_refund_no: string;
  /** Amount in fen that is given back: the whole sale, or a part of it. */
  refund_fee: number;
  /** Shown to the customer. At most 80 characters. */
  refund_desc?: string;
  /** REFUND_SOURCE_UNSETTLED_FUNDS (the vendor's default) or REFUND_SOURCE_RECHARGE_FUNDS. */
  refund_account?: string;
  /** Where the gateway posts how it ended: https, at most 256 characters. */
  notify_url?: string;
  /** The sale's amount in fen, if this journal doesn't know it: the gateway is asked first, and must agree. */
  total_fee?: number;
}

const { total_fee, refund_fee, ...otherFields } = refundFields;
const requestFields = {
  ...otherFields,
  out_trade_no: { ...otherFields.out_trade_no, required: true },
  refund_fee: { ...refund_fee, required: true },
  total_fee: { ...total_fee, required: false },
};

const names = ['out_refund_no', 'refund_fee', 'refund_desc', 'refund_account', 'notify_url', 'total_fee'];

/**
 * Holds a refund against the vendor's rules, before anything is written down.
 * @throws InvalidParameterError for the first field that the gateway would refuse.
 */
export function checkRefund(out_trade_no: string, refund: RefundRequest): void {
  if (!isFields(refund)) throw new InvalidParameterError('refund', 'must be an object');
  checkFields(requestFields, { ...refund, out_trade_no });
  for (const [name, value] of Object.entries(refund))
    if (!names.includes(name) && !isAbsent(value)) throw new InvalidParameterError(name, 'is not a field of a refund');
}
