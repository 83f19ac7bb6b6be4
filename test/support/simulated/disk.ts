import { dirname } from 'node:path';
import type { Files, OpenFile } from '../../../lib/journal/files.js';
import type { Random } from './random.js';

/*
 * A disk with a cache. What was not synced is lost in part when the power goes, sector by sector and in any order; a file
 * may have its new length and NULs in the place of what was written. Names are on the disk when their folder was synced,
 * and until then in the order in which they were changed. An operation may fail, once or for long; after a sync that failed
 * it is unknown what of the writes before it is on the disk, and a later sync knows nothing of them.
 */

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly length: number };

const sector = 64;

/** The head of a journal has two lines a megabyte apart: only the pages that were written are kept. */
const pageSize = 1_024;

/** Bytes that never change. */
class Content {
  readonly length: number;
  readonly #pages: ReadonlyMap<number, Buffer>;

  constructor(length = 0, pages: ReadonlyMap<number, Buffer> = new Map()) {
    this.length = length;
    this.#pages = pages;
  }

  read(at = 0, length = this.length): Buffer {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, this.length - at)));
    for (const [from, page] of this.#pages) {
      const first = Math.max(at - from, 0);
      if (first < pageSize && from < at + bytes.length) page.copy(bytes, from + first - at, first);
    }
    return bytes;
  }

  changed(change: Change): Content {
    const pages = new Map(this.#pages);
    if ('length' in change) {
      for (const [from, page] of pages)
        if (from >= change.length) pages.delete(from);
        else if (from + pageSize > change.length) pages.set(from, Buffer.from(page).fill(0, change.length - from));
      return new Content(change.length, pages);
    }
    const { at, bytes } = change;
    for (let from = at - (at % pageSize); from < at + bytes.length; from += pageSize) {
      const page = Buffer.alloc(pageSize);
      pages.get(from)?.copy(page);
      bytes.copy(page, Math.max(at - from, 0), Math.max(from - at, 0));
      pages.set(from, page);
    }
    return new Content(Math.max(this.length, at + bytes.length), pages);
  }
}

/** What a file is in the cache, and on the disk. */
class Inode {
  cached = new Content();
  durable = new Content();
  pending: Change[] = [];

  change(change: Change): void {
    this.cached = this.cached.changed(change);
    this.pending.push(change);
  }

  sync(changes: readonly Change[]): void {
    for (const change of changes) this.durable = this.durable.changed(change);
    this.pending = this.pending.filter((change) => !changes.includes(change));
  }

  /** Any sector of a write may have come to the disk, or none, and NULs in its place. */
  settle(random: Random, changes: readonly Change[]): void {
    const comesWhole = random.chance(0.3);
    const chance = random.pick([0, 0.5, 0.9]);
    for (const change of changes) {
      if ('length' in change) {
        if (comesWhole || random.chance(0.5)) this.durable = this.durable.changed(change);
        continue;
      }
      const { at, bytes } = change;
      if (!comesWhole && random.chance(0.5) && this.durable.length < at + bytes.length)
        this.durable = this.durable.changed({ length: at + bytes.length });
      for (let from = 0; from < bytes.length; ) {
        const length = Math.min(random.chance(0.2) ? random.between(1, sector) : sector, bytes.length - from);
        if (comesWhole || random.chance(chance))
          this.durable = this.durable.changed({ at: at + from, bytes: bytes.subarray(from, from + length) });
        from += length;
      }
    }
  }
}

