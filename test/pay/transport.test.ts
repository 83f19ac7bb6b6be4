import dns from 'node:dns';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { PayClient } from '../../lib/pay/client.js';
import { PayResponseError, PayTransportError } from '../../lib/pay/errors.js';
import { authority, gatewayCertificate, issue } from '../support/certificates.js';
import { clientsOf, order, out_trade_no } from '../support/clients.js';
import { base, type Gateway, key, paid, signed, startGateway } from '../support/gateway.js';
import { startHttpProxy, startSocksProxy } from '../support/proxies.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

const dead = 'https://127.0.0.1:1';

const hasIPv6 = (): boolean =>
  Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

describe('the way to the gateway', () => {
  let gateway: Gateway;
  const connect = clientsOf(() => gateway);

  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());
  beforeEach(() => {
    gateway.requests = [];
    gateway.ends = [];
    gateway.connections = 0;
    gateway.handle = ({ fields, path }) =>
      path.endsWith('query') ? { ...paid(fields), trade_state: 'SUCCESS' } : { ...paid(fields), recall: 'N' };
  });
  async function failure(client: PayClient, signal?: AbortSignal): Promise<PayTransportError> {
    const error = await rejection(client.micropay(order, signal && { signal }));
    if (error instanceof PayTransportError) return error;
    throw error;
  }
  const at = (pay: string): PayClient => connect({ endpoints: { pay } });

  /** A TCP server that does what it's told with each connection. */
  async function withTcp(
    onConnection: (socket: net.Socket) => void,
    use: (origin: string) => Promise<void>,
  ): Promise<void> {
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      onConnection(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await use(`https://localhost:${(server.address() as AddressInfo).port}`);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  }

  it('may be to an IPv6 address', async function () {
    if (!hasIPv6()) return skip(this, 'this machine has no ::1');
    const relay = net.createServer((socket) => {
      const onward = net.connect(gateway.port, '127.0.0.1');
      socket.on('error', () => onward.destroy()).pipe(onward);
      onward.on('error', () => socket.destroy()).pipe(socket);
    });
    relay.listen(0, '::1');
    await once(relay, 'listening');
    const client = at(`https://[::1]:${(relay.address() as AddressInfo).port}`);
    expect(await client.micropay(order)).to.include({ total_fee: 100 });
    client.close();
    relay.close();
  });

  describe('has sent nothing', () => {
    it('to a host without an address', async () => {
      const error = await failure(at('https://gateway.invalid'));
      expect(error.sent).to.equal(false);
      expect(error.message).to.contain('nothing was sent').and.contain('gateway.invalid');
    });

    it('to a host that refuses', async () => {
      const error = await failure(at(dead));
      expect(error).to.include({ sent: false });
      expect(error.message).to.contain('ECONNREFUSED');
    });

    it('to a host that refuses at each of its addresses', async () => {
      const addresses = [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ];
      const { lookup } = dns;
      const several = (_host: string, { all }: dns.LookupOptions, done: (...answer: unknown[]) => void): void => {
        if (all) done(null, addresses);
        else done(null, '127.0.0.1', 4);
      };
      Reflect.set(dns, 'lookup', several);
      try {
        const error = await failure(at('https://several.example:1'));
        expect(error).to.include({ sent: false });
        expect(error.message).to.contain('several.example:1: connect ECONNREFUSED 127.0.0.1:1');
        expect(error.cause).to.have.property('message').that.contains('ECONNREFUSED');
      } finally {
        dns.lookup = lookup;
      }
    });

    it('to a host that never ends its handshake', () =>
      withTcp(
        () => {},
        async (origin) => {
          const error = await failure(connect({ endpoints: { pay: origin }, timeout: { connect: 100 } }));
          expect(error).to.include({ sent: false });
          expect(error.message).to.contain('within 100 ms');
        },
      ));

    it('to a host that resets or closes in the middle of the handshake, or speaks no TLS', async () => {
      for (const act of [
        (socket: net.Socket) => socket.once('data', () => socket.resetAndDestroy()),
        (socket: net.Socket) => socket.once('data', () => socket.end()),
        (socket: net.Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      ])
        await withTcp(act, async (origin) => {
          expect(await failure(at(origin))).to.include({ sent: false });
        });
    });

    it("to a host whose certificate isn't trusted, is for another name, or has expired", async () => {
      const stranger = issue('localhost', { names: ['localhost'] });
      const otherName = issue('other', { issuer: authority, names: ['other.example'] });
      const expired = issue('localhost', { issuer: authority, names: ['localhost'], from: 0 });
      for (const [{ cert, key: privateKey }, said] of [
        [stranger, 'not from a trusted authority'],
        [otherName, 'for another name'],
        [expired, 'has expired'],
      ] as const) {
        const server = await startGateway({ cert, key: privateKey });
        const error = await failure(at(server.origin));
        expect(error).to.include({ sent: false });
        expect(error.message).to.contain(said);
        expect(server.requests).to.deep.equal([]);
        await server.close();
      }
    });

    it('without the certificate authority of a private gateway, whatever the environment says', async () => {
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      try {
        const { ca: _, ...options } = gateway.options;
        const client = new PayClient(options);
        const error = await failure(client);
        client.close();
        expect(error).to.include({ sent: false });
      } finally {
        delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      }
    });

    it('over TLS before 1.2', async () => {
      const old = await startGateway({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
      expect(await failure(at(old.origin))).to.include({ sent: false });
      await old.close();
    });

    it('when aborted before, or while it connects', async () => {
      expect(await failure(connect(), AbortSignal.abort())).to.include({ sent: false });
      await withTcp(
        () => setImmediate(() => abort.abort()),
        async (origin) => {
          const error = await failure(at(origin), abort.signal);
          expect(error).to.include({ sent: false });
          expect(error.message).to.contain('aborted');
        },
      );
      expect(gateway.requests).to.deep.equal([]);
    });
    const abort = new AbortController();
  });

  describe('may have sent', () => {
    it('what a gateway resets after it was written', async () => {
      gateway.handle = ({ socket }) => {
        socket.destroy();
        return undefined;
      };
      const error = await failure(connect());
      expect(error).to.include({ sent: true });
      expect(error.message).to.not.contain("merchant's certificate");
      expect(gateway.requests).to.have.lengthOf(1);
    });

    it('what is not answered in time, and what stops in the middle of its answer', async () => {
      gateway.handle = () => undefined;
      const client = connect({ timeout: { response: 100 } });
      const error = await failure(client);
      expect(error).to.include({ sent: true });
      expect(error.message).to.contain('within 100 ms').and.contain('unknown');
      gateway.handle = ({ response }) => {
        response.write('<xml>');
        return undefined;
      };
      expect(await failure(client)).to.include({ sent: true });
    });

    it('what is cut off before its promised length', async () => {
      gateway.handle = ({ response, socket }) => {
        response.writeHead(200, { 'content-length': 500 });
        response.write('<xml>', () => socket.destroy());
        return undefined;
      };
      expect(await failure(connect())).to.include({ sent: true });
    });

    it('what is aborted later', async () => {
      const abort = new AbortController();
      gateway.handle = () => {
        abort.abort();
        return undefined;
      };
      const error = await failure(connect(), abort.signal);
      expect(error).to.include({ sent: true });
      expect(error.message).to.contain('aborted');
    });

    it('and resets the connection after a time-out or an abort, so that nothing arrives later', async () => {
      const abort = new AbortController();
      gateway.handle = () => undefined;
      await failure(connect({ timeout: { response: 100 } }));
      gateway.handle = () => {
        // Not before the server has gone back to reading: else it never looks at how the connection ended.
        setTimeout(() => abort.abort(), 20);
        return undefined;
      };
      await failure(connect(), abort.signal);
      while (gateway.ends.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(gateway.ends).to.deep.equal(['ECONNRESET', 'ECONNRESET']);
    });
  });

  describe('tells why in words, without the objects behind it', () => {
    it('by a cause of name, code and message', async () => {
      const { cause } = await failure(at(dead));
      expect(cause).to.be.instanceOf(Error).with.property('code', 'ECONNREFUSED');
      expect(Object.keys(cause ?? {})).to.deep.equal(['code']);
    });
  });

  describe('has a backup host', () => {
    it('which is asked where nothing can have reached the first, and for a while after', async () => {
      const client = connect({ endpoints: { pay: dead, payBackup: gateway.origin } });
      expect(await client.micropay(order)).to.include({ total_fee: 100 });
      expect(await client.orderquery({ out_trade_no })).to.include({ total_fee: 100 });
      expect(gateway.requests).to.have.lengthOf(2);
    });

    it('but is never asked after a time-out or a reset: the first may have got the request', async () => {
      const backup = await startGateway();
      const client = connect({
        endpoints: { pay: gateway.origin, payBackup: backup.origin },
        timeout: { response: 100 },
      });
      gateway.handle = () => undefined;
      expect(await failure(client)).to.include({ sent: true });
      gateway.handle = ({ socket }) => {
        socket.destroy();
        return undefined;
      };
      expect(await failure(client)).to.include({ sent: true });
      gateway.handle = ({ response }) => {
        response.writeHead(502).end();
        return undefined;
      };
      expect(await rejection(client.micropay(order))).to.be.instanceOf(PayResponseError);
      expect(backup.requests).to.deep.equal([]);
      await backup.close();
    });

    it('after which the first is asked again where the backup fails', async () => {
      const first = await startGateway();
      const { port } = first;
      await first.close();
      const backup = await startGateway();
      const client = connect({
        endpoints: { pay: `https://localhost:${port}`, payBackup: backup.origin },
      });
      await client.micropay(order);
      expect(backup.requests).to.have.lengthOf(1);
      await backup.close();
      expect(await failure(client)).to.include({ sent: false });
    });

    it('instead of the first for a while, whatever other services do, and then no longer', async () => {
      let tries = 0;
      await withTcp(
        (socket) => {
          tries += 1;
          socket.destroy();
        },
        async (pay) => {
          const client = connect({ endpoints: { pay, payBackup: gateway.origin, face: dead } });
          await client.micropay(order);
          await rejection(
            client.getWxpayfaceAuthinfo({ store_id: 'S1', store_name: '大餐厅', device_id: 'D1', rawdata: 'raw' }),
          );
          await client.micropay(order);
          expect(tries).to.equal(1);
          const later = performance.now() + 61_000;
          Object.defineProperty(performance, 'now', { value: () => later, configurable: true });
          try {
            await client.micropay(order);
          } finally {
            Reflect.deleteProperty(performance, 'now');
          }
          expect(tries).to.equal(2);
        },
      );
    });

    it('and fails with nothing sent where neither can be reached', async () => {
      const error = await failure(connect({ endpoints: { pay: dead, payBackup: 'https://127.0.0.1:2' } }));
      expect(error).to.include({ sent: false });
    });

    it('which is not asked for a call that was aborted', async () => {
      const abort = new AbortController();
      await withTcp(
        () => setImmediate(() => abort.abort()),
        async (pay) => {
          await failure(connect({ endpoints: { pay, payBackup: gateway.origin } }), abort.signal);
        },
      );
      expect(gateway.requests).to.deep.equal([]);
    });
  });

  describe('keeps connections', () => {
    const connections = () => gateway.requests.map(({ connection }) => connection);

    it('for queries, while each payment gets a fresh one', async () => {
      const client = connect();
      await client.orderquery({ out_trade_no });
      await client.orderquery({ out_trade_no });
      await client.micropay(order);
      await client.micropay(order);
      await client.orderquery({ out_trade_no });
      expect(connections()).to.deep.equal([1, 1, 2, 3, 1]);
    });

    it("apart from those that show the merchant's certificate", async () => {
      const client = connect();
      await client.reverse({ out_trade_no });
      await client.orderquery({ out_trade_no });
      await client.reverse({ out_trade_no });
      expect(connections()).to.deep.equal([1, 2, 1]);
      expect(gateway.requests.map(({ certificate }) => certificate !== undefined)).to.deep.equal([true, false, true]);
    });

    it('and pays also where the gateway closed them in the meantime', async () => {
      const client = connect();
      const answer = gateway.handle;
      gateway.handle = (request) => {
        // Closed without a word as soon as the answer is out, as an idle connection is.
        request.response.once('finish', () => setImmediate(() => request.socket.destroy()));
        return answer(request);
      };
      for (let round = 0; round < 5; round++) {
        await client.orderquery({ out_trade_no }).catch(() => {});
        expect(await client.micropay(order)).to.include({ total_fee: 100 });
      }
    });

    it('that close with the client', async () => {
      const client = connect();
      const ended = new Promise((resolve) => {
        const answer = gateway.handle;
        gateway.handle = (request) => {
          request.socket.once('close', resolve);
          return answer(request);
        };
      });
      await client.orderquery({ out_trade_no });
      client.close();
      await ended;
    });
  });

  describe('reads', () => {
    it('compressed answers', async () => {
      gateway.handle = ({ fields, response, headers }) => {
        expect(headers['accept-encoding']).to.equal('gzip');
        response.setHeader('content-encoding', 'gzip');
        return gzipSync(signed(paid(fields)));
      };
      expect(await connect().micropay(order)).to.include({ total_fee: 100 });
    });

    it('no more than 1 MiB of them, nor broken ones', async () => {
      gateway.handle = ({ response }) => {
        response.setHeader('content-encoding', 'gzip');
        return gzipSync(Buffer.alloc(8 * 1024 * 1024));
      };
      expect(await rejection(connect().micropay(order))).to.be.instanceOf(PayResponseError);
      gateway.handle = ({ response }) => {
        response.setHeader('content-encoding', 'gzip');
        return 'no gzip';
      };
      expect(await failure(connect())).to.include({ sent: true });
    });
  });

  describe('leads through', () => {
    const secret = 'pr0xy-passw0rd';

    it('an HTTP proxy with a password', async () => {
      const proxy = await startHttpProxy();
      const client = connect({ proxy: `http://till:${secret}@127.0.0.1:${proxy.port}` });
      expect(await client.micropay(order)).to.include({ total_fee: 100 });
      await client.reverse({ out_trade_no });
      const credentials = `Basic ${Buffer.from(`till:${secret}`).toString('base64')}`;
      expect(proxy.seen).to.deep.equal(Array(2).fill(`localhost:${gateway.port} ${credentials}`));
      await proxy.close();
    });

    it("an HTTPS proxy, which is held against the option ca as well and never sees the merchant's certificate", async () => {
      const { cert, key: privateKey } = gatewayCertificate;
      const proxy = await startHttpProxy(200, { cert, key: privateKey, requestCert: true, rejectUnauthorized: false });
      const client = connect({ proxy: `https://127.0.0.1:${proxy.port}` });
      expect(await client.micropay(order)).to.include({ total_fee: 100 });
      expect(await client.reverse({ out_trade_no })).to.include({ recall: 'N' });
      expect(proxy.seen).to.deep.equal(Array(2).fill(`localhost:${gateway.port} `));
      expect(gateway.requests.map(({ certificate }) => certificate !== undefined)).to.deep.equal([false, true]);
      await proxy.close();
    });

    it("but no HTTPS proxy that can't be trusted or speaks an old TLS, which the error doesn't blame on the gateway", async () => {
      const { cert, key: privateKey } = issue('localhost', { names: ['localhost'] });
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      try {
        for (const [tls, said] of [
          [{ cert, key: privateKey }, "the proxy's certificate is not from a trusted authority"],
          [{ cert: gatewayCertificate.cert, key: gatewayCertificate.key, ...old }, 'the proxy localhost:'],
        ] as const) {
          const proxy = await startHttpProxy(200, tls);
          const error = await failure(connect({ proxy: `https://localhost:${proxy.port}` }));
          expect(error).to.include({ sent: false });
          expect(error.message).to.contain(said).and.not.contain("gateway's");
          expect(proxy.seen).to.deep.equal([]);
          await proxy.close();
        }
      } finally {
        delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      }
    });

    it('a SOCKS5 proxy with a password, which resolves the name', async () => {
      const proxy = await startSocksProxy();
      const client = connect({ proxy: `socks5h://till:${secret}@127.0.0.1:${proxy.port}` });
      expect(await client.micropay(order)).to.include({ total_fee: 100 });
      expect(proxy.seen).to.deep.equal([`till:${secret}`, 'localhost']);
      await proxy.close();
    });

    it('a SOCKS5 proxy at an IPv6 address', async function () {
      if (!hasIPv6()) return skip(this, 'this machine has no ::1');
      const proxy = await startSocksProxy('::1');
      const client = connect({ proxy: `socks5h://till:${secret}@[::1]:${proxy.port}` });
      expect(await client.micropay(order)).to.include({ total_fee: 100 });
      expect(proxy.seen).to.deep.equal([`till:${secret}`, 'localhost']);
      await proxy.close();
    });

    it('and sends nothing where the proxy refuses, is not there, or never answers', async () => {
      const proxy = await startHttpProxy(407);
      const refused = await failure(connect({ proxy: `http://till:${secret}@127.0.0.1:${proxy.port}` }));
      expect(refused).to.include({ sent: false });
      expect(refused.message)
        .to.contain(`the proxy 127.0.0.1:${proxy.port}`)
        .and.contain('407')
        .and.not.contain(secret);
      await proxy.close();
      for (const scheme of ['http', 'https', 'socks5'])
        expect(await failure(connect({ proxy: `${scheme}://127.0.0.1:1` }))).to.include({ sent: false });
      await withTcp(
        () => {},
        async (origin) => {
          const port = new URL(origin).port;
          for (const scheme of ['http', 'https', 'socks5'])
            expect(
              await failure(connect({ proxy: `${scheme}://127.0.0.1:${port}`, timeout: { connect: 100 } })),
            ).to.include({ sent: false });
        },
      );
    });

    it('a proxy with connections that are kept, and that wait for an answer longer than for a connection', async () => {
      const [http, socks] = await Promise.all([startHttpProxy(), startSocksProxy()]);
      const answer = gateway.handle;
      gateway.handle = async (request) => {
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return answer(request);
      };
      const queries = [`http://127.0.0.1:${http.port}`, `socks5h://till:${secret}@127.0.0.1:${socks.port}`].map(
        async (proxy) => {
          const client = connect({ proxy, timeout: { connect: 1000 } });
          await client.orderquery({ out_trade_no });
          await client.orderquery({ out_trade_no });
        },
      );
      await Promise.all(queries);
      expect(gateway.requests).to.have.lengthOf(4);
      expect(gateway.connections).to.equal(2);
      await Promise.all([http.close(), socks.close()]);
    });

    it("and resets the proxy's connection after a time-out or an abort", async () => {
      const { cert, key: privateKey } = gatewayCertificate;
      for (const tls of [undefined, { cert, key: privateKey }]) {
        const proxy = await startHttpProxy(200, tls);
        const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${proxy.port}`;
        gateway.handle = () => undefined;
        expect(await failure(connect({ proxy: url, timeout: { response: 100 } }))).to.include({ sent: true });
        const abort = new AbortController();
        gateway.handle = () => {
          setTimeout(() => abort.abort(), 20);
          return undefined;
        };
        expect(await failure(connect({ proxy: url }), abort.signal)).to.include({ sent: true });
        while (proxy.ends.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
        expect(proxy.ends).to.deep.equal(['ECONNRESET', 'ECONNRESET']);
        await proxy.close();
      }
    });
  });

  it('works with many calls at once', async () => {
    const client = connect();
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, index) => client.orderquery({ out_trade_no: `many-${index}` })),
    );
    expect(results.map((result) => result.out_trade_no)).to.deep.equal(results.map((_, index) => `many-${index}`));
  });

  it('never shows the key', async () => {
    gateway.handle = () => signed(base);
    const error = await rejection(connect().micropay(order));
    expect(String(error)).to.not.contain(key);
  });
});
