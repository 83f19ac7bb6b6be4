import type { Journal } from '../journal/journal.js';
import type { PaymentClient } from './client.js';
import type { Clock } from './clock.js';
import type { PaymentOutcome } from './decision/outcomes.js';
import type { GivenPolicies } from './decision/policies.js';
import type { RefundOutcome } from './decision/refund/outcomes.js';
import type { OnOutcome } from './teller.js';

/** Parts and policies of a PaymentProcessor. */
export interface PaymentProcessorOptions extends GivenPolicies {
  /**
   * The merchant's. Without its certificate nothing can be reversed: a payment that must be reversed then ends as
   * 'attention', and cancel() takes it up again once there is one. Nor can anything be refunded.
   */
  client: PaymentClient;
  /** Of this processor alone. */
  journal: Journal;
  /**
   * Milliseconds after which nobody waits for the journal any more (JournalError); what was begun goes on.
   * @default 10000
   */
  journalTimeout?: number;
  /**
   * Hears every final outcome of a payment or a refund that no pay(), cancel(), refund() or settled() is waiting for: recovered
   * ones, the ends of background reversals and refunds. Each is told again (after 1 s, doubling to 5 min, and after a restart) until the handler resolves; then it is
   * acknowledged by itself. One call at a time for a number, up to 16 numbers at once. With it, recovery starts by itself and
   * recover() yields nothing. close() does not wait for it.
   */
  onOutcome?: OnOutcome<PaymentOutcome | RefundOutcome>;
  /** Default: the system's. Simulated in tests. */
  clock?: Clock;
}
