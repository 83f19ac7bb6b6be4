// A till in plain Node.js. Type an amount in fen and press Enter; the customer looks into the camera.
// Ctrl-C gives the sale up, Ctrl-D (Windows: Ctrl-Z, Enter) ends the till.
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { FacePay, FaceService, FileJournal, localMerchant, PayClient, PaymentProcessor } from 'wxpay-face';
import { readConfig } from './config.js';

const config = readConfig(process.argv[2] ?? 'wxpay-face.json');
const face = await FaceService.open({ library: config.library });
const client = new PayClient(config.client);
const journal = await FileJournal.open(config.journal);

const instructions = {
  paid: ({ total_fee }) => `paid, ¥${(total_fee / 100).toFixed(2)}: hand over the goods`,
  declined: ({ err_code, err_code_des = err_code }) => `declined, nothing was charged: ${err_code_des}`,
  failed: ({ reason }) => `nothing was sent: ${reason}`,
  cancelled: ({ by }) => `cancelled by the ${by}`,
  scan: () => 'the customer wants to scan: take the code by the scanner',
  reversing: () => 'no goods: the sale was given up, any money goes back',
  reversed: () => 'no goods: nothing was charged, or it was given back',
  attention: ({ reason }) => `CALL THE MANAGER: ${reason}`,
};
const tell = (outcome) =>
  console.log(`${outcome.out_trade_no} ${outcome.status}: ${instructions[outcome.status](outcome)}`);

// `onOutcome`: what a crash or a power cut left unfinished, what nobody was told, and how a reversal in the background ended.
const processor = new PaymentProcessor({ client, journal, onOutcome: tell });
const facePay = new FacePay({ face, merchant: localMerchant(client, processor), terminal: config.terminal });

/** Acknowledged only after the cashier was told: a till that dies before tells it again after its restart. */
async function conclude(outcome) {
  tell(outcome);
  // 'reversing' isn't final yet, and a sale that never reached the journal has nothing to acknowledge: both do no harm.
  await processor.acknowledge(outcome);
}

let sale = new AbortController();
const input = createInterface({ input: process.stdin, output: process.stdout, prompt: 'fen> ' });
input.on('SIGINT', () => sale.abort());
process.on('SIGINT', () => sale.abort());

let ended = false;
input.once('close', () => {
  ended = true;
});
input.prompt();
for await (const line of input) {
  sale = new AbortController();
  // A number is never used for a second sale.
  const out_trade_no = `${config.terminal.device_id}-${Date.now()}-${randomBytes(3).toString('hex')}`;
  try {
    const order = { out_trade_no, total_fee: Number(line), body: '拿铁咖啡' };
    const onProgress = ({ phase, detail = '' }) => console.log(`  ${phase} ${detail}`);
    const outcome = await facePay.pay(order, { signal: sale.signal, onProgress });
    await conclude(outcome);
  } catch (error) {
    // The camera's side, a wrong amount, the journal's disk. What the journal knows of the sale is the truth.
    const known = await processor.outcome(out_trade_no).catch(() => undefined);
    console.log(known ? `${error.message}; but` : `${error.code ?? ''} ${error.message}`);
    if (known) await conclude(known);
  }
  // Newer Node.js refuses it once there is no more input.
  if (!ended) input.prompt();
}

await facePay.close();
await face.close();
// What is still being reversed stays in the journal, and goes on after the next start.
await processor.close();
await journal.close();
client.close();
