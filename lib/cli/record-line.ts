import type { JournalRecord } from '../journal/journal.js';
import { yuan } from './output.js';
import { recorded } from './payments.js';

/** One line for people of what the journal has. */
export function recordLine(record: JournalRecord): string {
  const { id, state, finished, acknowledged, updatedAt } = record;
  const { total_fee } = recorded(record);
  const stands = !finished ? 'unfinished' : acknowledged ? 'acknowledged' : 'not acknowledged';
  const amount = total_fee === undefined ? '?' : yuan(total_fee);
  return [new Date(updatedAt).toISOString(), state.padEnd(10), amount.padStart(10), id, stands].join('  ');
}
