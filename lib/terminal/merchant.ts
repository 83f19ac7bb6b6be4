import type { PayClient } from '../pay/client.js';
import type { AuthinfoParams, AuthinfoResponse, MerchantIdentity, RequestOptions } from '../pay/types.js';
import type { PaymentOutcome } from '../payment/decision/outcomes.js';
import type { Order, PaymentCode } from '../payment/order.js';
import type { PaymentProcessor } from '../payment/processor.js';
import type { PayOptions } from '../payment/progress.js';

/**
 * What a terminal needs of a merchant; everything that crosses is plain JSON. Here in this process it is
 * {@link localMerchant}; where the keys stay on a merchant server, it is the till's own small client of that server.
 */
export interface Merchant {
  readonly identity: MerchantIdentity;
  /** Vendor page 3: the credential for the face commands. */
  getWxpayfaceAuthinfo(params: AuthinfoParams, options?: RequestOptions): Promise<AuthinfoResponse>;
  /** Takes the payment to its outcome, see PaymentProcessor.pay. */
  pay(order: Order, code: PaymentCode, options?: PayOptions): Promise<PaymentOutcome>;
  /** What the merchant's journal knows of a payment; undefined where it knows nothing. */
  outcome(out_trade_no: string): Promise<PaymentOutcome | undefined>;
}

/** The merchant's side in this very process: keys, journal and all. */
export function localMerchant(client: PayClient, processor: PaymentProcessor): Merchant {
  return {
    identity: client.identity,
    getWxpayfaceAuthinfo: (params, options) => client.getWxpayfaceAuthinfo(params, options),
    pay: (order, code, options) => processor.pay(order, code, options),
    outcome: (out_trade_no) => processor.outcome(out_trade_no),
  };
}
