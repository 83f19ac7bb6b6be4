import type { JournalRecord } from '../journal/journal.js';
import { yuan } from '../words/amount.js';
import type { Saying } from '../words/cli/index.js';
import { padEnd, padStart } from './columns.js';
import { named } from './named.js';
import { recorded } from './payments.js';
import { localTime } from './time.js';

/** One line for people of what the journal has. */
export const recordLine =
  (record: JournalRecord): Saying =>
  ({ journal, payments }) => {
    const { id, state, finished, acknowledged, updatedAt } = record;
    const { fen } = recorded(record);
    const { stands } = journal;
    const standing = !finished ? stands.unfinished : acknowledged ? stands.acknowledged : stands.notAcknowledged;
    const amount = fen === undefined ? '?' : yuan(fen);
    const what = record.kind === 'refund' ? journal.refundOf(id, String(record.data.out_trade_no)) : id;
    const columns = [padEnd(named(payments.states, state), 10), padStart(amount, 10)];
    return [localTime(updatedAt), ...columns, what, standing].join('  ');
  };
