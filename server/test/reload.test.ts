import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PayClientOptions } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantOptions, type MerchantServer, startMerchantServer } from '../lib/index.js';
import { formerFrom, withFormer } from '../lib/merchants/clients.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';
import { rejection } from './support/rejection.js';
import { RekeyedGateway } from './support/rekeyed-gateway.js';

const polling = { firstDelay: 50, interval: 100, timeout: 5_000 };
const reversal = { notBefore: 300, backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 } };
const newKey = '00000000000000000000000000000007';

let numbers = 0;
const newNumber = (): string => {
  numbers += 1;
  return `L${numbers}`;
};
const newCode = (): string => {
  numbers += 1;
  return `13${String(numbers).padStart(16, '0')}`;
};

describe('A server whose merchants are changed', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;
  let gateway: RekeyedGateway;

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());
  beforeEach(async () => {
    gateway = await RekeyedGateway.start(simulator.client);
  });
  afterEach(async () => {
    simulator.scenario = 'success';
    await gateway.close();
  });

  const tea = (options: PayClientOptions): MerchantOptions => ({ name: 'tea', ...options });
  const paymentsOf = (number: string) =>
    simulator.calls.filter(({ name, out_trade_no }) => name === 'micropay' && out_trade_no === number).length;

  for (const kind of ['a folder', 'a database'] as const)
    describe(`with its journal in ${kind}`, () => {
      let folder: string;
      let name: string | undefined;
      let server: MerchantServer;
      let till: Client;

      const start = async (merchants: MerchantOptions[]) => {
        name = kind === 'a folder' ? undefined : await postgres.database();
        const place = name === undefined ? { folder } : { database: postgres.url(name) };
        server = await startMerchantServer({ ...place, merchants, lease: 2_000, polling, reversal });
      };
      const terminal = async (merchant: string, sub_merchant?: string): Promise<Client> => {
        const label = `till of ${merchant} ${sub_merchant}`;
        const shop = {
          merchant,
          ...(sub_merchant !== undefined && { sub_merchant }),
          store_id: '1',
          store_name: '茶馆',
        };
        const { token } = await server.addTerminal({ name: label, ...shop, can: ['pay', 'cancel', 'refund'] });
        return new Client(server.url, token);
      };

      beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
      });
      afterEach(async () => {
        await server.close();
        await rm(folder, { recursive: true });
      });

      it('finishes a payment that was under way when the key changed, and signs the next with the new one', async () => {
        await start([tea(gateway.options)]);
        till = await terminal('tea');
        simulator.scenario = { payment: 'password', password: 'waiting' };
        const number = newNumber();
        const paying = till.pay(number, newCode(), { key: 'one' });
        await until(() => paymentsOf(number) === 1);
        gateway.key = newKey;
        await server.reload([tea({ ...gateway.options, key: newKey })]);
        await until(() => simulator.act('enter-password'));
        // The gateway's answers are still by the former key.
        expect((await paying).body).to.include({ status: 'paid' });
        gateway.answerKey = newKey;
        simulator.scenario = 'success';
        expect((await till.pay(newNumber(), newCode(), { key: 'one' })).body).to.include({ status: 'paid' });
        gateway.answerKey = '00000000000000000000000000000009';
        const stranger = await till.pay(newNumber(), newCode(), { key: 'one' });
        expect(stranger.body).not.to.include({ status: 'paid' });
      });

      it('hears the answer to a call that was under way', async () => {
        await start([tea(gateway.options)]);
        till = await terminal('tea');
        const held = Promise.withResolvers<void>();
        gateway.holding = held.promise;
        const number = newNumber();
        const paying = till.pay(number, newCode(), { key: 'one' });
        await until(() => paymentsOf(number) === 1);
        // As before its key was changed there.
        const noCertificate = tea({ ...gateway.options, key: newKey, certificate: { cert: 'x', key: 'y' } });
        expect(await rejection(server.reload([noCertificate]))).to.include({ parameter: 'certificate' });
        await server.reload([tea({ ...gateway.options, key: newKey })]);
        held.resolve();
        gateway.holding = undefined;
        expect((await paying).body).to.include({ status: 'paid' });
        expect(paymentsOf(number)).to.equal(1);
      });

      it('takes up by itself what had ended for want of a certificate', async () => {
        const { certificate, ...uncertified } = simulator.client;
        await start([tea(uncertified)]);
        till = await terminal('tea');
        const number = newNumber();
        await till.pay(number, newCode(), { key: 'one' });
        await till.delete(`/v1/payments/${number}`);
        const path = `/v1/payments/${number}?until=final&wait=20`;
        expect((await till.get(path)).body).to.include({ status: 'attention', code: 'certificate' });
        const seenTo = newNumber();
        await till.pay(seenTo, newCode(), { key: 'one' });
        await till.delete(`/v1/payments/${seenTo}`);
        const seenPath = `/v1/payments/${seenTo}?until=final&wait=20`;
        const { revision } = (await till.get(seenPath)).body;
        // In a database people say what they have seen to.
        if (name !== undefined)
          await postgres.query(
            name,
            `insert into wxpay_face.attended (merchant, kind, id, revision, person) values ($1, 'payment', $2, $3, 'x')`,
            [simulator.client.mch_id, seenTo, revision],
          );
        const refunded = newNumber();
        await till.pay(refunded, newCode(), { key: 'one' });
        const refund = { out_trade_no: refunded, refund_fee: 100 };
        const refundPath = `/v1/refunds/R${refunded}?wait=20`;
        const unsent = await till.ask('PUT', refundPath, refund);
        expect(unsent.body.status, JSON.stringify(unsent.body)).to.be.oneOf(['attention', 'failed']);
        await server.reload([tea({ ...uncertified, ...(certificate && { certificate }) })]);
        await until(async () => (await till.get(path)).body.status === 'reversed');
        if (unsent.body.status === 'attention')
          await until(async () => (await till.get(refundPath)).body.accepted === true);
        expect((await till.get('/v1/unacknowledged')).lines).to.deep.include((await till.get(path)).body);
        if (name !== undefined) expect((await till.get(seenPath)).body).to.include({ status: 'attention', revision });
      });

      it('takes new merchants, and of one that is gone nothing new, but what was unfinished', async () => {
        await start([tea(simulator.client)]);
        till = await terminal('tea');
        simulator.scenario = { payment: 'password', password: 'waiting' };
        const number = newNumber();
        await till.pay(number, newCode(), { key: 'one', wait: 0 });
        await until(() => paymentsOf(number) === 1);
        const provider = (subs: Record<string, { sub_mch_id: string }>): MerchantOptions => ({
          name: 'chain',
          ...simulator.client,
          sub_merchants: subs,
        });
        await server.reload([provider({ east: { sub_mch_id: '1' } })]);
        expect((await till.get(`/v1/payments/${number}`)).status).to.equal(401);
        await until(() => simulator.act('enter-password'));
        simulator.scenario = 'success';
        const east = await terminal('chain', 'east');
        expect((await east.pay(newNumber(), newCode(), { key: 'one' })).body).to.include({ status: 'paid' });
        // Of a merchant that is gone.
        const orphan = { name: 'x', merchant: 'tea', store_id: '1', store_name: 'x' };
        expect(await rejection(server.addTerminal(orphan))).to.include({ parameter: 'merchant' });
        await until(() => simulator.ledger.some((entry) => entry.out_trade_no === number && entry.charged > 0));
        await server.reload([
          tea(simulator.client),
          provider({ west: { sub_mch_id: '2' }, east: { sub_mch_id: '1' } }),
        ]);
        expect((await till.get(`/v1/payments/${number}?wait=20`)).body).to.include({ status: 'paid' });
        const west = await terminal('chain', 'west');
        expect((await west.pay(newNumber(), newCode(), { key: 'one' })).body).to.include({ status: 'paid' });
        expect((await west.get('/v1/identity')).body).to.include({ sub_mch_id: '2' });
      });

      it('changes all or nothing', async () => {
        await start([tea(simulator.client)]);
        till = await terminal('tea');
        for (const [wrong, parameter] of [
          [[tea(simulator.client), tea({ ...simulator.client, mch_id: '1' })], 'merchants'],
          [[tea(simulator.client), { ...tea(simulator.client), name: 'other' }], 'merchants'],
          [[tea({ ...simulator.client, mch_id: '1' }), { ...tea(simulator.client), name: 'other', key: '' }], 'key'],
          [[{ ...tea(simulator.client), sub_merchants: { east: {} } }], 'sub_merchants.east'],
        ] as const) {
          const error = await rejection(Reflect.apply(server.reload, server, [wrong]));
          expect(error).to.include({ code: 'ERR_INVALID_PARAMETER', parameter });
          expect((await till.pay(newNumber(), newCode(), { key: 'one' })).body).to.include({ status: 'paid' });
        }
      });
    });

  it('believes a former key for 24 hours', () => {
    const [before, after] = [tea(simulator.client), tea({ ...simulator.client, key: newKey })];
    const formers = [formerFrom(before, 1_000)];
    const day = 24 * 60 * 60 * 1_000;
    expect(withFormer(after, formers, 999 + day).formerKeys).to.deep.equal([simulator.client.key]);
    expect(withFormer(after, formers, 1_000 + day)).not.to.have.property('formerKeys');
    expect(withFormer(before, formers, 2_000)).not.to.have.property('formerKeys');
    const given = { ...after, formerKeys: ['k'] };
    expect(withFormer(given, [formerFrom(given, 0), ...formers], 2_000).formerKeys).to.have.members([
      'k',
      simulator.client.key,
    ]);
    const [one, two] = [
      { id: 'PUB_KEY_ID_1', publicKey: 'x' },
      { id: 'PUB_KEY_ID_2', publicKey: 'y' },
    ];
    const v3 = withFormer(
      { ...after, v3: { verify: [two] } },
      [formerFrom({ ...before, v3: { verify: [one, two] } }, 0)],
      1,
    );
    expect(v3.v3).to.deep.equal({ verify: [two, one] });
  });
});
