import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { PayClient } from '../../lib/pay/client.js';
import type { PayClientOptions } from '../../lib/pay/options.js';
import { buildXml } from '../../lib/pay/xml.js';
import { merchantCertificate, toPfx } from '../support/certificates.js';
import { base, type Gateway, type Handler, key, paid, signed, startGateway } from '../support/gateway.js';
import { startHttpProxy, startSocksProxy } from '../support/proxies.js';
import { rejection } from '../support/rejection.js';

// What the proxy agents write their debug log with.
const debug: { enable(names: string): void; disable(): void } = createRequire(import.meta.url)('debug');

const secrets = {
  key,
  auth_code: '134567890123456789',
  face_code: 'Face-c0de',
  openid: 'oOpenId-1',
  sub_openid: 'oSubOpenId-2',
  face_sid: 'FaceSid-3',
  rawdata: 'RawData+/x==',
  authinfo: 'AuthInfo+/y==',
  passphrase: 'P12-passphrase',
  proxyPassword: 'Pr0xyPass',
  sandboxKey: 'SandboxKey-7',
};
const { authinfo, face_sid, sub_openid } = secrets;
const order = { body: 'coffee', out_trade_no: '1', total_fee: 100 };
const terminal = { store_id: 'S1', store_name: '店', device_id: 'D1', rawdata: secrets.rawdata };

