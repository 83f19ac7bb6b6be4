import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Limiter } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantOptions, type MerchantServer, startMerchantServer } from '../lib/index.js';
import { clientsOf, closeAll, Limits } from '../lib/merchants/clients.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';
import { rejection } from './support/rejection.js';
import { Visitor } from './support/visitor.js';

const polling = { firstDelay: 50, interval: 100, timeout: 5_000 };
const reversal = { notBefore: 300, backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 } };

let numbers = 0;
const newNumber = (): string => {
  numbers += 1;
  return `MERCH${numbers}`;
};
const newCode = (): string => {
  numbers += 1;
  return `13${String(numbers).padStart(16, '0')}`;
};

describe('The merchants of a server', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;
  const servers: MerchantServer[] = [];

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());
  afterEach(async () => {
    simulator.scenario = 'success';
    for (const server of servers.splice(0)) await server.close();
  });

  const start = async (place: { folder: string } | { database: string }, merchants: MerchantOptions[]) => {
    const server = await startMerchantServer({ ...place, merchants, lease: 1_000, polling, reversal });
    servers.push(server);
    return server;
  };
  const terminal = async (server: MerchantServer, name: string, merchant: string, sub_merchant?: string) => {
    const shop = { merchant, ...(sub_merchant !== undefined && { sub_merchant }), store_id: 'S7', store_name: '茶馆' };
    const { token } = await server.addTerminal({ name, ...shop, can: ['pay', 'cancel', 'refund'] });
    return new Client(server.url, token);
  };
  const callsOf = (name: string, number: string) =>
    simulator.calls.filter((call) => call.name === name && call.out_trade_no === number).length;

  describe('of one number at the gateway', () => {
    const provider = (): MerchantOptions => ({
      name: 'chain',
      ...simulator.client,
      callsPerSecond: 6,
      sub_merchants: { east: { sub_mch_id: '1' }, west: { sub_mch_id: '2' } },
    });

    it('wait in one queue of calls, over the same connections, by whichever API', () => {
      const limiter = new Limiter();
      const { appid: _, mch_id: __, ...v3 } = simulator.clientV3;
      const [east, west] = clientsOf({ ...provider(), v3 }, limiter);
      try {
        if (east === undefined || west === undefined) throw new Error('there are two');
        for (const { v2, v3: other } of [east, west])
          for (const client of [v2, other]) expect(client?.shared.limiter).to.equal(limiter);
        expect(west.v2.shared.connections).to.equal(east.v2.shared.connections);
        expect(west.v3?.shared.connections).to.equal(east.v3?.shared.connections);
        expect(west.v3?.identity.sub_mch_id).to.equal('2');
      } finally {
        for (const clients of [east, west]) if (clients !== undefined) closeAll(clients);
      }
    });

    it('have the lowest of their limits, of which each server takes its share', () => {
      const limits = new Limits();
      const [one, other] = [limits.of('1'), limits.of('2')];
      const merchant = { ...provider(), mch_id: '1' };
      limits.share([merchant, { ...merchant, callsPerSecond: 4 }, { ...merchant, v3: { callsPerSecond: 5 } }], 2);
      expect([one.callsPerSecond, other.callsPerSecond]).to.deep.equal([2, undefined]);
      limits.share([], 3);
      expect(one.callsPerSecond).to.equal(2);
      limits.close();
    });

    it('are limited together on servers that share a database', async () => {
      const database = postgres.url(await postgres.database());
      const [one, two] = [await start({ database }, [provider()]), await start({ database }, [provider()])];
      const tills = [
        await terminal(one, 'one east', 'chain', 'east'),
        await terminal(one, 'one west', 'chain', 'west'),
        await terminal(two, 'two east', 'chain', 'east'),
      ];
      // Until each has heard of the other.
      await new Promise((resolve) => setTimeout(resolve, 600));
      const first = simulator.calls.length;
      const each = Array.from({ length: 4 }, () => tills.map((till) => till.pay(newNumber(), newCode(), { wait: 20 })));
      for (const { body } of await Promise.all(each.flat())) expect(body).to.include({ status: 'paid' });
      const times = simulator.calls.slice(first).map(({ at }) => at);
      expect(times).to.have.length(12);
      // 12 calls, of which each server's first is free: at 3 a second the one with eight of them takes
      // 7 / 3 seconds, and at 6 a second half of that.
      expect(Math.max(...times) - Math.min(...times)).to.be.at.least(1_500);
    });
  });

  it('pay, cancel, refund and are paid as sub-merchants of a provider, each by its own', async () => {
    const database = postgres.url(await postgres.database());
    const options: MerchantOptions = {
      name: 'chain',
      ...simulator.client,
      sub_merchants: { east: { sub_mch_id: '11', sub_appid: 'wx11' }, west: { sub_mch_id: '12' } },
    };
    const server = await start({ database }, [options]);
    const [east, west] = [
      await terminal(server, 'east', 'chain', 'east'),
      await terminal(server, 'west', 'chain', 'west'),
    ];
    const { appid, mch_id } = simulator.client;
    expect((await east.get('/v1/identity')).body).to.deep.equal({ appid, mch_id, sub_mch_id: '11', sub_appid: 'wx11' });
    const number = newNumber();
    const paid = await east.pay(number, newCode(), { key: 'one' });
    expect(paid.body).to.include({ status: 'paid' });
    expect(paid.body.response).to.include({ sub_mch_id: '11' });
    // A number is unique for the provider, and nobody learns whose it is.
    expect((await west.get(`/v1/payments/${number}`)).status).to.equal(404);
    expect((await west.delete(`/v1/payments/${number}`)).status).to.equal(404);
    expect((await west.pay(number, newCode(), { key: 'one' })).status).to.equal(409);
    const body = { out_trade_no: number, refund_fee: 30 };
    expect((await west.ask('PUT', `/v1/refunds/R${number}`, body)).status).to.equal(404);
    expect((await east.ask('PUT', `/v1/refunds/R${number}`, body)).body).to.include({ accepted: true });
    const given = newNumber();
    await west.pay(given, newCode(), { key: 'one' });
    await west.delete(`/v1/payments/${given}`);
    expect((await west.get(`/v1/payments/${given}?until=final&wait=20`)).body).to.include({ status: 'reversed' });
    for (const [merchant, sub_merchant] of [['chain'], ['chain', 'north'], ['tea', 'east']]) {
      const shop = { store_id: '1', store_name: 'x', merchant: merchant ?? '', ...(sub_merchant && { sub_merchant }) };
      const error = await rejection(server.addTerminal({ name: 'x', ...shop }));
      expect(error).to.include({ parameter: 'merchant' });
    }
  });

  describe('with API v3', () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    });
    after(() => rm(folder, { recursive: true }));

    const tea = (): MerchantOptions => {
      const { appid: _, mch_id: __, ca: ___, endpoints: ____, ...v3 } = simulator.clientV3;
      return { name: 'tea', ...simulator.client, v3 };
    };

    it('are paid by it for codes, by v2 for faces, and in the shop of the terminal', async () => {
      const server = await start({ folder }, [tea()]);
      const till = await terminal(server, 'till', 'tea');
      const [scanned, face, letters] = [newNumber(), newNumber(), newNumber()];
      expect((await till.pay(scanned, newCode(), { key: 'one' })).body).to.include({ status: 'paid' });
      const order = { total_fee: 100, body: 'Tea' };
      const byFace = { order, code: { auth_code: newCode(), from: 'face' } };
      expect((await till.ask('PUT', `/v1/payments/${face}`, byFace)).body).to.include({ status: 'paid' });
      expect((await till.ask('POST', '/v1/authinfo', { rawdata: 'raw' })).status).to.equal(200);
      expect([callsOf('codepay', scanned), callsOf('micropay', scanned)]).to.deep.equal([1, 0]);
      expect([callsOf('codepay', face), callsOf('micropay', face)]).to.deep.equal([0, 1]);
      const refund = await till.ask('PUT', `/v1/refunds/R${scanned}`, { out_trade_no: scanned, refund_fee: 100 });
      expect(refund.body).to.include({ accepted: true });
      await till.delete(`/v1/payments/${face}`);
      expect((await till.get(`/v1/payments/${face}?until=final&wait=20`)).body).to.include({ status: 'reversed' });
      expect((await till.delete(`/v1/payments/${letters}`)).body).to.include({ status: 'cancelled' });
    });

    it('are asked for by a person of the API that has taken them', async () => {
      const server = await start({ folder }, [tea()]);
      const till = await terminal(server, 'till', 'tea');
      const [scanned, face] = [newNumber(), newNumber()];
      await till.pay(scanned, newCode(), { key: 'one' });
      const byFace = { order: { total_fee: 100, body: 'Tea' }, code: { auth_code: newCode(), from: 'face' } };
      await till.ask('PUT', `/v1/payments/${face}`, byFace);
      const visitor = new Visitor(`${server.adminUrl}/`);
      const { token } = await server.addPerson({ name: 'Zhao', merchants: ['tea'], role: 'look' });
      await visitor.signIn(token);
      for (const id of [scanned, face]) {
        const { body } = await visitor.post('look-up', { merchant: 'tea', id });
        expect(body).to.deep.equal({ gateway: { state: 'SUCCESS', amount: 100 } });
      }
      // Of v2's messages the signature is a part.
      const isByV2 = (number: string) =>
        simulator.calls
          .filter((call) => call.name === 'orderquery' && call.out_trade_no === number)
          .map(({ request }) => 'sign' in request);
      expect([isByV2(scanned), isByV2(face)]).to.deep.equal([[false], [true]]);
    });

    it('are paid by it also in a shop whose number it would not take', async () => {
      const server = await start({ folder }, [tea()]);
      const shop = { merchant: 'tea', store_id: 'S'.repeat(33), store_name: '茶馆' };
      const till = new Client(server.url, (await server.addTerminal({ name: 'far', ...shop })).token);
      const number = newNumber();
      expect((await till.pay(number, newCode(), { key: 'one' })).body).to.include({ status: 'paid' });
      expect(callsOf('codepay', number)).to.equal(1);
    });

    it('go on with what v2 has taken when v3 is added, and keep v3 until a restart', async () => {
      const database = postgres.url(await postgres.database());
      const server = await start({ database }, [{ name: 'tea', ...simulator.client }]);
      const till = await terminal(server, 'till', 'tea');
      simulator.scenario = { payment: 'password', password: 'waiting' };
      const number = newNumber();
      await till.pay(number, newCode(), { key: 'one', wait: 0 });
      await until(() => callsOf('micropay', number) === 1);
      await server.reload([tea()]);
      await until(() => simulator.act('enter-password'));
      expect((await till.get(`/v1/payments/${number}?wait=20`)).body).to.include({ status: 'paid' });
      simulator.scenario = 'success';
      const next = newNumber();
      expect((await till.pay(next, newCode(), { key: 'one' })).body).to.include({ status: 'paid' });
      expect(callsOf('codepay', next)).to.equal(1);
      const error = await rejection(server.reload([{ name: 'tea', ...simulator.client }]));
      expect(error).to.include({ parameter: 'v3' });
      await till.delete(`/v1/payments/${next}`);
      expect((await till.get(`/v1/payments/${next}?until=final&wait=20`)).body).to.include({ status: 'reversed' });
    });

    it('are refused with what v3 refuses', async () => {
      for (const [v3, parameter] of [
        [{}, 'serial_no'],
        [{ ...tea().v3, verify: [] }, 'verify'],
        [{ ...tea().v3, privateKey: 'x' }, 'privateKey'],
      ] as const) {
        const error = await rejection(start({ folder }, [{ ...tea(), v3 }]));
        expect(error).to.include({ code: 'ERR_INVALID_PARAMETER', parameter });
      }
    });
  });
});
