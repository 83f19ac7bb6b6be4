import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { version } from '../lib/database/migrations.js';
import { type MerchantServer, type MerchantServerOptions, startMerchantServer } from '../lib/index.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';

describe('Servers of two versions on one database', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());

  it('sell beside each other on tables that both can read, and the older one says so when it no longer can', async () => {
    const name = await postgres.database();
    const options: MerchantServerOptions = {
      database: postgres.url(name),
      merchants: [{ name: 'tea', ...simulator.client }],
      lease: 1_000,
    };
    const servers: MerchantServer[] = [await startMerchantServer(options), await startMerchantServer(options)];
    try {
      const [older] = servers;
      if (older === undefined) throw new Error('There is no server');
      const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
      const { token } = await older.addTerminal({ name: 'till', ...shop });
      let isOver = false;
      const outcomes: unknown[] = [];
      const sell = async (till: number): Promise<void> => {
        for (let count = 1; !isOver; count += 1) {
          const { url } = servers[(count + till) % servers.length] ?? older;
          const code = `1366${till}${String(count).padStart(13, '0')}`;
          const { status, body } = await new Client(url, token).pay(`U${till}-${count}`, code, { key: 'one' });
          outcomes.push(status === 200 ? body.status : body);
        }
      };
      const selling = [0, 1, 2].map(sell);
      await until(() => outcomes.length >= 10);
      // What a newer version does before it starts: it expands, and can be read by the one before.
      await postgres.query(name, 'alter table wxpay_face.record add column of_tomorrow text');
      const migrated = 'insert into wxpay_face.migration (version, readable_from) values ($1, $2)';
      await postgres.query(name, migrated, [version + 1, version]);
      servers.push(await startMerchantServer(options));
      const before = outcomes.length;
      await until(() => outcomes.length >= before + 20);
      isOver = true;
      await Promise.all(selling);
      expect(new Set(outcomes)).to.deep.equal(new Set(['paid']));
      for (const { url } of servers) expect((await fetch(`${url}/readyz`)).status).to.equal(200);
      // A version later it contracts.
      await postgres.query(name, migrated, [version + 2, version + 1]);
      for (const { url } of servers) await until(async () => (await fetch(`${url}/readyz`)).status === 503);
      const { status } = await new Client(older.url, token)
        .pay('U-late', '136600000000000000', { key: 'one' })
        .catch(() => ({ status: 0 }));
      await until(async () => (await fetch(`${older.url}/healthz`)).status === 503);
      expect([200, 503]).to.include(status);
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  });
});
