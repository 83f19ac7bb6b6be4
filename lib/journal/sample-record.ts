import type { JournalRecord } from './journal.js';

/** The first record of a payment, for those who try a journal. */
export const record = (id: string, change: Partial<JournalRecord> = {}): JournalRecord => ({
  schema: 1,
  kind: 'payment',
  id,
  revision: 1,
  state: 'submitting',
  finished: false,
  acknowledged: false,
  updatedAt: 1_000,
  data: { note: '付款码支付', nested: { list: [1, null, 'a\tb\n"\u2028\\'] } },
  ...change,
});
