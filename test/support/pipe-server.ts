import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Request = Record<string, unknown> & { cmd: string };

/** An object is sent as JSON, bytes as they are; 'broken' closes the connection without an answer. */
export type Answer = Record<string, unknown> | Buffer | 'broken';

/** Plays the WxpayFaceService: one connection, one frame each way for each call (a 4-byte big-endian length, JSON). */
export class PipeServer {
  readonly path: string;
  /** Every request, in the order of arrival. */
  readonly requests: Request[] = [];
  /** May be replaced while the server runs. */
  answer: (request: Request) => Answer | Promise<Answer> = () => ({ return_code: 'SUCCESS', return_msg: 'SUCCESS' });
  readonly #server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();
  readonly #folder: string | undefined;
  readonly #watchers: Array<() => void> = [];

  static async start(): Promise<PipeServer> {
    const server = new PipeServer();
    await new Promise<void>((resolve, reject) => {
      server.#server.on('error', reject);
      server.#server.listen(server.path, resolve);
    });
    return server;
  }

  private constructor() {
    this.#folder = process.platform === 'win32' ? undefined : mkdtempSync(join(tmpdir(), 'face-'));
    this.path = this.#folder === undefined ? `\\\\.\\pipe\\face-${randomUUID()}` : join(this.#folder, 'pipe');
  }

  get cmds(): string[] {
    return this.requests.map(({ cmd }) => cmd);
  }

  /** Resolves when so many requests for the command have arrived. */
  async received(cmd: string, times = 1): Promise<void> {
    while (this.cmds.filter((one) => one === cmd).length < times)
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    let bytes = Buffer.alloc(0);
    let answered = false;
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (answered || bytes.length < 4 || bytes.length < 4 + bytes.readUInt32BE(0)) return;
      answered = true;
      this.#answer(socket, JSON.parse(bytes.subarray(4).toString())).catch((error) => socket.destroy(error));
    });
  }

  async #answer(socket: Socket, request: Request): Promise<void> {
    this.requests.push(request);
    for (const watcher of this.#watchers.splice(0)) watcher();
    const answer = await this.answer(request);
    if (answer === 'broken') return void socket.destroy();
    const body = Buffer.isBuffer(answer) ? answer : Buffer.from(JSON.stringify(answer));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    socket.end(Buffer.concat([length, body]));
  }
}

/** A promise that a test settles when it pleases. */
export function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