interface Rename {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly inode: Inode | undefined;
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: simulated`), { code });

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** How it misbehaves while a journal uses it. */
export interface Faults {
  /** The operation at which the power goes, from 1. */
  readonly crashAt?: number;
  /** How probably an operation fails, and how probably the next one fails, too. */
  readonly failing?: { readonly chance: number; readonly lasting: number };
  /** Asked at each operation: whether the power goes at it, or it fails. */
  readonly befalls?: () => 'crash' | 'failure' | undefined;
}

export class SimulatedDisk {
  readonly #random: Random;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #renames: Rename[] = [];
  readonly #locks = new Set<string>();
  #life = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The power went; what is on the disk now is all that is left. */
  crash(): void {
    this.#life += 1;
    this.#locks.clear();
    const kept = this.#random.between(0, this.#renames.length);
    for (const rename of this.#renames.slice(0, kept)) this.#apply(this.#durableNames, rename);
    this.#renames = [];
    for (const inode of new Set([...this.#names.values(), ...this.#durableNames.values()])) {
      inode.settle(this.#random, inode.pending);
      inode.pending = [];
      inode.cached = inode.durable;
    }
    this.#names = new Map(this.#durableNames);
  }

  /** What the disk would have after a crash now, if nothing more came to it. */
  contents(): Map<string, Buffer> {
    return new Map([...this.#names].map(([path, { cached }]) => [path, cached.read()]));
  }

  /** Puts bytes in the place of a file's, as rot and restored backups do. */
  spoil(path: string, bytes: Buffer | undefined): void {
    if (bytes === undefined) {
      this.#names.delete(path);
      this.#durableNames.delete(path);
      return;
    }
    const inode = new Inode();
    inode.durable = new Content().changed({ at: 0, bytes });
    inode.cached = inode.durable;
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  #apply(names: Map<string, Inode>, { from, to, inode }: Rename): void {
    if (from !== undefined) names.delete(from);
    if (to !== undefined && inode !== undefined) names.set(to, inode);
  }

  #rename(rename: Rename): void {
    this.#apply(this.#names, rename);
    this.#renames.push(rename);
  }

  /** The file operations of one process, up to its death. `operations` counts them; `died` resolves when the power goes. */
  process({ crashAt, failing, befalls }: Faults): { files: Files; operations: () => number; died: Promise<void> } {
    const random = this.#random;
    this.#life += 1;
    const life = this.#life;
    let count = 0;
    let isFailing = false;
    let die = () => {};
    const died = new Promise<void>((resolve) => {
      die = resolve;
    });

    /** Performs one operation, unless the process dies before, in the middle or after it, or it fails. */
    const operate = async <T>(what: () => T, onFailure: (error: Error) => void = () => {}): Promise<T> => {
      for (let turns = random.between(0, 3); turns > 0; turns -= 1) await Promise.resolve();
      if (this.#life !== life) return never();
      count += 1;
      const fate = count === crashAt ? 'crash' : befalls?.();
      if (fate === 'crash') {
        if (random.chance(0.5)) what();
        this.crash();
        die();
        return never();
      }
      if (failing !== undefined) isFailing = random.chance(isFailing ? failing.lasting : failing.chance);
      if (isFailing || fate === 'failure') {
        const error = failure(random.pick(['ENOSPC', 'EIO']));
        onFailure(error);
        throw error;
      }
      return what();
    };

    const openFile = (inode: Inode): OpenFile => ({
      read: (at, length) => operate(() => inode.cached.read(at, length)),
      write: (bytes, at) => {
        const copy = Buffer.from(bytes);
        return operate(
          () => inode.change({ at, bytes: copy }),
          () => inode.change({ at, bytes: copy.subarray(0, random.between(0, copy.length)) }),
        );
      },
      truncate: (length) => operate(() => inode.change({ length })),
      sync: () => {
        const changes = [...inode.pending];
        return operate(
          () => inode.sync(changes),
          () => {
            // The file system keeps its own changes; which of the data are on the disk nobody knows.
            const writes = changes.filter((change) => !('length' in change));
            inode.settle(random, writes);
            inode.pending = inode.pending.filter((change) => !writes.includes(change));
          },
        );
      },
      close: () => operate(() => undefined),
    });

    const open = (path: string, how: 'read' | 'write' | 'new') =>
      operate(() => {
        if (how === 'new') {
          const inode = this.#names.get(path);
          if (inode !== undefined) inode.change({ length: 0 });
          else this.#rename({ from: undefined, to: path, inode: new Inode() });
        }
        const inode = this.#names.get(path);
        return inode === undefined ? undefined : openFile(inode);
      });
    const files: Files = {
      makeFolder: () => operate(() => undefined),
      open: open as Files['open'],
      rename: (from, to) => operate(() => this.#rename({ from, to, inode: this.#names.get(from) })),
      remove: (path) => operate(() => this.#rename({ from: path, to: undefined, inode: undefined })),
      syncFolder: (path) =>
        operate(() => {
          const concerned = (each: Rename) => dirname(each.to ?? each.from ?? '') === path;
          for (const each of this.#renames.filter(concerned)) this.#apply(this.#durableNames, each);
          this.#renames = this.#renames.filter((each) => !concerned(each));
        }),
      lock: (path) =>
        operate(() => {
          if (this.#locks.has(path)) throw failure('ELOCKED');
          if (!this.#names.has(path)) this.#rename({ from: undefined, to: path, inode: new Inode() });
          this.#locks.add(path);
          return { release: () => void this.#locks.delete(path) };
        }),
    };
    return { files, operations: () => count, died };
  }
}
