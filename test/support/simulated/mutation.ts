import type { UpdateWxpayfacePayResultParams } from '../../../lib/face/commands.js';
import type { Files } from '../../../lib/journal/files.js';
import type { Journal } from '../../../lib/journal/journal.js';
import type { PaymentClient } from '../../../lib/payment/client.js';
import type { Clock } from '../../../lib/payment/clock.js';
import type { Transition } from '../../../lib/payment/decision/machine.js';
import type { PaymentOutcome } from '../../../lib/payment/decision/outcomes.js';
import type { RefundTransition } from '../../../lib/payment/decision/refund/machine.js';
import type { RefundOutcome } from '../../../lib/payment/decision/refund/outcomes.js';
import type { PaymentProcessorOptions } from '../../../lib/payment/processor.js';
import type { Misread } from './client.js';

/** A deliberate mistake that the simulation must notice. */
export interface Mutation {
  readonly transition?: Transition;
  readonly refundTransition?: RefundTransition;
  readonly journal?: (journal: Journal) => Journal;
  /** What the journal is written with. */
  readonly files?: (files: Files) => Files;
  readonly clock?: (clock: Clock) => Clock;
  /** How a run of the till reads API v3. */
  readonly misread?: () => Misread;
  readonly client?: (client: PaymentClient) => PaymentClient;
  /** What pay() listens to. */
  readonly signal?: (signal: AbortSignal) => AbortSignal;
  readonly onOutcome?: (
    handler: NonNullable<PaymentProcessorOptions['onOutcome']>,
  ) => NonNullable<PaymentProcessorOptions['onOutcome']>;
  /** What is acknowledged. @param revision That of the outcome which the journal knows now. */
  readonly acknowledged?: (outcome: PaymentOutcome | RefundOutcome, revision: number) => PaymentOutcome | RefundOutcome;
  /** Milliseconds. */
  readonly journalTimeout?: number;
  /** Whether the customer's screen is told such a result. */
  readonly tellsScreen?: (payresult: UpdateWxpayfacePayResultParams['payresult']) => boolean;
}
