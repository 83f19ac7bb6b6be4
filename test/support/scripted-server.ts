import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly key: string | undefined;
  readonly token: string | undefined;
  readonly body: unknown;
}

type Said = { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };
/** What is answered; or the connection is done with by hand. */
export type Script = (asked: Asked, response: ServerResponse) => Said | 'by hand' | Promise<Said | 'by hand'>;

export const identity = { status: 200, body: { appid: 'wx1', mch_id: '1' } } as const;

/** A merchant server that says what a test wants it to. */
export class ScriptedServer {
  readonly asked: Asked[] = [];
  script: Script = () => identity;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  static async start(script?: Script, port = 0): Promise<ScriptedServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const scripted = new ScriptedServer(server);
    if (script !== undefined) scripted.script = script;
    return scripted;
  }

  get port(): number {
    const address = this.#server.address();
    return (address as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  of(method: string, path?: string): Asked[] {
    return this.asked.filter((each) => each.method === method && (path === undefined || each.path === path));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { pathname, search } = new URL(request.url ?? '', this.url);
    const asked: Asked = {
      method: request.method ?? '',
      path: pathname,
      query: search,
      key: request.headers['idempotency-key']?.toString(),
      token: request.headers.authorization,
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.asked.push(asked);
    const said = await this.script(asked, response);
    if (said === 'by hand') return;
    const { status, body, headers } = said;
    const isText = typeof body === 'string';
    response.writeHead(status, {
      ...(body !== undefined && { 'content-type': isText ? 'text/html' : 'application/json' }),
      ...headers,
    });
    response.end(body === undefined ? undefined : isText ? body : JSON.stringify(body));
  }
}
