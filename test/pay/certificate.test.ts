import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { InvalidParameterError } from '../../lib/errors.js';
import { PayClient } from '../../lib/pay/client.js';
import { PayProtocolError, PayResponseError, PayTransportError } from '../../lib/pay/errors.js';
import type { PayClientOptions } from '../../lib/pay/options.js';
import { buildXml } from '../../lib/pay/xml.js';
import { authority, gatewayCertificate, issue, mch_id, merchantCertificate, toPfx } from '../support/certificates.js';
import { base, type Gateway, startGateway } from '../support/gateway.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

type Certificate = NonNullable<PayClientOptions['certificate']>;

const passphrase = 'p12-passphrase';
const { cert, key: privateKey } = merchantCertificate;
/** Bytes as they come from elsewhere than Node.js: a part of something larger, and no Buffer. */
const bytes = (buffer: Buffer): Uint8Array => new Uint8Array([0, ...buffer, 0]).subarray(1, -1);
const encrypted = (type: 'pkcs1' | 'pkcs8'): string =>
  String(createPrivateKey(privateKey).export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase }));
// Made by "openssl pkcs12 -export -legacy -certpbe PBE-SHA1-RC2-40", as old downloads of the merchant site are.
const legacy = readFileSync('test/pay/fixtures/legacy-rc2.p12');

