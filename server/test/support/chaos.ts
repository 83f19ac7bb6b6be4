import { setTimeout as sleep } from 'node:timers/promises';
import type { PaymentOutcome } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type Fate, FaultyProxy } from './faulty-proxy.js';
import { Postgres } from './postgres.js';
import { GoneError, ServerProcess } from './servers.js';

/*
 * Tills that sell through servers that are killed and frozen, on a database that is stopped, whose connections are terminated and
 * whose answers are lost. In the end the gateway's ledger, the database and what the tills were told must agree in every sale.
 */

/** One sale as its till knows it. */
interface Sale {
  readonly out_trade_no: string;
  isGivenUp: boolean;
  /** All that it was told, by whichever server. */
  readonly told: PaymentOutcome[];
}

export interface Report {
  readonly sales: number;
  readonly faults: Readonly<Record<string, number>>;
  /** What does not agree; empty if all is well. */
  readonly wrong: readonly string[];
}

const scenarios = [
  'success',
  'success',
  { payment: 'password', passwordQueries: 2 },
  'lost-response',
  'system-error-but-paid',
  'not-enough',
  { payment: 'password', password: 'never' },
  { loseRequest: ['micropay'] },
  { loseResponse: ['orderquery', 'reverse'], payment: 'password' },
] as const;

/** Milliseconds. */
const lease = 1_500;

const pick = <T>(of: readonly T[]): T => {
  const one = of[Math.floor(Math.random() * of.length)];
  if (one === undefined) throw new Error('There is nothing to pick from');
  return one;
};

class Chaos {
  readonly #postgres: Postgres;
  readonly #proxy: FaultyProxy;
  readonly #simulator: Simulator;
  readonly #servers: ServerProcess[] = [];
  readonly sales: Sale[] = [];
  readonly faults: Record<string, number> = {};
  isOver = false;

  constructor(postgres: Postgres, proxy: FaultyProxy, simulator: Simulator) {
    this.#postgres = postgres;
    this.#proxy = proxy;
    this.#simulator = simulator;
  }

