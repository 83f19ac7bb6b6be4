import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, type MerchantServerOptions, startMerchantServer } from '../lib/index.js';
import { Client } from './support/client.js';
import { freePort, type Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';

let numbers = 0;
const newNumber = (): string => {
  numbers += 1;
  return `N${numbers}`;
};
const newCode = (): string => {
  numbers += 1;
  return `13${String(numbers).padStart(16, '0')}`;
};

const polling = { firstDelay: 50, interval: 100, timeout: 5_000 };
const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };

/** A notification as anybody who has the key could write it. */
function noticeOf(
  fields: Record<string, string>,
  identity: { appid: string; mch_id: string; sub_mch_id?: string },
  key: string,
) {
  const xml = (name: string, all: Record<string, string>) =>
    `<${name}>${Object.entries(all)
      .map(([field, value]) => `<${field}><![CDATA[${value}]]></${field}>`)
      .join('')}</${name}>`;
  const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(key).digest('hex'), null);
  const req_info = Buffer.concat([cipher.update(xml('root', fields)), cipher.final()]).toString('base64');
  return xml('xml', { return_code: 'SUCCESS', ...identity, nonce_str: 'n', req_info });
}

describe('Notices of refunds', function () {
  this.timeout(60_000);
  let port: number;
  let simulator: Simulator;
  let postgres: Postgres;
  let folder: string;

  before(async () => {
    port = await freePort();
    simulator = await startSimulator({ notifyUrl: `http://127.0.0.1:${port}/v1/notices/tea` });
    postgres = await sharedPostgres();
    folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
  });
  after(async () => {
    await simulator.close();
    await rm(folder, { recursive: true });
  });
  afterEach(() => {
    simulator.scenario = 'success';
  });

  const optionsOf = (place: { folder: string } | { database: string }, listen: object = {}): MerchantServerOptions => ({
    ...place,
    merchants: [{ name: 'tea', ...simulator.client }],
    lease: 2_000,
    polling,
    listen,
  });
  const queriesOf = (number: string) =>
    simulator.calls.filter(({ name, out_trade_no }) => name === 'refundquery' && out_trade_no === number).length;
  const post = async (path: string, body: string | undefined, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      ...(body !== undefined && { body }),
      headers,
    });
    return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
  };
  const told = (number: string, refund: string, refund_status = 'SUCCESS') => ({
    ...{
      transaction_id: '1',
      out_trade_no: number,
      refund_id: '1',
      out_refund_no: refund,
      total_fee: '100',
      refund_fee: '40',
    },
    refund_status,
  });
  const identity = () => ({ appid: simulator.client.appid, mch_id: simulator.client.mch_id });
  const key = () => String(simulator.client.key);

  /** A refund that the gateway has taken and not ended. */
  async function refunding(server: MerchantServer): Promise<{ till: Client; number: string; refund: string }> {
    const { token } = await server.addTerminal({ name: `till ${newNumber()}`, ...shop, can: ['pay', 'refund'] });
    const till = new Client(server.url, token);
    const number = newNumber();
    await till.pay(number, newCode(), { key: 'one' });
    simulator.scenario = 'refund-pending';
    const refund = `R${number}`;
    const { body } = await till.ask('PUT', `/v1/refunds/${refund}`, { out_trade_no: number, refund_fee: 40 });
    expect(body).to.include({ status: 'processing', accepted: true });
    return { till, number, refund };
  }

  for (const kind of ['folder', 'database'] as const)
    it(`end the waiting for a refund, with a journal in a ${kind}: it is asked for, and only that is believed`, async () => {
      const place = kind === 'folder' ? { folder } : { database: postgres.url(await postgres.database()) };
      const server = await startMerchantServer(optionsOf(place, { port }));
      try {
        const { till, number, refund } = await refunding(server);
        simulator.endRefund(refund, 'SUCCESS');
        await until(async () => (await till.get(`/v1/refunds/${refund}`)).body.status === 'refunded');
        expect(simulator.refunds.find(({ out_refund_no }) => out_refund_no === refund)?.notice).to.equal('HTTP 200');
        expect(queriesOf(number)).to.be.within(1, 2);
      } finally {
        await server.close();
      }
    });

  it('lie, and nothing is believed; and a refund is asked for once a minute', async () => {
    const server = await startMerchantServer(
      optionsOf({ database: postgres.url(await postgres.database()) }, { port }),
    );
    try {
      const { till, number, refund } = await refunding(server);
      const before = queriesOf(number);
      const lie = noticeOf(told(number, refund), identity(), key());
      for (let times = 0; times < 5; times += 1) {
        const { status, text, type } = await post('/v1/notices/tea', lie, { 'content-type': 'text/xml' });
        expect([status, type]).to.deep.equal([200, 'text/xml; charset=utf-8']);
        expect(text).to.equal(
          '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
        );
      }
      await until(() => queriesOf(number) > before);
      expect((await till.get(`/v1/refunds/${refund}`)).body).to.include({ status: 'processing' });
      expect(queriesOf(number)).to.equal(before + 1);
      // Of a number that nobody refunded nothing is asked, and nothing is said.
      expect((await post('/v1/notices/tea', noticeOf(told('N0', 'none'), identity(), key()))).status).to.equal(200);
      expect(queriesOf('N0')).to.equal(0);
    } finally {
      await server.close();
    }
  });

  it('reach the server that drives the refund, whichever was told', async () => {
    const database = postgres.url(await postgres.database());
    const [told, driving] = [
      await startMerchantServer(optionsOf({ database }, { port })),
      await startMerchantServer(optionsOf({ database })),
    ];
    try {
      const { till, refund } = await refunding(driving);
      simulator.endRefund(refund, 'SUCCESS');
      await until(async () => (await till.get(`/v1/refunds/${refund}`)).body.status === 'refunded');
    } finally {
      await told.close();
      await driving.close();
    }
  });

  it('are refused if they are none: unknown merchants, other keys, other merchants, no XML, entities, too much', async () => {
    const server = await startMerchantServer({
      ...optionsOf({ folder: join(folder, 'refusing') }, { port }),
      merchants: [
        { name: 'tea', ...simulator.client },
        {
          name: 'group',
          ...simulator.client,
          mch_id: '1900000199',
          sub_merchants: { one: { sub_mch_id: '1' }, two: { sub_mch_id: '2' } },
        },
      ],
    });
    try {
      const good = told('N1', 'R1');
      const group = { ...identity(), mch_id: '1900000199' };
      const [path, of] = ['/v1/notices/tea', '/v1/notices/group'];
      const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]><xml>&b;</xml>';
      const cases: Array<[number, string, string | undefined]> = [
        [404, '/v1/notices/nobody', noticeOf(good, identity(), key())],
        [200, path, noticeOf(good, identity(), key())],
        [200, of, noticeOf(good, { ...group, sub_mch_id: '2' }, key())],
        [400, of, noticeOf(good, { ...group, sub_mch_id: '3' }, key())],
        [400, of, noticeOf(good, group, key())],
        [400, path, noticeOf(good, identity(), 'another key of thirty-two letters')],
        [400, path, noticeOf(good, { ...identity(), mch_id: '1' }, key())],
        [400, path, bomb],
        [400, path, ''],
        [400, path, undefined],
        [400, path, '{"resource":{}}'],
        [413, path, `<xml>${'x'.repeat(16 * 1024)}</xml>`],
      ];
      for (const [status, where, body] of cases) {
        const answer = await post(where, body);
        expect(answer.status, `${where} ${body?.slice(0, 80)}`).to.equal(status);
        expect(answer.text).not.to.include(key());
      }
      expect(
        (await post(path, noticeOf(good, identity(), key()), { 'content-type': 'application/json' })).status,
      ).to.equal(200);
    } finally {
      await server.close();
    }
  });

  it('are limited for each address', async () => {
    const server = await startMerchantServer(optionsOf({ folder: join(folder, 'limited') }, { port }));
    try {
      const answers = await Promise.all(Array.from({ length: 300 }, () => post('/v1/notices/tea', 'x')));
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([400, 429]));
    } finally {
      await server.close();
    }
  });
});
