// The gateway of the benchmark, in a process of its own, so that its work isn't counted as its clients':
//   fork(gateway.mjs) sends { origin, ca } when it listens, and ends with its parent.
import { createPrivateKey, sign } from 'node:crypto';
import https from 'node:https';
import { parseXml } from '../../build/js/lib/pay/xml.js';
import { certificatesFor } from '../../build/js/lib/simulator/certificates.js';
import { answer, answerV3, merchant, nonce, written } from './messages.mjs';

const certificates = certificatesFor(merchant.mch_id);
const { publicKey } = certificates.v3();
const key = createPrivateKey(publicKey.key);

/** Of API v3: signed by the gateway's public key. */
function answered(path, outgoing) {
  const [, number] = /out-trade-no\/(\w+)/.exec(path);
  const body = JSON.stringify(answerV3(number));
  const [timestamp, once] = [String(Math.floor(Date.now() / 1000)), nonce()];
  outgoing.writeHead(200, {
    'content-type': 'application/json',
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': once,
    'wechatpay-serial': publicKey.id,
    'wechatpay-signature': sign('RSA-SHA256', `${timestamp}\n${once}\n${body}\n`, key).toString('base64'),
  });
  outgoing.end(body);
}

const server = https.createServer({ ...certificates.server }, (incoming, outgoing) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => {
    if (incoming.url.startsWith('/v3/')) return answered(incoming.url, outgoing);
    const fields = parseXml(Buffer.concat(chunks));
    outgoing.end(written(answer(fields.out_trade_no), fields.sign_type ?? 'MD5'));
  });
});
// Else a client can meet a connection that was closed for having been idle through the others' turns.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  process.send({ origin: `https://localhost:${server.address().port}`, ca: certificates.ca, v3: certificates.v3() });
});
process.on('disconnect', () => process.exit());
