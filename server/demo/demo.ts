// Tills that sell through two servers on one PostgreSQL, one of which is killed in the middle: npm run demo:server [-- --lang zh|en]
// Exit code 0 if the other finished its payments, and ledger, database and tills agree.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { describe, type PaymentOutcome } from 'wxpay-face';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { Postgres } from '../test/support/postgres.js';
import { ServerCommand } from '../test/support/server-command.js';
import { isRefused, Till, type Told } from '../test/support/till.js';
import { languageOf, padded, words } from './words.js';

const language = languageOf(parseArgs({ options: { lang: { type: 'string' } } }).values.lang);
const text = words[language];

/** A demonstration's pace: the policies of a shop, a few times faster. Milliseconds. */
const pace = {
  lease: 3_000,
  polling: { firstDelay: 500, interval: 500, timeout: 30_000 },
  reversal: { notBefore: 3_000 },
};
/** Milliseconds that a till waits for an answer. */
const patience = 5_000;

const names = ['A', 'B'] as const;
type Name = (typeof names)[number];

/** How many queries it takes until a customer has typed a password: about 3 s. */
const typing: Scenario = { payment: 'password', passwordQueries: 6 };

interface Sale {
  readonly out_trade_no: string;
  readonly total_fee: number;
  told?: Told<PaymentOutcome>;
}

