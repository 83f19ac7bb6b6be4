import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';

/* The system's own PostgreSQL, with the programs of its version that npm has none of: pg_dump and pg_restore. */

const run = promisify(execFile);

/** Where Debian's packages have one folder for each version. */
const versions = '/usr/lib/postgresql';
const oldest = 15;

/** The folder of the newest one's programs that is whole and that a server works with; undefined if there is none. */
export async function systemPrograms(): Promise<string | undefined> {
  const majors = (await readdir(versions).catch(() => [])).map(Number).filter((major) => major >= oldest);
  for (const major of majors.sort((one, other) => other - one)) {
    const folder = join(versions, String(major), 'bin');
    const programs = ['initdb', 'postgres', 'pg_dump', 'pg_restore'].map((name) => access(join(folder, name)));
    const isWhole = await Promise.all(programs).then(
      () => true,
      () => false,
    );
    if (isWhole && (await account()) !== undefined) return folder;
  }
  return undefined;
}

/** It doesn't run as root. Undefined if there is nobody else whom it could run as. */
async function account(): Promise<{ uid?: number; gid?: number } | undefined> {
  if (process.getuid?.() !== 0) return {};
  const ids = await Promise.all(['-u', '-g'].map((which) => run('id', [which, 'postgres']))).catch(() => undefined);
  const [uid, gid] = (ids ?? []).map(({ stdout }) => Number(stdout));
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

interface Options {
  readonly databaseDir: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly initdbFlags: readonly string[];
  readonly postgresFlags: readonly string[];
}

export class SystemCluster {
  readonly #programs: string;
  readonly #options: Options;
  #child: ChildProcess | undefined;

  constructor(programs: string, options: Options) {
    this.#programs = programs;
    this.#options = options;
  }

  async initialise(): Promise<void> {
    const { databaseDir, user, password, initdbFlags } = this.#options;
    const who = await account();
    const passwords = `${databaseDir}.password`;
    await mkdir(databaseDir, { mode: 0o700 });
    await writeFile(passwords, password, { mode: 0o600 });
    if (who?.uid !== undefined && who.gid !== undefined)
      for (const path of [databaseDir, passwords]) await chown(path, who.uid, who.gid);
    const flags = ['-D', databaseDir, '-U', user, '--auth=scram-sha-256', `--pwfile=${passwords}`, ...initdbFlags];
    await run(join(this.#programs, 'initdb'), flags, { ...who, cwd: tmpdir() });
    await rm(passwords);
  }

  async start(): Promise<void> {
    const { databaseDir, port, postgresFlags } = this.#options;
    const args = ['-D', databaseDir, '-p', String(port), ...postgresFlags];
    const child = spawn(join(this.#programs, 'postgres'), args, {
      ...(await account()),
      cwd: tmpdir(),
      stdio: 'ignore',
    });
    this.#child = child;
    while (!(await this.#isReady())) {
      if (child.exitCode !== null) throw new Error('PostgreSQL did not start');
      await sleep(50);
    }
  }

  async createDatabase(name: string): Promise<void> {
    await this.#ask((client) => client.query(`create database ${pg.escapeIdentifier(name)}`));
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null) {
      const gone = once(child, 'exit');
      // Whoever is still connected is cut off.
      child.kill('SIGINT');
      await gone;
    }
    await rm(this.#options.databaseDir, { recursive: true });
  }

  #isReady(): Promise<boolean> {
    return this.#ask((client) => client.query('select 1')).then(
      () => true,
      () => false,
    );
  }

  async #ask(task: (client: pg.Client) => Promise<unknown>): Promise<void> {
    const { port, user, password } = this.#options;
    const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'postgres' });
    client.on('error', () => {});
    try {
      await client.connect();
      await task(client);
    } finally {
      await client.end();
    }
  }
}
