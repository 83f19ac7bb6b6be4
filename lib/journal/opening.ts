import { join } from 'node:path';
import { ClosedError } from '../errors.js';
import { JournalError } from './errors.js';
import { type Files, type OpenFile, systemFiles } from './files.js';
import { nothing, placeOf } from './head.js';
import { all, JournalFolder } from './journal-folder.js';
import { endOfLine, readLine } from './line.js';
import { type Damage, digestAt, type Found, fileNames, type ReadJournal, readJournal } from './reading.js';

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const mostNumbers = 20;

export function damagedError(path: string, { reason, numbers }: Pick<Damage, 'reason' | 'numbers'>): JournalError {
  const more = numbers.length > mostNumbers ? ` and ${numbers.length - mostNumbers} more` : '';
  const concerned = numbers.length === 0 ? '' : `; concerned: ${numbers.slice(0, mostNumbers).join(', ')}${more}`;
  return new JournalError(
    `The journal in ${path} is damaged: ${reason}${concerned}. Nothing was changed. Keep the folder; "wxpay-face journal check" shows what is readable, "wxpay-face journal salvage" writes it to a new folder; then compare its last days with the gateway's bill`,
    { code: 'ERR_JOURNAL_DAMAGED' },
  );
}

/** What the system threw, as a JournalError. */
export function journalError(what: string, cause: unknown): JournalError | ClosedError {
  return cause instanceof JournalError || cause instanceof ClosedError
    ? cause
    : new JournalError(`${what}: ${wordsOf(cause)}`, { cause });
}

/**
 * @param copy 'only' if there is no mirror.
 * @throws JournalError: ERR_JOURNAL_LOCKED if another holder has it.
 */
export async function lockFolder(
  files: Files,
  path: string,
  copy: 'only' | 'one-of-two' = 'only',
): Promise<{ release(): void }> {
  await files.makeFolder(path);
  // Taking the lock would create a head; a damaged journal must not be changed.
  if (copy === 'only' && !(await isThere(files, path, fileNames.head)) && (await isThere(files, path, fileNames.log)))
    throw damagedError(path, { reason: 'its head is missing', numbers: [] });
  try {
    return await files.lock(join(path, fileNames.head));
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ELOCKED')) throw cause;
    throw new JournalError(`The journal in ${path} is open in another process, or twice in this one`, {
      code: 'ERR_JOURNAL_LOCKED',
      cause,
    });
  }
}

/** Whether a process writes the journal in a folder. */
export async function isHeld(path: string, files: Files = systemFiles): Promise<boolean> {
  try {
    (await lockFolder(files, path)).release();
    return false;
  } catch (error) {
    if (error instanceof JournalError && error.code === 'ERR_JOURNAL_LOCKED') return true;
    throw error;
  }
}

async function isThere(files: Files, path: string, name: string): Promise<boolean> {
  const file = await files.open(join(path, name), 'read');
  await file?.close();
  return file !== undefined;
}

/** Which of the copies has most, and how the others differ. */
interface Choice {
  readonly path: string;
  readonly journal: ReadJournal;
  /** In words; empty if all is as it should be. */
  readonly notices: readonly string[];
  /** The folders whose files are not the same. */
  readonly different: ReadonlyArray<readonly [path: string, found: Found]>;
}

type FoundAt = readonly [path: string, found: Found];

const isAlike = (one: ReadJournal, other: ReadJournal): boolean =>
  one.layout === other.layout && one.end === other.end && one.tip.digest === other.tip.digest;

const notACopy = (path: string, other: string): JournalError =>
  new JournalError(
    `The journal in ${path} is not a copy of the one in ${other}: they belong to two tills, or were used apart`,
    {
      code: 'ERR_JOURNAL_DAMAGED',
    },
  );

/**
 * @returns undefined if there is no journal in any of them.
 * @throws JournalError: ERR_JOURNAL_DAMAGED if what was durable is in none of them, or they are not copies of each other.
 */
function choose(found: readonly FoundAt[]): Choice | undefined {
  const journals = found.flatMap(([path, each]) => (each.is === 'journal' ? [{ path, journal: each.journal }] : []));
  const damages = found.flatMap(([path, each]) => (each.is === 'damaged' ? [{ path, damage: each.damage }] : []));
  const best = journals.reduce<(typeof journals)[number] | undefined>(
    (most, each) => (most === undefined || each.journal.tip.sequence > most.journal.tip.sequence ? each : most),
    undefined,
  );
  const worst = damages.find(({ damage }) => best === undefined || damage.durable > best.journal.tip.sequence);
  if (worst !== undefined) throw damagedError(worst.path, worst.damage);
  if (best === undefined) return undefined;
  const different = found.filter(([, each]) => each.is !== 'journal' || !isAlike(each.journal, best.journal));
  const notices = different.flatMap(([path, each]) => {
    if (each.is === 'damaged') return `the one in ${path} is damaged: ${each.damage.reason}`;
    // The second folder may be new.
    if (each.is === 'nothing') return path === found[0]?.[0] ? `there is none in ${path}` : [];
    if (each.journal.id !== best.journal.id) throw notACopy(path, best.path);
    const older = best.journal.tip.sequence - each.journal.tip.sequence;
    // A process may die when one of them has the last line, or was compacted, and the other wasn't.
    return older > 1 ? `the one in ${path} is older, by ${older} writes` : [];
  });
  return { ...best, notices, different };
}

