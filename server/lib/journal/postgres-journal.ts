import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ClosedError,
  type Journal,
  JournalError,
  type JournalFilter,
  type JournalRecord,
  OrderExistsError,
} from 'wxpay-face';
import { type OwnRow, saying, type Taker } from '../database/caretaker.js';
import { isRefusal, NoAnswerError, type Statement } from '../database/connections.js';
import { Database } from '../database/database.js';
import { channelOf } from '../database/lease.js';
import { Gathered } from './gathered.js';
import type { Outbox } from './outbox.js';
import { type Owned, type Read, readList, readPages, readRecord } from './reading.js';
import {
  attention,
  callOwner,
  callServers,
  type Fence,
  fences,
  giveUp,
  handOver,
  inserted,
  inserting,
  prune,
  type RecordRow,
  unheard,
  unheardRefunds,
  updating,
  type Write,
  writeOf,
} from './rows.js';
import { verdict } from './verdict.js';
import { WaitingFor } from './waiting-for.js';

export interface PostgresJournalOptions {
  /** postgres://user:password@host:5432/name, with sslmode and sslrootcert for TLS. Never logged, never in an error. */
  readonly database: string;
  /** Whose records these are. Journals of one merchant share them, in any number of processes. */
  readonly merchant: string;
  /**
   * Milliseconds after which a silent process's payments are taken over.
   * @default 15000
   */
  readonly lease?: number;
}

type RecordName = Pick<JournalRecord, 'kind' | 'id'>;
type Row = Record<string, unknown>;

const keyOf = ({ kind, id }: RecordName): string => `${kind} ${id}`;

/** What became of writes, and how many gaps the lease had before they were sent. */
interface Settling {
  readonly results: Map<Write, Error | undefined>;
  readonly gaps: number;
}

/** Milliseconds before a write is tried again, doubling. */
const again = { initial: 20, most: 1_000 } as const;

/** An owner who never lived: what is his may be claimed at once. */
const nobody = '00000000-0000-0000-0000-000000000000';

/**
 * A {@link Journal} in PostgreSQL that any number of processes share: each finishes what another left. A record belongs to the process
 * that created it, until that has been silent for a whole lease; then another claims it, and its processor takes it up by itself.
 * Every write is fenced, so that one who has lost a record stores and tells nothing more of it.
 *
 * While the database is away nothing new is created, and what is under way waits for it. A put resolves or rejects only when it's
 * known what became of it.
 *
 * @example
 * const journal = await PostgresJournal.open({ database: 'postgres://till@db/payments?sslmode=verify-full', merchant: '1900000109' });
 * const processor = new PaymentProcessor({ client, journal });
 */
export class PostgresJournal implements Journal, Taker {
  readonly #database: Database;
  readonly #isAlone: boolean;
  readonly #merchant: string;
  /** Whose numbers are unique together. */
  readonly #numbers: string;
  readonly #outbox: Outbox | undefined;
  /** The unfinished records that this process has, by what it knows, and after how many gaps of its lease it knew that last. */
  readonly #own = new Map<string, number>();
  /** Being created: whoever creates them takes them up, or ends them. */
  readonly #creating = new Map<string, Promise<void>>();
  readonly #takingUp = new Set<string>();
  /** The ids of this process's writes. By what was written, not by its revision: two may have written the same one at once. */
  readonly #writeIds = new WeakMap<JournalRecord, string>();
  readonly #acknowledgements = new Gathered<Write>((writes) => this.#store(writes));
  readonly #onCancel = new Set<(out_trade_no: string) => void>();
  readonly #onRefundNotice = new Set<(out_refund_no: string) => void>();
  readonly #onTakeUp = new Set<(record: RecordName) => Promise<void>>();
  readonly #waiting = new WaitingFor();
  readonly #readRows: Read = (statement, values) => this.#read<RecordRow>(statement, values);
  #closed: Promise<void> | undefined;

  private constructor(database: Database, merchant: string, numbers: string, isAlone: boolean, outbox?: Outbox) {
    this.#database = database;
    this.#merchant = merchant;
    this.#numbers = numbers;
    this.#isAlone = isAlone;
    this.#outbox = outbox;
  }

  /**
   * Opens a merchant's journal, over connections and with a lease of its own. Makes or changes the tables if need be.
   * @throws JournalError if the database can't be reached; or can't be trusted with money: fsync is off, it is a standby, behind a
   * proxy that lends connections for one transaction, older than PostgreSQL 15; or its tables are newer than this version.
   */
  static async open({ database, merchant, lease }: PostgresJournalOptions): Promise<PostgresJournal> {
    checkText('merchant', merchant);
    return new PostgresJournal(await Database.open(database, lease), merchant, merchant, true);
  }

