// Opens the journal of the folder that it is given, says so, and holds it until it is killed; or says why it can't.

import { JournalError } from '../../lib/journal/errors.js';
import { FileJournal } from '../../lib/journal/file-journal.js';

try {
  await FileJournal.open(process.argv[2] ?? '');
  process.stdout.write('open\n');
  process.stdin.resume();
} catch (error) {
  if (!(error instanceof JournalError)) throw error;
  process.stdout.write(`${error.code}\n`);
}
