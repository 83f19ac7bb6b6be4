import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { PaymentOutcome } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { rejection } from './support/rejection.js';
import { GoneError, ServerProcess } from './support/servers.js';

/** Milliseconds. */
const lease = 1_500;

let codes = 0;

/** A customer's code, good for one payment. */
const code = (): string => {
  codes += 1;
  return `13${String(codes).padStart(16, '0')}`;
};

describe('Servers on one database', function () {
  this.timeout(60_000);
  let postgres: Postgres;
  let simulator: Simulator;
  let database: string;
  let servers: ServerProcess[];
  let orders = 0;

  before(async () => {
    postgres = await sharedPostgres();
    simulator = await startSimulator();
  });
  after(() => simulator.close());

  beforeEach(async () => {
    database = await postgres.database();
    const start = { client: simulator.client, database: postgres.url(database), lease };
    servers = [await ServerProcess.start(start), await ServerProcess.start(start)];
  });
  afterEach(async () => {
    simulator.scenario = 'success';
    for (const server of servers) await server.kill();
  });

  const order = () => {
    orders += 1;
    return { out_trade_no: `S${orders}`, total_fee: 100, body: 'Tea' };
  };
  const both = (): [ServerProcess, ServerProcess] => {
    const [one, two] = servers;
    if (one === undefined || two === undefined) throw new Error('there are two');
    return [one, two];
  };
  const entry = (number: string) => simulator.ledger.find(({ out_trade_no }) => out_trade_no === number);
  const paymentsOf = (number: string) =>
    simulator.calls.filter(({ name, out_trade_no }) => name === 'micropay' && out_trade_no === number).length;
  const stateOf = async (number: string) =>
    (await postgres.query(database, 'select state from wxpay_face.record where id = $1', [number]))[0]?.state;
  const untilState = async (number: string, state: string) => {
    while ((await stateOf(number)) !== state) await sleep(20);
  };
  const gone = (error: unknown): undefined => {
    expect(error).to.be.instanceOf(GoneError);
  };

  it('tell an outcome on whichever is asked', async () => {
    const [one, two] = both();
    const sale = order();
    expect(await one.do({ do: 'pay', order: sale, code: code() })).to.include({ status: 'paid' });
    expect(await two.do({ do: 'settled', out_trade_no: sale.out_trade_no })).to.include({ status: 'paid' });
  });

  it('finish what a killed one has left', async () => {
    const [one, two] = both();
    simulator.scenario = { payment: 'password', password: 'waiting' };
    const sale = order();
    const paying = one.do({ do: 'pay', order: sale, code: code() }).catch(gone);
    await untilState(sale.out_trade_no, 'polling');
    const settled = two.do({ do: 'settled', out_trade_no: sale.out_trade_no });
    await one.kill();
    await paying;
    simulator.act('enter-password');
    expect(await settled).to.include({ status: 'paid' });
    expect(paymentsOf(sale.out_trade_no)).to.equal(1);
  });

  it('give up what another one is asked to', async () => {
    const [one, two] = both();
    simulator.scenario = { payment: 'password', password: 'waiting' };
    const sale = order();
    const paying = one.do({ do: 'pay', order: sale, code: code() });
    await untilState(sale.out_trade_no, 'polling');
    const outcomes = await Promise.all([two.do({ do: 'cancel', out_trade_no: sale.out_trade_no }), paying]);
    for (const outcome of outcomes) expect(outcome).to.include({ status: 'reversed', why: 'given-up' });
    expect(entry(sale.out_trade_no)).to.include({ trade_state: 'REVOKED' });
  });

  it('give up what one had sold', async () => {
    const [one, two] = both();
    const sale = order();
    const paid = await one.do({ do: 'pay', order: sale, code: code() });
    const reversed = await two.do({ do: 'cancel', out_trade_no: sale.out_trade_no });
    expect([paid?.status, reversed?.status]).to.deep.equal(['paid', 'reversed']);
    expect(Number(reversed?.revision)).to.be.greaterThan(Number(paid?.revision));
    expect(entry(sale.out_trade_no)).to.include({ trade_state: 'REVOKED' });
  });

  it('take a number once, and none that was given up before it came', async () => {
    const [one, two] = both();
    const sale = order();
    const pay = (server: ServerProcess) =>
      server.do({ do: 'pay', order: sale, code: code() }).then(
        (outcome) => outcome?.status,
        (error: unknown) => Object(error).code,
      );
    expect((await Promise.all([pay(one), pay(two), pay(one), pay(two)])).sort()).to.deep.equal([
      'ERR_ORDER_EXISTS',
      'ERR_ORDER_EXISTS',
      'ERR_ORDER_EXISTS',
      'paid',
    ]);
    expect(paymentsOf(sale.out_trade_no)).to.equal(1);
    const early = order();
    expect(await two.do({ do: 'cancel', out_trade_no: early.out_trade_no })).to.include({ status: 'cancelled' });
    expect(await rejection(one.do({ do: 'pay', order: early, code: code() }))).to.include({
      code: 'ERR_ORDER_EXISTS',
    });
    expect(paymentsOf(early.out_trade_no)).to.equal(0);
  });

  it('take over from one that is frozen, which tells nothing else when it goes on', async () => {
    const [one, two] = both();
    simulator.scenario = { payment: 'password', password: 'waiting' };
    const sale = order();
    const told: Array<PaymentOutcome | undefined> = [];
    const paying = one.do({ do: 'pay', order: sale, code: code() }).then((outcome) => told.push(outcome));
    await untilState(sale.out_trade_no, 'polling');
    one.freeze();
    const cancelling = two.do({ do: 'cancel', out_trade_no: sale.out_trade_no });
    // The customer has paid meanwhile, and the frozen one would say so.
    simulator.act('enter-password');
    expect(await cancelling).to.include({ status: 'reversed' });
    one.thaw();
    await paying;
    expect(told[0]).to.include({ status: 'reversed' });
    expect(entry(sale.out_trade_no)).to.include({ trade_state: 'REVOKED' });
    expect(paymentsOf(sale.out_trade_no)).to.equal(1);
  });

  it('send nothing for one that was frozen before it could', async () => {
    const [one, two] = both();
    simulator.scenario = { latency: 0 };
    const numbers: string[] = [];
    // Frozen at many moments of a payment's beginning.
    for (let delay = 0; delay < 3; delay += 1) {
      const sale = order();
      numbers.push(sale.out_trade_no);
      const paying = one.do({ do: 'pay', order: sale, code: code() });
      await sleep(delay);
      one.freeze();
      const cancelled = await two.do({ do: 'cancel', out_trade_no: sale.out_trade_no });
      one.thaw();
      const outcome = await paying.catch((error: unknown) => error);
      const isKnown = ['cancelled', 'reversed'].includes(String(Object(outcome).status));
      expect(isKnown || Object(outcome).code === 'ERR_ORDER_EXISTS', JSON.stringify(outcome)).to.equal(true);
      expect(['cancelled', 'reversed']).to.include(cancelled?.status);
    }
    for (const number of numbers) expect([undefined, 'REVOKED']).to.include(entry(number)?.trade_state);
  });
});
