import { type Command, certainText } from '../../command.js';
import { exitCodes } from '../../exit.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { toJson } from '../../output.js';
import { withJournalToRead } from '../../payments.js';
import { recordLine } from '../../record-line.js';

const outTradeNo = certainText('<out_trade_no>', 'your number of the sale');

export const showJournal: Command = {
  name: 'show',
  says: 'show all that it holds of one payment',
  takes: [outTradeNo, configOption, journalOption],
  run: async (given, output) => {
    const out_trade_no = given(outTradeNo);
    return withJournalToRead(journalFolder(given, configured(given, output)), async (journal) => {
      const record = await journal.get('payment', out_trade_no);
      const { code } = record ? exitCodes.done : exitCodes.failed;
      output.say(record ? `${recordLine(record)}\n${toJson(record, 2)}` : `${out_trade_no} is not in the journal`);
      output.emit('result', { exitCode: code, ...(record && { record }) });
      return code;
    });
  },
};
