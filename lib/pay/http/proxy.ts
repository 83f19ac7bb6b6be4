import { lookup } from 'node:dns/promises';
import type { ClientRequest } from 'node:http';
import type net from 'node:net';
import type tls from 'node:tls';
import type { AgentConnectOpts } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksClient } from 'socks';
import { onAbort, unlessAborted } from '../../abort.js';
import { cleanCause } from '../errors.js';
import { hints } from './hints.js';
import { heard, openTcp, unbracketed } from './sockets.js';

export interface ProxyOptions {
  proxy: URL;
  /** Milliseconds. */
  timeout: number;
  /** For an https:// proxy, which never sees the merchant's certificate. */
  secureContext: () => tls.SecureContext;
}

type Tunnel = AgentConnectOpts & { secureEndpoint: false; host: string; port: number };

/** RFC 1928. With socks5h:// the proxy looks up the name, with socks5:// this machine does. */
async function throughSocks(
  { proxy, timeout }: ProxyOptions,
  _request: ClientRequest,
  { host, port }: Tunnel,
  signal: AbortSignal,
): Promise<net.Socket> {
  const address = proxy.protocol === 'socks5h:' ? { address: host } : await lookup(host);
  const socket = await openTcp(unbracketed(proxy), Number(proxy.port) || 1080, signal);
  // Ours, because the library can't be stopped: it fails as soon as its socket is closed.
  const stop = onAbort(signal, () => socket.destroy());
  try {
    await SocksClient.createConnection({
      command: 'connect',
      proxy: { type: 5, host: unbracketed(proxy), port: Number(proxy.port) || 1080, ...credentialsOf(proxy) },
      destination: { host: address.address, port },
      existing_socket: socket,
      timeout,
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    stop();
  }
}

function credentialsOf({ username, password }: URL): { userId?: string; password?: string } {
  if (username === '' && password === '') return {};
  return { userId: decodeURIComponent(username), password: decodeURIComponent(password) };
}

async function throughHttp(
  { proxy, secureContext }: ProxyOptions,
  request: ClientRequest,
  tunnel: Tunnel,
  signal: AbortSignal,
): Promise<net.Socket> {
  // The library writes its proxy's URL to the debug log: it gets one without the password.
  const address = new URL(proxy);
  address.username = '';
  address.password = '';
  const headers: Record<string, string> = {};
  const { userId, password } = credentialsOf(proxy);
  if (userId !== undefined)
    headers['Proxy-Authorization'] = `Basic ${Buffer.from(`${userId}:${password}`).toString('base64')}`;
  let answer = 0;
  request.once('proxyConnect', (connect: { statusCode: number }) => {
    answer = connect.statusCode;
  });
  const isSecure = proxy.protocol === 'https:';
  const tcp = isSecure ? await openTcp(unbracketed(proxy), Number(proxy.port) || 443, signal) : undefined;
  const secure = tcp && { socket: tcp, secureContext: secureContext(), rejectUnauthorized: true };
  const socket = heard(
    await new HttpsProxyAgent(address, { headers, signal, ...secure }).connect(request, tunnel),
    tcp,
  );
  if (answer === 200) return socket;
  socket.destroy();
  throw new Error(`it answered ${answer}`);
}

/** Without its code, which would be read as the gateway's. */
function proxyError(proxy: URL, error: unknown): Error {
  const { code = '', message } = cleanCause(error);
  const hint = hints[code]?.replaceAll('gateway', 'proxy');
  return new Error([`the proxy ${proxy.host}: ${message}`, hint ?? ''].filter((part) => part !== '').join('; '));
}

/**
 * A connection to the gateway through the proxy, before its TLS handshake.
 * @param signal Gives it up, at once. What the libraries still open is closed.
 */
export async function openThroughProxy(
  options: ProxyOptions,
  request: ClientRequest,
  target: AgentConnectOpts,
  signal: AbortSignal,
): Promise<net.Socket> {
  const tunnel: Tunnel = { ...target, host: target.host ?? '', port: Number(target.port), secureEndpoint: false };
  const way = options.proxy.protocol.startsWith('socks') ? throughSocks : throughHttp;
  const opening = way(options, request, tunnel, signal);
  try {
    return await unlessAborted(() => opening, signal);
  } catch (error) {
    opening.then(
      (socket) => socket.destroy(),
      () => {},
    );
    throw proxyError(options.proxy, error);
  }
}
