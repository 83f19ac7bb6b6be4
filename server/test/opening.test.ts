import { expect } from 'chai';
import pg from 'pg';
import { JournalError, type JournalRecord } from 'wxpay-face';
import { PostgresJournal } from '../lib/index.js';
import { FaultyProxy } from './support/faulty-proxy.js';
import { Postgres, sharedPostgres } from './support/postgres.js';
import { rejection } from './support/rejection.js';
import { TransactionPooler } from './support/transaction-pooler.js';

const record: JournalRecord = {
  schema: 1,
  kind: 'payment',
  id: 'A1',
  revision: 1,
  state: 'submitting',
  finished: false,
  acknowledged: false,
  updatedAt: 1,
  data: {},
};

async function refusal(database: string, lease?: number): Promise<JournalError> {
  try {
    const journal = await PostgresJournal.open({ database, merchant: 'A', ...(lease !== undefined && { lease }) });
    await journal.close();
  } catch (error) {
    expect(error).to.be.instanceOf(JournalError);
    if (error instanceof JournalError) return error;
  }
  throw new Error('it was opened');
}

describe('A database that is opened', function () {
  this.timeout(60_000);
  let postgres: Postgres;

  before(async () => {
    postgres = await sharedPostgres();
  });

  it('is refused while a power cut would lose what it has', async () => {
    const careless = await Postgres.start('fsync=off');
    try {
      expect((await refusal(careless.url())).message).to.match(/fsync = off/);
    } finally {
      await careless.stop();
    }
  });

  it('is refused if it is a standby', async () => {
    const standby = await Postgres.startStandby();
    try {
      expect((await refusal(standby.url())).message).to.match(/standby/);
    } finally {
      await standby.stop();
    }
  });

  for (const lends of ['last', 'longest'] as const)
    it(`is refused behind a proxy that lends a connection for a transaction, the one that idled ${lends}`, async () => {
      const pooler = await TransactionPooler.start(postgres.port, lends);
      try {
        expect((await refusal(postgres.url('postgres', pooler.port))).message).to.match(/one transaction/);
      } finally {
        await pooler.close();
      }
    });

  it('is refused if its PostgreSQL is old', async () => {
    const proxy = await FaultyProxy.start(postgres.port);
    proxy.rewrite = (answer) => Buffer.from(answer.toString('latin1').replace('180004', '140021'), 'latin1');
    try {
      expect((await refusal(postgres.url('postgres', proxy.port))).message).to.match(/PostgreSQL 14.*15/);
    } finally {
      await proxy.close();
    }
  });

  it('is refused if a newer server has changed its tables so that this one can not read them', async () => {
    const name = await postgres.database();
    await (await PostgresJournal.open({ database: postgres.url(name), merchant: 'A' })).close();
    const migrated = 'insert into wxpay_face.migration (version, readable_from) values ($1, $2)';
    await postgres.query(name, migrated, [98, 1]);
    await (await PostgresJournal.open({ database: postgres.url(name), merchant: 'A' })).close();
    await postgres.query(name, migrated, [99, 99]);
    expect((await refusal(postgres.url(name))).message).to.match(/version 99.*newer/);
  });

  it('that is changed so meanwhile is written to no longer', async () => {
    const name = await postgres.database();
    const journal = await PostgresJournal.open({ database: postgres.url(name), merchant: 'A', lease: 1_000 });
    try {
      await journal.create(record);
      await postgres.query(name, 'insert into wxpay_face.migration (version, readable_from) values (99, 99)');
      while (journal.holds(record)) await new Promise((resolve) => setTimeout(resolve, 50));
      const error = await rejection(journal.create({ ...record, id: 'A2' }));
      expect(error).to.include({ code: 'ERR_JOURNAL' });
    } finally {
      await journal.close();
    }
  });

  it('is refused with words that tell neither address nor password', async () => {
    const secret = 's3cret/%zz';
    for (const address of [
      `postgres://till:${secret}@[::1/x`,
      `postgres://till:wrong${secret}@127.0.0.1:${postgres.port}/postgres`,
      `postgres://till:${encodeURIComponent(secret)}@127.0.0.1:${postgres.port}/postgres`,
      `postgres://till:${encodeURIComponent(secret)}@127.0.0.1:1/postgres`,
    ]) {
      const error = await refusal(address);
      expect(error).to.include({ code: 'ERR_JOURNAL' });
      expect(JSON.stringify([error.message, error.stack, error.cause, String(error.cause)])).not.to.include('s3cret');
    }
  });

  it('is refused with a lease that nobody could keep', async () => {
    for (const lease of [0, 999, 1_500.5, Number.NaN, 1e9])
      expect((await refusal(postgres.url(), lease)).message).to.match(/lease/);
  });

  it('is warned of if it has replicas that no commit waits for', async () => {
    const warned: string[] = [];
    const listen = (warning: Error) => warned.push(warning.message);
    process.on('warning', listen);
    const replica = new pg.Client(Object.assign({ connectionString: postgres.url() }, { replication: 'true' }));
    try {
      await replica.connect();
      const journal = await PostgresJournal.open({ database: postgres.url(await postgres.database()), merchant: 'A' });
      await journal.close();
      await new Promise(setImmediate);
      expect(warned.join()).to.match(/1 replica.*synchronous_standby_names/);
    } finally {
      await replica.end();
      process.off('warning', listen);
    }
  });

  it('gets its tables from many servers that start at once', async () => {
    const database = postgres.url(await postgres.database());
    const journals = await Promise.all(
      Array.from({ length: 8 }, (_, index) => PostgresJournal.open({ database, merchant: `${index}` })),
    );
    await Promise.all(journals.map((journal) => journal.create(record)));
    await Promise.all(journals.map((journal) => journal.close()));
  });

  it('commits durably, and one statement after the other, whatever its own defaults are', async () => {
    const name = await postgres.database();
    for (const setting of [
      'synchronous_commit = off',
      `default_transaction_isolation = 'serializable'`,
      'default_transaction_read_only = on',
    ])
      await postgres.query('postgres', `alter database ${name} set ${setting}`);
    await postgres.query('postgres', `alter database ${name} set default_transaction_read_only = off`);
    const journal = await PostgresJournal.open({ database: postgres.url(name), merchant: 'A' });
    await postgres.query(
      name,
      `create function wxpay_face.witness() returns trigger language plpgsql as $$ begin
         raise exception 'commit % isolation %', current_setting('synchronous_commit'), current_setting('transaction_isolation');
       end $$`,
    );
    await postgres.query(
      name,
      'create trigger witness before insert on wxpay_face.record execute function wxpay_face.witness()',
    );
    const error = await rejection(journal.create(record));
    await journal.close();
    expect(String(error)).to.match(/commit on isolation read committed/);
  });
});
