import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { InvalidParameterError } from '../errors.js';
import { buildXml } from '../pay/xml.js';
import { spacedTime } from './beijing.js';
import { receiver, type StoredRefund } from './refunds.js';
import type { SimulatedMerchant } from './routes.js';

const transports: Readonly<Record<string, typeof overHttp>> = { 'http:': overHttp, 'https:': overHttps };

/**
 * Where a notification goes; undefined if there is no address.
 * @throws InvalidParameterError if it's none of http:// or https://.
 */
export function noticeAddress(notifyUrl: string): string | undefined {
  if (notifyUrl === '') return undefined;
  const isAddress = Object.keys(transports).some((protocol) => notifyUrl.startsWith(`${protocol}//`));
  try {
    if (isAddress) return new URL(notifyUrl).href;
  } catch {
    // Said below.
  }
  throw new InvalidParameterError('notifyUrl', 'must be an address that begins with http:// or https://');
}

/** The vendor enciphers with the MD5 of the key, in lower-case hexadecimal: 32 characters, 256 bits. */
function encipher(text: string, key: string): string {
  const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(key).digest('hex'), null);
  return Buffer.concat([cipher.update(text), cipher.final()]).toString('base64');
}

/** The vendor's notification of a refund that has ended: XML without a sign, what matters enciphered. */
export function noticeOf(refund: StoredRefund, { appid, mch_id, key }: SimulatedMerchant): string {
  const { order, out_refund_no, refund_id, refund_fee, refund_status, refund_account, endedAt } = refund;
  const told = buildXml({
    transaction_id: order.transaction_id,
    out_trade_no: order.out_trade_no,
    refund_id,
    out_refund_no,
    total_fee: String(order.total_fee),
    settlement_total_fee: String(order.total_fee),
    refund_fee: String(refund_fee),
    settlement_refund_fee: String(refund_fee),
    refund_status,
    ...(refund_status === 'SUCCESS' ? { success_time: spacedTime(endedAt) } : {}),
    refund_recv_accout: receiver,
    refund_account,
    refund_request_source: 'API',
  });
  return buildXml({
    return_code: 'SUCCESS',
    appid,
    mch_id,
    ...(order.sub_mch_id ? { sub_mch_id: order.sub_mch_id } : {}),
    nonce_str: randomBytes(16).toString('hex'),
    // The vendor's root is <root>.
    req_info: encipher(told.replace(/^<xml>/, '<root>').replace(/<\/xml>$/, '</root>'), key),
  });
}

/** Milliseconds. */
const patience = 5000;

/** Posts a notification once. Resolves with what became of it, in any case. */
export function post(address: string, body: string, signal: AbortSignal): Promise<string> {
  const { protocol } = new URL(address);
  return new Promise((resolve) => {
    const headers = { 'content-type': 'text/xml; charset=utf-8', 'content-length': Buffer.byteLength(body) };
    const sent = (transports[protocol] ?? overHttp)(address, { method: 'POST', agent: false, headers, signal });
    const timer = setTimeout(() => sent.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })), patience);
    const end = (outcome: string): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    sent.on('response', (response) => {
      // What it says besides changes nothing: this gateway doesn't repeat itself.
      response.destroy();
      end(`HTTP ${response.statusCode}`);
    });
    sent.on('error', (error) => end(String(Object(error).code ?? error.name)));
    sent.end(body);
  });
}
