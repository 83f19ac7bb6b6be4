import { setTimeout as sleep } from 'node:timers/promises';
import { type Difference, PayClient, PaymentProcessor, reconcile } from 'wxpay-face';
import { PostgresJournal } from '../../lib/index.js';
import { Chance } from '../support/chance.js';
import { type Fate, FaultyProxy } from '../support/faulty-proxy.js';
import { samplesOf } from '../support/metrics.js';
import { Postgres } from '../support/postgres.js';
import { ServerCommand } from '../support/server-command.js';
import { SimulatorProcess } from '../support/simulator-process.js';
import { isRefused, Till } from '../support/till.js';
import { disagreements, rowsOf, type Sale } from './books.js';
import { wrongSums, wrongTotals } from './counters.js';
import { notedTakeOvers, noteTakeOvers, type Outage, type Silence, type TakeOvers, takeOvers } from './take-overs.js';

/*
 * Tills that sell by HTTP through servers that are killed and frozen, on a database that is stopped, whose connections are terminated
 * and whose answers are lost. All along, and in the end, the gateway's ledger, the day's bill, the database and what the tills were
 * told must agree in every sale; in the end also what /metrics says.
 */

export interface Options {
  /** Milliseconds. */
  readonly duration: number;
  readonly seed: number;
  readonly servers: number;
  readonly tills: number;
  /** Hears what happens. */
  readonly onEvent?: (what: string) => void;
}

export interface Report {
  readonly sales: number;
  readonly refunds: number;
  readonly cancels: number;
  /** Sales by their end. */
  readonly ends: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** How often the books were compared while it went on, and how many sales in all. */
  readonly audits: { readonly times: number; readonly sales: number };
  readonly takeOvers: TakeOvers;
  /** What does not agree; empty if all is well. */
  readonly wrong: readonly string[];
}

const usual = { bill: 'early' } as const;
const scenarios = [
  {},
  {},
  {},
  { payment: 'password', passwordQueries: 3 },
  { payment: 'password', passwordQueries: 8 },
  { payment: 'password', password: 'never' },
  { scenario: 'lost-response' },
  { scenario: 'system-error-but-paid' },
  { scenario: 'not-enough' },
  { scenario: 'refund-lost-response' },
  { scenario: 'refund-system-error-but-taken' },
  { scenario: 'refund-closed' },
  { latency: 400 },
  { loseRequest: ['micropay'] },
  { loseResponse: ['orderquery', 'reverse'], payment: 'password' },
] as const;

/** Milliseconds. */
export const lease = 3_000;
/** Milliseconds beyond the lease in which a dead server's payments must have been taken over. */
export const slack = 3_000;

/** Of the servers: a shop's, a few times faster. Milliseconds. */
const pace = {
  lease,
  polling: { firstDelay: 250, interval: 500, timeout: 6_000 },
  reversal: {
    notBefore: 1_000,
    backoff: { initial: 500, factor: 2, maximum: 10_000, jitter: 0.2 },
    settleAfter: 123_000,
  },
};
/** Of the one who ends what is left when no server runs: nothing is under way any more, so that it needn't wait. */
const haste = {
  polling: { firstDelay: 10, interval: 100, timeout: 500 },
  reversal: { notBefore: 100, backoff: { initial: 100, factor: 2, maximum: 500, jitter: 0.2 }, settleAfter: 6_000 },
  refund: { firstQuery: 10, backoff: { initial: 100, factor: 2, maximum: 500, jitter: 0.2 } },
};
/** Milliseconds that a call to the gateway may take. */
const timeout = { connect: 1_000, response: 2_000 };

/** Attempts to start a server. */
const mostStarts = 20;

/** Milliseconds. */
const between = { audits: 15_000, customers: 300, looks: 200 };
/** Milliseconds in which tills get their words when nothing disturbs them any more, and in which all that is left must end. */
const patience = { tills: 40_000, ends: 180_000 };

class Chaos {
  readonly #options: Options;
  readonly #chance: Chance;
  readonly #postgres: Postgres;
  readonly #proxy: FaultyProxy;
  readonly #simulator: SimulatorProcess;
  readonly #servers: ServerCommand[] = [];
  /** Of each server, by its place: the owner ids of the process that runs. */
  readonly #owners: string[][] = [];
  readonly #known = new Set<string>();
  readonly #silences: Silence[] = [];
  readonly #outages: Outage[] = [];
  readonly #sales: Sale[] = [];
  readonly #faults: Record<string, number> = {};
  readonly #audits = { times: 0, sales: 0 };
  readonly #wrong: string[] = [];
  #isGivenUp = false;
  #tills: Till[] = [];
  #isOver = false;

