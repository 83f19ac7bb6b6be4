import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { renewal } from '../lib/database/lease.js';
import { version } from '../lib/database/migrations.js';
import { Database, PostgresJournal } from '../lib/index.js';
import { FaultyProxy } from './support/faulty-proxy.js';
import { Postgres, sharedPostgres } from './support/postgres.js';
import { codeOf, name, paid, payment, until } from './support/records.js';

/** Milliseconds. */
const lease = 1_000;

/** A server on a database, and what it took up. */
async function server(database: string, merchant = 'A') {
  const journal = await PostgresJournal.open({ database, merchant, lease });
  const heard: string[] = [];
  journal.onTakeUp(async (record) => void heard.push(`restart ${name(record)}`));
  journal.onCancel((id) => void heard.push(`cancel ${id}`));
  return { journal, heard };
}

describe('What a server leaves unfinished', function () {
  this.timeout(60_000);
  let postgres: Postgres;
  let database: string;
  let url: string;
  const cleanUp: Array<() => Promise<unknown>> = [];

  before(async () => {
    postgres = await sharedPostgres();
  });

  beforeEach(async () => {
    database = await postgres.database();
    url = postgres.url(database);
  });

  afterEach(async () => {
    for (const each of cleanUp.splice(0)) await each();
  });

  async function opened(address = url, merchant = 'A') {
    const made = await server(address, merchant);
    cleanUp.push(() => made.journal.close());
    return made;
  }

  async function proxied() {
    const proxy = await FaultyProxy.start(postgres.port);
    cleanUp.push(() => proxy.close());
    return { proxy, ...(await opened(postgres.url(database, proxy.port))) };
  }

  const owners = async () =>
    new Map(
      (await postgres.query(database, 'select id, owner::text as owner from wxpay_face.record where not finished')).map(
        (row) => [row.id, row.owner],
      ),
    );

  it('is taken up by another at once if it was closed', async () => {
    const [one, two] = [await opened(), await opened()];
    await one.journal.create(payment('A1'));
    await one.journal.create(payment('A1', { kind: 'refund', state: 'sending' }));
    await one.journal.create(payment('A2', { state: 'paid', finished: true }));
    await one.journal.close();
    await until(() => new Set(two.heard).size === 2);
    expect([...new Set(two.heard)].sort()).to.deep.equal(['restart payment A1', 'restart refund A1']);
    expect(await two.journal.get('payment', 'A1')).to.deep.equal(payment('A1', { revision: 2 }));
    expect(two.journal.holds(payment('A1'))).to.equal(true);
    await two.journal.put(paid('A1', 3));
  });

  it('is taken up by another after its lease, and lost to who had it', async () => {
    const [one, two] = [await proxied(), await opened()];
    await one.journal.create(payment('A1'));
    await one.journal.create(payment('A2'));
    await one.journal.put(payment('A2', { revision: 2, state: 'polling' }));
    expect(one.journal.holds(payment('A1'))).to.equal(true);
    expect(await codeOf(two.journal.put(paid('A1')))).to.equal('ERR_JOURNAL_LOST');
    one.proxy.fate = () => 'is lost';
    one.proxy.breakAll();
    await until(() => new Set(two.heard).size === 2);
    expect(one.journal.holds(payment('A1'))).to.equal(false);
    // It waits until the lease is renewed, and learns what it has lost.
    const writing = codeOf(one.journal.put(paid('A1')));
    await two.journal.put(paid('A2', 4));
    one.proxy.fate = () => 'arrives';
    expect(await writing).to.equal('ERR_JOURNAL_LOST');
    expect(await codeOf(one.journal.put(paid('A2', 3)))).to.equal('ERR_JOURNAL_LOST');
    expect(one.journal.holds(payment('A1'))).to.equal(false);
    expect(two.journal.holds(payment('A1'))).to.equal(true);
  });

  it('is not held by who had it, once another has claimed it, though its lease is good again', async () => {
    const [one, two] = [await proxied(), await opened()];
    await one.journal.create(payment('A1'));
    one.proxy.fate = () => 'is lost';
    one.proxy.breakAll();
    await until(() => two.heard.includes('restart payment A1'));
    one.proxy.fate = () => 'arrives';
    // Nothing is created without a good lease.
    await until(async () => (await codeOf(one.journal.create(payment('B1')))) === 'resolved');
    expect(one.journal.holds(payment('B1'))).to.equal(true);
    expect(one.journal.holds(payment('A1'))).to.equal(false);
  });

  it('is held again by who had it, once it has seen that nobody has claimed it', async () => {
    const one = await proxied();
    await one.journal.create(payment('A1'));
    one.proxy.fate = () => 'is lost';
    one.proxy.breakAll();
    await until(() => !one.journal.holds(payment('A1')));
    one.proxy.fate = () => 'arrives';
    await until(() => one.journal.holds(payment('A1')));
  });

  it('stays with who has renewed its lease after it was over', async () => {
    const one = await proxied();
    await one.journal.create(payment('A1'));
    one.proxy.fate = () => 'is lost';
    one.proxy.breakAll();
    const living = async () =>
      (await postgres.query(database, 'select id from wxpay_face.server where until > now()')).length;
    await until(async () => (await living()) === 0);
    one.proxy.fate = () => 'arrives';
    await until(() => one.journal.holds(payment('A1')));
    // By the clock that all others go by.
    expect(await living()).to.equal(1);
  });

  it('stays with who has renewed its lease, if an earlier renewal is done later', async () => {
    await opened();
    const [server] = await postgres.query(database, 'select id::text from wxpay_face.server');
    const late = new pg.Client(url);
    await late.connect();
    cleanUp.push(() => late.end());
    // Its moment is that of the transaction's beginning.
    await late.query('begin');
    await late.query('select now()');
    await sleep(lease / 2);
    const until = async () => (await late.query('select until from wxpay_face.server')).rows[0].until;
    const before = await until();
    await late.query(renewal, [server?.id, lease, version]);
    expect(Number(await until())).to.be.at.least(Number(before));
    await late.query('commit');
  });

  it('is claimed once, however many claim at once, and nothing of those who live', async () => {
    const count = 3_000;
    const living = [await opened(), await opened(), await opened()];
    const ids = Array.from({ length: 30 }, (_, index) => `own${index}`);
    await Promise.all(living.flatMap(({ journal }, of) => ids.map((id) => journal.create(payment(`${id} ${of}`)))));
    const before = await owners();
    await postgres.query(
      database,
      `insert into wxpay_face.record (numbers, merchant, kind, id, schema, revision, state, finished, acknowledged, updated_at, data, owner, write_id)
       select 'A', 'A', 'payment', 'left' || n, 1, 1, 'polling', false, false, 0, '{}', '11111111-1111-1111-1111-111111111111', gen_random_uuid()
       from generate_series(1, $1) n`,
      [count],
    );
    const left = () => living.flatMap(({ heard }) => heard.filter((each) => each.includes('left')));
    await until(() => left().length >= count);
    await sleep(2 * lease);
    expect(new Set(left()).size).to.equal(count);
    const revisions = await postgres.query(
      database,
      `select revision, count(*)::int from wxpay_face.record where id like 'left%' group by revision`,
    );
    expect(revisions).to.deep.equal([{ revision: 2, count }]);
    const after = await owners();
    for (const [id, owner] of before) expect(after.get(id)).to.equal(owner);
  });

  it('is claimed as it can be taken up, while the rest of the work goes on', async () => {
    const { journal, heard } = await opened();
    const taken: string[] = [];
    const free = Promise.withResolvers<void>();
    journal.onTakeUp(async ({ id }) => {
      taken.push(id);
      if (id.startsWith('left')) await free.promise;
    });
    await postgres.query(
      database,
      `insert into wxpay_face.record (numbers, merchant, kind, id, schema, revision, state, finished, acknowledged, updated_at, data, owner, write_id)
       select 'A', 'A', 'payment', 'left' || n, 1, 1, 'polling', false, false, 0, '{}', '11111111-1111-1111-1111-111111111111', gen_random_uuid()
       from generate_series(1, 500) n`,
    );
    await until(() => taken.length > 0);
    await journal.create(payment('A1'));
    await journal.requestCancel('A1');
    await until(() => heard.includes('cancel A1'));
    // Its own look for what is not driven: the listener hears of it again and again.
    await until(() => taken.filter((id) => id === 'A1').length >= 3);
    // Of one batch, each once.
    const waiting = taken.filter((id) => id.startsWith('left'));
    expect(waiting).to.have.length.at.most(100);
    expect(new Set(waiting).size).to.equal(waiting.length);
    expect([...(await owners()).values()].filter((owner) => owner?.toString().startsWith('1111'))).to.have.length(400);
    free.resolve();
    await until(() => new Set(taken).size === 501);
  });

  it('is taken up of one merchant, however much of another waits for its turn', async () => {
    const shared = await Database.open(url, lease);
    cleanUp.push(() => shared.close());
    const [a, b] = [PostgresJournal.on(shared, 'A'), PostgresJournal.on(shared, 'B')];
    const [ofA, ofB] = [new Set<string>(), new Set<string>()];
    const free = Promise.withResolvers<void>();
    let atOnce = 0;
    a.onTakeUp(async ({ id }) => {
      ofA.add(id);
      // Of those that were claimed. Its own rows it looks at later.
      if (ofA.size === 1)
        queueMicrotask(() => {
          atOnce = ofA.size;
        });
      await free.promise;
    });
    b.onTakeUp(async ({ id }) => void ofB.add(id));
    const leave = (merchant: string, count: number) =>
      postgres.query(
        database,
        `insert into wxpay_face.record (numbers, merchant, kind, id, schema, revision, state, finished, acknowledged, updated_at, data, owner, write_id)
         select $1::text, $1::text, 'payment', $1::text || n, 1, 1, 'polling', false, false, 0, '{}', '11111111-1111-1111-1111-111111111111', gen_random_uuid()
         from generate_series(1, $2::int) n`,
        [merchant, count],
      );
    await leave('A', 500);
    await until(() => ofA.size > 0);
    await leave('B', 150);
    await until(() => ofB.size === 150);
    expect(ofA.size).to.be.at.most(100);
    expect(atOnce, 'so that new payments find connections').to.equal(4);
    free.resolve();
    await until(() => ofA.size === 500);
  });

  it('stays with the living when the database was away for longer than a lease', async () => {
    const own = await Postgres.start();
    cleanUp.push(() => own.stop());
    const one = await opened(own.url());
    const proxy = await FaultyProxy.start(own.port);
    cleanUp.push(() => proxy.close());
    const two = await opened(own.url('postgres', proxy.port));
    await one.journal.create(payment('A1'));
    await two.journal.create(payment('A2'));
    for (let times = 0; times < 2; times += 1) {
      await own.stopAtOnce();
      await sleep(1.3 * lease);
      expect(one.journal.holds(payment('A1'))).to.equal(false);
      // One comes back before the other.
      proxy.fate = () => 'is lost';
      await own.startAgain();
      await until(() => one.journal.holds(payment('A1')));
      await sleep(0.5 * lease);
      proxy.fate = () => 'arrives';
      await one.journal.put(payment('A1', { revision: 2 + times, state: 'polling' }));
      await two.journal.put(payment('A2', { revision: 2 + times, state: 'polling' }));
      await sleep(0.5 * lease);
    }
    expect([...one.heard, ...two.heard].filter((each) => !each.startsWith('restart'))).to.deep.equal([]);
    expect(one.heard).not.to.include('restart payment A2');
    expect(two.heard).not.to.include('restart payment A1');
  });

  it('is driven though the answer of its claim was lost', async () => {
    const [one, two] = [await opened(), await proxied()];
    for (const id of ['A1', 'A2', 'A3']) await one.journal.create(payment(id));
    let isClaimed = false;
    two.proxy.fate = (sent) => (!isClaimed && sent.includes('wxpay-face claim') ? 'loses its answer' : 'arrives');
    await one.journal.close();
    await until(async () => {
      const rows = await postgres.query(database, 'select id from wxpay_face.record where revision = 2');
      isClaimed = rows.length === 3;
      return isClaimed;
    });
    await until(() => new Set(two.heard).size === 3);
    await two.journal.put(paid('A1', 3));
  });

  it('is given up by who claims it, if it was given up: first the restart, then the cancel', async () => {
    const [one, two] = [await opened(), await opened()];
    await one.journal.create(payment('A1'));
    await two.journal.requestCancel('A1');
    await until(() => one.heard.includes('cancel A1'));
    await one.journal.close();
    await until(() => two.heard.length >= 2);
    expect(two.heard.slice(0, 2)).to.deep.equal(['restart payment A1', 'cancel A1']);
    expect(await codeOf(two.journal.put(paid('A1', 3)))).to.equal('ERR_JOURNAL');
    await two.journal.put(payment('A1', { revision: 3, state: 'reversing', data: { facts: { givenUp: true } } }));
  });

  it('is left alone if it was written by a version that this one does not know', async () => {
    const [one, two] = [await opened(), await opened()];
    await one.journal.create(payment('A1'));
    await one.journal.create(payment('A2'));
    await postgres.query(database, `update wxpay_face.record set schema = 2 where id = 'A1'`);
    await one.journal.close();
    await until(() => two.heard.length > 0);
    await sleep(lease);
    expect(new Set(two.heard)).to.deep.equal(new Set(['restart payment A2']));
    expect(await codeOf(two.journal.get('payment', 'A1'))).to.equal('ERR_JOURNAL');
    const listed = [];
    for await (const { id } of two.journal.list()) listed.push(id);
    expect(listed).to.deep.equal(['A2']);
  });

  it('is for servers of its merchant alone', async () => {
    const [one, another, other] = [await opened(), await opened(url, 'B'), await opened(url, 'B')];
    await one.journal.create(payment('A1'));
    await another.journal.create(payment('B1'));
    await one.journal.close();
    await another.journal.close();
    // By then it has looked for what both have left.
    await until(() => other.heard.length > 0);
    expect(new Set(other.heard)).to.deep.equal(new Set(['restart payment B1']));
    expect(await postgres.query(database, `select revision from wxpay_face.record where id = 'A1'`)).to.deep.equal([
      { revision: 1 },
    ]);
    const two = await opened();
    await until(() => two.heard.length > 0);
    expect(await other.journal.get('payment', 'A1')).to.equal(undefined);
    await other.journal.create(payment('A1'));
  });

  it('goes to another process if its merchant alone is closed here', async () => {
    const shared = await Database.open(url, lease);
    cleanUp.push(() => shared.close());
    const [a, b] = [PostgresJournal.on(shared, 'A'), PostgresJournal.on(shared, 'B')];
    await a.create(payment('A1'));
    await b.create(payment('B1'));
    const two = await opened();
    await a.close();
    await until(() => two.heard.length > 0);
    expect(new Set(two.heard)).to.deep.equal(new Set(['restart payment A1']));
    await b.put(paid('B1'));
  });

  it('is known by its number to the other sub-merchants of a provider, and by nothing else', async () => {
    const shared = await Database.open(url, lease);
    cleanUp.push(() => shared.close());
    const [a, b] = [PostgresJournal.on(shared, 'A', 'P'), PostgresJournal.on(shared, 'B', 'P')];
    await a.create(payment('N1'));
    expect(await codeOf(b.create(payment('N1')))).to.equal('ERR_ORDER_EXISTS');
    expect(await b.get('payment', 'N1')).to.equal(undefined);
    expect(await codeOf(b.put(paid('N1')))).to.equal('ERR_JOURNAL');
    await b.requestCancel('N1');
    await a.put(paid('N1'));
  });

  it('is heard of by another that waits for it, as long as it does, and by nobody else', async () => {
    const [one, two, three] = [await opened(), await opened(), await opened()];
    await one.journal.create(payment('A1'));
    await one.journal.create(payment('A2'));
    const heard: string[] = [];
    const stop = two.journal.onChange('payment', 'A1', () => void heard.push('A1'));
    two.journal.onChange('payment', 'A2', () => void heard.push('A2'));
    three.journal.onChange('payment', 'A3', () => void heard.push('A3'));
    let revision = 1;
    const write = async () => {
      revision += 1;
      await one.journal.put(payment('A1', { revision, state: `step ${revision}` }));
      return heard.length > 0;
    };
    // Nobody says when the call has arrived.
    await until(write);
    stop();
    heard.splice(0);
    await one.journal.put(paid('A1', revision + 1));
    await until(async () => {
      await one.journal.put(payment('A2', { revision: ((await one.journal.get('payment', 'A2'))?.revision ?? 0) + 1 }));
      return heard.length > 0;
    });
    expect(new Set(heard)).to.deep.equal(new Set(['A2']));
  });
});
