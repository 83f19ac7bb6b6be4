import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { JournalRecord } from 'wxpay-face';
import { PostgresJournal } from '../lib/index.js';
import { type Fate, FaultyProxy } from './support/faulty-proxy.js';
import { Postgres, sharedPostgres } from './support/postgres.js';
import { codeOf, paid, payment, until } from './support/records.js';

const fates: readonly Fate[] = ['is lost', 'loses its answer', 'arrives late'];

/** Each statement that matches meets this fate once, the first time. */
const once = (fate: Fate, statement: string) => {
  let has = false;
  return (sent: string): Fate => {
    if (has || !sent.includes(statement)) return 'arrives';
    has = true;
    return fate;
  };
};

describe('A database that fails', function () {
  this.timeout(60_000);
  let postgres: Postgres;
  let database: string;
  let proxy: FaultyProxy;
  let journal: PostgresJournal;

  before(async () => {
    postgres = await sharedPostgres();
  });

  beforeEach(async () => {
    database = await postgres.database();
    proxy = await FaultyProxy.start(postgres.port);
    journal = await PostgresJournal.open({
      database: postgres.url(database, proxy.port),
      merchant: 'A',
      lease: 2_000,
    });
  });

  afterEach(async () => {
    await journal.close();
    await proxy.close();
  });

  const stored = (id: string) =>
    postgres.query(database, 'select revision, state, given_up from wxpay_face.record where id = $1', [id]);

  it('leaves no connection behind at a start that fails, whichever piece is lost', async () => {
    const other = await FaultyProxy.start(postgres.port);
    const options = { database: postgres.url(database, other.port), merchant: 'B', lease: 2_000 };
    let failed = 0;
    for (let lost = 1, isLost = true; isLost; lost += 1) {
      let pieces = 0;
      isLost = false;
      other.fate = () => {
        pieces += 1;
        isLost ||= pieces === lost;
        return pieces === lost ? 'is lost' : 'arrives';
      };
      const opened = await PostgresJournal.open(options).catch(() => undefined);
      if (opened === undefined) failed += 1;
      await opened?.close();
      await until(() => other.connections === 0);
    }
    expect(failed).to.be.greaterThan(3);
    await other.close();
    // One that was left behind would stay for as long as the database likes.
  }).timeout(30_000);

  for (const fate of fates) {
    it(`has a payment written down once though its record ${fate}`, async () => {
      proxy.fate = once(fate, 'wxpay-face insert');
      await journal.create(payment('A1'));
      expect(journal.holds(payment('A1'))).to.equal(true);
      expect(proxy.count[fate]).to.equal(1);
      await sleep(400);
      expect(await stored('A1')).to.deep.equal([{ revision: 1, state: 'submitting', given_up: false }]);
    });

    it(`has the next record written down once though it ${fate}`, async () => {
      await journal.create(payment('A1'));
      proxy.fate = once(fate, 'wxpay-face update');
      await journal.put(payment('A1', { revision: 2, state: 'polling' }));
      await journal.put(paid('A1', 3));
      expect(proxy.count[fate]).to.equal(1);
      await sleep(400);
      expect(await stored('A1')).to.deep.equal([{ revision: 3, state: 'paid', given_up: false }]);
    });

    it(`has an acknowledgement written down once though it ${fate}`, async () => {
      await journal.create(payment('A1'));
      await journal.put(paid('A1'));
      proxy.fate = once(fate, 'wxpay-face update');
      await journal.put({ ...paid('A1', 3), acknowledged: true });
      expect(proxy.count[fate]).to.equal(1);
      expect((await journal.get('payment', 'A1'))?.acknowledged).to.equal(true);
    });

    for (const statement of ['wxpay-face insert', 'wxpay-face give up'])
      it(`has a cancel() written down though its ${statement.slice(11)} ${fate}`, async () => {
        await journal.create(payment('A1'));
        proxy.fate = once(fate, statement);
        await journal.requestCancel('A1');
        expect(proxy.count[fate]).to.equal(1);
        expect(await stored('A1')).to.deep.equal([{ revision: 1, state: 'submitting', given_up: true }]);
        proxy.fate = once(fate, statement);
        await journal.requestCancel('A2');
        expect(await stored('A2')).to.deep.equal([{ revision: 1, state: 'cancelled', given_up: false }]);
        expect(await codeOf(journal.create(payment('A2')))).to.equal('ERR_ORDER_EXISTS');
      });
  }

  it('has a write whose answer was lost told from one of another server that has the same revision', async () => {
    const other = await PostgresJournal.open({ database: postgres.url(database), merchant: 'A', lease: 1_000 });
    other.onTakeUp(async () => {});
    await journal.create(payment('A1'));
    // Nothing more arrives, until another has claimed the record: what it finds there is at the revision that it wrote.
    proxy.fate = () => 'is lost';
    const write = payment('A1', { revision: 2 });
    const writing = codeOf(journal.put(write));
    await until(async () => (await stored('A1'))[0]?.revision === 2);
    expect(await journal.isStored(write).catch(() => undefined)).to.equal(undefined);
    proxy.fate = () => 'arrives';
    expect(await writing).to.equal('ERR_JOURNAL_LOST');
    expect(await journal.isStored(write)).to.equal(false);
    await other.close();
  });

  it('has a write that was stored before another server claimed the record told from the claim', async () => {
    const other = await PostgresJournal.open({ database: postgres.url(database), merchant: 'A', lease: 1_000 });
    other.onTakeUp(async () => {});
    await journal.create(payment('A1'));
    let isStored = false;
    proxy.fate = (sent) => {
      if (isStored) return 'is lost';
      isStored = sent.includes('wxpay-face update');
      return isStored ? 'loses its answer' : 'arrives';
    };
    const writing = codeOf(journal.put(payment('A1', { revision: 2, state: 'polling' })));
    await until(async () => (await stored('A1'))[0]?.revision === 3);
    proxy.fate = () => 'arrives';
    expect(await writing).to.equal('ERR_JOURNAL_LOST');
    expect((await stored('A1'))[0]?.state).to.equal('polling');
    await other.close();
  });

  it('begins no payment on a server that can not renew its lease, though all else is well', async () => {
    await journal.create(payment('A1'));
    let updates = 0;
    proxy.fate = (sent) => {
      if (sent.includes('wxpay-face update')) updates += 1;
      return sent.includes('wxpay_face.server as mine') ? 'is lost' : 'arrives';
    };
    await until(() => !journal.holds(payment('A1')));
    expect(await codeOf(journal.create(payment('A2')))).to.equal('ERR_JOURNAL');
    expect(await stored('A2')).to.deep.equal([]);
    const writing = journal.put(payment('A1', { revision: 2, state: 'polling' }));
    for (let times = 0; times < 5; times += 1) expect(await journal.get('payment', 'A1')).to.deep.equal(payment('A1'));
    expect(updates).to.equal(0);
    proxy.fate = () => 'arrives';
    await writing;
  });

  it('is told of at once where nothing can have been written down, and begins no payment', async () => {
    // As a processor does: what it had before a gap of the lease is seen to be its own again only where somebody drives it.
    journal.onTakeUp(async () => {});
    await journal.create(payment('A1'));
    proxy.fate = () => 'is lost';
    proxy.breakAll();
    await until(() => !journal.holds(payment('A1')));
    const began = performance.now();
    expect(await codeOf(journal.create(payment('A2')))).to.equal('ERR_JOURNAL');
    expect(performance.now() - began).to.be.lessThan(1_000);
    expect(await stored('A2')).to.deep.equal([]);
    proxy.fate = () => 'arrives';
    await until(() => journal.holds(payment('A1')));
    await journal.create(payment('A2'));
  });

  it('lets cancel() be heard though the call of it was missed', async () => {
    const other = await PostgresJournal.open({ database: postgres.url(database), merchant: 'A', lease: 2_000 });
    const heard: string[] = [];
    journal.onCancel((id) => heard.push(id));
    journal.onTakeUp(async () => {});
    await journal.create(payment('A1'));
    await journal.create(payment('A2'));
    await other.requestCancel('A1');
    await until(() => heard.includes('A1'));
    // Its connections break, and so it listens to nothing when the call comes.
    proxy.fate = () => 'is lost';
    proxy.breakAll();
    await other.requestCancel('A2');
    proxy.fate = () => 'arrives';
    await until(() => heard.includes('A2'));
    await other.close();
  });

  /** Payments one after the other, each with its three writes. */
  async function sell(lane: number, isOver: () => boolean): Promise<JournalRecord[]> {
    const sold: JournalRecord[] = [];
    for (let number = 1; !isOver(); number += 1) {
      const id = `${lane}-${number}`;
      const code = await codeOf(journal.create(payment(id)));
      if (code !== 'resolved') {
        expect(code).to.equal('ERR_JOURNAL');
        await sleep(20);
        continue;
      }
      await journal.put(paid(id));
      const end = { ...paid(id, 3), acknowledged: true };
      await journal.put(end);
      sold.push(end);
    }
    return sold;
  }

  async function agree(sold: readonly JournalRecord[]): Promise<void> {
    expect(sold.length).to.be.greaterThan(10);
    for (const record of sold) expect(await journal.get('payment', record.id)).to.deep.equal(record);
    expect(
      await postgres.query(database, 'select id from wxpay_face.record where finished and not acknowledged'),
    ).to.deep.equal([]);
  }

  it('loses nothing while its connections are terminated', async () => {
    let isOver = false;
    const selling = Array.from({ length: 6 }, (_, lane) => sell(lane, () => isOver));
    for (let times = 0; times < 25; times += 1) {
      await sleep(80);
      await postgres.query(
        database,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      );
    }
    isOver = true;
    await agree((await Promise.all(selling)).flat());
  });

  it('loses nothing while it is stopped at once and started again', async () => {
    const own = await Postgres.start();
    const kept = { journal, postgres, database };
    postgres = own;
    database = 'postgres';
    journal = await PostgresJournal.open({ database: own.url(), merchant: 'A', lease: 2_000 });
    try {
      let isOver = false;
      const selling = Array.from({ length: 6 }, (_, lane) => sell(lane, () => isOver));
      for (let times = 0; times < 4; times += 1) {
        await sleep(400);
        await own.stopAtOnce();
        await own.startAgain();
      }
      await sleep(500);
      isOver = true;
      await agree((await Promise.all(selling)).flat());
    } finally {
      await journal.close();
      ({ journal, postgres, database } = kept);
      await own.stop();
    }
  });

  it('is never told by way of a number or a text: they are no SQL', async () => {
    const texts = [
      `'; drop table wxpay_face.record; --`,
      `") or ("1"="1`,
      '{"a","b"}',
      '\\',
      `\\'`,
      '$1',
      '%',
      'NULL',
      '\n',
    ];
    for (const text of texts) {
      await journal.create(payment(text, { state: text, data: { [text]: text, nul: '\0', half: '\ud800' } }));
      await journal.put(payment(text, { revision: 2, state: text, data: { [text]: [text] } }));
      expect(await journal.get('payment', text)).to.deep.equal(
        payment(text, { revision: 2, state: text, data: { [text]: [text] } }),
      );
      await journal.requestCancel(text);
      await journal.requestCancel(`of nobody ${text}`);
      const hostile = await PostgresJournal.open({ database: postgres.url(database), merchant: text });
      await hostile.create(payment(text));
      const listed = [];
      for await (const { id } of hostile.list()) listed.push(id);
      expect(listed).to.deep.equal([text]);
      await hostile.close();
    }
    const listed = [];
    for await (const { id } of journal.list()) listed.push(id);
    expect(listed).to.have.length(2 * texts.length);
    for (const id of ['\0', 'a\ud800', ''])
      for (const refused of [journal.create(payment(id)), journal.requestCancel(id)])
        expect(await codeOf(refused)).to.equal('ERR_JOURNAL');
  });

  it('commits many acknowledgements at once', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `N${index}`);
    await Promise.all(ids.map((id) => journal.create(payment(id))));
    await Promise.all(ids.map((id) => journal.put(paid(id))));
    let statements = 0;
    proxy.fate = (sent) => {
      if (sent.includes('wxpay-face update')) statements += 1;
      return 'arrives';
    };
    await Promise.all(ids.map((id) => journal.put({ ...paid(id, 3), acknowledged: true })));
    expect(statements).to.be.lessThan(5);
    const again = await Promise.all(ids.map((id) => codeOf(journal.put({ ...paid(id, 3), acknowledged: true }))));
    expect(new Set(again)).to.deep.equal(new Set(['ERR_JOURNAL']));
  });
});
