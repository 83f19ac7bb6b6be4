import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';

/* A merchant's receiver of webhooks, which behaves as a test wants it to. */

/** What was posted, with a signature that verifies. */
export interface Received {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly text: string;
  /** Whether it was taken. */
  readonly isTaken: boolean;
}

/** How it answers; undefined: not at all. */
export type Manner = (received: Omit<Received, 'isTaken'>, response: ServerResponse) => number | undefined;

export class Receiver {
  static readonly secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  readonly url: string;
  /** Whatever came, in its order. */
  readonly received: Received[] = [];
  /** What came without a good signature. */
  forged = 0;
  manner: Manner = () => 200;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/hook`;
  }

  /** @param port Of one that was here before. */
  static async start(port = 0): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const receiver = new Receiver(server, Object(server.address()).port);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      receiver.#hear(Buffer.concat(chunks).toString(), request.headers, response);
    });
    return receiver;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Those that were taken, in their order. */
  taken(out_trade_no: string): Received[] {
    return this.received.filter(({ data, isTaken }) => isTaken && data.out_trade_no === out_trade_no);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #hear(text: string, headers: IncomingHttpHeaders, response: ServerResponse): void {
    const id = String(headers['webhook-id']);
    try {
      // As a consumer would: by the library of the scheme.
      const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
      const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
      const { type, data } = Object(new Webhook(Receiver.secret).verify(text, signed));
      const status = this.manner({ id, type, data, text }, response);
      this.received.push({ id, type, data, text, isTaken: status !== undefined && status >= 200 && status < 300 });
      if (status !== undefined) response.writeHead(status).end();
    } catch {
      this.forged += 1;
      response.writeHead(401).end();
    }
  }
}
