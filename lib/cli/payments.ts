import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FileJournal, type FileJournalOptions } from '../journal/file-journal.js';
import type { Journal, JournalRecord } from '../journal/journal.js';
import { fileNames } from '../journal/reading.js';
import type { RecordedRail } from '../payment/order.js';
import { PaymentProcessor } from '../payment/processor.js';
import { type Config, type MerchantClient, makeClient } from './config.js';
import { UsageError } from './errors.js';

/** What a folder holds, by its files; a damaged journal is one, too. An empty folder waits for its first. */
export function journalAt(folder: string): 'journal' | 'nothing' | 'something else' {
  if (!existsSync(folder)) return 'nothing';
  if (!statSync(folder).isDirectory()) return 'something else';
  const names = readdirSync(folder);
  const { log, head } = fileNames;
  // A process that died as it began one leaves an empty head.
  const begun = names.includes(head) && statSync(join(folder, head)).size === 0;
  if (names.includes(log) || (names.includes(head) && !begun)) return 'journal';
  return names.length === (begun ? 1 : 0) ? 'nothing' : 'something else';
}

/** A folder named wrongly must not look like a journal without payments, nor become one. */
export function ensureJournal(folder: string): void {
  const found = journalAt(folder);
  if (found === 'nothing') throw new UsageError(({ usage }) => usage.journalNotThere(folder));
  if (found === 'something else') throw new UsageError(({ usage }) => usage.journalNone(folder));
}

/** Works on a journal that is there, or may begin one; records are kept, however old. */
export const withJournal = <T>(folder: string, task: (journal: Journal) => Promise<T>, mayBegin = false): Promise<T> =>
  open(folder, { keep: Number.POSITIVE_INFINITY }, task, mayBegin);

/** Looks into a journal that is there, also beside the till that writes it. */
export const withJournalToRead = <T>(folder: string, task: (journal: Journal) => Promise<T>): Promise<T> =>
  open(folder, { readOnly: true }, task);

async function open<T>(
  folder: string,
  options: FileJournalOptions,
  task: (journal: Journal) => Promise<T>,
  mayBegin = false,
): Promise<T> {
  if (!mayBegin || journalAt(folder) !== 'nothing') ensureJournal(folder);
  const journal = await FileJournal.open(folder, options);
  try {
    return await task(journal);
  } finally {
    await journal.close();
  }
}

export interface Payments {
  client: MerchantClient;
  journal: Journal;
  processor: PaymentProcessor;
}

/** A person waits: what the gateway has taken is asked for sooner than a till would. Milliseconds. */
const firstQuery = 2_000;

/** Works with a processor that takes reversals to their end; what it leaves unfinished stays in the journal. */
export async function withProcessor<T>(
  config: Config,
  journal: Journal,
  task: (payments: Payments) => Promise<T>,
): Promise<T> {
  const client = makeClient(config);
  const { polling, reversal, refund } = config.policies;
  const processor = new PaymentProcessor({
    client,
    journal,
    ...(polling && { polling }),
    reversal: { ...reversal, mode: 'await' },
    refund: { firstQuery, ...refund },
  });
  try {
    return await task({ client, journal, processor });
  } finally {
    await processor.close();
    client.close();
  }
}

const isFen = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** Which calls of a client those of an option are: an auth_code's are codepay by API v3. */
export const recordedRail = (client: MerchantClient, rail: 'micropay' | 'facepay'): RecordedRail =>
  rail === 'micropay' && 'rail' in client ? client.rail : rail;

/** What a record says that its type doesn't know: the rail of a payment, and what it, or the refund, is about, in fen. */
export function recorded({ kind, data }: JournalRecord): { rail: 'micropay' | 'facepay'; fen?: number } {
  const { rail, total_fee, refund_fee } = data;
  const fen = kind === 'refund' ? refund_fee : total_fee;
  return { rail: rail === 'facepay' ? 'facepay' : 'micropay', ...(isFen(fen) && { fen }) };
}
