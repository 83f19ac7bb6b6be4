import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { InvalidParameterError } from '../../errors.js';
import { actions, type Body, type Controls } from './actions.js';

/** The page's files, built to the folder `console` beside this code. */
const files: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '': ['page.html', 'text/html; charset=utf-8'],
  'page.css': ['page.css', 'text/css; charset=utf-8'],
  'page.js': ['page.js', 'text/javascript; charset=utf-8'],
};

/** A day's bill, by its path. */
const billPath = /^bill-(\d{8})\.txt$/;

const securityHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    // The empty icon.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const maximumBody = 64 * 1024;

/** Changes come in bursts: one message for all within this many milliseconds. */
const burst = 40;

async function bodyOf(request: IncomingMessage): Promise<Body> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > maximumBody) throw new InvalidParameterError('body', 'is too long');
  }
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new InvalidParameterError('body', 'must be JSON');
  }
}

function same(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/**
 * The simulator's web page: HTTP on loopback for whoever has the address with its token. Requests that name another host are
 * refused (DNS rebinding), and so are those that another site's page sends.
 */
export class ConsoleServer {
  readonly #controls: Controls;
  readonly #token = randomBytes(16).toString('hex');
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #listeners = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  constructor(controls: Controls) {
    this.#controls = controls;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        if (error instanceof InvalidParameterError) return end(response, 400, error.message);
        // The page went away in the middle.
        if (response.destroyed) return;
        // E.g. the page's files are gone, since the package was just replaced.
        process.emitWarning(error instanceof Error ? error : String(error));
        end(response, 500);
      });
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
  }

  get #host(): string {
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  }

  get url(): string {
    return `http://${this.#host}/${this.#token}/`;
  }

  /** Something of the snapshot changed: every open page is told. */
  changed(): void {
    if (this.#listeners.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const message = this.#message();
      for (const listener of this.#listeners) listener.write(message);
    }, burst).unref();
  }

  #message(): string {
    return `data: ${JSON.stringify(this.#controls.snapshot())}\n\n`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const { host, origin } = request.headers;
    if (host !== this.#host || (origin !== undefined && origin !== `http://${this.#host}`)) return end(response, 403);
    const [, token = '', path, ...more] = (request.url ?? '').split('/');
    if (!same(token, this.#token) || path === undefined || more.length > 0) return end(response, 404);

    const action = Object.hasOwn(actions, path) ? actions[path] : undefined;
    const method = action ? 'POST' : 'GET';
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    const [, bill_date] = billPath.exec(path) ?? [];
    if (!action && !file && !bill_date && path !== 'events') return end(response, 404);
    if (request.method !== method) {
      response.setHeader('allow', method);
      return end(response, 405);
    }
    if (path === 'events') return this.#listen(response);
    if (bill_date) {
      const bill = this.#controls.bill(bill_date);
      return end(response, bill === undefined ? 404 : 200, bill ?? 'No Bill Exist');
    }
    if (file) {
      const [name, type] = file;
      response.setHeader('content-type', type);
      response.end(await readFile(new URL(`./console/${name}`, import.meta.url)));
      return;
    }
    // A browser sends it with every POST, and lets no other site's page name this type unasked.
    const trusted = origin !== undefined && request.headers['content-type'] === 'application/json';
    if (!trusted) return end(response, 403);
    const done = action?.(this.#controls, await bodyOf(request));
    end(response, done ? 204 : 409);
  }

  #listen(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`retry: 1000\n${this.#message()}`);
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function end(response: ServerResponse, status: number, text = ''): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
