import type { JournalRecord } from '../../../journal/journal.js';
import { type Command, flag } from '../../command.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { withJournalToRead } from '../../payments.js';
import { recordLine } from '../../record-line.js';

const unfinished = flag('--unfinished', 'only those that have not come to their end');
const unacknowledged = flag('--unacknowledged', 'only those whose end the till has not acted upon');

export const listJournal: Command = {
  name: 'list',
  says: 'list its payments, the oldest change first',
  takes: [unfinished, unacknowledged, configOption, journalOption],
  run: async (given, output) => {
    const folder = journalFolder(given, configured(given, output));
    const filter = {
      ...(given(unfinished) && { finished: false }),
      ...(given(unacknowledged) && { acknowledged: false }),
    };
    return withJournalToRead(folder, async (journal) => {
      const records: JournalRecord[] = [];
      for await (const record of journal.list(filter)) records.push(record);
      records.sort((a, b) => a.updatedAt - b.updatedAt);
      for (const record of records) output.say(recordLine(record));
      if (records.length === 0) output.say('no payments');
      const { code } = exitCodes.done;
      output.emit('result', { exitCode: code, records });
      return code;
    });
  },
};
