import { type Command, certainText } from '../../command.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { toJson } from '../../output.js';
import { withJournalToRead } from '../../payments.js';
import { recordLine } from '../../record-line.js';

const numberArgument = certainText('<number>', ({ help }) => help.takes.number);

export const showJournal: Command = {
  name: 'show',
  says: ({ help }) => help.says.show,
  takes: [numberArgument, configOption, journalOption],
  run: async (given, output) => {
    const number = given(numberArgument);
    return withJournalToRead(journalFolder(given, configured(given, output)), async (journal) => {
      const record = (await journal.get('payment', number)) ?? (await journal.get('refund', number));
      const { code } = record ? exitCodes.done : exitCodes.failed;
      output.say((words) =>
        record
          ? `${recordLine(record)(words)}\n${words.journal.contents(toJson(record, 2))}`
          : words.journal.notThere(number),
      );
      output.emit('result', { exitCode: code, ...(record && { record }) });
      return code;
    });
  },
};
