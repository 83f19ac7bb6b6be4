import { connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of something on its way to the database. */
export type Fate =
  | 'arrives'
  /** It never arrives: the connection breaks before. */
  | 'is lost'
  /** It is executed, and the connection breaks before its answer. */
  | 'loses its answer'
  /** The connection breaks, and it is executed later. */
  | 'arrives late';

/** Milliseconds. */
const late = 300;

/** A proxy before a database, which loses what a test wants it to. */
export class FaultyProxy {
  readonly port: number;
  /** Asked of each piece that a client sends. */
  fate: (sent: string) => Fate = () => 'arrives';
  /** Changes what the database says. */
  rewrite: (answer: Buffer) => Buffer = (answer) => answer;
  /** How many of each fate there were. */
  readonly count: Record<Fate, number> = { arrives: 0, 'is lost': 0, 'loses its answer': 0, 'arrives late': 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(target: number): Promise<FaultyProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new FaultyProxy(server, Object(server.address()).port);
    server.on('connection', (client) => proxy.#serve(client, target));
    return proxy;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Every connection breaks. */
  breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.breakAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(client: Socket, target: number): void {
    const database = connect(target, '127.0.0.1');
    let isSilent = false;
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!isSilent) other.destroy();
      });
    }
    database.on('data', (answer: Buffer) => {
      if (isSilent) {
        client.destroy();
        database.destroy();
      } else client.write(this.rewrite(answer));
    });
    client.on('data', (sent: Buffer) => {
      const fate = this.fate(sent.toString('latin1'));
      this.count[fate] += 1;
      if (fate === 'is lost') return void client.destroy();
      if (fate !== 'arrives') isSilent = true;
      if (fate === 'loses its answer' || fate === 'arrives') return void database.write(sent);
      client.destroy();
      setTimeout(() => database.write(sent), late);
    });
  }
}
