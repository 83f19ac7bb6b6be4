import { KeyedMutex } from '../concurrency.js';
import { ClosedError } from '../errors.js';
import { JournalError, OrderExistsError } from '../journal/errors.js';
import { isSameWrite, type JournalRecord } from '../journal/journal.js';
import type { Trouble } from './decision/outcomes.js';
import { backoff } from './decision/policies.js';
import { isLost, putNext } from './record-writer.js';
import type { Surroundings } from './subject.js';
import type { WaiterPatience } from './waiters.js';

/** What a record of either kind tells. */
interface KnownRecord {
  readonly stored: { readonly requested: { readonly run: string } };
  /** The record's revision at which what it tells was decided. */
  readonly decidedAt: number;
}

/** One payment or refund that runs here. */
interface Running<Outcome> {
  readonly trouble: Trouble | undefined;
  wait(until: 'decided' | 'ended', patience?: WaiterPatience): Promise<Outcome>;
  /** Goes on where the journal left off. */
  resume(): Promise<void>;
  /** Its first record was stored although its caller was told that it was not. */
  endUnsent(): Promise<void>;
  close(): Promise<void>;
}

/** What is of payments alone, or of refunds alone. */
export interface Kind<Known, Outcome, One> {
  readonly name: JournalRecord['kind'];
  /** Undefined if this version can't read it. */
  fromRecord(record: JournalRecord): Known | undefined;
  /** Undefined while nothing is decided. */
  outcomeOf(id: string, known: Known, trouble?: Trouble): Outcome | undefined;
  /** What is told of a record that can't be taken up here. */
  attention(record: JournalRecord, code: 'unreadable' | 'other-merchant', reason: string): Outcome;
  /** @throws OrderUnknownError if it is another merchant's. */
  ensureOurs(id: string, known: Known): void;
  /** Of a number that the journal doesn't know. */
  unknown(id: string): Error;
  takeUp(record: JournalRecord, known: Known, around: Surroundings<Outcome>): One;
}

/** What all runs of a processor share. */
export type Parts<Outcome> = Omit<Surroundings<Outcome>, 'gate' | 'onOver'>;

/** Milliseconds between looks into a journal at what another process runs. */
const lookAgain = { initial: 250, factor: 1.5, maximum: 5_000, jitter: 0 };

/** The payments, or the refunds, of one processor: those that run here, and what the journal tells of the others. */
export class Runs<Known extends KnownRecord, Outcome, One extends Running<Outcome>> {
  /** One thing at a time for a number. */
  readonly lanes = new KeyedMutex();
  readonly running = new Map<string, One>();
  readonly #kind: Kind<Known, Outcome, One>;
  /** Of what is new here, and of what is taken up. */
  readonly #around: Surroundings<Outcome>;
  readonly #aroundTakenUp: Surroundings<Outcome>;
  readonly #life: AbortSignal;

  /** @param gate Holds calls back while many records are taken up at once. @param life Ends with the processor. */
  constructor(
    kind: Kind<Known, Outcome, One>,
    parts: Parts<Outcome>,
    gate: Surroundings<Outcome>['gate'],
    life: AbortSignal,
  ) {
    const onOver = (id: string): void => void this.running.delete(id);
    this.#kind = kind;
    this.#around = { ...parts, gate: (task) => task(), onOver };
    this.#aroundTakenUp = { ...parts, gate, onOver };
    this.#life = life;
  }

  /** 'payment' or 'refund', as the journal has it. */
  get kind(): JournalRecord['kind'] {
    return this.#kind.name;
  }

