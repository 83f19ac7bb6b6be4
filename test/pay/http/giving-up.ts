// Runs in a process of its own, which an error that nobody hears ends. Cuts the way to the gateway after each so many bytes,
// and prints what was wrong as JSON: [{ what, ... }].
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { PayClient } from '../../../lib/pay/client.js';
import { PayTransportError } from '../../../lib/pay/errors.js';
import type { PayClientOptions } from '../../../lib/pay/options.js';
import { gatewayCertificate, merchantCertificate } from '../../support/certificates.js';
import { paid, startGateway } from '../../support/gateway.js';
import { startHttpProxy, startSocksProxy } from '../../support/proxies.js';

/** What ends the call when the cut is reached. */
type End = 'abort' | 'time-out' | 'reset' | 'close';
const ends: readonly End[] = ['abort', 'time-out', 'reset', 'close'];

interface Cut {
  /** Bytes that pass, in both directions together. */
  after: number;
  end: End;
  /** So far. */
  passed: number;
  reached: () => void;
}

interface Relay {
  port: number;
  /** Of the next connection. */
  cut: Cut;
  close(): void;
}

/** Stands before the gateway, or before the proxy. */
async function startRelay(to: number): Promise<Relay> {
  const server = net.createServer((client) => {
    const target = net.connect(to, '127.0.0.1');
    const { cut } = relay;
    for (const socket of [client, target]) socket.on('error', () => {});
    client.on('close', () => target.destroy());
    target.on('close', () => client.destroy());
    const pass = (from: net.Socket, other: net.Socket) =>
      from.on('data', (bytes: Buffer) => {
        const left = cut.after - cut.passed;
        if (left <= 0) return;
        cut.passed += Math.min(left, bytes.length);
        other.write(bytes.subarray(0, left));
        if (left > bytes.length) return;
        if (cut.end === 'reset') setTimeout(() => client.resetAndDestroy(), 1);
        if (cut.end === 'close') client.end();
        cut.reached();
      });
    pass(client, target);
    pass(target, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay: Relay = {
    port: (server.address() as AddressInfo).port,
    cut: { after: Number.POSITIVE_INFINITY, end: 'close', passed: 0, reached: () => {} },
    close: () => server.close(),
  };
  return relay;
}

const gateway = await startGateway();
const seen = new Set<string>();
gateway.handle = ({ fields }) => {
  seen.add(fields.out_trade_no ?? '');
  return paid(fields);
};
const tls = { cert: gatewayCertificate.cert, key: gatewayCertificate.key };
const [http, https, socks] = await Promise.all([startHttpProxy(), startHttpProxy(200, tls), startSocksProxy()]);
const ways: Readonly<Record<string, { port: number; options(port: number): Partial<PayClientOptions> }>> = {
  directly: { port: gateway.port, options: (port) => ({ endpoints: { pay: `https://localhost:${port}` } }) },
  'through an HTTP proxy': { port: http.port, options: (port) => ({ proxy: `http://127.0.0.1:${port}` }) },
  'through an HTTPS proxy': { port: https.port, options: (port) => ({ proxy: `https://127.0.0.1:${port}` }) },
  'through a SOCKS proxy': { port: socks.port, options: (port) => ({ proxy: `socks5h://a:b@127.0.0.1:${port}` }) },
};

const wrong: object[] = [];
let number = 0;
let calls = 0;

/** One payment over a way that is cut. Returns how many bytes passed. */
async function pay(way: string, relay: Relay, after: number, end: End): Promise<number> {
  calls += 1;
  const out_trade_no = `N${++number}`;
  const abort = new AbortController();
  // Long enough, but where they are what ends the call.
  const patience = end === 'time-out' && Number.isFinite(after) ? 60 : 5000;
  const client = new PayClient({
    ...gateway.options,
    certificate: merchantCertificate,
    ...ways[way]?.options(relay.port),
    timeout: { connect: patience, response: patience },
  });
  const cut: Cut = { after, end, passed: 0, reached: () => end === 'abort' && setImmediate(() => abort.abort()) };
  relay.cut = cut;
  const order = { body: 'coffee', out_trade_no, total_fee: 100, auth_code: '134567890123456789' };
  const error: unknown = await client.micropay(order, { signal: abort.signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
  client.close();
  const told = { way, after, end, seen: seen.has(out_trade_no), error: String(error) };
  // The last bytes may be those of the proxy's TLS after a whole answer.
  if (error === undefined) {
    if (!told.seen) wrong.push({ ...told, what: 'paid, but the gateway got nothing' });
  } else if (!(error instanceof PayTransportError)) wrong.push({ ...told, what: 'another error' });
  else if (told.seen && !error.sent) wrong.push({ ...told, what: 'the gateway got what was told as not sent' });
  else if (error.why === undefined || error.why === 'internal') wrong.push({ ...told, what: `why is ${error.why}` });
  else if (end === 'abort' && error.why !== 'aborted') wrong.push({ ...told, what: `why is ${error.why}` });
  return cut.passed;
}

const steps = Number(process.argv[2] ?? 24);
for (const [way, { port }] of Object.entries(ways)) {
  const relay = await startRelay(port);
  const whole = await pay(way, relay, Number.POSITIVE_INFINITY, 'close');
  // Each byte of the proxy's handshake is a stage of its own; what follows is cut in equal parts.
  const early = Array.from({ length: steps }, (_, index) => 1 + index * 8);
  const later = Array.from({ length: steps }, (_, index) => Math.floor((whole * (index + 1)) / (steps + 1)));
  for (const after of new Set([...early, ...later, whole - 1].filter((count) => count < whole)))
    for (const end of ends) await pay(way, relay, after, end);
  relay.close();
}
await Promise.all([gateway, http, https, socks].map((server) => server.close()));
console.log(JSON.stringify({ calls, wrong }));
