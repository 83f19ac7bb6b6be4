import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { lockFile } from '../addon.js';

/** A file that is open. */
export interface OpenFile {
  /** As many bytes as there are; fewer only at its end. */
  read(at: number, length: number): Promise<Buffer>;
  write(bytes: Uint8Array, at: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /** Resolves when all that was written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file operations that a journal needs. The system's, or those of a simulated disk. */
export interface Files {
  /** Makes the folder if it isn't there, for its owner alone. */
  makeFolder(path: string): Promise<void>;
  /** 'new' makes it, empty, for its owner alone. @returns undefined if it isn't there. */
  open(path: string, how: 'read' | 'write'): Promise<OpenFile | undefined>;
  open(path: string, how: 'new'): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Resolves when the names of the folder's files are on the disk. */
  syncFolder(path: string): Promise<void>;
  /** Makes the file if it isn't there. @throws an Error with `code` 'ELOCKED' if another holder has it. */
  lock(path: string): Promise<{ release(): void }>;
}

const forOwner = 0o600;

class SystemFile implements OpenFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(buffer, done, length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return buffer.subarray(0, done);
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length; )
      done += (await this.#handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

async function openSystemFile(path: string, how: 'new'): Promise<OpenFile>;
async function openSystemFile(path: string, how: 'read' | 'write' | 'new'): Promise<OpenFile | undefined>;
async function openSystemFile(path: string, how: 'read' | 'write' | 'new'): Promise<OpenFile | undefined> {
  try {
    return new SystemFile(await open(path, { read: 'r', write: 'r+', new: 'w+' }[how], forOwner));
  } catch (error) {
    if (how !== 'new' && codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The system's files. */
export const systemFiles: Files = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  open: openSystemFile,
  rename,
  remove: (path) => rm(path, { force: true }),
  async syncFolder(path) {
    // Windows opens no folder for that; NTFS writes its own journal before a name counts.
    if (process.platform === 'win32') return;
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  async lock(path) {
    // Made here if it isn't there, so that nobody else may read it.
    await (await open(path, 'a', forOwner)).close();
    return lockFile(path);
  },
};