describe("the merchant's certificate", () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway({ rejectUnauthorized: true });
    gateway.handle = () => ({ ...base, result_code: 'SUCCESS', recall: 'N' });
  });
  after(() => gateway.close());

  async function reverse(certificate: Certificate): Promise<unknown> {
    const client = new PayClient({ ...gateway.options, certificate });
    try {
      return await client.reverse({ out_trade_no: '1' });
    } finally {
      client.close();
    }
  }

  it('may be PEM, as text or bytes, or a PFX', async () => {
    for (const certificate of [
      { cert, key: privateKey },
      { cert: Buffer.from(cert), key: Buffer.from(privateKey) },
      { cert: bytes(Buffer.from(cert)), key: bytes(Buffer.from(privateKey)) },
      { cert, key: encrypted('pkcs8'), passphrase },
      { cert, key: bytes(Buffer.from(encrypted('pkcs1'))), passphrase },
      { pfx: toPfx(merchantCertificate, passphrase), passphrase },
      { pfx: bytes(toPfx(merchantCertificate, passphrase)), passphrase },
    ])
      expect(await reverse(certificate)).to.include({ result_code: 'SUCCESS' });
  });

  const wrong: ReadonlyArray<readonly [string, () => Certificate, RegExp]> = [
    [
      'another passphrase',
      () => ({ pfx: toPfx(merchantCertificate, passphrase), passphrase: 'wr0ng-pass' }),
      /passphrase.*mch_id/,
    ],
    ['no passphrase', () => ({ pfx: toPfx(merchantCertificate, passphrase) }), /none is given.*mch_id/],
    [
      'an encrypted key and no passphrase',
      () => ({ cert, key: encrypted('pkcs8') }),
      /encrypted private key, but no passphrase/,
    ],
    ['an older encrypted key and no passphrase', () => ({ cert, key: encrypted('pkcs1') }), /encrypted private key/],
    ['an empty passphrase', () => ({ cert, key: encrypted('pkcs8'), passphrase: '' }), /encrypted private key/],
    ["another passphrase of its key's", () => ({ cert, key: encrypted('pkcs8'), passphrase: 'wr0ng-pass' }), /another/],
    ['no PFX at all', () => ({ pfx: Buffer.from('not a PFX'), passphrase }), /no PKCS#12 file/],
    ['an empty PFX', () => ({ pfx: Buffer.alloc(0), passphrase }), /no PKCS#12 file/],
    ["another certificate's key", () => ({ cert, key: issue('x').key }), /don't belong together/],
    ['no PEM certificate', () => ({ cert: 'x', key: privateKey }), /not PEM/],
    ['no PEM key', () => ({ cert, key: 'x' }), /not PEM/],
    ['a text for a PFX', () => Object({ pfx: 'text', passphrase }), /a pfx \(a Uint8Array\)/],
    ['a number for a key', () => Object({ cert, key: 7 }), /text or Uint8Array/],
  ];
  for (const [what, make, said] of wrong)
    it(`with ${what} is refused when the client is made, in words of its own`, () => {
      const make_ = () => new PayClient({ ...gateway.options, certificate: make() });
      expect(make_).to.throw(InvalidParameterError, said).with.property('parameter', 'certificate');
      expect(make_)
        .to.throw()
        .that.satisfies((error: unknown) => {
          const seen = inspect(error, { depth: 9, showHidden: true });
          return !/wr0ng-pass|p12-passphrase|PRIVATE KEY/.test(seen);
        });
    });

  it('with a passphrase that is no text is refused by that name', () => {
    const certificate = Object({ pfx: toPfx(merchantCertificate, mch_id), passphrase: Number(mch_id) });
    expect(() => new PayClient({ ...gateway.options, certificate }))
      .to.throw(InvalidParameterError, 'must be a string')
      .with.property('parameter', 'certificate.passphrase');
  });

  it('is copied: what becomes of the bytes afterwards is no matter', async () => {
    const pfx = bytes(toPfx(merchantCertificate, passphrase));
    const client = new PayClient({ ...gateway.options, certificate: { pfx, passphrase } });
    pfx.fill(0);
    expect(await client.reverse({ out_trade_no: '1' })).to.include({ result_code: 'SUCCESS' });
    client.close();
  });

  it('with the old RC2 encryption is refused with the way to convert it, where Node.js is too new for it', function () {
    if (process.versions.openssl.startsWith('1.')) return skip(this, 'this Node.js can still read it');
    expect(() => new PayClient({ ...gateway.options, certificate: { pfx: legacy, passphrase: mch_id } })).to.throw(
      InvalidParameterError,
      /RC2.*openssl pkcs12 -legacy/,
    );
  });

  it('that the gateway turns down is explained by its dates or its owner, and its issuer is not blamed', async () => {
    const expired = issue(mch_id, { issuer: authority, from: 0 });
    const early = issue(mch_id, { issuer: authority, from: Date.now() + 86_400_000 });
    const foreign = issue('1234567890');
    const ofAnotherIssuer = issue(mch_id);
    for (const [certificate, said] of [
      [expired, /certificate expired on Jan 31/],
      [early, /not valid before/],
      [foreign, /merchant 1234567890, not of 1900000109/],
      [ofAnotherIssuer, /^[^;]+; whether the gateway got the request is unknown$/],
    ] as const) {
      const error = await rejection(reverse(certificate));
      expect(error).to.be.instanceOf(PayTransportError);
      expect(error.message).to.match(said);
    }
  });

  it('that the gateway turns down with an alert before it reads the request means that nothing was sent', async function () {
    const said = await refusal(this, ['-tls1_3', '-Verify', '1']);
    expect(said.error).to.include({ sent: false, why: 'certificate' });
    expect(said.error.message).to.contain("doesn't know who issued the merchant's certificate");
    expect(said.read).to.not.contain('<xml>');
  });

  it('that the gateway asks for and turns down after it has read the request means that this is unknown', async function () {
    const said = await refusal(this, ['-tls1_2', '-legacy_renegotiation'], 'R\n');
    expect(said.error).to.include({ sent: true, why: 'certificate' });
    expect(said.error.message).to.contain("doesn't know who issued the merchant's certificate");
    expect(said.read).to.contain('</xml>');
  });

  /** How OpenSSL's own server turns down a certificate: Node.js's sends no alert. The command is given after the request. */
  async function refusal(context: Mocha.Context, options: readonly string[], command = '') {
    if (process.platform === 'win32' || spawnSync('openssl', ['version']).status !== 0)
      return skip(context, 'needs the openssl command of a POSIX system');
    const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const port = await freePort();
    const server = spawn('openssl', [
      ...['s_server', '-accept', `127.0.0.1:${port}`, '-verify_return_error', '-no_ticket', '-no_cache'],
      ...['-cert', file('cert.pem', gatewayCertificate.cert), '-key', file('key.pem', gatewayCertificate.key)],
      ...['-CAfile', file('ca.pem', authority.cert), ...options],
    ]);
    const client = new PayClient({
      ...gateway.options,
      endpoints: { pay: `https://localhost:${port}` },
      certificate: issue(mch_id),
      timeout: { response: 5000 },
    });
    let read = '';
    server.stdout.on('data', (piece: Buffer) => {
      const early = read.includes('</xml>');
      read += piece;
      if (!early && read.includes('</xml>')) server.stdin.write(command);
    });
    try {
      while (!read.includes('ACCEPT')) await once(server.stdout, 'data');
      const error = await rejection(client.reverse({ out_trade_no: '1' }));
      if (error instanceof PayTransportError) return { error, read };
      throw error;
    } finally {
      client.close();
      const ended = once(server, 'close');
      server.kill();
      await ended;
      rmSync(folder, { recursive: true });
    }
  }

  async function freePort(): Promise<number> {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }

  it('that the gateway turns down in a message of its own is explained as well', async () => {
    const lenient = await startGateway({ rejectUnauthorized: false });
    lenient.handle = () => buildXml({ return_code: 'FAIL', return_msg: '证书不匹配' });
    const client = new PayClient({ ...lenient.options, certificate: issue('1234567890') });
    const error = await rejection(client.reverse({ out_trade_no: '1' }));
    expect(error).to.be.instanceOf(PayProtocolError).with.property('return_msg', '证书不匹配');
    expect(error.message).to.contain('证书不匹配; the certificate is that of merchant 1234567890, not of 1900000109');
    client.close();
    await lenient.close();
  });

  it('that the gateway turns down with a page of HTTP is explained as well', async () => {
    const lenient = await startGateway({ rejectUnauthorized: false });
    lenient.handle = ({ response }) => {
      response.writeHead(400, { 'content-type': 'text/html' }).end('<html>The SSL certificate error</html>');
      return undefined;
    };
    const client = new PayClient({ ...lenient.options, certificate: issue('1234567890') });
    const error = await rejection(client.reverse({ out_trade_no: '1' }));
    expect(error).to.be.instanceOf(PayResponseError);
    expect(error.message)
      .to.match(/HTTP 400/)
      .and.match(/merchant 1234567890, not of 1900000109/);
    client.close();
    await lenient.close();
  });
});
