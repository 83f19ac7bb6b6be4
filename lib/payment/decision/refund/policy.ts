import type { ReversalPolicy } from '../policies.js';

/** How a refund is sent again, and asked for. Milliseconds. */
export interface RefundPolicy {
  /**
   * Milliseconds from the gateway's acceptance to the first query.
   * @default 60000
   */
  firstQuery: number;
  /**
   * Wait between attempts to send, and between queries: `initial`, times `factor` each time, at most `maximum`, up to `jitter`
   * (a share of the wait) shorter or longer. There is no limit on attempts: it takes days until a bank has booked a refund.
   * @default { initial: 60000, factor: 2, maximum: 3600000, jitter: 0.2 }
   */
  backoff: ReversalPolicy['backoff'];
}

/** docs/facts.md#refunds: polled in minutes, then in hours. */
export const defaultRefundPolicy: Readonly<RefundPolicy> = {
  firstQuery: 60_000,
  backoff: { initial: 60_000, factor: 2, maximum: 3_600_000, jitter: 0.2 },
};
