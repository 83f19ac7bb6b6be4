import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { events } from '../lib/operation/events.js';
import { Client } from './support/client.js';
import { samplesOf } from './support/metrics.js';
import { Postgres } from './support/postgres.js';

/** Compiled to build/test. */
const command = fileURLToPath(new URL('../lib/cli/main.js', import.meta.url));
const guide = fileURLToPath(new URL('../../../docs/guide/17-operations.md', import.meta.url));
const run = promisify(execFile);

describe('The guide to running the servers', function () {
  this.timeout(120_000);
  let text: string;
  let folder: string;
  let simulator: Simulator;
  let postgres: Postgres;

  before(async () => {
    text = await readFile(guide, 'utf8');
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    simulator = await startSimulator();
    postgres = await Postgres.start();
  });
  after(async () => {
    await postgres.stop();
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  /** A program of this name, for the commands. */
  const program = async (name: string, code: string): Promise<void> => {
    await mkdir(join(folder, 'bin'), { recursive: true });
    await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${code}\n`, { mode: 0o755 });
  };

  /** PostgreSQL's own where it's here and new enough for the database; npm has none. Else files of rows stand in for a dump. */
  async function dumpPrograms(): Promise<void> {
    const [version] = await postgres.query('postgres', 'show server_version_num');
    const { stdout } = await run('pg_dump', ['--version']).catch(() => ({ stdout: '' }));
    const major = Number(/(\d+)\./.exec(stdout)?.[1] ?? 0);
    if (major >= Math.floor(Number(version?.server_version_num) / 10_000)) return;
    const asked = join(folder, 'asked');
    for (const name of ['pg_dump', 'pg_restore'])
      await program(name, `echo ${name} "$@" >> '${asked}'\ncase "$*" in *--file=*) touch payments.dump;; esac`);
  }

  it('has commands that do what it says, as they are written', async function () {
    if (process.platform === 'win32') this.skip();
    const blocks = [...text.matchAll(/^```(sql|sh)\n([\s\S]*?)^```$/gm)];
    expect(blocks.map(([, language]) => language)).to.deep.equal(['sql', 'sh', 'sh', 'sh', 'sh']);
    await program('wxpay-face-server', `exec '${process.execPath}' '${command}' "$@"`);
    await dumpPrograms();
    const as = (role: string, password: string) => `postgres://${role}:${password}@127.0.0.1:${postgres.port}/payments`;
    const env = {
      ...process.env,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
      PAY_DATABASE: as('pay_server', 'change-me-2'),
      OWNER_DATABASE: as('pay_owner', 'change-me-1'),
    };
    const config = { database: { env: 'PAY_DATABASE' }, merchants: [{ name: 'tea', ...simulator.client }] };
    await writeFile(join(folder, 'server.json'), JSON.stringify(config));
    const said: string[] = [];
    for (const [, language, code = ''] of blocks)
      if (language === 'sql')
        for (const statement of code.split(';').filter((each) => each.trim() !== ''))
          await postgres.query('postgres', statement);
      else said.push((await run('bash', ['-euc', code], { cwd: folder, env })).stdout);
    const [first = '', exported = ''] = said;
    expect(first).to.include('pay_server may use them').and.include('till 1\ttea\t1\tTeahouse\tpay,cancel');
    expect(exported).to.include('id,at,server,actor');
    const token = first.split('\n')[1] ?? '';
    // What was made by the commands is a server that pays, and says nothing of an audit without protection.
    const server = spawn(process.execPath, [command, 'start', '--config', 'server.json'], { cwd: folder, env });
    let log = '';
    try {
      while (!log.includes('"started"')) log += String((await once(server.stdout, 'data'))[0]);
      const { url = '', adminUrl = '' } = JSON.parse(
        log.split('\n').find((line) => line.includes('"started"')) ?? '{}',
      );
      const { body } = await new Client(url, token).pay('G1', '137100000000000001');
      expect(body.status).to.equal('paid');
      const now = new Date(Date.now() + 60_000).toISOString();
      const args = ['audit', 'export', '--config', 'server.json', '--from', '2026-01-01', '--to', now];
      const { stdout } = await run('wxpay-face-server', args, { cwd: folder, env });
      const actions = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).action);
      expect(actions).to.deep.equal(['terminal-added', 'pay']);
      // Each metric that it tells of is there.
      const there = Object.keys(samplesOf(await (await fetch(`${adminUrl}/metrics`)).text())).map((name) =>
        name.replace(/\{.*/, ''),
      );
      const help = await (await fetch(`${adminUrl}/metrics`)).text();
      for (const [, name = ''] of text.matchAll(/`(wxpay_face_\w+)`/g))
        expect(there.includes(name) || help.includes(`# TYPE ${name} `), name).to.equal(true);
    } finally {
      server.kill('SIGTERM');
    }
    expect(await once(server, 'exit')).to.deep.equal([0, null]);
    expect(log).not.to.include('audit-unprotected');
  });

  it('says of each event what to do, and its level', () => {
    const rows = [...text.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \| (info|warn|error) \|/gm)];
    const told = rows.flatMap(([, names = '', level]) =>
      [...names.matchAll(/`([a-z-]+)`/g)].map(([, name]) => [name, level]),
    );
    const there = Object.entries(events).map(([name, { level }]) => [name, level]);
    expect(told.sort()).to.deep.equal(there.sort());
  });
});
