import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, startMerchantServer } from '../lib/index.js';
import { type Answer, Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';

let numbers = 0;
const newNumber = (): string => {
  numbers += 1;
  return `D${numbers}`;
};
const newCode = (): string => {
  numbers += 1;
  return `13${String(numbers).padStart(16, '0')}`;
};

describe('A terminal that may give back so much a day', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());

  for (const kind of ['a folder', 'a database'] as const)
    describe(`with its journal in ${kind}`, () => {
      let folder: string;
      let name: string;
      let servers: MerchantServer[];
      let till: Client;

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
        name = await postgres.database();
        const place = kind === 'a folder' ? { folder } : { database: postgres.url(name) };
        const merchants = [{ name: 'tea', ...simulator.client }];
        servers = [await startMerchantServer({ ...place, merchants })];
        if (kind === 'a database') servers.push(await startMerchantServer({ ...place, merchants }));
        till = (await terminals({ can: ['pay', 'cancel'] }))[0] ?? expect.fail();
      });
      after(async () => {
        for (const server of servers) await server.close();
        await rm(folder, { recursive: true });
      });

      /** The same terminal, at each server. */
      const terminals = async (change: { can: Array<'pay' | 'cancel' | 'refund'>; refundLimit?: number }) => {
        numbers += 1;
        const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
        const added = await servers[0]?.addTerminal({ name: `till ${numbers}`, ...shop, ...change });
        return servers.map(({ url }) => new Client(url, added?.token));
      };
      const sale = async (): Promise<string> => {
        const number = newNumber();
        expect((await till.pay(number, newCode(), { key: 'one' })).body).to.include({ status: 'paid' });
        return number;
      };
      const refund = (desk: Client, out_trade_no: string, refund_fee: number, number = `R-${newNumber()}`) =>
        desk.ask('PUT', `/v1/refunds/${number}`, { out_trade_no, refund_fee });
      const said = ({ status, body }: Answer) => [status, body.code ?? body.accepted];
      const beyond = [403, 'ERR_REFUND_LIMIT'];
      const taken = [200, true];

      it('gives back no more, also in many refunds at once and at either server', async () => {
        const desks = await terminals({ can: ['refund'], refundLimit: 100 });
        const sales = [await sale(), await sale(), await sale(), await sale()];
        const answers = await Promise.all(
          sales.map((number, index) => refund(desks[index % desks.length] ?? till, number, 40)),
        );
        expect(answers.map(said).filter(([status]) => status === 200)).to.deep.equal([taken, taken]);
        expect(answers.map(said).filter(([status]) => status !== 200)).to.deep.equal([beyond, beyond]);
        const last = sales.find((_, index) => answers[index]?.status === 403) ?? '';
        expect(said(await refund(desks[0] ?? till, last, 20))).to.deep.equal(taken);
        const [next] = await terminals({ can: ['refund'], refundLimit: 1 });
        expect(said(await refund(next ?? till, await sale(), 1))).to.deep.equal(taken);
        const given = simulator.refunds.filter(({ out_trade_no }) => sales.includes(out_trade_no));
        expect(given.reduce((fen, { refund_fee }) => fen + refund_fee, 0)).to.equal(100);
      });

      it('counts the same refund once, and none that was refused', async () => {
        const desks = await terminals({ can: ['refund'], refundLimit: 100 });
        const [desk = till] = desks;
        const number = await sale();
        const again = () => [...desks, ...desks].map((each) => refund(each, number, 60, `R-${number}`));
        // Whether it comes while the first is about to be written down, or later.
        for (let times = 0; times < 2; times += 1)
          for (const answer of await Promise.all(again())) expect(said(answer)).to.deep.equal(taken);
        // Another amount of that number; more than the sale has left.
        expect(said(await refund(desk, number, 40, `R-${number}`))).to.deep.equal([409, 'ERR_ORDER_EXISTS']);
        expect(said(await refund(desk, await sale(), 41))).to.deep.equal(beyond);
        expect(said(await refund(desk, await sale(), 40))).to.deep.equal(taken);
        const [other = till] = await terminals({ can: ['refund'], refundLimit: 100 });
        for (let times = 0; times < 3; times += 1)
          expect(said(await refund(other, number, 41))).to.deep.equal([409, 'ERR_REFUND']);
        expect(said(await refund(other, await sale(), 100))).to.deep.equal(taken);
      });

      it('may give back as much on the next day', async () => {
        const [desk = till] = await terminals({ can: ['refund'], refundLimit: 100 });
        expect(said(await refund(desk, await sale(), 100))).to.deep.equal(taken);
        const number = await sale();
        expect(said(await refund(desk, number, 1))).to.deep.equal(beyond);
        if (kind === 'a database') await postgres.query(name, 'update wxpay_face.refund_day set day = day - 1');
        else {
          const file = join(folder, 'refunds-today.json');
          const written = JSON.parse(await readFile(file, 'utf8'));
          await writeFile(file, JSON.stringify({ ...written, day: '2020-01-01' }));
        }
        expect(said(await refund(desk, number, 100))).to.deep.equal(taken);
      });

      it('without a limit gives back what the sales allow, and with one of nothing nothing', async () => {
        const [desk = till] = await terminals({ can: ['refund'] });
        expect(said(await refund(desk, await sale(), 100))).to.deep.equal(taken);
        const [none = till] = await terminals({ can: ['refund'], refundLimit: 0 });
        expect(said(await refund(none, await sale(), 1))).to.deep.equal(beyond);
      });

      it('counts by the day of China', async () => {
        const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date());
        const [desk = till] = await terminals({ can: ['refund'], refundLimit: 100 });
        await refund(desk, await sale(), 1);
        const found =
          kind === 'a database'
            ? (await postgres.query(name, 'select max(day)::text as day from wxpay_face.refund_day'))[0]
            : JSON.parse(await readFile(join(folder, 'refunds-today.json'), 'utf8'));
        expect(Object(found).day).to.equal(day);
      });
    });
});
