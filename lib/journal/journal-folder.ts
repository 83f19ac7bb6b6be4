import { join } from 'node:path';
import type { Files, OpenFile } from './files.js';
import { nothing, placeOf } from './head.js';
import type { Line } from './line.js';
import { emptyLog, type Tip } from './log.js';
import { fileNames, type ReadJournal } from './reading.js';

/** Waits for all of them, also if one fails, so that nothing is under way any more. */
export async function all(work: ReadonlyArray<Promise<unknown>>): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}

/** The files of a journal in one folder, as the process has them that writes. */
export class JournalFolder {
  readonly path: string;
  readonly #files: Files;
  #log: OpenFile;
  readonly #head: OpenFile;

  private constructor(files: Files, path: string, log: OpenFile, head: OpenFile) {
    this.path = path;
    this.#files = files;
    this.#log = log;
    this.#head = head;
  }

  /** Makes the log of a folder that has none. @param write What it begins with; by default nothing but its first lines. */
  static async begin(
    files: Files,
    path: string,
    write: (log: OpenFile) => Promise<unknown> = (log) => log.write(emptyLog(), 0),
  ): Promise<void> {
    const next = await files.open(join(path, fileNames.next), 'new');
    try {
      await write(next);
      await next.sync();
    } finally {
      await next.close();
    }
    await files.rename(join(path, fileNames.next), join(path, fileNames.log));
    await files.syncFolder(path);
  }

  /** @param found What was read of it. Its end is made sure. */
  static async open(files: Files, path: string, found: ReadJournal): Promise<JournalFolder> {
    const opened: OpenFile[] = [];
    try {
      for (const name of [fileNames.log, fileNames.head]) {
        const file = await files.open(join(path, name), 'write');
        if (file === undefined) throw new Error(`${join(path, name)} has gone`);
        opened.push(file);
      }
      const [log, head] = opened;
      if (log === undefined || head === undefined) throw new Error(`${path} has gone`);
      const folder = new JournalFolder(files, path, log, head);
      await folder.#settle(found);
      return folder;
    } catch (error) {
      await Promise.allSettled(opened.map((file) => file.close()));
      throw error;
    }
  }

  /**
   * Cuts off what never ended, and writes the last line once more, into both files: another process may have failed to sync
   * it, and what is read now is only what the system remembers. The log first, so that one of them always has it.
   */
  async #settle({ end, tip, lastLineAt }: ReadJournal): Promise<void> {
    if (tip.bytes !== undefined && lastLineAt !== undefined) await this.#log.write(tip.bytes, lastLineAt);
    await this.#log.truncate(end);
    await this.#log.sync();
    // A name may have been lost with a process that died before it was on the disk.
    await this.#files.syncFolder(this.path);
    if (tip.bytes === undefined) return;
    await this.#head.write(tip.bytes, placeOf(tip.sequence));
    await this.#head.sync();
  }

  read(at: number, length: number): Promise<Buffer> {
    return this.#log.read(at, length);
  }

  /** Durable when resolved. */
  async write({ bytes, sequence }: Line, at: number): Promise<void> {
    const written = async (file: OpenFile, where: number) => {
      await file.write(bytes, where);
      await file.sync();
    };
    await all([written(this.#log, at), written(this.#head, placeOf(sequence))]);
  }

  /** Takes back a write behind `tip` that failed, wherever it got to. */
  async takeBack(tip: Tip, end: number): Promise<void> {
    const log = async () => {
      await this.#log.truncate(end);
      await this.#log.sync();
    };
    await all([log(), this.#writeOther(tip)]);
  }

  /** The place that the next line will take says the same as the other. */
  async #writeOther({ bytes = nothing, sequence }: Tip): Promise<void> {
    await this.#head.write(bytes, placeOf(sequence + 1));
    await this.#head.sync();
  }

  /** A file that may become the log. */
  openNext(): Promise<OpenFile> {
    return this.#files.open(join(this.path, fileNames.next), 'new');
  }

  async removeNext(): Promise<void> {
    await this.#files.remove(join(this.path, fileNames.next));
  }

  /**
   * Puts the next file in the log's place. Whatever was reported as written is in both.
   * @param next Written and synced; belongs to this folder from now on.
   */
  async replaceLog(next: OpenFile, tip: Tip): Promise<void> {
    // The one place that knows the last line might be damaged, and the new log has that line in its first part.
    await this.#writeOther(tip);
    // Windows replaces no file that is open.
    await this.#log.close();
    this.#log = next;
    await this.#files.rename(join(this.path, fileNames.next), join(this.path, fileNames.log));
    await this.#files.syncFolder(this.path);
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#log.close(), this.#head.close()]);
  }
}
