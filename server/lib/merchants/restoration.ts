import { InvalidParameterError } from 'wxpay-face';
import type { Connections, Statement } from '../database/connections.js';
import { isDay } from '../jobs/nights/days.js';
import { addForeignRefund, type ForeignRefund } from './foreign-refunds.js';
import type { Merchant } from './merchants.js';

/*
 * After a database was restored to an older moment, numbers that were used since come back as unknown: no new sale is taken, and no new
 * refund, until the gateway's bills of the days since were compared with what is left. Who starts with it says so; all servers of the
 * database keep to it. Then the bills' own numbers stay in use, and sales know of the refunds that the bills have.
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

/** $1 merchants: whoever asks for the bills of days that nobody reconciled begins with the first. */
const ask: Statement = {
  name: 'wxpay-face restored days',
  text: `
    insert into wxpay_face.reconciled_day (merchant, bill_date, asked_at)
    select m.name, to_char(r.since, 'YYYYMMDD'), to_timestamp(0)
    from wxpay_face.restoration as r cross join unnest($1::text[]) as m (name)
    where r.done_at is null
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

/** Refunds of sales that are known, by the bills of the days that are not over. */
const foreignRefunds: Statement = {
  name: 'wxpay-face foreign refunds',
  text: `
    select d.merchant as "merchant", d.out_trade_no as "out_trade_no", d.out_refund_no as "out_refund_no", d.there as "refund_fee"
    from wxpay_face.restoration as r join wxpay_face.difference as d
      on d.bill_date between to_char(r.since, 'YYYYMMDD') and to_char(r.until, 'YYYYMMDD')
    where r.done_at is null and d.kind = 'refund-unknown-here' and d.out_refund_no is not null and d.there > 0
    order by d.merchant, d.bill_date, d.position`,
};

/** For whichever merchant was asked, of whichever server: each waits for its own, and the last ends it. */
const end: Statement = {
  name: 'wxpay-face restored and reconciled',
  text: `
    update wxpay_face.restoration as r set done_at = now()
    where r.done_at is null and not exists (
      select from wxpay_face.reconciled_day as asked cross join generate_series(r.since, r.until, interval '1 day') as day
      where asked.bill_date = to_char(r.since, 'YYYYMMDD') and not exists (
        select from wxpay_face.reconciled_day as d
        where d.merchant = asked.merchant and d.bill_date = to_char(day, 'YYYYMMDD') and d.reconciled_at is not null
      )
    )`,
};

/** No row: it never was. */
const restorations: Statement = {
  name: 'wxpay-face restorations',
  text: 'select bool_or(done_at is null) as "isOpen" from wxpay_face.restoration having count(*) > 0',
};

/**
 * $1 merchants, $2 out_trade_no: whether a bill since a restored moment has a sale that is not known here. Also a later day's: what was on
 * its way at midnight is in the next day's bill.
 */
const lost: Statement = {
  name: 'wxpay-face lost sale',
  text: `
    select true as "isLost" from wxpay_face.difference as d join wxpay_face.restoration as r
      on d.bill_date >= to_char(r.since, 'YYYYMMDD')
    where d.merchant = any ($1::text[]) and d.out_trade_no = $2 and d.kind = 'unknown-here' limit 1`,
};

/** A day that nobody has reconciled yet. */
export interface UnreconciledDay {
  /** yyyyMMdd. */
  readonly day: string;
  readonly merchant: string;
}

/** @throws InvalidParameterError for what is not a day. */
export function checkRestored(restored: unknown): asserts restored is string {
  if (!isDay(String(restored)))
    throw new InvalidParameterError('restored', 'must be the day of the moment that was restored, as YYYYMMDD');
}

export class Restoration {
  readonly #connections: Connections;
  readonly #merchants: () => readonly Merchant[];
  #open: UnreconciledDay | undefined;
  #isRestored = false;
  /** Its sales know of the refunds that the bills have, as long as no day is open. */
  #hasRefunds = false;
  #looking: Promise<void> | undefined;

  /** @param merchants Those that are configured. */
  constructor(connections: Connections, merchants: () => readonly Merchant[]) {
    this.#connections = connections;
    this.#merchants = merchants;
  }

  /** @param restored The day of the restored moment, yyyyMMdd; undefined: only what was said before counts. */
  async begin(restored: string | undefined): Promise<void> {
    if (restored !== undefined) await this.#connections.query(begin, [restored]);
    await this.#look();
  }

  /** The first day that keeps new sales and refunds from being taken; undefined: none. */
  get open(): UnreconciledDay | undefined {
    return this.#open;
  }

  /** Whether a number that the journal doesn't know was sold after the moment to which the database was restored. */
  async isLost({ client }: Pick<Merchant, 'client'>, out_trade_no: string): Promise<boolean> {
    if (!this.#isRestored) return false;
    // Numbers are the merchant number's, whichever of its sub-merchants sold.
    const { mch_id } = client.identity;
    const names = this.#merchants()
      .filter((merchant) => merchant.client.identity.mch_id === mch_id)
      .map(({ name }) => name);
    return (await this.#connections.query(lost, [names, out_trade_no])).length > 0;
  }

  /** Looks whether the days were reconciled that sales wait for. Also another server may have said since that it was restored. */
  lookAgain(): void {
    if (this.#looking !== undefined) return;
    this.#looking = this.#look()
      // It's looked at again.
      .catch(() => undefined)
      .finally(() => {
        this.#looking = undefined;
      });
  }

  #names(): string[] {
    return this.#merchants().map(({ name }) => name);
  }

  async #look(): Promise<void> {
    const [restored] = await this.#connections.query<{ isOpen: boolean }>(restorations, []);
    this.#isRestored = restored !== undefined;
    const isOpen = restored?.isOpen ?? false;
    const first = isOpen ? await this.#firstOpen() : undefined;
    if (first !== undefined) {
      this.#open = first;
      this.#hasRefunds = false;
      await this.#connections.query(ask, [this.#names()]);
      return;
    }
    if (isOpen) {
      if (!this.#hasRefunds) await this.#addRefunds();
      await this.#connections.query(end, []);
    }
    this.#hasRefunds = isOpen;
    this.#open = undefined;
  }

  async #firstOpen(): Promise<UnreconciledDay | undefined> {
    const [first] = await this.#connections.query<UnreconciledDay & Record<string, unknown>>(open, [this.#names()]);
    return first;
  }

  /** Before anybody may give the same back again. */
  async #addRefunds(): Promise<void> {
    type Row = ForeignRefund & { readonly merchant: string; readonly [column: string]: unknown };
    const rows = await this.#connections.query<Row>(foreignRefunds, []);
    for (const { merchant, ...refund } of rows) {
      const journal = this.#merchants().find(({ name }) => name === merchant)?.journal;
      if (journal !== undefined) await addForeignRefund(journal, refund);
    }
  }
}
