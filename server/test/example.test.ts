import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { freePort } from './support/postgres.js';
import { until } from './support/records.js';
import { TcpSwitch } from './support/tcp-switch.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const command = join(root, 'server', 'build', 'lib', 'cli', 'main.js');
const terminal = { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' };

/** The programs of examples/merchant-server, as their README says, before a simulator. */
describe('examples/merchant-server', function () {
  this.timeout(60_000);
  let folder: string;
  let simulator: Simulator;
  let url: string;
  let token: string;
  const running: ChildProcess[] = [];

  const begin = (args: string[]) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(child);
    const program = { child, output: '', code: undefined as number | null | undefined };
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        program.output += text;
      });
    child.once('close', (code) => {
      program.code = code;
    });
    return program;
  };
  const startServer = async () => {
    const server = begin([command, 'start', '--config', 'server.json']);
    await until(() => {
      if (server.code !== undefined) throw new Error(server.output);
      return fetch(`${url}/readyz`).then(
        () => true,
        () => false,
      );
    });
    return server;
  };
  const openTill = async (change: object = {}) => {
    const merchant = { server: url, token, ...change };
    const till = { merchant, library: simulator.library, pipe: simulator.env.WXPAY_FACE_PIPE, terminal };
    await writeFile(join(folder, 'till.json'), JSON.stringify(till));
    return begin(['till.js', 'till.json', '1250']);
  };
  const micropays = () => simulator.calls.filter(({ name }) => name === 'micropay').length;
  const isAsked = () => simulator.ledger.some(({ trade_state }) => trade_state === 'USERPAYING');
  const become = (scenario: Scenario) => {
    simulator.scenario = scenario;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-example-'));
    await cp(join(root, 'examples', 'merchant-server'), folder, { recursive: true });
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules', 'wxpay-face'), 'junction');
    simulator = await startSimulator();
    const { certificate, key, ...client } = simulator.client;
    if (certificate === undefined || !('cert' in certificate)) throw new Error('the simulator has a certificate');
    await writeFile(join(folder, 'key.txt'), `${key}\n`);
    await writeFile(join(folder, 'apiclient_cert.pem'), certificate.cert);
    await writeFile(join(folder, 'apiclient_key.pem'), certificate.key);
    // The configuration as it is, but for what makes it the simulator's merchant.
    const config = JSON.parse(await readFile(join(folder, 'server.json'), 'utf8'));
    const [port, [merchant]] = [await freePort(), config.merchants];
    const own = { ...config, merchants: [{ ...merchant, ...client }], listen: { port } };
    await writeFile(join(folder, 'server.json'), JSON.stringify(own));
    url = `http://127.0.0.1:${port}`;
    const given = ['--name', 'TILL-1', '--merchant', 'tea', '--store-id', 'SZTX001', '--store-name', '腾大餐厅'];
    const args = [command, 'terminal', 'add', '--config', 'server.json', ...given];
    token = (await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout.trim();
  });
  afterEach(async () => {
    for (const child of running.splice(0))
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
      }
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  it('takes a payment for a till that has no key', async () => {
    await startServer();
    const till = await openTill();
    await until(() => till.code !== undefined);
    expect([till.code, /TILL-1-\S+ paid/.test(till.output)], till.output).to.deep.equal([0, true]);
    expect(till.output).to.include('camera ready, server reachable, 0 unfinished');
    expect(simulator.ledger.map(({ charged }) => charged)).to.deep.equal([1250]);
  });

  it('refuses a terminal whose token it doesn’t know, and says so', async () => {
    await startServer();
    const till = await openTill({ token: 'stolen' });
    await until(() => till.code !== undefined);
    expect(till.code, till.output).to.equal(1);
    expect(till.output).to.include('merchant-refused').and.include('merchant.token').and.not.include('stolen');
    expect(micropays()).to.equal(0);
  });

  it('tells a till the outcome after the line broke, and the server was killed, in the middle of the payment', async () => {
    become({ payment: 'password', password: 'waiting' });
    const server = await startServer();
    const line = await TcpSwitch.start(url);
    try {
      const till = await openTill({ server: line.url });
      await until(isAsked);
      line.breakAll();
      server.child.kill('SIGKILL');
      await until(() => server.code !== undefined);
      await startServer();
      await until(() => simulator.act('enter-password'));
      await until(() => till.code !== undefined);
      expect([till.code, /TILL-1-\S+ paid/.test(till.output)], till.output).to.deep.equal([0, true]);
      expect(micropays()).to.equal(1);
    } finally {
      await line.close();
    }
  });

  it('tells a till after its restart how a payment ended in whose middle it was killed', async () => {
    become({ payment: 'password', password: 'waiting' });
    await startServer();
    const killed = await openTill();
    await until(isAsked);
    const [sale] = simulator.ledger;
    killed.child.kill('SIGKILL');
    await until(() => killed.code !== undefined);
    expect(simulator.act('enter-password')).to.equal(true);
    become('success');
    const told = `${sale?.out_trade_no} paid`;
    await until(async () => {
      const till = await openTill();
      await until(() => till.code !== undefined);
      return till.output.includes(told);
    });
    const later = await openTill();
    await until(() => later.code !== undefined);
    expect(later.output).to.not.include(told);
  });

  it('gives up for the cashier a payment that waits for the customer’s password', async () => {
    become('userpaying-forever');
    await startServer();
    const till = await openTill();
    await until(isAsked);
    till.child.kill('SIGINT');
    await until(() => till.code !== undefined);
    expect([till.code, /TILL-1-\S+ reversing/.test(till.output)], till.output).to.deep.equal([0, true]);
  });
});
