import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileJournal } from '../../lib/journal/file-journal.js';
import type { Journal, JournalRecord } from '../../lib/journal/journal.js';

export async function all(journal: Journal, filter?: Parameters<Journal['list']>[0]): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const each of journal.list(filter)) records.push(each);
  return records.sort((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0));
}

const folders: string[] = [];
/** A folder of the test's, removed at the end of the process's tests. */
export async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'wxpay-face-journal-'));
  folders.push(made);
  return made;
}

export async function removeFolders(): Promise<void> {
  for (const each of folders.splice(0)) await rm(each, { recursive: true, force: true });
}

/** Keeps everything: the records of these tests are from 1970. */
export const open = (directory: string, options: { mirror?: string; readOnly?: boolean } = {}): Promise<FileJournal> =>
  FileJournal.open(directory, { keep: Number.POSITIVE_INFINITY, ...options });
