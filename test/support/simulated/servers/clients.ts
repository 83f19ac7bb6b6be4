import type { Limiter, Priority } from '../../../../lib/pay/limiter.js';
import type { RequestOptions } from '../../../../lib/pay/request.js';
import type { PaymentClient } from '../../../../lib/payment/client.js';

/* What stands before a simulated client: a server's queue of calls, and what a server without a rule of the last look does. */

type Pay = PaymentClient['micropay'];

/** On all rails, and by both APIs. */
function withPayments(client: PaymentClient, change: (pay: Pay) => Pay): PaymentClient {
  const micropay = change(client.micropay);
  return {
    ...client,
    micropay,
    // The simulated client takes both rails' calls alike.
    facepay: ({ face_code: _, ...order }, options) => micropay({ ...order, auth_code: '120061098828009406' }, options),
    ...(client.v2 !== undefined && { v2: withPayments(client.v2, change) }),
  };
}

/**
 * Whose payments may leave although the last look says no.
 * @param mayLeave Asked then.
 */
export const withLook = (
  client: PaymentClient,
  mayLeave: (out_trade_no: string, options: RequestOptions) => boolean,
  isHeard = true,
): PaymentClient =>
  withPayments(client, (pay) => (order, { signal, ...options } = {}) => {
    const given = { ...options, ...(signal && isHeard && { signal }) };
    const look = () =>
      (options.mayLeave?.() ?? true) || mayLeave(order.out_trade_no, { ...options, ...(signal && { signal }) });
    return pay(order, { ...given, mayLeave: look });
  });

/** Whose calls wait for their turn. @param onPay A payment begins to wait. */
export function withLimiter(
  client: PaymentClient,
  limiter: Limiter,
  onPay: (out_trade_no: string) => void,
): PaymentClient {
  const waiting =
    <Params, Result>(priority: Priority, call: (params: Params, options?: RequestOptions) => Promise<Result>) =>
    async (params: Params, options: RequestOptions = {}): Promise<Result> => {
      await limiter.enter(priority, options.signal);
      return call(params, options);
    };
  const paying =
    (call: Pay): Pay =>
    (order, options) => {
      onPay(order.out_trade_no);
      return waiting('payment', call)(order, options);
    };
  const { facepay, facepayquery, facepayreverse, refund, refundquery, v2 } = client;
  return {
    ...client,
    micropay: paying(client.micropay),
    orderquery: waiting('query', client.orderquery),
    reverse: waiting('undo', client.reverse),
    ...(facepay && {
      facepay: (order, options) => {
        onPay(order.out_trade_no);
        return waiting('payment', facepay)(order, options);
      },
    }),
    ...(facepayquery && { facepayquery: waiting('query', facepayquery) }),
    ...(facepayreverse && { facepayreverse: waiting('undo', facepayreverse) }),
    ...(refund && { refund: waiting('undo', refund) }),
    ...(refundquery && { refundquery: waiting('query', refundquery) }),
    ...(v2 && { v2: withLimiter(v2, limiter, onPay) }),
  };
}

/** A sub-merchant's, of one mch_id. */
export const ofMerchant = (client: PaymentClient, sub_mch_id: string): PaymentClient => ({
  ...client,
  identity: { ...client.identity, sub_mch_id },
  ...(client.v2 !== undefined && { v2: ofMerchant(client.v2, sub_mch_id) }),
});