  constructor(options: Options, postgres: Postgres, proxy: FaultyProxy, simulator: SimulatorProcess) {
    this.#options = options;
    this.#chance = new Chance(options.seed);
    this.#postgres = postgres;
    this.#proxy = proxy;
    this.#simulator = simulator;
  }

  async run(): Promise<Report> {
    await this.#begin();
    const all = [
      this.#disturb(this.#chance.fork()),
      this.#changeCustomers(this.#chance.fork()),
      this.#audit(),
      ...this.#tills.map((till, index) => this.#sell(till, index + 1, this.#chance.fork())),
    ];
    await Promise.race([sleep(this.#options.duration), Promise.all(all)]);
    this.#isOver = true;
    await this.#within(patience.tills, Promise.all(all));
    await this.#finish();
    return this.#report();
  }

  /** Tills that still wait when it's over give up. */
  async #within(milliseconds: number, work: Promise<unknown>): Promise<void> {
    const timer = setTimeout(() => {
      this.#isGivenUp = true;
    }, milliseconds);
    await work;
    clearTimeout(timer);
    this.#isGivenUp = false;
  }

  async stop(): Promise<void> {
    this.#isGivenUp = true;
    for (const server of this.#servers) await server.dispose();
  }

  async #begin(): Promise<void> {
    const { servers, tills } = this.#options;
    const merchants = [{ name: 'tea', ...this.#simulator.client, timeout }];
    const database = this.#postgres.url('postgres', this.#proxy.port);
    for (let index = 0; index < servers; index += 1) {
      const server = await ServerCommand.of({ database, merchants, ...pace });
      server.onCrash = () => this.#wrong.push(`server ${index + 1} ended by itself: ${server.said}`);
      this.#servers.push(server);
      await this.#start(index);
    }
    await noteTakeOvers(this.#postgres);
    const urls = this.#servers.map(({ url }) => url);
    for (let number = 1; number <= tills; number += 1) {
      const name = `till ${number}`;
      const can = ['pay', 'cancel', 'refund'] as const;
      const token = await this.#servers[0]?.addTerminal({
        name,
        merchant: 'tea',
        store_id: '1',
        store_name: '茶馆',
        can,
      });
      const chance = this.#chance.fork();
      const line = {
        choose: (count: number) => Math.floor(chance.number() * count),
        // Some requests lose their line before they're answered.
        patience: () => (!this.#isOver && chance.is(0.08) ? chance.between(1, 600) : 5_000),
        isOver: () => this.#isGivenUp,
      };
      this.#tills.push(new Till(urls, token ?? '', line));
    }
    const chance = this.#chance.fork();
    const fates: ReadonlyArray<readonly [Fate, number]> = [
      ['loses its answer', 0.008],
      ['is lost', 0.012],
      ['arrives late', 0.016],
    ];
    this.#proxy.fate = () => {
      const drawn = chance.number();
      return this.#isOver ? 'arrives' : (fates.find(([, most]) => drawn < most)?.[0] ?? 'arrives');
    };
  }

  /** Starts a server until it listens, as its supervisor would. */
  async #start(index: number): Promise<void> {
    // One piece in thirty of what it says to the database is lost on the way.
    for (let starts = 1; !(await this.#servers[index]?.start()); starts += 1) {
      if (starts >= mostStarts) throw new Error(`server ${index + 1} does not start: ${this.#servers[index]?.said}`);
      await sleep(100);
    }
    const rows = await this.#postgres.query('postgres', 'select id::text from wxpay_face.server');
    const found = rows.map(({ id }) => String(id)).filter((id) => !this.#known.has(id));
    for (const id of found) this.#known.add(id);
    this.#owners[index] = found;
  }

  /** One till, one sale after the other. */
  async #sell(till: Till, place: number, chance: Chance): Promise<void> {
    for (let number = 1; !this.#isOver; number += 1) {
      const sale: Sale = {
        till: place,
        out_trade_no: `T${place}-${number}`,
        total_fee: 100 + Math.floor(chance.number() * 900),
        told: [],
        isCancelled: false,
        isGivenUp: false,
        isQuiet: false,
      };
      this.#sales.push(sale);
      await this.#sellOnce(till, sale, chance);
      sale.isQuiet = true;
      await sleep(chance.between(0, 600));
    }
  }

  async #sellOnce(till: Till, sale: Sale, chance: Chance): Promise<void> {
    const { out_trade_no, total_fee, told } = sale;
    const code = `13${out_trade_no.replace(/\D/g, '').padStart(16, '0')}`;
    const paying = till.pay({ out_trade_no, total_fee, body: 'Tea' }, code, `attempt-${out_trade_no}`);
    if (chance.is(0.2)) {
      await sleep(chance.between(0, 800));
      await this.#cancel(till, sale);
    }
    const outcome = await paying;
    told.push(outcome);
    if (isRefused(outcome) || outcome.status !== 'paid' || sale.isCancelled) return;
    if (chance.is(0.5)) await till.acknowledge(out_trade_no, outcome.revision ?? 0);
    if (chance.is(0.25)) {
      const refund = {
        out_refund_no: `R-${out_trade_no}`,
        refund_fee: chance.is(0.5) ? total_fee : Math.ceil(total_fee / 3),
        told: [],
      };
      sale.refund = refund;
      const told = await till.refund(out_trade_no, refund.out_refund_no, refund.refund_fee);
      // One whose answer was lost is sent again a minute later, when all may be over.
      if (!isRefused(told) || !this.#isOver) sale.refund.told.push(told);
    } else if (chance.is(0.15)) await this.#cancel(till, sale);
  }

  async #cancel(till: Till, sale: Sale): Promise<void> {
    sale.isCancelled = true;
    sale.told.push(await till.cancel(sale.out_trade_no));
    sale.isGivenUp = true;
  }

  /** Something happens every now and then. */
  async #disturb(chance: Chance): Promise<void> {
    const { servers } = this.#options;
    const silence = (index: number): Silence => {
      const begun = { owners: this.#owners[index] ?? [], at: Date.now(), until: Number.POSITIVE_INFINITY };
      this.#silences.push(begun);
      return begun;
    };
    const disturbances: Readonly<Record<string, () => Promise<unknown>>> = {
      kill: async () => {
        const index = Math.floor(chance.number() * servers);
        silence(index);
        await this.#servers[index]?.end('SIGKILL');
        await sleep(chance.between(0, lease));
        await this.#start(index);
      },
      freeze: async () => {
        const index = Math.floor(chance.number() * servers);
        const frozen = silence(index);
        this.#servers[index]?.freeze();
        await sleep(lease * chance.between(1.2, 2.5));
        frozen.until = Date.now();
        this.#servers[index]?.thaw();
      },
      terminate: () =>
        this.#postgres.query(
          'postgres',
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        ),
      'stop the database': async () => {
        const from = Date.now();
        await this.#postgres.stopAtOnce();
        await sleep(chance.between(0, 700));
        await this.#postgres.startAgain();
        this.#outages.push({ from, to: Date.now() });
      },
    };
    const names = ['kill', 'freeze', 'kill', 'terminate', 'freeze', 'kill', 'stop the database', 'freeze', 'terminate'];
    for (let turn = 0; !this.#isOver; turn += 1) {
      await sleep(chance.between(300, 2_500));
      const name = names[turn % names.length] ?? '';
      this.#options.onEvent?.(name);
      this.#faults[name] = (this.#faults[name] ?? 0) + 1;
      await disturbances[name]?.();
    }
  }

  async #changeCustomers(chance: Chance): Promise<void> {
    while (!this.#isOver) {
      this.#simulator.scenario = { ...usual, ...chance.pick(scenarios) };
      await sleep(between.customers);
    }
    this.#simulator.scenario = usual;
  }