const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2)}`;

const began = performance.now();

function row(till: string, sale: Sale | undefined, what: string): void {
  const seconds = text.seconds(((performance.now() - began) / 1_000).toFixed(1));
  const amount = sale === undefined ? '' : yuan(sale.total_fee);
  console.log(
    `${seconds.padStart(8)}  ${padded(till, 8)}${padded(sale?.out_trade_no ?? '', 8)}${padded(amount, 9)}${what}`,
  );
}

function head(): void {
  const { seconds, till, order, amount, what } = text.head;
  console.log(`${padded(seconds, 8)}  ${padded(till, 8)}${padded(order, 8)}${padded(amount, 9)}${what}`);
}

/** One till at its counter: it asks the server that it's told to, and another one after a request without an answer. */
class Counter {
  readonly #name: string;
  readonly #till: Till;
  #asked = 0;
  #sale: Sale | undefined;

  constructor(number: number, urls: readonly string[], token: string) {
    this.#name = text.till(number);
    this.#till = new Till(urls, token, {
      choose: () => this.#asked,
      patience: () => patience,
      onBroken: () => {
        this.#asked = (this.#asked + 1) % names.length;
        row(this.#name, this.#sale, text.asksAgain(names[this.#asked] ?? ''));
      },
    });
  }

  async sell(sale: Sale, server: Name): Promise<void> {
    this.#asked = names.indexOf(server);
    this.#sale = sale;
    row(this.#name, sale, text.asks(server));
    const { out_trade_no, total_fee } = sale;
    // A customer's code is good for one payment; the key, for one attempt to pay.
    const code = `13${out_trade_no.padStart(16, '0')}`;
    sale.told = await this.#till.pay({ out_trade_no, total_fee, body: '拿铁咖啡' }, code, `attempt-${out_trade_no}`);
    row(this.#name, sale, text.told(titleOf(sale), names[this.#asked] ?? ''));
  }
}

const titleOf = ({ told }: Sale): string => {
  if (told === undefined) return text.nothing;
  return describe(isRefused(told) ? { code: told.refused } : told, language).title;
};

/** Which server has each payment now, by the database. */
async function owners(postgres: Postgres, servers: ReadonlyMap<unknown, Name>): Promise<Map<unknown, Name | '–'>> {
  const rows = await postgres.query('postgres', 'select id, owner::text from wxpay_face.record');
  return new Map(rows.map(({ id, owner }) => [id, servers.get(owner) ?? '–']));
}

/** The servers of the database's list that aren't known yet get a name. */
async function learn(postgres: Postgres, servers: Map<unknown, Name>, name: Name): Promise<void> {
  const rows = await postgres.query('postgres', 'select id::text from wxpay_face.server');
  for (const { id } of rows) if (!servers.has(id)) servers.set(id, name);
}

/** Resolves when so many customers are typing. */
async function untilTyping(postgres: Postgres, count: number): Promise<void> {
  const typing = `select from wxpay_face.record where state = 'polling'`;
  while ((await postgres.query('postgres', typing)).length < count) await sleep(50);
}

interface Stage {
  readonly postgres: Postgres;
  readonly simulator: Simulator;
  readonly servers: Readonly<Record<Name, ServerCommand>>;
}

async function play({ postgres, simulator, servers }: Stage): Promise<boolean> {
  const { A, B } = servers;
  const ids = new Map<unknown, Name>();
  for (const name of names) {
    if (!(await servers[name].start())) throw new Error(servers[name].said);
    await learn(postgres, ids, name);
    console.log(text.server(name, servers[name].url, servers[name].pid));
  }
  const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
  const tokens = await Promise.all([1, 2, 3, 4].map((number) => A.addTerminal({ name: `till ${number}`, ...shop })));
  const urls = [A.url, B.url];
  const counters = tokens.map((token, index) => new Counter(index + 1, urls, token));

  const sales: Sale[] = [];
  /** Each counter sells once, through the server of its place in the list. */
  const sell = async (list: readonly Name[]): Promise<void> => {
    const selling = list.map((server, index) => {
      const sale: Sale = { out_trade_no: String(1001 + sales.length), total_fee: 1_250 + 350 * index };
      sales.push(sale);
      return counters[index]?.sell(sale, server);
    });
    await Promise.all(selling);
  };
  const act = (title: string): void => console.log(`\n${title}`);

  act(text.acts.both);
  head();
  await sell(['A', 'B', 'A', 'B']);

  simulator.scenario = typing;
  act(text.acts.passwords);
  const selling = sell(['A', 'A', 'A', 'B']);
  await untilTyping(postgres, 4);
  const before = await owners(postgres, ids);
  act(text.acts.killed(A.pid));
  await A.end('SIGKILL');
  await selling;

  simulator.scenario = 'success';
  act(text.acts.goesOn);
  await sell(['B', 'B', 'B', 'B']);

  act(text.acts.back);
  if (!(await A.start())) throw new Error(A.said);
  await learn(postgres, ids, 'A');
  await sell(['B', 'A', 'B', 'A']);

  const after = await owners(postgres, ids);
  return compare({ postgres, simulator, sales, begun: new Map([...after, ...before]), after });
}

interface Books {
  readonly postgres: Postgres;
  readonly simulator: Simulator;
  readonly sales: readonly Sale[];
  readonly begun: ReadonlyMap<unknown, string>;
  readonly after: ReadonlyMap<unknown, string>;
}

/** Whether tills, database and ledger say the same of each sale, and what the first server had begun was finished by the other. */
async function compare({ postgres, simulator, sales, begun, after }: Books): Promise<boolean> {
  const rows = await postgres.query('postgres', 'select id, state from wxpay_face.record');
  const states = new Map(rows.map(({ id, state }) => [id, String(state)]));
  const widths = [9, 10, 13, 18, 11, 20];
  const line = (...cells: string[]) =>
    console.log(cells.map((cell, index) => padded(cell, widths[index] ?? 0)).join(''));
  const { columns } = text;
  console.log(`\n${text.compare}`);
  line(columns.order, columns.begun, columns.finished, columns.till, columns.database, columns.ledger, columns.agree);
  let [isGood, finishedByOther] = [true, 0];
  for (const sale of sales) {
    const { out_trade_no, total_fee, told } = sale;
    const entry = simulator.ledger.find((each) => each.out_trade_no === out_trade_no);
    const kept = entry === undefined ? 0 : entry.charged - entry.refunded;
    const payments = simulator.calls.filter(
      ({ name, ...call }) => name === 'micropay' && call.out_trade_no === out_trade_no,
    );
    const state = states.get(out_trade_no) ?? '–';
    const agree =
      told !== undefined &&
      !isRefused(told) &&
      told.status === 'paid' &&
      state === 'paid' &&
      kept === total_fee &&
      payments.length === 1;
    isGood &&= agree;
    const [by, end] = [begun.get(out_trade_no) ?? '–', after.get(out_trade_no) ?? '–'];
    if (by !== end) finishedByOther += 1;
    const ledger = entry === undefined ? text.nothing : text.entry(entry.trade_state, yuan(kept));
    line(out_trade_no, by, end, titleOf(sale), state, ledger, agree ? text.yes : text.no);
  }
  isGood &&= finishedByOther === 3;
  console.log(`\n${isGood ? text.good(sales.length, finishedByOther) : text.bad}`);
  return isGood;
}

async function main(): Promise<boolean> {
  console.log(text.starting);
  // What starts PostgreSQL complains about locales that the system doesn't have.
  process.env.LC_ALL = 'C';
  const simulator = await startSimulator();
  const postgres = await Postgres.start().catch(async (error: unknown) => {
    await simulator.close();
    console.error(text.failedToStart(error instanceof Error ? error.message : String(error)));
    return undefined;
  });
  if (postgres === undefined) return false;
  console.log(text.database(`postgres://127.0.0.1:${postgres.port}`));
  console.log(text.gateway(simulator.client.endpoints?.pay ?? ''));
  const options = { database: postgres.url(), merchants: [{ name: 'tea', ...simulator.client }], ...pace };
  const servers = { A: await ServerCommand.of(options), B: await ServerCommand.of(options) };
  try {
    return await play({ postgres, simulator, servers });
  } finally {
    await servers.A.dispose();
    await servers.B.dispose();
    await simulator.close();
    await postgres.stop();
  }
}

process.exitCode = (await main()) ? 0 : 1;
