import { resolve } from 'node:path';
import { InvalidParameterError } from '../../../errors.js';
import { writeNewJournal } from '../../../journal/salvage.js';
import { type Command, certainText } from '../../command.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { journalAt } from '../../payments.js';
import { journalIs, readable } from '../../readable-journal.js';

const newFolder = certainText('<folder>', 'the new folder');

export const salvageJournal: Command = {
  name: 'salvage',
  says: 'write what is readable of a damaged journal to a new folder; the damaged one stays as it is',
  takes: [newFolder, configOption, journalOption],
  run: async (given, output) => {
    const folder = journalFolder(given, configured(given, output));
    const target = resolve(given(newFolder));
    const found = await readable(folder);
    if (journalAt(target) !== 'nothing') throw new InvalidParameterError('folder', `is not empty: ${target}`);
    await writeNewJournal(target, found.records);
    output.say(`${folder}: ${journalIs(found)}; they are in ${target} now. Compare the last days with the bill`);
    const { code } = found.damage === undefined ? exitCodes.done : exitCodes.attention;
    output.emit('result', { exitCode: code, records: found.records.length, numbers: found.damage?.numbers ?? [] });
    return code;
  },
};
