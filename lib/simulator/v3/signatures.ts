import { createSign, createVerify, randomBytes, X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { CertificatesV3 } from '../certificates.js';
import type { GatewayCall } from '../gateway-calls.js';
import type { SimulatorSettings } from '../scenario.js';

/** Milliseconds: older and newer requests are refused. */
const longest = 5 * 60_000;

const lines = (...parts: string[]): string => parts.map((part) => `${part}\n`).join('');

const parameter = (header: string, name: string): string => new RegExp(`${name}="([^"]*)"`).exec(header)?.[1] ?? '';

export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What is wrong with a request's signature; undefined if it's good. @param now By the gateway's clocks, either of which may be meant. */
export function wrongSignature(
  { method, url, headers, body }: SignedRequest,
  mch_id: string,
  { merchant }: CertificatesV3,
  now: readonly number[],
): string | undefined {
  const { authorization = '' } = headers;
  const [mchid = '', nonce = '', timestamp = '', serial = '', signature = ''] = [
    'mchid',
    'nonce_str',
    'timestamp',
    'serial_no',
    'signature',
  ].map((name) => parameter(authorization, name));
  if (!authorization.startsWith('WECHATPAY2-SHA256-RSA2048 ')) return 'Http头Authorization认证类型不正确';
  if (mchid !== mch_id) return '商户号不存在';
  if (serial.toUpperCase() !== merchant.serial_no) return '商户证书序列号有误';
  if (now.every((each) => Math.abs(each - Number(timestamp) * 1000) > longest))
    return 'Http头Authorization中的timestamp与发起请求的时间不得超过5分钟';
  const text = lines(method, url, timestamp, nonce, body.toString());
  const { publicKey } = new X509Certificate(merchant.cert);
  return createVerify('RSA-SHA256').update(text).verify(publicKey, signature, 'base64')
    ? undefined
    : '错误的签名，验签失败';
}

/** Who signs: what the request asks for, unless the scenario says otherwise. */
function signerFor(asked: unknown, signer: SimulatorSettings['signer'], { platform, publicKey }: CertificatesV3) {
  const isByKey = signer === 'asked' ? asked === publicKey.id : signer === 'public-key';
  return isByKey ? { serial: publicKey.id, key: publicKey.key } : { serial: platform.serial_no, key: platform.key };
}

/** The headers of an answer's signature, as good as the scenario wants it. */
export function signatureOf(
  call: GatewayCall,
  body: string,
  asked: unknown,
  settings: SimulatorSettings,
  certificates: CertificatesV3,
): Record<string, string> {
  if (settings.unsigned.includes(call)) return {};
  const { serial, key } = signerFor(asked, settings.signer, certificates);
  const age = settings.stale.includes(call) ? 10 * 60_000 : 0;
  const timestamp = String(Math.floor((Date.now() - age) / 1000));
  const nonce = randomBytes(16).toString('hex');
  const good = createSign('RSA-SHA256')
    .update(lines(timestamp, nonce, body))
    .sign(key, 'base64');
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-serial': serial,
    'wechatpay-signature': settings.probe.includes(call) ? `WECHATPAY/SIGNTEST/${good.slice(19)}` : good,
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
  };
}
