import dns from 'node:dns';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { PayClient } from '../../../lib/pay/client.js';
import { PayTransportError } from '../../../lib/pay/errors.js';
import type { PayClientOptions } from '../../../lib/pay/options.js';
import { merchantCertificate } from '../../support/certificates.js';
import { clientsOf, order, out_trade_no } from '../../support/clients.js';
import { type Gateway, paid, startGateway } from '../../support/gateway.js';
import { startHttpProxy } from '../../support/proxies.js';
import { httpAnswer, type RawGateway, startRawGateway } from '../../support/raw-gateway.js';
import { rejection } from '../../support/rejection.js';

const dead = 'https://127.0.0.1:1';

describe('the first byte of a request', () => {
  let gateway: RawGateway;
  const connect = clientsOf(() => gateway);
  before(async () => {
    gateway = await startRawGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    gateway.bytes = [];
    gateway.greet = () => {};
    gateway.handle = (fields, { write }) => write(httpAnswer({ ...paid(fields), trade_state: 'SUCCESS' }));
  });
  async function failure(call: Promise<unknown>): Promise<PayTransportError> {
    const error = await rejection(call);
    if (error instanceof PayTransportError) return error;
    throw error;
  }

  describe('leaves only if mayLeave says so', () => {
    it('on a connection that is ready, which has heard nothing yet', async () => {
      const heard: number[][] = [];
      await connect().micropay(order, { mayLeave: () => heard.push([...gateway.bytes]) > 0 });
      expect(heard).to.deep.equal([[0]]);
    });

    it('and is never heard of if it says no, by no other host either; the connection ends', async () => {
      const backup = await startRawGateway();
      const ended = new Promise<unknown>((resolve) => {
        gateway.greet = ({ ended }) => ended.then(resolve);
      });
      const client = connect({ endpoints: { pay: gateway.origin, payBackup: backup.origin } });
      const error = await failure(client.micropay(order, { mayLeave: () => false }));
      expect(error).to.include({ sent: false, why: 'withdrawn' });
      await ended;
      expect(gateway.bytes).to.deep.equal([0]);
      expect(backup.bytes).to.deep.equal([]);
      await backup.close();
    });

    it('also over a connection that was kept', async () => {
      const client = connect();
      await client.orderquery({ out_trade_no });
      const [before] = gateway.bytes;
      const error = await failure(client.orderquery({ out_trade_no }, { mayLeave: () => false }));
      expect(error).to.include({ sent: false, why: 'withdrawn' });
      await client.orderquery({ out_trade_no });
      expect(gateway.bytes).to.have.lengthOf(2).and.include(before);
    });

    it('and is asked anew for each host', async () => {
      const asked: number[] = [];
      const mayLeave = () => asked.push(gateway.bytes.length) > 0;
      await connect({ endpoints: { pay: dead, payBackup: gateway.origin } }).micropay(order, { mayLeave });
      expect(asked).to.deep.equal([1]);
    });

    it('as the last act: whatever is done right after its yes comes too late', async () => {
      for (const soon of [queueMicrotask, process.nextTick]) {
        const abort = new AbortController();
        gateway.handle = () => {};
        const mayLeave = () => {
          soon(() => abort.abort());
          return true;
        };
        const error = await failure(connect().micropay(order, { mayLeave, signal: abort.signal }));
        expect(error).to.include({ sent: true, why: 'aborted' });
      }
    });

    it('unless it aborts the call itself', async () => {
      const abort = new AbortController();
      const mayLeave = () => {
        abort.abort('given up');
        return true;
      };
      const error = await failure(connect().micropay(order, { mayLeave, signal: abort.signal }));
      expect(error).to.include({ sent: false, why: 'aborted', cause: 'given up' });
      expect(gateway.bytes).to.deep.equal([0]);
    });

    it('and nothing is sent if it throws', async () => {
      const mayLeave = () => {
        throw new Error('out of order');
      };
      const error = await failure(connect().micropay(order, { mayLeave }));
      expect(error).to.include({ sent: false, why: 'internal' });
      expect(error.cause).to.have.property('message', 'out of order');
      expect(gateway.bytes).to.deep.equal([0]);
    });
  });

  describe('never leaves after an abort', () => {
    const reason = new Error('the cashier pressed Cancel');
    const patient = { connect: 600_000, response: 600_000 };

    interface Mute {
      port: number;
      /** Also waits until the client has closed what it had opened. */
      end(): Promise<void>;
    }

    /** Calls back when a connection has brought something; never answers, or only once. */
    async function mute(reached: () => void, firstAnswer?: string): Promise<Mute> {
      const closed: Array<Promise<unknown>> = [];
      const server = net.createServer((socket) => {
        closed.push(new Promise((resolve) => socket.once('close', resolve)));
        socket.on('error', () => {});
        socket.once('data', () => {
          if (firstAnswer === undefined) return reached();
          socket.write(firstAnswer);
          socket.once('data', reached);
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const end = async () => {
        server.close();
        await Promise.all(closed);
      };
      return { port: (server.address() as AddressInfo).port, end };
    }

    interface Stage {
      /** Where it waits for ever, and who says that it got there. */
      wait(reached: () => void): Promise<{ options: Partial<PayClientOptions>; end(): unknown }>;
    }
    const behind = (scheme: string, answer?: string): Stage => ({
      async wait(reached) {
        const { port, end } = await mute(reached, answer);
        return { options: { proxy: `${scheme}://127.0.0.1:${port}` }, end };
      },
    });
    const stages: Readonly<Record<string, Stage>> = {
      'while its name is looked up': {
        async wait(reached) {
          const { lookup } = dns;
          Reflect.set(dns, 'lookup', reached);
          return {
            options: { endpoints: { pay: 'https://slow.example' } },
            end: () => Reflect.set(dns, 'lookup', lookup),
          };
        },
      },
      'in the TLS handshake': {
        async wait(reached) {
          const { port, end } = await mute(reached);
          return { options: { endpoints: { pay: `https://localhost:${port}` } }, end };
        },
      },
      'on the way to the backup host': {
        async wait(reached) {
          const { port, end } = await mute(reached);
          return { options: { endpoints: { pay: dead, payBackup: `https://localhost:${port}` } }, end };
        },
      },
      'before an HTTP proxy that says nothing': behind('http'),
      'behind an HTTP proxy, in the TLS handshake': behind('http', 'HTTP/1.1 200 OK\r\n\r\n'),
      'before an HTTPS proxy that says nothing': behind('https'),
      'before a SOCKS proxy that says nothing': behind('socks5h'),
      "while the sandbox's key is fetched": {
        async wait(reached) {
          gateway.handle = reached;
          return { options: { sandbox: true }, end: () => {} };
        },
      },
      'in the queue of its own limit on calls': {
        async wait(reached) {
          setImmediate(reached);
          return { options: { callsPerSecond: 0.000_001 }, end: () => {} };
        },
      },
    };
    for (const [when, stage] of Object.entries(stages))
      it(`${when}: told at once, with the signal's reason`, async () => {
        const abort = new AbortController();
        const { options, end } = await stage.wait(() => abort.abort(reason));
        const client = connect({ timeout: patient, ...options });
        if (options.callsPerSecond !== undefined) await client.orderquery({ out_trade_no });
        const before = [...gateway.bytes];
        const error = await failure(client.micropay(order, { signal: abort.signal }));
        await end();
        expect(error).to.include({ sent: false, why: 'aborted' });
        expect(error.cause).to.equal(reason);
        expect(error.message).to.match(/nothing was sent|before anything was sent/);
        if (!options.sandbox) expect(gateway.bytes).to.deep.equal(before);
      });

    it('that came before the call', async () => {
      const error = await failure(connect().micropay(order, { signal: AbortSignal.abort(reason) }));
      expect(error).to.include({ sent: false, why: 'aborted' });
      expect(error.cause).to.equal(reason);
      expect(gateway.bytes).to.deep.equal([]);
    });

    it('and one that was sent already is told as that, with the reason as well', async () => {
      const abort = new AbortController();
      gateway.handle = () => abort.abort(reason);
      const error = await failure(connect().micropay(order, { signal: abort.signal }));
      expect(error).to.include({ sent: true, why: 'aborted' });
      expect(error.cause).to.equal(reason);
    });

    it('though many calls share one signal, without a warning and without a listener that stays', async () => {
      const polite: Gateway = await startGateway();
      polite.handle = ({ fields }) => ({ ...paid(fields), trade_state: 'SUCCESS' });
      const warnings: Error[] = [];
      const note = (warning: Error) => warnings.push(warning);
      process.on('warning', note);
      const abort = new AbortController();
      let added = 0;
      const { signal } = abort;
      const listen = signal.addEventListener.bind(signal);
      const unlisten = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof listen>) => {
        added += 1;
        listen(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof unlisten>) => {
        added -= 1;
        unlisten(...args);
      };
      const client = new PayClient({ ...polite.options, certificate: merchantCertificate });
      const calls = Array.from({ length: 40 }, () => client.orderquery({ out_trade_no }, { signal }));
      await new Promise((resolve) => setImmediate(resolve));
      expect(added).to.equal(1);
      await Promise.all(calls);
      expect(added).to.equal(0);
      const late = Array.from({ length: 40 }, () => rejection(client.orderquery({ out_trade_no }, { signal })));
      abort.abort(reason);
      for (const error of await Promise.all(late)) expect(error.cause).to.equal(reason);
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', note);
      expect(warnings).to.deep.equal([]);
      client.close();
      await polite.close();
    });
  });

  describe('leaves over a connection that said nothing by itself', () => {
    const answerTo = (fields: Record<string, string>) => httpAnswer({ ...paid(fields), trade_state: 'SUCCESS' });
    const query = async (client: PayClient, number: string) =>
      expect(await client.orderquery({ out_trade_no: number })).to.include({ out_trade_no: number });

    it('else nothing is sent', async () => {
      // By TLS 1.2 the server speaks last in the handshake.
      const talkative = await startRawGateway({ maxVersion: 'TLSv1.2' });
      talkative.greet = ({ write }) => write(answerTo({ out_trade_no }));
      const error = await failure(connect({ endpoints: { pay: talkative.origin } }).micropay(order));
      expect(error).to.include({ sent: false, why: 'broken' });
      expect(talkative.bytes).to.deep.equal([0]);
      await talkative.close();
    });

    const surplus: ReadonlyArray<readonly [string, (answer: string) => string]> = [
      ['the same answer again', (answer) => answer],
      ['a line feed', () => '\r\n'],
      ['how another begins', () => 'HTTP/1.1 200 O'],
    ];
    for (const [what, more] of surplus)
      it(`and is ended by ${what} behind an answer, which counts`, async () => {
        const client = connect();
        gateway.handle = (fields, { write }) => write(`${answerTo(fields)}${more(answerTo(fields))}`);
        await query(client, 'A');
        await query(client, 'B');
        expect(gateway.bytes).to.have.lengthOf(2);
      });

    for (const [what, more] of surplus)
      it(`and is ended by ${what} while nobody asks`, async () => {
        const client = connect();
        let late = () => {};
        const ended = new Promise<unknown>((resolve) => {
          gateway.handle = (fields, { write, ended }) => {
            ended.then(resolve);
            write(answerTo(fields));
            late = () => write(more(answerTo(fields)));
          };
        });
        await query(client, 'A');
        late();
        await ended;
        await query(client, 'B');
        expect(gateway.bytes).to.have.lengthOf(2);
      });

    it('which is used again otherwise, also if the answer came in pieces or chunks', async () => {
      const client = connect();
      gateway.handle = (fields, { write }) => {
        const answer = answerTo(fields);
        write(answer.slice(0, 30));
        setTimeout(() => write(answer.slice(30)), 5);
      };
      await query(client, 'A');
      gateway.handle = (fields, { write }) => {
        const [head = '', body = ''] = answerTo(fields).split('\r\n\r\n');
        const chunk = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
        write(`${head.replace(/content-length: \d+/, 'transfer-encoding: chunked')}\r\n\r\n${chunk}`);
      };
      await query(client, 'B');
      await query(client, 'C');
      expect(gateway.bytes).to.have.lengthOf(1);
    });

    it('or that was opened for this call, if that is asked for, and is not kept', async () => {
      const client = connect();
      await query(client, 'A');
      await client.orderquery({ out_trade_no }, { fresh: true });
      await query(client, 'B');
      const counts = gateway.bytes.map((count) => count > 700);
      expect(counts).to.deep.equal([true, false]);
      await client.reverse({ out_trade_no });
      await client.reverse({ out_trade_no }, { fresh: true });
      expect(gateway.bytes).to.have.lengthOf(4);
    });
  });

  it('leaves through a proxy by the same rules', async () => {
    const proxy = await startHttpProxy();
    const client = connect({ proxy: `http://127.0.0.1:${proxy.port}` });
    expect(await failure(client.micropay(order, { mayLeave: () => false }))).to.include({
      why: 'withdrawn',
      sent: false,
    });
    expect(gateway.bytes.filter((count) => count > 0)).to.deep.equal([]);
    await proxy.close();
  });
});