  async start(servers: number): Promise<void> {
    for (let index = 0; index < servers; index += 1) this.#servers[index] = await this.#newServer();
    this.#proxy.fate = () => {
      const chance = Math.random();
      const fates: ReadonlyArray<readonly [Fate, number]> = [
        ['loses its answer', 0.01],
        ['is lost', 0.015],
        ['arrives late', 0.02],
      ];
      return this.isOver ? 'arrives' : (fates.find(([, most]) => chance < most)?.[0] ?? 'arrives');
    };
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) await server.kill();
  }

  /** One till, one sale after the other. */
  async sell(till: number): Promise<void> {
    for (let number = 1; !this.isOver; number += 1) {
      const sale: Sale = { out_trade_no: `T${till}-${number}`, isGivenUp: false, told: [] };
      const order = { out_trade_no: sale.out_trade_no, total_fee: 100, body: 'Tea' };
      const code = `13${String(till).padStart(4, '0')}${String(number).padStart(12, '0')}`;
      const paying = this.#ask(sale, () => this.#server().do({ do: 'pay', order, code }));
      if (Math.random() < 0.25) {
        await sleep(Math.random() * 400);
        sale.isGivenUp = await this.#cancelled(sale);
      }
      if ((await paying) !== 'nothing was written down') this.sales.push(sale);
      await sleep(Math.random() * 50);
    }
  }

  /** Something happens every now and then. */
  async disturb(): Promise<void> {
    const disturbances = {
      kill: async () => {
        const index = Math.floor(Math.random() * this.#servers.length);
        await this.#servers[index]?.kill();
        this.#servers[index] = await this.#newServer();
      },
      freeze: async () => {
        const server = this.#server();
        server.freeze();
        await sleep(lease * (0.5 + Math.random() * 2));
        server.thaw();
      },
      terminate: () =>
        this.#postgres.query(
          'postgres',
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        ),
      'stop the database': async () => {
        await this.#postgres.stopAtOnce();
        await sleep(Math.random() * 500);
        await this.#postgres.startAgain();
      },
    };
    const names = Object.keys(disturbances);
    for (let turn = 0; !this.isOver; turn += 1) {
      await sleep(300 + Math.random() * 1_200);
      const name = names[turn % names.length] ?? '';
      this.faults[name] = (this.faults[name] ?? 0) + 1;
      await Object.entries(disturbances).find(([each]) => each === name)?.[1]();
    }
  }

  async changeCustomers(): Promise<void> {
    while (!this.isOver) {
      this.#simulator.scenario = pick(scenarios);
      await sleep(150);
    }
    this.#simulator.scenario = 'success';
  }

  /** Each sale has an end, and what it is agrees in all books. */
  async compare(): Promise<string[]> {
    for (const sale of this.sales)
      await this.#ask(sale, () => this.#server().do({ do: 'settled', out_trade_no: sale.out_trade_no }));
    const read = () => this.#postgres.query('postgres', 'select id, state, finished from wxpay_face.record');
    let rows = await read();
    // Of some their tills know nothing: the server ended before it answered.
    for (let looks = 0; looks < 150 && rows.some(({ finished }) => !finished); looks += 1) {
      await sleep(200);
      rows = await read();
    }
    const states = new Map(rows.map(({ id, state }) => [id, state]));
    const wrong = rows.filter(({ finished }) => !finished).map(({ id }) => `${id} is unfinished`);
    for (const { out_trade_no, trade_state, charged, refunded } of this.#simulator.ledger) {
      const state = states.get(out_trade_no);
      const net = charged - refunded;
      if ((state === 'paid') !== net > 0 && state !== 'attention')
        wrong.push(`${out_trade_no} is ${state}, but ${trade_state} with ${net} fen at the gateway`);
    }
    const sent = new Map<string, number>();
    for (const { name, out_trade_no = '' } of this.#simulator.calls)
      if (name === 'micropay') sent.set(out_trade_no, (sent.get(out_trade_no) ?? 0) + 1);
    for (const [number, times] of sent) if (times > 1) wrong.push(`${number} was sent ${times} times`);
    for (const { out_trade_no, told, isGivenUp } of this.sales) {
      const last = [...told].sort((a, b) => (a.revision ?? 0) - (b.revision ?? 0)).at(-1);
      const state = states.get(out_trade_no);
      if (last !== undefined && last.status !== state)
        wrong.push(`${out_trade_no} is ${state}, but its till was told ${last.status}`);
      if (isGivenUp && state === 'paid') wrong.push(`${out_trade_no} was given up, and is paid`);
      if (state === 'attention') wrong.push(`${out_trade_no} is in front of a person`);
    }
    return wrong;
  }

  #server(): ServerProcess {
    return pick(this.#servers.filter(({ isGone }) => !isGone));
  }

  #newServer(): Promise<ServerProcess> {
    const start = {
      client: this.#simulator.client,
      database: this.#postgres.url('postgres', this.#proxy.port),
      lease,
    };
    const attempt = (): Promise<ServerProcess> =>
      ServerProcess.start(start).catch((error: unknown) => {
        if (!(error instanceof GoneError)) throw error;
        return attempt();
      });
    return attempt();
  }

  /** Asks until it is told an outcome, of another server if one ends; a sale of which nothing was written down has none. */
  async #ask(
    sale: Sale,
    first: () => Promise<PaymentOutcome | undefined>,
  ): Promise<'told' | 'nothing was written down'> {
    for (let ask = first; ; await sleep(50))
      try {
        const outcome = await ask();
        if (outcome !== undefined) sale.told.push(outcome);
        if (outcome !== undefined) return 'told';
      } catch (error) {
        ask = () => this.#server().do({ do: 'settled', out_trade_no: sale.out_trade_no });
        if (Object(error).code === 'ERR_ORDER_UNKNOWN') return 'nothing was written down';
      }
  }

  /** Whether it has resolved. */
  async #cancelled(sale: Sale): Promise<boolean> {
    try {
      const outcome = await this.#server().do({ do: 'cancel', out_trade_no: sale.out_trade_no });
      if (outcome !== undefined) sale.told.push(outcome);
      return true;
    } catch {
      return false;
    }
  }
}

/** @param duration Milliseconds. */
export async function chaos({
  duration,
  servers,
  tills,
}: Record<'duration' | 'servers' | 'tills', number>): Promise<Report> {
  const postgres = await Postgres.start();
  const proxy = await FaultyProxy.start(postgres.port);
  const simulator = await startSimulator();
  const world = new Chaos(postgres, proxy, simulator);
  try {
    await world.start(servers);
    const all = [
      world.disturb(),
      world.changeCustomers(),
      ...Array.from({ length: tills }, (_, till) => world.sell(till)),
    ];
    await sleep(duration);
    world.isOver = true;
    await Promise.all(all);
    const wrong = await world.compare();
    return { sales: world.sales.length, faults: { ...world.faults, ...proxy.count }, wrong };
  } finally {
    await world.stop();
    await simulator.close();
    await proxy.close();
    await postgres.stop();
  }
}
