import { connect, createServer, type Server, type Socket } from 'node:net';

/** After how many bytes of a connection it breaks: of what the till sends, or of what it's answered. */
export interface Break {
  readonly sent?: number;
  readonly answered?: number;
}

/** One address in front of servers that come and go. */
export class TcpSwitch {
  /** The port of the server that answers now; undefined: nobody does. */
  target: number | undefined;
  /** Asked for each connection, by its first bytes. */
  plan: (head: string) => Break | undefined = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.target = target;
  }

  static async start(url: string, port = 0): Promise<TcpSwitch> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const it = new TcpSwitch(server, Number(new URL(url).port));
    server.on('connection', (till) => it.#serve(till));
    return it;
  }

  get url(): string {
    return `http://127.0.0.1:${Object(this.#server.address()).port}`;
  }

  turnTo(url: string | undefined): void {
    this.target = url === undefined ? undefined : Number(new URL(url).port);
    this.breakAll();
  }

  breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.breakAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(till: Socket): void {
    if (this.target === undefined) return void till.destroy();
    const server = connect(this.target, '127.0.0.1');
    let planned: Break | undefined;
    const left = { sent: Number.POSITIVE_INFINITY, answered: Number.POSITIVE_INFINITY };
    const end = () => {
      till.destroy();
      server.destroy();
    };
    const pass = (to: Socket, bytes: Buffer, way: keyof typeof left) => {
      const isCut = bytes.length >= left[way];
      // What has left arrives, also if the line breaks right behind it.
      to.write(isCut ? bytes.subarray(0, left[way]) : bytes, () => isCut && end());
      left[way] -= bytes.length;
    };
    for (const socket of [till, server]) {
      this.#sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          this.#sockets.delete(socket);
          end();
        });
    }
    till.on('data', (bytes: Buffer) => {
      if (planned === undefined) {
        planned = this.plan(bytes.toString('latin1')) ?? {};
        Object.assign(left, planned);
      }
      pass(server, bytes, 'sent');
    });
    server.on('data', (bytes: Buffer) => pass(till, bytes, 'answered'));
  }
}