  /** @throws ClosedError after close(). */
  ensureOpen(): void {
    if (this.#life.aborted) throw new ClosedError('The payment processor');
  }

  async stored(id: string): Promise<JournalRecord | undefined> {
    const { journal, patience } = this.#around;
    return patience(journal.get(this.#kind.name, id));
  }

  /** @throws OrderUnknownError, JournalError for a record that can't be read, or can't be taken up here. */
  async known(id: string): Promise<{ record: JournalRecord; known: Known }> {
    const record = await this.stored(id);
    if (record === undefined) throw this.#kind.unknown(id);
    const known = this.#kind.fromRecord(record);
    if (known === undefined) throw new JournalError(unreadable(record));
    if (!record.finished) this.#kind.ensureOurs(id, known);
    return { record, known };
  }

  /** @throws OrderUnknownError if it is another merchant's. */
  ensureOurs(id: string, known: Known): void {
    this.#kind.ensureOurs(id, known);
  }

  /** Whether this process may go on with an unfinished record: on a journal of its own always. */
  holds(record: JournalRecord): boolean {
    return this.#around.journal.holds?.(record) ?? true;
  }

  /** What the journal tells. Undefined if it knows nothing, or nothing is decided yet. */
  async outcome(id: string): Promise<Outcome | undefined> {
    const record = await this.stored(id);
    if (record === undefined) return undefined;
    const known = this.#kind.fromRecord(record);
    if (known === undefined) return this.#unreadable(record);
    return this.#kind.outcomeOf(id, known, this.running.get(id)?.trouble);
  }

  /** How it ended. What an earlier run of the program left unfinished is taken up for it. */
  async settled(id: string): Promise<Outcome> {
    this.ensureOpen();
    const { ended } = await this.lanes.run(id, async () => {
      const running = this.running.get(id);
      // Wrapped, so that the lane is free while it goes on.
      if (running !== undefined) return { ended: running.wait('ended', 'patient') };
      const { record, known } = await this.known(id);
      const outcome = this.#kind.outcomeOf(id, known);
      if (record.finished && outcome !== undefined) return { ended: Promise.resolve(outcome) };
      if (!this.holds(record)) return { ended: this.followed(id, 'ended') };
      return { ended: this.resume(record, known).wait('ended', 'patient') };
    });
    return this.heard(id, 'ended', ended);
  }

  /** What whoever waits is told; of what another process has now, what the journal comes to know. */
  heard(id: string, until: 'decided' | 'ended', outcome: Promise<Outcome>): Promise<Outcome> {
    return outcome.catch((error: unknown) => {
      if (!isLost(error)) throw error;
      return this.followed(id, until);
    });
  }

  /** The outcome of what another process runs. @param left Whoever waits has left: throws its reason. */
  async followed(id: string, until: 'decided' | 'ended', left?: AbortSignal): Promise<Outcome> {
    for (let attempts = 1; ; attempts += 1) {
      this.ensureOpen();
      if (left?.aborted) throw left.reason;
      const { record, known } = await this.known(id);
      const outcome = this.#kind.outcomeOf(id, known);
      if (outcome !== undefined && (record.finished || until === 'decided')) return outcome;
      await this.#around.clock.sleep(backoff(lookAgain, attempts), left ?? this.#life).catch(() => undefined);
    }
  }

  /** Writes a new one down; it runs here from then on. */
  create(id: string, begin: (around: Surroundings<Outcome>) => { run: One; record: JournalRecord }): Promise<One> {
    return this.lanes.run(id, async () => {
      const { run, record } = begin(this.#around);
      const { journal, patience } = this.#around;
      const created = journal.create(record);
      try {
        await patience(created);
      } catch (error) {
        if (!(error instanceof OrderExistsError))
          void created.catch(() => undefined).then(() => this.#endUnsent(run, record));
        throw error;
      }
      this.ensureOpen();
      this.running.set(id, run);
      return run;
    });
  }

  /** A first record that may have been stored although its caller was told that it was not: nothing of it was sent. */
  async #endUnsent(run: One, record: JournalRecord): Promise<void> {
    const { id } = record;
    await this.lanes.run(id, async () => {
      const stored = await this.stored(id).catch(() => undefined);
      if (stored === undefined || !isSameWrite(stored, record) || this.#life.aborted) return;
      if (this.running.has(id)) return;
      this.running.set(id, run);
      await run.endUnsent();
    });
  }

  /** Takes one up, without a step yet. */
  takeUp(record: JournalRecord, known: Known): One {
    // It may have been closed while the journal was read.
    this.ensureOpen();
    const run = this.#kind.takeUp(record, known, this.#aroundTakenUp);
    this.running.set(record.id, run);
    return run;
  }

  /** Goes on with an unfinished one. */
  resume(record: JournalRecord, known: Known): One {
    const run = this.takeUp(record, known);
    void run.resume();
    return run;
  }

  /** Goes on with an unfinished one that isn't running here. Undefined if there is nothing to do. */
  async resumeStored(id: string): Promise<One | undefined> {
    this.ensureOpen();
    return this.lanes.run(id, async () => {
      if (this.running.has(id)) return undefined;
      const { record, known } = await this.known(id);
      // Another process may have it by now.
      return record.finished || !this.holds(record) ? undefined : this.resume(record, known);
    });
  }

  /**
   * Takes up what an earlier run of the program left of it, and resolves with how it ended: undefined if it runs here, or was
   * acknowledged.
   * @param whose 'unheard': only what an earlier run left is told; how it goes on is heard by `onUnheard`.
   */
  async recover(id: string, whose?: 'unheard'): Promise<Outcome | undefined> {
    const found = await this.lanes.run(id, async () => {
      this.ensureOpen();
      if (this.running.has(id)) return undefined;
      // Read again: it may have gone on since it was listed.
      const record = await this.stored(id);
      if (record === undefined || record.acknowledged) return undefined;
      const known = this.#kind.fromRecord(record);
      if (known === undefined) return { ended: this.#unreadable(record) };
      const isHeard = whose === 'unheard' && known.stored.requested.run === this.#around.program;
      if (!record.finished && !this.holds(record)) return undefined;
      if (record.finished) return { ended: isHeard ? undefined : this.#kind.outcomeOf(id, known) };
      try {
        this.#kind.ensureOurs(id, known);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { ended: this.#kind.attention(record, 'other-merchant', reason) };
      }
      const run = this.resume(record, known);
      return { ended: whose === 'unheard' ? undefined : run.wait('ended', 'endless') };
    });
    return found?.ended;
  }

  /** Whether an outcome is neither acknowledged nor out of date. */
  async isUntold(id: string, revision: number): Promise<boolean> {
    const record = await this.stored(id);
    if (record === undefined || record.acknowledged) return record === undefined;
    return this.#decidedAt(record) <= revision;
  }

  /** Its caller has acted on the outcome that was decided at this revision. */
  async acknowledge(id: string, revision: number): Promise<void> {
    const { clock } = this.#around;
    await this.lanes.run(id, async () => {
      if (this.running.has(id)) return;
      for (;;) {
        const record = await this.stored(id);
        if (!record?.finished || record.acknowledged) return;
        if (this.#decidedAt(record) !== revision) return;
        const next = { ...record, revision: record.revision + 1, updatedAt: clock.wall(), acknowledged: true };
        // Another process may have taken it up, or reserved a refund of it.
        if (await putNext(this.#around, next)) return;
      }
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.running.values()].map((run) => run.close()));
  }

  #decidedAt(record: JournalRecord): number {
    return this.#kind.fromRecord(record)?.decidedAt ?? record.revision;
  }

  #unreadable(record: JournalRecord): Outcome {
    return this.#kind.attention(record, 'unreadable', unreadable(record));
  }
}

/** Why a record is left as it is. */
export const unreadable = ({ kind, id }: JournalRecord): string =>
  `The journal's record of ${id} can't be read by this version: look the ${kind} up at the gateway`;
