import { InvalidParameterError } from '../../errors.js';
import type { PaymentClient } from '../client.js';

/** A client that has the calls of refunds. */
export type RefundClient = PaymentClient & Required<Pick<PaymentClient, 'refund' | 'refundquery'>>;

/** @throws InvalidParameterError if it has not. */
export function refundClient(client: PaymentClient): RefundClient {
  if (!hasRefunds(client)) throw new InvalidParameterError('client', 'has no calls of refunds: refund and refundquery');
  return client;
}

export const hasRefunds = (client: PaymentClient): client is RefundClient =>
  client.refund !== undefined && client.refundquery !== undefined;
