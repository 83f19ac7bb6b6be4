import type pg from 'pg';
import { JournalError } from 'wxpay-face';
import { type Connections, end } from './connections.js';

/* The database's tables, version by version: forward only. A change expands first, and contracts a version later. */

interface Migration {
  /** The oldest version of these tables whose servers can work with what this one leaves. */
  readonly readableFrom: number;
  readonly sql: string;
}

/**
 * `numbers`: out_trade_no is unique for a mch_id, across its sub-merchants, while each of them has a journal of its own.
 * `data` is text: jsonb refuses \u0000 and half surrogates. `revision` is int, since bigints come as text.
 */
const migrations: readonly Migration[] = [
  {
    readableFrom: 1,
    sql: `
      create table wxpay_face.server (
        id uuid primary key,
        since timestamptz not null,
        until timestamptz not null
      );
      create table wxpay_face.record (
        numbers text collate "C" not null,
        kind text collate "C" not null check (kind in ('payment', 'refund')),
        id text collate "C" not null,
        merchant text collate "C" not null,
        schema int not null,
        revision int not null check (revision > 0),
        state text not null,
        finished boolean not null,
        acknowledged boolean not null,
        updated_at double precision not null,
        data text not null,
        owner uuid not null,
        write_id uuid not null,
        given_up boolean not null default false,
        primary key (numbers, kind, id)
      );
      create index record_unfinished on wxpay_face.record (owner, merchant, kind, id) where not finished;
      create index record_given_up on wxpay_face.record (owner) where given_up and not finished;
      create index record_unacknowledged on wxpay_face.record (merchant, kind, id) where not acknowledged;
      create index record_listed on wxpay_face.record (merchant, kind, id);
      create index record_old on wxpay_face.record (merchant, updated_at) where finished and acknowledged;`,
  },
  {
    readableFrom: 1,
    sql: `
      create table wxpay_face.terminal (
        id uuid primary key,
        name text collate "C" not null,
        merchant text not null,
        sub_merchant text,
        store_id text not null,
        store_name text not null,
        can text[] not null,
        token_hash text collate "C" not null unique,
        removed_at timestamptz
      );
      create unique index terminal_name on wxpay_face.terminal (name) where removed_at is null;`,
  },
  // What a webhook hasn't taken yet, in the order in which it was decided; and what the bills said.
  {
    readableFrom: 1,
    sql: `
      create table wxpay_face.event (
        position bigint generated always as identity primary key,
        id uuid not null default gen_random_uuid() unique,
        merchant text collate "C" not null,
        lane text collate "C" not null,
        type text not null,
        body text not null,
        created_at timestamptz not null default now(),
        due_at timestamptz not null default now(),
        since timestamptz,
        attempts int not null default 0,
        answer text,
        holder uuid,
        dead_at timestamptz
      );
      create index event_lane on wxpay_face.event (merchant, lane, position);
      create index event_due on wxpay_face.event (merchant, due_at) where dead_at is null;
      create index event_held on wxpay_face.event (holder) where holder is not null;
      create table wxpay_face.reconciled_day (
        merchant text collate "C" not null,
        bill_date text collate "C" not null,
        asked_at timestamptz not null,
        reconciled_at timestamptz,
        differences int,
        trouble text,
        primary key (merchant, bill_date)
      );
      create table wxpay_face.difference (
        merchant text collate "C" not null,
        bill_date text collate "C" not null,
        position int not null,
        kind text not null,
        out_trade_no text not null,
        out_refund_no text,
        transaction_id text,
        here double precision,
        there double precision,
        state text,
        primary key (merchant, bill_date, position)
      );`,
  },
  {
    // What is counted must not fall when old records go: whoever deletes them has them counted here, in the same transaction.
    readableFrom: 1,
    sql: `
      create index record_counted on wxpay_face.record (merchant, kind, state) where finished;
      create table wxpay_face.pruned (
        merchant text collate "C" not null,
        kind text collate "C" not null,
        state text not null,
        count bigint not null,
        primary key (merchant, kind, state)
      );
      create function wxpay_face.count_pruned() returns trigger language plpgsql as $$
      begin
        insert into wxpay_face.pruned as p (merchant, kind, state, count)
        select merchant, kind, state, count(*) from gone where finished group by merchant, kind, state order by merchant, kind, state
        on conflict (merchant, kind, state) do update set count = p.count + excluded.count;
        return null;
      end $$;
      create trigger record_pruned after delete on wxpay_face.record referencing old table as gone
        for each statement execute function wxpay_face.count_pruned();`,
  },
  {
    readableFrom: 1,
    sql: `create index record_attention on wxpay_face.record (merchant, kind, id) where state = 'attention';`,
  },
  // People and what they have done: person_act has one act for each revision of a record.
  {
    readableFrom: 1,
    sql: `
      create table wxpay_face.person (
        id uuid primary key,
        name text collate "C" not null,
        merchants text[] not null,
        role text not null,
        token_hash text collate "C" not null unique,
        removed_at timestamptz
      );
      create unique index person_name on wxpay_face.person (name) where removed_at is null;
      create table wxpay_face.person_session (
        hash text collate "C" primary key,
        person uuid not null,
        until timestamptz not null
      );
      create table wxpay_face.person_act (
        merchant text collate "C" not null,
        kind text collate "C" not null,
        id text collate "C" not null,
        revision int not null,
        form text not null,
        person text not null,
        at timestamptz not null default now(),
        primary key (merchant, kind, id, revision)
      );
      create table wxpay_face.attended (
        merchant text collate "C" not null,
        kind text collate "C" not null,
        id text collate "C" not null,
        revision int not null,
        person text not null,
        at timestamptz not null default now(),
        primary key (merchant, kind, id)
      );`,
  },
  {
    readableFrom: 1,
    sql: `
      alter table wxpay_face.terminal add column refund_limit bigint;
      create table wxpay_face.refund_day (
        terminal uuid not null,
        day date not null,
        fen bigint not null,
        most bigint not null,
        primary key (terminal, day),
        check (fen <= most)
      );
      create table wxpay_face.refund_spent (
        terminal uuid not null,
        numbers text collate "C" not null,
        out_trade_no text collate "C" not null,
        out_refund_no text collate "C" not null,
        fen bigint not null,
        day date not null,
        is_shared boolean not null default false,
        primary key (terminal, numbers, out_trade_no, out_refund_no, fen)
      );`,
  },
  // What a terminal asks by: of a payment its note, of a refund its sale.
  {
    readableFrom: 1,
    sql: `
      alter table wxpay_face.record add column terminal text collate "C", add column store text collate "C", add column sale text collate "C";
      update wxpay_face.record set
        terminal = substring(data from '"note":{[^{}]*"terminal":"([^"]*)"'),
        store = substring(data from '"note":{[^{}]*"store":"([^"]*)"')
      where kind = 'payment';
      update wxpay_face.record set sale = substring(data from '"out_trade_no":"([^"]*)"') where kind = 'refund';
      create index record_unheard on wxpay_face.record (terminal, id) where kind = 'payment' and not acknowledged;`,
  },
  {
    // Only ever added to. Its owner may take this protection away: so it should be another role than the server's (operation/protection.ts).
    readableFrom: 1,
    sql: `
      create table wxpay_face.audit (
        id bigint generated always as identity primary key,
        at timestamptz not null default now(),
        server uuid,
        actor text not null check (actor in ('terminal', 'person', 'command', 'program')),
        actor_id text,
        actor_name text,
        action text not null,
        merchant text,
        number text,
        subject text,
        amount bigint,
        revision int
      );
      create index audit_at on wxpay_face.audit (at, id);
      create function wxpay_face.refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'the audit is only ever added to' using errcode = 'insufficient_privilege';
      end $$;
      create trigger audit_kept before update or delete or truncate on wxpay_face.audit
        for each statement execute function wxpay_face.refuse_change();
      revoke update, delete, truncate on wxpay_face.audit from current_user;`,
  },
  {
    readableFrom: 1,
    sql: `
      create table wxpay_face.restoration (
        since date primary key,
        until date not null,
        done_at timestamptz
      );`,
  },
  // After a restore a number is held against the sales that the bills have and the journal hasn't.
  {
    readableFrom: 1,
    sql: 'create index difference_sale on wxpay_face.difference (merchant, out_trade_no);',
  },
];

