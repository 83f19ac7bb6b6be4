import {
  type JournalFilter,
  type JournalRecord,
  keyOf,
  matches,
  type RecordName,
} from '../../../../lib/journal/journal.js';
import { isGivenUp } from '../../../../lib/payment/record.js';
import type { Rule } from './rules.js';

/*
 * The database that servers share: its tables, and each statement as one step, which happens at a moment of the database's own clock.
 * When a statement arrives, and whether its answer does, is the line's matter (line.ts). Milliseconds.
 */

export interface Row {
  readonly record: JournalRecord;
  readonly merchant: string;
  /** In which the row is written, and which a server has to know. */
  readonly schema: number;
  readonly owner: string;
  readonly writeId: number;
  readonly isGivenUp: boolean;
}

export interface Write {
  readonly record: JournalRecord;
  readonly writeId: number;
}

/** A row by its name, and whose it is. */
export type OwnRow = RecordName & Pick<Row, 'merchant'>;

/** A server, as a statement names it. */
export interface Asking {
  readonly owner: string;
  /** The latest schema that it knows. */
  readonly version: number;
  readonly merchants: ReadonlySet<string>;
}

interface Lease {
  /** Since when it is held without a gap. */
  readonly since: number;
  readonly until: number;
}

/** Hears of every row that changes, with what it was before. `by`: whose statement it was. */
export interface Watcher {
  changed(row: Row, before: Row | undefined, by: string): void;
  /** A row is taken from its owner. */
  claimed(row: Row, by: Asking): void;
}

export class SharedDatabase {
  /** Of records that have not finished. */
  unfinished = 0;
  /** What a server must know to read the tables. */
  readableFrom = 1;
  /** It was put back to an older moment, and the days since were not reconciled yet. */
  isRestored = false;
  /** How often it was put back: statements from before are void. */
  era = 0;
  /** What the bills of the days since have, and it has not. */
  readonly lostSales = new Set<string>();
  #rows = new Map<string, Row>();
  readonly #leases = new Map<string, Lease>();
  readonly #without: Rule | undefined;
  readonly #watcher: Watcher;

  constructor(without: Rule | undefined, watcher: Watcher) {
    this.#without = without;
    this.#watcher = watcher;
  }

  /** @param merchant Undefined: whosever it is. */
  row(name: RecordName, merchant?: string): Row | undefined {
    const row = this.#at(name, merchant);
    return merchant === undefined || row?.merchant === merchant ? row : undefined;
  }

