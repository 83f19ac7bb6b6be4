import type { Connections, Statement } from '../database/connections.js';
import { listDeadLetters, listDifferences, reconciledDays, replay } from '../jobs/index.js';
import { type RecordRow, toRecord } from '../journal/rows.js';
import type { Claim, Claimed, Desk, Found, NamedMerchant } from './desk.js';
import type { ShownDifference, ShownNights, ShownServer } from './shown.js';

/** As the journal names it in its rows; `numbers` are unique for a mch_id, across its sub-merchants. */
export const journalOf = ({ merchant: { client } }: NamedMerchant): { numbers: string; merchant: string } => {
  const { mch_id, sub_mch_id } = client.identity;
  return { numbers: mch_id, merchant: sub_mch_id === undefined ? mch_id : `${mch_id}/${sub_mch_id}` };
};

const columns = `
  r.merchant as "merchant", r.schema as "schema", r.kind as "kind", r.id as "id", r.revision as "revision", r.state as "state",
  r.finished as "finished", r.acknowledged as "acknowledged", r.updated_at as "updatedAt", r.data as "data"`;

/**
 * $1 merchants, $2 how many. What terminals have acknowledged is found by its time, what they haven't is little: no index of its
 * own that every payment would have to keep.
 */
const recent: Statement = {
  name: 'wxpay-face recent',
  text: `
    select ${columns} from unnest($1::text[]) as m (name) cross join lateral (
      (select * from wxpay_face.record where merchant = m.name and finished and acknowledged order by updated_at desc limit $2)
      union all
      (select * from wxpay_face.record where merchant = m.name and not acknowledged order by updated_at desc limit $2)
    ) as r
    order by r.updated_at desc limit $2`,
};

/** $1 merchants, $2 how many. */
const needing: Statement = {
  name: 'wxpay-face needing',
  text: `
    select ${columns} from wxpay_face.record r
    where r.merchant = any ($1::text[]) and r.state = 'attention' and not exists (
      select from wxpay_face.attended a
      where a.merchant = r.merchant and a.kind = r.kind and a.id = r.id and a.revision >= r.revision
    )
    order by r.updated_at desc limit $2`,
};

const isAttended: Statement = {
  name: 'wxpay-face attended',
  text: `
    select true as "isAttended" from wxpay_face.attended
    where merchant = $1 and kind = $2 and id = $3 and revision >= $4`,
};

const attend: Statement = {
  name: 'wxpay-face attend',
  text: `
    insert into wxpay_face.attended as a (merchant, kind, id, revision, person) values ($1, $2, $3, $4, $5)
    on conflict (merchant, kind, id) do update set revision = excluded.revision, person = excluded.person, at = now()
    where a.revision < excluded.revision`,
};

/**
 * An act that a server took with it when it died is nobody's after this long, by the database's clock: far longer than a server
 * lets pass between claim and act.
 */
const claimFor = '10 minutes';

/** The first keeps it. Claims of revisions that have long passed go with the next one. */
const claim: Statement = {
  name: 'wxpay-face claim act',
  text: `
    with old as (delete from wxpay_face.person_act where at < now() - interval '400 days')
    insert into wxpay_face.person_act as a (merchant, kind, id, revision, form, person) values ($1, $2, $3, $4, $5, $6)
    on conflict (merchant, kind, id, revision) do update set form = excluded.form, person = excluded.person, at = now()
      where a.at < now() - interval '${claimFor}' and a.form <> excluded.form
    returning true as "isFirst"`,
};

const claimed: Statement = {
  name: 'wxpay-face claimed act',
  text: `
    select form as "form", person as "person" from wxpay_face.person_act
    where merchant = $1 and kind = $2 and id = $3 and revision = $4`,
};

const release: Statement = {
  name: 'wxpay-face release act',
  text: `
    delete from wxpay_face.person_act where merchant = $1 and kind = $2 and id = $3 and revision = $4 and form = $5`,
};

/** Of differences: `kind` is none of a record. */
const settle: Statement = {
  name: 'wxpay-face settle difference',
  text: `
    insert into wxpay_face.attended (merchant, kind, id, revision, person) values ($1, 'difference', $2, 1, $3)
    on conflict do nothing returning true as "isFirst"`,
};

const settled: Statement = {
  name: 'wxpay-face settled differences',
  text: `select merchant as "merchant", id as "id" from wxpay_face.attended where merchant = any ($1::text[]) and kind = 'difference'`,
};

/** Which days are shown: of reconciliation, and of differences that nobody has dealt with; and how many of what they have. */
const [shownDays, openDays, mostDifferences, mostLetters] = [14, 90, 100, 100];

/** yyyyMMdd of so many days ago, in China. */
function dayBefore(days: number): string {
  const moment = new Date(Date.now() + 8 * 3_600_000 - days * 86_400_000);
  return moment.toISOString().slice(0, 10).replaceAll('-', '');
}

/** $1 merchants. A lease by the database's own clock. */
const servers: Statement = {
  name: 'wxpay-face servers',
  text: `
    select s.id::text as "id", extract(epoch from s.since) * 1000 as "since",
      greatest(0, extract(epoch from s.until - now()) * 1000) as "lease",
      (select count(*) from wxpay_face.record r
        where r.owner = s.id and not r.finished and r.merchant = any ($1::text[]))::int as "underWay"
    from wxpay_face.server s order by s.since, s.id`,
};

type Row = Record<string, unknown>;

