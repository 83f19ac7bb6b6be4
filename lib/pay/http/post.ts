import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type net from 'node:net';
import { performance } from 'node:perf_hooks';
import { TLSSocket } from 'node:tls';
import type { Request } from 'got';
import { Life, onAbort } from '../../abort.js';
import { nextTurn } from '../../concurrency.js';
import { cleanCause, PayResponseError, PayTransportError, type TransportFailure } from '../errors.js';
import { ConnectionError, type GatewayAgent } from './agent.js';
import { answered, readBody } from './body.js';
import { hints } from './hints.js';
import { type Message, send } from './message.js';
import { mayHaveLeft, refusesCertificate, type Trace } from './sent.js';
import { readArrived, readingTurn, reset } from './sockets.js';
import { ask } from './watch.js';

export interface Post extends Message {
  /** With its query, as it was signed if it's signed. */
  path: string;
  signal: AbortSignal | undefined;
  /** Asked right before the first byte would leave. */
  mayLeave: (() => boolean) | undefined;
}

/** What is known of an answer before its body. */
interface Head {
  status: number;
  contentType: string;
  headers: Readonly<IncomingHttpHeaders>;
  /** What may be wrong with the certificate that was shown, or ''. */
  certificateNote: string;
  /** The Date header, milliseconds since the epoch, and when it came, by performance.now(). */
  date: { time: number; receivedAt: number } | undefined;
}

export interface Reply extends Head {
  body: Buffer;
}

/** An answer that is read as it comes. */
export interface Arriving extends Head {
  /** The body, once. The time-out counts while the next piece is waited for. Whoever stops reading frees the connection. */
  chunks: AsyncGenerator<Buffer>;
  /** Frees the connection at once: whoever waits for the next piece gets a PayTransportError. */
  close(): void;
}

/** Why a request was given up by this side. */
interface Stop {
  why: TransportFailure;
  message: string;
  cause?: unknown;
}

/** One request to one host, from the search for a connection to the answer's last byte. */
class Attempt {
  readonly #agent: GatewayAgent;
  readonly #host: string;
  readonly #post: Post;
  /** Milliseconds for the answer. */
  readonly #patience: number;
  /** Of the opening of a connection. Most calls find one that was kept, and the agent asks for no signal. */
  readonly #opening = new Life();
  #stream: Request | undefined;
  #stopped: Stop | undefined;
  #socket: net.Socket | undefined;
  #response: IncomingMessage | undefined;
  #receivedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopListening = () => {};
  /** What Node.js or the agent said, before got's words. */
  #failure: unknown;
  #trace: Trace = { released: false, first: true, protocol: null, answered: false, code: '' };

  constructor(agent: GatewayAgent, host: string, post: Post, patience: number) {
    this.#agent = agent;
    this.#host = host;
    this.#post = post;
    this.#patience = patience;
  }

  /** @throws PayTransportError, PayResponseError for a body beyond 1 MiB. */
  async run(): Promise<Reply> {
    try {
      await this.#begin();
      const body = await readBody(this.#send());
      // { ...head, body } would have a hidden class of its own each time.
      return { body, ...this.#head() };
    } catch (error) {
      if (!(error instanceof PayResponseError)) throw this.#error(this.#failure ?? error);
      this.#stop({ why: 'broken', message: error.message });
      throw error;
    } finally {
      this.#end();
    }
  }

  /**
   * Until the answer's head has come.
   * @throws PayTransportError
   */
  async open(): Promise<Arriving> {
    try {
      await this.#begin();
      const stream = this.#send();
      await answered(stream);
      this.#pause();
      return {
        ...this.#head(),
        chunks: this.#chunks(stream),
        close: () => {
          this.#stop({ why: 'aborted', message: 'closed' });
          this.#end();
        },
      };
    } catch (error) {
      this.#end();
      throw this.#error(this.#failure ?? error);
    }
  }

  /** @throws PayTransportError */
  async *#chunks(stream: Request): AsyncGenerator<Buffer> {
    try {
      this.#wait();
      for await (const chunk of stream) {
        this.#pause();
        yield chunk;
        this.#wait();
      }
    } catch (error) {
      throw this.#error(this.#failure ?? error);
    } finally {
      this.#end();
    }
  }

  async #begin(): Promise<void> {
    const { signal } = this.#post;
    this.#stopListening = onAbort(signal, () =>
      this.#stop({ why: 'aborted', message: 'aborted', cause: signal?.reason }),
    );
    // What a kept connection brought while nobody asked is read before it's used.
    if (this.#stopped === undefined) await readingTurn();
    if (this.#stopped !== undefined) throw new Error(this.#stopped.message);
  }

  #end(): void {
    this.#pause();
    this.#stopListening();
  }

