import { createSign, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { PayClientV3 } from '../../lib/pay/v3/client.js';
import type { PayClientV3Options } from '../../lib/pay/v3/options.js';
import { authority, gatewayCertificate, issue, mch_id, merchantCertificate } from './certificates.js';

export const appid = 'wxd930ea5d5a258f4f';

/** The gateway's keys of API v3. */
export const publicKeyId = 'PUB_KEY_ID_0114232134912410000000000000';
const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
export const platform = issue('Tenpay.com sign', { issuer: authority });
export const platformSerial = new X509Certificate(platform.cert).serialNumber;
export const { publicKey } = pair;

const signers = {
  publicKey: { serial: publicKeyId, key: pair.privateKey },
  platform: { serial: platformSerial, key: platform.key },
};

export interface RequestV3 {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  text: string;
  /** Of its JSON. */
  body: Record<string, unknown>;
  /** Which of the server's connections it came over, from 1. */
  connection: number;
}

export interface AnswerV3 {
  status?: number;
  /** An object becomes JSON. */
  body?: object | string | Buffer;
  /** Default: the public key. */
  signer?: keyof typeof signers | 'nobody';
  /** Seconds since the epoch. Default: now. */
  timestamp?: number;
  /** Changes the headers of a good signature. */
  headers?: Record<string, string>;
}

/** The headers of a good signature. */
export function signatureHeaders(
  text: string | Buffer,
  signer: keyof typeof signers = 'publicKey',
  timestamp = Math.floor(Date.now() / 1000),
) {
  const { serial, key } = signers[signer];
  const nonce = 'c5ac7061fccab6bf3e254dcf98995b8c';
  const signed = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), Buffer.from(text), Buffer.from('\n')]);
  return {
    'Wechatpay-Timestamp': String(timestamp),
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': serial,
    'Wechatpay-Signature': createSign('RSA-SHA256').update(signed).sign(key, 'base64'),
  };
}

export interface GatewayV3 {
  options: PayClientV3Options;
  requests: RequestV3[];
  /** Set per test. */
  handle: (request: RequestV3) => AnswerV3 | undefined;
  origin: string;
  close(): Promise<void>;
}

const parsed = (text: string): Record<string, unknown> => (text.startsWith('{') ? Object(JSON.parse(text)) : {});

/** A real TLS server in the gateway's place. */
export async function startGatewayV3(): Promise<GatewayV3> {
  const sockets = new Set<Socket>();
  const numbers = new WeakMap<object, number>();
  let connections = 0;
  const server = https.createServer(
    { cert: gatewayCertificate.cert, key: gatewayCertificate.key },
    async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const { method = '', url: path = '', headers, socket } = incoming;
      const request = { method, path, headers, text, body: parsed(text), connection: numbers.get(socket) ?? 0 };
      gateway.requests.push(request);
      const answer = gateway.handle(request);
      if (answer === undefined) return;
      const { status = 200, body = '', signer = 'publicKey', timestamp, headers: more } = answer;
      const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const signature = signer === 'nobody' ? {} : signatureHeaders(bytes, signer, timestamp);
      response.writeHead(status, { 'content-type': 'application/json', ...signature, ...more }).end(bytes);
    },
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  server.on('secureConnection', (socket) => {
    numbers.set(socket, ++connections);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gateway: GatewayV3 = {
    origin,
    options: {
      appid,
      mch_id,
      privateKey: merchantCertificate.key,
      serial_no: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1',
      verify: [{ id: publicKeyId, publicKey }, { certificate: platform.cert }],
      store: { out_id: 'S1' },
      endpoints: { pay: origin, payBackup: false },
      ca: authority.cert,
    },
    requests: [],
    handle: () => undefined,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return gateway;
}

/** Makes clients of the suite's gateway; each is closed at the end of its test. */
export function clientsV3Of(gateway: () => GatewayV3): (options?: Partial<PayClientV3Options>) => PayClientV3 {
  const clients: PayClientV3[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  return (options) => {
    const client = new PayClientV3({ ...gateway().options, ...options });
    clients.push(client);
    return client;
  };
}

/** A yes to a payment or a query. */
export const paidV3 = (out_trade_no: unknown, total: unknown = 100): Record<string, unknown> => ({
  appid,
  mchid: mch_id,
  out_trade_no,
  transaction_id: '4200002110202405060873401234',
  trade_type: 'MICROPAY',
  trade_state: 'SUCCESS',
  bank_type: 'CMC',
  success_time: '2024-05-06T23:59:59+08:00',
  payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
  amount: { total, payer_total: 90, currency: 'CNY', payer_currency: 'CNY' },
});
