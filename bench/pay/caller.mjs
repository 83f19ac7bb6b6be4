// One way to ask the gateway for an order, in a process of its own, so that none pays for the garbage of another:
//   fork(caller.mjs, [WAY, ORIGIN, CA, KEYS OF API v3 as JSON]) answers each message { calls, atOnce } with microseconds of processor time a call.
import { createPrivateKey, sign as signRsa } from 'node:crypto';
import https from 'node:https';
import { createRequire } from 'node:module';
import { sign } from '../../build/js/lib/pay/sign.js';
import { buildXml } from '../../build/js/lib/pay/xml.js';
import { certificatesFor } from '../../build/js/lib/simulator/certificates.js';
import { key, merchant, nonce } from './messages.mjs';

const require = createRequire(import.meta.url);
const [name, origin, ca, keys] = process.argv.slice(2);
const url = `${origin}/pay/orderquery`;
const agent = new https.Agent({ keepAlive: true, ca });
let number = 0;
const order = () => `T${++number}`;

const headers = { 'content-type': 'text/xml; charset=utf-8', 'accept-encoding': 'gzip', 'user-agent': 'wxpay-face' };
/** The bytes that wxpay-face would send, made beforehand: who sends them does nothing but send and receive. */
function madeBefore() {
  const fields = { ...merchant, nonce_str: nonce(), sign_type: 'HMAC-SHA256', out_trade_no: order() };
  return buildXml({ ...fields, sign: sign(fields, key, 'HMAC-SHA256') });
}

/** Of API v3, with a signature of its own: what every client of it must do. */
function signedByHand() {
  const { merchant: own } = JSON.parse(keys);
  const key = createPrivateKey(own.key);
  return () => {
    const path = `/v3/pay/transactions/out-trade-no/${order()}?mchid=${merchant.mch_id}`;
    const [timestamp, once] = [String(Math.floor(Date.now() / 1000)), nonce()];
    const signature = signRsa('RSA-SHA256', `GET\n${path}\n${timestamp}\n${once}\n\n`, key).toString('base64');
    const authorization =
      `WECHATPAY2-SHA256-RSA2048 mchid="${merchant.mch_id}",nonce_str="${once}",timestamp="${timestamp}",` +
      `serial_no="${own.serial_no}",signature="${signature}"`;
    return { path, authorization };
  };
}

const ways = {
  'crypto.sign': () => {
    const sign = signedByHand();
    return async () => sign();
  },
  'crypto.sign + node:https': () => {
    const sign = signedByHand();
    return () =>
      new Promise((resolve, reject) => {
        const { path, authorization } = sign();
        const fields = { accept: 'application/json', 'user-agent': 'wxpay-face', authorization };
        const request = https.request(`${origin}${path}`, { agent, headers: fields }, (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks)));
          response.on('error', reject);
        });
        request.on('error', reject);
        request.end();
      });
  },
  'wxpay-face by API v3': async () => {
    const { PayClientV3 } = await import('../../dist/index.js');
    const { merchant: own, publicKey } = JSON.parse(keys);
    const client = new PayClientV3({
      ...merchant,
      privateKey: own.key,
      serial_no: own.serial_no,
      verify: [publicKey],
      store: { out_id: 'S1' },
      ca,
      endpoints: { pay: origin },
    });
    return () => client.orderquery({ out_trade_no: order() });
  },
  'node:https': () => {
    const body = madeBefore();
    const options = { method: 'POST', agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } };
    return () =>
      new Promise((resolve, reject) => {
        const request = https.request(url, options, (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks)));
          response.on('error', reject);
        });
        request.on('error', reject);
        request.end(body);
      });
  },
  got: async () => {
    const { got } = await import('got');
    const retry = { limit: 0, methods: [], statusCodes: [], errorCodes: [] };
    const options = { headers, agent: { https: agent }, retry, decompress: false, isStream: true };
    const lean = got.extend({ method: 'POST', ...options, followRedirect: false, throwHttpErrors: false });
    const body = madeBefore();
    return () =>
      new Promise((resolve, reject) => {
        const stream = lean(url, { body });
        const chunks = [];
        stream.on('data', (chunk) => chunks.push(chunk));
        stream.on('end', () => resolve(Buffer.concat(chunks)));
        stream.on('error', reject);
      });
  },
  'wxpay-face': async () => {
    const { PayClient } = await import('../../dist/index.js');
    const client = new PayClient({ ...merchant, key, ca, endpoints: { pay: origin, face: origin } });
    return () => client.orderquery({ out_trade_no: order() });
  },
  'wechatpay-axios-plugin': () => {
    const { Wechatpay } = require('wechatpay-axios-plugin');
    const { client } = certificatesFor(merchant.mch_id);
    const plugin = new Wechatpay({
      mchid: merchant.mch_id,
      // It demands what only its v3 calls need.
      serial: '01',
      privateKey: client.key,
      certs: { '02': client.cert },
      secret: key,
      baseURL: `${origin}/`,
      httpsAgent: agent,
    });
    return () => plugin.v2.pay.orderquery({ ...merchant, sign_type: 'HMAC-SHA256', out_trade_no: order() });
  },
  // tenpay has no way to another host, so its own steps around its own HTTP library.
  tenpay: () => {
    const Tenpay = require('tenpay');
    const { buildXML, generate } = require('tenpay/lib/util.js');
    const urllib = require('urllib');
    const tenpay = new Tenpay({ appid: merchant.appid, mchid: merchant.mch_id, partnerKey: key });
    return async () => {
      const fields = { ...merchant, nonce_str: generate(), sign_type: 'HMAC-SHA256', out_trade_no: order() };
      fields.sign = tenpay._getSign(fields, 'HMAC-SHA256');
      const { data } = await urllib.request(url, {
        method: 'POST',
        dataType: 'text',
        data: buildXML(fields),
        timeout: [5000, 15000],
        httpsAgent: agent,
      });
      return tenpay._parse(data, 'orderquery', 'HMAC-SHA256');
    };
  },
};

const call = await ways[name]();

async function many(calls, atOnce) {
  let left = calls;
  const lane = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

process.on('message', async ({ calls, atOnce }) => {
  // Opens the connections.
  await many(2 * atOnce, atOnce);
  const before = process.cpuUsage();
  await many(calls, atOnce);
  const { user, system } = process.cpuUsage(before);
  process.send((user + system) / calls);
});
process.on('disconnect', () => process.exit());
process.send('ready');
