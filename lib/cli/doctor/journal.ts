import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { JournalError } from '../../journal/errors.js';
import { isHeld } from '../../journal/opening.js';
import type { Config } from '../config.js';
import { sayingOf } from '../errors.js';
import { journalAt, withJournalToRead } from '../payments.js';
import { fail, ok, skip, type Verdict, warn } from './verdict.js';

/** Whether a till program has the camera, by its journal, which is locked while it runs. */
export interface TillProgram {
  readonly runs: boolean | 'perhaps';
}

/** Whether a folder can be made: tried in the nearest one that is there. */
function tryToWrite(folder: string): void {
  let parent = folder;
  while (!existsSync(parent)) parent = dirname(parent);
  rmdirSync(mkdtempSync(join(parent, 'wxpay-face-')));
}

function checkPlace(folder: string): Verdict<TillProgram> {
  const fact = { runs: false };
  if (journalAt(folder) === 'something else')
    return {
      ...fail(
        ({ doctor: { journal } }) => journal.otherFiles(folder),
        ({ doctor: { journal } }) => journal.correctJournal,
      ),
      fact,
    };
  tryToWrite(folder);
  return warn(
    ({ doctor: { journal } }) => journal.none(folder),
    ({ doctor: { journal } }) => journal.fineIfNew,
    fact,
  );
}

async function lookInto(folder: string): Promise<Verdict<TillProgram>> {
  const runs = await isHeld(folder);
  let unfinished = 0;
  await withJournalToRead(folder, async (journal) => {
    for await (const _ of journal.list({ finished: false })) unfinished += 1;
  });
  const fact = { runs };
  if (runs) return ok(({ doctor: { journal } }) => journal.held(folder, unfinished), fact);
  if (unfinished === 0) return ok(({ doctor: { journal } }) => journal.nothingUnfinished(folder), fact);
  return warn(
    ({ doctor: { journal } }) => journal.unfinished(folder, unfinished),
    ({ doctor: { journal } }) => journal.recover,
    fact,
  );
}

/** The first look at a till: what runs must not be disturbed. */
export async function checkJournal({ config }: { config: Pick<Config, 'journal'> }): Promise<Verdict<TillProgram>> {
  const { journal: folder } = config;
  if (folder === undefined)
    return { ...skip(({ doctor: { journal } }) => journal.notConfigured), fact: { runs: false } };
  try {
    return journalAt(folder) === 'journal' ? await lookInto(folder) : checkPlace(folder);
  } catch (error) {
    const isDamaged = error instanceof JournalError && error.code === 'ERR_JOURNAL_DAMAGED';
    return {
      ...fail(sayingOf(error), ({ doctor: { journal } }) => (isDamaged ? journal.damaged : journal.unwritable)),
      // Who may not open it doesn't see who has it open.
      fact: { runs: existsSync(folder) ? 'perhaps' : false },
    };
  }
}
