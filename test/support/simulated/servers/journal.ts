import { ClosedError } from '../../../../lib/errors.js';
import { CancelRequestedError, JournalError, OrderExistsError } from '../../../../lib/journal/errors.js';
import {
  checkNew,
  checkRecord,
  type Journal,
  type JournalFilter,
  type JournalRecord,
  keyOf,
  type RecordName,
} from '../../../../lib/journal/journal.js';
import { isGivenUp } from '../../../../lib/payment/record.js';
import type { TillClock } from '../till-clock.js';
import type { Row, SharedDatabase, Write } from './database.js';
import { ServerLease } from './lease.js';
import { type DatabaseLine, NoAnswerError } from './line.js';
import type { Rule } from './rules.js';

/*
 * What one server sees of the database: the journal of its processor, its lease, and its care for what nobody drives. By the rules of
 * the real one, in a model of its own, so that each can be left out.
 */

interface Given {
  readonly owner: string;
  readonly clock: TillClock;
  readonly line: DatabaseLine;
  readonly database: SharedDatabase;
  readonly without: Rule | undefined;
  /** Of a lease, milliseconds. */
  readonly duration: number;
  /** For how long it is asked for now. */
  readonly asked: () => number;
  /** Of each write, in the whole world. */
  readonly nextWrite: () => number;
  /** Calls another server, perhaps in vain. */
  readonly notify: (owner: string) => void;
}

/** Milliseconds in which a statement is answered, or given up. */
const statementTimeout = 5_000;
/** Milliseconds before a write is tried again, doubling. */
const again = { initial: 20, most: 1_000 } as const;

export class ServerJournal implements Journal {
  readonly lease: ServerLease;
  readonly #given: Given;
  /** What it has, and after which gap of its lease it knew that last. */
  readonly #own = new Map<string, number>();
  readonly #creating = new Set<string>();
  readonly #writeIds = new Map<string, number>();
  readonly #onCancel = new Set<(out_trade_no: string) => void>();
  readonly #onTakeUp = new Set<(record: RecordName) => Promise<void>>();
  #isTurning = false;
  #isClosed = false;

  constructor(given: Given) {
    const { owner, clock, line, database, duration, asked, without } = given;
    this.#given = given;
    this.lease = new ServerLease(clock, line, database, {
      ...{ owner, duration, asked, without },
      onRenewed: () => void this.#turn(),
    });
  }

  async create(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    checkNew(record);
    if (!this.lease.isGood && this.#given.without !== 'leaseEnds') throw new JournalError('out of touch');
    const key = keyOf(record);
    if (this.#creating.has(key)) throw new OrderExistsError(record.id);
    this.#creating.add(key);
    try {
      const { gaps } = this.lease;
      await this.#insert(record, (error) => error.sent);
      if (!record.finished) this.#own.set(key, gaps);
    } finally {
      this.#creating.delete(key);
    }
  }

  async put(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    const write = this.#write(record);
    this.#writeIds.set(`${keyOf(record)} ${record.revision}`, write.writeId);
    const { database, owner } = this.#given;
    await this.#attempt(async () => {
      if (!this.lease.isGood) await this.lease.confirmed();
      const { gaps } = this.lease;
      if (await this.#ask(() => database.update(owner, write))) return this.#settle(write, undefined, gaps);
      const error = this.#verdict(write, await this.#ask(() => database.row(record)));
      if (error === 'again') throw new NoAnswerError(true);
      this.#settle(write, error, gaps);
    });
  }

  async get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    const row = await this.#read(() => this.#given.database.row({ kind, id }));
    return row?.record;
  }

  async *list(filter?: JournalFilter): AsyncGenerator<JournalRecord> {
    yield* await this.#read(() => [...this.#given.database.list(filter)]);
  }

  async prune(): Promise<number> {
    return 0;
  }

