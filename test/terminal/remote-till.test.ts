import { createServer } from 'node:https';
import { expect } from 'chai';
import {
  InvalidParameterError,
  MemoryJournal,
  openTill,
  PayClient,
  type PaymentOutcome,
  type RefundOutcome,
  type RemoteMerchantOptions,
  remoteMerchant,
  type Till,
  type TillHealth,
  type TillOptions,
} from '../../lib/index.js';
import { type Simulator, startSimulator } from '../../lib/simulator/index.js';
import { issue } from '../support/certificates.js';
import { rejection } from '../support/rejection.js';
import { type Asked, identity, type Script, ScriptedServer } from '../support/scripted-server.js';
import { terminal } from '../support/till.js';

const token = 'a-token';
const code = '134567890123456789';
const order = { out_trade_no: 'A1', total_fee: 100, body: 'Tea' };
const outcomeOf = (out_trade_no: string, change: object = {}) => ({
  ...{ status: 'paid', out_trade_no, transaction_id: '4200', total_fee: 100, response: {}, revision: 2 },
  ...change,
});
const unknown = { status: 404, body: { code: 'ERR_ORDER_UNKNOWN', message: 'unknown' } } as const;
const refused = { status: 401, body: { code: 'ERR_UNAUTHORIZED', message: 'who?' } } as const;

