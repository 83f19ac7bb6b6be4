import type { JournalRecord } from 'wxpay-face';
import { isGivenUp } from 'wxpay-face';
import type { Statement } from '../database/connections.js';
import type { OutboxEvent } from './outbox.js';

/* Records as rows, and the statements about them. */

/** What is read of a record. */
export interface RecordRow {
  readonly schema: number;
  readonly kind: JournalRecord['kind'];
  readonly id: string;
  readonly revision: number;
  readonly state: string;
  readonly finished: boolean;
  readonly acknowledged: boolean;
  readonly updatedAt: number;
  readonly data: string;
}

/** What is read of a record that refused a write. */
export interface Fence {
  readonly kind: JournalRecord['kind'];
  readonly id: string;
  readonly revision: number;
  readonly finished: boolean;
  readonly owner: string;
  readonly writeId: string;
  readonly givenUp: boolean;
}

/** One write of a record, under an id of its own. */
export interface Write {
  readonly writeId: string;
  readonly record: Omit<JournalRecord, 'data'>;
  readonly data: string;
  /** By which terminals find it. */
  readonly asked: { readonly terminal: unknown; readonly store: unknown; readonly sale: unknown };
  /** It may be stored over a cancel(). */
  readonly isGivenUp: boolean;
  /** Of a payment that a terminal asks for. */
  readonly paying: { readonly terminal: string; readonly amount: number | undefined } | undefined;
  readonly told: OutboxEvent | undefined;
}

/** What the database can store as text. */
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.isWellFormed() && !value.includes('\0') ? value : null;

function askedBy(note: unknown, sale: unknown): Write['asked'] {
  const { terminal, store } = Object(note);
  return { terminal: textOf(terminal), store: textOf(store), sale: textOf(sale) };
}

export const writeOf = ({ data, ...record }: JournalRecord, writeId: string, told?: OutboxEvent): Write => ({
  writeId,
  record,
  data: JSON.stringify(data),
  asked: askedBy(data.note, data.out_trade_no),
  isGivenUp: record.kind === 'refund' || isGivenUp({ ...record, data }),
  // What has ended with its first write was never to be paid.
  paying: record.kind === 'payment' && !record.finished ? payingIn(data) : undefined,
  told,
});

/** @param row The table's name, or what stands for it. */
const columnsOf = (row: string): string => `
  ${row}.schema as "schema", ${row}.kind as "kind", ${row}.id as "id", ${row}.revision as "revision", ${row}.state as "state",
  ${row}.finished as "finished", ${row}.acknowledged as "acknowledged", ${row}.updated_at as "updatedAt", ${row}.data as "data"`;

const columns = columnsOf('record');

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What the terminals' side has written into a payment's first record. Another program's notes are its own. */
function payingIn({ note, total_fee }: JournalRecord['data']): Write['paying'] {
  const { terminal } = Object(note);
  if (typeof terminal !== 'string' || !uuid.test(terminal)) return undefined;
  return { terminal, amount: typeof total_fee === 'number' ? total_fee : undefined };
}

const fence = `
  kind as "kind", id as "id", revision as "revision", finished as "finished", owner::text as "owner",
  write_id::text as "writeId", given_up as "givenUp"`;

/** What stores a write, or several, and what is written along with those that are stored. */
interface WriteStatement {
  readonly name: string;
  readonly stored: string;
  /** Named parts of one statement. */
  readonly along: readonly string[];
}

/**
 * $1 numbers, $2 merchant, $3 owner, then the write, then for the audit: $17 the terminal that a payment is of, $18 fen. Both in one
 * statement: there is no payment without its line, and no second commit for it.
 */
const insert: WriteStatement = {
  name: 'wxpay-face insert',
  stored: `
    insert into wxpay_face.record
      (numbers, merchant, owner, write_id, kind, id, schema, revision, state, finished, acknowledged, updated_at, data, terminal, store, sale)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    on conflict do nothing returning write_id::text as "writeId"`,
  along: [
    `audited as (
      insert into wxpay_face.audit (server, actor, actor_id, actor_name, action, merchant, number, amount)
      select $3::uuid, 'terminal', $17::text, (select name from wxpay_face.terminal where id = $17::uuid), 'pay', $2, $6, $18::bigint
      from stored where $17::text is not null
    )`,
  ],
};

const insertValues = ({ writeId, record, data, asked: { terminal, store, sale }, paying }: Write): unknown[] => {
  const { kind, id, schema, revision, state, finished, acknowledged, updatedAt } = record;
  const values = [writeId, kind, id, schema, revision, state, finished, acknowledged, updatedAt, data];
  return [...values, terminal, store, sale, paying?.terminal ?? null, paying?.amount ?? null];
};

