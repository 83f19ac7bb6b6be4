import type { JournalRecord } from '../journal/journal.js';
import { yuan } from './output.js';
import { recorded } from './payments.js';

/** One line for people of what the journal has. */
export function recordLine(record: JournalRecord): string {
  const { id, state, finished, acknowledged, updatedAt } = record;
  const { fen } = recorded(record);
  const stands = !finished ? 'unfinished' : acknowledged ? 'acknowledged' : 'not acknowledged';
  const amount = fen === undefined ? '?' : yuan(fen);
  const what = record.kind === 'refund' ? `${id} of ${record.data.out_trade_no}` : id;
  return [new Date(updatedAt).toISOString(), state.padEnd(10), amount.padStart(10), what, stands].join('  ');
}
