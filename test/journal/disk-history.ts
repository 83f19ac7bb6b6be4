import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { JournalError, OrderExistsError } from '../../lib/journal/errors.js';
import { FileJournal } from '../../lib/journal/file-journal.js';
import type { JournalRecord } from '../../lib/journal/journal.js';
import { record } from '../../lib/journal/sample-record.js';
import { type Faults, SimulatedDisk } from '../support/simulated/disk.js';
import { Random } from '../support/simulated/random.js';

/*
 * One seed, one history of a journal on a simulated disk: payments are created, put and pruned, several at once, by one
 * process after the other; the power goes at any operation of the disk. What was told durable is there afterwards.
 */

/** What may be stored of one number; undefined: nothing. */
type Known = ReadonlyArray<JournalRecord | undefined>;

const isOld = (each: JournalRecord | undefined, before: number | undefined): boolean =>
  each !== undefined && before !== undefined && each.finished && each.acknowledged && each.updatedAt < before;

const main = '/till';
const mirror = '/mirror';

export class DiskHistory {
  readonly random: Random;
  readonly disk: SimulatedDisk;
  readonly violations: string[] = [];
  readonly #known = new Map<string, Known>();
  readonly #pruned = new Map<string, Known>();
  readonly #hasMirror: boolean;
  #mayBeOlder = false;

  constructor(seed: number, hasMirror: boolean) {
    this.random = new Random(seed);
    this.disk = new SimulatedDisk(this.random);
    this.#hasMirror = hasMirror;
  }

  open(files: Parameters<SimulatedDisk['process']>[0] = {}): ReturnType<SimulatedDisk['process']> & {
    journal: Promise<FileJournal>;
  } {
    const process = this.disk.process(files);
    const options = { keep: Number.POSITIVE_INFINITY, ...(this.#hasMirror && { mirror }) };
    return { ...process, journal: FileJournal.open(main, options, { files: process.files }) };
  }

  /** One process, until the power goes or it closes the journal. @returns How many operations of the disk it took. */
  async live(faults: Faults, steps: number): Promise<number> {
    const { journal: opening, operations, died } = this.open(faults);
    const life = async () => {
      let journal: FileJournal;
      try {
        journal = await opening;
      } catch (error) {
        this.#expectFailure(error, faults);
        return;
      }
      await this.#check(journal, faults);
      for (let step = 0; step < steps; step += 1) await this.#step(journal, faults);
      await journal.close().catch((error: unknown) => this.#expectFailure(error, faults));
    };
    await Promise.race([life(), died]);
    return operations();
  }

  /** After all of it: opens without a fault, and has what it must have. */
  async end(): Promise<void> {
    const { journal: opening } = this.open();
    try {
      const journal = await opening;
      await this.#check(journal, {});
      await journal.create(record('last'));
      await journal.close();
    } catch (error) {
      this.violations.push(`refused without a fault: ${error}`);
    }
  }

  /** Whether the journal opens, with all that was told durable; or refuses. */
  async opensOrRefuses(): Promise<'opens' | 'refuses'> {
    this.#mayBeOlder = true;
    try {
      const journal = await this.open().journal;
      await this.#check(journal, {});
      await journal.close();
      return 'opens';
    } catch (error) {
      if (!(error instanceof JournalError && error.code === 'ERR_JOURNAL_DAMAGED')) throw error;
      return 'refuses';
    }
  }

  #expectFailure(error: unknown, { failing }: Faults): void {
    const isExpected = failing !== undefined && error instanceof JournalError && error.code === 'ERR_JOURNAL';
    if (!isExpected) this.violations.push(`failed: ${error}`);
  }

  async #step(journal: FileJournal, faults: Faults): Promise<void> {
    const { random } = this;
    const work = Array.from(
      {
        length: random.weighted([
          [1, 5],
          [3, 2],
          [8, 1],
        ]),
      },
      () => {
        if (random.chance(0.08)) return this.#prune(journal, faults);
        return this.#write(journal, `N${random.between(1, 12)}`, faults);
      },
    );
    await Promise.all(work);
    if (random.chance(0.1)) await this.#check(journal, faults);
  }

  readonly #busy = new Set<string>();

  async #write(journal: FileJournal, id: string, faults: Faults): Promise<void> {
    if (this.#busy.has(id)) return;
    this.#busy.add(id);
    const known = this.#known.get(id) ?? [undefined];
    const [stored] = known;
    if (known.length === 1) {
      const isFinished = this.random.chance(0.5);
      const next = record(id, {
        revision: (stored?.revision ?? 0) + 1,
        finished: isFinished,
        acknowledged: isFinished && this.random.chance(0.5),
        updatedAt: this.random.between(1, 1_000),
        data: { note: '付'.repeat(this.random.between(0, 60)), serial: this.random.between(0, 1e9) },
      });
      this.#known.set(id, [stored, next]);
      try {
        await (stored === undefined ? journal.create(next) : journal.put(next));
        this.#known.set(id, isOld(next, this.#pruning) ? [next, undefined] : [next]);
      } catch (error) {
        if (error instanceof OrderExistsError) this.violations.push(`${id} exists`);
        else this.#expectFailure(error, faults);
        await this.#readBack(journal, id, faults);
      }
    } else await this.#readBack(journal, id, faults);
    this.#busy.delete(id);
  }

  /** What it says of a write that failed stands. */
  async #readBack(journal: FileJournal, id: string, faults: Faults): Promise<void> {
    try {
      const found = await journal.get('payment', id);
      this.#compare(id, found);
      this.#known.set(id, isOld(found, this.#pruning) ? [found, undefined] : [found]);
    } catch (error) {
      this.#expectFailure(error, faults);
    }
  }

