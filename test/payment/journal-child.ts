// Holds the journal of the folder that it is given, until it is killed.
import { LevelJournal } from '../../lib/payment/level-journal.js';

await LevelJournal.open(process.argv[2] ?? '');
process.stdout.write('open\n');
process.stdin.resume();