  /**
   * A merchant's journal over connections and a lease that it shares with those of other merchants in this process.
   * @param numbers Whose numbers are unique together: a service provider's sub-merchants share its mch_id.
   * @param outbox What the merchant wants to be told of its records, if anything.
   * @throws JournalError if this process has a journal of the merchant already.
   */
  static on(database: Database, merchant: string, numbers: string = merchant, outbox?: Outbox): PostgresJournal {
    checkText('merchant', merchant);
    checkText('numbers', numbers);
    return new PostgresJournal(database, merchant, numbers, false, outbox);
  }

  async create(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    if (record.revision !== 1)
      throw new JournalError(`A new ${record.kind} has revision 1, not ${record.revision} (${record.id})`);
    const [key, write] = [keyOf(record), this.#writeOf(record)];
    // Whoever is told that a number exists finds it: so the second waits until the first is stored, or isn't.
    for (let first = this.#creating.get(key); first !== undefined; first = this.#creating.get(key)) await first;
    this.#ensureOpen();
    if (!this.#database.lease.isGood)
      throw new JournalError('This server is out of touch with the database: nothing was written down');
    const stored = Promise.withResolvers<void>();
    this.#creating.set(key, stored.promise);
    try {
      const { gaps } = this.#database.lease;
      await this.#insert(write, (error) => error.sent);
      if (!record.finished) this.#own.set(key, gaps);
    } finally {
      this.#creating.delete(key);
      stored.resolve();
    }
  }

  async put(record: JournalRecord): Promise<void> {
    this.#ensureOpen();
    checkRecord(record);
    const write = this.#writeOf(record);
    this.#writeIds.set(record, write.writeId);
    if (record.finished && record.acknowledged) return this.#acknowledgements.do(write);
    const [error] = await this.#store([write]);
    if (error !== undefined) throw error;
  }

  async get(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    this.#ensureOpen();
    return readRecord(this.#readRows, this.#owned, { kind, id });
  }

  async *list(filter?: JournalFilter): AsyncIterable<JournalRecord> {
    this.#ensureOpen();
    yield* readList(this.#readRows, this.#owned, filter);
  }

  /** What a person has to look at and nobody has seen to, found by an index of its own. */
  async *attention(): AsyncIterable<JournalRecord> {
    this.#ensureOpen();
    yield* readPages(this.#readRows, attention, [this.#merchant]);
  }

  /** What has ended of a terminal's payments and nobody has acted upon, by an index of its own. The terminal is the note's. */
  async *unheardBy(terminal: string): AsyncIterable<JournalRecord> {
    this.#ensureOpen();
    yield* readPages(this.#readRows, unheard, [this.#merchant, terminal]);
  }

  /** The same of the refunds of a store's sales. The store is the note's of the sale. */
  async *unheardRefundsOf(store: string): AsyncIterable<JournalRecord> {
    this.#ensureOpen();
    yield* readPages(this.#readRows, unheardRefunds, [this.#merchant, store]);
  }

  async prune(before: number): Promise<number> {
    this.#ensureOpen();
    for (let gone = 0; ; ) {
      const rows = await this.#read(prune, [this.#merchant, before]);
      gone += rows.length;
      if (rows.length === 0) return gone;
    }
  }

  get #owned(): Owned {
    return { merchant: this.#merchant, numbers: this.#numbers };
  }

  /** Hands what is unfinished over to whoever lives. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  holds(record: RecordName): boolean {
    const { lease } = this.#database;
    return this.#closed === undefined && lease.isGood && this.#own.get(keyOf(record)) === lease.gaps;
  }

  async isStored(record: JournalRecord): Promise<boolean> {
    this.#ensureOpen();
    const writeId = this.#writeIds.get(record);
    if (writeId === undefined) return false;
    const [row] = await this.#read<Fence & Row>(fences, [this.#numbers, this.#merchant, [record.kind], [record.id]]);
    return row?.writeId === writeId;
  }

  onCancel(listener: (out_trade_no: string) => void): () => void {
    this.#onCancel.add(listener);
    return () => void this.#onCancel.delete(listener);
  }

  onTakeUp(listener: (record: RecordName) => Promise<void>): () => void {
    if (this.#onTakeUp.size === 0) this.#database.attach(this.#merchant, this);
    this.#onTakeUp.add(listener);
    this.#database.lookAgain();
    return () => {
      if (this.#onTakeUp.delete(listener) && this.#onTakeUp.size === 0) this.#database.detach(this.#merchant);
    };
  }

  async requestCancel(out_trade_no: string): Promise<void> {
    this.#ensureOpen();
    checkText('out_trade_no', out_trade_no);
    const number = [this.#numbers, this.#merchant, out_trade_no];
    const tombstone = this.#writeOf({
      schema: 1,
      kind: 'payment',
      id: out_trade_no,
      revision: 1,
      state: 'cancelled',
      finished: true,
      acknowledged: true,
      updatedAt: Date.now(),
      data: {},
    });
    // In this order, each a statement of its own: a payment that comes in between is seen by the second.
    try {
      await this.#insert(tombstone, () => true);
    } catch (error) {
      if (!(error instanceof OrderExistsError)) throw error;
      await this.#attempt(() => this.#query(giveUp, [...number, channelOf('')]));
    }
  }

  /** Has the server that drives an unfinished refund hear that something became of it. Nothing happens if it's this one. */
  async callOwner(out_refund_no: string): Promise<void> {
    await this.#callOwner('notice', { kind: 'refund', id: out_refund_no });
  }

  /**
   * Calls back when a record may have gone on, wherever it runs. It shortens a wait, and no more: whoever waits looks by itself as well.
   * @returns Ends it.
   */
  onChange(kind: JournalRecord['kind'], id: string, listener: () => void): () => void {
    const key = keyOf({ kind, id });
    this.#waiting.add(key, listener);
    if (!this.#own.has(key)) void this.#callOwner('watch', { kind, id }).catch(() => undefined);
    return () => this.#waiting.remove(key, listener);
  }

  /** For the database's care. */
  watch(name: RecordName, server: string): void {
    // What it has lost or has ended nobody needs to wait for here.
    if (this.#own.has(keyOf(name))) this.#waiting.addServer(keyOf(name), server);
  }

  /** For the database's care. */
  changed(name: RecordName): void {
    this.#waiting.wake(keyOf(name), false);
  }

  /** Another server heard that something became of a refund that this one may drive. */
  onRefundNotice(listener: (out_refund_no: string) => void): void {
    this.#onRefundNotice.add(listener);
  }

  /** For the database's care. */
  refundNotice(id: string): void {
    for (const listener of this.#onRefundNotice) listener(id);
  }

  /** For the database's care. */
  async check(row: OwnRow, gaps: number): Promise<void> {
    const key = keyOf(row);
    if (this.#creating.has(key) || this.#takingUp.has(key)) return;
    if (!this.#own.has(key)) {
      const [now] = await this.#read<Fence>(fences, [this.#numbers, this.#merchant, [row.kind], [row.id]]);
      if (now === undefined || now.finished || now.owner !== this.#database.lease.owner) return;
    }
    await this.takeUp(row, gaps);
  }

  /** For the database's care. */
  async takeUp({ kind, id }: OwnRow, gaps: number): Promise<void> {
    const key = keyOf({ kind, id });
    this.#own.set(key, gaps);
    this.#takingUp.add(key);
    for (const listener of this.#onTakeUp) await listener({ kind, id }).catch(() => undefined);
    this.#takingUp.delete(key);
  }

  /** For the database's care. */
  cancel(id: string): void {
    for (const listener of this.#onCancel) listener(id);
  }

  async #close(): Promise<void> {
    this.#database.detach(this.#merchant);
    if (this.#isAlone) return this.#database.close();
    await this.#query(handOver, [this.#database.lease.owner, this.#merchant, nobody]).catch(() => undefined);
  }

  /**
   * Resolves when the record is stored.
   * @param isWorthWaiting Whether it is tried again after no answer came.
   * @throws OrderExistsError if its number is taken.
   */
  async #insert(write: Write, isWorthWaiting: (error: NoAnswerError) => boolean): Promise<void> {
    const { kind, id } = write.record;
    const owned = [this.#numbers, this.#merchant, this.#database.lease.owner];
    let isDoubtful = false;
    await this.#attempt(
      async () => {
        const rows = await this.#query(...inserting(owned, write));
        if (rows.length > 0) return;
        const [row] = await this.#query<Fence & Row>(inserted, [this.#numbers, kind, id]);
        // Its own earlier attempt, whose answer was lost.
        if (row?.writeId !== write.writeId) throw new OrderExistsError(id);
      },
      (error) => {
        isDoubtful ||= isWorthWaiting(error);
        return isDoubtful;
      },
    );
    if (write.told !== undefined) this.#outbox?.wake();
  }

  /** Resolves with what each has failed for, when it's known of all. */
  async #store(writes: readonly Write[]): Promise<Array<Error | undefined>> {
    const { lease } = this.#database;
    const results = new Map<Write, Error | undefined>();
    await this.#attempt(async () => {
      const open = writes.filter((write) => !results.has(write));
      // One who may have lost its records, and can't know it, stores nothing.
      if (!lease.isGood) await lease.confirmed();
      const { gaps } = lease;
      const rows = await this.#query(...updating([this.#numbers, this.#merchant, lease.owner], open));
      const hit = new Set(rows.map(({ writeId }) => writeId));
      for (const write of open) if (hit.has(write.writeId)) this.#settle(write, undefined, { results, gaps });
      await this.#judge(
        open.filter((write) => !results.has(write)),
        { results, gaps },
      );
      if (results.size < writes.length) throw new NoAnswerError(true, undefined);
    });
    if (writes.some(({ told }) => told !== undefined)) this.#outbox?.wake();
    return writes.map((write) => results.get(write));
  }

  /** Looks what became of writes that hit no row. */
  async #judge(missed: readonly Write[], given: Settling): Promise<void> {
    if (missed.length === 0) return;
    const [kinds, ids] = [missed.map(({ record }) => record.kind), missed.map(({ record }) => record.id)];
    const rows = await this.#query<Fence & Row>(fences, [this.#numbers, this.#merchant, kinds, ids]);
    for (const write of missed) {
      const key = keyOf(write.record);
      const row = rows.find((each) => keyOf(each) === key);
      const result = verdict(write, row, this.#database.lease.owner, this.#own.has(key));
      if (result !== 'again') this.#settle(write, result === 'stored' ? undefined : result, given);
    }
  }

  #settle(write: Write, error: JournalError | undefined, { results, gaps }: Settling): void {
    const key = keyOf(write.record);
    if (error === undefined && !write.record.finished) this.#own.set(key, gaps);
    else if (error === undefined || error.code === 'ERR_JOURNAL_LOST') this.#own.delete(key);
    results.set(write, error);
    const isOver = error !== undefined || write.record.finished;
    const servers = this.#waiting.wake(key, isOver);
    if (servers.length === 0) return;
    const said = saying('changed', { merchant: this.#merchant, ...write.record });
    void this.#query(callServers, [channelOf(''), servers, said]).catch(() => undefined);
  }

  async #callOwner(about: 'notice' | 'watch', { kind, id }: RecordName): Promise<void> {
    const { owner } = this.#database.lease;
    const said = saying(about, { merchant: this.#merchant, kind, id }, owner);
    await this.#read(callOwner, [this.#merchant, kind, id, owner, channelOf(''), said]);
  }

  /** Tries a write until it's known what became of it. @param isWorthWaiting Whether it is tried again after no answer came. */
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
        if (!isWorthWaiting(error)) throw unanswered(error);
        // Thousands may wait: the lease's one connection finds out when the database is back.
        await this.#database.lease.confirmed();
        await sleep(wait);
      }
    }
  }

  /** Reads, or does what may be done again. */
  async #read<Found extends object = Row>(statement: Statement, values: readonly unknown[]): Promise<Found[]> {
    this.#ensureOpen();
    try {
      return await this.#query<Found & Row>(statement, values);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      // A connection that had idled may have been dead.
      return this.#query<Found & Row>(statement, values).catch((last: unknown) => {
        throw last instanceof NoAnswerError ? unanswered(last) : last;
      });
    }
  }

  async #query<Found extends Row>(statement: Statement, values: readonly unknown[]): Promise<Found[]> {
    try {
      return await this.#database.connections.query<Found>(statement, values);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new JournalError(`The database refuses: ${error.message}`, { cause: error });
    }
  }

  #writeOf(record: JournalRecord): Write {
    return writeOf(record, randomUUID(), this.#outbox?.toldOf(record));
  }

  #ensureOpen(): void {
    if (this.#closed !== undefined) throw new ClosedError('The journal');
  }
}

const unanswered = (cause: NoAnswerError): JournalError =>
  new JournalError('The database did not answer', { cause: cause.cause });

/** What PostgreSQL would not store, or not as it was. */
function checkText(name: string, text: unknown): asserts text is string {
  if (typeof text !== 'string' || text === '' || text.includes('\0') || !text.isWellFormed())
    throw new JournalError(`${name} must be text of whole characters, without NUL`);
}

/** As every journal demands of a record. */
function checkRecord({ schema, kind, id, revision, state, data }: JournalRecord): void {
  const isKnown = kind === 'payment' || kind === 'refund';
  if (schema !== 1 || !isKnown || !Number.isSafeInteger(revision) || typeof data !== 'object' || data === null)
    throw new JournalError('The journal takes records of schema 1 only');
  checkText('id', id);
  checkText('state', state);
}
