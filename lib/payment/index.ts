export { InvalidPolicyError, JournalError, OrderExistsError } from './errors.js';
export { LevelJournal } from './level-journal.js';
export { MemoryJournal } from './memory-journal.js';
export { PaymentProcessor } from './processor.js';
export type {
  Clock,
  FailureCode,
  Journal,
  JournalFilter,
  Order,
  PaymentClient,
  PaymentCode,
  PaymentOutcome,
  PaymentProcessorOptions,
  PaymentProgress,
  PaymentRecord,
  PayOptions,
  PollingPolicy,
  Rail,
  ReversalPolicy,
  Trouble,
} from './types.js';