  /** Before which a prune() under way forgets; what was written meanwhile may be gone with it. */
  #pruning: number | undefined;

  async #prune(journal: FileJournal, faults: Faults): Promise<void> {
    if (this.#pruning !== undefined) return;
    const before = this.random.between(1, 600);
    this.#pruning = before;
    const ids = [...this.#known.keys()].filter((id) => !this.#busy.has(id));
    for (const id of ids) {
      this.#busy.add(id);
      const known = this.#known.get(id) ?? [];
      const old = known.filter((each) => isOld(each, before));
      if (old.length === 0) continue;
      this.#known.set(id, [...known, undefined]);
      this.#pruned.set(id, [...(this.#pruned.get(id) ?? []), ...old]);
    }
    try {
      await journal.prune(before);
    } catch (error) {
      this.#expectFailure(error, faults);
    }
    this.#pruning = undefined;
    for (const id of ids) {
      await this.#readBack(journal, id, faults);
      this.#busy.delete(id);
    }
  }

  #compare(id: string, found: JournalRecord | undefined): void {
    const known = this.#known.get(id) ?? [undefined];
    if (known.some((each) => isDeepStrictEqual(each, found))) return;
    // An older copy of the log, from before a compaction and of the same writes, lacks nothing: it is pruned again.
    if (this.#mayBeOlder && this.#pruned.get(id)?.some((each) => isDeepStrictEqual(each, found))) return;
    const of = (each: JournalRecord | undefined) => (each === undefined ? 'nothing' : `revision ${each.revision}`);
    this.violations.push(`${id}: ${of(found)}, but ${known.map(of).join(' or ')} was told`);
  }

  async #check(journal: FileJournal, faults: Faults): Promise<void> {
    try {
      const found = new Map<string, JournalRecord>();
      for await (const each of journal.list()) found.set(each.id, each);
      for (const id of new Set([...found.keys(), ...this.#known.keys()])) {
        if (this.#busy.has(id)) continue;
        this.#compare(id, found.get(id));
        this.#known.set(id, [found.get(id)]);
      }
    } catch (error) {
      this.#expectFailure(error, faults);
    }
  }

  /** After a crash the writes under way are over. */
  forgetWhatRan(): void {
    this.#busy.clear();
    this.#pruning = undefined;
  }
}

/** A history of some processes, each of which may die. */
export async function diskHistory(seed: number): Promise<string[]> {
  const history = new DiskHistory(seed, seed % 4 === 0);
  const { random } = history;
  const isFailing = random.chance(0.4);
  for (let lives = random.between(1, 5); lives > 0; lives -= 1) {
    const crashAt = random.chance(0.8) ? random.between(1, 200) : undefined;
    const failing = { chance: random.next() * 0.05, lasting: random.next() * 0.95 };
    await history.live(
      { ...(crashAt !== undefined && { crashAt }), ...(isFailing && { failing }) },
      random.between(1, 12),
    );
    if (crashAt === undefined) history.disk.crash();
    history.forgetWhatRan();
  }
  await history.end();
  return history.violations;
}

/** A history without a crash, and how many operations of the disk it takes; then one that dies at each of them in turn. */
export async function diesEverywhere(seed: number): Promise<{ crashes: number; violations: string[] }> {
  const steps = 4;
  const measured = new DiskHistory(seed, seed % 4 === 0);
  const operations = await measured.live({}, steps);
  const violations = [...measured.violations];
  for (let crashAt = 1; crashAt <= operations; crashAt += 1) {
    const history = new DiskHistory(seed, seed % 4 === 0);
    await history.live({ crashAt }, steps);
    history.forgetWhatRan();
    await history.end();
    violations.push(...history.violations.map((each) => `crash at ${crashAt}: ${each}`));
  }
  return { crashes: operations, violations };
}

/** A history whose disk then rots, or goes back to an older moment in one of its files; in one of two folders if it has a mirror. */
export async function rottenHistory(
  seed: number,
  hasMirror: boolean,
): Promise<{ is: 'whole' | 'refused'; violations: string[] }> {
  const history = new DiskHistory(seed, hasMirror);
  const { random, disk } = history;
  await history.live({}, random.between(1, 6));
  const before = disk.contents();
  await history.live({}, random.between(1, 6));
  const now = disk.contents();
  const folder = hasMirror ? random.pick([main, mirror]) : main;
  const path = join(resolve(folder), random.pick(['journal.log', 'journal.head']));
  const bytes = now.get(path) ?? Buffer.alloc(0);
  const spoiled = {
    bit: () => {
      const at = random.between(0, bytes.length - 1);
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << random.between(0, 7)), at);
      return changed;
    },
    cut: () => bytes.subarray(0, random.between(0, bytes.length - 1)),
    nuls: () => Buffer.from(bytes).fill(0, random.between(0, bytes.length - 1)),
    older: () => before.get(path),
    lost: () => undefined,
  };
  disk.spoil(path, spoiled[random.pick(['bit', 'cut', 'nuls', 'older', 'lost'] as const)]());
  const is = await history.opensOrRefuses();
  return { is: is === 'opens' ? 'whole' : 'refused', violations: history.violations };
}
