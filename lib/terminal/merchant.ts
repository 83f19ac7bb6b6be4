import { InvalidParameterError } from '../errors.js';
import type { PayClient } from '../pay/client.js';
import type { MerchantIdentity } from '../pay/options.js';
import type { AuthinfoParams } from '../pay/parameters.js';
import type { RequestOptions } from '../pay/request.js';
import type { AuthinfoResponse } from '../pay/results.js';
import type { PaymentClient } from '../payment/client.js';
import type { PaymentOutcome } from '../payment/decision/outcomes.js';
import type { Order, PaymentCode } from '../payment/order.js';
import type { PaymentProcessor } from '../payment/processor.js';
import type { PayOptions } from '../payment/progress.js';

/**
 * What a terminal needs of a merchant; everything that crosses is plain JSON. Here in this process it is
 * {@link localMerchant}; if the keys stay on a merchant server, it is the till's own small client of that server.
 */
export interface Merchant {
  readonly identity: MerchantIdentity;
  /** Vendor page 3: the credential for the face commands. */
  getWxpayfaceAuthinfo(params: AuthinfoParams, options?: RequestOptions): Promise<AuthinfoResponse>;
  /** Takes the payment to its outcome, see PaymentProcessor.pay. It hears `signal` itself: nobody else knows what was sent. */
  pay(order: Order, code: PaymentCode, options?: PayOptions): Promise<PaymentOutcome>;
  /** What the merchant's journal knows of a payment; undefined if it knows nothing. */
  outcome(out_trade_no: string): Promise<PaymentOutcome | undefined>;
}

/**
 * The merchant's side in this very process: keys, journal and all.
 * @throws InvalidParameterError for another thing than a client or a processor, such as the two swapped
 */
export function localMerchant(
  client: PaymentClient & Pick<PayClient, 'getWxpayfaceAuthinfo'>,
  processor: PaymentProcessor,
): Merchant {
  checkPart('client', client, ['getWxpayfaceAuthinfo'], 'a PayClient');
  checkPart('processor', processor, ['pay', 'outcome'], 'a PaymentProcessor');
  return {
    identity: client.identity,
    getWxpayfaceAuthinfo: (params, options) => client.getWxpayfaceAuthinfo(params, options),
    pay: (order, code, options) => processor.pay(order, code, options),
    outcome: (out_trade_no) => processor.outcome(out_trade_no),
  };
}

/** @throws InvalidParameterError for a part that is absent, or that lacks a method: another one was given in its place */
export function checkPart(name: string, part: unknown, methods: readonly string[], what: string): void {
  if (part === undefined || part === null) throw new InvalidParameterError(name, `is required: ${what}`);
  const missing = methods.find((method) => typeof Reflect.get(Object(part), method) !== 'function');
  if (missing !== undefined) throw new InvalidParameterError(name, `must be ${what}; it has no method ${missing}`);
}