/** The desk of servers that share a database. */
export class PostgresDesk implements Desk {
  readonly #connections: Connections;
  readonly #id: string;

  /** @param id Of this start of the server. */
  constructor(connections: Connections, id: string) {
    this.#connections = connections;
    this.#id = id;
  }

  recent(merchants: readonly NamedMerchant[], most: number): Promise<Found[]> {
    return this.#found(recent, merchants, most);
  }

  needing(merchants: readonly NamedMerchant[], most: number): Promise<Found[]> {
    return this.#found(needing, merchants, most);
  }

  async isAttended({ record, ...named }: Found): Promise<boolean> {
    const { merchant } = journalOf(named);
    const rows = await this.#connections.query(isAttended, [merchant, record.kind, record.id, record.revision]);
    return rows.length > 0;
  }

  async attend({ record, ...named }: Found, person: string): Promise<void> {
    const { merchant } = journalOf(named);
    await this.#connections.query(attend, [merchant, record.kind, record.id, record.revision, person]);
  }

  async claim({ of, kind, id, revision, form, person }: Claim): Promise<Claimed> {
    const key = [journalOf(of).merchant, kind, id, revision];
    if ((await this.#connections.query(claim, [...key, form, person])).length > 0) return 'first';
    const [known] = await this.#connections.query<Row & { form: string; person: string }>(claimed, key);
    // It was released between the two statements: whoever did so is asked again.
    if (known === undefined) return { by: '' };
    return known.form === form ? 'again' : { by: known.person };
  }

  async release({ of, kind, id, revision, form }: Claim): Promise<void> {
    await this.#connections.query(release, [journalOf(of).merchant, kind, id, revision, form]);
  }

  async servers(merchants: readonly NamedMerchant[]): Promise<ShownServer[]> {
    const names = merchants.map((each) => journalOf(each).merchant);
    const rows = await this.#connections.query<Row & Record<'id' | 'since' | 'lease' | 'underWay', unknown>>(servers, [
      names,
    ]);
    return rows.map(({ id, since, lease, underWay }) => ({
      id: String(id),
      isThis: id === this.#id,
      since: Number(since),
      underWay: Number(underWay),
      ...(Number(lease) > 0 && { lease: Number(lease) }),
    }));
  }

  async replay({ name }: NamedMerchant, id: string, before: () => Promise<void>): Promise<boolean> {
    const letters = await listDeadLetters(this.#connections, [name]);
    if (!letters.some((letter) => letter.id === id)) return false;
    await before();
    return (await replay(this.#connections, [id], [name])) > 0;
  }

  async settle(of: NamedMerchant, id: string, person: string, before: () => Promise<void>): Promise<boolean> {
    const open = await this.#differences([of]);
    if (!open.some((difference) => difference.id === id)) return false;
    await before();
    return (await this.#connections.query(settle, [journalOf(of).merchant, id, person])).length > 0;
  }

  async nights(merchants: readonly NamedMerchant[]): Promise<ShownNights> {
    const names = merchants.map(({ name }) => name);
    const [differences, letters, days] = await Promise.all([
      this.#differences(merchants),
      listDeadLetters(this.#connections, names),
      reconciledDays(this.#connections, { merchants: names, from: dayBefore(shownDays) }),
    ]);
    return {
      differences,
      deadLetters: letters.slice(0, mostLetters).map(({ id, merchant, lane, type, answer, attempts, createdAt }) => ({
        id,
        merchant,
        number: lane,
        type,
        answer,
        attempts,
        at: createdAt.getTime(),
      })),
      days: days.map(({ merchant, bill_date, reconciledAt, differences: count }) => ({
        merchant,
        day: bill_date,
        ...(reconciledAt !== undefined && { at: reconciledAt.getTime(), differences: count }),
      })),
    };
  }

  /** Those that nobody has dealt with. */
  async #differences(merchants: readonly NamedMerchant[]): Promise<ShownDifference[]> {
    const byName = new Map(merchants.map((each) => [each.name, journalOf(each).merchant]));
    const [all, done] = await Promise.all([
      listDifferences(this.#connections, { merchants: [...byName.keys()], from: dayBefore(openDays) }),
      this.#connections.query<Row & { merchant: string; id: string }>(settled, [[...byName.values()]]),
    ]);
    const isDone = new Set(done.map(({ merchant, id }) => `${merchant} ${id}`));
    return all
      .map(({ merchant, bill_date, kind, out_trade_no, out_refund_no, here, there }) => ({
        id: [bill_date, kind, out_trade_no, ...(out_refund_no === undefined ? [] : [out_refund_no])].join(' '),
        merchant,
        day: bill_date,
        kind,
        out_trade_no,
        ...(out_refund_no !== undefined && { out_refund_no }),
        ...(here !== undefined && { here }),
        ...(there !== undefined && { there }),
      }))
      .filter(({ merchant, id }) => !isDone.has(`${byName.get(merchant)} ${id}`))
      .slice(0, mostDifferences);
  }

  async #found(statement: Statement, merchants: readonly NamedMerchant[], most: number): Promise<Found[]> {
    const byName = new Map(merchants.map((each) => [journalOf(each).merchant, each]));
    const rows = await this.#connections.query<RecordRow & { merchant: string } & Row>(statement, [
      [...byName.keys()],
      most,
    ]);
    return rows.flatMap(({ merchant, ...row }) => {
      const [named, record] = [byName.get(merchant), toRecord(row)];
      return named === undefined || record === undefined ? [] : [{ ...named, record }];
    });
  }
}
