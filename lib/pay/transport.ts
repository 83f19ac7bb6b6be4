import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import tls from 'node:tls';
import { Agent, type AgentConnectOpts } from 'agent-base';
import got, { type Request } from 'got';
import { type Certificate, certificateNote } from './certificate.js';
import { cleanCause, PayResponseError, PayTransportError } from './errors.js';

const maxBytes = 1024 * 1024;
/** Milliseconds for which a host that couldn't be reached is tried last. */
const avoidFor = 60_000;
/** Milliseconds after which an unused connection is closed: before the gateway does. */
const keepFor = 30_000;

/**
 * Which connections a call may use. An idle kept connection may be dead, and a payment on it would end as unknown for
 * nothing; the merchant's certificate goes only to the calls that need it.
 */
export type Connection = 'fresh' | 'kept' | 'certificate';

export interface TransportOptions {
  ca: ReadonlyArray<string | Buffer>;
  certificate: Certificate | undefined;
  timeout: { connect: number; response: number };
  proxy: URL | undefined;
  /** The certificate's owner. */
  mch_id: string;
}

export interface Post {
  /** The host to ask, then the one to ask where nothing can have reached the first. */
  hosts: readonly string[];
  path: string;
  headers: Readonly<Record<string, string>>;
  connection: Connection;
  signal: AbortSignal | undefined;
}

export interface Reply {
  status: number;
  contentType: string;
  body: Buffer;
  /** What may be wrong with the certificate that was shown, or ''. */
  certificateNote: string;
}

/** The TCP connection below a TLS one: only it can be reset. */
const carriers = new WeakMap<net.Socket, net.Socket>();

/** Throws away what is still on its way, where a close would let it arrive a minute later (field facts). */
function reset(socket: net.Socket): void {
  let lowest = carriers.get(socket);
  // The way to an https:// proxy is a TLS connection itself.
  for (let next = lowest; next !== undefined; next = carriers.get(next)) lowest = next;
  // One that's being shut down can't be reset, and has been heard.
  if (lowest !== undefined && !socket.writableEnded) lowest.resetAndDestroy();
  socket.destroy();
}

async function openTcp(host: string, port: number, signal: AbortSignal): Promise<net.Socket> {
  const socket = net.connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    // An error that comes after the abort has nobody else to hear it.
    socket.on('error', () => {}).destroy();
    throw error;
  }
}

const unbracketed = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

