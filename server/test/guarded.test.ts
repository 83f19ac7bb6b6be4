import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as ask } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, startMerchantServer } from '../lib/index.js';
import { issue } from './support/certificates.js';
import { Visitor } from './support/visitor.js';

/** What comes back, whole. */
async function answerTo(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

describe('The address of the page', function () {
  this.timeout(60_000);
  let folder: string;
  let simulator: Simulator;
  let server: MerchantServer;

  before(async () => {
    simulator = await startSimulator();
  });
  after(() => simulator.close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    server = await startMerchantServer({ folder, merchants: [{ name: 'tea', ...simulator.client }] });
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);

  it('has its Content-Security-Policy also where it refuses what it can’t read, or doesn’t know', async () => {
    const host = 'host: x\r\nconnection: close\r\n';
    const json = 'content-type: application/json\r\n';
    const requests: ReadonlyArray<readonly [text: string, status: number]> = [
      ['no http\r\n\r\n', 400],
      ['GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 200],
      [`GET /${'%'} HTTP/1.1\r\n${host}\r\n`, 400],
      [`GET /nothing HTTP/1.1\r\n${host}\r\n`, 404],
      [`DELETE /metrics HTTP/1.1\r\n${host}\r\n`, 404],
      [`BREW / HTTP/1.1\r\n${host}\r\n`, 400],
      [`GET / HTTP/1.1\r\n${host}x: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
      [`GET / HTTP/1.1\r\n${host}expect: nothing\r\n\r\n`, 417],
      [`GET / HTTP/1.1\r\n${host}transfer-encoding: chunked\r\n\r\nno length\r\n`, 400],
      [`POST /session HTTP/1.1\r\n${host}${json}content-length: 20000\r\n\r\n${'x'.repeat(20_000)}`, 413],
      [`POST /session HTTP/1.1\r\n${host}${json}content-length: 1\r\n\r\n{`, 400],
      [`POST /session HTTP/1.1\r\n${host}content-type: text/xml\r\ncontent-length: 1\r\n\r\n{`, 415],
      [`POST /act HTTP/1.1\r\n${host}${json}content-length: 2\r\n\r\n{}`, 403],
      [`OPTIONS / HTTP/1.1\r\n${host}\r\n`, 404],
    ];
    for (const [text, status] of requests) {
      const answer = await answerTo(server.adminUrl, text);
      expect(statusOf(answer), text.slice(0, 80)).to.equal(status);
      expect(answer.match(/^content-security-policy: /gim), text.slice(0, 80)).to.have.length(1);
      expect(answer)
        .to.match(/^content-security-policy: default-src 'none'; script-src 'self'; /im)
        .and.match(/^x-content-type-options: nosniff\r$/im)
        .and.match(/^cache-control: no-store\r$/im);
    }
  });

  it('slows down those who guess together, each at an address of its own', async function () {
    // Where the whole network of the loopback is this machine's.
    if (process.platform !== 'linux') this.skip();
    const { port, origin } = new URL(server.adminUrl);
    const guess = (address: number): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const headers = { origin, 'content-type': 'application/json' };
        const options = { host: '127.0.0.1', port, path: '/session', method: 'POST', headers, agent: false };
        const asked = ask({ ...options, localAddress: `127.0.1.${address}` }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.once('error', reject);
        asked.end(JSON.stringify({ token: `guess-${address}` }));
      });
    const statuses: Array<number | undefined> = [];
    for (let address = 1; address <= 130; address += 1) statuses.push(await guess(address));
    expect(statuses.slice(0, 100)).to.deep.equal(Array(100).fill(401));
    expect(statuses.slice(-10)).to.include(429);
    const { token } = await server.addPerson({ name: 'Li', merchants: ['tea'], role: 'look' });
    const visitor = new Visitor(`${server.adminUrl}/`);
    // Who has a token waits with them, for seconds: what they are told says how many.
    let { status, headers } = await visitor.signIn(token);
    if (status === 429) expect(Number(headers.get('retry-after'))).to.be.within(1, 10);
    while (status === 429) ({ status, headers } = await visitor.signIn(token));
    expect(status).to.equal(200);
  });

  it('says on every other address than the loopback that it needs TLS, and takes it', async () => {
    const authority = issue('The operator');
    const { cert, key } = issue('127.0.0.1', authority);
    const secured = await startMerchantServer({
      folder: join(folder, 'secured'),
      merchants: [{ name: 'tea', ...simulator.client }],
      admin: { host: '0.0.0.0', tls: { cert, key } },
    });
    try {
      const { port, protocol } = new URL(secured.adminUrl);
      expect(protocol).to.equal('https:');
      const { token } = await secured.addPerson({ name: 'Li', merchants: ['tea'], role: 'look' });
      const signIn = (headers: Record<string, string>) =>
        new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
          const asked = request(
            `https://127.0.0.1:${port}/session`,
            { method: 'POST', ca: authority.cert, headers: { 'content-type': 'application/json', ...headers } },
            (answer) => {
              answer.resume();
              resolve({ status: answer.statusCode, headers: answer.headers });
            },
          );
          asked.once('error', reject);
          asked.end(JSON.stringify({ token }));
        });
      const inside = await signIn({ origin: `https://127.0.0.1:${port}` });
      expect(inside.status).to.equal(200);
      expect(String(inside.headers['set-cookie'])).to.match(/; HttpOnly; Secure; SameSite=Strict$/);
      expect(inside.headers['content-security-policy']).to.include("default-src 'none'");
      expect((await signIn({ origin: `http://127.0.0.1:${port}` })).status).to.equal(403);
      // Who speaks no TLS there is told nothing at all.
      expect(await answerTo(secured.adminUrl, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')).not.to.include('wxpay-face');
    } finally {
      await secured.close();
    }
  });
});
