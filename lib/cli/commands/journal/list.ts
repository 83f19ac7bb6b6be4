import type { JournalRecord } from '../../../journal/journal.js';
import { type Command, flag, type Part } from '../../command.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { withJournalToRead } from '../../payments.js';
import { recordLine } from '../../record-line.js';

const kinds = ['payment', 'refund'] as const;
const kindOption: Part<JournalRecord['kind'] | undefined> = {
  written: '--kind <kind>',
  says: ({ help }) => help.takes.kind,
  choices: kinds,
  read: (raw) => kinds.find((kind) => kind === raw),
};
const unfinished = flag('--unfinished', ({ help }) => help.takes.unfinished);
const unacknowledged = flag('--unacknowledged', ({ help }) => help.takes.unacknowledged);

export const listJournal: Command = {
  name: 'list',
  says: ({ help }) => help.says.list,
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
      if (records.length === 0)
        output.say((words) => (kind === 'refund' ? words.journal.noRefunds : words.journal.noPayments));
      const { code } = exitCodes.done;
      output.emit('result', { exitCode: code, records });
      return code;
    });
  },
};
