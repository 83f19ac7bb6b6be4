import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { billDateOf } from '../lib/jobs/nights/days.js';
import { type Answer, Client } from './support/client.js';
import { Postgres } from './support/postgres.js';
import { until } from './support/records.js';
import { ServerCommand } from './support/server-command.js';

const run = promisify(execFile);

describe('A dump that is restored after more was sold', function () {
  this.timeout(120_000);
  let postgres: Postgres;
  /** Of pg_dump and pg_restore. */
  let programs: string | undefined;
  let simulator: Simulator;
  let server: ServerCommand;
  let codes = 0;
  const newCode = (): string => {
    codes += 1;
    return `139${String(codes).padStart(15, '0')}`;
  };

  before(async () => {
    ({ postgres, programs } = await Postgres.startWithDumps());
  });
  after(() => postgres.stop());
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(async () => {
    await server.dispose();
    await simulator.close();
  });

  /** By pg_dump, while the server sells; where there is none, by a copy that PostgreSQL makes of the database without its server. */
  async function dump(name: string): Promise<void> {
    if (programs !== undefined) {
      await run(join(programs, 'pg_dump'), ['--format=custom', `--file=${fileOf(name)}`, postgres.url(name)]);
      return;
    }
    await server.end('SIGTERM');
    await postgres.query('postgres', `create database ${name}_dump template ${name}`);
    await server.start();
  }

  async function restore(name: string): Promise<void> {
    await postgres.query('postgres', `alter database ${name} rename to ${name}_before`);
    if (programs === undefined) {
      await postgres.query('postgres', `alter database ${name}_dump rename to ${name}`);
      return;
    }
    await postgres.query('postgres', `create database ${name}`);
    await run(join(programs, 'pg_restore'), ['--no-owner', `--dbname=${postgres.url(name)}`, fileOf(name)]);
    await rm(fileOf(name));
  }
  const fileOf = (name: string): string => join(tmpdir(), `wxpay-face-${postgres.port}-${name}.dump`);

  const codeOf = ({ status, body }: Answer): unknown[] => [status, body.code ?? body.status];

  for (const api of ['v2', 'v3'] as const)
    it(`sends nothing for a number of the lost hour, and reconcile names each lost sale, by API ${api}`, async () => {
      const name = await postgres.database();
      const v3 = api === 'v3' ? { v3: { ...simulator.clientV3 } } : {};
      server = await ServerCommand.of({
        database: postgres.url(name),
        merchants: [{ name: 'tea', ...simulator.client, ...v3 }],
        lease: 2_000,
        reversal: { notBefore: 500 },
      });
      await server.start();
      const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
      const tokens: string[] = [];
      for (const till of ['till 1', 'till 2'])
        tokens.push(await server.addTerminal({ name: till, ...shop, can: ['pay', 'cancel', 'refund'] }));
      const [till, other] = tokens.map((token) => new Client(server.url, token));
      if (till === undefined || other === undefined) throw new Error('There is no till');
      const number = (of: string): string => `${api}-${of}`;
      const sell = async (of: string, code = newCode()): Promise<string> => {
        expect((await till.pay(number(of), code, { key: of })).body).to.include({ status: 'paid' });
        return code;
      };
      const giveBack = (client: Client, refund: string, of: string, refund_fee: number): Promise<Answer> =>
        client.ask('PUT', `/v1/refunds/${number(refund)}`, { out_trade_no: number(of), refund_fee });
      const entryOf = (of: string) => simulator.ledger.find(({ out_trade_no }) => out_trade_no === number(of));

      await sell('known-1');
      await sell('known-2');
      await sell('known-3');
      await dump(name);
      // The hour that will be lost.
      const code = await sell('lost-1');
      await sell('lost-2');
      await sell('lost-3');
      expect((await till.delete(`/v1/payments/${number('lost-3')}?wait=30`)).status).to.be.oneOf([200, 202]);
      await until(() => entryOf('lost-3')?.trade_state === 'REVOKED');
      await giveBack(till, 'part', 'known-1', 30);
      await giveBack(till, 'whole', 'known-2', 100);
      for (const refund of ['part', 'whole']) simulator.endRefund(number(refund), 'SUCCESS');
      await server.end('SIGKILL');
      await restore(name);

      const today = billDateOf(Date.now());
      await server.start('--restored', today);
      const asked = simulator.calls.length;
      const sent = (): string[][] =>
        simulator.calls
          .slice(asked)
          .flatMap(({ to, name: call, out_trade_no = '' }) =>
            to === 'pay' && out_trade_no.startsWith(number('')) ? [[call, out_trade_no]] : [],
          );
      const questions: ReadonlyArray<() => Promise<Answer>> = [
        () => till.pay(number('lost-1'), code, { key: 'lost-1' }),
        () => till.pay(number('lost-1'), newCode(), { key: 'again' }),
        () => other.pay(number('lost-2'), newCode(), { key: 'lost-2' }),
        () => till.get(`/v1/payments/${number('lost-1')}`),
        () => till.delete(`/v1/payments/${number('lost-1')}`),
        () => till.ask('POST', `/v1/payments/${number('lost-1')}/acknowledge`, { revision: 2 }),
      ];
      const refunds: typeof questions = [
        () => giveBack(till, 'part', 'known-1', 30),
        () => giveBack(other, 'another', 'known-1', 30),
        () => giveBack(other, 'whole-again', 'known-2', 100),
        () => till.get(`/v1/refunds/${number('part')}`),
      ];
      for (const [index, ask] of [...questions, ...refunds].entries())
        expect(codeOf(await ask()), `question ${index}`).to.deep.equal([503, 'ERR_RESTORED']);
      expect(codeOf(await till.get(`/v1/payments/${number('known-1')}`))).to.deep.equal([200, 'paid']);
      expect(sent()).to.deep.equal([]);

      // There is no bill before the day is over.
      const early = await server.run('reconcile', '--date', today);
      expect([early.code, early.out]).to.deep.equal([1, '']);
      expect(early.error).to.match(new RegExp(`^${today} tea: not reconciled: ERR_BILL_MISSING: There is no bill`));
      simulator.scenario = { bill: 'early' };
      const { code: exit, out } = await server.run('reconcile', '--merchant', 'tea', '--date', today);
      simulator.scenario = 'success';
      expect(exit).to.equal(3);
      const named = out
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'))
        .map(([date, merchant, kind, out_trade_no, out_refund_no, , , there, state]) => [
          ...[date, merchant, kind, out_trade_no, out_refund_no, there, state],
        ])
        .filter(([, , , out_trade_no = '']) => out_trade_no.startsWith(number('')));
      const about = [today, 'tea'];
      expect(named).to.have.deep.members([
        [...about, 'unknown-here', number('lost-1'), '', '100', 'SUCCESS'],
        [...about, 'unknown-here', number('lost-2'), '', '100', 'SUCCESS'],
        [...about, 'unknown-here', number('lost-3'), '', '100', 'SUCCESS'],
        [...about, 'unknown-here', number('lost-3'), '', '0', 'REVOKED'],
        [...about, 'refund-unknown-here', number('known-1'), number('part'), '30', 'REFUND'],
        [...about, 'refund-unknown-here', number('known-2'), number('whole'), '100', 'REFUND'],
      ]);

      await until(async () => (await till.get('/healthz')).status === 200);
      // What the bill has stays in use.
      for (const [index, ask] of questions.entries())
        expect(codeOf(await ask()), `question ${index}`).to.deep.equal([409, 'ERR_ORDER_EXISTS']);
      // The sales know what was given back: by the same number and by others no fen more is, beyond what was paid.
      expect(codeOf(await giveBack(other, 'whole-again', 'known-2', 100))).to.deep.equal([409, 'ERR_REFUND']);
      expect(codeOf(await giveBack(other, 'too-much', 'known-1', 80))).to.deep.equal([409, 'ERR_REFUND']);
      const { body } = await till.get(`/v1/payments/${number('known-1')}/refunds`);
      expect(Object(body)[0]).to.include({ out_refund_no: number('part'), refund_fee: 30 });
      expect(codeOf(await till.delete(`/v1/payments/${number('known-1')}`))).to.deep.equal([409, 'ERR_ORDER_REFUNDED']);
      // The gateway was asked how they stand.
      expect(sent().filter(([call]) => call !== 'refundquery')).to.deep.equal([]);
      expect(codeOf(await giveBack(till, 'part', 'known-1', 30))[0]).to.be.oneOf([200, 202]);
      expect(entryOf('known-1')).to.include({ charged: 100, refunded: 30 });
      expect(entryOf('known-2')).to.include({ charged: 100, refunded: 100 });
      for (const of of ['lost-1', 'lost-2']) expect(entryOf(of)).to.include({ charged: 100, refunded: 0 });
      // And everything else goes on.
      await sell('new');
      expect(codeOf(await giveBack(other, 'new-refund', 'known-3', 40))[0]).to.be.oneOf([200, 202]);
      expect(entryOf('known-3')).to.include({ refunded: 40 });
    });
});
