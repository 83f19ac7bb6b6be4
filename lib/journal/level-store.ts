import { mkdir, readdir, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BatchOperation, ClassicLevel } from 'classic-level';
import { ClosedError, WxpayFaceError } from '../errors.js';
import { JournalError } from './errors.js';
import { checkLevelFiles } from './level-files.js';

type Level = ClassicLevel<string, string>;
type Operation = BatchOperation<Level, string, string>;

interface Write {
  readonly operation: Operation;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

// Every write is on the disk before it counts.
const durable = { sync: true };

// Besides what its log takes as a table, LevelDB opens with a new log, manifest and CURRENT.
const spareRoom = 65_536;

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const locked = (directory: string, cause?: unknown): JournalError =>
  new JournalError(`The journal in ${directory} is open in another process, or twice in this one`, {
    code: 'ERR_JOURNAL_LOCKED',
    cause,
  });

/** LevelDB's own words are in the cause of the error that classic-level throws. */
function openError(directory: string, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (codeOf(cause) === 'LEVEL_LOCKED') return locked(directory, cause);
  return new JournalError(`The journal in ${directory} can't be opened: ${wordsOf(cause)}`, { cause });
}

/** What LevelDB throws, as a JournalError. */
async function told<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    if (cause instanceof WxpayFaceError) throw cause;
    throw new JournalError(`The journal failed: ${wordsOf(cause)}`, { cause });
  }
}

/** The folders that this copy of the package has open, or is opening. */
const held = new Set<string>();

/**
 * Whether a worker or another copy of the package in this process has the folder open. LevelDB would find that too, but on
 * Linux closes the file as it does, and with it goes the process's lock: fcntl(2), "closes any file descriptor".
 */
async function isOpenInThisProcess(directory: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const descriptors = await readdir('/proc/self/fd');
  const files = await Promise.all(descriptors.map((each) => readlink(`/proc/self/fd/${each}`).catch(() => '')));
  return files.includes(join(directory, 'LOCK'));
}

/** @returns What kept the files from being looked at. They may be another process's; then LevelDB will say so. */
async function checkFiles(directory: string): Promise<{ error: unknown } | undefined> {
  try {
    await checkLevelFiles(directory);
    return undefined;
  } catch (error) {
    if (error instanceof JournalError) throw error;
    return { error };
  }
}

async function openLevel(directory: string, create: () => Level): Promise<Level> {
  if (await isOpenInThisProcess(directory)) throw locked(directory);
  const unread = await checkFiles(directory);
  const level = create();
  try {
    await level.open();
    if (unread) throw unread.error;
  } catch (error) {
    await level.close();
    throw error;
  }
  return level;
}

/** @throws Where a database of this size could not be opened again for want of room. */
async function ensureRoom(directory: string): Promise<void> {
  const logs = (await readdir(directory)).filter((name) => name.endsWith('.log'));
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(directory, name))).size));
  const trial = join(directory, 'room');
  try {
    await writeFile(trial, Buffer.alloc(sizes.reduce((sum, size) => sum + size, spareRoom)));
  } finally {
    await rm(trial, { force: true });
  }
}

/**
 * LevelDB in a folder: a write that resolves is on the disk and can be read back, one that rejects disturbs no other.
 *
 * After a write that failed (a full disk), LevelDB's log may hold a piece of it, and what LevelDB appends behind that is lost
 * at the next start, though it says otherwise; or it refuses every write from then on. Opened anew, it cuts the piece off.
 * So writes go one at a time, those that wait together, and none follows a failed one before that.
 */
export class LevelStore {
  readonly #directory: string;
  readonly #level: Level;
  readonly #waiting: Write[] = [];
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  #reopening: Promise<void> | undefined;
  readonly #reads = new Set<Promise<unknown>>();
  #isClosed = false;

  private constructor(directory: string, level: Level) {
    this.#directory = directory;
    this.#level = level;
  }

  /** @throws JournalError: ERR_JOURNAL_LOCKED where the folder is open already, ERR_JOURNAL where it can't be opened. */
  static async open(folder: string): Promise<LevelStore> {
    let directory = resolve(folder);
    try {
      await mkdir(directory, { recursive: true });
      // Two names of one folder must not be two journals. On Windows LevelDB sees to that.
      if (process.platform === 'linux') directory = await realpath(directory);
    } catch (error) {
      throw openError(directory, error);
    }
    if (held.has(directory)) throw locked(directory);
    held.add(directory);
    try {
      // Begins to open at once. Not compressed, so that checkLevelFiles can read the tables.
      const create = () => new ClassicLevel<string, string>(directory, { compression: false });
      return new LevelStore(directory, await openLevel(directory, create));
    } catch (error) {
      held.delete(directory);
      throw openError(directory, error);
    }
  }

  async get(key: string): Promise<string | undefined> {
    return this.#read(async () => {
      try {
        return await this.#level.get(key);
      } catch (error) {
        if (codeOf(error) === 'LEVEL_NOT_FOUND') return undefined;
        throw error;
      }
    });
  }

  /** In the order of their keys. What is written meanwhile may be among them. */
  async *entries(): AsyncGenerator<[key: string, value: string], void, undefined> {
    const limit = 100;
    let range: { gt?: string } = {};
    for (;;) {
      // None stays open in between, where the database is opened anew.
      const page = await this.#read(() => this.#level.iterator({ ...range, limit }).all());
      yield* page;
      const last = page[limit - 1];
      if (last === undefined) return;
      range = { gt: last[0] };
    }
  }

  put(key: string, value: string): Promise<void> {
    return this.#write({ type: 'put', key, value });
  }

  delete(key: string): Promise<void> {
    return this.#write({ type: 'del', key });
  }

  /** What was asked for before still happens. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writing;
    await Promise.allSettled([...this.#reads, this.#reopening]);
    await told(() => this.#level.close());
    held.delete(this.#directory);
  }

  async #read<T>(task: () => Promise<T>): Promise<T> {
    this.#ensureOpen();
    while (this.#reopening || this.#level.status !== 'open') {
      await (this.#reopening?.catch(() => undefined) ?? this.#reopen());
      this.#ensureOpen();
    }
    const read = told(task);
    this.#reads.add(read);
    try {
      return await read;
    } finally {
      this.#reads.delete(read);
    }
  }

  async #write(operation: Operation): Promise<void> {
    this.#ensureOpen();
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ operation, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const writes = this.#waiting.splice(0);
      try {
        if (this.#hasFailed) await this.#reopen();
        const operations = writes.map(({ operation }) => operation);
        await told(() => this.#level.batch(operations, durable));
        for (const { resolve } of writes) resolve();
      } catch (error) {
        this.#hasFailed = true;
        for (const { reject } of writes) reject(error);
      }
    }
    this.#writing = undefined;
  }

  #reopen(): Promise<void> {
    this.#reopening ??= this.#openAgain().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #openAgain(): Promise<void> {
    try {
      if (this.#level.status === 'open') {
        // While there is none, what is known can still be read.
        await ensureRoom(this.#directory);
        await Promise.allSettled(this.#reads);
        await this.#level.close();
      }
      await openLevel(this.#directory, () => this.#level);
      this.#hasFailed = false;
    } catch (error) {
      throw openError(this.#directory, error);
    }
  }

  #ensureOpen(): void {
    if (this.#isClosed) throw new ClosedError('The journal');
  }
}
