import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, startMerchantServer } from '../lib/index.js';
import { type Answer, Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';

let codes = 0;
const newCode = (): string => {
  codes += 1;
  return `1366${String(codes).padStart(14, '0')}`;
};

describe('What a terminal learns of another merchant’s numbers', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;
  let server: MerchantServer;
  /** Of the merchant, and of those that are not to know: a sub-merchant of the same provider, and another merchant number. */
  let till: Client;
  let strangers: ReadonlyArray<readonly [string, Client]>;
  let paths: Record<string, Record<string, { readonly security?: unknown }>>;

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
    server = await startMerchantServer({
      database: postgres.url(await postgres.database()),
      merchants: [
        {
          name: 'chain',
          ...simulator.client,
          sub_merchants: { east: { sub_mch_id: '1' }, west: { sub_mch_id: '2' } },
        },
        { name: 'tea', ...simulator.client, mch_id: '1900000110' },
      ],
      lease: 2_000,
    });
    // Their stores have the same number, and they may do everything.
    const terminal = async (name: string, merchant: string, sub_merchant?: string): Promise<Client> => {
      const shop = {
        merchant,
        ...(sub_merchant !== undefined && { sub_merchant }),
        store_id: 'S7',
        store_name: '茶馆',
      };
      const { token } = await server.addTerminal({ name, ...shop, can: ['pay', 'cancel', 'refund'] });
      return new Client(server.url, token);
    };
    till = await terminal('east', 'chain', 'east');
    strangers = [
      ['a sub-merchant of the same provider', await terminal('west', 'chain', 'west')],
      ['another merchant', await terminal('tea', 'tea')],
    ];
    paths = Object((await till.get('/openapi.json')).body.paths);
    expect((await till.pay('SOLD', newCode(), { key: 'one' })).body.status).to.equal('paid');
    simulator.scenario = { refund: 'NOTENOUGH' };
    const refund = await till.ask('PUT', '/v1/refunds/BACK', { out_trade_no: 'SOLD', refund_fee: 40 });
    expect(refund.body.status).to.equal('refused');
    simulator.scenario = 'success';
  });
  after(async () => {
    await server.close();
    await simulator.close();
  });

  const ended = async (who: Client): Promise<unknown[]> =>
    (await who.get('/v1/unacknowledged')).lines.map(({ out_refund_no, out_trade_no }) => out_refund_no ?? out_trade_no);
  const comparable = ({ status, body, lines }: Answer): unknown => ({ status, body, lines });

  it('is what it learns of numbers that nobody has, by each way of asking that there is', async () => {
    const asked = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).flatMap((method) =>
        path.includes('{number}') && ['get', 'post'].includes(method) ? [[method.toUpperCase(), path] as const] : [],
      ),
    );
    expect(asked).to.have.length(6);
    for (const [of, stranger] of strangers)
      for (const [method, path] of asked) {
        const ask = (number: string): Promise<Answer> =>
          stranger.ask(method, path.replace('{number}', number), method === 'POST' ? { revision: 2 } : undefined);
        const said = comparable(await ask(path.includes('/refunds/{') ? 'BACK' : 'SOLD'));
        expect(said, `${of}: ${method} ${path}`).to.deep.include({ status: 404 });
        expect(said).to.deep.equal(comparable(await ask('NOBODYS')));
      }
    expect((await ended(till)).sort()).to.deep.equal(['BACK', 'SOLD']);
  });

  it('is nothing of what has ended there', async () => {
    for (const [of, stranger] of strangers) {
      const { status, lines } = await stranger.get('/v1/unacknowledged');
      expect([status, lines], of).to.deep.equal([200, []]);
    }
  });

  it('is that they are in use, if they are its provider’s, and it changes nothing of them', async () => {
    const [[, west] = expect.fail()] = strangers;
    expect((await west.pay('OWN', newCode(), { key: 'one' })).body.status).to.equal('paid');
    const inUse = { status: 409, body: { code: 'ERR_ORDER_EXISTS', message: 'This number is in use' } };
    expect(await west.pay('SOLD', newCode(), { key: 'one' })).to.deep.include(inUse);
    for (const said of [
      await west.ask('PUT', '/v1/refunds/BACK', { out_trade_no: 'OWN', refund_fee: 40 }),
      await west.ask('PUT', '/v1/refunds/BACK2', { out_trade_no: 'SOLD', refund_fee: 40 }),
      await west.delete('/v1/payments/SOLD'),
    ]) {
      expect(said.status).to.be.oneOf([404, 409]);
      for (const [name, value] of Object.entries(said.body)) expect([name, value]).not.to.include('SOLD');
    }
    const [sold, own] = ['SOLD', 'OWN'].map((number) =>
      simulator.ledger.find(({ out_trade_no }) => out_trade_no === number),
    );
    for (const entry of [sold, own]) expect(entry).to.include({ trade_state: 'SUCCESS', refunded: 0 });
    expect((await till.get('/v1/payments/SOLD')).body.status).to.equal('paid');
  });

  it('is nothing at all if they are another merchant number’s: it gives up one of its own', async () => {
    const [, [, tea] = expect.fail()] = strangers;
    expect((await tea.delete('/v1/payments/SOLD')).body).to.include({ status: 'cancelled' });
    expect((await till.get('/v1/payments/SOLD')).body.status).to.equal('paid');
  });
});
