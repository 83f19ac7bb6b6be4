import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { billDateOf } from '../lib/jobs/nights/days.js';
import { events } from '../lib/operation/events.js';
import { Client } from './support/client.js';
import { samplesOf } from './support/metrics.js';
import { Postgres } from './support/postgres.js';
import { until } from './support/records.js';
import { rejection } from './support/rejection.js';

/** Compiled to build/test. */
const command = fileURLToPath(new URL('../lib/cli/main.js', import.meta.url));
const guide = fileURLToPath(new URL('../../../docs/guide/17-operations.md', import.meta.url));
const run = promisify(execFile);

describe('The guide to running the servers', function () {
  this.timeout(180_000);
  let text: string;
  let folder: string;
  let simulator: Simulator;
  let postgres: Postgres;
  /** Of pg_dump and pg_restore; undefined where the system has none: npm hasn't, either. */
  let programs: string | undefined;
  let blocks: ReadonlyArray<{ language: string; code: string }>;
  let env: NodeJS.ProcessEnv;
  let token: string;
  let running: ChildProcess | undefined;

  before(async () => {
    text = await readFile(guide, 'utf8');
    blocks = [...text.matchAll(/^```(sql|sh)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
      language,
      code,
    }));
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    simulator = await startSimulator();
    ({ postgres, programs } = await Postgres.startWithDumps());
    const as = (role: string, password: string) => `postgres://${role}:${password}@127.0.0.1:${postgres.port}/payments`;
    const paths = [join(folder, 'bin'), ...(programs === undefined ? [] : [programs]), process.env.PATH];
    env = {
      ...process.env,
      PATH: paths.join(delimiter),
      PAY_DATABASE: as('pay_server', 'change-me-2'),
      OWNER_DATABASE: as('pay_owner', 'change-me-1'),
      DAY: billDateOf(Date.now()),
    };
    const config = {
      database: { env: 'PAY_DATABASE' },
      merchants: [{ name: 'tea', ...simulator.client }],
      lease: 2_000,
    };
    await writeFile(join(folder, 'server.json'), JSON.stringify(config));
    await mkdir(join(folder, 'bin'));
    const program = `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`;
    await writeFile(join(folder, 'bin', 'wxpay-face-server'), program, { mode: 0o755 });
  });
  afterEach(() => void running?.kill('SIGKILL'));
  after(async () => {
    await postgres.stop();
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  /** As it's written, by the administrator or in a shell. @returns What it said. */
  async function carryOut({ language, code }: { language: string; code: string } = { language: '', code: '' }) {
    if (language !== 'sql') return (await run('bash', ['-euc', code], { cwd: folder, env })).stdout;
    for (const statement of code.split(';').filter((each) => each.trim() !== ''))
      await postgres.query('postgres', statement);
    return '';
  }

  /** Where it listens, and what it says to its end. */
  async function start(...more: string[]) {
    const server = spawn(process.execPath, [command, 'start', '--config', 'server.json', ...more], {
      cwd: folder,
      env,
    });
    running = server;
    let log = '';
    server.stdout.on('data', (said) => {
      log += said;
    });
    await until(() => log.includes('"started"'));
    const started = log.split('\n').find((line) => line.includes('"started"')) ?? '{}';
    const { url = '', adminUrl = '' } = JSON.parse(started);
    const stop = async () => {
      const gone = once(server, 'exit');
      server.kill('SIGTERM');
      expect(await gone).to.deep.equal([0, null]);
      return log;
    };
    return { till: new Client(url, token), adminUrl, stop };
  }

  it('has commands that do what it says, as they are written', async function () {
    if (process.platform === 'win32') this.skip();
    expect(blocks.map(({ language }) => language)).to.deep.equal(['sql', 'sh', 'sh', 'sh', 'sql', 'sh', 'sh']);
    await carryOut(blocks[0]);
    const first = await carryOut(blocks[1]);
    const exported = await carryOut(blocks[2]);
    expect(first).to.include('pay_server may use them').and.include('till 1\ttea\t1\tTeahouse\tpay,cancel');
    expect(exported).to.include('id,at,server,actor');
    token = first.split('\n')[1] ?? '';
    // What was made by the commands is a server that pays, and says nothing of an audit without protection.
    const { till, adminUrl, stop } = await start();
    expect((await till.pay('G1', '137100000000000001')).body.status).to.equal('paid');
    const now = new Date(Date.now() + 60_000).toISOString();
    const args = ['audit', 'export', '--config', 'server.json', '--from', '2026-01-01', '--to', now];
    const { stdout } = await run('wxpay-face-server', args, { cwd: folder, env });
    const actions = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).action);
    expect(actions).to.deep.equal(['terminal-added', 'pay']);
    // Each metric that it tells of is there.
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
    const there = Object.keys(samplesOf(metrics)).map((name) => name.replace(/\{.*/, ''));
    for (const [, name = ''] of text.matchAll(/`(wxpay_face_\w+)`/g))
      expect(there.includes(name) || metrics.includes(`# TYPE ${name} `), name).to.equal(true);
    expect(await stop()).not.to.include('audit-unprotected');
  });

  it('brings a lost database back, as it is written', async function () {
    // The rest of it is tried without them in restore.test.ts.
    if (programs === undefined || token === undefined) return this.skip();
    await carryOut(blocks[3]);
    const before = await start();
    expect((await before.till.pay('G2', '137100000000000002')).body.status).to.equal('paid');
    await before.stop();
    await carryOut(blocks[4]);
    await carryOut(blocks[5]);
    const { till, stop } = await start('--restored', env.DAY ?? '');
    // The terminal of that moment is known, and its sale; the later one isn't, and is not paid again.
    expect((await till.get('/v1/payments/G1')).body.status).to.equal('paid');
    const again = await till.pay('G2', '137100000000000003');
    expect([again.status, again.body.code]).to.deep.equal([503, 'ERR_RESTORED']);
    simulator.scenario = { bill: 'early' };
    const failure = await rejection(carryOut(blocks[6]));
    expect(failure).to.deep.include({ code: 3 });
    expect(Object(failure).stdout).to.match(/^\d{8}\ttea\tunknown-here\tG2\t\t\d+\t\t100\tSUCCESS\n$/);
    await until(async () => (await till.get('/healthz')).status === 200);
    expect((await till.pay('G2', '137100000000000003')).status).to.equal(409);
    expect((await till.pay('G3', '137100000000000004')).body.status).to.equal('paid');
    expect(simulator.ledger.map(({ out_trade_no, charged }) => [out_trade_no, charged])).to.deep.equal([
      ['G1', 100],
      ['G2', 100],
      ['G3', 100],
    ]);
    expect(await stop()).not.to.include('audit-unprotected');
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
