import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { writeSimulatorConfig } from '../../lib/cli/simulator-config.js';
import { skip } from '../support/skip.js';
import { cleanUp, install, later, start } from './example.js';

const terminal = { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' };

/** A wire between till and server that can be cut. */
async function wire(target: URL) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => undefined).on('close', () => to.destroy());
    }
    return undefined;
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  later(() => {
    cut();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    mend: () => {
      isCut = false;
    },
  };
}

/** An installed example, and a server's configuration for it without terminals. */
function prepare(simulator: Simulator) {
  const folder = install('merchant-server');
  writeSimulatorConfig(simulator, join(folder, 'simulator.json'));
  const { library, pipe, terminal: _, ...merchant } = JSON.parse(readFileSync(join(folder, 'simulator.json'), 'utf8'));
  return { folder, library, pipe, merchant };
}

async function open(scenario: Scenario) {
  const simulator = await startSimulator({ scenario });
  later(() => simulator.close());
  const { folder, library, pipe, merchant } = prepare(simulator);
  const token = randomBytes(32).toString('base64url');
  const hash = createHash('sha256').update(token).digest('hex');
  const config = { ...merchant, port: 0, terminals: { [terminal.device_id]: hash } };
  writeFileSync(join(folder, 'server.json'), JSON.stringify(config));
  const server = start(folder, ['server.js']);
  const [, origin = ''] = await server.says(/listening (\S+)/);
  // A restarted server comes back where its tills know it.
  const restartServer = async () => {
    writeFileSync(join(folder, 'server.json'), JSON.stringify({ ...config, port: Number(new URL(origin).port) }));
    const restarted = start(folder, ['server.js']);
    await restarted.says(/listening/);
    return restarted;
  };
  const openTill = (url = origin, { token: other = token } = {}) => {
    writeFileSync(
      join(folder, 'till.json'),
      JSON.stringify({ server: { url, token: other }, library, pipe, terminal }),
    );
    return start(folder, ['till.js', 'till.json', '1250']);
  };
  return { simulator, server, origin, token, openTill, restartServer };
}

describe('examples/merchant-server', () => {
  before(function () {
    if (Number(process.versions.node.split('.')[0]) < 20) return skip(this, 'fastify 5 needs Node.js 20');
  });
  afterEach(cleanUp);

  it('takes a payment for a till that has no key', async () => {
    const { simulator, openTill } = await open('success');
    const till = openTill();
    await till.says(/TILL-1-\S+ paid/);
    expect(await till.ended).to.equal(0);
    expect(simulator.ledger.map(({ charged }) => charged)).to.deep.equal([1250]);
  });

  it('refuses a terminal whose token it does not know', async () => {
    const { simulator, openTill } = await open('success');
    const till = openTill(undefined, { token: 'stolen' });
    expect(await till.ended).not.to.equal(0);
    expect(till.output()).to.include('unknown terminal');
    expect(simulator.calls).to.deep.equal([]);
  });

  it('shows a terminal nothing of another one’s payments', async () => {
    const { origin, token } = await open('success');
    const headers = { authorization: `Bearer ${token}` };
    // Not fetch: its way to connect fails under Wine.
    const statusOf = (path: string) =>
      new Promise<number | undefined>((settle, reject) =>
        get(`${origin}${path}`, { headers }, (response) => settle(response.resume().statusCode)).on('error', reject),
      );
    expect(await statusOf('/payments/TILL-2-1')).to.equal(403);
    expect(await statusOf('/payments/TILL-1-1')).to.equal(404);
  });

  it('does not start where one terminal’s numbers look like another’s', async () => {
    const simulator = await startSimulator();
    later(() => simulator.close());
    const { folder, merchant } = prepare(simulator);
    const config = { ...merchant, port: 0, terminals: { 'TILL-1': 'a', TILL: 'b', 'TILL-10': 'c' } };
    writeFileSync(join(folder, 'server.json'), JSON.stringify(config));
    const server = start(folder, ['server.js']);
    expect(await server.ended).to.equal(1);
    expect(server.output()).to.include('terminal "TILL" would see the payments of "TILL-1"');
  });

  it('tells a till the outcome after the line between them broke in the middle of the payment', async () => {
    const { simulator, origin, openTill } = await open({ payment: 'password', password: 'waiting' });
    const line = await wire(new URL(origin));
    const till = openTill(line.url);
    await till.says(/getWxpayfaceCode/);
    // The payment is under way at the gateway.
    while (!simulator.ledger.some(({ trade_state }) => trade_state === 'USERPAYING'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    line.cut();
    expect(simulator.act('enter-password')).to.equal(true);
    line.mend();
    await till.says(/TILL-1-\S+ paid/);
    expect(await till.ended).to.equal(0);
    expect(simulator.calls.filter(({ name }) => name === 'micropay')).to.have.length(1);
  }).timeout(40_000);

  it('tells a till the outcome after the server itself died in the middle of the payment', async () => {
    const { simulator, server, openTill, restartServer } = await open({ payment: 'password', password: 'waiting' });
    const till = openTill();
    await till.says(/getWxpayfaceCode/);
    while (!simulator.ledger.some(({ trade_state }) => trade_state === 'USERPAYING'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    server.process.kill('SIGKILL');
    await server.ended;
    expect(simulator.act('enter-password')).to.equal(true);
    const restarted = await restartServer();
    await till.says(/TILL-1-\S+ paid/);
    expect(restarted.output()).to.match(/recovered TILL-1-\S+: paid/);
    expect(simulator.calls.filter(({ name }) => name === 'micropay')).to.have.length(1);
  }).timeout(40_000);

  it('tells a till after its restart how a payment ended in whose middle it was killed, once', async () => {
    const { simulator, openTill } = await open({ payment: 'password', password: 'waiting' });
    const killed = openTill();
    await killed.says(/getWxpayfaceCode/);
    while (!simulator.ledger.some(({ trade_state }) => trade_state === 'USERPAYING'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const [sale] = simulator.ledger;
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect(simulator.act('enter-password')).to.equal(true);
    simulator.scenario = 'success';
    const told = new RegExp(`${sale?.out_trade_no} paid`);
    let till = openTill();
    // The server may not have asked the gateway yet.
    while ((await till.ended) === 0 && !told.test(till.output())) till = openTill();
    expect(told.test(till.output()), till.output()).to.equal(true);
    const later = openTill();
    expect(await later.ended).to.equal(0);
    expect(later.output()).not.to.match(told);
  }).timeout(60_000);

  it('gives up for the cashier a payment that waits for the customer’s password', async function () {
    if (process.platform === 'win32') return skip(this, 'a signal sent to another process of Windows ends it');
    const { simulator, openTill } = await open('userpaying-forever');
    const till = openTill();
    await till.says(/getWxpayfaceCode/);
    while (!simulator.ledger.some(({ trade_state }) => trade_state === 'USERPAYING'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    till.process.kill('SIGINT');
    await till.says(/TILL-1-\S+ reversing/);
    expect(await till.ended).to.equal(0);
  }).timeout(40_000);
});
