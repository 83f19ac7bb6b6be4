import { journalContract } from 'wxpay-face/journal-contract';
import { Database, PostgresJournal } from '../lib/index.js';
import { sharedPostgres } from './support/postgres.js';

describe('PostgresJournal', () => {
  let database: Database;
  let merchants = 0;

  before(async function () {
    this.timeout(60_000);
    const postgres = await sharedPostgres();
    database = await Database.open(postgres.url(await postgres.database()));
  });

  after(() => database.close());

  const make = async () => {
    merchants += 1;
    return PostgresJournal.on(database, `merchant ${merchants}`);
  };

  for (const { name, run } of journalContract(make)) it(name, run);
});