  /** Compares the books while it goes on: of sales that are quiet before they're read, and still are. */
  async #audit(): Promise<void> {
    while (!this.#isOver) {
      for (let waited = 0; waited < between.audits && !this.#isOver; waited += between.looks)
        await sleep(between.looks);
      try {
        await this.#compare(this.#sales.filter(({ isQuiet, told }) => isQuiet && told.length > 0));
      } catch (error) {
        // The database may be away just now.
        this.#options.onEvent?.(`no audit: ${error}`);
      }
    }
  }

  async #compare(sales: readonly Sale[]): Promise<void> {
    const rows = await rowsOf(this.#postgres);
    // What is still to be decided may be decided between the two looks.
    const settled = sales.filter(({ out_trade_no, refund }) => {
      const names = [`payment ${out_trade_no}`, ...(refund === undefined ? [] : [`refund ${refund.out_refund_no}`])];
      return names.every((name) => rows.get(name)?.finished !== false);
    });
    const books = await this.#simulator.books();
    const wrong = disagreements(settled, rows, books);
    const numbers = new Set(settled.map(({ out_trade_no }) => out_trade_no));
    for (const { kind, out_trade_no, state } of await this.#differences())
      if (numbers.has(out_trade_no)) wrong.push(`${out_trade_no} differs from the bill: ${kind}, ${state}`);
    this.#audits.times += 1;
    this.#audits.sales += settled.length;
    for (const each of wrong) if (!this.#wrong.includes(each)) this.#wrong.push(each);
    this.#options.onEvent?.(`${settled.length} sales compared, ${wrong.length} wrong`);
  }

  /** What the day's bill says against the journal. */
  async #differences(): Promise<Difference[]> {
    const { client: options } = this.#simulator;
    const client = new PayClient(options);
    const journal = await PostgresJournal.open({ database: this.#postgres.url(), merchant: options.mch_id, lease });
    try {
      // In Beijing.
      const bill_date = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
      const bill = await client.downloadBill({ bill_date });
      const found: Difference[] = [];
      for await (const difference of reconcile({ bill, journal, bill_date })) found.push(difference);
      return found;
    } finally {
      await journal.close();
      client.close();
    }
  }

  /** All servers end in order; what is left is brought to its end here; then the tills ask for their last words. */
  async #finish(): Promise<void> {
    const { client: options } = this.#simulator;
    const living = await this.#metrics();
    const takenOver = await notedTakeOvers(this.#postgres);
    this.#wrong.push(...wrongSums(living, await this.#simulator.books(), takenOver));
    this.#options.onEvent?.('the servers end');
    await Promise.all(this.#servers.map((server) => server.end('SIGTERM')));
    const client = new PayClient({ ...options, timeout });
    const journal = await PostgresJournal.open({ database: this.#postgres.url(), merchant: options.mch_id, lease });
    const processor = new PaymentProcessor({ client, journal, ...haste });
    const unfinished = async () => [...(await rowsOf(this.#postgres))].filter(([, { finished }]) => !finished);
    for (let waited = 0; waited < patience.ends && (await unfinished()).length > 0; waited += between.looks)
      await sleep(between.looks);
    for (const [name, { state }] of await unfinished()) this.#wrong.push(`${name} is unfinished, ${state}`);
    await processor.close();
    await journal.close();
    client.close();
    this.#options.onEvent?.('the tills ask for their last words');
    await this.#start(0);
    await this.#within(patience.ends, Promise.all(this.#tills.map((till, index) => this.#askAgain(till, index + 1))));
    await this.#compare(this.#sales);
    for (const [index] of this.#servers.entries()) if (index > 0) await this.#start(index);
    const [rows, books] = [await rowsOf(this.#postgres), await this.#simulator.books()];
    for (const samples of await this.#metrics()) this.#wrong.push(...wrongTotals(samples, rows, books));
  }

  /** What a Prometheus would read of each server. */
  #metrics(): Promise<Array<Record<string, number>>> {
    const read = async ({ adminUrl }: ServerCommand) => samplesOf(await (await fetch(`${adminUrl}/metrics`)).text());
    return Promise.all(this.#servers.map(read));
  }

  async #askAgain(till: Till, place: number): Promise<void> {
    for (const sale of this.#sales) {
      if (sale.till !== place) continue;
      sale.told.push(Object(await till.settled('payments', sale.out_trade_no)));
      const { refund } = sale;
      if (refund !== undefined) refund.told.push(Object(await till.settled('refunds', refund.out_refund_no)));
    }
  }

  async #report(): Promise<Report> {
    const taken = await takeOvers(this.#postgres, this.#known, this.#silences, this.#outages);
    const late = taken.times.filter((time) => time > lease + slack);
    for (const time of late) this.#wrong.push(`a take-over took ${Math.round(time)} ms`);
    const ends: Record<string, number> = {};
    for (const { state } of [...(await rowsOf(this.#postgres)).values()]) ends[state] = (ends[state] ?? 0) + 1;
    return {
      sales: this.#sales.length,
      refunds: this.#sales.filter(({ refund }) => refund !== undefined).length,
      cancels: this.#sales.filter(({ isCancelled }) => isCancelled).length,
      ends,
      faults: { ...this.#faults, ...this.#proxy.count },
      audits: this.#audits,
      takeOvers: taken,
      wrong: this.#wrong,
    };
  }
}

export async function chaos(options: Options): Promise<Report> {
  const postgres = await Postgres.start();
  const proxy = await FaultyProxy.start(postgres.port);
  const simulator = await SimulatorProcess.start();
  const world = new Chaos(options, postgres, proxy, simulator);
  try {
    return await world.run();
  } finally {
    await world.stop();
    await simulator.close();
    await proxy.close();
    await postgres.stop();
  }
}
