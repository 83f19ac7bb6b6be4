import { expect } from 'chai';
import { Database, PostgresJournal } from '../lib/index.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { codeOf, paid, payment } from './support/records.js';

const terminal = '11111111-2222-3333-4444-555555555555';
const sale = payment('A1', { data: { note: { terminal }, total_fee: 100 } });

describe('What is written along with a record', function () {
  this.timeout(60_000);
  let postgres: Postgres;
  let name: string;
  let database: Database;
  let journal: PostgresJournal;

  before(async () => {
    postgres = await sharedPostgres();
  });
  beforeEach(async () => {
    name = await postgres.database();
    database = await Database.open(postgres.url(name));
    // Of a service provider's sub-merchant, which is told of whatever is written.
    journal = PostgresJournal.on(database, 'P/A', 'P', {
      toldOf: ({ id, revision }) => ({ merchant: 'tea', lane: id, type: `revision ${revision}`, body: '{}' }),
      wake: () => {},
    });
  });
  afterEach(async () => {
    await journal.close();
    await database.close();
  });

  const told = async () =>
    (await postgres.query(name, 'select type from wxpay_face.event order by position')).map(({ type }) => type);
  const audited = () => postgres.query(name, 'select action, number, amount::int from wxpay_face.audit');

  it('is there for each write that was stored, and for none that was refused', async () => {
    await journal.create(sale);
    expect(await codeOf(journal.create(sale))).to.equal('ERR_ORDER_EXISTS');
    expect(await codeOf(PostgresJournal.on(database, 'P/B', 'P').create(sale))).to.equal('ERR_ORDER_EXISTS');
    await journal.put(paid('A1'));
    expect(await codeOf(journal.put(paid('A1')))).to.equal('ERR_JOURNAL');
    expect(await codeOf(journal.put(paid('A1', 4)))).to.equal('ERR_JOURNAL');
    const acknowledgements = [3, 3].map((revision) => journal.put({ ...paid('A1', revision), acknowledged: true }));
    expect((await Promise.all(acknowledgements.map(codeOf))).sort()).to.deep.equal(['ERR_JOURNAL', 'resolved']);
    expect(await told()).to.deep.equal(['revision 1', 'revision 2', 'revision 3']);
    expect(await audited()).to.deep.equal([{ action: 'pay', number: 'A1', amount: 100 }]);
  });
});
