import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import pg from 'pg';
import { JournalError } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { PostgresJournal, startMerchantServer } from '../lib/index.js';
import { issue } from './support/certificates.js';
import { Client } from './support/client.js';
import { Postgres, sharedPostgres } from './support/postgres.js';
import { payment, until } from './support/records.js';

const command = fileURLToPath(new URL('../lib/cli/main.js', import.meta.url));

const refusal = async (database: string): Promise<string> => {
  try {
    await (await PostgresJournal.open({ database, merchant: 'A' })).close();
  } catch (error) {
    expect(error).to.be.instanceOf(JournalError);
    return String(error);
  }
  throw new Error('it was opened');
};

describe('The way to a database', function () {
  this.timeout(60_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
  });
  after(() => rm(folder, { recursive: true }));

  describe('over TLS', () => {
    let postgres: Postgres;
    let encrypted: (mode: string) => string;

    before(async () => {
      const authority = issue('Database CA');
      postgres = await Postgres.startWithTls(issue('127.0.0.1', authority));
      await writeFile(join(folder, 'ca.pem'), authority.cert);
      await writeFile(join(folder, 'other.pem'), issue('Another CA').cert);
      encrypted = (mode) => `${postgres.url()}?${mode}`;
    });
    after(() => postgres.stop());

    it('is verified against its own authority, for every connection', async () => {
      const ca = encodeURIComponent(join(folder, 'ca.pem'));
      const journal = await PostgresJournal.open({
        database: encrypted(`sslmode=verify-full&sslrootcert=${ca}`),
        merchant: 'A',
      });
      try {
        await journal.create(payment('A1'));
        const rows = await postgres.query(
          'postgres',
          `select count(*)::int as "all", count(*) filter (where s.ssl)::int as "encrypted"
           from pg_stat_activity a join pg_stat_ssl s using (pid) where a.application_name = 'wxpay-face-server'`,
        );
        expect(rows[0]?.all).to.be.greaterThan(1);
        expect(rows[0]?.encrypted).to.equal(rows[0]?.all);
      } finally {
        await journal.close();
      }
    });

    it('is refused by another authority, by none, and by another name', async () => {
      const other = encodeURIComponent(join(folder, 'other.pem'));
      const ca = encodeURIComponent(join(folder, 'ca.pem'));
      for (const mode of [
        `sslmode=verify-full&sslrootcert=${other}`,
        `sslmode=verify-ca&sslrootcert=${other}`,
        'sslmode=verify-full',
        'sslmode=require',
      ])
        expect(await refusal(encrypted(mode)), mode).to.match(/self-signed|unable to verify|certificate/i);
      const named = encrypted(`sslmode=verify-full&sslrootcert=${ca}`).replace('127.0.0.1', 'localhost');
      expect(await refusal(named)).to.match(/altnames|localhost/i);
    });

    it('is refused where the database has none', async () => {
      const plain = await sharedPostgres();
      expect(await refusal(`${plain.url()}?sslmode=require`)).to.match(/does not support SSL/);
    });
  });

  describe('with an account of few rights', () => {
    let postgres: Postgres;
    let simulator: Simulator;

    before(async () => {
      postgres = await sharedPostgres();
      simulator = await startSimulator();
      await postgres.query('postgres', `create role clerk login password 'secret'`);
      await postgres.query('postgres', 'revoke create on database postgres from public');
    });
    after(() => simulator.close());

    const asClerk = (name: string) => postgres.url(name).replace('till:', 'clerk:');

    it('works on tables that another account has made', async () => {
      const name = await postgres.database();
      await (await PostgresJournal.open({ database: postgres.url(name), merchant: 'A' })).close();
      for (const right of [
        'usage on schema wxpay_face',
        'select, insert, update, delete on all tables in schema wxpay_face',
      ])
        await postgres.query(name, `grant ${right} to clerk`);
      const server = await startMerchantServer({
        database: asClerk(name),
        merchants: [{ name: 'tea', ...simulator.client }],
      });
      try {
        const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
        const { token } = await server.addTerminal({ name: 'till', ...shop, can: ['pay', 'refund'], refundLimit: 100 });
        const till = new Client(server.url, token);
        const paid = await till.pay('LEAST1', '130000000000000101', { key: 'one' });
        expect(paid.body).to.include({ status: 'paid' });
        const refund = await till.ask('PUT', '/v1/refunds/RLEAST1', { out_trade_no: 'LEAST1', refund_fee: 100 });
        expect(refund.body).to.include({ accepted: true });
        const { revision } = paid.body;
        expect((await till.ask('POST', '/v1/payments/LEAST1/acknowledge', { revision })).status).to.equal(204);
      } finally {
        await server.close();
      }
    });

    it('is refused where there are no tables yet, and says why', async () => {
      expect(await refusal(asClerk(await postgres.database()))).to.match(/permission denied/);
    });
  });

  describe('whose tables change', () => {
    let postgres: Postgres;
    let simulator: Simulator;

    before(async () => {
      postgres = await sharedPostgres();
      simulator = await startSimulator();
    });
    after(() => simulator.close());

    it('takes no payment and is not ready when they are newer than the server', async () => {
      const name = await postgres.database();
      const server = await startMerchantServer({
        database: postgres.url(name),
        merchants: [{ name: 'tea', ...simulator.client }],
        lease: 1_000,
        reversal: { settleAfter: 300_000 },
      });
      try {
        const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
        const till = new Client(server.url, (await server.addTerminal({ name: 'till', ...shop })).token);
        expect((await till.get('/readyz')).status).to.equal(200);
        await postgres.query(name, 'insert into wxpay_face.migration (version, readable_from) values (99, 99)');
        await until(async () => (await till.get('/readyz')).status === 503);
        await until(async () => (await till.get('/healthz')).status === 503);
        const { status, body } = await till.pay('NEWER1', '130000000000000102', { key: 'one' });
        expect([status, body.code]).to.deep.equal([503, 'ERR_JOURNAL']);
        expect(simulator.ledger.some(({ out_trade_no }) => out_trade_no === 'NEWER1')).to.equal(false);
      } finally {
        await server.close();
      }
    });

    it('is whole again after a server was killed while it changed them', async () => {
      const name = await postgres.database();
      const { key, certificate, ca, ...client } = simulator.client;
      const config = { database: postgres.url(name), merchants: [{ name: 'tea', ...client, key, certificate, ca }] };
      const file = join(folder, 'migrating.json');
      await writeFile(file, JSON.stringify(config));
      const blocker = new pg.Client({ connectionString: postgres.url(name) });
      await blocker.connect();
      try {
        // Not committed: whoever makes a table of this name waits for it, with others already made.
        await blocker.query('create schema wxpay_face');
        await blocker.query('begin');
        await blocker.query('create table wxpay_face.terminal ()');
        const server = spawn(process.execPath, [command, 'start', '--config', file]);
        const waits = `select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'`;
        await until(async () => (await postgres.query('postgres', waits, [name])).length > 0);
        server.kill('SIGKILL');
        await once(server, 'exit');
        await blocker.query('rollback');
      } finally {
        await blocker.end();
      }
      const journal = await PostgresJournal.open({ database: postgres.url(name), merchant: 'A' });
      await journal.create(payment('A1'));
      await journal.close();
      const [{ versions, last } = {}] = await postgres.query(
        name,
        'select count(*)::int as versions, max(version) as last from wxpay_face.migration',
      );
      expect(versions).to.equal(last);
    });
  });
});
