import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  ClosedError,
  InvalidParameterError,
  OrderExistsError,
  OrderUnknownError,
  type PaymentProgress,
  PayTransportError,
  RefundRefusedError,
  type RemoteMerchant,
  remoteMerchant,
} from '../../lib/index.js';
import { rejection } from '../support/rejection.js';
import { type Asked, identity, type Script, ScriptedServer } from '../support/scripted-server.js';

const token = 'a-token-that-nobody-may-see';
const code = { auth_code: '134567890123456789' };
/** Milliseconds: what takes seconds or minutes in a shop. */
const patience = { look: 300, unsent: 400, inDoubt: 1_500 };

const order = { out_trade_no: 'A1', total_fee: 100, body: 'Tea' };
const paid = (change: object = {}) => ({
  ...{ status: 'paid', out_trade_no: 'A1', transaction_id: '4200', total_fee: 100, response: {}, revision: 2 },
  ...change,
});
const undecided = { status: 202, body: { status: 'undecided' } } as const;
const refusal = (status: number, errorCode: string, more: object = {}) => ({
  status,
  body: { code: errorCode, message: `${errorCode} it says`, ...more },
});
const unknown = refusal(404, 'ERR_ORDER_UNKNOWN');

describe('A till’s merchant on a server', () => {
  let server: ScriptedServer;
  let merchant: RemoteMerchant;
  /** Answers by method, in order; the last one again and again. */
  const answers = (script: Partial<Record<string, Array<ReturnType<Script>>>>): void => {
    server.script = ({ method, path }: Asked) => {
      if (path === '/v1/identity') return identity;
      const left = script[method] ?? [unknown];
      return (left.length > 1 ? left.shift() : left[0]) ?? unknown;
    };
  };
  const dead: Script = (_, response) => {
    response.socket?.destroy();
    return 'by hand';
  };

  beforeEach(async () => {
    server = await ScriptedServer.start();
    merchant = await remoteMerchant({ url: server.url, token }, { patience });
    server.asked.length = 0;
  });
  afterEach(async () => {
    await merchant.close();
    await server.close();
  });

  describe('is made', () => {
    it('of an address that keeps the token secret, and a token', async () => {
      for (const [parameter, change] of [
        ['url', { url: 'http://192.0.2.1' }],
        ['url', { url: 'http://localhost.example.com' }],
        ['url', { url: 'ftp://127.0.0.1' }],
        ['url', { url: 'https://user:secret@pay.example.com' }],
        ['url', { url: 'https://pay.example.com/?token=secret' }],
        ['url', { url: 'nowhere' }],
        ['token', { token: '' }],
        ['token', { token: 'two\r\nlines' }],
        ['ca', { ca: 1 }],
      ] as const) {
        const given = Object.assign({ url: server.url, token }, change);
        const error = await rejection(Reflect.apply(remoteMerchant, undefined, [given]));
        expect(error).to.be.instanceOf(InvalidParameterError);
        expect(error, inspect(change)).to.include({ parameter });
        expect(inspect(error)).to.not.include('secret').and.not.include('lines');
      }
    });

    it('knowing who is paid, and shows its token in the header alone', async () => {
      expect(merchant.identity).to.deep.equal(identity.body);
      answers({});
      await merchant.outcome('A1');
      expect(server.asked.map(({ token: shown }) => shown)).to.deep.equal([`Bearer ${token}`]);
      expect(inspect(merchant, { depth: 9, showHidden: true })).to.not.include(token);
    });

    it('not without the server', async () => {
      const { url } = server;
      await server.close();
      const error = await rejection(remoteMerchant({ url, token }, { patience }));
      expect(error).to.be.instanceOf(PayTransportError).and.include({ sent: false, why: 'unreachable' });
      expect(inspect(error)).to.not.include(token);
      server = await ScriptedServer.start(() => refusal(401, 'ERR_UNAUTHORIZED'));
      expect(await rejection(remoteMerchant({ url: server.url, token }, { patience }))).to.include({
        code: 'ERR_INVALID_PARAMETER',
        parameter: 'token',
      });
    });

    it('behind an address with a folder, too', async () => {
      const other = await remoteMerchant({ url: `${server.url}/pay/`, token }, { patience });
      await other.close();
      expect(server.asked.map(({ path }) => path)).to.deep.equal(['/pay/v1/identity']);
    });
  });

  describe('pays', () => {
    it('under one key, over broken lines and servers that fail, until it has an answer', async () => {
      const ends: Array<Script | ReturnType<Script>> = [
        dead,
        refusal(503, 'ERR_JOURNAL'),
        { status: 502, body: '<html>Bad gateway</html>' },
        refusal(500, 'ERR_INTERNAL'),
        undecided,
      ];
      const looks = [dead, refusal(503, 'ERR_JOURNAL'), undecided, { status: 200, body: paid() }];
      server.script = (asked, response) => {
        const end = (asked.method === 'PUT' ? ends : looks).shift() ?? unknown;
        return typeof end === 'function' ? end(asked, response) : end;
      };
      merchant = await remake({ inDoubt: 20_000 });
      expect(await merchant.pay(order, code)).to.deep.equal(paid());
      const puts = server.of('PUT', '/v1/payments/A1');
      expect(puts).to.have.length(5);
      expect(new Set(puts.map(({ key }) => key)).size).to.equal(1);
      expect(puts[0]?.key).to.match(/^[\w-]{36}$/);
      expect(puts[0]?.body).to.deep.equal({ order, code });
      expect(server.of('GET', '/v1/payments/A1')).to.have.length(4);
    }).timeout(20_000);

    it('each sale under another key', async () => {
      answers({ PUT: [{ status: 200, body: paid() }] });
      await merchant.pay(order, code);
      await merchant.pay(order, code);
      expect(new Set(server.of('PUT').map(({ key }) => key)).size).to.equal(2);
    });

    it('nothing while the server is away: failed, and no error', async () => {
      await server.close();
      const progress: PaymentProgress[] = [];
      const outcome = await merchant.pay(order, code, { onProgress: (step) => void progress.push(step) });
      expect(outcome).to.include({ status: 'failed', code: 'unreachable', out_trade_no: 'A1' });
      expect(outcome).to.not.have.property('revision');
      expect(progress.map(({ step }) => step)).to.deep.equal(['sending', 'finished']);
    });

    it('nothing while the server can’t write it down, or takes no more requests', async () => {
      answers({ PUT: [refusal(503, 'ERR_JOURNAL')] });
      expect(await merchant.pay(order, code)).to.include({ status: 'failed', code: 'unreachable' });
      answers({ PUT: [refusal(429, 'ERR_TOO_MANY')] });
      expect(await merchant.pay(order, code)).to.include({ status: 'failed', code: 'limit' });
    });

    it('and doesn’t ask before the server’s time', async () => {
      const at: number[] = [];
      server.script = ({ method }) => {
        if (method === 'PUT') at.push(performance.now());
        return at.length < 2
          ? { ...refusal(429, 'ERR_TOO_MANY'), headers: { 'retry-after': '1' } }
          : { status: 200, body: paid() };
      };
      merchant = await remake({ unsent: 5_000 });
      await merchant.pay(order, code);
      expect(Number(at[1]) - Number(at[0])).to.be.at.least(950);
    });

    it('and never says failed of what may have arrived', async () => {
      for (const script of [
        dead,
        (() => ({ status: 200, body: '<html>Welcome to the hotel</html>' })) as Script,
        (() => ({ status: 200, body: { status: 'paid' } })) as Script,
        (() => ({ status: 200, body: paid({ out_trade_no: 'A2' }) })) as Script,
        (() => ({ status: 200, body: paid({ total_fee: 101 }) })) as Script,
        (() => ({ status: 200, body: [] })) as Script,
        (() => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })) as Script,
        (() => ({ status: 503, body: '<html>no upstream</html>' })) as Script,
        (() => ({ status: 404, body: { code: 'ERR_NOT_FOUND', message: 'x' } })) as Script,
      ]) {
        server.script = script;
        const error = await rejection(merchant.pay(order, code));
        expect(error).to.be.instanceOf(PayTransportError).and.include({ sent: true });
        expect(inspect(error)).to.not.include(token).and.not.include(code.auth_code);
      }
    }).timeout(40_000);

    it('and says no of a refusal only if nothing may have arrived before', async () => {
      let times = 0;
      server.script = (asked, response) => {
        times += 1;
        return times === 1 ? dead(asked, response) : refusal(401, 'ERR_UNAUTHORIZED');
      };
      expect(await rejection(merchant.pay(order, code))).to.include({ code: 'ERR_PAY_TRANSPORT', sent: true });
      answers({ PUT: [refusal(401, 'ERR_UNAUTHORIZED')] });
      expect(await rejection(merchant.pay(order, code))).to.include({ parameter: 'token' });
      answers({ PUT: [refusal(403, 'ERR_FORBIDDEN')] });
      expect(await rejection(merchant.pay(order, code))).to.include({ parameter: 'token' });
      answers({ PUT: [refusal(400, 'ERR_INVALID_PARAMETER', { parameter: 'body', rule: 'is too long' })] });
      expect(await rejection(merchant.pay(order, code))).to.include({ parameter: 'body', rule: 'is too long' });
    });

    it('and believes no other attempt’s outcome', async () => {
      answers({ PUT: [refusal(409, 'ERR_ORDER_EXISTS')], GET: [{ status: 200, body: paid() }] });
      expect(await rejection(merchant.pay(order, code))).to.be.instanceOf(OrderExistsError);
      // In doubt first; and then the number is that of another sale.
      let times = 0;
      server.script = (asked, response) => {
        times += 1;
        return times === 1 ? dead(asked, response) : refusal(409, 'ERR_ORDER_EXISTS');
      };
      expect(await rejection(merchant.pay(order, code))).to.be.instanceOf(OrderExistsError);
      server.script = (asked, response) =>
        asked.method === 'PUT' ? dead(asked, response) : { status: 200, body: paid() };
      expect(await rejection(merchant.pay(order, code))).to.include({ sent: true });
      server.script = ({ method }) =>
        method === 'PUT' ? refusal(409, 'ERR_ORDER_EXISTS') : { status: 200, body: paid() };
      expect(await rejection(merchant.outcome('A1'))).to.be.instanceOf(OrderExistsError);
    });

    it('and knows later what became of it', async () => {
      server.script = (asked, response) => (asked.method === 'PUT' ? dead(asked, response) : unknown);
      expect(await rejection(merchant.pay(order, code))).to.include({ sent: true });
      expect(await merchant.outcome('A1')).to.equal(undefined);
      const key = server.of('PUT')[0]?.key;
      server.script = (asked) =>
        asked.method === 'PUT' && asked.key !== key ? refusal(409, 'ERR_ORDER_EXISTS') : { status: 200, body: paid() };
      expect(await merchant.outcome('A1')).to.deep.equal(paid());
    });

    it('what it was asked for, and checks that before anything leaves', async () => {
      expect(await rejection(merchant.pay({ ...order, total_fee: 0 }, code))).to.include({ parameter: 'total_fee' });
      expect(await rejection(merchant.pay(order, { auth_code: '1' }))).to.include({ parameter: 'auth_code' });
      expect(server.asked).to.deep.equal([]);
    });

    it('and shows how it goes on, by this machine’s clock', async () => {
      let isOver = false;
      server.script = async ({ method, path }, response) => {
        if (method === 'PUT') return undecided;
        if (path.endsWith('/progress')) {
          const steps = [
            { out_trade_no: 'A1', phase: 'querying', step: 'password', attempt: 1, remaining: 20_000 },
            { out_trade_no: 'A2', phase: 'querying', step: 'unknown' },
            { out_trade_no: 'A1', phase: 'sleeping', step: 'unknown' },
            { out_trade_no: 'A1', phase: 'querying', step: 'password', attempt: 2, remaining: 15_000 },
          ];
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write(': a comment\n\n');
          for (const step of steps) response.write(`data: ${JSON.stringify(step)}\n\n`);
          isOver = true;
          return 'by hand';
        }
        return isOver ? { status: 200, body: paid() } : undecided;
      };
      const progress: PaymentProgress[] = [];
      merchant = await remake({ inDoubt: 20_000 });
      await merchant.pay(order, code, { onProgress: (step) => void progress.push(step) });
      expect(progress.map(({ step, attempt }) => [step, attempt])).to.deep.equal([
        ['sending', undefined],
        ['password', 1],
        ['password', 2],
        ['finished', undefined],
      ]);
      expect(Number(progress[1]?.until) - Date.now()).to.be.within(10_000, 20_000);
    });
  });

  describe('gives up', () => {
    const abortAfter = (signal: AbortController, when: Promise<unknown>) => void when.then(() => signal.abort());

    it('before anything has left: cancelled, and nothing is asked', async () => {
      const signal = AbortSignal.abort(Object.assign(new Error(), { name: 'TimeoutError' }));
      expect(await merchant.pay(order, code, { signal })).to.deep.equal({
        status: 'cancelled',
        out_trade_no: 'A1',
        by: 'timeout',
      });
      expect(server.asked).to.deep.equal([]);
      await server.close();
      const giveUp = new AbortController();
      setTimeout(() => giveUp.abort(), 50);
      expect(await merchant.pay(order, code, { signal: giveUp.signal })).to.include({
        status: 'cancelled',
        by: 'cashier',
      });
    });

    it('what may have arrived: until the server has written it down', async () => {
      const giveUp = new AbortController();
      const deletes = [
        dead,
        refusal(503, 'ERR_JOURNAL'),
        undecided,
        { status: 200, body: { status: 'reversing', out_trade_no: 'A1', why: 'given-up', revision: 3 } },
      ];
      server.script = (asked, response) => {
        if (asked.method === 'PUT') {
          giveUp.abort();
          return 'by hand';
        }
        if (asked.method === 'GET') return unknown;
        const end = deletes.shift() ?? unknown;
        return typeof end === 'function' ? end(asked, response) : end;
      };
      merchant = await remake({ inDoubt: 20_000 });
      expect(await merchant.pay(order, code, { signal: giveUp.signal })).to.include({
        status: 'reversing',
        revision: 3,
      });
      expect(server.of('PUT')).to.have.length(1);
      expect(server.of('DELETE')).to.have.length(4);
    });

    it('what never arrived: cancelled, and refused if it comes later', async () => {
      const giveUp = new AbortController();
      const cancelled = { status: 'cancelled', out_trade_no: 'A1', by: 'cashier', revision: 1 };
      server.script = (asked, response) => {
        if (asked.method !== 'PUT') return asked.method === 'GET' ? unknown : { status: 200, body: cancelled };
        giveUp.abort(Object.assign(new Error(), { name: 'TimeoutError' }));
        return dead(asked, response);
      };
      expect(await merchant.pay(order, code, { signal: giveUp.signal })).to.deep.equal({ ...cancelled, by: 'timeout' });
    });

    it('nothing that was decided before', async () => {
      const giveUp = new AbortController();
      let arrived = () => {};
      abortAfter(
        giveUp,
        new Promise<void>((resolve) => {
          arrived = resolve;
        }),
      );
      server.script = async ({ method, query }) => {
        if (method === 'PUT') return undecided;
        if (query.includes('until')) {
          arrived();
          return 'by hand';
        }
        return { status: 200, body: paid() };
      };
      expect(await merchant.pay(order, code, { signal: giveUp.signal })).to.include({ status: 'paid' });
      expect(server.of('DELETE')).to.deep.equal([]);
    });

    it('no other attempt’s sale', async () => {
      const giveUp = new AbortController();
      let times = 0;
      server.script = ({ method }) => {
        if (method !== 'PUT') return { status: 200, body: paid() };
        times += 1;
        if (times > 1) return refusal(409, 'ERR_ORDER_EXISTS');
        giveUp.abort();
        return 'by hand';
      };
      expect(await rejection(merchant.pay(order, code, { signal: giveUp.signal }))).to.be.instanceOf(OrderExistsError);
      expect(server.of('DELETE')).to.deep.equal([]);
    });

    it('and says that it’s unknown if the server never answers', async () => {
      const giveUp = new AbortController();
      server.script = (asked, response) => {
        giveUp.abort();
        return dead(asked, response);
      };
      expect(await rejection(merchant.pay(order, code, { signal: giveUp.signal }))).to.include({ sent: true });
    });

    it('a sale by its number, as often as it takes', async () => {
      const reversed = { status: 'reversed', out_trade_no: 'A1', why: 'given-up', revision: 4 };
      answers({ DELETE: [refusal(503, 'ERR_JOURNAL'), undecided, { status: 200, body: reversed }] });
      expect(await merchant.cancel('A1')).to.deep.equal(reversed);
      for (const [status, errorCode, expected] of [
        [404, 'ERR_ORDER_UNKNOWN', { code: 'ERR_ORDER_UNKNOWN', out_trade_no: 'A1' }],
        [409, 'ERR_ORDER_REFUNDED', { code: 'ERR_ORDER_REFUNDED', out_trade_no: 'A1' }],
        [403, 'ERR_FORBIDDEN', { code: 'ERR_INVALID_PARAMETER', parameter: 'token' }],
      ] as const) {
        answers({ DELETE: [refusal(status, errorCode)] });
        expect(await rejection(merchant.cancel('A1'))).to.include(expected);
      }
      await server.close();
      expect(await rejection(merchant.cancel('A1'))).to.include({ code: 'ERR_PAY_TRANSPORT', sent: false });
    });
  });

  describe('refunds', () => {
    const given = { out_refund_no: 'R1', refund_fee: 40 };
    const outcome = {
      ...{ kind: 'refund', status: 'processing', accepted: true, revision: 2 },
      ...{ out_trade_no: 'A1', out_refund_no: 'R1', refund_fee: 40 },
    };

    it('once, over a broken line', async () => {
      let times = 0;
      server.script = (asked, response) => {
        times += 1;
        return times === 1 ? dead(asked, response) : { status: 200, body: outcome };
      };
      expect(await merchant.refund('A1', given)).to.deep.equal(outcome);
      expect(server.of('PUT', '/v1/refunds/R1').map(({ body }) => body)).to.deep.equal([
        { out_trade_no: 'A1', refund_fee: 40 },
        { out_trade_no: 'A1', refund_fee: 40 },
      ]);
    });

    it('and says how it stands to whoever doesn’t wait', async () => {
      const leave = new AbortController();
      server.script = ({ query }) => {
        if (query.includes('wait=0')) return undecided;
        leave.abort();
        return 'by hand';
      };
      expect(await merchant.refund('A1', given, { signal: leave.signal })).to.include({
        status: 'processing',
        accepted: false,
      });
    });

    it('nothing while the server is away', async () => {
      await server.close();
      expect(await merchant.refund('A1', given)).to.include({ kind: 'refund', status: 'failed', code: 'unreachable' });
    });

    it('with the errors of a merchant in this process', async () => {
      for (const [answer, type, expected] of [
        [
          refusal(409, 'ERR_REFUND', { rule: 'too-much' }),
          RefundRefusedError,
          { rule: 'too-much', out_refund_no: 'R1' },
        ],
        [refusal(409, 'ERR_ORDER_EXISTS'), OrderExistsError, { out_refund_no: 'R1' }],
        [unknown, OrderUnknownError, { out_trade_no: 'A1', out_refund_no: 'R1' }],
        [refusal(403, 'ERR_FORBIDDEN'), InvalidParameterError, { parameter: 'token' }],
      ] as const) {
        answers({ PUT: [answer] });
        const error = await rejection(merchant.refund('A1', given));
        expect(error).to.be.instanceOf(type);
        expect(error).to.include(expected);
      }
      expect(await rejection(merchant.refund('A1', { ...given, refund_fee: 0 }))).to.include({
        parameter: 'refund_fee',
      });
    });

    it('and lists them, and waits for their end', async () => {
      answers({ GET: [{ status: 200, body: [outcome] }] });
      expect(await merchant.refunds('A1')).to.deep.equal([outcome]);
      answers({ GET: [{ status: 200, body: [{ ...outcome, out_trade_no: 'A2' }] }] });
      expect(await rejection(merchant.refunds('A1'))).to.include({ code: 'ERR_PAY_TRANSPORT' });
      answers({ GET: [unknown] });
      expect(await merchant.refunds('A1')).to.deep.equal([]);
      const refunded = { ...outcome, status: 'refunded', refund_id: '50', revision: 3 };
      answers({ GET: [undecided, { status: 200, body: outcome }, { status: 200, body: refunded }] });
      expect(await merchant.refundSettled('R1')).to.deep.equal(refunded);
    });
  });

  describe('tells', () => {
    it('what nobody has acknowledged, line by line, and takes the acknowledgement', async () => {
      const refund = {
        kind: 'refund',
        status: 'refunded',
        refund_id: '5',
        out_trade_no: 'A1',
        out_refund_no: 'R1',
        refund_fee: 1,
      };
      const lines = [
        JSON.stringify(paid()),
        'no JSON',
        JSON.stringify({ status: 'paid' }),
        JSON.stringify(refund),
        '{"cut o',
      ];
      server.script = async ({ method }, response) => {
        if (method === 'POST') return { status: 204 };
        response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
        // A piece may end anywhere.
        for (const byte of Buffer.from(lines.join('\n'))) response.write(Buffer.from([byte]));
        response.end();
        return 'by hand';
      };
      const told = [];
      for await (const outcome of merchant.unacknowledged()) told.push(outcome);
      expect(told).to.deep.equal([paid(), refund]);
      await merchant.acknowledge({ out_trade_no: 'A1', revision: 2 });
      await merchant.acknowledge({ out_trade_no: 'A1', out_refund_no: 'R1', revision: 3 });
      // Nothing was ever written down of it.
      await merchant.acknowledge({ out_trade_no: 'A1' });
      expect(server.of('POST').map(({ path, body }) => [path, body])).to.deep.equal([
        ['/v1/payments/A1/acknowledge', { revision: 2 }],
        ['/v1/refunds/R1/acknowledge', { revision: 3 }],
      ]);
      expect(await rejection(Reflect.apply(merchant.acknowledge, merchant, [{}]))).to.include({ parameter: 'outcome' });
    });

    it('how a payment has ended, however long that takes', async () => {
      const reversing = { status: 'reversing', out_trade_no: 'A1', why: 'unknown', revision: 2 };
      answers({ GET: [undecided, { status: 200, body: reversing }, { status: 200, body: paid({ revision: 3 }) }] });
      expect(await merchant.settled('A1')).to.include({ status: 'paid' });
      answers({ GET: [unknown] });
      expect(await rejection(merchant.settled('A1'))).to.be.instanceOf(OrderUnknownError);
    });

    it('that it was closed, at once, to all who wait', async () => {
      server.script = () => 'by hand';
      const waiting = [
        merchant.pay(order, code),
        merchant.settled('A2'),
        merchant.cancel('A3'),
        merchant.outcome('A4'),
        merchant.refund('A5', { out_refund_no: 'R', refund_fee: 1 }),
        merchant.unacknowledged()[Symbol.asyncIterator]().next(),
      ].map((each) => rejection(each));
      while (server.asked.length < 6) await new Promise((resolve) => setTimeout(resolve, 5));
      await merchant.close();
      for (const error of await Promise.all(waiting)) expect(error).to.be.instanceOf(ClosedError);
      expect(await rejection(merchant.pay(order, code))).to.be.instanceOf(ClosedError);
    });
  });

  describe('is not harmed', () => {
    it('by a body without end', async () => {
      server.script = (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const more = () => {
          while (!response.destroyed && response.write(' '.repeat(65_536)));
          if (!response.destroyed) response.once('drain', more);
        };
        more();
        return 'by hand';
      };
      expect(await rejection(merchant.outcome('A1'))).to.include({ code: 'ERR_PAY_TRANSPORT' });
    });

    it('by a line without end', async () => {
      server.script = (_, response) => {
        response.writeHead(200, { 'content-type': 'application/x-ndjson' });
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
          if (!response.destroyed) response.once('drain', more);
        };
        more();
        return 'by hand';
      };
      const told = merchant.unacknowledged()[Symbol.asyncIterator]().next();
      expect(await rejection(told)).to.include({ code: 'ERR_PAY_TRANSPORT' });
    });

    it('by another program that answers at its address', async () => {
      const other = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH\r\n'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${Object(other.address()).port}`;
      const error = await rejection(remoteMerchant({ url, token }, { patience }));
      expect(error).to.include({ code: 'ERR_PAY_TRANSPORT' });
      other.close();
    });
  });

  async function remake(change: Partial<typeof patience>): Promise<RemoteMerchant> {
    await merchant.close();
    const { script } = server;
    server.script = () => identity;
    const made = await remoteMerchant({ url: server.url, token }, { patience: { ...patience, ...change } });
    server.script = script;
    server.asked.length = 0;
    return made;
  }
});
