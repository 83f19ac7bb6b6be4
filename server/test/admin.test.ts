import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, type MerchantServerOptions, startMerchantServer } from '../lib/index.js';
import { Client } from './support/client.js';
import { samplesOf } from './support/metrics.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';

describe('The side of whoever runs a merchant server', function () {
  this.timeout(60_000);
  let folder: string;
  let simulator: Simulator;
  let postgres: Postgres;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(async () => {
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  const options = (place: { folder: string } | { database: string }): MerchantServerOptions => ({
    ...place,
    merchants: [{ name: 'tea', ...simulator.client }],
  });
  const statusOf = async (url: string) => (await fetch(url)).status;

  it('has an address of its own, on this machine alone, which is no till’s', async () => {
    const server = await startMerchantServer(options({ folder }));
    try {
      const [tills, admin] = [new URL(server.url), new URL(server.adminUrl)];
      expect([admin.protocol, admin.hostname]).to.deep.equal(['http:', '127.0.0.1']);
      expect(admin.port).not.to.equal(tills.port);
      for (const url of [server.url, server.adminUrl])
        for (const path of ['/healthz', '/readyz']) expect(await statusOf(`${url}${path}`)).to.equal(200);
      expect(await statusOf(`${server.url}/metrics`)).to.equal(404);
      expect(await statusOf(`${server.adminUrl}/metrics`)).to.equal(200);
      expect(await statusOf(`${server.adminUrl}/v1/identity`)).to.equal(404);
    } finally {
      await server.close();
    }
  });

  it('is not opened to others without TLS', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      const started = startMerchantServer({ ...options({ folder }), admin: { host } });
      const error = await started.then(
        (server) => server.close(),
        (reason: unknown) => reason,
      );
      expect(Object(error).code).to.equal('ERR_INVALID_PARAMETER');
      expect(Object(error).message).to.match(/admin\.host.*admin\.tls/);
    }
  });

  for (const kind of ['a folder', 'a database'] as const)
    it(`counts what is in the ledger, with a journal in ${kind}`, async () => {
      const place =
        kind === 'a folder'
          ? { folder: join(folder, 'counted') }
          : { database: postgres.url(await postgres.database()) };
      let server: MerchantServer | undefined = await startMerchantServer(options(place));
      try {
        const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
        const { token } = await server.addTerminal({ name: 'till', ...shop, can: ['pay', 'cancel', 'refund'] });
        const till = new Client(server.url, token);
        const code = (number: number) =>
          `1300000000${kind === 'a folder' ? '1' : '2'}${String(number).padStart(7, '0')}`;
        for (const number of [1, 2, 3]) await till.pay(`${kind[2]}P${number}`, code(number));
        simulator.scenario = 'not-enough';
        await till.pay(`${kind[2]}D`, code(4));
        simulator.scenario = 'success';
        await till.delete(`/v1/payments/${kind[2]}C`);
        expect((await fetch(`${server.url}/v1/identity`)).status).to.equal(401);
        const read = async ({ adminUrl }: MerchantServer) =>
          samplesOf(await (await fetch(`${adminUrl}/metrics`)).text());
        const counted = {
          'wxpay_face_payments_total{merchant=tea,outcome=paid}': 3,
          'wxpay_face_payments_total{merchant=tea,outcome=declined}': 1,
          'wxpay_face_payments_total{merchant=tea,outcome=cancelled}': 1,
          'wxpay_face_unfinished{kind=payment,merchant=tea}': 0,
          'wxpay_face_attention{kind=payment,merchant=tea}': 0,
          wxpay_face_journal_up: 1,
          wxpay_face_can_pay: 1,
          wxpay_face_ready: 1,
        };
        const before = await read(server);
        expect(before).to.include(counted);
        expect(before['wxpay_face_http_requests_total{method=GET,route=/v1/identity,status=401}']).to.equal(1);
        expect(before['wxpay_face_http_requests_total{method=PUT,route=/v1/payments/:number,status=200}']).to.equal(4);
        expect(before['wxpay_face_payment_seconds_count{outcome=paid}']).to.be.at.least(3);
        expect(before['wxpay_face_gateway_seconds_count{call=micropay,outcome=SUCCESS}']).to.be.at.least(3);
        expect(before['wxpay_face_limiter_seconds_count{call=micropay}']).to.be.at.least(4);
        expect(before.wxpay_face_lease_good).to.equal(kind === 'a folder' ? undefined : 1);
        expect(before['wxpay_face_limiter_seconds_sum{call=micropay}']).to.be.below(0.5);
        // What the journal tells is there after the next start, too.
        await server.close();
        server = undefined;
        server = await startMerchantServer(options(place));
        expect(await read(server)).to.include(counted);
      } finally {
        await server?.close();
      }
    });
});