async function openThroughProxy(
  proxy: URL,
  request: ClientRequest,
  options: AgentConnectOpts,
  signal: AbortSignal,
  timeout: number,
  secureContext: () => tls.SecureContext,
): Promise<net.Socket> {
  const tunnel = { ...options, host: options.host ?? '', port: Number(options.port), secureEndpoint: false as const };
  if (proxy.protocol.startsWith('socks')) {
    const { SocksProxyAgent } = await import('socks-proxy-agent');
    const agent = new SocksProxyAgent(proxy, { timeout });
    // The library would look for a host of that name, with the brackets of an IPv6 address.
    agent.proxy.host = unbracketed(proxy);
    const socket = await agent.connect(request, tunnel);
    // The library's limit goes on, for the answer as well, which may take longer.
    return socket.setTimeout(0);
  }
  const { HttpsProxyAgent } = await import('https-proxy-agent');
  // The library writes its proxy's URL to the debug log: it gets one without the password.
  const address = new URL(proxy);
  address.username = '';
  address.password = '';
  const headers: Record<string, string> = {};
  if (proxy.username !== '' || proxy.password !== '') {
    const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    headers['Proxy-Authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  let answer = 0;
  request.once('proxyConnect', (connect: { statusCode: number }) => {
    answer = connect.statusCode;
  });
  let tcp: net.Socket | undefined;
  if (proxy.protocol === 'https:') tcp = await openTcp(unbracketed(proxy), Number(proxy.port) || 443, signal);
  const secure = tcp && { socket: tcp, secureContext: secureContext(), rejectUnauthorized: true };
  const socket = await new HttpsProxyAgent(address, { headers, signal, ...secure }).connect(request, tunnel);
  if (tcp !== undefined) carriers.set(socket, tcp);
  if (answer !== 200) {
    socket.destroy();
    throw new Error(`it answered ${answer}`);
  }
  return socket;
}

/** Without its code, which would be read as the gateway's. */
function proxyError(proxy: URL, error: unknown): Error {
  const { code = '', message } = cleanCause(error);
  const hint = hints[code]?.replaceAll('gateway', 'proxy');
  return new Error([`the proxy ${proxy.host}: ${message}`, hint ?? ''].filter((part) => part !== '').join('; '));
}

/** Opens connections that are ready for use, and gives none back before: what fails in here has sent nothing. */
export class GatewayAgent extends Agent {
  readonly #settings: TransportOptions;
  readonly #secureContext: () => tls.SecureContext;
  /** For an https:// proxy, which never sees the merchant's certificate. */
  readonly #proxyContext = lazily(() => secureContext(this.#settings.ca));
  /** What may be wrong with the certificate that was shown last. */
  certificateNote = '';

  constructor(settings: TransportOptions, secureContext: () => tls.SecureContext, keepAlive: boolean) {
    super({ keepAlive, timeout: keepFor });
    this.#settings = settings;
    this.#secureContext = secureContext;
  }

  override isSecureEndpoint(): boolean {
    return true;
  }

  override async connect(request: ClientRequest, options: AgentConnectOpts): Promise<tls.TLSSocket> {
    const { timeout, proxy } = this.#settings;
    const host = options.host ?? '';
    const port = Number(options.port);
    const giveUp = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      giveUp.abort();
    }, timeout.connect);
    const onClose = () => giveUp.abort();
    request.once('close', onClose);
    let carrier: net.Socket | undefined;
    let secure: tls.TLSSocket | undefined;
    try {
      if (proxy === undefined) {
        carrier = await openTcp(host, port, giveUp.signal);
      } else {
        const opened = openThroughProxy(proxy, request, options, giveUp.signal, timeout.connect, this.#proxyContext);
        carrier = await opened.catch((error: unknown) => {
          throw proxyError(proxy, error);
        });
      }
      secure = tls.connect({
        socket: carrier,
        host,
        servername: net.isIP(host) === 0 ? host : '',
        secureContext: this.#secureContext(),
        // Not left to NODE_TLS_REJECT_UNAUTHORIZED.
        rejectUnauthorized: true,
      });
      carriers.set(secure, carrier);
      this.certificateNote = certificateNote(secure, this.#settings.mch_id);
      await once(secure, 'secureConnect', { signal: giveUp.signal });
      return secure;
    } catch (error) {
      // An error that comes after the abort has nobody else to hear it.
      carrier?.on('error', () => {}).destroy();
      secure?.on('error', () => {}).destroy();
      if (late) throw new Error(`no connection to ${host} within ${timeout.connect} ms`);
      throw cleanCause(error);
    } finally {
      clearTimeout(timer);
      // The way through a proxy hears the signal for all its life, and may serve other requests.
      request.off('close', onClose);
    }
  }

  /** Lets calls in flight end, and keeps no connection any more. */
  close(): void {
    this.keepAlive = false;
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }
}

/** What an error of a connection means, by its code. */
export const hints: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name has no address: is there a network, a DNS server?',
  EAI_AGAIN: 'the DNS server did not answer',
  CERT_HAS_EXPIRED: "the gateway's certificate has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID: "the gateway's certificate is not valid yet, or this machine's clock is wrong",
  ERR_TLS_CERT_ALTNAME_INVALID: "the gateway's certificate is for another name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the gateway's certificate is not from a trusted authority; see the option ca",
  SELF_SIGNED_CERT_IN_CHAIN: "the gateway's certificate is not from a trusted authority; see the option ca",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the gateway's certificate is not from a trusted authority; see the option ca",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the gateway's certificate is not from a trusted authority; see the option ca",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the gateway doesn't know who issued the merchant's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the gateway says that the merchant's certificate has expired",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: "the gateway says that the merchant's certificate was revoked",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the gateway doesn't accept the merchant's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "the gateway doesn't accept the merchant's certificate",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the gateway demands a client's certificate",
};

const mayRefuseIssuer =
  "the gateway closed the connection after it was shown the merchant's certificate, whose issuer it may not accept";

// With TLS 1.3 a server refuses the client's certificate after the client's handshake has ended: still nothing was heard,
// since it reads no request before, and can't ask for a certificate later. With TLS 1.2 it can, by a second handshake.
const handshakeRefused = (code: string): boolean => code.startsWith('ERR_SSL_') && Object.hasOwn(hints, code);

/** Made at the first connection: the system's authorities take their time to read where others are added. */
export function secureContext(ca: TransportOptions['ca'], certificate?: Certificate): tls.SecureContext {
  return tls.createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca.length > 0 && { ca: [...tls.rootCertificates, ...ca] }),
    ...certificate,
  });
}

function lazily<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => (value ??= make());
}

const xmlOverHttp = got.extend({
  method: 'POST',
  headers: { 'content-type': 'text/xml; charset=utf-8', 'accept-encoding': 'gzip', 'user-agent': 'wxpay-face' },
  // The lists would be copied for each request.
  retry: { limit: 0, methods: [], statusCodes: [], errorCodes: [] },
  followRedirect: false,
  throwHttpErrors: false,
  handlers: [
    (options, next) => {
      // Else got makes an object of thirty options, nearly all without a value: the dearest of what it does for a request.
      const lean = () => ({ method: options.method, headers: options.headers, agent: options.agent.https });
      return next(Object.assign(options, { createNativeRequestOptions: lean }));
    },
  ],
});

