import { resolve } from 'node:path';
import { writeNewJournal } from '../../../journal/salvage.js';
import { type Command, certainText } from '../../command.js';
import { UsageError } from '../../errors.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { journalAt } from '../../payments.js';
import { journalIs, readable } from '../../readable-journal.js';

const newFolder = certainText('<folder>', ({ help }) => help.takes.newFolder);

export const salvageJournal: Command = {
  name: 'salvage',
  says: ({ help }) => help.says.salvage,
  takes: [newFolder, configOption, journalOption],
  run: async (given, output) => {
    const folder = journalFolder(given, configured(given, output));
    const target = resolve(given(newFolder));
    const found = await readable(folder);
    if (journalAt(target) !== 'nothing') throw new UsageError(({ usage }) => usage.folderNotEmpty(target));
    await writeNewJournal(target, found.records);
    output.say((words) => words.journal.salvaged(folder, journalIs(found)(words), target));
    const { code } = found.damage === undefined ? exitCodes.done : exitCodes.attention;
    output.emit('result', { exitCode: code, records: found.records.length, numbers: found.damage?.numbers ?? [] });
    return code;
  },
};
