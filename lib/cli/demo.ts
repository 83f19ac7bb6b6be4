import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { FaceService } from '../face/service.js';
import { PayClient } from '../pay/client.js';
import { LevelJournal } from '../payment/level-journal.js';
import { PaymentProcessor } from '../payment/processor.js';
import { type Scenario, type Simulator, startSimulator } from '../simulator/index.js';
import { FacePay, type FacePayOutcome } from '../terminal/face-pay.js';
import { localMerchant } from '../terminal/merchant.js';
import { watchSteps } from './steps.js';

interface Act {
  title: string;
  scenario: Scenario;
  expected: FacePayOutcome['status'];
}

const acts: readonly Act[] = [
  { title: 'The customer pays', scenario: 'success', expected: 'paid' },
  { title: 'The customer must enter a password, and does', scenario: 'userpaying-then-paid', expected: 'paid' },
  {
    title: 'No result can be had in time: the payment is reversed',
    scenario: 'userpaying-forever',
    expected: 'reversed',
  },
  { title: 'The customer walks away from the camera', scenario: 'user-cancel', expected: 'cancelled' },
];

/** A demonstration's pace: the same policies as in a shop, a few times faster. Milliseconds. */
const timeout = { connect: 5000, response: 5000 };
const polling = { firstDelay: 1000, interval: 1000, timeout: 8000 };
const reversal = { notBefore: 3000, mode: 'await', settleAfter: 15_000 } as const;

const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2)}`;

/** Whether what the till was told is what the gateway's book says of the customer's money. */
export function agrees(outcome: FacePayOutcome, entry: Simulator['ledger'][number] | undefined): boolean {
  const kept = entry ? entry.charged - entry.refunded : 0;
  return outcome.status === 'paid' ? kept === outcome.total_fee : kept === 0;
}

function describe(entry: Simulator['ledger'][number] | undefined): string {
  if (!entry) return 'no such order';
  return `${entry.trade_state}, charged ${yuan(entry.charged)}, refunded ${yuan(entry.refunded)}`;
}

async function perform(act: Act, index: number, facePay: FacePay, simulator: Simulator): Promise<boolean> {
  const order = { out_trade_no: `DEMO-${Date.now()}-${index}`, total_fee: 1250, body: '拿铁咖啡 Latte' };
  console.log(`\n${index}. ${act.title} (scenario ${act.scenario})`);
  simulator.scenario = act.scenario;
  const start = performance.now();
  const print = (step: string): void =>
    console.log(`   ${`${Math.round(performance.now() - start)} ms`.padStart(8)}  ${step}`);
  const stopWatching = watchSteps(print);
  const outcome = await facePay.pay(order).finally(stopWatching);
  const entry = simulator.ledger.find(({ out_trade_no }) => out_trade_no === order.out_trade_no);
  const good = outcome.status === act.expected && agrees(outcome, entry);
  const reason = 'reason' in outcome ? ` · ${outcome.reason}` : '';
  console.log(`   outcome   ${outcome.status}${reason} · order ${order.out_trade_no} · ${yuan(order.total_fee)}`);
  console.log(`   ledger    ${describe(entry)}`);
  console.log(good ? '   they agree' : `   THEY DISAGREE (expected: ${act.expected})`);
  return good;
}

/** `wxpay-face demo`: whole face payments through every real part, against the simulator. Resolves with the exit code. */
export async function demo(): Promise<number> {
  const simulator = await startSimulator();
  const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-demo-'));
  const journal = await LevelJournal.open(folder);
  const client = new PayClient({ ...simulator.client, timeout });
  const processor = new PaymentProcessor({ client, journal, polling, reversal });
  const face = await FaceService.open({ library: simulator.library });
  const facePay = new FacePay({
    face,
    merchant: localMerchant(client, processor),
    terminal: { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' },
  });
  console.log(`Library   ${face.library.path} (${face.library.arch}, ${face.library.host})`);
  console.log(`Gateway   ${simulator.client.endpoints?.pay} (TLS with a client certificate)`);
  console.log(`Journal   LevelDB in ${folder}`);

  let good = true;
  try {
    for (const [index, act] of acts.entries()) good = (await perform(act, index + 1, facePay, simulator)) && good;
  } finally {
    await facePay.close();
    await face.close();
    await processor.close();
    await journal.close();
    client.close();
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(good ? '\nEvery outcome agrees with the gateway’s ledger.' : '\nAn outcome and the ledger disagree.');
  return good ? 0 : 1;
}
