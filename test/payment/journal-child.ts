// Opens the journal of the folder that it is given, says so, and holds it until it is killed; or says why it can't.

import { JournalError } from '../../lib/journal/errors.js';
import { LevelJournal } from '../../lib/journal/level-journal.js';

try {
  await LevelJournal.open(process.argv[2] ?? '');
  process.stdout.write('open\n');
  process.stdin.resume();
} catch (error) {
  if (!(error instanceof JournalError)) throw error;
  process.stdout.write(`${error.code}\n`);
}
