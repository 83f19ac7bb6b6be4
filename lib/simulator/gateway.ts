import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { GatewayCall } from './gateway-calls.js';
import { answer, certificateRefusals, page, type Reply, refuse } from './replies.js';
import { type Fields, type GatewayContext, routes } from './routes.js';
import type { SimulatorSettings } from './scenario.js';
import { askedOfV3 } from './v3/routes.js';
import { readRequest } from './xml.js';

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, headers }: Reply,
  times: 'once' | 'twice' = 'once',
): void {
  // As a server that no longer trusts the connection.
  if (status === 400 && type === 'text/html') response.shouldKeepAlive = false;
  const zip = typeof body === 'string' && /\bgzip\b/.test(String(request.headers['accept-encoding']));
  response.writeHead(status, { 'content-type': type, ...headers, ...(zip ? { 'content-encoding': 'gzip' } : {}) });
  response.end(zip ? gzipSync(body) : body);
  if (times === 'once') return;
  const all = { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  request.socket.write(`HTTP/1.1 ${status} \r\n${lines.join('')}\r\n`);
  request.socket.write(body);
}

type Request = Pick<IncomingMessage, 'headers' | 'socket'> & { readonly method: string; readonly url: string };

function refusedCertificate(socket: IncomingMessage['socket'], { certificate }: SimulatorSettings): Reply | undefined {
  if (!(socket instanceof TLSSocket && socket.authorized)) return certificateRefusals.missing;
  return certificate === 'accepted' ? undefined : certificateRefusals[certificate];
}

/** A request, as far as it can be told before it's answered. `call`: none that the gateway knows. */
interface Asked {
  readonly name: string;
  readonly call: GatewayCall | undefined;
  readonly fields: Fields;
  answer(): Reply;
}

function askedOfV2({ method, url, headers, socket }: Request, body: Buffer, context: GatewayContext): Asked {
  const fields = readRequest(body);
  const route = routes.get(url);
  // Without a query, which may hold anything.
  const name = route?.call ?? `${method} ${url.replace(/\?.*/s, '')}`;
  if (!route || method !== 'POST') {
    const reply = route ? refuse('FAIL', '请使用post方法') : page(404, 'Not Found');
    return { name, call: undefined, fields: fields ?? {}, answer: () => reply };
  }
  const answerTo = (): Reply =>
    (route.certificate && refusedCertificate(socket, context.settings())) ||
    (fields ? answer(route, fields, headers['wechatpay-negative-test'], context) : refuse('FAIL', 'XML格式错误'));
  return { name, call: route.call, fields: fields ?? {}, answer: answerTo };
}

async function serve(request: IncomingMessage, response: ServerResponse, context: GatewayContext): Promise<void> {
  const body = await bodyOf(request);
  response.setHeader('date', new Date(Date.now() + context.settings().clock).toUTCString());
  const { method = '', url = '', headers, socket } = request;
  const asked = url.startsWith('/v3/')
    ? askedOfV3({ method, url, headers, body }, context)
    : askedOfV2({ method, url, headers, socket }, body, context);
  const { call } = asked;
  const entry = context.log.begin('pay', asked.name, asked.fields);
  if (call === undefined) {
    const reply = asked.answer();
    entry.end(reply.answer, reply.fields);
    return send(request, response, reply);
  }
  const { loseRequest, loseResponse, sendTwice, latency } = context.settings();
  await pause(latency);
  if (loseRequest.includes(call)) {
    entry.end('(request lost)', {}, 'request');
    socket.destroy();
    return;
  }
  const reply = asked.answer();
  // A till that had no more patience, or whose connection was cut in the meantime, doesn't hear it either.
  if (loseResponse.includes(call) || socket.destroyed) {
    entry.end(`${reply.answer} (response lost)`, reply.fields, 'response');
    socket.destroy();
    return;
  }
  entry.end(reply.answer, reply.fields);
  send(request, response, reply, sendTwice.includes(call) ? 'twice' : 'once');
}

/** The payment gateway over real TLS on loopback. */
export class Gateway {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(context: GatewayContext) {
    const { ca, server } = context.certificates;
    this.#server = createServer(
      { key: server.key, cert: server.cert, ca, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
      (request, response) => {
        // A till that goes away in the middle is its own affair.
        serve(request, response, context).catch(() => request.socket.destroy());
      },
    );
    this.#server.on('connection', (socket) => {
      if (context.settings().gateway === 'down') {
        context.log.refused();
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async listen(context: GatewayContext, port: number): Promise<Gateway> {
    const gateway = new Gateway(context);
    await new Promise<void>((resolve, reject) => {
      gateway.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return gateway;
  }

  get origin(): string {
    const address = this.#server.address();
    return `https://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  }

  /** Ends every connection, as a gateway that goes down does. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.disconnect();
    await closed;
  }
}