  /** What is unfinished goes to whoever lives. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.lease.close();
    const { database, owner, line } = this.#given;
    await line.ask(() => database.resign(owner), statementTimeout).catch(() => undefined);
  }

  holds(record: RecordName): boolean {
    if (this.#isClosed) return false;
    const { without } = this.#given;
    const known = this.#own.get(keyOf(record));
    if (without === 'looksAtLease') return true;
    return this.lease.isGood && known !== undefined && (known === this.lease.gaps || without === 'looksAtGaps');
  }

  async isStored(record: JournalRecord): Promise<boolean> {
    const writeId = this.#writeIds.get(`${keyOf(record)} ${record.revision}`);
    const row = await this.#read(() => this.#given.database.row(record));
    if (writeId === undefined || row === undefined) return false;
    return this.#isThat({ record, writeId }, row);
  }

  onCancel(listener: (out_trade_no: string) => void): () => void {
    this.#onCancel.add(listener);
    return () => this.#onCancel.delete(listener);
  }

  onTakeUp(listener: (record: RecordName) => Promise<void>): () => void {
    this.#onTakeUp.add(listener);
    return () => this.#onTakeUp.delete(listener);
  }

  async requestCancel(out_trade_no: string): Promise<void> {
    this.#ensureOpen();
    const { clock, database, notify, without } = this.#given;
    const end = { state: 'cancelled', finished: true, acknowledged: true, updatedAt: clock.wall(), data: {} };
    try {
      if (without === 'buriesUnknown') throw new OrderExistsError(out_trade_no);
      await this.#insert({ schema: 1, kind: 'payment', id: out_trade_no, revision: 1, ...end }, () => true);
    } catch (error) {
      if (!(error instanceof OrderExistsError)) throw error;
      await this.#attempt(async () => {
        const owner = await this.#ask(() => {
          const whose = database.giveUp(out_trade_no);
          if (whose !== undefined) notify(whose);
          return whose;
        });
        return owner;
      });
    }
  }

  /** Another server calls: one of its payments may have been given up. */
  async poll(): Promise<void> {
    const { database, owner } = this.#given;
    for (const id of await this.#ask(() => database.givenUpOf(owner)))
      for (const listener of this.#onCancel) listener(id);
  }

  /** Looks for what nobody drives. One turn at a time; what fails is done by the next. */
  async #turn(): Promise<void> {
    const { database } = this.#given;
    // A look that finds nothing has no effect.
    if (this.#isTurning || this.#isClosed || this.#onTakeUp.size === 0 || database.unfinished === 0) return;
    this.#isTurning = true;
    try {
      await this.#sweep();
      await this.#claim();
      await this.poll();
    } catch {
    } finally {
      this.#isTurning = false;
    }
  }

  async #sweep(): Promise<void> {
    const { database, owner, without } = this.#given;
    if (without === 'sweeps') return;
    const { gaps } = this.lease;
    for (const name of await this.#ask(() => database.ownOf(owner)))
      void this.#check(name, gaps).catch(() => undefined);
  }

  async #check(name: RecordName, gaps: number): Promise<void> {
    const key = keyOf(name);
    if (this.#creating.has(key)) return;
    if (!this.#own.has(key)) {
      const { database, owner } = this.#given;
      const row = await this.#ask(() => database.row(name));
      if (row === undefined || row.record.finished || row.owner !== owner) return;
    }
    await this.#takeUp(name, gaps);
  }

  async #claim(): Promise<void> {
    const { database, owner, duration, nextWrite, without, clock } = this.#given;
    if (without === 'claims' || !this.lease.isGood) return;
    const own = clock.wall();
    const { gaps } = this.lease;
    const claimed = await this.#ask((began) => {
      const dead = database.dead(owner, duration, without === 'leasesByDatabase' ? own : began);
      return dead.size === 0 ? [] : database.claim(owner, dead, nextWrite);
    });
    await Promise.all(claimed.map((name) => this.#takeUp(name, gaps)));
  }

  async #takeUp(name: RecordName, gaps: number): Promise<void> {
    this.#own.set(keyOf(name), gaps);
    for (const listener of this.#onTakeUp) await listener(name).catch(() => undefined);
  }

  async #insert(record: JournalRecord, isWorthWaiting: (error: NoAnswerError) => boolean): Promise<void> {
    const { database, owner } = this.#given;
    const write = this.#write(record);
    let isDoubtful = false;
    await this.#attempt(
      async () => {
        if (await this.#ask(() => database.insert(owner, write))) return;
        const row = await this.#ask(() => database.row(record));
        if (row?.writeId !== write.writeId) throw new OrderExistsError(record.id);
      },
      (error) => {
        isDoubtful ||= isWorthWaiting(error);
        return isDoubtful;
      },
    );
  }

  #write(record: JournalRecord): Write {
    return { record, writeId: this.#given.nextWrite() };
  }

  #isThat({ record, writeId }: Write, row: Row): boolean {
    if (this.#given.without !== 'judgesByWriteId') return row.writeId === writeId;
    return row.record.revision === record.revision;
  }

  /** What became of a write that hit no row. */
  #verdict(write: Write, row: Row | undefined): JournalError | 'again' | undefined {
    const { record } = write;
    const key = keyOf(record);
    const isHeld = this.#own.has(key);
    if (row === undefined) return isHeld ? lost(key) : new JournalError(`${key} is unknown`);
    if (this.#isThat(write, row)) return undefined;
    if (row.owner !== this.#given.owner && (isHeld || !row.record.finished))
      return this.#given.without === 'stopsIfLost' ? undefined : lost(key);
    if (row.record.revision !== record.revision - 1) return new JournalError(`${key} has gone on`);
    const isBehind = row.isGivenUp && !row.record.finished && record.kind === 'payment' && !isGivenUp(record);
    return isBehind ? new CancelRequestedError(record.id) : 'again';
  }

  #settle({ record }: Write, error: JournalError | undefined, gaps: number): void {
    const key = keyOf(record);
    if (error === undefined && !record.finished) this.#own.set(key, gaps);
    else if (error === undefined || error.code === 'ERR_JOURNAL_LOST') this.#own.delete(key);
    if (error !== undefined) throw error;
  }

  /** Again, until it's known what became of it. */
  async #attempt(
    task: () => Promise<unknown>,
    isWorthWaiting: (error: NoAnswerError) => boolean = () => true,
  ): Promise<void> {
    for (let wait: number = again.initial; ; wait = Math.min(2 * wait, again.most)) {
      this.#ensureOpen();
      try {
        await task();
        return;
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        if (!isWorthWaiting(error)) throw new JournalError('The database did not answer');
        await this.lease.confirmed();
        await this.#given.clock.sleep(wait);
      }
    }
  }

  /** Reads, twice if need be. */
  async #read<T>(statement: () => T): Promise<T> {
    this.#ensureOpen();
    const unanswered = () => new JournalError('The database did not answer');
    try {
      return await this.#ask(statement);
    } catch {
      return this.#ask(statement).catch(() => Promise.reject(unanswered()));
    }
  }

  #ask<T>(statement: (began: number) => T): Promise<T> {
    return this.#given.line.ask(statement, statementTimeout);
  }

  #ensureOpen(): void {
    if (this.#isClosed) throw new ClosedError('The journal');
  }
}

const lost = (key: string): JournalError =>
  new JournalError(`${key} is another server's now`, { code: 'ERR_JOURNAL_LOST' });