/** What the folders hold, and which of it is used. */
async function findJournal(files: Files, paths: readonly string[]): Promise<Choice | undefined> {
  const found: FoundAt[] = [];
  for (const path of paths) found.push([path, await readJournal(files, path)]);
  const choice = choose(found);
  for (const [path, each] of choice?.different ?? []) {
    if (choice === undefined || each.is !== 'journal') continue;
    const { sequence, digest } = each.journal.tip;
    const known =
      sequence === choice.journal.tip.sequence
        ? choice.journal.tip.digest
        : await digestAt(files, choice.path, sequence);
    if (known !== undefined && known !== digest) throw notACopy(path, choice.path);
  }
  return choice;
}

/** Files of a damaged copy are kept under this name. */
const asideName = (): string => `damaged-${new Date().toISOString().replace(/[:.]/g, '-')}-${fileNames.log}`;

/** Makes a folder's files the same as those of the journal that is used. */
async function copyTo(
  files: Files,
  path: string,
  found: Found,
  from: JournalFolder,
  journal: ReadJournal,
): Promise<void> {
  if (found.is === 'damaged' && (await isThere(files, path, fileNames.log)))
    await files.rename(join(path, fileNames.log), join(path, asideName()));
  await JournalFolder.begin(files, path, (log) => copyBytes(from, log, journal.end));
  const { tip } = journal;
  const head = await files.open(join(path, fileNames.head), 'write');
  try {
    for (const sequence of [tip.sequence, tip.sequence + 1]) await head?.write(tip.bytes ?? nothing, placeOf(sequence));
    await head?.sync();
  } finally {
    await head?.close();
  }
}

const pieceSize = 2 ** 20;

async function copyBytes(from: JournalFolder, to: OpenFile, length: number): Promise<void> {
  for (let at = 0; at < length; at += pieceSize)
    await to.write(await from.read(at, Math.min(pieceSize, length - at)), at);
}

/** Says what a person should know, on Node.js's way for that. */
function warn(used: string, notices: readonly string[]): void {
  if (notices.length === 0) return;
  const message = `The journal in ${used} is used; ${notices.join('; ')}`;
  process.emitWarning(message, { type: 'JournalWarning', code: 'WXPAY_FACE_JOURNAL_COPY' });
}

/** A journal that this process alone writes; its folders are locked. */
export async function openToWrite(
  files: Files,
  paths: readonly string[],
): Promise<{ journal: ReadJournal; folders: JournalFolder[] }> {
  let choice = await findJournal(files, paths);
  if (choice === undefined) {
    const [path] = paths;
    if (path !== undefined) await JournalFolder.begin(files, path);
    choice = await findJournal(files, paths);
  }
  if (choice === undefined) throw new Error('the journal has gone');
  const { path: used, journal, notices, different } = choice;
  warn(used, notices);
  const folders: JournalFolder[] = [];
  try {
    const first = await JournalFolder.open(files, used, journal);
    folders.push(first);
    for (const path of paths.filter((each) => each !== used)) {
      const found = different.find(([each]) => each === path);
      if (found !== undefined) await copyTo(files, path, found[1], first, journal);
      folders.push(await JournalFolder.open(files, path, journal));
    }
    return { journal, folders };
  } catch (error) {
    await all(folders.map((folder) => folder.close()));
    throw error;
  }
}

/** Beside a process that writes, a reader may meet a moment at which files don't agree, or are replaced. */
const attempts = 5;

/** A journal as it is now; another process may write it. @returns undefined if there is none. */
export async function openToRead(
  files: Files,
  paths: readonly string[],
): Promise<{ journal: ReadJournal; log: OpenFile } | undefined> {
  for (let attempt = 1; ; attempt += 1)
    try {
      const choice = await findJournal(files, paths);
      if (choice === undefined) return undefined;
      warn(choice.path, choice.notices);
      return { journal: choice.journal, log: await openLog(files, choice.path, choice.journal.layout) };
    } catch (error) {
      if (attempt === attempts) throw error;
    }
}

async function openLog(files: Files, path: string, layout: string): Promise<OpenFile> {
  const log = await files.open(join(path, fileNames.log), 'read');
  if (log === undefined) throw new JournalError(`The journal in ${path} has gone`);
  const begin = await log.read(0, 1_000);
  if (readLine(begin.subarray(0, endOfLine(begin, 0) ?? 0))?.digest === layout) return log;
  await log.close();
  throw new JournalError(`The journal in ${path} was compacted meanwhile`);
}
