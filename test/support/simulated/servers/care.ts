import { JournalError } from '../../../../lib/journal/errors.js';
import type { RecordName } from '../../../../lib/journal/journal.js';
import type { TillClock } from '../till-clock.js';
import type { Asking, OwnRow, SharedDatabase } from './database.js';
import { ServerLease } from './lease.js';
import type { DatabaseLine } from './line.js';
import type { Rule } from './rules.js';

/* What one server has in the database, over all of its merchants: its lease, and its care for what nobody drives. */

export interface Place {
  readonly asking: Asking;
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
  /** After each renewal: how many servers live. */
  readonly onShare: (servers: number) => void;
}

/** A merchant's journal, as the server that takes care of its records knows it. */
export interface Taker {
  takeUp(name: RecordName, gaps: number): Promise<void>;
  check(name: RecordName, gaps: number): Promise<void>;
  cancel(id: string): void;
}

/** Milliseconds in which a statement is answered, or given up. */
export const statementTimeout = 5_000;

export class ServerCare {
  readonly place: Place;
  readonly lease: ServerLease;
  /** After a restore: takes no number that it doesn't know. As of the last renewal. */
  isRestored: boolean;
  readonly #takers = new Map<string, Taker>();
  #isTurning = false;
  #isClosed = false;

  constructor(place: Place) {
    const { asking, clock, line, database, duration, asked, without } = place;
    this.place = place;
    this.isRestored = database.isRestored;
    this.lease = new ServerLease(clock, line, database, {
      ...{ asking, duration, asked, without },
      onRenewed: (others) => {
        this.isRestored = database.isRestored && without !== 'waitsAfterRestore';
        place.onShare(others + 1);
        void this.#turn();
      },
    });
    if (without === 'waitsAfterRestore') this.isRestored = false;
  }

  /** It has ever been put back to an older moment. */
  get wasRestored(): boolean {
    return this.place.database.era > 0;
  }

  /** Whether a number that the journal doesn't know was sold after the moment to which the database was put back, by the bills. */
  async isLost(out_trade_no: string): Promise<boolean> {
    const { database, without } = this.place;
    if (!this.wasRestored || without === 'refusesLost') return false;
    return this.#ask(() => database.lostSales.has(out_trade_no)).catch(() => {
      throw new JournalError('The database did not answer');
    });
  }

  attach(merchant: string, taker: Taker): void {
    this.#takers.set(merchant, taker);
  }

  /** What is unfinished goes to whoever lives. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.lease.close();
    const { database, asking, line } = this.place;
    await line.ask(() => database.resign(asking.owner), statementTimeout).catch(() => undefined);
  }

  /** Another server calls: one of its payments may have been given up. */
  async poll(): Promise<void> {
    const { database, asking, without } = this.place;
    if (without === 'polls') return;
    for (const { merchant, id } of await this.#ask(() => database.givenUpOf(asking.owner)))
      this.#takers.get(merchant)?.cancel(id);
  }

  /** Looks for what nobody drives. One turn at a time; what fails is done by the next. */
  async #turn(): Promise<void> {
    const { database } = this.place;
    // A look that finds nothing has no effect.
    if (this.#isTurning || this.#isClosed || this.#takers.size === 0 || database.unfinished === 0) return;
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
    const { database, asking, without } = this.place;
    if (without === 'sweeps') return;
    const { gaps } = this.lease;
    for (const row of await this.#ask(() => database.ownOf(asking.owner)))
      void this.#takers
        .get(row.merchant)
        ?.check(row, gaps)
        .catch(() => undefined);
  }

  async #claim(): Promise<void> {
    const { database, asking, duration, nextWrite, without, clock } = this.place;
    if (without === 'claims' || !this.lease.isGood) return;
    const own = clock.wall();
    const { gaps } = this.lease;
    const find = (began: number): OwnRow[] => {
      const dead = database.dead(asking.owner, duration, without === 'leasesByDatabase' ? own : began);
      return dead.size === 0 ? [] : database.claimable(asking, dead);
    };
    const claimed =
      without === 'claimsAtOnce'
        ? await this.#ask(find).then((found) => this.#ask(() => database.claim(asking, found, nextWrite)))
        : await this.#ask((began) => database.claim(asking, find(began), nextWrite));
    await Promise.all(claimed.map((row) => this.#takers.get(row.merchant)?.takeUp(row, gaps)));
  }

  #ask<T>(statement: (began: number) => T): Promise<T> {
    return this.place.line.ask(statement, statementTimeout);
  }
}
