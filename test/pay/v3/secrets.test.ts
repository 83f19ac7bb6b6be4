import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { MemoryJournal } from '../../../lib/journal/memory-journal.js';
import type { PayClientV3 } from '../../../lib/pay/v3/client.js';
import { PaymentProcessor } from '../../../lib/payment/processor.js';
import { merchantCertificate } from '../../support/certificates.js';
import { clientsV3Of, type GatewayV3, paidV3, type RequestV3, startGatewayV3 } from '../../support/gateway-v3.js';
import { rejection } from '../../support/rejection.js';

const auth_code = '134567890123456789';
const token = 'T0ken-of-a-bill';
const order = { body: 'coffee', out_trade_no: 'S-00001', total_fee: 100, auth_code };
const refund = { out_trade_no: 'S-00001', out_refund_no: 'R-00001', total_fee: 100, refund_fee: 40 };

/** All that a developer could put on a screen of a thing: enumerable or not, nested, its causes, as JSON. */
function seen(thing: unknown): string {
  const shown = inspect(thing, { depth: 9, showHidden: true, maxStringLength: null, maxArrayLength: null });
  const parts = [shown, String(thing), JSON.stringify(thing) ?? ''];
  if (thing instanceof Error) parts.push(thing.stack ?? '', seen(thing.cause ?? ''));
  return parts.join('\n');
}

describe('No secret of API v3', () => {
  let gateway: GatewayV3;
  const open = clientsV3Of(() => gateway);
  const events: unknown[] = [];
  const note = (event: unknown) => events.push(event);

  before(async () => {
    gateway = await startGatewayV3();
    subscribe('wxpay-face.pay.call', note);
  });
  after(async () => {
    unsubscribe('wxpay-face.pay.call', note);
    await gateway.close();
  });
  beforeEach(() => {
    gateway.requests = [];
  });

  function expectNone(text: string): void {
    // Its first line is in every key.
    const lines = merchantCertificate.key.trim().split('\n').slice(1, -1);
    const signatures = gateway.requests.flatMap(
      ({ headers }) => /signature="([^"]+)"/.exec(headers.authorization ?? '')?.[1] ?? [],
    );
    for (const secret of [auth_code, token, 'PRIVATE KEY', ...lines, ...signatures])
      expect(text).to.not.contain(secret);
  }

  const everyCall = (client: PayClientV3): ReadonlyArray<() => Promise<unknown>> => [
    () => client.micropay(order),
    () => client.orderquery({ out_trade_no: order.out_trade_no }),
    () => client.reverse({ out_trade_no: order.out_trade_no }),
    () => client.refund(refund),
    () => client.refundquery({ out_refund_no: refund.out_refund_no }),
    () => client.downloadBill({ bill_date: '20240506' }),
    () => client.request('GET', `/v3/any?token=${token}`),
  ];

  const all = ({ headers, text, path }: RequestV3): string =>
    `${path.replace(token, '')} ${headers.authorization} ${text}`;
  const bill = (download_url: string) => ({ hash_type: 'SHA1', hash_value: '0'.repeat(40), download_url });
  const nothing = { status: 404, body: { code: 'ORDER_NOT_EXIST', message: 'none' } };
  const gateways: Record<string, GatewayV3['handle']> = {
    'a page that echoes the request': (request) => ({ status: 502, body: `<p>${all(request)}</p>`, signer: 'nobody' }),
    'an error that echoes it, and that nobody has signed': (request) => ({
      status: 400,
      body: { code: 'PARAM_ERROR', message: all(request) },
      signer: 'nobody',
    }),
    'a signed error that echoes it': (request) => ({
      status: 400,
      body: { code: 'PARAM_ERROR', message: all(request) },
    }),
    'a refusal of the signature that echoes it': (request) => ({
      status: 401,
      body: { code: 'SIGN_ERROR', message: all(request), detail: { signature: request.headers.authorization } },
      signer: 'nobody',
    }),
    'a wrong signature': (request) => ({ body: all(request), headers: { 'Wechatpay-Nonce': 'x' } }),
    'a signed body that is no JSON': (request) => ({ body: all(request) }),
    'an answer about another order': (request) => ({ body: { ...paidV3('S-00002'), attach: all(request) } }),
    'a bill that lies elsewhere': ({ path }) =>
      path.startsWith('/v3/bill/') ? { body: bill(`https://evil.example/bill?token=${token}`) } : nothing,
    'a bill that is not there': ({ path }) => {
      if (path.startsWith('/v3/bill/')) return { body: bill(`${gateway.origin}/v3/billdownload/file?token=${token}`) };
      return path.startsWith('/v3/billdownload/') ? { status: 404, body: `no ${token}`, signer: 'nobody' } : nothing;
    },
  };

  for (const [what, handle] of Object.entries(gateways))
    it(`is in an answer, an error or an event after ${what}`, async () => {
      gateway.handle = handle;
      const client = open();
      for (const call of everyCall(client)) expectNone(seen(await call().catch((error: unknown) => error)));
      expectNone(seen(client));
      expectNone(seen(events.splice(0)));
      expect(gateway.requests.length).to.be.at.least(7);
    });

  it('is in a journal, or in what is told of a payment', async () => {
    const client = open();
    const journal = new MemoryJournal();
    const polling = { firstDelay: 1, interval: 1, timeout: 20 };
    const processor = new PaymentProcessor({ client, journal, polling });
    let serial = 0;
    for (const handle of Object.values(gateways)) {
      gateway.handle = handle;
      const { auth_code: _, ...rest } = order;
      serial += 1;
      const told = await processor.pay({ ...rest, out_trade_no: `S-1000${serial}` }, { auth_code });
      expectNone(seen(told));
    }
    for await (const record of journal.list()) expectNone(seen(record));
    expect(serial).to.equal(Object.keys(gateways).length);
    await processor.close();
  });

  it('is in an error of wrong options or parameters', async () => {
    const wrong = [
      { privateKey: merchantCertificate.key.slice(0, -200) },
      { privateKey: merchantCertificate.key.replace('PRIVATE KEY', 'PUBLIC KEY') },
      { verify: [{ certificate: merchantCertificate.key }] },
      { verify: [{ id: 'PUB_KEY_ID_1', publicKey: `${merchantCertificate.key.slice(0, 300)}` }] },
      { store: { out_id: merchantCertificate.key } },
      { serial_no: merchantCertificate.key },
    ];
    for (const options of wrong) {
      try {
        open(options);
        expect.fail('It was accepted');
      } catch (error) {
        expectNone(seen(error));
      }
    }
    const client = open();
    expectNone(seen(await rejection(client.micropay({ ...order, auth_code: `${auth_code}0` }))));
  });
});
