import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalRecord } from 'wxpay-face';

/** A payment's first record, or a later one. */
export const payment = (id: string, change: Partial<JournalRecord> = {}): JournalRecord => ({
  schema: 1,
  kind: 'payment',
  id,
  revision: 1,
  state: 'submitting',
  finished: false,
  acknowledged: false,
  updatedAt: 1_000,
  data: {},
  ...change,
});

export const paid = (id: string, revision = 2): JournalRecord =>
  payment(id, { revision, state: 'paid', finished: true });

export const name = ({ kind, id }: Pick<JournalRecord, 'kind' | 'id'>): string => `${kind} ${id}`;

/** Resolves when it is so, however long that takes: the test's time-out is the limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10);
}

export const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => Object(error).code,
  );
