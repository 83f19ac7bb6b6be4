import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { PayClient } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { startMerchantServer } from '../lib/index.js';
import { events, onEvent, tell } from '../lib/operation/events.js';
import { logEvents } from '../lib/operation/logs.js';
import { Client } from './support/client.js';
import { Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';

const command = fileURLToPath(new URL('../lib/cli/main.js', import.meta.url));

describe('The log of a merchant server', function () {
  this.timeout(60_000);
  let folder: string;
  let simulator: Simulator;
  let postgres: Postgres;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(async () => {
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  const started = (file: string): ChildProcess => spawn(process.execPath, [command, 'start', '--config', file]);

  it('is lines of JSON about what an operator should know, without a secret that was used', async () => {
    const database = postgres.url(await postgres.database());
    const file = join(folder, 'server.json');
    const merchants = [{ name: 'tea', ...simulator.client }];
    await writeFile(file, JSON.stringify({ database, merchants, lease: 1_000 }));
    const server = started(file);
    const said = { out: '', error: '' };
    server.stdout?.on('data', (text) => {
      said.out += text;
    });
    server.stderr?.on('data', (text) => {
      said.error += text;
    });
    const all = (): Array<Record<string, unknown>> =>
      said.out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    const has = (event: string) => all().some((line) => line.event === event);
    const codes = ['139900000000000001', '139900000000000002'];
    const secrets = [simulator.client.key, String(Object(simulator.client.certificate).key), 'till:secret', ...codes];
    try {
      await until(() => has('audit-unprotected'));
      const [first] = all();
      expect(first).to.include({ level: 'info', event: 'started' });
      const { url = '', adminUrl = '' } = Object(first);
      expect(Object(first).msg).to.equal(`listening ${url} for terminals, admin ${adminUrl} for people`);
      const shop = ['--merchant', 'tea', '--store-id', '1', '--store-name', '茶馆', '--config', file];
      const adding = spawn(process.execPath, [command, 'terminal', 'add', '--name', 'till', ...shop]);
      let token = '';
      adding.stdout.on('data', (text) => {
        token += text;
      });
      await once(adding, 'close');
      const till = new Client(url, token.trim());
      secrets.push(token.trim(), 'a-token-that-nobody-has');
      const { status, openid } = (await till.pay('L1', codes[0] ?? '')).body;
      expect(status).to.equal('paid');
      if (openid !== undefined) secrets.push(String(openid));
      for (const _ of [1, 2]) await new Client(url, 'a-token-that-nobody-has').get('/v1/identity');
      // A number that somebody else has sold.
      await new PayClient(simulator.client).micropay({
        out_trade_no: 'L2',
        total_fee: 5,
        body: 'Tea',
        auth_code: '139900000000000003',
      });
      expect((await till.pay('L2', codes[1] ?? '')).body.status).to.equal('attention');
      await until(() => has('attention') && has('tokens-refused'));
      const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
      server.kill('SIGTERM');
      expect(await once(server, 'exit')).to.deep.equal([0, null]);
      for (const text of [said.out, said.error, metrics])
        for (const secret of secrets) expect(text).not.to.include(secret);
    } finally {
      server.kill('SIGKILL');
    }
    const lines = all();
    const names = lines.map(({ event }) => event);
    for (const event of ['started', 'attention', 'tokens-refused', 'stopping', 'stopped'])
      expect(names).to.include(event);
    expect(lines.find(({ event }) => event === 'attention')).to.include({ level: 'error', number: 'L2' });
    for (const { event, level, time, msg } of lines) {
      expect(Object.keys(events)).to.include(event);
      expect(['info', 'warn', 'error']).to.include(level);
      expect(new Date(String(time)).getTime()).to.be.within(Date.now() - 60_000, Date.now());
      expect(msg).to.be.a('string');
    }
  });

  it('leaves out what nobody means to log, should it be told all the same', () => {
    let text = '';
    const stop = logEvents({
      write: (line) => {
        text += line;
      },
    });
    const secret = { authorization: 's3cret', token: 's3cret', key: 's3cret', auth_code: 's3cret', openid: 's3cret' };
    tell({ event: 'attention', server: 'one', number: 'A1', ...secret });
    stop();
    tell({ event: 'attention', server: 'one', number: 'A2' });
    expect(text).to.include('A1').and.not.to.include('s3cret').and.not.to.include('A2');
  });

  it('tells when the database is away and back, and the lease lost and good again', async () => {
    const own = await Postgres.start();
    const told: string[] = [];
    const server = await startMerchantServer({
      database: own.url(),
      merchants: [{ name: 'tea', ...simulator.client }],
      lease: 1_000,
    });
    const stop = onEvent(({ event, server: id }) => {
      if (id === server.id) told.push(event);
    });
    try {
      await own.stopAtOnce();
      await until(() => told.includes('lease-lost'));
      expect((await fetch(`${server.url}/healthz`)).status).to.equal(503);
      expect(await (await fetch(`${server.adminUrl}/metrics`)).text()).to.match(/^wxpay_face_lease_good 0$/m);
      await own.startAgain();
      await until(() => told.includes('lease-renewed'));
      // Webhooks and bills say so, too, whenever they notice.
      const ofPayments = told.filter((event) => event !== 'jobs-waiting');
      expect(ofPayments).to.deep.equal(['database-away', 'lease-lost', 'database-back', 'lease-renewed']);
      expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
    } finally {
      stop();
      await server.close();
      await own.stop();
    }
  });
});
