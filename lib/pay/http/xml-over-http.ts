import https from 'node:https';
import got, { type Request } from 'got';
import type { GatewayAgent } from './agent.js';

const lean = got.extend({
  method: 'POST',
  headers: { 'content-type': 'text/xml; charset=utf-8', 'accept-encoding': 'gzip', 'user-agent': 'wxpay-face' },
  // The lists would be copied for each request.
  retry: { limit: 0, methods: [], statusCodes: [], errorCodes: [] },
  followRedirect: false,
  throwHttpErrors: false,
  // got would listen nine times to each request, to note when things happen to it, unless they are noted already.
  request: (url, options, callback) => Object.assign(https.request(url, options, callback), { timings: {} }),
});

/** Begins to post XML. @param giveUp Aborts while the agent opens a connection for it. */
export function xmlOverHttp(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  agent: GatewayAgent,
  giveUp: () => AbortSignal,
): Request {
  const stream = lean(url, { body, headers, isStream: true });
  // Else got makes an object of thirty options, nearly all without a value: the most expensive of what it does for a
  // request. It asks for them after this.
  const options = { method: 'POST', headers: stream.options.headers, agent, giveUp };
  Object.assign(stream.options, { createNativeRequestOptions: () => options });
  return stream;
}
