import type { Postgres } from '../support/postgres.js';

/* How long the payments of a server that was killed or frozen waited for another one. */

/** A server that stopped answering. Milliseconds since the epoch. */
export interface Silence {
  /** The ids that this process had in the database. */
  readonly owners: readonly string[];
  readonly at: number;
  /** When it went on; one that was killed never does. */
  until: number;
}

/** A time in which the database was away. Milliseconds since the epoch. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

export interface TakeOvers {
  /** Milliseconds from the silence to the take-over, while the database was there. In order. */
  readonly times: readonly number[];
  /** The same where the database was away in between: without that time. */
  readonly interrupted: readonly number[];
  /** Taken from servers that were neither killed nor frozen, but had lost touch with the database for a lease. */
  readonly ofTheLiving: number;
}

/** To whom a server that ends in order hands over. */
const nobody = '00000000-0000-0000-0000-000000000000';
/** Milliseconds after which one that goes on has renewed its lease. */
const renewed = 1_000;

/** Notes in the database, by its own clock, whenever a payment gets another owner. */
export async function noteTakeOvers(postgres: Postgres): Promise<void> {
  await postgres.query(
    'postgres',
    `create schema chaos;
     create table chaos.take_over (id text, owner text, at timestamptz);
     create function chaos.note() returns trigger language plpgsql as $$
     begin
       insert into chaos.take_over values (old.id, old.owner::text, clock_timestamp());
       return null;
     end $$;
     create trigger note after update of owner on wxpay_face.record
       for each row when (old.owner <> new.owner and not old.finished and new.owner <> '${nobody}') execute function chaos.note();`,
  );
}

/** How often a payment got another owner. */
export async function notedTakeOvers(postgres: Postgres): Promise<number> {
  const [row] = await postgres.query('postgres', 'select count(*)::int as count from chaos.take_over');
  return Number(row?.count);
}

const overlap = (from: number, to: number, outage: Outage): number =>
  Math.max(0, Math.min(to, outage.to) - Math.max(from, outage.from));

/** @param owners Of all server processes that there were. */
export async function takeOvers(
  postgres: Postgres,
  owners: ReadonlySet<string>,
  silences: readonly Silence[],
  outages: readonly Outage[],
): Promise<TakeOvers> {
  const rows = await postgres.query(
    'postgres',
    'select owner, extract(epoch from at)::float8 * 1000 as at from chaos.take_over',
  );
  const [times, interrupted]: [number[], number[]] = [[], []];
  let ofTheLiving = 0;
  for (const { owner, at } of rows) {
    // What one of no server's left was handed over in order.
    if (!owners.has(String(owner))) continue;
    const isBetween = ({ owners: ids, at: from, until }: Silence) =>
      ids.includes(String(owner)) && from <= Number(at) && Number(at) <= until + renewed;
    const last = silences.filter(isBetween).at(-1);
    if (last === undefined) {
      ofTheLiving += 1;
      continue;
    }
    const away = outages.reduce((sum, outage) => sum + overlap(last.at, Number(at), outage), 0);
    (away > 0 ? interrupted : times).push(Number(at) - last.at - away);
  }
  const inOrder = (list: number[]) => list.sort((one, other) => one - other);
  return { times: inOrder(times), interrupted: inOrder(interrupted), ofTheLiving };
}
