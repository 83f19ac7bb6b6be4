import { type Journal, JournalError, type JournalFilter, type JournalRecord } from 'wxpay-face';
import type { Connections, Statement } from '../database/connections.js';
import { list, pageOfRecords, type RecordRow, select, toRecord } from './rows.js';

/* How records are read, by those who have a lease and by those who only look. */

/** Whose records, and whose numbers are unique together. */
export interface Owned {
  readonly merchant: string;
  readonly numbers: string;
}

export type Read = (statement: Statement, values: readonly unknown[]) => Promise<RecordRow[]>;

/** @throws JournalError for one that another version wrote; what reading throws. */
export async function readRecord(
  read: Read,
  { merchant, numbers }: Owned,
  { kind, id }: Pick<JournalRecord, 'kind' | 'id'>,
): Promise<JournalRecord | undefined> {
  const [row] = await read(select, [numbers, merchant, kind, id]);
  const record = row && toRecord(row);
  if (row !== undefined && record === undefined)
    throw new JournalError(`The ${kind} ${id} was written by another version, which alone can read it`);
  return record;
}

/** Page by page. @param filter The statement's values but the last two: the last record of the page before. */
export async function* readPages(
  read: Read,
  statement: Statement,
  filter: readonly unknown[],
): AsyncIterable<JournalRecord> {
  for (let last = { kind: '', id: '' }; ; ) {
    const rows = await read(statement, [...filter, last.kind, last.id]);
    for (const row of rows) {
      const record = toRecord(row);
      // One of another schema is for those who know it.
      if (record !== undefined) yield record;
    }
    const end = rows.at(-1);
    if (end === undefined || rows.length < pageOfRecords) return;
    last = end;
  }
}

export const readList = (
  read: Read,
  { merchant }: Owned,
  { kind, finished, acknowledged }: JournalFilter = {},
): AsyncIterable<JournalRecord> =>
  readPages(read, list, [merchant, kind ?? null, finished ?? null, acknowledged ?? null]);

const readOnly = (): Promise<never> => Promise.reject(new JournalError('The journal is only read here'));

/** A merchant's records beside the servers that have them: nothing is claimed, and nothing written. */
export class JournalReader implements Journal {
  readonly create = readOnly;
  readonly put = readOnly;
  readonly prune = readOnly;
  readonly #read: Read;
  readonly #owned: Owned;

  /** @param connections Stay open for others. */
  constructor(connections: Connections, owned: Owned) {
    this.#read = (statement, values) => connections.query<RecordRow & Record<string, unknown>>(statement, values);
    this.#owned = owned;
  }

  get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    return readRecord(this.#read, this.#owned, { kind, id });
  }

  list(filter?: JournalFilter): AsyncIterable<JournalRecord> {
    return readList(this.#read, this.#owned, filter);
  }

  async close(): Promise<void> {}
}
