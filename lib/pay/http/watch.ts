import type net from 'node:net';
import { isOneResponse } from './message-end.js';

/** What arrives on a connection: the answer to a request, or what nobody asked for, which ends it. */
class Watch {
  readonly #socket: net.Socket;
  readonly #mayBeKept: boolean;
  #asked = false;
  #answer: Buffer[] = [];
  #end: Error | undefined;

  constructor(socket: net.Socket, mayBeKept: boolean) {
    this.#socket = socket;
    this.#mayBeKept = mayBeKept;
    socket.on('data', (bytes: Buffer) => {
      // What nobody asks for behind the last answer of a connection disturbs no other one; and a bill can be of any size.
      if (this.#asked && this.#mayBeKept) this.#answer.push(bytes);
      else if (!this.#asked) this.#endWith(new Error('the gateway spoke without being asked'));
    });
    socket.once('end', () => {
      if (!this.#asked) this.#endWith(new Error('the gateway has closed the connection'));
    });
    socket.once('error', (error) => this.#endWith(error));
  }

  #endWith(error: Error): void {
    this.#end ??= error;
    this.#socket.destroy();
  }

  ask(): Error | undefined {
    if (this.#end === undefined && !this.#socket.destroyed) this.#asked = true;
    return this.#asked ? undefined : (this.#end ?? new Error('the connection has ended'));
  }

  /** Back to waiting; true if nothing came but one answer. */
  rest(): boolean {
    const isOne = isOneResponse(Buffer.concat(this.#answer));
    this.#asked = false;
    this.#answer = [];
    return isOne;
  }
}

const watches = new WeakMap<object, Watch>();

/** From its handshake on, a connection may say nothing unless it's asked. */
export function watch(socket: net.Socket, mayBeKept: boolean): void {
  watches.set(socket, new Watch(socket, mayBeKept));
}

/** A request is about to be written: why it can't be, because the connection has ended. */
export const ask = (socket: object): Error | undefined => watches.get(socket)?.ask();

/** A request has been answered. False if more came than its answer: the connection can't be used again. */
export const mayKeep = (socket: object): boolean => watches.get(socket)?.rest() ?? false;
