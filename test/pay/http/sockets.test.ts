import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { expect } from 'chai';
import { heard, openTcp, reset } from '../../../lib/pay/http/sockets.js';
import { gatewayCertificate } from '../../support/certificates.js';

describe('a socket of ours', () => {
  const { cert, key } = gatewayCertificate;
  let server: tls.Server;
  beforeEach(() => {
    server = tls.createServer({ cert, key }, (socket) => socket.on('error', () => {}));
    server.on('tlsClientError', () => {});
  });
  afterEach(() => server.close());

  it('may fail at any time, without an error that nobody hears', async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const tcp = await openTcp('127.0.0.1', port, new AbortController().signal);
    const secure = heard(tls.connect({ socket: tcp, rejectUnauthorized: false }), tcp);
    await once(secure, 'secureConnect');
    secure.destroy(new Error('late'));
    tcp.destroy(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
    reset(secure);
    reset(secure);
    expect(tcp.destroyed).to.equal(true);
  });

  it('is closed if it can’t be reset, because there is no TCP below it', async function () {
    if (process.platform === 'win32') this.skip();
    const path = join(tmpdir(), `wxpay-face-sockets-${process.pid}.sock`);
    server.listen(path);
    await once(server, 'listening');
    const carrier = heard(net.connect(path));
    const secure = heard(tls.connect({ socket: carrier, rejectUnauthorized: false }), carrier);
    const [[accepted]] = await Promise.all([once(server, 'secureConnection'), once(secure, 'secureConnect')]);
    const ended = once(accepted, 'close');
    reset(secure);
    expect(secure.destroyed).to.equal(true);
    await ended;
  });
});
