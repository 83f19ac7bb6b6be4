import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, type MerchantServerOptions, startMerchantServer } from '../lib/index.js';
import { type Answer, Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';

const lease = 2_000;

describe('A server that is to stop', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;
  let servers: MerchantServer[];

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());
  beforeEach(async () => {
    const options: MerchantServerOptions = {
      database: postgres.url(await postgres.database()),
      merchants: [{ name: 'tea', ...simulator.client }],
      lease,
      polling: { firstDelay: 50, interval: 100, timeout: 30_000 },
    };
    servers = [await startMerchantServer(options), await startMerchantServer(options)];
  });
  afterEach(async () => {
    simulator.scenario = 'success';
    await Promise.all(servers.map((server) => server.close()));
  });

  const pair = (): [MerchantServer, MerchantServer] => {
    const [one, two] = servers;
    if (one === undefined || two === undefined) throw new Error('There are two servers');
    return [one, two];
  };
  const newTill = async (name: string): Promise<string> =>
    (await pair()[0].addTerminal({ name, merchant: 'tea', store_id: '1', store_name: '茶馆' })).token;
  const statusOf = async (url: string) => (await fetch(url)).status;

  it('is sent nothing more, takes nothing new, answers who waits, and hands over what has not ended', async () => {
    simulator.scenario = { payment: 'password', password: 'waiting' };
    const [one, two] = pair();
    const token = await newTill('till');
    const till = new Client(one.url, token);
    const paying = till.pay('S1', '137700000000000001', { key: 'one', wait: 50 });
    await until(() => simulator.calls.some(({ out_trade_no }) => out_trade_no === 'S1'));
    const polling = till.get('/v1/unacknowledged?wait=50');
    await sleep(100);
    const closing = one.close();
    expect(await statusOf(`${one.url}/readyz`)).to.equal(503);
    expect(await statusOf(`${one.adminUrl}/readyz`)).to.equal(503);
    expect(await statusOf(`${two.url}/readyz`)).to.equal(200);
    const refused = await till.pay('S2', '137700000000000002', { key: 'two' });
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).to.deep.equal([
      503,
      'ERR_CLOSED',
      '1',
    ]);
    expect((await polling).status).to.equal(200);
    const waited = await paying;
    expect([waited.status, waited.body]).to.deep.equal([202, { status: 'undecided' }]);
    await closing;
    await until(() => simulator.act('enter-password'));
    const other = new Client(two.url, token);
    const { body } = await other.pay('S1', '137700000000000001', { key: 'one', wait: 50 });
    expect(body.status).to.equal('paid');
    expect(
      simulator.calls.filter(({ name, out_trade_no }) => name === 'micropay' && out_trade_no === 'S1'),
    ).to.have.length(1);
  });

  it('loses no sale of tills that go on, pays none twice, and has none ask more than once again', async () => {
    const urls = servers.map(({ url }) => url);
    let isOver = false;
    const sold: string[] = [];
    const wrong: unknown[] = [];
    const sell = async (name: string, index: number): Promise<void> => {
      const token = await newTill(name);
      for (let count = 1; !isOver; count += 1) {
        const number = `${name}-${count}`;
        const code = `1388${String(index).padStart(4, '0')}${String(count).padStart(10, '0')}`;
        let polls = 0;
        // The same attempt, of whichever server answers.
        for (let turn = count; ; turn += 1) {
          const till = new Client(urls[turn % urls.length] ?? '', token);
          const answer = await till
            .pay(number, code, { key: number, wait: 20 })
            .catch((): Answer | undefined => undefined);
          if (answer?.status === 200) {
            if (answer.body.status === 'paid') sold.push(number);
            else wrong.push(answer.body);
            break;
          }
          // A long poll that ends without an outcome: what the server that stops hands over, the other one ends within the next.
          if (answer?.status === 202) polls += 1;
          if (polls > 1) wrong.push(`${number} was undecided ${polls} times`);
          if (answer !== undefined && answer.status !== 202 && answer.status !== 503) wrong.push(answer.body);
          await sleep(20);
        }
      }
    };
    const selling = Array.from({ length: 6 }, (_, index) => sell(`load${index}`, index));
    await until(() => sold.length >= 20);
    await pair()[0].close();
    const before = sold.length;
    await until(() => sold.length >= before + 20);
    isOver = true;
    await Promise.all(selling);
    expect(wrong).to.deep.equal([]);
    const sales = new Map(simulator.ledger.map((sale) => [sale.out_trade_no, sale]));
    for (const number of sold) expect(sales.get(number)).to.include({ charged: 100, refunded: 0 });
    const charged = simulator.ledger.filter(
      ({ out_trade_no, charged: fen }) => out_trade_no.startsWith('load') && fen > 0,
    );
    expect(charged).to.have.length(sold.length);
  });
});
