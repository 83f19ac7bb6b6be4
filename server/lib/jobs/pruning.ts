import type { Connections, Statement } from '../database/connections.js';
import type { Merchant } from '../merchants/merchants.js';
import { billDateOf } from './nights/days.js';

/** Milliseconds: as long as a FileJournal keeps what is finished and acknowledged. */
const keep = 400 * 24 * 3_600_000;

/** An event that lives is never too old. $1 day, yyyyMMdd. */
const statements: readonly Statement[] = [
  {
    name: 'wxpay-face prune events',
    text: `delete from wxpay_face.event where dead_at < to_date($1, 'YYYYMMDD')`,
  },
  { name: 'wxpay-face prune differences', text: 'delete from wxpay_face.difference where bill_date < $1' },
  { name: 'wxpay-face prune days', text: 'delete from wxpay_face.reconciled_day where bill_date < $1' },
];

/** Removes what is older than anybody has to look at. Unfinished and unacknowledged records stay. */
export async function prune(connections: Connections, merchants: readonly Merchant[], now: number): Promise<void> {
  const before = now - keep;
  for (const { journal } of merchants) await journal.prune(before);
  for (const statement of statements) await connections.query(statement, [billDateOf(before)]);
}
