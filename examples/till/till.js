// A till in plain Node.js: node till.js wxpay-face.json zh
//   1250                        an amount in fen: the customer looks into the camera, or shows the code to the scanner, which
//                               types it and Enter like a keyboard
//   refund TILL-1-… 400         gives back a part of a sale, in fen
// Ctrl-C gives the sale up, Ctrl-D (Windows: Ctrl-Z, Enter) ends the till.
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { describe, openTill } from 'wxpay-face';
import { readConfig } from './config.js';

const [file = 'wxpay-face.json', language = 'zh'] = process.argv.slice(2);
const config = readConfig(file);

/** An outcome, or what was thrown, for the cashier. */
function tell(what) {
  const { title, text, advice } = describe(what, language);
  const number = what.out_refund_no ?? what.out_trade_no ?? what.code ?? '';
  console.log(`${number} ${what.status ?? what.message ?? ''}\n  ${title}\n  ${text}\n  ${advice}`);
}

const till = await openTill({
  ...config,
  // What a crash or a power cut left unfinished, what nobody was told, how a reversal or a refund ended in the background.
  onOutcome: tell,
  onHealth: ({ camera, merchant, unfinished, warnings }) =>
    console.log(`camera ${camera}, gateway ${merchant}, ${unfinished} unfinished ${warnings}`),
});

/** Acknowledged only after the cashier was told: a till that dies before tells it again after its restart. */
async function conclude(outcome) {
  tell(outcome);
  // 'reversing' isn't final yet, and a sale that never reached the journal has nothing to acknowledge: both do no harm.
  await till.acknowledge(outcome);
}

/** While the scanner is asked for a code, a line is one. */
let takeCode;
let sale = new AbortController();
const scan = (signal, wrong) =>
  new Promise((resolve) => {
    if (wrong) tell({ code: wrong });
    takeCode = resolve;
    signal.addEventListener('abort', () => {
      takeCode = undefined;
    });
  });

async function sell(total_fee) {
  sale = new AbortController();
  // A number is never used for a second sale.
  const out_trade_no = `${config.terminal.device_id}-${Date.now()}-${randomBytes(3).toString('hex')}`;
  const onProgress = ({ step, detail = '' }) => console.log(`  ${step} ${detail}`);
  try {
    const order = { out_trade_no, total_fee, body: '拿铁咖啡' };
    await conclude(await till.pay(order, { signal: sale.signal, scan, onProgress }));
  } catch (error) {
    // The camera's side, a wrong amount, the journal's disk. What the journal knows of the sale is the truth.
    const known = await till.outcome(out_trade_no).catch(() => undefined);
    if (known) await conclude(known);
    else tell(error);
  }
}

async function refund(out_trade_no, fen) {
  try {
    const refund_fee = Number(fen);
    const refunds = await till.refunds(out_trade_no);
    // One that has not ended is asked for again, under its own number: a new one would give back twice.
    const underWay = refunds.find((one) => one.status === 'processing' && one.refund_fee === refund_fee);
    const out_refund_no = underWay?.out_refund_no ?? `R${refunds.length + 1}-${out_trade_no}`;
    await conclude(await till.refund(out_trade_no, { out_refund_no, refund_fee }));
  } catch (error) {
    tell(error);
  }
}

async function perform(line) {
  const [word, ...rest] = line.trim().split(/\s+/);
  if (word === 'refund') await refund(...rest);
  else if (word !== '') await sell(Number(word));
  if (!isOver) input.prompt();
}

let isOver = false;
let work = Promise.resolve();
const input = createInterface({ input: process.stdin, output: process.stdout, prompt: 'fen> ' });
const giveUp = () => sale.abort();
input.on('SIGINT', giveUp);
process.on('SIGINT', giveUp);
input.on('line', (line) => {
  if (takeCode) takeCode(line);
  else work = work.then(() => perform(line));
});
input.once('close', async () => {
  isOver = true;
  await work;
  // What is still being reversed stays in the journal, and goes on after the next start.
  await till.close();
});
input.prompt();
