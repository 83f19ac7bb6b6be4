import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { PayClient } from '../../lib/pay/client.js';
import { PayProtocolError, PayResponseError, PaySignatureError, PayTransportError } from '../../lib/pay/errors.js';
import { troubleOf } from '../../lib/pay/trouble.js';
import { buildXml } from '../../lib/pay/xml.js';
import { mch_id } from '../support/certificates.js';
import { clientsOf, order, out_trade_no, terminal } from '../support/clients.js';
import { base, type Gateway, type Handler, paid, signed, startGateway } from '../support/gateway.js';
import { rejection } from '../support/rejection.js';

describe('an exchange with the gateway', () => {
  let gateway: Gateway;
  const open = clientsOf(() => gateway);
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    gateway.requests = [];
    gateway.handle = ({ fields }) => ({ ...paid(fields), trade_state: 'SUCCESS' });
  });
  const page =
    (status: number, text: string): Handler =>
    ({ response }) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end(text);
      return undefined;
    };
  const refusal =
    (return_msg: string): Handler =>
    () =>
      buildXml({ return_code: 'FAIL', return_msg });

  describe('tells what is the trouble', () => {
    const nginx = (what: string) => `<html><head><title>400 ${what}</title></head></html>`;
    const table: ReadonlyArray<readonly [string, Handler, 'certificate' | 'limit' | undefined]> = [
      ['a page about a missing certificate', page(400, nginx('No required SSL certificate was sent')), 'certificate'],
      ['a page about a wrong certificate', page(400, nginx('The SSL certificate error')), 'certificate'],
      ['FAIL "certificate not match"', refusal('certificate not match'), 'certificate'],
      ['FAIL in Chinese about the certificate', refusal('证书不匹配'), 'certificate'],
      ['HTTP 429', page(429, 'Too Many Requests'), 'limit'],
      ['FAIL about the frequency', refusal('频率限制，请稍后重试'), 'limit'],
      ['FAIL about too many requests', refusal('请求过于频繁'), 'limit'],
      ['another page', page(400, nginx('Bad Request')), undefined],
      ['a page of another status', page(502, 'Bad Gateway'), undefined],
      ['another FAIL', refusal('签名错误'), undefined],
      [
        'an answer that was lost',
        ({ socket }) => {
          socket.destroy();
          return undefined;
        },
        undefined,
      ],
    ];
    for (const [what, handle, trouble] of table)
      it(`of ${what}: ${trouble ?? 'none'}`, async () => {
        gateway.handle = handle;
        const error = await rejection(open().reverse({ out_trade_no }));
        expect(troubleOf(error)).to.equal(trouble);
      });

    it('of a call that was refused by TLS, or in its own queue; of no other error', () => {
      expect(troubleOf(new PayTransportError('x', false, { why: 'certificate' }))).to.equal('certificate');
      expect(troubleOf(new PayTransportError('x', false, { why: 'limit' }))).to.equal('limit');
      expect(troubleOf(new PayTransportError('x', true))).to.equal(undefined);
      expect(troubleOf(new Error('certificate'))).to.equal(undefined);
    });
  });

  it('blames no certificate for an answer that was lost, to a refund neither', async () => {
    gateway.handle = ({ socket }) => {
      socket.destroy();
      return undefined;
    };
    for (const call of [
      (client: PayClient) => client.reverse({ out_trade_no }),
      (client: PayClient) => client.refund({ out_trade_no, out_refund_no: 'R', total_fee: 100, refund_fee: 1 }),
    ]) {
      const error = await rejection(call(open()));
      expect(error).to.include({ sent: true, why: 'broken' });
      expect(error.message).to.not.contain('certificate');
    }
  });

  it("reads a refusal's other names, and keeps its words", async () => {
    gateway.handle = () => buildXml({ retcode: '1024', retmsg: 'system busy' });
    const error = await rejection(open().micropay(order));
    expect(error).to.be.instanceOf(PayProtocolError).and.include({ return_code: '1024', return_msg: 'system busy' });
    gateway.handle = ({ fields }) => signed({ ...paid(fields), return_code: '', retcode: 'SUCCESS' });
    expect(await rejection(open().micropay(order))).to.be.instanceOf(PayProtocolError);
  });

  it('tells the observers why nothing usable came', async () => {
    const seen: unknown[] = [];
    const note = (message: unknown) => seen.push(message);
    subscribe('wxpay-face.pay.call', note);
    await rejection(open({ endpoints: { pay: 'https://127.0.0.1:1' } }).micropay(order));
    unsubscribe('wxpay-face.pay.call', note);
    expect(seen).to.have.lengthOf(1);
    expect(seen[0]).to.include({ outcome: 'ERR_PAY_TRANSPORT', sent: false, why: 'unreachable' });
  });

  describe('asks a query for its number', () => {
    for (const trade_state of ['SUCCESS', 'REVOKED', 'NOTPAY', 'USERPAYING', 'CLOSED', 'PAYERROR', 'REFUND'])
      it(`also where the state is ${trade_state}`, async () => {
        gateway.handle = () => ({ ...base, result_code: 'SUCCESS', trade_state, total_fee: '100' });
        for (const query of ['orderquery', 'facepayquery'] as const) {
          const error = await rejection(open()[query]({ out_trade_no }));
          expect(error).to.include({ code: 'ERR_PAY_MISMATCH', field: 'out_trade_no' });
        }
      });
  });

  describe('knows the time of the gateway', () => {
    it('from its last answer, carried on; before that it knows none', async () => {
      const client = open();
      expect(client.gatewayTime()).to.equal(undefined);
      const date = Date.UTC(2020, 1, 2, 3, 4, 5);
      const answer = gateway.handle;
      gateway.handle = (request) => {
        request.response.setHeader('date', new Date(date).toUTCString());
        return answer(request);
      };
      await client.orderquery({ out_trade_no });
      expect(client.gatewayTime()).to.be.within(date, date + 5000);
      const now = performance.now.bind(performance);
      Object.defineProperty(performance, 'now', { value: () => now() + 3_600_000, configurable: true });
      try {
        expect(client.gatewayTime()).to.be.within(date + 3_600_000, date + 3_605_000);
      } finally {
        Reflect.deleteProperty(performance, 'now');
      }
    });

    it('also from an answer that is none of a merchant; not from a date that is none', async () => {
      const client = open();
      gateway.handle = ({ response }) => {
        response.setHeader('date', 'yesterday');
        return 'no xml';
      };
      await rejection(client.micropay(order));
      expect(client.gatewayTime()).to.equal(undefined);
      gateway.handle = page(502, 'Bad Gateway');
      await rejection(client.micropay(order));
      expect(client.gatewayTime()).to.be.a('number');
    });
  });

  it('says how long a connection may take', () => {
    expect(open({ timeout: { connect: 1234 } }).connectTimeout).to.equal(1234);
    expect(open().connectTimeout).to.equal(5000);
  });

  it('warns of a client that can pay but not reverse', async () => {
    const warnings: Array<Error & { code?: string }> = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    open();
    open({ sandbox: true });
    new PayClient(gateway.options).close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings.map(({ code }) => code)).to.deep.equal(['WXPAY_FACE_NO_CERTIFICATE']);
    expect(warnings[0]?.message).to.contain(mch_id);
  });

  describe('over a kept connection that has died', () => {
    const authinfo = { ...base, authinfo: 'auth', expires_in: '7200' };
    /** The first call is answered; the second is not, over the same connection. */
    const dies = (how: 'reset' | 'silent'): Handler => {
      let calls = 0;
      return ({ fields, path, socket }) => {
        calls += 1;
        if (calls !== 2) return path.includes('authinfo') ? authinfo : { ...paid(fields), trade_state: 'SUCCESS' };
        if (how === 'reset') socket.destroy();
        return undefined;
      };
    };
    for (const how of ['reset', 'silent'] as const)
      it(`asks for an authinfo once more, over a fresh one: ${how}`, async () => {
        const client = open({ timeout: { response: 200 } });
        gateway.handle = dies(how);
        await client.getWxpayfaceAuthinfo(terminal);
        expect(await client.getWxpayfaceAuthinfo(terminal)).to.include({ authinfo: 'auth' });
        const [first, second, third] = gateway.requests.map(({ connection }) => connection);
        expect(second).to.equal(first);
        expect(third).to.not.equal(first);
      });

    it('but not what a fresh connection lost, and no reversal', async () => {
      const client = open();
      gateway.handle = ({ socket }) => {
        socket.destroy();
        return undefined;
      };
      expect(await rejection(client.getWxpayfaceAuthinfo(terminal))).to.be.instanceOf(PayTransportError);
      expect(gateway.requests).to.have.lengthOf(1);
      gateway.requests = [];
      gateway.handle = dies('reset');
      await client.reverse({ out_trade_no }).catch(() => {});
      expect(await rejection(client.reverse({ out_trade_no }))).to.include({ sent: true, kept: true });
      expect(gateway.requests).to.have.lengthOf(2);
    });
  });

  describe("with the sandbox's key renewed", () => {
    const keyPath = '/xdc/apiv2getsignkey/sign/getsignkey';
    const keys = ['bd1c50c287f1f5d4c9bd602c4fba6f8a', '00000000000000000000000000000002'];
    let renewals = 0;
    /** The first key is good for one call. */
    const play = (refuse: (signKey: string, answer: string) => string): void => {
      renewals = 0;
      gateway.handle = ({ path, fields }) => {
        const answer = { ...paid(fields), trade_state: 'SUCCESS' };
        if (path === keyPath)
          return buildXml({ return_code: 'SUCCESS', mch_id, sandbox_signkey: keys[renewals++ > 0 ? 1 : 0] ?? '' });
        const isOld = renewals === 1 && gateway.requests.length > 2;
        const signKey = keys[gateway.requests.length > 2 ? 1 : 0] ?? '';
        const good = signed(answer, 'MD5', signKey);
        return isOld ? refuse(signKey, good) : good;
      };
    };
    for (const [how, refuse] of [
      ['an answer signed with the new key', (_: string, answer: string) => answer],
      ['a refusal of our signature', () => buildXml({ return_code: 'FAIL', return_msg: '签名错误' })],
    ] as const) {
      it(`asks a query again after ${how}`, async () => {
        play(refuse);
        const client = open({ sandbox: true });
        await client.orderquery({ out_trade_no });
        expect(await client.orderquery({ out_trade_no })).to.include({ out_trade_no });
        const paths = gateway.requests.map(({ path }) => path.split('/').pop());
        expect(paths).to.deep.equal(['getsignkey', 'orderquery', 'orderquery', 'getsignkey', 'orderquery']);
      });

      it(`sends no payment again after ${how}, but the next call has the new key`, async () => {
        play(refuse);
        const client = open({ sandbox: true });
        await client.orderquery({ out_trade_no });
        const error = await rejection(client.micropay(order));
        expect([PaySignatureError, PayProtocolError]).to.include(error.constructor);
        expect(await client.orderquery({ out_trade_no })).to.include({ out_trade_no });
        const paths = gateway.requests.map(({ path }) => path.split('/').pop());
        expect(paths).to.deep.equal(['getsignkey', 'orderquery', 'micropay', 'getsignkey', 'orderquery']);
      });
    }
  });

  describe('within the limits on calls', () => {
    for (const [what, handle] of [
      ['a verified one', () => ({ ...base, result_code: 'FAIL', err_code: 'FREQUENCY_LIMITED' })],
      ['an unsigned one', refusal('频率限制')],
      ['one of HTTP', page(429, 'Too Many Requests')],
    ] as ReadonlyArray<readonly [string, Handler]>)
      it(`slows down after ${what}: the next call waits, and can be aborted meanwhile`, async () => {
        const client = open();
        gateway.handle = handle;
        await client.micropay(order).catch(() => {});
        gateway.requests = [];
        const abort = new AbortController();
        const waiting = rejection(client.orderquery({ out_trade_no }, { signal: abort.signal }));
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(gateway.requests).to.deep.equal([]);
        abort.abort();
        expect(await waiting).to.include({ sent: false, why: 'aborted' });
      });

    it('takes and changes callsPerSecond', async () => {
      const client = open({ callsPerSecond: 5 });
      expect(client.callsPerSecond).to.equal(5);
      client.callsPerSecond = undefined;
      expect(client.callsPerSecond).to.equal(undefined);
      expect(() => {
        client.callsPerSecond = 0;
      }).to.throw('callsPerSecond');
    });
  });

  it('can be played by a client of one’s own, which answers less', () => {
    class OwnClient {
      identity = { appid: 'a', mch_id: 'm' };
      async micropay() {
        return { result_code: 'SUCCESS' as const, transaction_id: '1' };
      }
      async orderquery() {
        return { result_code: 'SUCCESS' as const, trade_state: 'SUCCESS' };
      }
      async reverse() {
        return { result_code: 'SUCCESS' as const };
      }
    }
    const client: Pick<PayClient, 'identity' | 'micropay' | 'orderquery' | 'reverse'> = new OwnClient();
    expect(client.identity).to.include({ mch_id: 'm' });
  });

  it('is refused as none of the gateway’s, whatever the page says', async () => {
    gateway.handle = page(400, 'The SSL certificate error');
    expect(await rejection(open().reverse({ out_trade_no })))
      .to.be.instanceOf(PayResponseError)
      .with.property('trouble', 'certificate');
  });
});
