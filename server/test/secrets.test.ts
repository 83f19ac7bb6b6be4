import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openTill } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServerOptions, startMerchantServer } from '../lib/index.js';
import { billDateOf } from '../lib/jobs/nights/days.js';
import { logEvents } from '../lib/operation/logs.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { Receiver } from './support/receiver.js';
import { until } from './support/records.js';
import { Visitor } from './support/visitor.js';

const command = fileURLToPath(new URL('../lib/cli/main.js', import.meta.url));

/** A line between tills and server on which all is heard. */
async function tappedLine(to: string): Promise<{ url: string; heard: () => string; server: Server }> {
  let heard = '';
  const server = createServer((socket) => {
    const on = connect(Number(new URL(to).port), '127.0.0.1');
    for (const [from, other] of [
      [socket, on],
      [on, socket],
    ] as const) {
      from.on('data', (data) => {
        heard += data;
      });
      from.on('error', () => other.destroy());
      from.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${Object(server.address()).port}`, heard: () => heard, server };
}

/** What a process says. */
function listenTo(child: ChildProcess): { out: string; error: string } {
  const said = { out: '', error: '' };
  child.stdout?.on('data', (text) => {
    said.out += text;
  });
  child.stderr?.on('data', (text) => {
    said.error += text;
  });
  return said;
}

/** Without its first and last line, and without its first characters, which all keys have in common. */
const linesOf = (pem: unknown): string[] => String(pem).trim().split(/\r?\n/).slice(2, -1);

describe('What the servers know and nobody else is to', function () {
  this.timeout(120_000);
  let folder: string;
  let simulator: Simulator;
  let postgres: Postgres;
  let database: string;
  let receiver: Receiver;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    simulator = await startSimulator({ scenario: { faceDelay: 10, confirmDelay: 0, bill: 'early' } });
    postgres = await sharedPostgres();
    database = await postgres.database();
    receiver = await Receiver.start();
  });
  after(async () => {
    await receiver.close();
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  const run = async (...args: string[]): Promise<string> => {
    const child = spawn(process.execPath, [command, ...args, '--config', join(folder, 'server.json')]);
    const said = listenTo(child);
    await once(child, 'close');
    return said.out + said.error;
  };
  /** Each table of theirs but the payments' own, row by row. */
  const rowsOf = async (...schemas: string[]): Promise<string> => {
    const tables = await postgres.query(
      database,
      `select format('%I.%I', table_schema, table_name) as "name" from information_schema.tables
       where table_schema = any ($1) and (table_schema, table_name) <> ('wxpay_face', 'record')`,
      [schemas],
    );
    const texts = tables.map(async ({ name }) => {
      const rows = await postgres.query(database, `select t::text as "row" from ${name} as t`);
      return rows.map(({ row }) => `${name}: ${row}`).join('\n');
    });
    return (await Promise.all(texts)).join('\n');
  };

  it('is in no page, metric, log, audit line, webhook, difference, table or command’s answer', async () => {
    const { key, certificate } = simulator.client;
    const { privateKey, serial_no, store, verify } = simulator.clientV3;
    const options = {
      database: postgres.url(database),
      merchants: [
        {
          name: 'tea',
          ...simulator.client,
          v3: { privateKey, serial_no, store, verify },
          webhook: { url: receiver.url, secret: Receiver.secret },
        },
      ],
      lease: 2_000,
      polling: { firstDelay: 50, interval: 100, timeout: 3_000 },
      reversal: { notBefore: 300, backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 } },
    } satisfies MerchantServerOptions;
    await writeFile(join(folder, 'server.json'), JSON.stringify(options));

    const child = spawn(process.execPath, [command, 'start', '--config', join(folder, 'server.json')]);
    const said = listenTo(child);
    const places = new Map<string, string>();
    const secrets = new Map<string, string>();
    const note = (what: string, ...values: readonly unknown[]): void => {
      for (const [place, value] of values.entries()) secrets.set(`${what} ${place}`, String(value));
    };
    note('the key', key);
    note('the certificate’s key', ...linesOf(Object(certificate).key));
    note('the key of API v3', ...linesOf(privateKey));
    note('a webhook’s secret', Receiver.secret, Receiver.secret.slice('whsec_'.length));
    note('the database’s password', ':secret@');
    let openids: string[] = [];
    try {
      await until(() => said.out.includes('"started"'));
      const { url, adminUrl } = JSON.parse(said.out.split('\n')[0] ?? '');
      const shop = ['--store-id', '1', '--store-name', '茶馆', '--can', 'pay,cancel,refund'];
      const token = (await run('terminal', 'add', '--name', 'till', '--merchant', 'tea', ...shop)).trim();
      note('a terminal’s token', token);

      // A face, codes, what is refused, what needs a person, refunds.
      const line = await tappedLine(url);
      const till = await openTill({
        face: { library: simulator.library },
        merchant: { server: line.url, token },
        terminal: { store_id: '1', store_name: '茶馆', device_id: 'T1' },
        onOutcome: () => undefined,
      });
      const faced = await till.pay({
        out_trade_no: 'SALE-01',
        total_fee: 100,
        body: '茶',
        attach: 'of-the-customer-alone',
      });
      if (faced.status !== 'paid') throw new Error(JSON.stringify(faced));
      await till.close();
      const codes = Array.from({ length: 5 }, (_, place) => `1399000000000000${place}7`);
      note('a code', ...codes);
      note('what only the gateway is told', 'of-the-customer-alone');
      const tea = new Client(line.url, token);
      const paid = await tea.pay('SALE-02', codes[0] ?? '');
      expect(paid.body).to.include({ status: 'paid' });
      expect((await tea.pay('SALE-03', codes[1] ?? '')).body.status).to.equal('paid');
      await tea.ask('PUT', '/v1/refunds/RSALE-02', { out_trade_no: 'SALE-02', refund_fee: 40 });
      simulator.endRefund('RSALE-02', 'SUCCESS');
      await tea.delete('/v1/payments/SALE-01?wait=20');
      simulator.scenario = 'not-enough';
      await tea.pay('SALE-04', codes[2] ?? '');
      simulator.scenario = 'number-taken';
      expect((await tea.pay('SALE-05', codes[3] ?? '', { wait: 20 })).body.status).to.equal('attention');
      simulator.scenario = { bill: 'early' };
      await tea.pay('SALE-06', `${codes[4]}-wrong`);
      const face = { face_code: 'c0de0face'.repeat(5), openid: 'oFaceThatNobodyKnows' };
      await tea.ask('PUT', '/v1/payments/SALE-07?wait=1', { order: { total_fee: 100, body: '茶' }, code: face });
      await new Client(line.url, 'a-token-that-nobody-has').get('/v1/identity');
      note('a wrong token', 'a-token-that-nobody-has', 'a-person-that-nobody-knows');
      const found = (name: string) =>
        [...line.heard().matchAll(new RegExp(`"${name}":"([^"]+)"`, 'g'))].map(([, value = '']) => value);
      line.server.close();
      for (const name of ['auth_code', 'face_code', 'authinfo', 'rawdata']) {
        expect(found(name), name).not.to.deep.equal([]);
        note(name, ...found(name));
      }
      openids = [...new Set(found('openid'))];
      expect(openids).to.have.length.above(2);
      note('an openid', ...openids);

      // People look at all of it, and act.
      const person = (await run('person', 'add', '--name', 'Li', '--merchants', 'tea', '--role', 'act')).trim();
      note('a person’s token', person);
      const visitor = new Visitor(`${adminUrl}/`);
      const pages = [await visitor.signIn('a-person-that-nobody-knows'), await visitor.signIn(person)];
      note('a session', visitor.cookie?.split('=')[1]);
      pages.push(await visitor.get(''), await visitor.get('page.js'), await visitor.get('session'));
      for (const number of ['SALE-01', 'SALE-02', 'SALE-04', 'SALE-05', 'none'])
        pages.push(await visitor.record('tea', number));
      pages.push(await visitor.record('tea', 'SALE-03'), await visitor.record('tea', 'RSALE-02', 'refund'));
      pages.push(await visitor.post('look-up', { merchant: 'tea', id: 'SALE-02' }));
      pages.push(await visitor.act('refund', 'tea', 'SALE-03', { refund_fee: 10, refund_desc: 'cold' }));
      pages.push(await visitor.act('refund', 'tea', 'SALE-02', { refund_fee: 1_000 }));
      pages.push(await visitor.act('acknowledge', 'tea', 'SALE-05'));
      const shown = await visitor.shown();
      expect(JSON.stringify(shown)).to.include('SALE-02');
      places.set('the page', [...pages.map(({ text }) => text), JSON.stringify(shown)].join('\n'));
      places.set('metrics', await (await fetch(`${adminUrl}/metrics`)).text());

      // The till is told who paid: that is where it's asked for.
      const own = [faced, (await tea.get('/v1/payments/SALE-02')).body].map((outcome) =>
        String(Object(outcome).openid),
      );
      for (const openid of own) expect(openids).to.include(openid);
      await until(() => receiver.taken('SALE-02').length === 2);
      child.kill('SIGTERM');
      await once(child, 'close');
      places.set('the log', said.out);
      places.set('standard error', said.error);
    } finally {
      child.kill('SIGKILL');
    }

    // The next morning: another program has sold, and one of ours was given back by it.
    let log = '';
    const stop = logEvents({
      write: (text) => {
        log += text;
      },
    });
    const bill_date = billDateOf(Date.now());
    await postgres.query(database, `delete from wxpay_face.record where id = 'SALE-02'`);
    const now = Date.now() + 36 * 3_600_000;
    const server = await startMerchantServer(options, { now: () => now });
    await until(() =>
      receiver.received.some(({ type, data }) => type === 'bill.reconciled' && data.bill_date === bill_date),
    );
    await server.close();
    stop();
    places.set('the morning’s log', log);
    places.set('differences', await run('differences'));
    expect(places.get('differences')).to.include('unknown-here\tSALE-02');
    places.set('days', await run('days'));
    places.set('dead letters', await run('webhook', 'list'));
    places.set('terminals', await run('terminal', 'list'));
    places.set('people', await run('person', 'list'));
    for (const format of ['ndjson', 'csv'])
      places.set(
        `the audit as ${format}`,
        await run('audit', 'export', '--from', '2026-01-01', '--to', '2099-01-01', '--format', format),
      );
    expect(places.get('the audit as csv')).to.include(',pay,').and.include(',look-up,').and.include(',acknowledge,');
    places.set('webhooks', receiver.received.map(({ text }) => text).join('\n'));
    places.set('the tables', await rowsOf('wxpay_face', 'wxpay_face_jobs'));
    expect(places.get('the tables')).to.include('wxpay_face.audit: ').and.include('wxpay_face.person: ');

    for (const [place, text] of places)
      for (const [what, secret] of secrets) expect(text.includes(secret), `${what} in ${place}`).to.equal(false);

    // Who paid is in the payment's row, which the till is answered from, and nothing else of these.
    const records = (await postgres.query(database, 'select r::text as "row" from wxpay_face.record as r'))
      .map(({ row }) => String(row))
      .join('\n');
    expect(openids.some((openid) => records.includes(openid))).to.equal(true);
    for (const [what, secret] of secrets)
      if (!/^(?:an openid|what only the gateway is told) /.test(what))
        expect(records.includes(secret), `${what} in a payment's row`).to.equal(false);
  });
});