  *list(filter: JournalFilter = {}, merchant?: string, version = Number.POSITIVE_INFINITY): Generator<JournalRecord> {
    for (const row of this.#rows.values())
      if (matches(row.record, filter) && row.schema <= version && (merchant ?? row.merchant) === row.merchant)
        yield row.record;
  }

  /** On conflict it does nothing: false. */
  insert({ owner, version }: Asking, merchant: string, { record, writeId }: Write): boolean {
    if (this.#at(record, merchant) !== undefined) return false;
    this.#set({ record, merchant, schema: version, owner, writeId, isGivenUp: false }, owner);
    return true;
  }

  /** False if it hit no row. */
  update({ owner }: Pick<Asking, 'owner'>, merchant: string, { record, writeId }: Write): boolean {
    const row = this.row(record, merchant);
    if (row === undefined) return false;
    const { finished, revision } = row.record;
    if (revision !== record.revision - 1 && this.#without !== 'fencesRevision') return false;
    // One that has finished is nobody's.
    const isOwners = finished ? this.#without === 'finishedIsNobodys' : this.#without !== 'fencesOwner';
    if (isOwners && row.owner !== owner) return false;
    const isBehind = row.isGivenUp && record.kind === 'payment' && !isGivenUp(record);
    if (!finished && isBehind && this.#without !== 'fencesGiveUp') return false;
    this.#set({ ...row, record, owner, writeId }, owner);
    return true;
  }

  /** @returns Whose the payment is; undefined if there is none that goes on. */
  giveUp(id: string, merchant: string): string | undefined {
    const row = this.row({ kind: 'payment', id }, merchant);
    if (row === undefined || row.record.finished) return undefined;
    this.#set({ ...row, isGivenUp: true }, row.owner);
    return row.owner;
  }

  /**
   * @param now By the database's clock, unless leases count by the servers' own.
   * @returns How many others live; undefined if the tables are newer than this server can read: it has no lease then.
   */
  renew({ owner, version }: Pick<Asking, 'owner' | 'version'>, duration: number, now: number): number | undefined {
    if (this.readableFrom > version && this.#without !== 'endsIfOutdated') return undefined;
    const before = this.#leases.get(owner);
    const since = before !== undefined && before.until > now ? before.since : now;
    // One that comes late takes nothing back.
    const isLater = before === undefined || before.until < now + duration || this.#without === 'prolongsOnly';
    if (isLater) this.#leases.set(owner, { since, until: now + duration });
    let others = 0;
    for (const [id, { until }] of this.#leases) if (id !== owner && until > now) others += 1;
    return others;
  }

  resign(owner: string): void {
    this.#leases.delete(owner);
  }

  /** The owners from whom this one may claim at this moment. @param duration Of a lease. */
  dead(me: string, duration: number, now: number): ReadonlySet<string> {
    const own = this.#leases.get(me);
    const isTrusted = own !== undefined && (own.since <= now - duration || this.#without === 'claimsIfTrusted');
    const dead = new Set<string>();
    if (own === undefined || own.until <= now) return dead;
    for (const { owner, record } of this.#rows.values()) {
      if (record.finished || owner === me) continue;
      const lease = this.#leases.get(owner);
      const isOver = lease === undefined || lease.until < now || this.#without === 'claimsFromTheDead';
      if (isOver && (isTrusted || lease === undefined)) dead.add(owner);
    }
    return dead;
  }

  /** What of these owners this server may claim. */
  claimable({ version, merchants }: Asking, dead: ReadonlySet<string>): OwnRow[] {
    const mayTake = ({ schema, merchant }: Row) =>
      (schema <= version || this.#without === 'claimsKnownSchemas') &&
      (merchants.has(merchant) || this.#without === 'claimsForItsMerchants');
    return [...this.#rows.values()]
      .filter((row) => !row.record.finished && dead.has(row.owner) && mayTake(row))
      .map(({ record: { kind, id }, merchant }) => ({ kind, id, merchant }));
  }

  /** @param nextWrite The id of each row's own write. */
  claim(me: Asking, rows: readonly OwnRow[], nextWrite: () => number): OwnRow[] {
    return rows.filter((name) => {
      const row = this.row(name, name.merchant);
      if (row === undefined || row.record.finished) return false;
      const { record } = row;
      this.#watcher.claimed(row, me);
      const revision = record.revision + (this.#without === 'claimRaisesRevision' ? 0 : 1);
      const writeId = this.#without === 'claimRaisesRevision' ? row.writeId : nextWrite();
      const keepsGiveUp = row.isGivenUp && this.#without !== 'claimKeepsGiveUp';
      this.#set(
        { ...row, record: { ...record, revision }, owner: me.owner, writeId, isGivenUp: keepsGiveUp },
        me.owner,
      );
      return true;
    });
  }

  /** Its rows that have not finished. */
  ownOf(owner: string): OwnRow[] {
    return [...this.#rows.values()]
      .filter((row) => row.owner === owner && !row.record.finished)
      .map(({ record: { kind, id }, merchant }) => ({ kind, id, merchant }));
  }

  /** Its payments that have not finished, and were given up. */
  givenUpOf(owner: string): OwnRow[] {
    return this.ownOf(owner).filter((name) => name.kind === 'payment' && this.row(name, name.merchant)?.isGivenUp);
  }

  /** @returns How many rows that are finished, acknowledged and older are there no more. */
  prune(merchant: string, before: number): number {
    const old = [...this.#rows].filter(
      ([, { record, merchant: whose }]) =>
        whose === merchant && record.finished && record.acknowledged && record.updatedAt < before,
    );
    for (const [key] of old) this.#rows.delete(key);
    return old.length;
  }

  /** Everything that is in it now. */
  copy(): ReadonlyMap<string, Row> {
    return new Map(this.#rows);
  }

  /** It is put back to an older moment. @returns What it had and has no more, or not as it was. */
  restore(copy: ReadonlyMap<string, Row>): Row[] {
    const lost = [...this.#rows].filter(([key, row]) => copy.get(key) !== row).map(([, row]) => row);
    this.era += 1;
    this.isRestored = true;
    this.#rows = new Map(copy);
    this.unfinished = [...copy.values()].filter(({ record }) => !record.finished).length;
    return lost;
  }

  #at(name: RecordName, merchant: string | undefined): Row | undefined {
    if (this.#without !== 'sharesNumbers') return this.#rows.get(keyOf(name));
    if (merchant !== undefined) return this.#rows.get(`${merchant} ${keyOf(name)}`);
    return [...this.#rows.values()].find(({ record }) => keyOf(record) === keyOf(name));
  }

  #set(row: Row, by: string): void {
    const before = this.#at(row.record, row.merchant);
    const key = keyOf(row.record);
    this.#rows.set(this.#without === 'sharesNumbers' ? `${row.merchant} ${key}` : key, row);
    this.unfinished += (row.record.finished ? 0 : 1) - (before === undefined || before.record.finished ? 0 : 1);
    this.#watcher.changed(row, before, by);
  }
}
