import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { Client } from './support/client.js';
import { sharedPostgres } from './support/postgres.js';
import { ServerCommand } from './support/server-command.js';

const mebibyte = 1_024 * 1_024;

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));

/** What an answer begins with, or nothing if the connection was closed without one. */
async function answerTo(port: number, ...pieces: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  // One that's closed while it still sends.
  socket.on('error', () => {});
  await once(socket, 'connect');
  for (const piece of pieces) socket.write(piece);
  await closed(socket);
  return answer.split('\r\n')[0] ?? '';
}

describe('A merchant server before hostile requests', function () {
  this.timeout(120_000);
  let simulator: Simulator;
  let server: ServerCommand;
  let port: number;
  let token: string;
  let till: Client;
  let other: Client;
  let numbers = 0;
  let rows: () => Promise<number>;

  before(async () => {
    simulator = await startSimulator();
    const postgres = await sharedPostgres();
    const database = await postgres.database();
    const merchants = [{ name: 'tea', ...simulator.client }];
    server = await ServerCommand.of({ database: postgres.url(database), merchants });
    expect(await server.start(), server.said).to.equal(true);
    port = Number(new URL(server.url).port);
    const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
    token = await server.addTerminal({ name: 'till 1', ...shop, can: ['pay', 'cancel', 'refund'] });
    till = new Client(server.url, token);
    other = new Client(server.url, await server.addTerminal({ name: 'till 2', ...shop, store_id: '2' }));
    rows = async () => {
      const [found] = await postgres.query(database, 'select count(*)::int as "count" from wxpay_face.record');
      return Number(found?.count);
    };
  });
  after(async () => {
    await server?.dispose();
    await simulator.close();
  });

  const newNumber = (): string => {
    numbers += 1;
    return `X${numbers}`;
  };
  const newCode = (): string => {
    numbers += 1;
    return `13${String(numbers).padStart(16, '0')}`;
  };
  /** A good till sells, whatever else goes on; and the server's memory is bounded. */
  const isWell = async (): Promise<void> => {
    const { status, body } = await till.pay(newNumber(), newCode());
    expect(status).to.equal(200);
    expect(body).to.include({ status: 'paid' });
    expect((await server.memory()).most).to.be.below(300 * mebibyte);
  };

  it('refuses who has no token, another one, or another till’s number, and writes nothing down', async () => {
    const number = newNumber();
    expect((await till.pay(number, newCode())).status).to.equal(200);
    const before = await rows();
    const paths: ReadonlyArray<readonly [string, string, unknown?]> = [
      ['GET', `/v1/payments/${number}`],
      ['DELETE', `/v1/payments/${number}`],
      ['GET', `/v1/payments/${number}/progress`],
      ['POST', `/v1/payments/${number}/acknowledge`, { revision: 2 }],
    ];
    for (const stranger of [undefined, 'x', `${token}x`, token.slice(1), "' or true --"].map(
      (each) => new Client(server.url, each),
    ))
      for (const [method, path, body] of paths)
        expect([401, 429]).to.include((await stranger.ask(method, path, body)).status);
    for (const [method, path, body] of paths) expect((await other.ask(method, path, body)).status).to.equal(404);
    expect((await other.pay(number, newCode())).status).to.equal(409);
    expect(await rows()).to.equal(before);
    expect((await till.get(`/v1/payments/${number}`)).body).to.include({ status: 'paid' });
    await isWell();
  });

  it('reads no body of 10 MB', async () => {
    const head = `PUT /v1/payments/${newNumber()} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
    const body = 'x'.repeat(10 * mebibyte);
    const attempts = Array.from({ length: 20 }, () =>
      answerTo(port, `${head}content-length: ${body.length}\r\n\r\n`, body),
    );
    for (const answer of await Promise.all(attempts)) expect(['', 'HTTP/1.1 413 Payload Too Large']).to.include(answer);
    const chunk = `${mebibyte.toString(16)}\r\n${'x'.repeat(mebibyte)}\r\n`;
    const chunked = await answerTo(port, `${head}transfer-encoding: chunked\r\n\r\n`, ...Array(10).fill(chunk));
    expect(['', 'HTTP/1.1 413 Payload Too Large']).to.include(chunked);
    await isWell();
  });

  it('sells while a thousand connections say nothing, or send a letter at a time, and ends those', async () => {
    const sockets: Socket[] = [];
    for (let index = 0; index < 1_000; index += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      sockets.push(socket);
    }
    await Promise.all(sockets.map((socket) => (socket.connecting ? once(socket, 'connect') : undefined)));
    const slow = sockets.slice(0, 200);
    for (const socket of slow) socket.write(`PUT /v1/payments/S1 HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n`);
    const dripping = setInterval(() => {
      for (const socket of slow) socket.write('x');
    }, 500);
    await isWell();
    // However slowly they go on.
    await Promise.all(slow.map(closed));
    clearInterval(dripping);
    await isWell();
    for (const socket of sockets) socket.destroy();
  });

  it('takes SQL in any field for the text that it is, or refuses it', async () => {
    const sql = `'; drop table wxpay_face.record; drop schema wxpay_face cascade; --`;
    const before = await rows();
    const named = encodeURIComponent(sql);
    for (const path of [`/v1/payments/${named}`, `/v1/refunds/${named}`, `/v1/payments/${named}/refunds`])
      expect([400, 404]).to.include((await till.get(path)).status);
    expect((await till.pay(named, newCode())).status).to.equal(400);
    for (const field of [
      'body',
      'attach',
      'detail',
      'goods_tag',
      'device_info',
      'limit_pay',
      'time_start',
      'receipt',
    ]) {
      const order = { total_fee: 100, body: 'Tea', [field]: sql };
      const answer = await till.ask('PUT', `/v1/payments/${newNumber()}`, { order, code: { auth_code: newCode() } });
      expect([200, 400], field).to.include(answer.status);
    }
    const coded = await till.pay(newNumber(), sql);
    expect(coded.status).to.equal(400);
    expect((await till.pay(newNumber(), newCode(), { key: sql })).status).to.equal(200);
    expect((await till.get(`/v1/unacknowledged?wait=${named}`)).status).to.equal(400);
    expect(await rows()).to.be.greaterThan(before);
    await isWell();
  });

  it('pays once and refunds once, however often a request is replayed', async () => {
    const [number, code] = [newNumber(), newCode()];
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all([1, 2, 3].map(() => till.pay(number, code, { key: 'one' })));
      for (const { status, body } of answers) expect(status === 200 ? body.status : status).to.equal('paid');
    }
    expect((await till.pay(number, newCode(), { key: 'two' })).status).to.equal(409);
    const refund = () => till.ask('PUT', `/v1/refunds/R-${number}?wait=5`, { out_trade_no: number, refund_fee: 40 });
    for (const { status } of await Promise.all([refund(), refund(), refund()])) expect(status).to.equal(200);
    const sent = (call: string) =>
      simulator.calls.filter(({ name, request }) => name === call && request.out_trade_no === number).length;
    expect(sent('micropay')).to.equal(1);
    expect(sent('refund')).to.equal(1);
    expect(simulator.ledger.find(({ out_trade_no }) => out_trade_no === number)).to.include({
      charged: 100,
      refunded: 40,
    });
  });

  it('ends floods of headers, and what is no HTTP', async () => {
    const flood = `GET /v1/identity HTTP/1.1\r\nhost: x\r\n${'x-flood: y\r\n'.repeat(100_000)}\r\n`;
    expect(['', 'HTTP/1.1 431 Request Header Fields Too Large']).to.include(await answerTo(port, flood));
    const long = `GET /v1/identity HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${'x'.repeat(mebibyte)}\r\n\r\n`;
    expect(['', 'HTTP/1.1 431 Request Header Fields Too Large']).to.include(await answerTo(port, long));
    const garbage = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n\0\x01\x02 garbage\r\n\r\n';
    expect(await answerTo(port, garbage.repeat(100))).to.match(/^HTTP\/1\.1 (?:200|400|404|503) /);
    await isWell();
  });
});
