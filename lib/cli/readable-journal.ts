import { InvalidParameterError } from '../errors.js';
import { type Readable, readWhatIsReadable } from '../journal/salvage.js';
import { ensureJournal } from './payments.js';

/** What can be read of the journal in a folder. */
export async function readable(folder: string): Promise<Readable> {
  ensureJournal(folder);
  const found = await readWhatIsReadable(folder);
  if (found === undefined) throw new InvalidParameterError('journal', `is not there: ${folder}`);
  return found;
}

/** The same in words. */
export const journalIs = ({ damage, records }: Readable): string =>
  damage === undefined
    ? `as it was written, ${records.length} records`
    : `damaged: ${damage.reason}; ${records.length} records are readable`;