/** @throws PayResponseError for a body beyond 1 MiB. */
function readBody(stream: Request): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) reject(new PayResponseError(`The answer has more than ${maxBytes} bytes`));
    });
    stream.once('end', () => resolve(Buffer.concat(chunks, size)));
    stream.on('error', reject);
    stream.once('close', () => reject(new Error('the connection was closed before the answer had ended')));
  });
}

/** Posts XML over HTTPS: no redirects, no retries, never a doubt about what was sent. */
export class Transport {
  readonly #settings: TransportOptions;
  readonly #ways: Record<Connection, { agent: GatewayAgent; http: typeof xmlOverHttp }>;
  /** Hosts that couldn't be reached, and until when they are tried last. */
  readonly #avoided = new Map<string, number>();

  constructor(settings: TransportOptions) {
    this.#settings = settings;
    const anonymous = lazily(() => secureContext(settings.ca));
    const merchant = lazily(() => secureContext(settings.ca, settings.certificate));
    const way = (secureContext: () => tls.SecureContext, keepAlive: boolean) => {
      const agent = new GatewayAgent(settings, secureContext, keepAlive);
      return { agent, http: xmlOverHttp.extend({ agent: { https: agent } }) };
    };
    this.#ways = { fresh: way(anonymous, false), kept: way(anonymous, true), certificate: way(merchant, true) };
  }

  /** @throws PayTransportError, PayResponseError for a body beyond 1 MiB. */
  async send(post: Post, body: string): Promise<Reply> {
    const now = performance.now();
    const avoidedUntil = (host: string): number => Math.max(now, this.#avoided.get(host) ?? now);
    const hosts = [...post.hosts].sort((one, other) => avoidedUntil(one) - avoidedUntil(other));
    for (const [index, host] of hosts.entries()) {
      try {
        const reply = await this.#sendTo(host, post, body);
        this.#avoided.delete(host);
        return reply;
      } catch (error) {
        // Another host may only be asked where this one can't have heard anything: else a customer pays twice.
        if (!(error instanceof PayTransportError) || error.sent || post.signal?.aborted) throw error;
        this.#avoided.set(host, performance.now() + avoidFor);
        if (index === hosts.length - 1) throw error;
      }
    }
    throw new PayTransportError('There is no host to ask', false);
  }

  async #sendTo(host: string, { path, headers, connection, signal }: Post, body: string): Promise<Reply> {
    if (signal?.aborted) throw new PayTransportError('Aborted before anything was sent', false);
    const { agent, http } = this.#ways[connection];
    let socket: net.Socket | undefined;
    let isFirst = false;
    let mayRefuseLate = false;
    let givenUp: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    const stream = http(`${host}${path}`, { body, headers, isStream: true });
    const giveUp = (why: string) => {
      givenUp = why;
      if (socket !== undefined) reset(socket);
      stream.destroy(new Error(why));
    };
    const { response: patience } = this.#settings.timeout;
    stream.once('request', (request: ClientRequest) => {
      request.once('socket', (ready) => {
        socket = ready;
        // A kept connection has had its answer, and with it the end of the server's handshake.
        isFirst = !request.reusedSocket;
        mayRefuseLate = isFirst && ready instanceof tls.TLSSocket && ready.getProtocol() === 'TLSv1.3';
        timer = setTimeout(() => giveUp(`no whole answer within ${patience} ms`), patience);
      });
    });
    const onAbort = () => giveUp('aborted');
    signal?.addEventListener('abort', onAbort);
    try {
      const body = await readBody(stream);
      const status = stream.response?.statusCode;
      if (status === undefined) throw new Error(givenUp ?? 'no answer');
      const contentType = stream.response?.headers['content-type'] ?? '';
      return { status, contentType, body, certificateNote: agent.certificateNote };
    } catch (error) {
      if (error instanceof PayResponseError) {
        giveUp(error.message);
        throw error;
      }
      const { code = '', message } = cleanCause(error);
      const sent = socket !== undefined && !(mayRefuseLate && handshakeRefused(code));
      const endedMute = code === 'ECONNRESET' && isFirst && stream.response === undefined;
      const showed = connection === 'certificate' && this.#settings.certificate !== undefined;
      const note = agent.certificateNote || (endedMute && showed ? mayRefuseIssuer : '');
      const what = givenUp ?? [message, hints[code] ?? '', note].filter((part) => part !== '').join('; ');
      const consequence = sent ? 'whether the gateway got the request is unknown' : 'nothing was sent';
      throw new PayTransportError(`${host}: ${what}; ${consequence}`, sent, { cause: cleanCause(error) });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    for (const { agent } of Object.values(this.#ways)) agent.close();
  }
}
