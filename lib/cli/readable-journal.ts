import { type Readable, readWhatIsReadable } from '../journal/salvage.js';
import type { Saying } from '../words/cli/index.js';
import { UsageError } from './errors.js';
import { ensureJournal } from './payments.js';

/** What can be read of the journal in a folder. */
export async function readable(folder: string): Promise<Readable> {
  ensureJournal(folder);
  const found = await readWhatIsReadable(folder);
  if (found === undefined) throw new UsageError(({ usage }) => usage.journalNotThere(folder));
  return found;
}

/** The same in words. */
export const journalIs =
  ({ damage, records }: Readable): Saying =>
  ({ journal }) =>
    damage === undefined ? journal.asWritten(records.length) : journal.damaged(damage.reason, records.length);
