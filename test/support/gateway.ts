import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';
import type { PayClientOptions } from '../../lib/pay/options.js';
import { type SignType, sign } from '../../lib/pay/sign.js';
import { buildXml, parseXml } from '../../lib/pay/xml.js';
import { authority, gatewayCertificate, mch_id } from './certificates.js';

export const key = '192006250b4c09247ec02edce69f6a2d';
export const appid = 'wxd930ea5d5a258f4f';

export type Fields = Record<string, string>;

export interface Request {
  path: string;
  headers: IncomingMessage['headers'];
  fields: Fields;
  /** CN of the client's certificate, where it showed one. */
  certificate: string | undefined;
  /** Which of the server's connections it came over, from 1. */
  connection: number;
  signType: SignType;
  response: ServerResponse;
  socket: TLSSocket;
}

/** What to answer: fields to be signed, a body as it is, or undefined where the handler answers itself (or never). */
type Answer = Fields | string | Buffer | undefined;
export type Handler = (request: Request) => Answer | Promise<Answer>;

export interface Gateway {
  options: PayClientOptions;
  origin: string;
  port: number;
  requests: Request[];
  /** Set per test. */
  handle: Handler;
  connections: number;
  /** Codes of the errors that connections ended with. */
  ends: string[];
  close(): Promise<void>;
}

export const signed = (fields: Fields, signType: SignType = 'HMAC-SHA256', signKey = key): string =>
  buildXml({ ...fields, sign: sign(fields, signKey, signType) });

/** What a good gateway says of itself and the merchant. */
export const base = { return_code: 'SUCCESS', return_msg: 'OK', appid, mch_id, nonce_str: 'o5bAKF3o2ypC8hwa' };

/** A verified yes to a payment or, with a trade_state, to a query. */
export const paid = (fields: Fields): Fields => ({
  ...base,
  result_code: 'SUCCESS',
  openid: 'oUpF8uN95-Ptaags6E_roPHg7AG0',
  trade_type: 'MICROPAY',
  bank_type: 'CCB_DEBIT',
  total_fee: fields.total_fee ?? '100',
  cash_fee: fields.total_fee ?? '100',
  fee_type: 'CNY',
  transaction_id: '1008450740201411110005820873',
  out_trade_no: fields.out_trade_no ?? '',
  time_end: '20141111170043',
});

/** A real TLS server in the gateway's place. */
export async function startGateway(tls: TlsOptions = {}): Promise<Gateway> {
  const numbers = new WeakMap<object, number>();
  const sockets = new Set<Socket>();
  const server = https.createServer(
    {
      cert: gatewayCertificate.cert,
      key: gatewayCertificate.key,
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: false,
      ...tls,
    },
    (request, response) => {
      void answer(request, response);
    },
  );
  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk);
    } catch {
      return;
    }
    const fields = parseXml(Buffer.concat(chunks));
    const socket = incoming.socket as TLSSocket;
    const peer = socket.getPeerCertificate();
    const request: Request = {
      path: incoming.url ?? '',
      headers: incoming.headers,
      fields,
      certificate: peer && 'subject' in peer ? String(peer.subject.CN) : undefined,
      connection: numbers.get(socket) ?? 0,
      signType: fields.sign?.length === 64 ? 'HMAC-SHA256' : 'MD5',
      response,
      socket,
    };
    gateway.requests.push(request);
    const said = await gateway.handle(request);
    if (said === undefined || response.writableEnded || response.headersSent) return;
    response.setHeader('content-type', 'text/xml');
    response.end(typeof said === 'string' || Buffer.isBuffer(said) ? said : signed(said, request.signType));
  }
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    numbers.set(socket, ++gateway.connections);
    socket.on('error', (error: NodeJS.ErrnoException) => gateway.ends.push(error.code ?? ''));
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => gateway.ends.push(error.code ?? ''));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `https://localhost:${port}`;
  const gateway: Gateway = {
    options: { appid, mch_id, key, ca: authority.cert, endpoints: { pay: origin, face: origin } },
    origin,
    port,
    requests: [],
    handle: ({ fields }) => paid(fields),
    connections: 0,
    ends: [],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return gateway;
}
