import type { JournalRecord } from '../journal/journal.js';
import { outcomeOf, type PaymentOutcome } from './decision/outcomes.js';
import type { RefundOutcome } from './decision/refund/outcomes.js';
import { fromRecord } from './record.js';
import { decidedOutcome, knownRefund } from './refund/record.js';

/**
 * What a record tells, for a journal of one's own that passes outcomes on with the write that decides them: that write is the
 * one whose revision the outcome has. Undefined while nothing is decided, and of a record that another version wrote.
 */
export function recordedOutcome(record: JournalRecord): PaymentOutcome | RefundOutcome | undefined {
  if (record.kind === 'refund') {
    const known = knownRefund(record);
    return known && decidedOutcome(record.id, known);
  }
  const known = fromRecord(record);
  return known && outcomeOf(record.id, known, known.decidedAt);
}
