import { type Command, certainText } from '../../command.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { toJson } from '../../output.js';
import { withJournalToRead } from '../../payments.js';
import { recordLine } from '../../record-line.js';

const numberArgument = certainText('<number>', 'your number of the sale, or of the refund');

export const showJournal: Command = {
  name: 'show',
  says: 'show all that it holds of one payment, or of one refund',
  takes: [numberArgument, configOption, journalOption],
  run: async (given, output) => {
    const number = given(numberArgument);
    return withJournalToRead(journalFolder(given, configured(given, output)), async (journal) => {
      const record = (await journal.get('payment', number)) ?? (await journal.get('refund', number));
      const { code } = record ? exitCodes.done : exitCodes.failed;
      output.say(record ? `${recordLine(record)}\n${toJson(record, 2)}` : `${number} is not in the journal`);
      output.emit('result', { exitCode: code, ...(record && { record }) });
      return code;
    });
  },
};
