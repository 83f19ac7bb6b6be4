import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { ByName } from './by-name.js';
import { writeBase } from './compaction.js';
import { JournalError } from './errors.js';
import { systemFiles } from './files.js';
import type { JournalRecord } from './journal.js';
import { JournalFolder } from './journal-folder.js';
import { hasRecords, noTip } from './log.js';
import { lockFolder } from './opening.js';
import { type Damage, readJournal, readSoundLines } from './reading.js';
import { recordsIn, toText } from './stored-record.js';

/** What can be read of a journal. */
export interface Readable {
  /** Undefined if it is as it was written. */
  readonly damage: Pick<Damage, 'reason' | 'numbers'> | undefined;
  /** Each as it was last written, as far as that can be read. */
  readonly records: readonly JournalRecord[];
}

const attempts = 3;

/**
 * Looks at the journal in a folder, beside a process that writes it, too. Changes nothing.
 * @returns undefined if there is none.
 */
export async function readWhatIsReadable(folder: string): Promise<Readable | undefined> {
  const path = resolve(folder);
  let found = await readJournal(systemFiles, path);
  // A process that writes may have been between its files.
  for (let attempt = 1; found.is === 'damaged' && attempt < attempts; attempt += 1)
    found = await readJournal(systemFiles, path);
  if (found.is === 'nothing') return undefined;
  const records = await readRecords(path);
  return { damage: found.is === 'damaged' ? found.damage : undefined, records };
}

async function readRecords(path: string): Promise<JournalRecord[]> {
  const newest = new ByName<JournalRecord>();
  for (const line of (await readSoundLines(systemFiles, path)).filter(hasRecords))
    for (const record of recordsIn(line)) {
      if (record.revision >= (newest.get(record)?.revision ?? 0)) newest.set(record, record);
    }
  return [...newest.values()];
}

/**
 * Writes records to a new journal, as they are.
 * @throws JournalError if there is a journal in the folder already.
 */
export async function writeNewJournal(folder: string, records: readonly JournalRecord[]): Promise<void> {
  const path = resolve(folder);
  const lock = await lockFolder(systemFiles, path);
  try {
    if ((await readJournal(systemFiles, path)).is !== 'nothing')
      throw new JournalError(`There is a journal in ${path} already: name a new folder`);
    await JournalFolder.begin(systemFiles, path, (log) =>
      writeBase([log], randomUUID(), records, async (record) => toText(record), noTip),
    );
  } finally {
    lock.release();
  }
}
