// The gateway of the benchmark, in a process of its own, so that its work isn't counted as its clients':
//   fork(gateway.mjs) sends { origin, ca } when it listens, and ends with its parent.
import https from 'node:https';
import { parseXml } from '../../build/js/lib/pay/xml.js';
import { certificatesFor } from '../../build/js/lib/simulator/certificates.js';
import { answer, merchant, written } from './messages.mjs';

const certificates = certificatesFor(merchant.mch_id);
const server = https.createServer({ ...certificates.server }, (incoming, outgoing) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => {
    const fields = parseXml(Buffer.concat(chunks));
    outgoing.end(written(answer(fields.out_trade_no), fields.sign_type ?? 'MD5'));
  });
});
// Else a client can meet a connection that was closed for having been idle through the others' turns.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  process.send({ origin: `https://localhost:${server.address().port}`, ca: certificates.ca });
});
process.on('disconnect', () => process.exit());