/** All that a developer could put on a screen of a thing: enumerable or not, nested, its causes, as JSON. */
function seen(thing: unknown): string {
  const parts = [
    inspect(thing, { depth: 9, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    String(thing),
  ];
  parts.push(JSON.stringify(thing) ?? '');
  if (thing instanceof Error) parts.push(thing.stack ?? '', seen(thing.cause ?? ''));
  return parts.join('\n');
}

describe('no secret', () => {
  let gateway: Gateway;
  const events: unknown[] = [];
  const printed: string[] = [];
  const note = (event: unknown) => events.push(event);
  const write = process.stderr.write;

  before(async () => {
    gateway = await startGateway();
    subscribe('wxpay-face.pay.call', note);
  });
  after(async () => {
    unsubscribe('wxpay-face.pay.call', note);
    await gateway.close();
  });

  function expectNone(text: string): void {
    const hidden = [
      ...Object.values(secrets),
      Buffer.from(`till:${secrets.proxyPassword}`).toString('base64'),
      'PRIVATE KEY',
    ];
    for (const secret of hidden) expect(text).to.not.contain(secret);
  }

  const everyCall = (client: PayClient): ReadonlyArray<() => Promise<unknown>> => [
    () => client.getWxpayfaceAuthinfo(terminal),
    () => client.micropay({ ...order, auth_code: secrets.auth_code }),
    () => client.facepay({ ...order, face_code: secrets.face_code, openid: secrets.openid }),
    () => client.orderquery({ out_trade_no: '1' }),
    () => client.reverse({ out_trade_no: '1' }),
    () => client.authcodetoopenid({ auth_code: secrets.auth_code }),
    () => client.post('/pay/any', { authinfo, face_sid, sub_openid }),
  ];

  const gateways: Record<string, Handler> = {
    'an error page that echoes the request': ({ response, fields }) => {
      response.writeHead(500, { 'content-type': 'text/html' }).end(`<p>${buildXml(fields)}</p>`);
      return undefined;
    },
    'a body that is no XML and echoes the values': ({ fields }) => Object.values(fields).join(' | '),
    'a FAIL that echoes the values': ({ fields }) =>
      buildXml({ return_code: 'FAIL', return_msg: Object.values(fields).join(' '), sandbox_signkey: 'x' }),
    'a wrong signature': ({ fields }) => buildXml({ ...paid(fields), ...fields, authinfo, sign: 'X' }),
    'another order': ({ fields }) => ({ ...paid(fields), out_trade_no: '2', appid: 'wx2', openid: secrets.openid }),
    'an authinfo that is cut off': () =>
      signed({ authinfo: secrets.authinfo, ...base, openid: secrets.openid }).slice(0, -9),
    'an authinfo without its life': ({ path }) =>
      path.startsWith('/face/') ? { ...base, authinfo: secrets.authinfo } : '',
    'a reset': ({ socket }) => {
      socket.destroy();
      return undefined;
    },
  };

  for (const [what, handler] of Object.entries(gateways))
    it(`is in an error or an event after ${what}`, async () => {
      gateway.handle = handler;
      const client = new PayClient({
        ...gateway.options,
        certificate: { pfx: toPfx(merchantCertificate, secrets.passphrase), passphrase: secrets.passphrase },
      });
      for (const call of everyCall(client)) expectNone(seen(await rejection(call())));
      expectNone(seen(client));
      client.close();
    });

  it('is in an error in part, wherever an error page is cut off', async () => {
    const client = new PayClient(gateway.options);
    for (let length = 0; length < 20; length++) {
      const echo = `${`${secrets.auth_code} `.repeat(20)}${'x'.repeat(length)} ${secrets.auth_code}`;
      gateway.handle = () => echo;
      const { message } = await rejection(client.micropay({ ...order, auth_code: secrets.auth_code }));
      expect(message).to.contain('***').and.not.contain(secrets.auth_code.slice(0, 4));
    }
    client.close();
  });

  it('is in an error in the form that a page, a URL or a message gives it', async () => {
    const client = new PayClient(gateway.options);
    const face_code = `<"a'&c0de+/=`;
    const entity = (number: (point: number) => string) =>
      face_code.replace(/\W/g, (character) => `&#${number(character.charCodeAt(0))};`);
    for (const echo of [
      encodeURIComponent(face_code),
      encodeURIComponent(face_code).toLowerCase(),
      new URLSearchParams({ face_code }).toString(),
      buildXml({ face_code }),
      entity((point) => String(point)),
      entity((point) => `x${point.toString(16)}`),
    ])
      for (const body of [`Wrong: ${echo}`, buildXml({ return_code: 'FAIL', return_msg: echo })]) {
        gateway.handle = () => body;
        const error = await rejection(client.facepay({ ...order, face_code }));
        expect(seen(error)).to.not.contain('c0de');
        expect(error.message).to.contain('***');
      }
    client.close();
  });

  it('is in an error, or in what libraries print for debugging, on the way through a proxy', async () => {
    const [http, socks] = await Promise.all([startHttpProxy(407), startSocksProxy()]);
    gateway.handle = ({ socket }) => {
      socket.destroy();
      return undefined;
    };
    debug.enable('*');
    process.stderr.write = (text: string | Uint8Array) => {
      printed.push(String(text));
      return true;
    };
    try {
      for (const url of [
        `http://till:${secrets.proxyPassword}@127.0.0.1:${http.port}`,
        `socks5://till:${secrets.proxyPassword}@127.0.0.1:${socks.port}`,
      ]) {
        const client = new PayClient({ ...gateway.options, certificate: merchantCertificate, proxy: url });
        for (const call of everyCall(client)) expectNone(seen(await rejection(call())));
        expectNone(seen(client));
        client.close();
      }
    } finally {
      process.stderr.write = write;
      debug.disable();
      await Promise.all([http.close(), socks.close()]);
    }
    expect(printed.join('')).to.contain('https-proxy-agent');
    expectNone(printed.join(''));
  });

  it('is in an error of wrong options or parameters', async () => {
    const wrong: ReadonlyArray<Partial<PayClientOptions>> = [
      { proxy: `ftp://till:${secrets.proxyPassword}@proxy` },
      { certificate: { pfx: Buffer.from('x'), passphrase: secrets.passphrase } },
      { endpoints: { pay: `https://u:${secrets.passphrase}@x.example` } },
      { key: `${key}😀` },
    ];
    for (const options of wrong) {
      try {
        new PayClient({ ...gateway.options, ...options });
        expect.fail('It was accepted');
      } catch (error) {
        expectNone(seen(error));
      }
    }
    const client = new PayClient(gateway.options);
    expectNone(seen(await rejection(client.micropay({ ...order, auth_code: `${secrets.auth_code}0` }))));
    expectNone(seen(await rejection(client.facepay({ ...order, face_code: `${secrets.face_code}\0` }))));
    expectNone(seen(await rejection(client.getWxpayfaceAuthinfo({ ...terminal, rawdata: `${secrets.rawdata}😀` }))));
  });

  it('is in a verified answer that echoes it, but for an openid and what was sent as something else', async () => {
    const client = new PayClient(gateway.options);
    const { auth_code, face_code, openid } = secrets;
    gateway.handle = ({ fields }) => ({
      ...paid(fields),
      result_code: 'FAIL',
      err_code: 'AUTH_CODE_INVALID',
      err_code_des: `${fields.auth_code ?? fields.face_code} 无效`,
      auth_code: fields.auth_code ?? '',
      debug: Object.values(fields).join(' '),
      attach: key,
      openid,
    });
    for (const pay of [
      () => client.micropay({ ...order, auth_code }),
      () => client.facepay({ ...order, face_code, openid }),
    ]) {
      const result = await pay();
      expect(result).to.include({ err_code_des: '*** 无效', attach: '***', openid });
      for (const secret of [key, auth_code, face_code]) expect(seen(result)).to.not.contain(secret);
    }
    gateway.handle = ({ fields }) => paid(fields);
    const code = '130000000000000001';
    const result = await client.micropay({ ...order, auth_code: code, out_trade_no: code });
    expect(result).to.include({ result_code: 'SUCCESS', out_trade_no: code });
    gateway.handle = ({ fields }) => ({ ...base, authinfo: `${fields.rawdata} ${authinfo}`, expires_in: '60' });
    const { authinfo: whole } = await client.getWxpayfaceAuthinfo(terminal);
    expect(whole).to.equal(`${secrets.rawdata} ${authinfo}`);
    client.close();
  });

  it("is in an error of the sandbox's", async () => {
    gateway.handle = ({ path }) =>
      path.endsWith('getsignkey')
        ? buildXml({ return_code: 'SUCCESS', sandbox_signkey: secrets.sandboxKey })
        : buildXml({ return_code: 'FAIL', return_msg: `${secrets.sandboxKey} ${key}` });
    const client = new PayClient({ ...gateway.options, sandbox: true });
    expectNone(seen(await rejection(client.micropay({ ...order, auth_code: secrets.auth_code }))));
    expectNone(seen(client));
    client.close();
  });

  it('is in any event of all these calls, while name, order, duration and outcome are', async () => {
    gateway.handle = ({ fields }) =>
      signed({ ...base, result_code: 'FAIL', err_code: 'NOTENOUGH', out_trade_no: fields.out_trade_no ?? '' });
    const client = new PayClient(gateway.options);
    await client.micropay({ ...order, auth_code: secrets.auth_code });
    client.close();
    expectNone(seen(events));
    const last = events.at(-1);
    expect(last).to.include({ name: 'micropay', out_trade_no: '1', outcome: 'FAIL', err_code: 'NOTENOUGH' });
    expect(last).to.have.property('duration').that.is.a('number').above(0);
    expect(events.length).to.be.above(40);
    expect(events).to.deep.include.members([events.find((event) => inspect(event).includes('ERR_PAY_SIGNATURE'))]);
  });

  it('is in an event of the calls that a caller may forget: with a bad path, and for the key of the sandbox', async () => {
    const client = new PayClient({ ...gateway.options, sandbox: true });
    const names = () => events.splice(0).map((event) => (event && typeof event === 'object' ? { ...event } : {}));
    names();
    expect(await rejection(client.post(`/bad path ${authinfo}`, {}))).to.have.property('parameter', 'path');
    gateway.handle = () => buildXml({ return_code: 'SUCCESS' });
    await rejection(client.micropay({ ...order, auth_code: secrets.auth_code }));
    gateway.handle = ({ path, fields }) =>
      path.endsWith('getsignkey')
        ? buildXml({ return_code: 'SUCCESS', sandbox_signkey: secrets.sandboxKey })
        : signed(paid(fields), 'MD5', secrets.sandboxKey);
    await client.micropay({ ...order, auth_code: secrets.auth_code });
    expectNone(seen(events));
    const outcomes = [
      { name: 'post', outcome: 'ERR_INVALID_PARAMETER' },
      { name: 'getsignkey', outcome: 'ERR_PAY_RESPONSE' },
      { name: 'micropay', outcome: 'ERR_PAY_TRANSPORT', sent: false },
      { name: 'getsignkey', outcome: 'SUCCESS' },
      { name: 'micropay', outcome: 'SUCCESS' },
    ];
    const told = names();
    expect(told).to.have.lengthOf(outcomes.length);
    for (const [index, outcome] of outcomes.entries()) expect(told[index]).to.include(outcome);
    client.close();
  });
});
