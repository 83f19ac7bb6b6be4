import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { ClosedError, InvalidParameterError } from '../../../lib/errors.js';
import { PayClient } from '../../../lib/pay/client.js';
import { BillError, PayTransportError } from '../../../lib/pay/errors.js';
import type { PayClientOptions } from '../../../lib/pay/options.js';
import { payment, refunded, rowsOf, writeBill } from '../../support/bills.js';
import { mch_id } from '../../support/certificates.js';
import { clientsOf } from '../../support/clients.js';
import { appid, type Gateway, type Handler, key, startGateway } from '../../support/gateway.js';
import { startHttpProxy } from '../../support/proxies.js';
import { rejection } from '../../support/rejection.js';

const bill_date = '20241123';
const small = writeBill({ lines: [payment, refunded] });
/** Some 20 MB. */
const large = writeBill({ lines: Array.from({ length: 50_000 }, () => payment) });

const flow = [
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号',
  '`2024-11-23 10:15:30,`4200002468202411230000000001,`1900000109201811190000001,`交易,`交易,`收入,`12.50,`112.50,`system,`,`S-0001',
  '`2024-11-23 11:00:00,`50300002468202411230000000001,`1900000109201811190000002,`退款,`退款,`支出,`5.00,`107.50,`system,`, 缺货`,`REF1',
  '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额',
  '`2.0,`1.0,`12.50,`1.0,`5.00',
  '',
].join('\r\n');

