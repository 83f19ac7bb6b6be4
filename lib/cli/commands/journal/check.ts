import type { Command } from '../../command.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { journalIs, readable } from '../../readable-journal.js';
import { recordLine } from '../../record-line.js';

export const checkJournal: Command = {
  name: 'check',
  says: ({ help }) => help.says.check,
  takes: [configOption, journalOption],
  run: async (given, output) => {
    const folder = journalFolder(given, configured(given, output));
    const found = await readable(folder);
    const { damage, records } = found;
    const { code } = damage === undefined ? exitCodes.done : exitCodes.attention;
    output.say((words) => words.journal.about(folder, journalIs(found)(words)));
    const unfinished = records.filter(({ finished }) => !finished);
    for (const record of damage === undefined ? unfinished : records) output.say(recordLine(record));
    if (damage !== undefined) {
      output.say(({ journal }) => journal.concerned(damage.numbers));
      output.say(({ journal }) => journal.salvage);
    }
    const documented = damage && { reason: damage.reason, numbers: damage.numbers };
    output.emit('result', { exitCode: code, ...documented, records });
    return code;
  },
};
