import type { JournalRecord } from 'wxpay-face';
import type { Connections, Statement } from '../database/connections.js';
import type { Merchants } from '../merchants/merchants.js';

/* What the journals hold, counted. */

export interface Count {
  /** As the server calls it. */
  readonly merchant: string;
  readonly kind: JournalRecord['kind'];
  readonly state: string;
  readonly finished: boolean;
  /** Somebody has acted upon it. */
  readonly acknowledged: boolean;
  readonly count: number;
}

export interface Ledger {
  /** Of all servers, if they share a database. */
  counts(): Promise<Count[]>;
}

/**
 * The finished by an index, with those that were pruned since; those in front of a person, and the unfinished, by indexes that hold no others.
 */
const counting: Statement = {
  name: 'wxpay-face count',
  text: `
    with attention as (
      select merchant, kind, count(*) as count from wxpay_face.record
      where not acknowledged and finished and state = 'attention' group by merchant, kind
    ), finished as (
      select merchant, kind, state, sum(count) as count from (
        select merchant, kind, state, count(*) as count from wxpay_face.record where finished group by merchant, kind, state
        union all
        select merchant, kind, state, count from wxpay_face.pruned
      ) as both_of_them group by merchant, kind, state
    )
    select f.merchant as "merchant", f.kind as "kind", f.state as "state", true as "finished", true as "acknowledged",
           (f.count - coalesce(a.count, 0))::float8 as "count"
    from finished f left join attention a on a.merchant = f.merchant and a.kind = f.kind and f.state = 'attention'
    union all
    select merchant, kind, 'attention', true, false, count::float8 from attention
    union all
    select merchant, kind, state, false, false, count(*)::float8 from wxpay_face.record where not finished group by merchant, kind, state`,
};

export class PostgresLedger implements Ledger {
  readonly #connections: Connections;
  readonly #merchants: Merchants;

  constructor(connections: Connections, merchants: Merchants) {
    this.#connections = connections;
    this.#merchants = merchants;
  }

  async counts(): Promise<Count[]> {
    const names = new Map<string, string>();
    for (const [name, { client }] of this.#merchants) {
      const { mch_id, sub_mch_id } = client.identity;
      names.set(sub_mch_id === undefined ? mch_id : `${mch_id}/${sub_mch_id}`, name);
    }
    const rows = await this.#connections.query<Count & Record<string, unknown>>(counting, []);
    // Another server may have merchants that this one doesn't.
    return rows.map((row) => ({ ...row, merchant: names.get(row.merchant) ?? row.merchant }));
  }
}

/** Of journals of its own. */
export class JournalLedger implements Ledger {
  readonly #merchants: Merchants;

  constructor(merchants: Merchants) {
    this.#merchants = merchants;
  }

  async counts(): Promise<Count[]> {
    const counts = new Map<string, Count>();
    for (const [merchant, { journal }] of this.#merchants)
      for await (const { kind, state, finished, acknowledged: isKnown } of journal.list()) {
        // Of interest if a person must look, as in the database.
        const acknowledged = finished && (state !== 'attention' || isKnown);
        const key = [merchant, kind, state, finished, acknowledged].join(' ');
        const count = (counts.get(key)?.count ?? 0) + 1;
        counts.set(key, { merchant, kind, state, finished, acknowledged, count });
      }
    return [...counts.values()];
  }
}

/**
 * Counted by one at a time for all who ask meanwhile, and not more often than that it takes a tenth of the time.
 */
export class RareLedger implements Ledger {
  readonly #ledger: Ledger;
  #counts: Promise<Count[]> | undefined;
  #goodUntil = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  counts(): Promise<Count[]> {
    if (this.#counts !== undefined && performance.now() < this.#goodUntil) return this.#counts;
    const began = performance.now();
    this.#goodUntil = Number.POSITIVE_INFINITY;
    this.#counts = this.#ledger.counts().finally(() => {
      const now = performance.now();
      this.#goodUntil = now + (now - began) * 9;
    });
    // One that fails is asked again at once.
    this.#counts.catch(() => {
      this.#goodUntil = 0;
    });
    return this.#counts;
  }
}
