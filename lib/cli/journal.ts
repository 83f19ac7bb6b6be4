import { InvalidParameterError } from '../errors.js';
import type { JournalFilter, JournalRecord } from '../journal/journal.js';
import { type Readable, readWhatIsReadable, writeNewJournal } from '../journal/salvage.js';
import type { Config } from './config.js';
import { exitCodes } from './exit.js';
import { onInterruption } from './interruption.js';
import { sentence } from './outcome.js';
import { type Output, toJson, yuan } from './output.js';
import { ensureJournal, journalAt, recorded, withJournal, withJournalToRead, withProcessor } from './payments.js';
import { showProgress } from './progress.js';

const { done, failed, attention, unfinished } = exitCodes;

function line(record: JournalRecord): string {
  const { id, state, finished, acknowledged, updatedAt } = record;
  const { total_fee } = recorded(record);
  const stands = !finished ? 'unfinished' : acknowledged ? 'acknowledged' : 'not acknowledged';
  const amount = total_fee === undefined ? '?' : yuan(total_fee);
  return [new Date(updatedAt).toISOString(), state.padEnd(10), amount.padStart(10), id, stands].join('  ');
}

/** `wxpay-face journal list`. Resolves with the exit code. */
export async function listJournal(folder: string, filter: JournalFilter, output: Output): Promise<number> {
  return withJournalToRead(folder, async (journal) => {
    const records: JournalRecord[] = [];
    for await (const record of journal.list(filter)) records.push(record);
    records.sort((a, b) => a.updatedAt - b.updatedAt);
    for (const record of records) output.say(line(record));
    if (records.length === 0) output.say('no payments');
    output.emit('result', { exitCode: done.code, records });
    return done.code;
  });
}

/** `wxpay-face journal show`. Resolves with the exit code. */
export async function showJournal(folder: string, out_trade_no: string, output: Output): Promise<number> {
  return withJournalToRead(folder, async (journal) => {
    const record = await journal.get('payment', out_trade_no);
    const exitCode = record ? done.code : failed.code;
    output.say(record ? `${line(record)}\n${toJson(record, 2)}` : `${out_trade_no} is not in the journal`);
    output.emit('result', { exitCode, ...(record && { record }) });
    return exitCode;
  });
}

const journalIs = ({ damage, records }: Readable): string =>
  damage === undefined
    ? `as it was written, ${records.length} records`
    : `damaged: ${damage.reason}; ${records.length} records are readable`;

/** What can be read of the journal in a folder. */
async function readable(folder: string): Promise<Readable> {
  ensureJournal(folder);
  const found = await readWhatIsReadable(folder);
  if (found === undefined) throw new InvalidParameterError('journal', `is not there: ${folder}`);
  return found;
}

/** `wxpay-face journal check`: whether the journal is as it was written, and what of it is readable. Resolves with the exit code. */
export async function checkJournal(folder: string, output: Output): Promise<number> {
  const found = await readable(folder);
  const { damage, records } = found;
  const exitCode = (damage === undefined ? done : attention).code;
  output.say(`${folder}: ${journalIs(found)}`);
  const unfinished = records.filter(({ finished }) => !finished);
  for (const record of damage === undefined ? unfinished : records) output.say(line(record));
  if (damage !== undefined) {
    output.say(`concerned: ${damage.numbers.length > 0 ? damage.numbers.join(', ') : 'nobody can tell'}`);
    output.say('"wxpay-face journal salvage" writes what is readable to a new folder; then compare with the bill');
  }
  output.emit('result', { exitCode, ...(damage && { reason: damage.reason, numbers: damage.numbers }), records });
  return exitCode;
}

/** `wxpay-face journal salvage`: writes what is readable to a new folder, never in place. Resolves with the exit code. */
export async function salvageJournal(folder: string, target: string, output: Output): Promise<number> {
  const found = await readable(folder);
  if (journalAt(target) !== 'nothing') throw new InvalidParameterError('folder', `is not empty: ${target}`);
  await writeNewJournal(target, found.records);
  output.say(`${folder}: ${journalIs(found)}; they are in ${target} now. Compare the last days with the bill`);
  const exitCode = (found.damage === undefined ? done : attention).code;
  output.emit('result', { exitCode, records: found.records.length, numbers: found.damage?.numbers ?? [] });
  return exitCode;
}

/** `wxpay-face journal recover`: brings what is unfinished to its end. Resolves with the exit code. */
export async function recoverJournal(
  config: Config,
  folder: string,
  options: { acknowledge: boolean },
  output: Output,
): Promise<number> {
  const interruption = onInterruption(output, {
    first: 'Stopping. What is unfinished stays in the journal.',
    second: 'Ended at once. What is unfinished stays in the journal.',
  });
  const { signal } = interruption;
  try {
    return await withJournal(folder, (journal) =>
      withProcessor(config, journal, async ({ processor }) => {
        const hideProgress = showProgress(output);
        signal.addEventListener('abort', () => void processor.close(), { once: true });
        const counts = { told: 0, attention: 0, unfinished: 0 };
        try {
          // Interrupted while the journal was being opened: nothing begins.
          const outcomes = signal.aborted ? [] : processor.recover();
          for await (const outcome of outcomes) {
            output.say(sentence(outcome));
            output.emit('outcome', outcome);
            counts.told += 1;
            if (outcome.status === 'attention') counts.attention += 1;
            if (options.acknowledge) await processor.acknowledge(outcome);
          }
        } finally {
          hideProgress();
        }
        for await (const _ of journal.list({ finished: false })) counts.unfinished += 1;
        const exit = counts.attention > 0 ? attention : counts.unfinished > 0 ? unfinished : done;
        output.say(`${counts.told} told, ${counts.attention} for a person to look at, ${counts.unfinished} unfinished`);
        output.emit('result', { exitCode: exit.code, ...counts });
        return exit.code;
      }),
    );
  } finally {
    interruption.ignore();
  }
}
