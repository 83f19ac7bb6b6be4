import { InvalidParameterError } from 'wxpay-face';
import type { Connections, Statement } from '../database/connections.js';

/*
 * After a database was restored to an older moment, numbers that were used since come back as unknown: no new sale is taken until the
 * gateway's bills of the days since were compared with what is left. Who starts with it says so; all servers of the database keep to it.
 */

/** Beijing's, which has no summer time. */
const today = `(now() at time zone 'UTC' + interval '8 hours')::date`;

/** $1 the first day. Said again after its days were reconciled it is over all the same: it may stand in a unit's file. */
const begin: Statement = {
  name: 'wxpay-face restored',
  text: `
    insert into wxpay_face.restoration (since, until) values (to_date($1, 'YYYYMMDD'), greatest(to_date($1, 'YYYYMMDD'), ${today}))
    on conflict (since) do nothing`,
};

/** $1 merchants, $2 the first day: whoever asks for the bills of days that nobody reconciled begins there. */
const ask: Statement = {
  name: 'wxpay-face restored days',
  text: `
    insert into wxpay_face.reconciled_day (merchant, bill_date, asked_at)
    select name, $2, to_timestamp(0) from unnest($1::text[]) as m (name)
    on conflict do nothing`,
};

/** $1 merchants. */
const open: Statement = {
  name: 'wxpay-face unreconciled',
  text: `
    select to_char(day, 'YYYYMMDD') as "day", m.name as "merchant"
    from wxpay_face.restoration as r cross join generate_series(r.since, r.until, interval '1 day') as day
    cross join unnest($1::text[]) as m (name)
    where r.done_at is null and not exists (
      select from wxpay_face.reconciled_day as d
      where d.merchant = m.name and d.bill_date = to_char(day, 'YYYYMMDD') and d.reconciled_at is not null
    )
    order by 1, 2 limit 1`,
};

const end: Statement = {
  name: 'wxpay-face restored and reconciled',
  text: 'update wxpay_face.restoration set done_at = now() where done_at is null',
};

/** A day that nobody has reconciled yet. */
export interface UnreconciledDay {
  /** yyyyMMdd. */
  readonly day: string;
  readonly merchant: string;
}

/** @throws InvalidParameterError for what is no day. */
export function checkRestored(restored: unknown): asserts restored is string {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(String(restored)) ?? [];
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day))
    throw new InvalidParameterError('restored', 'must be the day of the moment that was restored, as YYYYMMDD');
}

export class Restoration {
  readonly #connections: Connections;
  readonly #merchants: () => readonly string[];
  #open: UnreconciledDay | undefined;
  #looking: Promise<void> | undefined;

  /** @param merchants The names of those that are configured. */
  constructor(connections: Connections, merchants: () => readonly string[]) {
    this.#connections = connections;
    this.#merchants = merchants;
  }

  /** @param restored The day of the restored moment, yyyyMMdd; undefined: only what was said before counts. */
  async begin(restored: string | undefined): Promise<void> {
    if (restored !== undefined) {
      await this.#connections.query(begin, [restored]);
      await this.#connections.query(ask, [this.#merchants(), restored]);
    }
    await this.#look();
  }

  /** The first day that keeps new sales from being taken; undefined: none. */
  get open(): UnreconciledDay | undefined {
    return this.#open;
  }

  /** Looks whether the days were reconciled, if sales wait for it. */
  lookAgain(): void {
    if (this.#open === undefined || this.#looking !== undefined) return;
    this.#looking = this.#look()
      // It's looked at again.
      .catch(() => undefined)
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #look(): Promise<void> {
    const [first] = await this.#connections.query<UnreconciledDay & Record<string, unknown>>(open, [this.#merchants()]);
    if (first === undefined) await this.#connections.query(end, []);
    this.#open = first;
  }
}
