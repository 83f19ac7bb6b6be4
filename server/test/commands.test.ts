import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { Connections } from '../lib/database/connections.js';
import { migrate } from '../lib/database/migrations.js';
import { PostgresJournal } from '../lib/index.js';
import { prune } from '../lib/jobs/pruning.js';
import { freePort, type Postgres, sharedPostgres } from './support/postgres.js';
import { payment } from './support/records.js';

const command = fileURLToPath(new URL('../lib/cli/main.js', import.meta.url));
const day = 24 * 3_600_000;

let folder: string;
let simulator: Simulator;
let postgres: Postgres;
let database: string;
let file: string;

async function begin(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
  simulator = await startSimulator();
  postgres = await sharedPostgres();
  database = await postgres.database();
  file = join(folder, 'server.json');
  const merchants = [{ name: 'tea', ...simulator.client }];
  await writeFile(file, JSON.stringify({ database: postgres.url(database), merchants }));
  const connections = new Connections(postgres.url(database));
  await migrate(connections);
  await connections.close();
}
async function end(): Promise<void> {
  await simulator.close();
  await rm(folder, { recursive: true });
}

const query = (text: string, values: unknown[] = []) => postgres.query(database, text, values);

/** Runs the command as it is installed. */
async function run(...args: string[]): Promise<{ code: unknown; out: string; error: string }> {
  const child = spawn(process.execPath, [command, ...args]);
  const said = { out: '', error: '' };
  child.stdout.on('data', (text) => {
    said.out += text;
  });
  child.stderr.on('data', (text) => {
    said.error += text;
  });
  const [code] = await once(child, 'close');
  return { code, ...said };
}

const linesOf = ({ code, out, error }: Awaited<ReturnType<typeof run>>): string[][] => {
  expect([code, error]).to.deep.equal([0, '']);
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
};

