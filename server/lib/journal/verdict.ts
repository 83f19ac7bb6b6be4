import { CancelRequestedError, JournalError } from 'wxpay-face';
import type { Fence, Write } from './rows.js';

/**
 * What became of a write that hit no row, by what the row says now.
 * @param me This process's owner id.
 * @param isHeld It had the record, as far as it knew.
 */
export function verdict(
  { writeId, record, isGivenUp }: Write,
  row: Fence | undefined,
  me: string,
  isHeld: boolean,
): 'stored' | 'again' | JournalError {
  const name = `${record.kind} ${record.id}`;
  if (row === undefined)
    return isHeld ? lost(`${name} is no longer in the journal`) : new JournalError(`The journal doesn't know ${name}`);
  // Revision and data prove nothing: a claim raises the one, and leaves the other.
  if (row.writeId === writeId) return 'stored';
  if (row.owner !== me && (isHeld || !row.finished)) return lost(`${name} is another server's now`);
  if (row.revision !== record.revision - 1)
    return new JournalError(
      `${name} is at revision ${row.revision} in the journal; revision ${record.revision} doesn't follow`,
    );
  if (row.givenUp && !row.finished && !isGivenUp) return new CancelRequestedError(record.id);
  // It has changed between the two statements.
  return 'again';
}

const lost = (message: string): JournalError => new JournalError(message, { code: 'ERR_JOURNAL_LOST' });
