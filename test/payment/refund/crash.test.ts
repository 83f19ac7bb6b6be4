import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileJournal, PayClient, PayClientV3, PaymentProcessor, type RefundOutcome } from 'wxpay-face';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { MortalTills } from '../../support/mortal.js';
import type { RefundErrand } from './crash-child.js';

/*
 * A real till, with TLS and a journal on the disk, killed at a step of a refund, and started again. In `npm test` a few cells of
 * the matrix, others each day; all of them with `npm run test:crash`.
 */

const steps = [
  'before reserving',
  'after reserving',
  'before create refund',
  'after create refund',
  'before refund',
  'during refund',
  'after refund',
  'before writing accepted',
  'after writing accepted',
  'before copying',
  'after copying',
  'before writing confirming',
  'after writing confirming',
  'before refundquery',
  'during refundquery',
  'after refundquery',
  'before writing refunded',
  'after writing refunded',
  'before writing refused',
  'after writing refused',
  'before telling',
  'before acknowledge',
  'after acknowledge',
];

const quick = { latency: 40, refundInterval: 0 };

/** What the gateway does with the refund; `later`: from the till's return on. */
const moods: Record<string, { now: Record<string, unknown>; later?: Record<string, unknown> }> = {
  'given back': { now: {} },
  'pending for a while': { now: { refundDelay: 300 } },
  'an empty balance': { now: { refund: 'NOTENOUGH' } },
  'an answer that is lost': { now: { loseResponse: ['refund'] }, later: {} },
  'a request that is lost': { now: { loseRequest: ['refund'] }, later: {} },
  'unknown, but taken': { now: { refund: 'SYSTEMERROR', refundTaken: true }, later: {} },
  closed: { now: { refundEnd: 'REFUNDCLOSE' } },
};

type Api = 'v2' | 'v3';
const apis: readonly Api[] = ['v2', 'v3'];
const cells = steps.flatMap((step) => Object.keys(moods).flatMap((mood) => apis.map((api) => ({ step, mood, api }))));
const isWhole = process.env.WXPAY_FACE_CRASH === 'all';
const today = Math.floor(Date.now() / 86_400_000);
// Steps through the matrix by a number that shares no factor with its size.
const chosen = isWhole
  ? cells
  : Array.from({ length: 8 }, (_, index) => cells[((today * 8 + index) * 59) % cells.length]).flatMap(
      (cell) => cell ?? [],
    );

describe(`A till that is killed while it refunds (${chosen.length} of ${cells.length} cells)`, function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let serial = 0;
  const tills = new MortalTills(new URL('./crash-child.js', import.meta.url));
  const reached = new Set<string>();

  before(async () => {
    simulator = await startSimulator();
  });
  after(async () => {
    tills.kill();
    await simulator.close();
  });

  const become = (scenario: Record<string, unknown>) => {
    const settings: Scenario = { ...quick, ...scenario };
    simulator.scenario = settings;
  };
  const timeout = { connect: 1_000, response: 1_000 };
  const client = () => ({ ...simulator.client, timeout });
  const clientV3 = () => ({ ...simulator.clientV3, timeout });

  const run = (api: Api, errand: Omit<RefundErrand, 'client' | 'v3'>) => {
    const whole: RefundErrand = { ...errand, client: client(), v3: api === 'v3' ? clientV3() : undefined };
    return tills.run<RefundOutcome>(whole);
  };

  async function sell(api: Api, directory: string, out_trade_no: string): Promise<void> {
    const payClient = api === 'v3' ? new PayClientV3(clientV3()) : new PayClient(client());
    const journal = await FileJournal.open(directory);
    const processor = new PaymentProcessor({ client: payClient, journal });
    const code = { auth_code: `13${String(process.pid * 1_000 + serial).padStart(16, '0')}` };
    const outcome = await processor.pay({ out_trade_no, total_fee: 1250, body: '拿铁咖啡' }, code);
    expect(outcome).to.include({ status: 'paid' });
    await processor.acknowledge(outcome);
    await processor.close();
    await journal.close();
    payClient.close();
  }

  for (const { step, mood, api } of chosen)
    it(`${step}, in front of a gateway of API ${api} with ${mood}`, async () => {
      const journal = await mkdtemp(join(tmpdir(), 'wxpay-face-refund-'));
      serial += 1;
      const out_trade_no = `F-${process.pid}-${serial}`;
      const refund = { out_refund_no: `R-${out_trade_no}`, refund_fee: 450 };
      const { now, later } = moods[mood] ?? { now: {} };
      const requests = () =>
        simulator.calls.filter((call) => call.name === 'refund' && call.out_trade_no === out_trade_no);
      // A till that passes the step lives on until the gateway's mood has changed.
      const watch = setInterval(() => {
        if (later !== undefined && requests().length > 2) become(later);
      }, 50);
      try {
        become({});
        await sell(api, journal, out_trade_no);
        become(now);
        const { told: before, died } = await run(api, { journal, out_trade_no, refund, diesAt: step });
        if (died) reached.add(step);
        if (later !== undefined) become(later);
        const { told: after } = await run(api, { journal, out_trade_no });
        // Whoever saw nothing asks again, with the same number.
        const { told: again } = await run(api, { journal, out_trade_no, refund });
        check(out_trade_no, [...before, ...after, ...again]);
        expect((await run(api, { journal, out_trade_no })).told, 'told again after it was acknowledged').to.deep.equal(
          [],
        );
      } finally {
        clearInterval(watch);
        await rm(journal, { recursive: true, force: true });
      }
    });

  if (isWhole)
    it('has died at every step', () => {
      expect([...reached]).to.have.members(steps);
    });

  /** Gateway and cashier agree. */
  function check(out_trade_no: string, told: RefundOutcome[]): void {
    const entry = simulator.ledger.find((each) => each.out_trade_no === out_trade_no);
    expect(told.length).to.be.at.least(1);
    for (const each of told) expect(each).to.deep.equal(told[0]);
    const status = told[0]?.status;
    expect(status).to.be.oneOf(['refunded', 'refused']);
    expect(entry?.refunded, `told ${status}`).to.equal(status === 'refunded' ? 450 : 0);
  }
});