describe('The commands about what surrounds money', function () {
  this.timeout(60_000);
  before(begin);
  after(end);

  const config = (...args: string[]) => run(...args, '--config', file);

  it('list dead letters, and replay one or all of them', async () => {
    await query(
      `insert into wxpay_face.event (merchant, lane, type, body, attempts, answer, dead_at) values
       ('tea', 'L-1', 'payment.paid', '{}', 9, 'HTTP 500', '2026-11-20T01:02:03Z'),
       ('tea', 'L-1', 'refund.refunded', '{}', 0, null, null),
       ('tea', 'L-2', 'payment.declined', '{}', 7, 'ECONNREFUSED', '2026-11-21T01:02:03Z'),
       ('cake', 'L-3', 'payment.paid', '{}', 8, 'TimeoutError', '2026-11-22T01:02:03Z')`,
    );
    const letters = linesOf(await config('webhook', 'list'));
    expect(letters.map(([_id, ...fields]) => fields)).to.deep.equal([
      ['tea', 'L-1', 'payment.paid', '2026-11-20T01:02:03.000Z', '9', 'HTTP 500', '1'],
      ['tea', 'L-2', 'payment.declined', '2026-11-21T01:02:03.000Z', '7', 'ECONNREFUSED', '0'],
      ['cake', 'L-3', 'payment.paid', '2026-11-22T01:02:03.000Z', '8', 'TimeoutError', '0'],
    ]);
    expect(linesOf(await config('webhook', 'list', '--merchant', 'cake'))).to.have.length(1);
    const [id = ''] = letters[0] ?? [];
    expect(linesOf(await config('webhook', 'replay', '--id', id))).to.deep.equal([['1']]);
    // It is none any more.
    const again = await config('webhook', 'replay', '--id', id);
    expect([again.code, again.out, again.error]).to.deep.equal([1, '', '--id is that of no dead letter\n']);
    expect(linesOf(await config('webhook', 'replay', '--id', 'all', '--merchant', 'tea'))).to.deep.equal([['1']]);
    expect(linesOf(await config('webhook', 'replay', '--id', 'all'))).to.deep.equal([['1']]);
    expect(linesOf(await config('webhook', 'replay', '--id', 'all'))).to.deep.equal([['0']]);
    expect(linesOf(await config('webhook', 'list'))).to.deep.equal([]);
  });

  it('list reconciled days, and what differs', async () => {
    await query(
      `insert into wxpay_face.reconciled_day (merchant, bill_date, asked_at, reconciled_at, differences, trouble) values
       ('tea', '20261125', now(), '2026-11-26T02:00:00Z', 2, null), ('tea', '20261126', now(), null, null, 'ERR_BILL_MISSING: none'),
       ('cake', '20261125', now(), '2026-11-26T02:00:01Z', 0, null)`,
    );
    await query(
      `insert into wxpay_face.difference (merchant, bill_date, position, kind, out_trade_no, out_refund_no, transaction_id, here, there, state)
       values ('tea', '20261125', 1, 'amount', 'D-1', null, '42', 100, 200, 'paid'),
              ('tea', '20261125', 2, 'refund-unknown-here', 'D-2', 'R-2', null, null, 30, 'paid')`,
    );
    expect(linesOf(await config('days'))).to.deep.equal([
      ['20261126', 'tea', 'open', '0', 'ERR_BILL_MISSING: none'],
      ['20261125', 'cake', '2026-11-26T02:00:01.000Z', '0', ''],
      ['20261125', 'tea', '2026-11-26T02:00:00.000Z', '2', ''],
    ]);
    expect(linesOf(await config('days', '--merchant', 'tea', '--date', '20261125'))).to.have.length(1);
    expect(linesOf(await config('differences'))).to.deep.equal([
      ['20261125', 'tea', 'amount', 'D-1', '', '42', '100', '200', 'paid'],
      ['20261125', 'tea', 'refund-unknown-here', 'D-2', 'R-2', '', '', '30', 'paid'],
    ]);
    for (const none of [
      ['--date', '20261126'],
      ['--merchant', 'cake'],
    ])
      expect(linesOf(await config('differences', ...none))).to.deep.equal([]);
  });

  it('are refused in one clear sentence, with an exit code that says so', async () => {
    const folderOnly = join(folder, 'folder.json');
    const gone = join(folder, 'gone.json');
    const merchants = [{ name: 'tea', ...simulator.client }];
    await writeFile(folderOnly, JSON.stringify({ folder: 'journal', merchants }));
    const away = `postgres://till:s3cret@127.0.0.1:${await freePort()}/none`;
    await writeFile(gone, JSON.stringify({ database: away, merchants }));
    const span = ['--from', '2026-11-01', '--to', '2026-12-01'];
    const shop = ['--store-id', '1', '--store-name', '茶馆'];
    const wrong: ReadonlyArray<readonly [args: string[], said: RegExp]> = [
      [['webhook', 'replay', '--config', file], /^--id is required$/],
      [['webhook', 'replay', '--id', 'x', '--config', file], /^--id is that of no dead letter$/],
      [['days', '--date', '2026-11-25', '--config', file], /^--date must be a day as YYYYMMDD$/],
      [['differences', '--date', 'today', '--config', file], /^--date must be a day as YYYYMMDD$/],
      [['differences', '--date', '20261341', '--config', file], /^--date must be a day as YYYYMMDD$/],
      [['audit', 'export', '--config', file], /^--from is required$/],
      [['audit', 'export', '--from', 'x', '--to', '2026-12-01', '--config', file], /^--from must be a day/],
      [['audit', 'export', ...span, '--format', 'xml', '--config', file], /^--format must be one of ndjson, csv$/],
      [
        ['person', 'add', '--name', 'Li', '--merchants', 'none', '--role', 'act', '--config', file],
        /^merchants has a name/,
      ],
      [
        ['person', 'add', '--name', 'Li', '--merchants', 'tea', '--role', 'x', '--config', file],
        /^--role must be one of/,
      ],
      [['person', 'remove', '--name', 'nobody', '--config', file], /^--name is that of nobody$/],
      [
        ['terminal', 'add', '--name', 't', '--merchant', 'none', ...shop, '--config', file],
        /^--merchant or --sub-merchant is/,
      ],
      [['terminal', 'add', '--name', 't', '--merchant', 'tea', '--config', file], /^--store-id is required$/],
      [
        ['terminal', 'add', '--name', 't', '--merchant', 'tea', ...shop, '--can', 'fly', '--config', file],
        /^--can must be some/,
      ],
      [
        ['terminal', 'add', '--name', 't', '--merchant', 'tea', ...shop, '--refund-limit', 'x', '--config', file],
        /^refundLimit/,
      ],
      [['terminal', 'remove', '--name', 'none', '--config', file], /^--name is that of no terminal$/],
      [['days', '--nothing', 'x', '--config', file], /^Unknown option '--nothing'/],
      [['days', '--config', join(folder, 'none.json')], /^config can't be read: .*none\.json \(ENOENT\)$/],
      ...['days', 'differences', 'webhook list'].map((name): [string[], RegExp] => [
        [...name.split(' '), '--config', folderOnly],
        /^database is required: /,
      ]),
      [['audit', 'export', ...span, '--config', folderOnly], /^database is required: the audit needs one$/],
      [['days', '--config', gone], /ECONNREFUSED/],
    ];
    const answers = await Promise.all(wrong.map(([args]) => run(...args)));
    for (const [place, { code, out, error }] of answers.entries()) {
      const [args, said] = wrong[place] ?? expect.fail();
      expect([code, out], args.join(' ')).to.deep.equal([1, '']);
      expect(error.trimEnd(), args.join(' '))
        .to.match(said)
        .and.not.match(/\n|s3cret/);
    }
  });

  it('are told to who asks for help, or for what there isn’t', async () => {
    for (const args of [['--help'], ['-h'], ['webhook', '--help']]) {
      const { code, out, error } = await run(...args);
      expect([code, error]).to.deep.equal([0, '']);
      for (const name of [
        'start',
        'terminal add',
        'person add',
        'audit export',
        'webhook replay',
        'differences',
        'days',
      ])
        expect(out).to.include(`wxpay-face-server ${name} `);
    }
    const wrong = await run('webhook', 'nothing');
    expect([wrong.code, wrong.out]).to.deep.equal([2, '']);
    expect(wrong.error).to.include('wxpay-face-server webhook list');
    expect((await run('--version')).out).to.match(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('Pruning', function () {
  this.timeout(60_000);
  before(begin);
  after(end);

  it('takes what has ended and was heard after 400 days, and nothing else', async () => {
    const journal = await PostgresJournal.open({ database: postgres.url(database), merchant: 'A' });
    const connections = new Connections(postgres.url(database));
    const now = Date.parse('2026-11-27T04:17:00+08:00');
    const [old, young] = [now - 401 * day, now - 399 * day];
    try {
      const ended = { state: 'paid', finished: true, acknowledged: true };
      for (const [id, change] of Object.entries({
        'old and heard': { ...ended, updatedAt: old },
        'old and unheard': { ...ended, acknowledged: false, updatedAt: old },
        'old and unfinished': { state: 'polling', updatedAt: old },
        'old and for a person': { ...ended, state: 'attention', acknowledged: false, updatedAt: old },
        'young and heard': { ...ended, updatedAt: young },
      }))
        await journal.create(payment(id, change));
      await query(
        `insert into wxpay_face.event (merchant, lane, type, body, attempts, created_at, dead_at) values
         ('tea', 'dead long ago', 'x', '{}', 9, '2025-01-01', '2025-10-01'), ('tea', 'dead', 'x', '{}', 9, '2025-01-01', '2026-11-01'),
         ('tea', 'alive', 'x', '{}', 9, '2025-01-01', null)`,
      );
      for (const bill_date of ['20251020', '20251025', '20261126']) {
        await query(
          `insert into wxpay_face.reconciled_day (merchant, bill_date, asked_at, reconciled_at, differences) values ('tea', $1, now(), now(), 1)`,
          [bill_date],
        );
        await query(
          `insert into wxpay_face.difference (merchant, bill_date, position, kind, out_trade_no) values ('tea', $1, 1, 'amount', 'D')`,
          [bill_date],
        );
      }
      await query(
        `insert into wxpay_face.audit (at, actor, action, number) values ('2020-01-01', 'program', 'pay', 'long ago')`,
      );
      const merchant = Object.assign(Object.create(null), { name: 'tea', journal });
      // Two servers may do so at once.
      await Promise.all([prune(connections, [merchant], now), prune(connections, [merchant], now)]);
      const column = async (text: string) => (await query(text)).map((row) => Object.values(row)[0]);
      expect(await column('select id from wxpay_face.record order by id')).to.deep.equal([
        'old and for a person',
        'old and unfinished',
        'old and unheard',
        'young and heard',
      ]);
      expect(await column('select lane from wxpay_face.event order by position')).to.deep.equal(['dead', 'alive']);
      const kept = ['20251025', '20261126'];
      expect(await column('select bill_date from wxpay_face.reconciled_day order by 1')).to.deep.equal(kept);
      expect(await column('select bill_date from wxpay_face.difference order by 1')).to.deep.equal(kept);
      expect(await column('select number from wxpay_face.audit')).to.deep.equal(['long ago']);
      // What is gone is still counted.
      expect(await query('select kind, state, count::int as count from wxpay_face.pruned')).to.deep.equal([
        { kind: 'payment', state: 'paid', count: 1 },
      ]);
    } finally {
      await journal.close();
      await connections.close();
    }
  });
});
