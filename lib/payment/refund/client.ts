import { InvalidParameterError } from '../../errors.js';
import { isOfV3, type PaymentClient, takerOf } from '../client.js';

/** A client that has the calls of refunds. */
export type RefundClient = PaymentClient & Required<Pick<PaymentClient, 'refund' | 'refundquery'>>;

/** @throws InvalidParameterError if it has not. */
export function refundClient(client: PaymentClient): RefundClient {
  if (!hasRefunds(client)) throw new InvalidParameterError('client', 'has no calls of refunds: refund and refundquery');
  return client;
}

/** By which API a client makes new refunds; undefined is v2. */
export const apiOf = (client: PaymentClient): 'v3' | undefined => (isOfV3(client) ? 'v3' : undefined);

/**
 * The client that goes on with a refund: of the API that it was begun by. That another one knows its number, nobody promises, and
 * one that doesn't would give back twice. Undefined if there is none.
 */
export function refundTaker(client: PaymentClient, api: 'v3' | undefined): RefundClient | undefined {
  const taker = takerOf(client, api === 'v3' ? 'codepay' : 'micropay');
  return taker !== undefined && hasRefunds(taker) ? taker : undefined;
}

export const hasRefunds = (client: PaymentClient): client is RefundClient =>
  client.refund !== undefined && client.refundquery !== undefined;
