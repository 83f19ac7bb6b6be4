import http from 'node:http';
import https from 'node:https';
import got, { type Request } from 'got';
import type { GatewayAgent } from './agent.js';
import { unbracketed } from './sockets.js';

const lean = got.extend({
  headers: { 'accept-encoding': 'gzip', 'user-agent': 'wxpay-face' },
  // The lists would be copied for each request.
  retry: { limit: 0, methods: [], statusCodes: [], errorCodes: [] },
  followRedirect: false,
  throwHttpErrors: false,
  request: (url, options, callback) => {
    // Of a URL Node.js would take all that it has.
    options.protocol = url.protocol;
    options.hostname = unbracketed(url);
    options.port = url.port;
    options.path = `${url.pathname}${url.search}`;
    const request = (url.protocol === 'http:' ? http : https).request(options, callback);
    // got would listen nine times to it, to note when things happen to it, unless they are noted already.
    return Object.assign(request, { timings: {} });
  },
});

/** What a request is, beside where it goes. */
export interface Message {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: none, as of a GET or a DELETE. */
  readonly body: string | undefined;
}

/** Begins to send a request. @param giveUp Aborts while the agent opens a connection for it. */
export function send(
  url: string,
  { method, headers, body }: Message,
  agent: GatewayAgent,
  giveUp: () => AbortSignal,
): Request {
  // got would wait for somebody to write the body of anything but a GET.
  const written = body ?? (method === 'GET' ? undefined : '');
  const stream = lean(url, { method, isStream: true, ...(written !== undefined && { body: written }) });
  // Handed over as an option they would be copied twice.
  Object.assign(stream.options.headers, headers);
  // Else got makes an object of thirty options, nearly all without a value: the most expensive of what it does for a
  // request. It asks for them after this.
  // Where it goes is filled in above. The name in TLS, for which Node.js would look each time, the agent has itself.
  const target = { protocol: '', hostname: '', port: '', path: '', servername: '' };
  const options = { method, headers: stream.options.headers, agent, giveUp, ...target };
  Object.assign(stream.options, { createNativeRequestOptions: () => options });
  return stream;
}