describe('A till whose merchant is on a server', () => {
  let simulator: Simulator;
  let client: PayClient;
  let server: ScriptedServer;
  let till: Till | undefined;
  let told: Array<PaymentOutcome | RefundOutcome>;
  let healths: TillHealth[];
  /** What the server lists as not acknowledged. */
  let unacknowledged: unknown[];
  let pay: Script;
  let url: string;

  const options = (): TillOptions & RemoteMerchantOptions => ({
    face: { library: simulator.library },
    merchant: { server: url, token },
    terminal,
    onOutcome: (outcome) => void told.push(outcome),
    onHealth: (health) => void healths.push(health),
  });
  const open = async (change: object = {}): Promise<Till> => {
    till = await openTill(Object.assign(options(), change));
    return till;
  };
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  before(async () => {
    simulator = await startSimulator({ scenario: { faceDelay: 10, confirmDelay: 0, latency: 0 } });
    client = new PayClient(simulator.client);
  });
  after(async () => {
    client.close();
    await simulator.close();
  });
  beforeEach(async () => {
    [told, healths, unacknowledged] = [[], [], []];
    pay = ({ path }) => ({ status: 200, body: outcomeOf(path.split('/').at(-1) ?? '') });
    server = await ScriptedServer.start(async (asked: Asked, response) => {
      const { method, path, query } = asked;
      if (path === '/v1/identity') return { status: 200, body: client.identity };
      if (path === '/v1/authinfo')
        return { status: 200, body: await Reflect.apply(client.getWxpayfaceAuthinfo, client, [asked.body]) };
      if (path === '/v1/unacknowledged') {
        const answer = (): void => {
          response.writeHead(200, { 'content-type': 'application/x-ndjson' });
          response.end(unacknowledged.map((line) => `${JSON.stringify(line)}\n`).join(''));
        };
        if (unacknowledged.length > 0 || query === '?wait=0') answer();
        else setTimeout(answer, 50);
        return 'by hand';
      }
      if (method === 'POST') {
        const [, kind, number] = /^\/v1\/(payment|refund)s\/(\w+)\/acknowledge$/.exec(path) ?? [];
        unacknowledged = unacknowledged.filter(
          (line) => Object(line)[kind === 'refund' ? 'out_refund_no' : 'out_trade_no'] !== number,
        );
        return { status: 204 };
      }
      if (method === 'PUT') return pay(asked, response);
      return unknown;
    });
    url = server.url;
  });
  afterEach(async () => {
    await till?.close();
    till = undefined;
    await server.close();
  });

  it('needs an address, a token, and none of what the server does', async () => {
    for (const [parameter, change] of [
      ['merchant.server', { merchant: { server: 'http://192.0.2.1', token } }],
      ['merchant.token', { merchant: { server: server.url, token: '' } }],
      ['journal', { journal: new MemoryJournal() }],
      ['polling', { polling: {} }],
      ['reversal', { reversal: {} }],
    ] as const) {
      const error = await rejection(open(change));
      expect(error).to.be.instanceOf(InvalidParameterError).and.include({ parameter });
    }
    expect(server.asked).to.deep.equal([]);
  });

  it('takes codes, counts what is under way, and is not told again what pay() told', async () => {
    const opened = await open();
    expect(opened.health).to.include({ merchant: 'reachable', unfinished: 0 });
    pay = async () => {
      unacknowledged = [outcomeOf('A1'), outcomeOf('OTHER')];
      await until(() => told.length > 0);
      return { status: 200, body: outcomeOf('A1') };
    };
    const paying = opened.payByCode(order, code);
    await until(() => opened.health.unfinished === 1);
    expect(await paying).to.deep.equal(outcomeOf('A1'));
    expect(opened.health.unfinished).to.equal(0);
    await until(() => server.of('POST').length > 0);
    expect(told).to.deep.equal([outcomeOf('OTHER')]);
    expect(server.of('POST').map(({ path }) => path)).to.deep.equal(['/v1/payments/OTHER/acknowledge']);
  });

  it('sells by a face: first it asks who is paid, and whether the number is new', async () => {
    const opened = await open();
    server.asked.length = 0;
    expect(await opened.pay(order)).to.deep.equal(outcomeOf('A1'));
    const asked = server.asked.map(({ method, path }) => `${method} ${path}`).filter((each) => !/una/.test(each));
    expect(asked).to.deep.equal(['GET /v1/payments/A1', 'POST /v1/authinfo', 'PUT /v1/payments/A1']);
    expect(server.of('PUT')[0]?.body).to.have.nested.property('code.from', 'face');
  });

  it('tells until it’s taken, then acknowledges; and a later outcome of the same number', async () => {
    let times = 0;
    const opened = await open({
      onOutcome: (outcome: PaymentOutcome) => {
        times += 1;
        if (times === 1) throw new Error('the disk is full');
        told.push(outcome);
      },
    });
    pay = () => ({ status: 200, body: { status: 'reversing', out_trade_no: 'A1', why: 'unknown', revision: 3 } });
    expect(await opened.payByCode(order, code)).to.include({ status: 'reversing' });
    expect(opened.health.unfinished).to.equal(1);
    const reversed = { status: 'reversed', out_trade_no: 'A1', why: 'unknown', revision: 4 };
    unacknowledged = [reversed, { status: 'paid', out_trade_no: 'A3' }];
    await until(() => server.of('POST').length > 0);
    expect(told).to.deep.equal([reversed]);
    expect(times).to.equal(2);
    expect(server.of('POST').map(({ body }) => body)).to.deep.equal([{ revision: 4 }]);
    expect(opened.health.unfinished).to.equal(0);
  });

  it('opens without the server, shows that it’s away, and when it’s back', async () => {
    const { port, script } = server;
    await server.close();
    const opened = await open();
    expect(opened.health).to.include({ merchant: 'unreachable' });
    server = await ScriptedServer.start(script, port);
    await until(() => opened.health.merchant === 'reachable');
    expect(await opened.payByCode(order, code)).to.include({ status: 'paid' });
  });

  it('shows that its token is no longer good', async () => {
    const opened = await open();
    pay = () => refused;
    const { script } = server;
    server.script = (asked, response) => (asked.method === 'PUT' ? refused : script(asked, response));
    expect(await rejection(opened.payByCode(order, code))).to.include({ parameter: 'merchant.token' });
    expect(healths.some(({ warnings }) => warnings.includes('merchant-refused'))).to.equal(true);
  });

  it('is not reconciled here', async () => {
    const opened = await open();
    expect(await rejection(opened.reconcile('20261125')[Symbol.asyncIterator]().next())).to.include({
      parameter: 'merchant',
    });
  });

  it('closes while the server keeps it waiting', async () => {
    const opened = await open();
    const { script } = server;
    server.script = (asked, response) => (asked.path === '/v1/unacknowledged' ? 'by hand' : script(asked, response));
    await until(() => server.of('GET', '/v1/unacknowledged').length > 1);
    await opened.close();
    expect(opened.health.merchant).to.equal('reachable');
  });

  it('trusts a certificate of the merchant’s own only if it’s told to', async () => {
    const authority = issue('Shop CA', { authority: true });
    const { cert, key } = issue('127.0.0.1', { issuer: authority, names: ['127.0.0.1'] });
    const secure = createServer({ cert, key }, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(identity.body));
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const secureUrl = `https://127.0.0.1:${Object(secure.address()).port}`;
    try {
      const merchant = await remoteMerchant({ url: secureUrl, token, ca: authority.cert });
      await merchant.close();
      const other = await remoteMerchant({ url: secureUrl, token, ca: new Uint8Array(Buffer.from(authority.cert)) });
      await other.close();
      const error = await rejection(remoteMerchant({ url: secureUrl, token }, { patience: { look: 100 } }));
      expect(error).to.include({ code: 'ERR_PAY_TRANSPORT', why: 'tls', sent: false });
    } finally {
      secure.close();
    }
  });
});
