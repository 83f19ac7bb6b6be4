import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, startMerchantServer } from '../lib/index.js';
import { Client } from './support/client.js';

describe('The description of the HTTP', function () {
  this.timeout(60_000);
  let folder: string;
  let simulator: Simulator;
  let server: MerchantServer;
  let till: Client;
  let paths: Record<string, Record<string, Record<string, unknown>>>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
    simulator = await startSimulator();
    server = await startMerchantServer({ folder, merchants: [{ name: 'tea', ...simulator.client }] });
    const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
    const { token } = await server.addTerminal({ name: 'till', ...shop, can: ['pay', 'cancel', 'refund'] });
    till = new Client(server.url, token);
  });
  after(async () => {
    await server.close();
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  it('is one of OpenAPI 3.1, and may be read by anybody', async () => {
    const { status, body } = await new Client(server.url, undefined).get('/openapi.json');
    expect(status).to.equal(200);
    paths = Object(body.paths);
    const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(body)));
    expect(errors).to.equal(undefined);
    expect(valid).to.equal(true);
  });

  it('is enough to drive the server by, and each answer is one that it names', async () => {
    const number = 'O1';
    const order = { total_fee: 100, body: 'Tea' };
    const bodies: Record<string, unknown> = {
      'put /v1/payments/{number}': { order, code: { auth_code: '130000000000000009' } },
      'put /v1/refunds/{number}': { out_trade_no: number, refund_fee: 100 },
      'post /v1/payments/{number}/acknowledge': { revision: 2 },
      'post /v1/refunds/{number}/acknowledge': { revision: 1 },
      'post /v1/authinfo': { rawdata: 'raw' },
      'post /v1/notices/{merchant}': '<xml/>',
    };
    const first = ['put /v1/payments/{number}', 'put /v1/refunds/{number}'];
    const all = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(all).to.have.length(15);
    for (const each of [...first, ...all.filter((name) => !first.includes(name))]) {
      const [method = '', path = ''] = each.split(' ');
      const { parameters, requestBody, responses, security } = paths[path]?.[method] ?? {};
      expect(Array.isArray(parameters), each).to.equal(true);
      expect(requestBody !== undefined, each).to.equal(each in bodies);
      const caller = security === undefined ? till : new Client(server.url, undefined);
      const answer = await caller.ask(method.toUpperCase(), path.replace('{number}', number), bodies[each]);
      if (each.startsWith('delete')) expect(answer.status, 'a refunded sale').to.equal(409);
      else expect(Object.keys(Object(responses)), each).to.include(String(answer.status));
      if (security === undefined)
        expect((await new Client(server.url, undefined).ask(method.toUpperCase(), path)).status, each).to.equal(401);
    }
  });
});
