import { existsSync, readdirSync, statSync } from 'node:fs';
import { InvalidParameterError } from '../errors.js';
import type { Journal, JournalRecord } from '../journal/journal.js';
import { LevelJournal } from '../journal/level-journal.js';
import type { PayClient } from '../pay/client.js';
import { PaymentProcessor } from '../payment/processor.js';
import { type Config, makeClient } from './config.js';

/** What a folder holds, by LevelDB's files; a damaged journal is one, too. An empty folder waits for its first. */
export function journalAt(folder: string): 'journal' | 'nothing' | 'something else' {
  if (!existsSync(folder)) return 'nothing';
  const names = statSync(folder).isDirectory() ? readdirSync(folder) : ['a file'];
  if (names.some((name) => /^(?:CURRENT|MANIFEST-\d+)$/.test(name))) return 'journal';
  return names.length === 0 ? 'nothing' : 'something else';
}

/** Works on a journal that is there; records are kept, however old. */
export async function withJournal<T>(folder: string, task: (journal: Journal) => Promise<T>): Promise<T> {
  // A folder named wrongly must not look like a journal without payments, nor become one.
  const found = journalAt(folder);
  if (found === 'nothing') throw new InvalidParameterError('journal', `is not there: ${folder}`);
  if (found === 'something else') throw new InvalidParameterError('journal', `is none: ${folder} holds other files`);
  const journal = await LevelJournal.open(folder, { keep: Number.POSITIVE_INFINITY });
  try {
    return await task(journal);
  } finally {
    await journal.close();
  }
}

export interface Payments {
  client: PayClient;
  journal: Journal;
  processor: PaymentProcessor;
}

/** Works with a processor that takes reversals to their end; what it leaves unfinished stays in the journal. */
export async function withProcessor<T>(
  config: Config,
  journal: Journal,
  task: (payments: Payments) => Promise<T>,
): Promise<T> {
  const client = makeClient(config);
  const { polling, reversal } = config.policies;
  const processor = new PaymentProcessor({
    client,
    journal,
    ...(polling && { polling }),
    reversal: { ...reversal, mode: 'await' },
  });
  try {
    return await task({ client, journal, processor });
  } finally {
    await processor.close();
    client.close();
  }
}

/** What a record says that its type doesn't know. */
export function recorded({ data }: JournalRecord): { rail: 'micropay' | 'facepay'; total_fee?: number } {
  const { rail, total_fee } = data;
  return {
    rail: rail === 'facepay' ? 'facepay' : 'micropay',
    ...(typeof total_fee === 'number' && { total_fee }),
  };
}
