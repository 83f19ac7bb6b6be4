import { connect, createServer, type Server, type Socket } from 'node:net';

/* A proxy as they stand before many databases: it lends a connection for one transaction. */

/** Splits what comes into messages: a letter, a length, a body. */
class Messages {
  #rest = Buffer.alloc(0);

  *read(chunk: Buffer): Generator<{ type: string; whole: Buffer }> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 5 && this.#rest.length >= this.#rest.readInt32BE(1) + 1) {
      const whole = this.#rest.subarray(0, this.#rest.readInt32BE(1) + 1);
      this.#rest = this.#rest.subarray(whole.length);
      yield { type: String.fromCharCode(whole[0] ?? 0), whole };
    }
  }
}

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

const int = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};

/** A connection to the database. */
interface Lent {
  readonly socket: Socket;
  client: Socket | undefined;
}

export class TransactionPooler {
  readonly port: number;
  readonly #server: Server;
  readonly #all: Lent[] = [];
  readonly #idle: Lent[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.port = Object(server.address()).port;
  }

  /** @param lends Which of the idle connections: the one that was given back last, or the one that has waited longest. */
  static async start(target: number, lends: 'last' | 'longest'): Promise<TransactionPooler> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const pooler = new TransactionPooler(server);
    for (let count = 0; count < 4; count += 1) await pooler.#open(target);
    server.on('connection', (client) => pooler.#serve(client, lends));
    return pooler;
  }

  async close(): Promise<void> {
    for (const { socket, client } of this.#all) {
      socket.destroy();
      client?.destroy();
    }
    this.#server.close();
  }

  async #open(target: number): Promise<void> {
    const socket = connect(target, '127.0.0.1');
    const lent: Lent = { socket, client: undefined };
    this.#all.push(lent);
    const startup = Buffer.from('user\0till\0database\0postgres\0\0');
    socket.write(Buffer.concat([int(startup.length + 8), int(196_608), startup]));
    const messages = new Messages();
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        for (const { type, whole } of messages.read(chunk)) {
          const isFirst = lent.client === undefined;
          if (isFirst && type === 'R' && whole.readInt32BE(5) === 3)
            socket.write(message('p', Buffer.from('secret\0')));
          lent.client?.write(whole);
          if (type !== 'Z') continue;
          if (isFirst) resolve();
          // Outside a transaction.
          if (whole.toString('latin1', 5) !== 'I') continue;
          lent.client = undefined;
          this.#idle.push(lent);
        }
      });
    });
  }

  #serve(client: Socket, lends: 'last' | 'longest'): void {
    client.on('error', () => {});
    const messages = new Messages();
    client.once('data', () => {
      const key = message('K', Buffer.concat([int(1), int(1)]));
      client.write(Buffer.concat([message('R', int(0)), key, message('Z', Buffer.from('I'))]));
      client.on('data', (chunk: Buffer) => {
        for (const { type, whole } of messages.read(chunk)) {
          if (type === 'X') return client.end();
          const mine = this.#all.find((lent) => lent.client === client);
          const lent = mine ?? (lends === 'last' ? this.#idle.pop() : this.#idle.shift());
          if (lent === undefined) return client.destroy();
          lent.client = client;
          lent.socket.write(whole);
        }
      });
    });
  }
}
