// A till without keys: the merchant's server has them, and the journal.
//   node till.js till.json 1250         one sale, in fen: the customer looks into the camera
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, openTill } from 'wxpay-face';

const [file = 'till.json', fen = '1250'] = process.argv.slice(2);
/** `{ merchant: { server, token }, library, terminal: { store_id, store_name, device_id } }` */
const { merchant, library, terminal, pipe } = JSON.parse(readFileSync(file, 'utf8'));
// Of the simulator only.
if (pipe) process.env.WXPAY_FACE_PIPE = pipe;

/** An outcome, or what was thrown, for the cashier. */
function tell(what) {
  const { title, text, advice } = describe(what, 'zh');
  console.log(
    `${what.out_trade_no ?? what.code ?? ''} ${what.status ?? what.message}\n  ${title}\n  ${text}\n  ${advice}`,
  );
}

const till = await openTill({
  face: { library },
  merchant,
  terminal,
  // What this till was not told, because it or the network died; how a reversal ended in the background.
  onOutcome: tell,
  // Without its server a till opens all the same, and shows it.
  onHealth: ({ camera, merchant, unfinished, warnings }) =>
    console.log(`camera ${camera}, server ${merchant}, ${unfinished} unfinished ${warnings}`),
});

// A number is never used for a second sale.
const out_trade_no = `${terminal.device_id}-${Date.now()}-${randomBytes(3).toString('hex')}`;
const sale = new AbortController();
process.once('SIGINT', () => sale.abort());
try {
  const onProgress = ({ step, detail = '' }) => console.log(`  ${step} ${detail}`);
  const order = { out_trade_no, total_fee: Number(fen), body: '拿铁咖啡' };
  const outcome = await till.pay(order, { signal: sale.signal, onProgress });
  tell(outcome);
  // Only after the cashier was told: a till that dies before is told again after its restart.
  await till.acknowledge(outcome);
} catch (error) {
  // If the server was silent for long, the result is unknown: onOutcome tells it as soon as there is one.
  tell(error);
  process.exitCode = 1;
} finally {
  await till.close();
}
