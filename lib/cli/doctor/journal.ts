import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { JournalError } from '../../journal/errors.js';
import { isHeld } from '../../journal/opening.js';
import type { Config } from '../config.js';
import { journalAt, withJournalToRead } from '../payments.js';
import { fail, messageOf, ok, type Verdict, warn } from './verdict.js';

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
        `${folder} holds other files, and no journal`,
        'correct `journal`; if it was the journal, keep the folder and restore its files',
      ),
      fact,
    };
  tryToWrite(folder);
  return warn(`there is no journal in ${folder} yet`, 'fine for a new till; else correct `journal`', fact);
}

async function lookInto(folder: string): Promise<Verdict<TillProgram>> {
  const runs = await isHeld(folder);
  let unfinished = 0;
  await withJournalToRead(folder, async (journal) => {
    for await (const _ of journal.list({ finished: false })) unfinished += 1;
  });
  const fact = { runs };
  if (runs) return ok(`${folder} is open in another process: the till program runs, ${unfinished} unfinished`, fact);
  if (unfinished === 0) return ok(`${folder}, nothing unfinished`, fact);
  return warn(
    `${folder}, ${unfinished} unfinished`,
    'the till goes on with them when it starts; or: wxpay-face journal recover',
    fact,
  );
}

/** The first look at a till: what runs must not be disturbed. */
export async function checkJournal({ config }: { config: Pick<Config, 'journal'> }): Promise<Verdict<TillProgram>> {
  const { journal: folder } = config;
  if (folder === undefined)
    return {
      status: 'skip',
      says: 'no journal is configured: fine if a merchant server has it',
      fact: { runs: false },
    };
  try {
    return journalAt(folder) === 'journal' ? await lookInto(folder) : checkPlace(folder);
  } catch (error) {
    const isDamaged = error instanceof JournalError && error.code === 'ERR_JOURNAL_DAMAGED';
    const todo = isDamaged
      ? 'keep the folder; "wxpay-face journal check" shows what of it is readable'
      : 'let the user of this program write there, on a local disk with free space';
    return {
      ...fail(messageOf(error), todo),
      // Who may not open it doesn't see who has it open.
      fact: { runs: existsSync(folder) ? 'perhaps' : false },
    };
  }
}