/**
 * $1 numbers, $2 merchant, $3 owner, then a list for each column of the writes. An unfinished record is written by its owner alone,
 * and nothing that was decided without a cancel() is stored over it; a finished one is nobody's.
 */
const update: WriteStatement = {
  name: 'wxpay-face update',
  stored: `
    update wxpay_face.record as r
    set owner = $3, write_id = w.write_id, revision = w.revision, state = w.state, finished = w.finished,
        acknowledged = w.acknowledged, updated_at = w.updated_at, data = w.data
    from unnest($4::uuid[], $5::text[], $6::text[], $7::int[], $8::text[], $9::bool[], $10::bool[], $11::float8[], $12::text[], $13::bool[])
      as w (write_id, kind, id, revision, state, finished, acknowledged, updated_at, data, is_given_up)
    where r.numbers = $1 and r.kind = w.kind and r.id = w.id and r.merchant = $2 and r.revision = w.revision - 1
      and (r.finished or (r.owner = $3 and (w.is_given_up or not r.given_up)))
    returning r.write_id::text as "writeId"`,
  along: [],
};

const updateValues = (writes: readonly Write[]): unknown[] => [
  writes.map(({ writeId }) => writeId),
  writes.map(({ record }) => record.kind),
  writes.map(({ record }) => record.id),
  writes.map(({ record }) => record.revision),
  writes.map(({ record }) => record.state),
  writes.map(({ record }) => record.finished),
  writes.map(({ record }) => record.acknowledged),
  writes.map(({ record }) => record.updatedAt),
  writes.map(({ data }) => data),
  writes.map((write) => write.isGivenUp),
];

/**
 * What is to be told of the records that a write hits: in one commit with it, so that neither is there without the other, and nothing
 * is told of a write that was refused. @param from The number of the statement's own parameters.
 */
const telling = ({ name, stored, along }: WriteStatement, from: number): WriteStatement => ({
  name: `${name}, telling`,
  stored,
  along: [
    ...along,
    `told as (
      insert into wxpay_face.event (merchant, lane, type, body)
      select t.merchant, t.lane, t.type, t.body
      from unnest($${from + 1}::text[], $${from + 2}::text[], $${from + 3}::text[], $${from + 4}::text[], $${from + 5}::text[])
        as t (write_id, merchant, lane, type, body)
      join stored on stored."writeId" = t.write_id
    )`,
  ],
});
const whole = ({ name, stored, along }: WriteStatement): Statement => ({
  name,
  text:
    along.length === 0 ? stored : `with ${[`stored as (${stored})`, ...along].join(', ')} select "writeId" from stored`,
});
const [inserts, updates] = [
  [whole(insert), whole(telling(insert, 18))],
  [whole(update), whole(telling(update, 13))],
] as const;

/** What to run for a write, or several. Those of which nothing is told cost nothing more. */
function withTold(
  writes: readonly Write[],
  [plain, told]: readonly [Statement, Statement],
  values: unknown[],
): [Statement, unknown[]] {
  const events = writes.flatMap(({ writeId, told: event }) => (event === undefined ? [] : [{ writeId, ...event }]));
  if (events.length === 0) return [plain, values];
  const columns = (['writeId', 'merchant', 'lane', 'type', 'body'] as const).map((name) =>
    events.map((each) => each[name]),
  );
  return [told, [...values, ...columns]];
}

/** @param owned Numbers, merchant, owner. */
export const inserting = (owned: readonly string[], write: Write): [Statement, unknown[]] =>
  withTold([write], inserts, [...owned, ...insertValues(write)]);

/** @param owned Numbers, merchant, owner. */
export const updating = (owned: readonly string[], writes: readonly Write[]): [Statement, unknown[]] =>
  withTold(writes, updates, [...owned, ...updateValues(writes)]);

/** $1 numbers, $2 merchant, $3 kinds, $4 ids. */
export const fences: Statement = {
  name: 'wxpay-face fences',
  text: `
    select ${fence} from wxpay_face.record
    where numbers = $1 and merchant = $2 and (kind, id) in (select * from unnest($3::text[], $4::text[]))`,
};

/** $1 numbers, $2 kind, $3 id: whosever it is. */
export const inserted: Statement = {
  name: 'wxpay-face inserted',
  text: `select ${fence} from wxpay_face.record where numbers = $1 and kind = $2 and id = $3`,
};