/** The version of the tables that this server works with. */
export const version = migrations.length;

/** Of nothing else in the database. */
const lock = 0x77_78_70_61;

/** @throws JournalError if the database's tables are of a version that this server can't read. */
export async function migrate(connections: Connections): Promise<void> {
  const client = await connections.single(60_000);
  try {
    // Without the right to make tables an account may still use those that are there.
    if ((await currentVersion(client)) >= version) return;
    await client.query('begin');
    // Servers that start at once wait for each other here, beyond the time-out of a statement.
    await client.query(`set local statement_timeout = '60s'`);
    await client.query('select pg_advisory_xact_lock($1)', [lock]);
    await client.query(`
      create schema if not exists wxpay_face;
      create table if not exists wxpay_face.migration (
        version int primary key, readable_from int not null, at timestamptz not null default now()
      )`);
    const from = await currentVersion(client);
    for (const [index, { readableFrom, sql }] of migrations.entries()) {
      if (index < from) continue;
      await client.query(sql);
      const done = [index + 1, readableFrom];
      await client.query('insert into wxpay_face.migration (version, readable_from) values ($1, $2)', done);
    }
    await client.query('commit');
  } finally {
    await end(client);
  }
}

async function currentVersion(client: pg.Client): Promise<number> {
  const [found] = (await client.query(`select to_regclass('wxpay_face.migration') is not null as "isThere"`)).rows;
  if (!found?.isThere) return 0;
  const { rows } = await client.query<{ version: number; readableFrom: number }>(
    `select coalesce(max(version), 0) as "version", coalesce(max(readable_from), 0) as "readableFrom" from wxpay_face.migration`,
  );
  const [{ version: current, readableFrom } = { version: 0, readableFrom: 0 }] = rows;
  if (readableFrom > version)
    throw new JournalError(
      `The database's tables are of version ${current}; this server knows version ${version} and can't read them: install a newer one`,
    );
  return current;
}
