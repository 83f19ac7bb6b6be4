// The payment gateway of the benchmark, in a process of its own, so that its work isn't counted as the servers':
//   fork(gateway.mjs) sends { client } when it listens, answers each message with what it was asked so far, and ends with its parent.
// What it is asked to take it takes at once, but numbers that begin with U: their customers type their passwords. It knows all of those, whether
// or not it was asked to take them; most are paid soon, one of twenty only after a while.
import https from 'node:https';
import { sign, verifySignature } from '../../dist/index.js';
import { issue } from '../../server/build/test/support/certificates.js';

const key = '192006250b4c09247ec02edce69f6a2d';
const merchant = { appid: 'wx2421b1c4370ec43b', mch_id: '1900000109' };
/** Milliseconds that a slow password takes, from when it's asked for. */
const typing = 8_000;

const fieldsOf = (xml) =>
  Object.fromEntries(
    [...xml.matchAll(/<(\w+)>(?:<!\[CDATA\[([\s\S]*?)\]\]>|([^<]*))<\/\1>/g)].map(([, name, cdata, text]) => [
      name,
      cdata ?? text,
    ]),
  );

const xmlOf = (fields) =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`;

/** As the gateway writes times: yyyyMMddHHmmss in Beijing. */
const time = () => new Date(Date.now() + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);

const reversed = new Set();
/** Of what was sold before, by the amount that was asked for: all the same. */
const totalFee = 100;

const askedAt = new Map();
function isTyping(number) {
  if (Number(number.slice(1)) % 20 !== 0) return false;
  const since = askedAt.get(number) ?? Date.now();
  askedAt.set(number, since);
  return Date.now() < since + typing;
}

const paid = (out_trade_no, total_fee) => ({
  result_code: 'SUCCESS',
  openid: 'oUpF8uN95-Ptaags6E_roPHg7AG0',
  is_subscribe: 'N',
  trade_type: 'MICROPAY',
  bank_type: 'OTHERS',
  total_fee: String(total_fee),
  cash_fee: String(total_fee),
  fee_type: 'CNY',
  transaction_id: `42000${out_trade_no.replace(/\D/g, '')}`.padEnd(28, '0'),
  out_trade_no,
  time_end: time(),
});

/** Not signed, as by the gateway. */
const noBill = { return_code: 'FAIL', return_msg: 'No Bill Exist', error_code: '20002' };

const calls = {
  '/pay/micropay': ({ out_trade_no, total_fee }) =>
    out_trade_no.startsWith('U')
      ? { result_code: 'FAIL', err_code: 'USERPAYING', err_code_des: '需要用户输入支付密码' }
      : paid(out_trade_no, total_fee),
  '/pay/orderquery': ({ out_trade_no }) => {
    if (!out_trade_no.startsWith('U')) return { result_code: 'FAIL', err_code: 'ORDERNOTEXIST' };
    if (reversed.has(out_trade_no)) return { result_code: 'SUCCESS', out_trade_no, trade_state: 'REVOKED' };
    if (isTyping(out_trade_no)) return { result_code: 'SUCCESS', out_trade_no, trade_state: 'USERPAYING' };
    return { ...paid(out_trade_no, totalFee), trade_state: 'SUCCESS' };
  },
  '/secapi/pay/reverse': ({ out_trade_no }) => {
    reversed.add(out_trade_no);
    return { result_code: 'SUCCESS', recall: 'N' };
  },
};

/** How many calls came in each second since the epoch. */
const counted = new Map();
let nonce = 0;

function answer(path, fields) {
  const second = Math.floor(Date.now() / 1_000);
  counted.set(second, (counted.get(second) ?? 0) + 1);
  const { sign_type = 'MD5' } = fields;
  if (!verifySignature(fields, key, sign_type)) throw new Error(`${path} is not signed`);
  if (path === '/pay/downloadbill') return xmlOf(noBill);
  nonce += 1;
  const said = { return_code: 'SUCCESS', ...merchant, nonce_str: String(nonce), ...calls[path](fields) };
  return xmlOf({ ...said, sign: sign(said, key, sign_type) });
}

const authority = issue('Authority of the benchmark');
const { cert, key: privateKey } = issue('127.0.0.1', authority);
const client = issue('merchant', authority);
const server = https.createServer({ cert, key: privateKey }, (incoming, outgoing) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => outgoing.end(answer(incoming.url, fieldsOf(Buffer.concat(chunks).toString()))));
});
// Else a client can meet a connection that was closed for having been idle through the others' turns.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  const origin = `https://127.0.0.1:${server.address().port}`;
  const endpoints = { pay: origin, payBackup: false, face: origin };
  const certificate = { cert: client.cert, key: client.key };
  process.send({ client: { ...merchant, key, certificate, endpoints, ca: authority.cert } });
});
process.on('message', () => process.send({ calls: [...counted], reversals: reversed.size }));
process.on('disconnect', () => process.exit());
