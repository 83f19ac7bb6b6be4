import pg from 'pg';
import { JournalError } from 'wxpay-face';

/* Connections to the database: those of the pool, and single ones that somebody keeps. */

/** A statement that brought no answer. `sent` is false only if the database can't have begun it. */
export class NoAnswerError extends Error {
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    super('The database did not answer', { cause });
    this.sent = sent;
  }
}

/** Prepared once for each connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Milliseconds. */
const timeouts = {
  /** To a ready connection, also of the pool. */
  connect: 5_000,
  /** After which the database ends a statement. */
  statement: 10_000,
  /** After which an answer isn't waited for any more: more than the database's own. */
  answer: 15_000,
  /** After which the database gives a connection up whose other end takes nothing: its locks would wait as long. */
  unacknowledged: 10_000,
} as const;

/** How many statements are under way at once. */
const most = 10;

/**
 * Of every connection, whatever the database's own defaults are. remote_apply waits for more than on.
 * READ COMMITTED: each statement sees what was committed before it began.
 */
const session = `
  select set_config('synchronous_commit', case current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply' else 'on' end, false),
         set_config('default_transaction_isolation', 'read committed', false),
         set_config('default_transaction_read_only', 'off', false),
         set_config('statement_timeout', '${timeouts.statement}', false),
         set_config('idle_in_transaction_session_timeout', '${timeouts.statement}', false),
         set_config('tcp_user_timeout', '${timeouts.unacknowledged}', false)`;

/**
 * Classes and codes of SQLSTATE that say nothing against a statement: it may be tried again. 08 connections, 40 serialization and
 * deadlock, 53 resources, 55 locks, 57 an operator's intervention, 58 the system, 25006 a server that is a standby now.
 */
const passing = /^(?:08|40|53|55|57|58|25006)/;

/** The database has read the statement and refuses it: the same would be refused again. */
export const isRefusal = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && error.code !== undefined && !passing.test(error.code);

/** Fails in the background are heard by whoever uses the connection next. */
const ignore = () => {};

export class Connections {
  readonly #config: pg.ClientConfig;
  readonly #pool: pg.Pool;

  /** @throws JournalError if it's no connection string, which it doesn't quote: there is a password in it. */
  constructor(connectionString: string) {
    this.#config = {
      connectionString,
      application_name: 'wxpay-face-server',
      keepAlive: true,
      connectionTimeoutMillis: timeouts.connect,
      query_timeout: timeouts.answer,
    };
    try {
      new pg.Client(this.#config);
    } catch {
      throw new JournalError('database must be a connection string: postgres://user:password@host:5432/name');
    }
    this.#pool = new pg.Pool({ ...this.#config, max: most, onConnect: settle });
    this.#pool.on('error', ignore);
  }

  /**
   * @throws NoAnswerError if no answer came, or one that says nothing against the statement.
   * @throws pg.DatabaseError if the database refuses it.
   */
  async query<Row extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw new NoAnswerError(false, error);
    });
    try {
      const { rows } = await client.query<Row>({ ...statement, values: [...values] });
      client.release();
      return rows;
    } catch (error) {
      const isRefused = isRefusal(error);
      client.release(!isRefused);
      throw isRefused ? error : new NoAnswerError(true, error);
    }
  }

  /**
   * A connection that is not a part of the pool; whoever asks for it ends it.
   * @param patience Milliseconds for each of its steps.
   */
  async single(patience: number = timeouts.connect): Promise<pg.Client> {
    const client = new pg.Client({
      ...this.#config,
      connectionTimeoutMillis: Math.min(patience, timeouts.connect),
      query_timeout: patience,
    });
    // It may be ended in the very moment in which it is ready.
    client.on('error', ignore);
    try {
      await client.connect();
      await settle(client);
      return client;
    } catch (error) {
      await end(client);
      throw error;
    }
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}

async function settle(client: pg.ClientBase): Promise<void> {
  client.on('error', ignore);
  await client.query(session);
}

/** Ends a connection that may be broken. */
export async function end(client: pg.Client): Promise<void> {
  await client.end().catch(ignore);
}
