import type { JournalRecord } from '../../../journal/journal.js';
import { type Command, flag, type Part } from '../../command.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { withJournalToRead } from '../../payments.js';
import { recordLine } from '../../record-line.js';

const kinds = ['payment', 'refund'] as const;
const kindOption: Part<JournalRecord['kind'] | undefined> = {
  written: '--kind <kind>',
  says: 'only payments, or only refunds',
  choices: kinds,
  read: (raw) => kinds.find((kind) => kind === raw),
};
const unfinished = flag('--unfinished', 'only those that have not come to their end');
const unacknowledged = flag('--unacknowledged', 'only those whose end the till has not acted upon');

export const listJournal: Command = {
  name: 'list',
  says: 'list its payments and refunds, the oldest change first',
  takes: [kindOption, unfinished, unacknowledged, configOption, journalOption],
  run: async (given, output) => {
    const folder = journalFolder(given, configured(given, output));
    const kind = given(kindOption);
    const filter = {
      ...(kind !== undefined && { kind }),
      ...(given(unfinished) && { finished: false }),
      ...(given(unacknowledged) && { acknowledged: false }),
    };
    return withJournalToRead(folder, async (journal) => {
      const records: JournalRecord[] = [];
      for await (const record of journal.list(filter)) records.push(record);
      records.sort((a, b) => a.updatedAt - b.updatedAt);
      for (const record of records) output.say(recordLine(record));
      if (records.length === 0) output.say(kind === 'refund' ? 'no refunds' : 'no payments');
      const { code } = exitCodes.done;
      output.emit('result', { exitCode: code, records });
      return code;
    });
  },
};
