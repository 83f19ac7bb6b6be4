import type { Command } from '../../command.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { journalIs, readable } from '../../readable-journal.js';
import { recordLine } from '../../record-line.js';

export const checkJournal: Command = {
  name: 'check',
  says: 'tell whether it is as it was written, and what of it is readable; also beside a running till',
  takes: [configOption, journalOption],
  run: async (given, output) => {
    const folder = journalFolder(given, configured(given, output));
    const found = await readable(folder);
    const { damage, records } = found;
    const { code } = damage === undefined ? exitCodes.done : exitCodes.attention;
    output.say(`${folder}: ${journalIs(found)}`);
    const unfinished = records.filter(({ finished }) => !finished);
    for (const record of damage === undefined ? unfinished : records) output.say(recordLine(record));
    if (damage !== undefined) {
      output.say(`concerned: ${damage.numbers.length > 0 ? damage.numbers.join(', ') : 'nobody can tell'}`);
      output.say('"wxpay-face journal salvage" writes what is readable to a new folder; then compare with the bill');
    }
    const documented = damage && { reason: damage.reason, numbers: damage.numbers };
    output.emit('result', { exitCode: code, ...documented, records });
    return code;
  },
};
