import http from 'node:http';
import https from 'node:https';
import got, { type Request } from 'got';
import type { GatewayAgent } from './agent.js';

const lean = got.extend({
  headers: { 'accept-encoding': 'gzip', 'user-agent': 'wxpay-face' },
  // The lists would be copied for each request.
  retry: { limit: 0, methods: [], statusCodes: [], errorCodes: [] },
  followRedirect: false,
  throwHttpErrors: false,
  // got would listen nine times to each request, to note when things happen to it, unless they are noted already.
  request: (url, options, callback) =>
    Object.assign((url.protocol === 'http:' ? http : https).request(url, options, callback), { timings: {} }),
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
  const stream = lean(url, { method, headers, isStream: true, ...(written !== undefined && { body: written }) });
  // Else got makes an object of thirty options, nearly all without a value: the most expensive of what it does for a
  // request. It asks for them after this.
  const options = { method, headers: stream.options.headers, agent, giveUp };
  Object.assign(stream.options, { createNativeRequestOptions: () => options });
  return stream;
}
