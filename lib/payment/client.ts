import { InvalidParameterError } from '../errors.js';
import type { PayClient } from '../pay/client.js';
import type { MerchantIdentity } from '../pay/options.js';
import type { RequestOptions } from '../pay/request.js';
import type { QueryResult, ReverseResult } from '../pay/results.js';
import type { PaymentCode, RecordedRail } from './order.js';

/**
 * What a processor needs of a client: {@link PayClient}, {@link PayClientV3}, or one's own. It throws PayTransportError with `sent` false if
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
  /** Which of the vendor's calls its `micropay`, `orderquery` and `reverse` are. @default 'micropay' */
  readonly rail?: 'micropay' | 'codepay';
  /** Of a client of API v3: that of v2 for what v3 doesn't have. */
  readonly v2?: PaymentClient | undefined;
  /** Of a client of API v3: whether an `auth_code` that a face gave goes to `v2`. */
  readonly faceCodes?: 'v2' | 'v3';
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

type Order = { out_trade_no: string };

/** What a rail has, whatever its calls are named. */
interface RailCalls {
  query(order: Order, options: RequestOptions): Promise<QueryResult>;
  reverse(order: Order, options: RequestOptions): Promise<ReverseResult>;
}

/** Those of an auth_code, of a client whose own they are. */
const codeCalls = (client: PaymentClient): RailCalls => ({
  query: (order, options) => client.orderquery(order, options),
  reverse: (order, options) => client.reverse(order, options),
});

function faceCalls(client: PaymentClient): RailCalls | undefined {
  const { facepay, facepayquery, facepayreverse } = client;
  if (!facepay || !facepayquery || !facepayreverse) return undefined;
  return {
    query: (order, options) => facepayquery.call(client, order, options),
    reverse: (order, options) => facepayreverse.call(client, order, options),
  };
}

/** Whether its own calls are API v3's. */
export const isOfV3 = ({ rail }: PaymentClient): boolean => rail === 'codepay';

/** The client whose calls those of a rail are; undefined if there is none. */
export function takerOf(client: PaymentClient, rail: RecordedRail): PaymentClient | undefined {
  if (rail === 'codepay') return isOfV3(client) ? client : undefined;
  return isOfV3(client) ? client.v2 : client;
}

function callsOf(client: PaymentClient, rail: RecordedRail): RailCalls | undefined {
  const taker = takerOf(client, rail);
  return taker && (rail === 'facepay' ? faceCalls(taker) : codeCalls(taker));
}

/** Whether a client has the calls of a rail: those of an auth_code it has always, of its own API. */
export const hasRail = (client: PaymentClient, rail: RecordedRail): boolean => callsOf(client, rail) !== undefined;

/** Which calls take a code. */
export function railOf(client: PaymentClient, code: PaymentCode): RecordedRail {
  if (!('auth_code' in code)) return 'facepay';
  if (!isOfV3(client)) return 'micropay';
  // Nothing says that API v3 takes the codes of faces (docs/facts.md#api-v3).
  return code.from === 'face' && client.faceCodes !== 'v3' && client.v2 !== undefined ? 'micropay' : 'codepay';
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

/** @throws InvalidParameterError if the client hasn't got the calls of this rail. */
function neededCalls(client: PaymentClient, rail: RecordedRail): RailCalls {
  const calls = callsOf(client, rail);
  if (calls === undefined) throw new InvalidParameterError('client', `has no calls of the rail ${rail}`);
  return calls;
}

/** Asks where a payment of this rail stands. */
export const queryOf = (
  client: PaymentClient,
  rail: RecordedRail,
  order: Order,
  options: RequestOptions,
): Promise<QueryResult> => neededCalls(client, rail).query(order, options);

/** Gives a payment of this rail up. */
export const reverseOf = (
  client: PaymentClient,
  rail: RecordedRail,
  order: Order,
  options: RequestOptions,
): Promise<ReverseResult> => neededCalls(client, rail).reverse(order, options);