  #send(): Request {
    const giveUp = () => this.#opening.signal;
    const stream = send(`${this.#host}${this.#post.path}`, this.#post, this.#agent, giveUp);
    this.#stream = stream;
    // By then got has written head and body, which Node.js holds until it has a connection.
    stream.once('request', (request: ClientRequest) => {
      request.once('error', (error) => {
        this.#failure ??= error;
      });
      request.once('socket', (socket) => this.#release(request, socket));
      request.once('response', (response) => {
        this.#response = response;
        this.#receivedAt = performance.now();
        this.#trace = { ...this.#trace, answered: true };
      });
    });
    return stream;
  }

  #head(): Head {
    const response = this.#response;
    if (response?.statusCode === undefined) throw new Error('no answer');
    const time = Date.parse(response.headers.date ?? '');
    return {
      status: response.statusCode,
      contentType: response.headers['content-type'] ?? '',
      headers: response.headers,
      certificateNote: this.#agent.certificateNote,
      date: Number.isNaN(time) ? undefined : { time, receivedAt: this.#receivedAt },
    };
  }

  /** The last act before the first byte: Node.js writes as soon as this returns, unless the connection is gone then. */
  #release(request: ClientRequest, socket: net.Socket): void {
    const ended = ask(socket);
    if (ended !== undefined) {
      const why = refusesCertificate(cleanCause(ended).code ?? '') ? 'certificate' : 'broken';
      this.#failure = new ConnectionError(why, ended, this.#agent.certificateNote);
      this.#giveUp();
      return;
    }
    if (this.#stopped === undefined) this.#askMayLeave();
    if (this.#stopped !== undefined) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    this.#trace = {
      ...this.#trace,
      released: true,
      first: !request.reusedSocket,
      protocol: socket instanceof TLSSocket ? socket.getProtocol() : null,
    };
    this.#wait();
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.#late(), this.#patience);
  }

  #pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #askMayLeave(): void {
    try {
      if (this.#post.mayLeave?.() === false) this.#stop({ why: 'withdrawn', message: 'withdrawn' });
    } catch (error) {
      this.#stop({ why: 'internal', message: 'mayLeave has thrown', cause: cleanCause(error) });
    }
  }

  async #late(): Promise<void> {
    const timer = this.#timer;
    await readArrived(() => this.#socket?.bytesRead ?? 0);
    // The rest is to unpack it; or the next piece has come meanwhile.
    if (this.#response?.complete || this.#timer !== timer) return;
    this.#stop({ why: 'response-timeout', message: `no whole answer within ${this.#patience} ms` });
  }

  /** The first reason counts. */
  #stop(stop: Stop): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = stop;
    if (this.#socket !== undefined) reset(this.#socket);
    this.#giveUp();
  }

  #giveUp(): void {
    this.#opening.end();
    this.#stream?.destroy();
  }

  #error(error: unknown): PayTransportError {
    const clean = cleanCause(error);
    const { code = '' } = clean;
    const trace = { ...this.#trace, code: this.#stopped === undefined ? code : '' };
    const sent = mayHaveLeft(trace);
    const note = this.#stopped === undefined ? this.#certificateNote(error, trace) : '';
    const why = this.#stopped?.why ?? whyOf(error, trace, note);
    const what = this.#stopped?.message ?? [clean.message, hints[code] ?? '', note].filter(Boolean).join('; ');
    const consequence = sent ? 'whether the gateway got the request is unknown' : 'nothing was sent';
    const cause = this.#stopped !== undefined && 'cause' in this.#stopped ? this.#stopped.cause : clean;
    const kept = trace.released && !trace.first;
    return new PayTransportError(`${this.#host}: ${what}; ${consequence}`, sent, { why, cause, kept });
  }

  /** Facts about the certificate, if the gateway saw it and ended the connection without a word of HTTP. */
  #certificateNote(error: unknown, { released, first, answered, code }: Trace): string {
    if (error instanceof ConnectionError) return error.certificateNote;
    const endedMute = released && first && !answered && (code === 'ECONNRESET' || refusesCertificate(code));
    return endedMute ? this.#agent.certificateNote : '';
  }
}

function whyOf(error: unknown, { released, code }: Trace, certificateNote: string): TransportFailure {
  if (error instanceof ConnectionError) return error.why;
  if (!released) return 'internal';
  return refusesCertificate(code) || certificateNote !== '' ? 'certificate' : 'broken';
}

/** Like {@link post}, for an answer that may be of any size. */
export const open = (agent: GatewayAgent, host: string, request: Post, patience: number): Promise<Arriving> =>
  new Attempt(agent, host, request, patience).open();

/** Sends to one host over HTTPS: no redirects, no retries, never a doubt about what was sent. */
export async function post(agent: GatewayAgent, host: string, request: Post, patience: number): Promise<Reply> {
  const reply = await new Attempt(agent, host, request, patience).run();
  // With many calls at once all answers that have come are taken from their connections before the first is parsed. That is a
  // tenth cheaper: each of the two stays in the processor's cache.
  if (agent.isBusy) await nextTurn();
  return reply;
}
