import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { version } from '../lib/database/migrations.js';
import { disagreements, rowsOf, type Sale } from './chaos/books.js';
import { Chance } from './support/chance.js';
import { OtherVersion } from './support/other-version.js';
import { Postgres } from './support/postgres.js';
import { until } from './support/records.js';
import { ServerCommand } from './support/server-command.js';
import { SimulatorProcess } from './support/simulator-process.js';
import { isRefused, Till } from './support/till.js';

/** A shop's, a few times faster. Milliseconds. */
const pace = {
  lease: 2_000,
  polling: { firstDelay: 100, interval: 200, timeout: 6_000 },
  reversal: {
    notBefore: 500,
    backoff: { initial: 200, factor: 2, maximum: 2_000, jitter: 0.2 },
    settleAfter: 122_000,
  },
};
const tills = 4;

describe('Servers of two versions on one database', function () {
  this.timeout(240_000);
  let postgres: Postgres;
  let simulator: SimulatorProcess;
  let expanded: OtherVersion;
  let contracted: OtherVersion;
  const servers: ServerCommand[] = [];
  const sales: Sale[] = [];
  let isOver = false;

  before(async () => {
    postgres = await Postgres.start();
    simulator = await SimulatorProcess.start();
    // A change expands first, and contracts a version later.
    const expands = { readableFrom: version, sql: 'alter table wxpay_face.record add column of_tomorrow text' };
    const contracts = { readableFrom: version + 1, sql: 'alter table wxpay_face.record drop column of_tomorrow' };
    expanded = await OtherVersion.make('next', [expands]);
    contracted = await OtherVersion.make('after-next', [expands, contracts]);
  });
  after(async () => {
    isOver = true;
    for (const server of servers) await server.dispose();
    for (const each of [expanded, contracted]) await each.remove();
    await simulator.close();
    await postgres.stop();
  });

  async function sell(till: Till, place: number, chance: Chance): Promise<void> {
    for (let number = 1; !isOver; number += 1) {
      const sale: Sale = {
        till: place,
        out_trade_no: `U${place}-${number}`,
        total_fee: 100 + Math.floor(chance.number() * 900),
        told: [],
        isCancelled: false,
        isGivenUp: false,
        isQuiet: false,
      };
      sales.push(sale);
      await sellOnce(till, sale, chance);
    }
  }

  async function sellOnce(till: Till, sale: Sale, chance: Chance): Promise<void> {
    const { out_trade_no, total_fee, told } = sale;
    const code = `1366${String(sale.till).padStart(4, '0')}${out_trade_no.replace(/^.*-/, '').padStart(10, '0')}`;
    const paying = till.pay({ out_trade_no, total_fee, body: 'Tea' }, code, out_trade_no);
    const giveUp = async () => {
      sale.isCancelled = true;
      told.push(await till.cancel(out_trade_no));
      sale.isGivenUp = true;
    };
    if (chance.is(0.15)) {
      await sleep(chance.between(0, 300));
      await giveUp();
    }
    const outcome = await paying;
    told.push(outcome);
    if (isRefused(outcome) || outcome.status !== 'paid' || sale.isCancelled) return;
    if (chance.is(0.3)) {
      const refund = { out_refund_no: `R-${out_trade_no}`, refund_fee: Math.ceil(total_fee / 3), told: [] };
      sale.refund = refund;
      sale.refund.told.push(await till.refund(out_trade_no, refund.out_refund_no, refund.refund_fee));
    } else if (chance.is(0.15)) await giveUp();
    else await till.acknowledge(out_trade_no, outcome.revision ?? 0);
  }

  /** So many sales more. */
  const sold = (more: number): Promise<void> => {
    const most = sales.length + more;
    return until(() => sales.length >= most);
  };
  const statusOf = async ({ url }: ServerCommand, path: string): Promise<number> =>
    (await fetch(`${url}${path}`).catch(() => ({ status: 0 }))).status;

  async function install(server: ServerCommand, { main }: Pick<OtherVersion, 'main'>): Promise<void> {
    await server.end('SIGTERM');
    server.main = main;
    expect(await server.start(), server.said).to.equal(true);
  }

  it('pay, refund and give up beside each other while one after the other is replaced, and lose nothing', async () => {
    const merchants = [{ name: 'tea', ...simulator.client }];
    for (let index = 0; index < 3; index += 1)
      servers.push(await ServerCommand.of({ database: postgres.url(), merchants, ...pace }));
    const [first, second, third] = servers;
    if (first === undefined || second === undefined || third === undefined) throw new Error('There are three servers');
    const old = first.main;
    for (const server of [first, second]) await server.start();
    const chance = new Chance(19);
    const line = { choose: (count: number) => Math.floor(chance.number() * count), patience: () => 10_000 };
    const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆', can: ['pay', 'cancel', 'refund'] as const };
    const urls = servers.map(({ url }) => url);
    const selling: Promise<void>[] = [];
    for (let place = 1; place <= tills; place += 1) {
      const token = await first.addTerminal({ name: `till ${place}`, ...shop });
      selling.push(sell(new Till(urls, token, line), place, chance.fork()));
    }
    await sold(20);

    // A newer one comes, and changes the tables under the feet of those that sell.
    third.main = expanded.main;
    expect(await third.start(), third.said).to.equal(true);
    const [{ newest } = {}] = await postgres.query(
      'postgres',
      'select max(version) as newest from wxpay_face.migration',
    );
    expect(newest).to.equal(version + 1);
    await sold(40);
    for (const server of servers) expect(await statusOf(server, '/readyz')).to.equal(200);
    // The older one starts as well on tables that it can read.
    await install(second, { main: old });
    await sold(20);
    await install(first, expanded);
    await sold(20);

    // A version later the tables are no longer for the oldest: it leaves its payments to the others, and doesn't start again.
    await install(third, contracted);
    await until(async () => (await statusOf(second, '/readyz')) === 503);
    await sold(20);
    for (const server of [first, third]) expect(await statusOf(server, '/readyz')).to.equal(200);
    await second.end('SIGTERM');
    second.said = '';
    expect(await second.start()).to.equal(false);
    expect(second.said).to.equal(
      `The database's tables are of version ${version + 2}; this server knows version ${version} and can't read them: install a newer one\n`,
    );
    await install(second, contracted);
    await install(first, contracted);
    await sold(20);
    isOver = true;
    await Promise.all(selling);

    // What became of a refund in the end is asked for minutes later.
    const payments = async () => [...(await rowsOf(postgres))].filter(([name]) => name.startsWith('payment '));
    await until(async () => (await payments()).every(([, { finished }]) => finished));
    const rows = await rowsOf(postgres);
    expect(disagreements(sales, rows, await simulator.books())).to.deep.equal([]);
    const ends = new Set([...rows].map(([name, { state }]) => `${name.split(' ')[0]} ${state}`));
    expect([...ends]).to.include.members(['payment paid', 'payment reversed', 'refund accepted']);
  });
});