/** $1 numbers, $2 merchant, $3 kind, $4 id. */
export const select: Statement = {
  name: 'wxpay-face select',
  text: `select ${columns} from wxpay_face.record where numbers = $1 and merchant = $2 and kind = $3 and id = $4`,
};

/** How many records are read at once. */
export const pageOfRecords = 500;

/** $1 merchant, $2 kind or null, $3 finished or null, $4 acknowledged or null, then the last record of the page before. */
export const list: Statement = {
  name: 'wxpay-face list',
  text: `
    select ${columns} from wxpay_face.record
    where merchant = $1 and ($2::text is null or kind = $2) and ($3::bool is null or finished = $3)
      and ($4::bool is null or acknowledged = $4) and (kind, id) > ($5::text, $6::text)
    order by kind, id limit ${pageOfRecords}`,
};

/** $1 merchant, $2 kind, $3 id, $4 owner who asks, $5 what listens for an owner, $6 what it is told. */
export const callOwner: Statement = {
  name: 'wxpay-face call owner',
  text: `
    select pg_notify($5 || owner::text, $6) as "called" from wxpay_face.record
    where merchant = $1 and kind = $2 and id = $3 and not finished and owner <> $4`,
};

/** $1 what listens for an owner, $2 owners, $3 what they are told. */
export const callServers: Statement = {
  name: 'wxpay-face call servers',
  text: `select pg_notify($1 || owner, $3) as "called" from unnest($2::text[]) as owner`,
};

/** $1 merchant, then the last record of the page before: what a person has to look at, and nobody has seen to. */
export const attention: Statement = {
  name: 'wxpay-face attention',
  text: `
    select ${columns} from wxpay_face.record
    where merchant = $1 and state = 'attention' and (kind, id) > ($2::text, $3::text) and not exists (
      select from wxpay_face.attended as a
      where a.merchant = record.merchant and a.kind = record.kind and a.id = record.id and a.revision >= record.revision
    )
    order by kind, id limit ${pageOfRecords}`,
};

/** $1 merchant, $2 terminal, then the last record of the page before: payments of which it has not heard, or not acted upon. */
export const unheard: Statement = {
  name: 'wxpay-face unheard',
  text: `
    select ${columns} from wxpay_face.record
    where merchant = $1 and terminal = $2 and kind = 'payment' and finished and not acknowledged
      and (kind, id) > ($3::text, $4::text)
    order by id limit ${pageOfRecords}`,
};

/** $1 merchant, $2 store, then the last record of the page before: the same of the refunds of its sales. */
export const unheardRefunds: Statement = {
  name: 'wxpay-face unheard refunds',
  text: `
    select ${columnsOf('r')} from wxpay_face.record as r
    join wxpay_face.record as p on p.numbers = r.numbers and p.kind = 'payment' and p.id = r.sale
    where r.merchant = $1 and p.merchant = $1 and p.store = $2 and r.kind = 'refund' and r.finished and not r.acknowledged
      and (r.kind, r.id) > ($3::text, $4::text)
    order by r.kind, r.id limit ${pageOfRecords}`,
};

/** $1 numbers, $2 merchant, $3 out_trade_no, $4 what listens for an owner: calls the owner, within the same transaction. */
export const giveUp: Statement = {
  name: 'wxpay-face give up',
  text: `
    with flagged as (
      update wxpay_face.record set given_up = true
      where numbers = $1 and merchant = $2 and kind = 'payment' and id = $3 and not finished returning owner
    )
    select pg_notify($4 || owner::text, '') as "called" from flagged`,
};

/** $1 merchant, $2 moment, milliseconds since the epoch. */
export const prune: Statement = {
  name: 'wxpay-face prune',
  text: `
    with old as (
      select numbers, kind, id from wxpay_face.record
      where merchant = $1 and finished and acknowledged and updated_at < $2 limit 1000 for update skip locked
    )
    delete from wxpay_face.record as r using old
    where r.numbers = old.numbers and r.kind = old.kind and r.id = old.id returning true as "isGone"`,
};

/** $1 owner, $2 merchant, $3 nobody. */
export const handOver: Statement = {
  name: 'wxpay-face hand over',
  text: 'update wxpay_face.record set owner = $3 where owner = $1 and merchant = $2 and not finished',
};

/** Undefined if it is of a schema that this version doesn't know. */
export function toRecord({ schema, data, ...row }: RecordRow): JournalRecord | undefined {
  return schema === 1 ? { schema, ...row, data: JSON.parse(data) } : undefined;
}
