import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PaySignatureError } from '../../../lib/pay/errors.js';
import { Freshness } from '../../../lib/pay/v3/freshness.js';
import { authorization, requestText, serialOf, verify } from '../../../lib/pay/v3/signature.js';
import { merchantCertificate } from '../../support/certificates.js';
import { platform, platformSerial, publicKey, publicKeyId, signatureHeaders } from '../../support/gateway-v3.js';

const keys = new Map([
  [publicKeyId, createPublicKey(publicKey)],
  [serialOf(platformSerial), createPublicKey(platform.cert)],
]);
const lower = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

describe('Signatures of API v3', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-v3-'));
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  after(() => rmSync(folder, { recursive: true }));

  // The example of the vendor's guide to signatures.
  const request = {
    method: 'GET',
    path: '/v3/refund/domestic/refunds/123123123123',
    timestamp: '1554208460',
    nonce: '593BEC0C930BF1AFEB40B4A08C8FB242',
    body: '',
  };

  it('are over method, path, time, nonce and body, a line each', () => {
    expect(requestText(request)).to.equal(
      'GET\n/v3/refund/domestic/refunds/123123123123\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n',
    );
    expect(requestText({ ...request, method: 'POST', body: '{"a":"咖啡"}' })).to.match(/\n\{"a":"咖啡"\}\n$/);
  });

  it('of requests are what openssl signs with the same key', () => {
    const signer = {
      mch_id: '1900009191',
      serial_no: '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C',
      privateKey: createPrivateKey(merchantCertificate.key),
    };
    const body = JSON.stringify({ description: '咖啡', amount: { total: 100 } });
    const text = file('request', requestText({ ...request, method: 'POST', body }));
    const expected = execFileSync('openssl', [
      'dgst',
      '-sha256',
      '-sign',
      file('key.pem', merchantCertificate.key),
      text,
    ]);
    expect(authorization({ ...request, method: 'POST', body }, signer).header).to.equal(
      'WECHATPAY2-SHA256-RSA2048 mchid="1900009191",nonce_str="593BEC0C930BF1AFEB40B4A08C8FB242",timestamp="1554208460",' +
        `serial_no="1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",signature="${expected.toString('base64')}"`,
    );
  });

  it('of answers are taken if openssl made them, over the bytes that came', () => {
    const body = Buffer.from('{"out_trade_no" : "A-0001", "attach":"\\u5496啡"}');
    const signed = Buffer.concat([
      Buffer.from('1554209980\nc5ac7061fccab6bf3e254dcf98995b8c\n'),
      body,
      Buffer.from('\n'),
    ]);
    const key = file('platform.pem', platform.key);
    const signature = execFileSync('openssl', ['dgst', '-sha256', '-sign', key, file('answer', signed)]).toString(
      'base64',
    );
    const headers = {
      'wechatpay-timestamp': '1554209980',
      'wechatpay-nonce': 'c5ac7061fccab6bf3e254dcf98995b8c',
      'wechatpay-serial': platformSerial,
      'wechatpay-signature': signature,
    };
    expect(verify('orderquery', headers, body, keys)).to.equal(1554209980000);
  });

  describe('of answers are refused', () => {
    const body = Buffer.from('{"trade_state":"SUCCESS"}');
    const good = lower(signatureHeaders(body));
    const refused = (headers: Record<string, string>, bytes = body) =>
      expect(() => verify('orderquery', headers, bytes, keys)).to.throw(PaySignatureError);
    const cases: Record<string, Record<string, string>> = {
      "by a key that isn't known": { 'wechatpay-serial': 'PUB_KEY_ID_9999' },
      'that name the other key': { 'wechatpay-serial': platformSerial },
      'of another time': { 'wechatpay-timestamp': String(Number(good['wechatpay-timestamp']) + 1) },
      'of another nonce': { 'wechatpay-nonce': 'x' },
      'that are probes': { 'wechatpay-signature': `WECHATPAY/SIGNTEST/${good['wechatpay-signature']?.slice(19)}` },
      'that are no base64': { 'wechatpay-signature': '***' },
      'without a time': { 'wechatpay-timestamp': 'now' },
      'without a signature': { 'wechatpay-signature': '' },
    };
    for (const [what, change] of Object.entries(cases)) it(what, () => void refused({ ...good, ...change }));

    it('over other bytes that mean the same', () => {
      refused(good, Buffer.from('{"trade_state": "SUCCESS"}'));
      refused(good, Buffer.from(''));
      refused(good, randomBytes(32));
    });
  });

  it('are found by serial numbers with and without zeros in front, in either case', () => {
    expect(serialOf('00ab01')).to.equal(serialOf('AB01'));
    expect(serialOf(publicKeyId)).to.equal(publicKeyId);
  });
});

describe('The age of an answer of API v3', () => {
  const minute = 60_000;
  const start = Date.UTC(2026, 0, 1);
  const make = () => {
    const time = { wall: start, monotonic: 5 };
    return { time, freshness: new Freshness({ wall: () => time.wall, monotonic: () => time.monotonic }) };
  };
  const refusal = /signed .* seconds before/;

  it('is at most five minutes by this machine’s clock, in either direction', () => {
    const { freshness } = make();
    for (const age of [-5, 0, 5])
      new Freshness({ wall: () => start, monotonic: () => 0 }).check('x', start - age * minute);
    expect(() => freshness.check('x', start - 5 * minute - 1000)).to.throw(PaySignatureError, refusal);
    expect(() => freshness.check('x', start + 5 * minute + 1000)).to.throw(PaySignatureError);
  });

  it('counts from the last one that was verified, if the clock is wrong', () => {
    const { freshness, time } = make();
    freshness.check('x', start);
    time.wall += 365 * 24 * 60 * minute;
    time.monotonic += 60 * minute;
    freshness.check('x', start + 60 * minute);
    expect(() => freshness.check('x', start)).to.throw(PaySignatureError, refusal);
  });

  it('is not set back by an older answer that is just young enough', () => {
    const { freshness, time } = make();
    freshness.check('x', start);
    freshness.check('x', start - 4 * minute);
    time.wall += 365 * 24 * 60 * minute;
    freshness.check('x', start + 4 * minute);
    expect(() => freshness.check('x', start - 4 * minute)).to.throw(PaySignatureError);
  });
});
