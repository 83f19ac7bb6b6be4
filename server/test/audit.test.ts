import { expect } from 'chai';
import pg from 'pg';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { Connections } from '../lib/database/connections.js';
import { type MerchantServer, type MerchantServerOptions, startMerchantServer } from '../lib/index.js';
import { type AuditLine, auditFormats, auditLines } from '../lib/operation/audit.js';
import { onEvent, type ServerEvent } from '../lib/operation/events.js';
import { prepare } from '../lib/operation/protection.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';

let numbers = 0;
const newCode = (): string => {
  numbers += 1;
  return `1355${String(numbers).padStart(14, '0')}`;
};

describe('The audit', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());

  const options = (database: string): MerchantServerOptions => ({
    database,
    merchants: [{ name: 'tea', ...simulator.client }],
    lease: 2_000,
  });
  const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };

  async function linesOf(address: string, from = new Date(0), to = new Date(Date.now() + 3_600_000)) {
    const connections = new Connections(address);
    const lines: AuditLine[] = [];
    for await (const line of auditLines(connections, from, to)) lines.push(line);
    await connections.close();
    return lines;
  }

  /** One of each act, by a till. */
  async function trade(server: MerchantServer, sale: string): Promise<string> {
    const { token } = await server.addTerminal({ name: 'till', ...shop, can: ['pay', 'cancel', 'refund'] });
    const till = new Client(server.url, token);
    const { body } = await till.pay(sale, newCode(), { key: 'one', total_fee: 120 });
    expect(body.status).to.equal('paid');
    // The same again is no other act.
    await till.pay(sale, newCode(), { key: 'one', total_fee: 120 });
    for (const _ of [1, 2]) await till.ask('PUT', `/v1/refunds/R${sale}`, { out_trade_no: sale, refund_fee: 50 });
    await till.ask('POST', `/v1/payments/${sale}/acknowledge`, { revision: body.revision });
    for (const _ of [1, 2]) await till.delete(`/v1/payments/never-${sale}`);
    // What is refused for its number leaves no line.
    expect((await till.ask('PUT', '/v1/refunds/R2', { out_trade_no: 'nobody', refund_fee: 50 })).status).to.equal(404);
    await server.removeTerminal('till');
    return token;
  }

  it('has a line of each thing that was asked for, by whom, and nothing that is secret or personal', async () => {
    const address = postgres.url(await postgres.database());
    const server = await startMerchantServer(options(address));
    let token: string;
    try {
      token = await trade(server, 'A1');
    } finally {
      await server.close();
    }
    const lines = await linesOf(address);
    const { mch_id } = simulator.client;
    const till = { actor: 'terminal', actor_name: 'till', merchant: mch_id };
    const none = { number: null, subject: null, amount: null, revision: null };
    const [added] = lines;
    const expected = [
      {
        actor: 'program',
        actor_name: null,
        merchant: null,
        ...none,
        action: 'terminal-added',
        number: added?.number,
        subject: 'till',
      },
      { ...till, ...none, action: 'pay', number: 'A1', amount: 120 },
      { ...till, ...none, action: 'refund', number: 'RA1', subject: 'A1', amount: 50 },
      {
        ...till,
        ...none,
        action: 'acknowledge',
        number: 'A1',
        revision: lines.find(({ revision }) => revision !== null)?.revision,
      },
      { ...till, ...none, action: 'cancel', number: 'never-A1' },
      { actor: 'program', actor_name: null, merchant: null, ...none, action: 'terminal-removed', subject: 'till' },
    ];
    expect(lines.map(({ id, at, server: by, actor_id, ...line }) => line)).to.deep.equal(expected);
    expect(new Set(lines.map(({ server: by }) => by))).to.deep.equal(new Set([server.id]));
    // The id of the token that was used: that which was given to the terminal as it was added.
    for (const { actor, actor_id } of lines) expect(actor_id).to.equal(actor === 'terminal' ? added?.number : null);
    for (const { at } of lines) expect(at).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const all = JSON.stringify(lines);
    for (const secret of [token, simulator.client.key, 'openid', '1355']) expect(all).not.to.include(secret);
  });

  it('comes first: what can not be written down is not done', async () => {
    const name = await postgres.database();
    const server = await startMerchantServer(options(postgres.url(name)));
    try {
      const { token } = await server.addTerminal({ name: 'till', ...shop, can: ['pay', 'cancel', 'refund'] });
      const till = new Client(server.url, token);
      expect((await till.pay('A4', newCode(), { key: 'one' })).body.status).to.equal('paid');
      await postgres.query(
        name,
        `create function no_room() returns trigger language plpgsql as 'begin raise exception ''no room''; end'`,
      );
      await postgres.query(
        name,
        'create trigger no_room before insert on wxpay_face.audit for each row execute function no_room()',
      );
      for (const said of [
        await till.pay('A5', newCode(), { key: 'one' }),
        await till.ask('PUT', '/v1/refunds/RA4', { out_trade_no: 'A4', refund_fee: 50 }),
        await till.delete('/v1/payments/A4'),
        await till.delete('/v1/payments/never-A4'),
        await till.ask('POST', '/v1/payments/A4/acknowledge', { revision: 2 }),
      ])
        expect(said.status).to.be.at.least(500);
      const [sale, ...others] = simulator.ledger.filter(({ out_trade_no }) => ['A4', 'A5'].includes(out_trade_no));
      expect(sale).to.include({ out_trade_no: 'A4', trade_state: 'SUCCESS', refunded: 0 });
      expect(others).to.deep.equal([]);
      expect(await postgres.query(name, 'select id, state, acknowledged from wxpay_face.record')).to.deep.equal([
        { id: 'A4', state: 'paid', acknowledged: false },
      ]);
    } finally {
      await server.close();
    }
  });

  it('is exported by time, for programs and for spreadsheets', async () => {
    const name = await postgres.database();
    const server = await startMerchantServer(options(postgres.url(name)));
    await server.close();
    await postgres.query(
      name,
      `insert into wxpay_face.audit (at, actor, actor_name, action, number)
       select '2026-11-01T00:00:00Z'::timestamptz + make_interval(mins => n), 'person', '=1+"2",3', 'cancel', n::text
       from generate_series(0, 2500) n`,
    );
    const [from, to] = [new Date('2026-11-01T00:01:00Z'), new Date('2026-11-02T16:40:00Z')];
    const lines = await linesOf(postgres.url(name), from, to);
    expect(lines.map(({ number }) => Number(number))).to.deep.equal(
      Array.from({ length: 2_439 }, (_, index) => index + 1),
    );
    const [first] = lines;
    if (first === undefined) throw new Error('no line');
    expect(JSON.parse(auditFormats.ndjson?.line(first) ?? '')).to.deep.equal(first);
    const header = auditFormats.csv?.header.trimEnd().split(',');
    expect(header).to.deep.equal(Object.keys(first));
    expect(auditFormats.csv?.line(first)).to.include(`,"'=1+""2"",3",cancel,`);
  });

  describe('is only ever added to', () => {
    const attempts: ReadonlyArray<readonly [string, string]> = [
      ['changed', `update wxpay_face.audit set actor_name = 'nobody'`],
      ['deleted', 'delete from wxpay_face.audit'],
      ['emptied', 'truncate wxpay_face.audit'],
    ];
    /** What would take the protection away. */
    const escapes: ReadonlyArray<readonly [string, string]> = [
      ['by what belongs to it', 'truncate wxpay_face.audit cascade'],
      ['without its trigger', 'alter table wxpay_face.audit disable trigger all'],
      ['without the triggers of a session', 'set session_replication_role = replica'],
      ['with another trigger', 'drop trigger audit_kept on wxpay_face.audit'],
      [
        'with another function',
        `create or replace function wxpay_face.refuse_change() returns trigger language sql as 'select null'`,
      ],
      ['by a rule', 'create rule nothing as on insert to wxpay_face.audit do instead nothing'],
      ['as its owner', 'alter table wxpay_face.audit owner to current_user'],
      ['under another name', 'alter table wxpay_face.audit rename to other'],
      ['as a whole', 'drop table wxpay_face.audit'],
      ['with its schema', 'drop schema wxpay_face cascade'],
      [
        'with another moment',
        `insert into wxpay_face.audit (at, actor, action) values ('2020-01-01', 'program', 'pay')`,
      ],
      [
        'with another number',
        `insert into wxpay_face.audit (id, actor, action) overriding system value values (1, 'program', 'pay')`,
      ],
      ['by the role of its owner', 'set role pay_owner'],
      ['by a migration', `insert into wxpay_face.migration (version, readable_from) values (9999, 9999)`],
    ];

    async function refusalOf(address: string, statement: string): Promise<unknown> {
      const client = new pg.Client({ connectionString: address });
      await client.connect();
      try {
        await client.query(statement);
        return 'done';
      } catch (error) {
        return Object(error).code;
      } finally {
        await client.end();
      }
    }

    it('by any plain statement, even of a superuser, who is told that it is no more than that', async () => {
      const address = postgres.url(await postgres.database());
      const told: ServerEvent[] = [];
      const stop = onEvent((event) => told.push(event));
      const server = await startMerchantServer(options(address));
      try {
        await trade(server, 'A2');
        const lines = await linesOf(address);
        for (const [how, statement] of attempts) expect(await refusalOf(address, statement), how).to.equal('42501');
        expect(await linesOf(address)).to.deep.equal(lines);
        expect(told.find(({ event }) => event === 'audit-unprotected')?.why).to.match(/superuser/);
      } finally {
        stop();
        await server.close();
      }
    });

    it('by nothing that the server’s own role can do, if another one owns it', async () => {
      const name = await postgres.database();
      for (const statement of [
        `create role pay_owner login password 'owner'`,
        `create role pay_server login password 'server'`,
        `grant create on database ${name} to pay_owner`,
      ])
        await postgres.query(name, statement);
      const as = (role: string, password: string) =>
        `postgres://${role}:${password}@127.0.0.1:${postgres.port}/${name}`;
      const [owner, address] = [as('pay_owner', 'owner'), as('pay_server', 'server')];
      const connections = new Connections(owner);
      await prepare(connections, 'pay_server');
      // The same again changes nothing: before each upgrade.
      await prepare(connections, 'pay_server');
      await connections.close();
      const told: ServerEvent[] = [];
      const stop = onEvent((event) => told.push(event));
      const server = await startMerchantServer(options(address));
      try {
        await trade(server, 'A3');
        const lines = await linesOf(address);
        expect(lines).to.have.length(6);
        // Refused with a warning alone.
        await refusalOf(address, 'grant all on wxpay_face.audit to current_user');
        for (const [how, statement] of [...attempts, ...escapes])
          expect(await refusalOf(address, statement), how).to.be.oneOf(['42501', '428C9']);
        expect(await linesOf(address)).to.deep.equal(lines);
        expect(told.map(({ event }) => event)).not.to.include('audit-unprotected');
      } finally {
        stop();
        await server.close();
      }
    });
  });
});
