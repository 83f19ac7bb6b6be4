import type pg from 'pg';
import { JournalError } from 'wxpay-face';
import type { Connections } from './connections.js';
import { end } from './connections.js';

/* Whether a database can be trusted with money: held against these before anything is written. */

/** The oldest major version of PostgreSQL that its makers still mend. */
const oldestMajor = 15;

/** What a database says of itself. */
export interface DatabaseFacts {
  /** As PostgreSQL counts: 180004 is 18.4. */
  readonly version: number;
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly isStandby: boolean;
  readonly synchronousStandbys: string;
  readonly replicas: number;
  readonly isEncrypted: boolean;
  /** Its connections come from this machine, or over none. */
  readonly isLocal: boolean;
}

interface Rule {
  readonly applies: (facts: DatabaseFacts) => boolean;
  readonly says: (facts: DatabaseFacts) => string;
}

/** Why a database is refused. */
export const refusals: readonly Rule[] = [
  {
    applies: ({ version }) => version < oldestMajor * 10_000,
    says: ({ version }) =>
      `The database is PostgreSQL ${Math.floor(version / 10_000)}; ${oldestMajor} is the oldest that can be used`,
  },
  {
    applies: ({ isStandby }) => isStandby,
    says: () => 'The database is a standby (pg_is_in_recovery): connect to the primary',
  },
  {
    applies: ({ fsync }) => fsync !== 'on',
    says: () => 'The database runs with fsync = off: a power cut would lose payments. Set fsync = on',
  },
];

/** What an operator should know of a database that is used all the same. */
export const warnings: readonly Rule[] = [
  {
    applies: ({ replicas, synchronousStandbys }) => replicas > 0 && synchronousStandbys.trim() === '',
    says: ({ replicas }) =>
      `The database has ${replicas} replica(s), and synchronous_standby_names is empty: a fail-over would lose the last payments`,
  },
  {
    applies: ({ fullPageWrites }) => fullPageWrites !== 'on',
    says: () => 'The database runs with full_page_writes = off: a power cut may damage its files',
  },
  {
    applies: ({ isEncrypted, isLocal }) => !isEncrypted && !isLocal,
    says: () => 'The connection to the database is not encrypted: add sslmode=verify-full&sslrootcert=… to its address',
  },
];

const question = `
  select current_setting('server_version_num')::int as "version", current_setting('fsync') as "fsync",
         current_setting('full_page_writes') as "fullPageWrites", pg_is_in_recovery() as "isStandby",
         current_setting('synchronous_standby_names') as "synchronousStandbys",
         (select count(*)::int from pg_stat_replication where state is distinct from 'backup') as "replicas",
         coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as "isEncrypted",
         coalesce(inet_client_addr() <<= '127.0.0.0/8' or inet_client_addr() = '::1' or inet_client_addr() = inet_server_addr(), true) as "isLocal"`;

/**
 * Looks at a database before it is used.
 * @throws JournalError that says why it can't be.
 */
export async function examine(connections: Connections): Promise<void> {
  // One after the other: of two at once the one that comes would be nobody's if the other doesn't.
  const one = await connections.single();
  try {
    const other = await connections.single();
    try {
      await look(one, other);
    } finally {
      await end(other);
    }
  } finally {
    await end(one);
  }
}

async function look(one: pg.Client, other: pg.Client): Promise<void> {
  const [facts] = (await one.query<DatabaseFacts & pg.QueryResultRow>(question)).rows;
  if (facts === undefined) throw new JournalError('The database says nothing of itself');
  const refusal = refusals.find(({ applies }) => applies(facts));
  if (refusal !== undefined) throw new JournalError(refusal.says(facts));
  if (await isPooledByTransaction(one, other))
    throw new JournalError(
      'Before the database is a proxy that lends a connection for one transaction only: give the address of the database itself, or of a proxy that keeps sessions',
    );
  for (const { applies, says } of warnings)
    if (applies(facts)) process.emitWarning(says(facts), { type: 'JournalWarning', code: 'WXPAY_FACE_DATABASE' });
}

/**
 * Two sessions have transactions at once, end them, and begin again in either order. A proxy that lends connections then gives one
 * of them the other's: in the first order if it lends what was given back last, in the second if it lends what waited longest.
 */
async function isPooledByTransaction(one: pg.Client, other: pg.Client): Promise<boolean> {
  const begin = async (client: pg.Client): Promise<unknown> => {
    await client.query('begin');
    return (await client.query('select pg_backend_pid() as pid')).rows[0]?.pid;
  };
  const commit = async () => {
    await one.query('commit');
    await other.query('commit');
  };
  const before = [await begin(one), await begin(other)];
  await commit();
  const inOrder = [await begin(one), await begin(other)];
  await commit();
  const reversed = [await begin(other), await begin(one)].reverse();
  await commit();
  return [inOrder, reversed].some((pids) => pids.some((pid, index) => pid !== before[index]));
}
