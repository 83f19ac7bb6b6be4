// A till without keys: it takes the face here, and leaves the payment to the merchant's server.
//   node till.js till.json 1250
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, FacePay, FaceService } from 'wxpay-face';
import { remoteMerchant } from './merchant.js';

const [file = 'till.json', fen = '1250'] = process.argv.slice(2);
/** `{ server: { url, token }, library, terminal: { store_id, store_name, device_id } }` */
const { server, library, terminal, pipe } = JSON.parse(readFileSync(file, 'utf8'));
// Of the simulator only.
if (pipe) process.env.WXPAY_FACE_PIPE = pipe;

const merchant = await remoteMerchant(server);
const conclude = async (outcome) => {
  const { title, text, advice } = describe(outcome, 'zh');
  console.log(`${outcome.out_trade_no} ${outcome.status}\n  ${title}\n  ${text}\n  ${advice}`);
  await merchant.acknowledge(outcome);
};

// What this till was not told, because it or the network died.
for (const outcome of await merchant.unacknowledged()) await conclude(outcome);

const face = await FaceService.open({ library });
const facePay = new FacePay({ face, merchant, terminal });
const out_trade_no = `${terminal.device_id}-${Date.now()}-${randomBytes(3).toString('hex')}`;
const sale = new AbortController();
process.once('SIGINT', () => sale.abort());
try {
  const onProgress = ({ phase, detail = '' }) => console.log(`  ${phase} ${detail}`);
  await conclude(
    await facePay.pay({ out_trade_no, total_fee: Number(fen), body: '拿铁咖啡' }, { signal: sale.signal, onProgress }),
  );
} catch (error) {
  // Where the server could not be reached for long, the next start asks it again.
  console.log(`${out_trade_no} ${error.code ?? ''} ${error.message}\n  ${describe(error, 'zh').advice}`);
  process.exitCode = 1;
} finally {
  await facePay.close();
  await face.close();
}
