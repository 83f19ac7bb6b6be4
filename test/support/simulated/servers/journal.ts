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
import { type Place, type ServerCare, statementTimeout, type Taker } from './care.js';
import type { Row, Write } from './database.js';
import type { ServerLease } from './lease.js';
import { NoAnswerError } from './line.js';

/*
 * What one server sees of a merchant's records: the journal of its processor. By the rules of the real one, in a model of its own, so that
 * each can be left out.
 */

/** Milliseconds before a write is tried again, doubling. */
const again = { initial: 20, most: 1_000 } as const;

export class ServerJournal implements Journal, Taker {
  readonly lease: ServerLease;
  readonly #merchant: string;
  readonly #given: Place;
  /** What it has, and after which gap of its lease it knew that last. */
  readonly #own = new Map<string, number>();
  readonly #creating = new Map<string, Promise<void>>();
  /** By what was written: two may have written the same revision at once. */
  readonly #writeIds = new WeakMap<JournalRecord, number>();
  readonly #onCancel = new Set<(out_trade_no: string) => void>();
  readonly #onTakeUp = new Set<(record: RecordName) => Promise<void>>();
  #isClosed = false;

  constructor(care: ServerCare, merchant: string) {
    this.lease = care.lease;
    this.#merchant = merchant;
    this.#given = care.place;
    care.attach(merchant, this);
  }

  async create(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    checkNew(record);
    const key = keyOf(record);
    // Whoever is told that a number exists finds it: so the second waits until the first is stored, or isn't.
    for (let first = this.#creating.get(key); first !== undefined; first = this.#creating.get(key)) await first;
    this.#ensureOpen();
    const { lease } = this;
    if (!lease.isGood && this.#given.without !== 'leaseEnds') throw new JournalError('out of touch');
    const { gaps } = lease;
    const inserted = this.#insert(record, (error) => error.sent);
    const over = inserted.catch(() => undefined).finally(() => this.#creating.delete(key));
    this.#creating.set(key, over);
    await inserted;
    if (!record.finished) this.#own.set(key, gaps);
  }

  async put(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    const write = this.#write(record);
    this.#writeIds.set(record, write.writeId);
    const { database, asking } = this.#given;
    await this.#attempt(async () => {
      if (!this.lease.isGood) await this.lease.confirmed();
      const { gaps } = this.lease;
      const isHit = await this.#ask(() => database.update(asking, this.#merchant, write));
      if (isHit) return this.#settle(write, undefined, gaps);
      const error = this.#verdict(write, await this.#ask(() => database.row(record, this.#merchant)));
      if (error === 'again') throw new NoAnswerError(true);
      this.#settle(write, error, gaps);
    });
  }

  async get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    const row = await this.#read(() => this.#given.database.row({ kind, id }, this.#merchant));
    if (row !== undefined && !this.#isKnown(row)) throw new JournalError(`${id} was written by another version`);
    return row && copyOf(row.record);
  }

  async *list(filter?: JournalFilter): AsyncGenerator<JournalRecord> {
    const { database, asking } = this.#given;
    const found = await this.#read(() => [...database.list(filter, this.#merchant, asking.version)]);
    for (const record of found) yield copyOf(record);
  }

  async prune(before: number): Promise<number> {
    return this.#read(() => this.#given.database.prune(this.#merchant, before));
  }

  /** What is unfinished goes to whoever lives as soon as its server's care ends. */
  async close(): Promise<void> {
    this.#isClosed = true;
  }

  holds(record: RecordName): boolean {
    if (this.#isClosed) return false;
    const { without } = this.#given;
    const known = this.#own.get(keyOf(record));
    if (without === 'looksAtLease') return true;
    return this.lease.isGood && known !== undefined && (known === this.lease.gaps || without === 'looksAtGaps');
  }

  async isStored(record: JournalRecord): Promise<boolean> {
    const writeId = this.#writeIds.get(record);
    const row = await this.#read(() => this.#given.database.row(record, this.#merchant));
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
          const whose = database.giveUp(out_trade_no, this.#merchant);
          if (whose !== undefined) notify(whose);
          return whose;
        });
        return owner;
      });
    }
  }

  cancel(id: string): void {
    for (const listener of this.#onCancel) listener(id);
  }

  async check(name: RecordName, gaps: number): Promise<void> {
    const key = keyOf(name);
    if (this.#creating.has(key)) return;
    if (!this.#own.has(key)) {
      const row = await this.#ask(() => this.#given.database.row(name, this.#merchant));
      if (row === undefined || row.record.finished || row.owner !== this.#given.asking.owner) return;
    }
    await this.takeUp(name, gaps);
  }

  async takeUp({ kind, id }: RecordName, gaps: number): Promise<void> {
    this.#own.set(keyOf({ kind, id }), gaps);
    for (const listener of this.#onTakeUp) await listener({ kind, id }).catch(() => undefined);
  }

  async #insert(record: JournalRecord, isWorthWaiting: (error: NoAnswerError) => boolean): Promise<void> {
    const { database, asking } = this.#given;
    const write = this.#write(record);
    let isDoubtful = false;
    await this.#attempt(
      async () => {
        if (await this.#ask(() => database.insert(asking, this.#merchant, write))) return;
        // Whosever it is.
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
    return { record: copyOf(record), writeId: this.#given.nextWrite() };
  }

  #isKnown({ schema }: Row): boolean {
    return schema <= this.#given.asking.version || this.#given.without === 'claimsKnownSchemas';
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
    if (row.owner !== this.#given.asking.owner && (isHeld || !row.record.finished))
      return this.#given.without === 'stopsIfLost' ? undefined : lost(key);
    if (row.record.revision !== record.revision - 1) return new JournalError(`${key} has gone on`);
    const isBehind = row.isGivenUp && !row.record.finished && record.kind === 'payment' && !isGivenUp(record);
    if (!isBehind) return 'again';
    return this.#given.without === 'hearsAtWrite' ? undefined : new CancelRequestedError(record.id);
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

/** As the database keeps it, which nobody changes from outside. */
const copyOf = (record: JournalRecord): JournalRecord => JSON.parse(JSON.stringify(record));

const lost = (key: string): JournalError =>
  new JournalError(`${key} is another server's now`, { code: 'ERR_JOURNAL_LOST' });
