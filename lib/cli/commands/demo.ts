import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { FaceService } from '../../face/service.js';
import { FileJournal } from '../../journal/file-journal.js';
import { PayClient } from '../../pay/client.js';
import { PaymentProcessor } from '../../payment/processor.js';
import { type Scenario, type Simulator, startSimulator } from '../../simulator/index.js';
import { FacePay, type FacePayOutcome } from '../../terminal/face-pay.js';
import { localMerchant } from '../../terminal/merchant.js';
import { yuan } from '../../words/amount.js';
import { english, type Saying, type Words } from '../../words/cli/index.js';
import { padStart } from '../columns.js';
import type { Command } from '../command.js';
import { exitCodes } from '../exit.js';
import { onInterruption } from '../interruption.js';
import type { Output } from '../output.js';
import { watchSteps } from '../steps.js';

interface Act {
  title: keyof Words['play']['acts'];
  scenario: Scenario;
  expected: FacePayOutcome['status'];
}

const acts: readonly Act[] = [
  { title: 'pays', scenario: 'success', expected: 'paid' },
  { title: 'password', scenario: 'userpaying-then-paid', expected: 'paid' },
  {
    title: 'reversed',
    scenario: 'userpaying-forever',
    expected: 'reversed',
  },
  { title: 'leaves', scenario: 'user-cancel', expected: 'cancelled' },
];

/** A demonstration's pace: the same policies as in a shop, a few times faster. Milliseconds. */
const timeout = { connect: 5000, response: 5000 };
const polling = { firstDelay: 1000, interval: 1000, timeout: 8000 };
const reversal = { notBefore: 3000, mode: 'await', settleAfter: 15_000 } as const;

/** Whether what the till was told is what the gateway's book says of the customer's money. */
export function agrees(outcome: FacePayOutcome, entry: Simulator['ledger'][number] | undefined): boolean {
  const kept = entry ? entry.charged - entry.refunded : 0;
  return outcome.status === 'paid' ? kept === outcome.total_fee : kept === 0;
}

const describe =
  (entry: Simulator['ledger'][number] | undefined): Saying =>
  ({ play }) =>
    entry ? play.entry(entry.trade_state, yuan(entry.charged), yuan(entry.refunded)) : play.noOrder;

/** Why it failed, if it did. */
const reasonOf =
  (outcome: FacePayOutcome): Saying =>
  ({ payments }) => {
    if (outcome.status === 'failed') return payments.failed(outcome.code, outcome.reason);
    return outcome.status === 'attention' ? payments.attention(outcome.code, outcome.reason) : '';
  };

interface Stage {
  readonly facePay: FacePay;
  readonly simulator: Simulator;
  readonly signal: AbortSignal;
  readonly output: Output;
}

async function performAct({ title, scenario, expected }: Act, index: number, stage: Stage): Promise<boolean> {
  const { facePay, simulator, signal, output } = stage;
  const order = { out_trade_no: `DEMO-${Date.now()}-${index}`, total_fee: 1250, body: '拿铁咖啡 Latte' };
  output.say(({ play }) => play.act(index, play.acts[title], String(scenario)));
  simulator.scenario = scenario;
  const start = performance.now();
  const stopWatching = watchSteps((step) => {
    const at = Math.round(performance.now() - start);
    output.say((words) => `   ${padStart(words.play.at(at), 10)}  ${step(words)}`);
    output.emit('step', { scenario, at, step: step(english) });
  });
  const outcome = await facePay.pay(order, { signal }).finally(stopWatching);
  if (signal.aborted) return false;
  const entry = simulator.ledger.find(({ out_trade_no }) => out_trade_no === order.out_trade_no);
  const agree = outcome.status === expected && agrees(outcome, entry);
  output.say((words) => {
    const { play, payments } = words;
    const status = payments.statuses[outcome.status];
    return play.outcome(status, reasonOf(outcome)(words), order.out_trade_no, yuan(order.total_fee));
  });
  output.say((words) => words.play.ledger(describe(entry)(words)));
  output.say(({ play, payments }) => (agree ? play.agree : play.disagree(payments.statuses[expected])));
  output.emit('act', { scenario, expected, outcome, ledger: entry ?? null, agree });
  return agree;
}

async function perform(output: Output): Promise<number> {
  const { failed, done } = exitCodes;
  const interruption = onInterruption(output, 'demo');
  const { signal } = interruption;
  // On the vendor's pipe a real service may be listening.
  const ownPipe = `\\\\.\\pipe\\wxpay-face-demo-${process.pid}`;
  const simulator = await startSimulator(process.platform === 'win32' ? { pipe: ownPipe } : {});
  const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-demo-'));
  const journal = await FileJournal.open(folder);
  const client = new PayClient({ ...simulator.client, timeout });
  const processor = new PaymentProcessor({ client, journal, polling, reversal });
  const face = await FaceService.open({ library: simulator.library });
  const facePay = new FacePay({
    face,
    merchant: localMerchant(client, processor),
    terminal: { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' },
  });
  const { path, arch, host } = face.library;
  output.say(({ play }) => play.library(path, arch, host));
  output.say(({ play }) => play.tlsGateway(simulator.client.endpoints?.pay ?? ''));
  output.say(({ play }) => play.journal(folder));

  let good = true;
  try {
    for (const [index, act] of acts.entries()) {
      if (signal.aborted) break;
      good = (await performAct(act, index + 1, { facePay, simulator, signal, output })) && good;
    }
  } finally {
    await facePay.close();
    await face.close();
    await processor.close();
    await journal.close();
    client.close();
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
  interruption.ignore();
  const { code } = good && !signal.aborted ? done : failed;
  output.say(({ play }) => (signal.aborted ? play.interrupted : good ? play.allAgree : play.oneDisagrees));
  output.emit('result', { exitCode: code });
  return code;
}

export const demo: Command = {
  name: 'demo',
  says: ({ help }) => help.says.demo,
  takes: [],
  run: (_given, output) => perform(output),
};
