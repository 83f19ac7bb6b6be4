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
  readonly owner: string;
  readonly writeId: number;
  readonly isGivenUp: boolean;
}

export interface Write {
  readonly record: JournalRecord;
  readonly writeId: number;
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
  claimed(from: string, by: string): void;
}

export class SharedDatabase {
  /** Of records that have not finished. */
  unfinished = 0;
  readonly #rows = new Map<string, Row>();
  readonly #leases = new Map<string, Lease>();
  readonly #without: Rule | undefined;
  readonly #watcher: Watcher;

  constructor(without: Rule | undefined, watcher: Watcher) {
    this.#without = without;
    this.#watcher = watcher;
  }

  row(name: RecordName): Row | undefined {
    return this.#rows.get(keyOf(name));
  }

  *list(filter: JournalFilter = {}): Generator<JournalRecord> {
    for (const { record } of this.#rows.values()) if (matches(record, filter)) yield record;
  }

  /** On conflict it does nothing: false. */
  insert(owner: string, { record, writeId }: Write): boolean {
    if (this.row(record) !== undefined) return false;
    this.#set({ record, owner, writeId, isGivenUp: false }, owner);
    return true;
  }

  /** False if it hit no row. */
  update(owner: string, { record, writeId }: Write): boolean {
    const row = this.row(record);
    if (row === undefined) return false;
    const { finished, revision } = row.record;
    if (revision !== record.revision - 1 && this.#without !== 'fencesRevision') return false;
    // One that has finished is nobody's.
    if (!finished && row.owner !== owner) return false;
    const isBehind = row.isGivenUp && record.kind === 'payment' && !isGivenUp(record);
    if (!finished && isBehind && this.#without !== 'fencesGiveUp') return false;
    this.#set({ ...row, record, owner, writeId }, owner);
    return true;
  }

  /** @returns Whose the payment is; undefined if there is none that goes on. */
  giveUp(id: string): string | undefined {
    const row = this.row({ kind: 'payment', id });
    if (row === undefined || row.record.finished) return undefined;
    this.#set({ ...row, isGivenUp: true }, row.owner);
    return row.owner;
  }

  /** @param now By the database's clock, unless leases count by the servers' own. */
  renew(owner: string, duration: number, now: number): void {
    const before = this.#leases.get(owner);
    const since = before !== undefined && before.until > now ? before.since : now;
    // One that comes late takes nothing back.
    const isLater = before === undefined || before.until < now + duration || this.#without === 'prolongsOnly';
    if (isLater) this.#leases.set(owner, { since, until: now + duration });
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

  /** @param nextWrite The id of each row's own write. */
  claim(me: string, dead: ReadonlySet<string>, nextWrite: () => number): RecordName[] {
    const claimed: RecordName[] = [];
    for (const row of [...this.#rows.values()]) {
      const { record, owner } = row;
      if (record.finished || !dead.has(owner)) continue;
      this.#watcher.claimed(owner, me);
      const revision = record.revision + (this.#without === 'claimRaisesRevision' ? 0 : 1);
      const writeId = this.#without === 'claimRaisesRevision' ? row.writeId : nextWrite();
      const keepsGiveUp = this.#without !== 'claimKeepsGiveUp';
      this.#set({ record: { ...record, revision }, owner: me, writeId, isGivenUp: row.isGivenUp && keepsGiveUp }, me);
      claimed.push({ kind: record.kind, id: record.id });
    }
    return claimed;
  }

  /** Its rows that have not finished. */
  ownOf(owner: string): RecordName[] {
    return [...this.#rows.values()]
      .filter((row) => row.owner === owner && !row.record.finished)
      .map(({ record: { kind, id } }) => ({ kind, id }));
  }

  /** Its payments that have not finished, and were given up. */
  givenUpOf(owner: string): string[] {
    return this.ownOf(owner)
      .filter((name) => name.kind === 'payment' && this.row(name)?.isGivenUp)
      .map(({ id }) => id);
  }

  #set(row: Row, by: string): void {
    const before = this.row(row.record);
    this.#rows.set(keyOf(row.record), row);
    this.unfinished += (row.record.finished ? 0 : 1) - (before === undefined || before.record.finished ? 0 : 1);
    this.#watcher.changed(row, before, by);
  }
}
