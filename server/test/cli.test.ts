import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { Visitor } from './support/visitor.js';

const command = fileURLToPath(new URL('../lib/cli/main.js', import.meta.url));

describe('wxpay-face-server', function () {
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

  const spawned = (args: readonly string[], env: Record<string, string> = {}): ChildProcess =>
    spawn(process.execPath, [command, ...args], { cwd: folder, env: { ...process.env, ...env } });

  async function run(args: readonly string[], env?: Record<string, string>) {
    const child = spawned(args, env);
    const said = { out: '', error: '' };
    child.stdout?.on('data', (text) => {
      said.out += text;
    });
    child.stderr?.on('data', (text) => {
      said.error += text;
    });
    const [code] = await once(child, 'exit');
    return { code, ...said };
  }

  /** Resolves when its log has such a line. */
  async function said({ stdout }: ChildProcess, what: RegExp): Promise<void> {
    for (let text = ''; stdout !== null && !what.test(text); ) text += String((await once(stdout, 'data'))[0]);
  }

  for (const kind of ['folder', 'database'] as const)
    it(`starts by its configuration with a ${kind}, and takes terminals in and out beside it`, async () => {
      const { key, certificate, ca, ...client } = simulator.client;
      const { cert, key: certificateKey } = Object(certificate);
      await writeFile(join(folder, 'cert.pem'), cert);
      await writeFile(join(folder, 'cert-key.pem'), certificateKey);
      await writeFile(join(folder, 'ca.pem'), String(ca));
      await writeFile(join(folder, 'key.txt'), `${key}\n`);
      const v3 = simulator.clientV3;
      await writeFile(join(folder, 'v3-key.pem'), String(v3.privateKey));
      const [gateway] = v3.verify;
      await writeFile(join(folder, 'gateway.pem'), String(Object(gateway).publicKey));
      const config = {
        ...(kind === 'folder' ? { folder: 'journal' } : { database: { env: 'PAY_DATABASE' } }),
        merchants: [
          {
            name: 'tea',
            ...client,
            key: { file: 'key.txt' },
            ca: { file: 'ca.pem' },
            certificate: { cert: { file: 'cert.pem' }, key: { file: 'cert-key.pem' } },
            // By API v3, too.
            ...(kind === 'database' && {
              v3: {
                serial_no: v3.serial_no,
                store: v3.store,
                privateKey: { file: 'v3-key.pem' },
                verify: [{ id: Object(gateway).id, publicKey: { file: 'gateway.pem' } }],
              },
            }),
          },
        ],
      };
      const file = join(folder, `${kind}.json`);
      await writeFile(file, JSON.stringify(config));
      const env = { PAY_DATABASE: postgres.url(await postgres.database()) };
      const server = spawned(['start', '--config', file], env);
      try {
        const [line] = await once(server.stdout ?? server, 'data');
        const url = /listening (http:\S+)/.exec(String(line))?.[1] ?? '';
        const shop = ['--merchant', 'tea', '--store-id', '1', '--store-name', '茶馆', '--config', file];
        const limit = ['--refund-limit', '5000'];
        const added = await run(['terminal', 'add', '--name', 'till', ...shop, ...limit], env);
        expect([added.code, added.error]).to.deep.equal([0, '']);
        const till = new Client(url, added.out.trim());
        const paid = await till.pay(`C-${kind}`, kind === 'folder' ? '130000000000000001' : '130000000000000002');
        expect(paid.body).to.include({ status: 'paid' });
        const call = simulator.calls.find(({ out_trade_no }) => out_trade_no === `C-${kind}`);
        expect(call?.name).to.equal(kind === 'folder' ? 'micropay' : 'codepay');
        expect((await run(['terminal', 'list', '--config', file], env)).out).to.equal(
          'till\ttea\t1\t茶馆\tpay,cancel\t5000\n',
        );
        if (process.platform !== 'win32') {
          const [merchant] = config.merchants;
          await writeFile(file, JSON.stringify({ ...config, merchants: [merchant, { ...merchant, name: 'coffee' }] }));
          server.kill('SIGHUP');
          await said(server, /"merchants-not-reloaded".*merchants.*number/);
          expect((await till.get('/v1/identity')).status).to.equal(200);
          await writeFile(file, JSON.stringify({ ...config, merchants: [{ ...merchant, name: 'coffee' }] }));
          server.kill('SIGHUP');
          await said(server, /"merchants-reloaded"/);
          expect((await till.get('/v1/identity')).status).to.equal(401);
          await writeFile(file, JSON.stringify(config));
          server.kill('SIGHUP');
          await said(server, /"merchants-reloaded"/);
          expect((await till.get('/v1/identity')).status).to.equal(200);
        }
        const person = ['--name', 'Li', '--config', file];
        const named = await run(['person', 'add', '--merchants', 'tea', '--role', 'look', ...person], env);
        expect([named.code, named.error]).to.deep.equal([0, '']);
        const visitor = new Visitor(`${/"adminUrl":"([^"]+)"/.exec(String(line))?.[1]}/`);
        expect((await visitor.signIn(named.out.trim())).body).to.include({ name: 'Li' });
        expect((await run(['person', 'list', '--config', file], env)).out).to.equal('Li\tlook\ttea\n');
        expect((await run(['person', 'remove', ...person], env)).code).to.equal(0);
        expect((await visitor.get('session')).status).to.equal(401);
        for (const wrong of [
          ['remove'],
          ['add', '--merchants', 'coffee', '--role', 'look'],
          ['add', '--merchants', 'tea', '--role', 'rule'],
        ])
          expect((await run(['person', ...wrong, ...person], env)).code, String(wrong)).to.equal(1);
        expect((await run(['terminal', 'remove', '--name', 'till', '--config', file], env)).code).to.equal(0);
        expect((await till.get('/v1/identity')).status).to.equal(401);
        expect((await run(['terminal', 'remove', '--name', 'till', '--config', file], env)).code).to.equal(1);
      } finally {
        server.kill('SIGTERM');
      }
      expect(await once(server, 'exit')).to.deep.equal([0, null]);
    });

  it('says what is wrong with its configuration, and quotes no secret', async () => {
    const file = join(folder, 'wrong.json');
    const wrong: ReadonlyArray<readonly [unknown, RegExp]> = [
      [{ merchants: [] }, /merchants must be a list/],
      [{ folder: 'j', merchants: [{ name: 'tea', key: { env: 'NOT_SET' } }] }, /merchants\[0\]\.key.*NOT_SET/],
      [{ folder: 'j', merchants: [{ name: 'tea', key: { file: 'none.txt' } }] }, /merchants\[0\]\.key.*none\.txt/],
      [{ folder: 'j', merchants: [{ name: 'tea', key: 's3cret' }] }, /appid|mch_id|key/],
      [{ merchants: [{ name: 'tea' }] }, /database or folder/],
    ];
    for (const [config, expected] of wrong) {
      await writeFile(file, JSON.stringify(config));
      const { code, error } = await run(['start', '--config', file]);
      expect([code, expected.test(error)], error).to.deep.equal([1, true]);
      expect(error).not.to.include('s3cret');
    }
    await writeFile(file, '{ "key": "s3cret" ');
    expect((await run(['start', '--config', file])).error).to.match(/no JSON/);
    expect((await run(['nothing'])).code).to.equal(2);
  });
});
