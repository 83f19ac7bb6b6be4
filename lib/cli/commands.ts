import type { Command, CommandGroup } from './command.js';
import { demo } from './commands/demo.js';
import { doctor } from './commands/doctor.js';
import { checkJournal } from './commands/journal/check.js';
import { listJournal } from './commands/journal/list.js';
import { recoverJournal } from './commands/journal/recover.js';
import { salvageJournal } from './commands/journal/salvage.js';
import { showJournal } from './commands/journal/show.js';
import { pay } from './commands/pay.js';
import { query } from './commands/query.js';
import { reconcile } from './commands/reconcile.js';
import { refund } from './commands/refund.js';
import { refunds } from './commands/refunds.js';
import { reverse } from './commands/reverse.js';
import { simulate } from './commands/simulate.js';

const journal: CommandGroup = {
  name: 'journal',
  says: ({ help }) => help.says.journal,
  commands: [listJournal, showJournal, checkJournal, salvageJournal, recoverJournal],
};

/** Every command, in the order in which help shows them. */
export const commands: ReadonlyArray<Command | CommandGroup> = [
  demo,
  simulate,
  doctor,
  pay,
  query,
  reverse,
  refund,
  refunds,
  reconcile,
  journal,
];
