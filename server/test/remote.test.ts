import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  InvalidParameterError,
  OrderExistsError,
  OrderUnknownError,
  openTill,
  type PaymentOutcome,
  type PaymentProgress,
  type RefundOutcome,
  RefundRefusedError,
  remoteMerchant,
  type TillHealth,
} from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import {
  type MerchantServer,
  type MerchantServerOptions,
  type NewTerminal,
  startMerchantServer,
} from '../lib/index.js';
import { Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';
import { rejection } from './support/rejection.js';
import { ServerCommand } from './support/server-command.js';
import { TcpSwitch } from './support/tcp-switch.js';

let numbers = 0;
const newOrder = () => {
  numbers += 1;
  return { out_trade_no: `RM${numbers}`, total_fee: 100, body: '茶' };
};
const newCode = () => {
  numbers += 1;
  return { auth_code: `13${String(numbers).padStart(16, '0')}` };
};

const polling = { firstDelay: 50, interval: 100, timeout: 20_000 };
const reversal = { notBefore: 300, backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 } };
const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };

describe('A till without keys', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;
  const paymentsOf = (number: string) =>
    simulator.calls.filter(({ name, out_trade_no }) => name === 'micropay' && out_trade_no === number).length;
  const options = (place: { folder: string } | { database: string }): MerchantServerOptions => ({
    ...place,
    merchants: [{ name: 'tea', ...simulator.client }],
    lease: 2_000,
    polling,
    reversal,
  });

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());
  afterEach(() => {
    simulator.scenario = 'success';
  });

  for (const kind of ['a folder', 'a database'] as const)
    describe(`before a server with its journal in ${kind}`, () => {
      let folder: string;
      let server: MerchantServer;
      let names = 0;
      const closing: Array<() => unknown> = [];

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
        const place = kind === 'a folder' ? { folder } : { database: postgres.url(await postgres.database()) };
        server = await startMerchantServer(options(place));
      });
      after(async () => {
        await server.close();
        await rm(folder, { recursive: true });
      });
      afterEach(async () => {
        for (const close of closing.splice(0).reverse()) await close();
      });

      const newToken = async (change: Partial<NewTerminal> = {}): Promise<string> => {
        names += 1;
        const { token } = await server.addTerminal({ name: `till ${names}`, ...shop, ...change });
        return token;
      };
      const merchantOf = async (token: string, url = server.url) => {
        const merchant = await remoteMerchant({ url, token });
        closing.push(() => merchant.close());
        return merchant;
      };

      it('sells, refunds, gives up, and acknowledges', async () => {
        const merchant = await merchantOf(await newToken({ can: ['pay', 'cancel', 'refund'] }));
        const { appid, mch_id } = simulator.client;
        expect(merchant.identity).to.deep.equal({ appid, mch_id });
        const [order, other] = [newOrder(), newOrder()];
        const paid = await merchant.pay(order, newCode());
        expect(paid).to.include({ status: 'paid', total_fee: 100 });
        expect(await merchant.outcome(order.out_trade_no)).to.deep.equal(paid);
        expect(await merchant.settled(order.out_trade_no)).to.deep.equal(paid);
        const refund = { out_refund_no: order.out_trade_no, refund_fee: 40 };
        const given = await merchant.refund(order.out_trade_no, refund);
        expect(given).to.include({ status: 'processing', accepted: true });
        expect(await merchant.refund(order.out_trade_no, refund)).to.include({ status: 'processing', accepted: true });
        expect(await merchant.refunds(order.out_trade_no)).to.have.length(1);
        expect(await merchant.pay(other, newCode())).to.include({ status: 'paid' });
        expect(await merchant.cancel(other.out_trade_no)).to.include({ status: 'reversing', why: 'given-up' });
        expect(await merchant.settled(other.out_trade_no)).to.include({ status: 'reversed' });
        const told = [];
        for await (const outcome of merchant.unacknowledged()) told.push(outcome);
        expect(told.map(({ out_trade_no }) => out_trade_no)).to.have.members([order.out_trade_no, other.out_trade_no]);
        for (const outcome of told) await merchant.acknowledge(outcome);
        for await (const outcome of merchant.unacknowledged()) expect.fail(JSON.stringify(outcome));
      });

      it('is told what it may not, and what isn’t so, by the errors of a merchant in its own program', async () => {
        const far = await merchantOf(await newToken({ can: ['refund'], store_id: '2' }));
        const desk = await merchantOf(await newToken({ can: ['refund'] }));
        const token = await newToken({ can: ['pay'] });
        const till = await merchantOf(token);
        const order = newOrder();
        const { out_trade_no } = order;
        await till.pay(order, newCode());
        expect(await rejection(till.pay(order, newCode()))).to.be.instanceOf(OrderExistsError);
        expect(await rejection(desk.pay(order, newCode()))).to.include({ parameter: 'token' });
        expect(await rejection(till.cancel(out_trade_no))).to.include({ parameter: 'token' });
        expect(await desk.settled(out_trade_no)).to.include({ status: 'paid' });
        expect(await rejection(far.settled(out_trade_no))).to.be.instanceOf(OrderUnknownError);
        expect(await far.outcome(out_trade_no)).to.equal(undefined);
        const tooMuch = await rejection(
          desk.refund(out_trade_no, { out_refund_no: `${out_trade_no}R`, refund_fee: 101 }),
        );
        expect(tooMuch).to.be.instanceOf(RefundRefusedError).and.include({ rule: 'too-much' });
        const detail = await rejection(till.pay({ ...newOrder(), scene_info: 'no JSON' }, newCode()));
        expect(detail).to.be.instanceOf(InvalidParameterError).and.include({ parameter: 'scene_info' });
        await server.removeTerminal(`till ${names}`);
        expect(await rejection(till.outcome(out_trade_no))).to.include({ parameter: 'token' });
        expect(await rejection(remoteMerchant({ url: server.url, token }))).to.include({ parameter: 'token' });
      });

      it('believes no outcome of another attempt, and gives none up', async () => {
        const token = await newToken();
        const [one, two] = [await merchantOf(token), await merchantOf(token)];
        const order = newOrder();
        const answers = await Promise.all(
          [one, two].map((merchant) => merchant.pay(order, newCode()).catch((error: unknown) => error)),
        );
        expect(answers.filter((answer) => Object(answer).status === 'paid')).to.have.length(1);
        expect(answers.filter((answer) => answer instanceof OrderExistsError)).to.have.length(1);
        expect(paymentsOf(order.out_trade_no)).to.equal(1);
      });

      it('pays once over a line that breaks anywhere in the request or in its answer', async () => {
        const line = await TcpSwitch.start(server.url);
        closing.push(() => line.close());
        const met = new Set<string>();
        line.plan = (head) => {
          const [, number = '', way, at] = /^PUT \/v1\/payments\/((sent|answered)-(\d+)-\w+)/.exec(head) ?? [];
          if (way === undefined || met.has(number)) return undefined;
          met.add(number);
          return { [way]: Number(at) };
        };
        const merchants = await Promise.all(
          Array.from({ length: 6 }, async () => merchantOf(await newToken(), line.url)),
        );
        const places = (['sent', 'answered'] as const).flatMap((way) =>
          Array.from({ length: 100 }, (_, index) => `${way}-${1 + 7 * index}-${kind === 'a folder' ? 'f' : 'd'}`),
        );
        const outcomes = await Promise.all(
          merchants.map(async (merchant) => {
            const told: PaymentOutcome[] = [];
            for (let number = places.pop(); number !== undefined; number = places.pop())
              told.push(await merchant.pay({ ...newOrder(), out_trade_no: number }, newCode()));
            return told;
          }),
        );
        const all = outcomes.flat();
        expect(all).to.have.length(200);
        expect(met.size).to.equal(200);
        for (const { status, out_trade_no } of all)
          expect([out_trade_no, status, paymentsOf(out_trade_no)]).to.deep.equal([out_trade_no, 'paid', 1]);
      });

      it('gives up what the server has, what it hasn’t, and what it never will', async () => {
        const line = await TcpSwitch.start(server.url);
        closing.push(() => line.close());
        const merchant = await merchantOf(await newToken(), line.url);
        simulator.scenario = { payment: 'password', password: 'waiting' };
        const [order, early, lost] = [newOrder(), newOrder(), newOrder()];
        const giveUp = new AbortController();
        const paying = merchant.pay(order, newCode(), { signal: giveUp.signal });
        await until(() => paymentsOf(order.out_trade_no) === 1);
        giveUp.abort();
        expect(await paying).to.include({ status: 'reversing', why: 'given-up' });
        simulator.scenario = 'success';
        expect(await merchant.settled(order.out_trade_no)).to.include({ status: 'reversed' });
        // Before it came, it's refused when it comes.
        expect(await merchant.cancel(early.out_trade_no)).to.include({ status: 'cancelled' });
        expect(await rejection(merchant.pay(early, newCode()))).to.be.instanceOf(OrderExistsError);
        const leave = new AbortController();
        line.plan = (head) => {
          if (!head.startsWith('PUT')) return undefined;
          leave.abort();
          return { sent: 300 };
        };
        const outcome = await merchant.pay(lost, newCode(), { signal: leave.signal });
        expect(outcome).to.include({ status: 'cancelled', by: 'cashier' });
        expect(paymentsOf(early.out_trade_no) + paymentsOf(lost.out_trade_no)).to.equal(0);
      });

      it('shows the customer’s password, with the time that is left', async () => {
        const merchant = await merchantOf(await newToken());
        simulator.scenario = { payment: 'password', password: 'waiting' };
        const progress: PaymentProgress[] = [];
        const paying = merchant.pay(newOrder(), newCode(), { onProgress: (step) => void progress.push(step) });
        await until(() => progress.some(({ step }) => step === 'password'));
        await until(() => simulator.act('enter-password'));
        expect(await paying).to.include({ status: 'paid' });
        const steps = progress.map(({ step }) => step);
        expect([steps[0], steps.at(-1)]).to.deep.equal(['sending', 'finished']);
        const { until: end } = progress.find(({ step }) => step === 'password') ?? {};
        expect(Number(end) - Date.now()).to.be.within(1_000, 21_000);
      });

      it('sells to several customers at once, though few requests of a terminal may wait', async () => {
        const merchant = await merchantOf(await newToken());
        simulator.scenario = { payment: 'password', password: 'waiting' };
        const orders = Array.from({ length: 6 }, newOrder);
        const shown = new Set<string>();
        const onProgress = ({ out_trade_no }: PaymentProgress) => void shown.add(out_trade_no);
        const paying = Promise.all(orders.map((order) => merchant.pay(order, newCode(), { onProgress })));
        await until(() => orders.every(({ out_trade_no }) => paymentsOf(out_trade_no) === 1));
        simulator.scenario = 'success';
        let isOver = false;
        void paying.finally(() => {
          isOver = true;
        });
        // Each enters theirs.
        await until(() => {
          simulator.act('enter-password');
          return isOver;
        });
        for (const outcome of await paying) expect(outcome).to.include({ status: 'paid' });
        expect(shown.size).to.equal(6);
      });

      it('is a whole till, which sells by face and by code, and hears later what nobody waits for', async () => {
        const line = await TcpSwitch.start(server.url);
        closing.push(() => line.close());
        const token = await newToken({ can: ['pay', 'cancel', 'refund'] });
        const told: Array<PaymentOutcome | RefundOutcome> = [];
        const healths: TillHealth[] = [];
        simulator.scenario = { faceDelay: 10, confirmDelay: 0, latency: 0 };
        const till = await openTill({
          face: { library: simulator.library },
          merchant: { server: line.url, token },
          terminal: { store_id: shop.store_id, store_name: shop.store_name, device_id: 'T1' },
          onOutcome: (outcome) => void told.push(outcome),
          onHealth: (health) => void healths.push(health),
        });
        closing.push(() => till.close());
        expect(till.health).to.deep.equal({ camera: 'ready', merchant: 'reachable', unfinished: 0, warnings: [] });
        const [byFace, byCode, late] = [newOrder(), newOrder(), newOrder()];
        const faced = await till.pay(byFace);
        expect(faced).to.include({ status: 'paid' });
        const scanned = await till.payByCode(byCode, newCode().auth_code);
        expect(scanned).to.include({ status: 'paid' });
        await till.acknowledge(scanned);
        expect(await till.cancel(byCode.out_trade_no)).to.include({ status: 'reversing' });
        // Told as reversing by cancel(); how it ended is told later.
        await until(() => told.length > 0);
        expect(told).to.have.length(1);
        expect(told[0]).to.include({ status: 'reversed', out_trade_no: byCode.out_trade_no });
        expect(await rejection(till.reconcile('20261125')[Symbol.asyncIterator]().next())).to.include({
          parameter: 'merchant',
        });

        // Nobody answers: a sale fails, and is no error; the lamp says so.
        line.turnTo(undefined);
        await until(() => till.health.merchant === 'unreachable');
        line.turnTo(server.url);
        await until(() => till.health.merchant === 'reachable');
        expect(await till.payByCode(late, newCode().auth_code)).to.include({ status: 'paid' });
        expect(told).to.have.length(1);
        expect(healths.map(({ merchant }) => merchant)).to.include.members(['reachable', 'unreachable']);
      });
    });

  it('opens without its server; a sale fails then, and is paid when the server is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    const server = await startMerchantServer(options({ folder }));
    const { token } = await server.addTerminal({ name: 'till', ...shop });
    let line = await TcpSwitch.start(server.url);
    const { url } = line;
    await line.close();
    simulator.scenario = { faceDelay: 10, confirmDelay: 0, latency: 0 };
    const till = await openTill({
      face: { library: simulator.library },
      merchant: { server: url, token },
      terminal: { store_id: '1', store_name: '茶馆', device_id: 'T1' },
      onOutcome: () => undefined,
    });
    try {
      expect(till.health).to.include({ camera: 'ready', merchant: 'unreachable' });
      for (const pay of [() => till.pay(newOrder()), () => till.payByCode(newOrder(), newCode().auth_code)])
        expect(await pay()).to.include({ status: 'failed', code: 'unreachable' });
      line = await TcpSwitch.start(server.url, Number(new URL(url).port));
      await until(() => till.health.merchant === 'reachable');
      expect(await till.pay(newOrder())).to.include({ status: 'paid' });
    } finally {
      await till.close();
      await line.close();
      await server.close();
      await rm(folder, { recursive: true });
    }
  });

  it('is told the outcome by another server when its own was killed in the middle', async () => {
    const database = postgres.url(await postgres.database());
    const doomed = await ServerCommand.of(options({ database }));
    expect(await doomed.start()).to.equal(true);
    const other = await startMerchantServer(options({ database }));
    const line = await TcpSwitch.start(doomed.url);
    try {
      const { token } = await other.addTerminal({ name: 'till', ...shop });
      const merchant = await remoteMerchant({ url: line.url, token });
      simulator.scenario = { payment: 'password', password: 'waiting' };
      const order = newOrder();
      const paying = merchant.pay(order, newCode());
      await until(() => paymentsOf(order.out_trade_no) === 1);
      await doomed.end('SIGKILL');
      line.turnTo(other.url);
      await until(() => simulator.act('enter-password'));
      expect(await paying).to.include({ status: 'paid', out_trade_no: order.out_trade_no });
      expect(paymentsOf(order.out_trade_no)).to.equal(1);
      await merchant.close();
    } finally {
      await line.close();
      await other.close();
      await doomed.dispose();
    }
  });

  it('fails a sale while the database is away: nothing was sent', async () => {
    const own = await Postgres.start();
    const server = await startMerchantServer(options({ database: own.url() }));
    try {
      const { token } = await server.addTerminal({ name: 'till', ...shop });
      const merchant = await remoteMerchant({ url: server.url, token }, { patience: { unsent: 1_000 } });
      await own.stopAtOnce();
      const order = newOrder();
      expect(await merchant.pay(order, newCode())).to.include({ status: 'failed', code: 'unreachable' });
      expect(paymentsOf(order.out_trade_no)).to.equal(0);
      await own.startAgain();
      await until(async () => (await fetch(`${server.url}/healthz`)).status === 200);
      expect(await merchant.pay(newOrder(), newCode())).to.include({ status: 'paid' });
      await merchant.close();
    } finally {
      await server.close();
      await own.stop();
    }
  });
});