describe('a bill from the gateway', () => {
  let gateway: Gateway;
  const open = clientsOf(() => gateway);

  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    gateway.requests = [];
    gateway.ends = [];
  });
  const download = (options: Partial<PayClientOptions> = {}) => open(options).downloadBill({ bill_date });
  /** The last request's connection. */
  const connection = () => {
    const socket = gateway.requests.at(-1)?.socket;
    if (socket === undefined) throw new Error('no request');
    return socket;
  };
  const closed = async () => {
    const socket = connection();
    if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
  };

  it('is asked for packed and signed, without the certificate, and read row by row', async () => {
    gateway.handle = () => gzipSync(`\ufeff${small}`);
    const bill = await open().downloadBill({ bill_date, bill_type: 'REFUND' });
    const rows = await rowsOf(bill);
    expect(rows.map(({ trade_state }) => trade_state)).to.deep.equal(['SUCCESS', 'REFUND']);
    expect(await bill.summary()).to.include({ 总交易单数: 2, 订单总金额: 1250 });
    const [request] = gateway.requests;
    expect(request).to.include({ path: '/pay/downloadbill', certificate: undefined });
    expect(request?.fields).to.include({ appid, mch_id, bill_date, bill_type: 'REFUND', tar_type: 'GZIP' });
    await closed();
  });

  it('is all of it, of the one sub-merchant, if nothing else is said', async () => {
    gateway.handle = () => small;
    await (await download({ sub_mch_id: '1900000110' })).summary();
    expect(gateway.requests[0]?.fields).to.include({ bill_type: 'ALL', sub_mch_id: '1900000110' });
  });

  it('may come unpacked, in pieces, and of any size', async () => {
    gateway.handle = () => large;
    const bill = await download();
    let rows = 0;
    for await (const { total_fee } of bill.rows) rows += total_fee / 1250;
    expect(rows).to.equal(50_000);
    expect(await bill.summary()).to.include({ 总交易单数: 50_000 });
  });

  it('waits for whoever reads it: the gateway can send no more than that', async () => {
    let sent = 0;
    gateway.handle = async ({ response }) => {
      for (; sent < large.length; sent += 10_000)
        if (!response.write(large.slice(sent, sent + 10_000))) await once(response, 'drain');
      response.end();
      return undefined;
    };
    const bill = await download({ timeout: { response: 300 } });
    const rows = bill.rows[Symbol.asyncIterator]();
    await rows.next();
    // Longer than the gateway may be silent.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(sent).to.be.below(large.length / 2);
    let more = 1;
    for (;;) {
      if ((await rows.next()).done) break;
      more += 1;
    }
    expect(more).to.equal(50_000);
  });

  describe('that ends too early', () => {
    const half = large.slice(0, 100_000);
    /** Sends the beginning, then does nothing more, or that. */
    const begun = (then: Handler = () => undefined): Handler => {
      return (request) => {
        request.response.write(half);
        return then(request);
      };
    };

    for (const [what, then, said] of [
      ['with its connection', ({ socket }) => void setTimeout(() => socket.destroy(), 100), 'cut off'],
      ['without a word', ({ response }) => void response.end(), 'values for 27 columns'],
    ] as ReadonlyArray<readonly [string, Handler, string]>)
      it(`is told as a bad one: ${what}`, async () => {
        gateway.handle = begun(then);
        const bill = await download();
        const error = await rejection(rowsOf(bill));
        expect(error).to.be.instanceOf(BillError).with.property('code', 'ERR_BILL');
        expect(error.message).to.include(said);
        expect(await rejection(bill.summary())).to.equal(error);
      });

    it('is told as a bad one: packed', async () => {
      gateway.handle = () => gzipSync(large).subarray(0, -100);
      const error = await rejection((await download()).summary());
      expect(error).to.include({ code: 'ERR_BILL' });
      expect(error.message).to.include('unexpected end of file');
    });

    it('because the gateway fell silent: told as that', async () => {
      gateway.handle = begun();
      const bill = await download({ timeout: { response: 300 } });
      const error = await rejection(rowsOf(bill));
      expect(error).to.be.instanceOf(PayTransportError).and.include({ why: 'response-timeout', sent: true });
      await closed();
    });

    it('because the gateway fell silent after its head alone: told at once', async () => {
      gateway.handle = ({ response }) => void response.flushHeaders();
      const error = await rejection(download({ timeout: { response: 300 } }));
      expect(error).to.be.instanceOf(PayTransportError).and.include({ why: 'response-timeout', sent: true });
      await closed();
    });

    it('because it was aborted: told with the reason', async () => {
      gateway.handle = begun();
      const abort = new AbortController();
      const bill = await open().downloadBill({ bill_date }, { signal: abort.signal });
      const reading = rejection(rowsOf(bill));
      const reason = new Error('the shop closes');
      abort.abort(reason);
      expect(await reading)
        .to.be.instanceOf(PayTransportError)
        .and.include({ why: 'aborted', cause: reason });
      await closed();
    });

    for (const [what, packed] of [
      ['plain', false],
      ['packed', true],
    ] as const)
      it(`because it was closed: nobody waits any more, and its connection is free (${what})`, async () => {
        gateway.handle = ({ response }) => void response.write(packed ? gzipSync(large).subarray(0, -1000) : half);
        const bill = await download();
        const reading = rejection(rowsOf(bill));
        await new Promise((resolve) => setTimeout(resolve, 50));
        bill.close();
        expect(await reading).to.be.instanceOf(ClosedError);
        expect(await rejection(bill.summary())).to.be.instanceOf(ClosedError);
        await closed();
      });

    it('because nobody wants more of it: its connection is free', async () => {
      gateway.handle = begun();
      const bill = await download();
      for await (const _row of bill.rows) break;
      await closed();
      const unread = await download();
      unread.close();
      await closed();
    });
  });

  describe('that is none', () => {
    const message = (fields: string) => `<xml>${fields}</xml>`;
    const failed = '<return_code>FAIL</return_code>';

    for (const words of ['No Bill Exist', 'Bill Creating', '账单不存在'])
      it(`is missing by its error_code, whatever the words are: ${words}`, async () => {
        const text = message(`${failed}<return_msg>${words}</return_msg><error_code>20002</error_code>`);
        for (const body of [text, gzipSync(text)]) {
          gateway.handle = () => body;
          const error = await rejection(download());
          expect(error).to.be.instanceOf(BillError).with.property('code', 'ERR_BILL_MISSING');
          expect(error.message).to.include(words);
          await closed();
        }
      });

    const secret = 'a0b1c2d3e4f5a0b1c2d3e4f5';
    for (const [what, handle, said] of [
      [
        'another error',
        () => message(`${failed}<return_msg>invalid</return_msg><error_code>20001</error_code>`),
        '20001',
      ],
      ['an error without a code', () => message(`${failed}<return_msg>签名错误</return_msg>`), '签名错误'],
      ['20002 as an err_code', () => message(`${failed}<err_code>20002</err_code>`), 'FAIL'],
      ['a message that fails nothing', () => message('<return_code>SUCCESS</return_code>'), 'no bill'],
      ['a page', () => `<html><body>502 ${secret} ${key}</body></html>`, 'HTTP 200, text/xml'],
      ['other words', () => `hello ${secret} ${key}\n`, 'no column 交易时间'],
      ['nothing', () => '', 'empty'],
      [
        'a page with a status',
        ({ response }) => void response.writeHead(502, { 'content-type': 'text/html' }).end(`Bad Gateway ${key}`),
        'HTTP 502, text/html, "Bad Gateway',
      ],
      [
        '20002 with a status',
        ({ response }) => void response.writeHead(500).end(message(`${failed}<error_code>20002</error_code>`)),
        'HTTP 500',
      ],
      ['a page without an end', ({ response }) => void response.end(`<html>${'x'.repeat(2_000_000)}`), 'HTTP 200'],
    ] as ReadonlyArray<readonly [string, Handler, string]>)
      it(`is told with what was seen, masked: ${what}`, async () => {
        gateway.handle = handle;
        const error = await rejection(download());
        expect(error).to.be.instanceOf(BillError).with.property('code', 'ERR_BILL');
        expect(error.message).to.include(said).and.have.length.below(500);
        for (const hidden of [key, secret]) expect(error.message).to.not.include(hidden);
        await closed();
      });

    it('slows the client down where it is about too many calls', async () => {
      const client = open();
      gateway.handle = () => message(`${failed}<return_msg>频率限制</return_msg>`);
      await rejection(client.downloadBill({ bill_date }));
      const abort = new AbortController();
      const waiting = rejection(client.downloadBill({ bill_date }, { signal: abort.signal }));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(gateway.requests).to.have.length(1);
      abort.abort();
      expect(await waiting).to.include({ sent: false, why: 'aborted' });
    });
  });

  describe('goes the way of every call', () => {
    it('to the backup host, if the first can’t be reached', async () => {
      gateway.handle = () => small;
      const bill = await download({ endpoints: { pay: 'https://127.0.0.1:1', payBackup: gateway.origin } });
      expect(await rowsOf(bill)).to.have.length(2);
    });

    it('through a proxy', async () => {
      gateway.handle = () => small;
      const proxy = await startHttpProxy();
      const bill = await download({ proxy: `http://127.0.0.1:${proxy.port}` });
      expect(await rowsOf(bill)).to.have.length(2);
      expect(proxy.seen).to.have.length(1);
      await proxy.close();
    });

    it('not through a TLS connection that can’t be trusted', async () => {
      const client = open({ ca: [] });
      expect(await rejection(client.downloadBill({ bill_date }))).to.include({ why: 'tls', sent: false });
    });

    it('not after the client was closed, while one that has begun goes on', async () => {
      gateway.handle = () => large;
      const client = open();
      const bill = await client.downloadBill({ bill_date });
      client.close();
      expect(await rejection(client.downloadBill({ bill_date }))).to.be.instanceOf(ClosedError);
      expect(await bill.summary()).to.include({ 总交易单数: 50_000 });
    });

    it('with its parameters checked before', async () => {
      const client = open();
      for (const [parameter, call] of [
        ['bill_date', client.downloadBill({ bill_date: '2024-11-23' })],
        ['bill_date', client.downloadBill({ bill_date: '20240230' })],
        ['bill_date', client.downloadFundFlow({ bill_date: '', account_type: 'Basic' })],
        ['bill_type', Reflect.apply(client.downloadBill, client, [{ bill_date, bill_type: 'NONE' }])],
        ['account_type', Reflect.apply(client.downloadFundFlow, client, [{ bill_date }])],
        ['certificate', new PayClient(gateway.options).downloadFundFlow({ bill_date, account_type: 'Fees' })],
      ] as const)
        expect(await rejection(call))
          .to.be.instanceOf(InvalidParameterError)
          .with.property('parameter', parameter);
      expect(gateway.requests).to.deep.equal([]);
    });
  });

  describe('in the sandbox', () => {
    it('is asked for again, signed with a new key, after the old one was refused', async () => {
      let keys = 0;
      gateway.handle = ({ path }) => {
        if (path.endsWith('getsignkey')) {
          keys += 1;
          return `<xml><return_code>SUCCESS</return_code><mch_id>${mch_id}</mch_id><sandbox_signkey>${keys}key</sandbox_signkey></xml>`;
        }
        return keys === 1 ? '<xml><return_code>FAIL</return_code><return_msg>签名错误</return_msg></xml>' : small;
      };
      expect(await rowsOf(await download({ sandbox: true }))).to.have.length(2);
      expect(gateway.requests.at(-1)?.path).to.equal('/xdc/apiv2sandbox/pay/downloadbill');
    });
  });

  describe('of the flow of money', () => {
    const digest = (text: string, encoding: 'base64' | 'hex' = 'base64') =>
      createHash('sha1').update(text).digest(encoding);
    const answer = (text: string, said?: string): Handler => {
      return ({ response }) => {
        if (said !== undefined) response.setHeader('digest', `SHA=${said}`);
        response.end(gzipSync(text));
        return undefined;
      };
    };
    const flowOf = (account_type: 'Basic' = 'Basic') =>
      open({ sign_type: 'MD5' }).downloadFundFlow({ bill_date, account_type });

    for (const encoding of ['base64', 'hex'] as const)
      it(`is asked for with the certificate, and held against its digest (${encoding})`, async () => {
        gateway.handle = answer(flow, digest(flow, encoding));
        const bill = await flowOf();
        const rows = await rowsOf(bill);
        expect(rows[0]).to.deep.include({
          time: '2024-11-23 10:15:30',
          transaction_id: '4200002468202411230000000001',
          trade_type: '交易',
          trade_state: '收入',
          total_fee: 1250,
          out_trade_no: '',
        });
        expect(rows[1]?.columns).to.include({ '账户结余（元）': '107.50', 备注: ', 缺货`', 业务凭证号: 'REF1' });
        expect(await bill.summary()).to.deep.equal({
          资金流水总笔数: 2,
          收入笔数: 1,
          收入金额: 1250,
          支出笔数: 1,
          支出金额: 500,
        });
        const [request] = gateway.requests;
        expect(request).to.include({ path: '/pay/downloadfundflow', certificate: mch_id, signType: 'HMAC-SHA256' });
        expect(request?.fields).to.include({ account_type: 'Basic', sign_type: 'HMAC-SHA256' });
      });

    it('is held against its sums where no digest came', async () => {
      gateway.handle = answer(flow.replace('`5.00,`107', '`5.01,`107'));
      expect((await rejection((await flowOf()).summary())).message).to.include('come to 501 as 支出金额');
    });

    for (const [what, said] of [
      ['another', digest('another')],
      ['none', ''],
    ])
      it(`is told as a bad one, if its digest is ${what}`, async () => {
        gateway.handle = answer(flow, said);
        const bill = await flowOf();
        const error = await rejection(rowsOf(bill));
        expect(error).to.include({ code: 'ERR_BILL' });
        expect(error.message).to.include('digest');
        expect(await rejection(bill.summary())).to.equal(error);
      });
  });
});
