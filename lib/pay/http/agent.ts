import type { ClientRequest } from 'node:http';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { Agent, type AgentConnectOpts } from 'agent-base';
import { onAbort } from '../../abort.js';
import { type Certificate, certificateNote } from '../certificate.js';
import { cleanCause, type TransportFailure } from '../errors.js';
import { openThroughProxy } from './proxy.js';
import { refusesCertificate } from './sent.js';
import { heard, openTcp, readArrived, readingTurn } from './sockets.js';
import { mayKeep, watch } from './watch.js';

/** Milliseconds after which an unused connection is closed: before the gateway does. */
const keepFor = 30_000;

/** Milliseconds by which a timer may be late though the event loop runs. What is beyond is given back: nobody could connect. */
const noticeable = 50;

export interface TransportOptions {
  ca: ReadonlyArray<string | Buffer>;
  certificate: Certificate | undefined;
  timeout: { connect: number; response: number };
  proxy: URL | undefined;
  /** The certificate's owner. */
  mch_id: string;
  /** Without TLS: never for a gateway, only for a merchant server on this very machine. */
  plain?: boolean;
}

/** No connection was opened: nothing was sent. */
export class ConnectionError extends Error {
  readonly why: TransportFailure;
  readonly code: string;
  /** What may be wrong with the certificate that the gateway saw before it ended the handshake, or ''. */
  readonly certificateNote: string;

  constructor(why: TransportFailure, error: unknown, certificateNote = '') {
    const { message, code = '' } = cleanCause(error);
    super(message);
    this.why = why;
    this.code = code;
    this.certificateNote = certificateNote;
  }
}

/** Made at the first connection: the system's authorities take their time to read if others are added. */
export function secureContext(ca: TransportOptions['ca'], certificate?: Certificate): tls.SecureContext {
  return tls.createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca.length > 0 && { ca: [...tls.rootCertificates, ...ca] }),
    ...certificate,
  });
}

export function lazily<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => (value ??= make());
}

/** @throws what ended the handshake, or the signal. */
function handshake(socket: tls.TLSSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, () => reject(new Error('given up')));
    socket.once('secureConnect', () => {
      stop();
      resolve();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed in the TLS handshake')));
  });
}

/** What the request's options say beside those of Node.js, which would keep a `signal` from its agent. */
function signalIn(options: object): AbortSignal | undefined {
  const signal: unknown = 'giveUp' in options && typeof options.giveUp === 'function' ? options.giveUp() : undefined;
  return signal instanceof AbortSignal ? signal : undefined;
}

const isNameLookup = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo';

/**
 * Opens connections that are ready for use, and gives none back before: what fails in here has sent nothing. Whoever writes a
 * request calls `ask` first, in the request's 'socket' event: a connection that speaks without being asked is closed.
 */
export class GatewayAgent extends Agent {
  readonly #settings: TransportOptions;
  readonly #secureContext: () => tls.SecureContext;
  readonly #proxyContext = lazily(() => secureContext(this.#settings.ca));
  /** What may be wrong with the certificate that was shown last. */
  certificateNote = '';

  constructor(settings: TransportOptions, secureContext: () => tls.SecureContext, keepAlive: boolean) {
    super({ keepAlive, timeout: keepFor });
    this.#settings = settings;
    this.#secureContext = secureContext;
  }

  /** Whether requests are on their way. */
  get isBusy(): boolean {
    return Object.keys(this.sockets).length > 0;
  }

  override isSecureEndpoint(): boolean {
    return this.#settings.plain !== true;
  }

  /** What tells connections apart. All else is the same for those of one agent, and would be joined twice for each request. */
  override getName({ host, port }: AgentConnectOpts): string {
    return `${host}:${port}`;
  }

  /** @param options With `giveUp`, which returns a signal that ends it at once. */
  override async connect(request: ClientRequest, options: AgentConnectOpts): Promise<net.Socket> {
    const { timeout } = this.#settings;
    const giveUp = new AbortController();
    const opened: net.Socket[] = [];
    const limit = { due: performance.now() + timeout.connect, passed: false, isOver: false };
    const late = async () => {
      await readArrived(() => opened.reduce((sum, socket) => sum + 1 + socket.bytesRead, 0));
      if (limit.isOver) return;
      const stoodStill = Math.min(performance.now() - limit.due, timeout.connect);
      if (stoodStill < noticeable) {
        limit.passed = true;
        giveUp.abort();
        return;
      }
      limit.due = performance.now() + stoodStill;
      timer = setTimeout(() => void late(), stoodStill);
    };
    let timer = setTimeout(() => void late(), timeout.connect);
    const stop = onAbort(signalIn(options), () => giveUp.abort());
    try {
      return await this.#open(request, options, opened, giveUp.signal);
    } catch (error) {
      // Also what the libraries for proxies have opened.
      giveUp.abort();
      for (const socket of opened.reverse()) socket.destroy();
      if (limit.passed)
        throw new ConnectionError('connect-timeout', new Error(`no connection within ${timeout.connect} ms`));
      throw error;
    } finally {
      limit.isOver = true;
      clearTimeout(timer);
      stop();
    }
  }

  /** @throws ConnectionError */
  async #open(
    request: ClientRequest,
    options: AgentConnectOpts,
    opened: net.Socket[],
    signal: AbortSignal,
  ): Promise<net.Socket> {
    const carrier = await this.#carrier(request, options, signal);
    opened.push(carrier);
    this.certificateNote = '';
    if (this.#settings.plain) {
      watch(carrier, this.keepAlive);
      return carrier;
    }
    try {
      const host = options.host ?? '';
      const secure = heard(
        tls.connect({
          socket: carrier,
          host,
          servername: net.isIP(host) === 0 ? host : '',
          secureContext: this.#secureContext(),
          // Not left to NODE_TLS_REJECT_UNAUTHORIZED.
          rejectUnauthorized: true,
        }),
        carrier,
      );
      opened.push(secure);
      this.certificateNote = certificateNote(secure, this.#settings.mch_id);
      await handshake(secure, signal);
      watch(secure, this.keepAlive);
      // What the gateway says unasked is heard before it's asked.
      await readingTurn();
      return secure;
    } catch (error) {
      const refused = refusesCertificate(cleanCause(error).code ?? '');
      throw new ConnectionError(refused ? 'certificate' : 'tls', error, this.certificateNote);
    }
  }

  async #carrier(request: ClientRequest, options: AgentConnectOpts, signal: AbortSignal): Promise<net.Socket> {
    const { proxy, timeout } = this.#settings;
    try {
      if (proxy === undefined) return await openTcp(options.host ?? '', Number(options.port), signal);
    } catch (error) {
      throw new ConnectionError(isNameLookup(error) ? 'dns' : 'unreachable', error);
    }
    try {
      const way = { proxy, timeout: timeout.connect, secureContext: this.#proxyContext };
      return await openThroughProxy(way, request, options, signal);
    } catch (error) {
      throw new ConnectionError('proxy', error);
    }
  }

  override keepSocketAlive(socket: Duplex): boolean {
    const isQuiet = mayKeep(socket);
    // It returns what its declaration leaves out.
    const keeps: unknown = super.keepSocketAlive(socket);
    return isQuiet && keeps === true;
  }

  /** Lets calls in flight end, and keeps no connection any more. */
  close(): void {
    this.keepAlive = false;
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }
}
