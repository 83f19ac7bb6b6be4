import { onAbort } from '../../../abort.js';
import type { RefundOutcome } from '../../../payment/decision/refund/outcomes.js';
import type { FacePayOutcome } from '../../../terminal/face-pay.js';
import { type Command, flag } from '../../command.js';
import type { Config } from '../../config.js';
import { exitCodes } from '../../exit.js';
import { onInterruption } from '../../interruption.js';
import { configOption, configured, journalFolder, journalOption } from '../../options.js';
import { sentence } from '../../outcome.js';
import type { Output } from '../../output.js';
import { type Payments, withJournal, withProcessor } from '../../payments.js';
import { showProgress } from '../../progress.js';
import { refundSoon } from '../../sale-refunds.js';

const { done, attention, unfinished } = exitCodes;

const acknowledge = flag('--acknowledge', ({ help }) => help.takes.acknowledge);

export const recoverJournal: Command = {
  name: 'recover',
  says: ({ help }) => help.says.recover,
  takes: [acknowledge, configOption, journalOption],
  run: async (given, output) => {
    const config = configured(given, output);
    return recover(config, journalFolder(given, config), { acknowledge: given(acknowledge) }, output);
  },
};

/** Milliseconds that are waited for the ends of refunds: they may take days. */
const patience = 15_000;

/** Every refund that nobody has acted upon, at its end or on its way there: recover() has taken them up. */
async function* refundsOf(payments: Payments, signal: AbortSignal): AsyncGenerator<RefundOutcome> {
  const ids: string[] = [];
  for await (const { id } of payments.journal.list({ kind: 'refund', acknowledged: false })) ids.push(id);
  for (const outcome of await Promise.all(ids.map((id) => refundSoon(payments, id, patience, signal))))
    if (outcome !== undefined) yield outcome;
}

/** Brings what is unfinished to its end. Resolves with the exit code. */
export async function recover(
  config: Config,
  folder: string,
  options: { acknowledge: boolean },
  output: Output,
): Promise<number> {
  const interruption = onInterruption(output, 'recover');
  const { signal } = interruption;
  try {
    return await withJournal(folder, (journal) =>
      withProcessor(config, journal, async (payments) => {
        const { processor } = payments;
        const hideProgress = showProgress(output);
        onAbort(signal, () => void processor.close());
        const counts = { told: 0, attention: 0, unfinished: 0 };
        const tell = async (outcome: FacePayOutcome | RefundOutcome): Promise<void> => {
          output.say(sentence(outcome));
          if (outcome.status === 'processing') return;
          output.emit('outcome', outcome);
          counts.told += 1;
          if (outcome.status === 'attention') counts.attention += 1;
          if (options.acknowledge) await processor.acknowledge(outcome);
        };
        try {
          // Interrupted while the journal was being opened: nothing begins.
          const outcomes = signal.aborted ? [] : processor.recover();
          for await (const outcome of outcomes) await tell(outcome);
          if (!signal.aborted) for await (const outcome of refundsOf(payments, signal)) await tell(outcome);
        } finally {
          hideProgress();
        }
        for await (const _ of journal.list({ finished: false })) counts.unfinished += 1;
        const exit = counts.attention > 0 ? attention : counts.unfinished > 0 ? unfinished : done;
        output.say((words) => words.journal.recovered(counts.told, counts.attention, counts.unfinished));
        output.emit('result', { exitCode: exit.code, ...counts });
        return exit.code;
      }),
    );
  } finally {
    interruption.ignore();
  }
}
