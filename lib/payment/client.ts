import type { PayClient } from '../pay/client.js';
import type { MerchantIdentity, QueryResult, RequestOptions, ReverseResult } from '../pay/types.js';
import type { Rail } from './order.js';

/**
 * What a processor needs of a client: {@link PayClient}, or one's own. It throws PayTransportError with `sent` false if
 * nothing can have reached the gateway; whatever else it throws means that it may have.
 */
export interface PaymentClient {
  readonly identity: MerchantIdentity;
  /**
   * Milliseconds after which a request is given up at the latest. Without it a payment request is waited for to its own end.
   */
  readonly requestTimeout?: number;
  /** Milliseconds in which one connection is made at the latest. */
  readonly connectTimeout?: number;
  /** Milliseconds since the epoch by the gateway's clock; undefined until it has answered. */
  gatewayTime?(): number | undefined;
  /** Pays by an `auth_code`. */
  micropay: PayClient['micropay'];
  /** Asks where such a payment stands. */
  orderquery: PayClient['orderquery'];
  /** Gives such a payment up. */
  reverse: PayClient['reverse'];
  /** Pays by a `face_code`. The three calls of this rail come together, or not at all. */
  facepay?: PayClient['facepay'];
  /** Asks where such a payment stands. */
  facepayquery?: PayClient['facepayquery'];
  /** Gives such a payment up. */
  facepayreverse?: PayClient['facepayreverse'];
  /** Gives back all or a part of a paid sale, of either rail. The two calls of refunds come together, or not at all. */
  refund?: PayClient['refund'];
  /** Asks how a refund stands. */
  refundquery?: PayClient['refundquery'];
}

/** A client that has every call of the facepay rail. */
type FacepayClient = PaymentClient & Required<Pick<PaymentClient, 'facepay' | 'facepayquery' | 'facepayreverse'>>;

/** Whether a client has the calls of a rail: those of micropay it has always. */
export function hasRail(client: PaymentClient, rail: 'facepay'): client is FacepayClient;
export function hasRail(client: PaymentClient, rail: Rail): boolean;
export function hasRail(client: PaymentClient, rail: Rail): boolean {
  return rail === 'micropay' || [client.facepay, client.facepayquery, client.facepayreverse].every(Boolean);
}

/** The gateway's time, or undefined: a client that can't say it must not disturb a payment. Milliseconds since the epoch. */
export function gatewayTimeOf(client: PaymentClient): number | undefined {
  try {
    const time = client.gatewayTime?.();
    return typeof time === 'number' && Number.isFinite(time) ? time : undefined;
  } catch {
    return undefined;
  }
}

/** Asks where a payment of this rail stands. */
export const queryOf = (
  client: PaymentClient,
  rail: Rail,
  order: { out_trade_no: string },
  options: RequestOptions,
): Promise<QueryResult> =>
  rail === 'facepay' && hasRail(client, rail) ? client.facepayquery(order, options) : client.orderquery(order, options);

/** Gives a payment of this rail up. */
export const reverseOf = (
  client: PaymentClient,
  rail: Rail,
  order: { out_trade_no: string },
  options: RequestOptions,
): Promise<ReverseResult> =>
  rail === 'facepay' && hasRail(client, rail) ? client.facepayreverse(order, options) : client.reverse(order, options);
