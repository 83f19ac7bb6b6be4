import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PaymentOutcome } from 'wxpay-face';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { MortalTills } from '../support/mortal.js';
import type { Errand } from './crash-child.js';

/*
 * A real till, with addon, stub library, TLS and a journal on the disk, killed at a step in front of a gateway with a mood, and started
 * again. In `npm test` a dozen cells of the matrix, others each day; all of them with `npm run test:crash`.
 */

const steps = [
  'before pay',
  'before create',
  'after create',
  'before micropay',
  'during micropay',
  'after micropay',
  'before writing polling',
  'after writing polling',
  'before writing confirming',
  'after writing confirming',
  'before orderquery',
  'during orderquery',
  'after orderquery',
  'before writing reversing',
  'after writing reversing',
  'before reverse',
  'during reverse',
  'after reverse',
  'before writing the end',
  'after writing the end',
  'after pay',
  'after the screen',
  'before acknowledge',
];

const quick = { faceDelay: 5, confirmDelay: 0, latency: 40, giveUpAfter: 600 };

/**
 * What the gateway does with the payment. No reversal leaves before a verified query has said something of the order: one that
 * doesn't show what was charged. `later`: from the till's return on, where that is something else.
 */
const moods: Record<string, { now: Record<string, unknown>; later?: Record<string, unknown> }> = {
  'paid at once': { now: {} },
  'the password, then paid': { now: { scenario: 'userpaying-then-paid' } },
  'the password, never entered': { now: { scenario: 'userpaying-forever' } },
  'not enough money': { now: { scenario: 'not-enough' } },
  'declined, but charged': { now: { payment: 'NOTENOUGH', charged: true } },
  'unknown, but charged': { now: { scenario: 'system-error-but-paid' } },
  'unknown, and not charged': { now: { payment: 'SYSTEMERROR' } },
  'an answer that is lost': { now: { scenario: 'lost-response' } },
  'a request that is lost': { now: { loseRequest: ['micropay'] } },
  'nobody there': { now: { scenario: 'gateway-down' }, later: {} },
  'charged, and reversed though the answers are lost': {
    now: { payment: 'SYSTEMERROR', charged: true, query: 'ORDERNOTEXIST', loseResponse: ['reverse'] },
    later: {},
  },
  'charged, and no reversal for now': {
    now: { payment: 'SYSTEMERROR', charged: true, query: 'ORDERNOTEXIST', reverse: 'SYSTEMERROR' },
    later: { payment: 'SYSTEMERROR', charged: true },
  },
};

const apis = ['v2', 'v3'] as const;
const cells = steps.flatMap((step) => Object.keys(moods).flatMap((mood) => apis.map((api) => ({ step, mood, api }))));
const isWhole = process.env.WXPAY_FACE_CRASH === 'all';
const today = Math.floor(Date.now() / 86_400_000);
// Steps through the matrix by a number that shares no factor with its size, so that each day has other steps and moods.
const chosen = isWhole
  ? cells
  : Array.from({ length: 12 }, (_, index) => cells[((today * 12 + index) * 95) % cells.length]).flatMap(
      (cell) => cell ?? [],
    );

describe(`A till that is killed (${chosen.length} of ${cells.length} cells)`, function () {
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

  const run = (api: 'v2' | 'v3', errand: Omit<Errand, 'client' | 'v3' | 'library'>) => {
    const timeout = { connect: 1_000, response: 1_000 };
    const client = { ...simulator.client, timeout };
    const v3 = api === 'v3' ? { ...simulator.clientV3, timeout } : undefined;
    const whole: Errand = { ...errand, client, v3, library: simulator.library };
    return tills.run<PaymentOutcome>(whole, simulator.env);
  };

  for (const { step, mood, api } of chosen)
    it(`${step}, in front of a gateway of API ${api} with ${mood}`, async () => {
      const journal = await mkdtemp(join(tmpdir(), 'wxpay-face-crash-'));
      serial += 1;
      const order = { out_trade_no: `C-${process.pid}-${serial}`, total_fee: 1250, body: '拿铁咖啡' };
      const { now, later } = moods[mood] ?? { now: {} };
      const mend = () => {
        if (later !== undefined) simulator.scenario = { ...quick, ...later };
      };
      const reversals = () =>
        simulator.calls.filter((call) => call.name === 'reverse' && call.out_trade_no === order.out_trade_no);
      // A till that passes the step lives on until the gateway's mood has changed.
      const watch = setInterval(() => {
        if (reversals().length > 2) mend();
      }, 50);
      try {
        simulator.scenario = { ...quick, ...now };
        const { told: before, died } = await run(api, { journal, order, diesAt: step });
        if (died) reached.add(step);
        mend();
        const { told: after } = await run(api, { journal });
        const { told: later } = await run(api, { journal });
        check(order, before, after, died);
        expect(later, 'told again after it was acknowledged').to.deep.equal([]);
      } finally {
        clearInterval(watch);
        await rm(journal, { recursive: true, force: true });
      }
    });

  if (isWhole)
    it('has died at every step', () => {
      expect([...reached]).to.have.members(steps);
    });

  /** Journal, gateway and cashier agree. */
  function check(
    { out_trade_no, total_fee }: { out_trade_no: string; total_fee: number },
    before: PaymentOutcome[],
    after: PaymentOutcome[],
    died: boolean,
  ): void {
    const entry = simulator.ledger.find((each) => each.out_trade_no === out_trade_no);
    const isRequest = (name: string) => name === 'micropay' || name === 'codepay';
    const requests = simulator.calls.filter(
      ({ name, ...call }) => isRequest(name) && call.out_trade_no === out_trade_no,
    );
    expect(requests.length, 'payment requests').to.be.at.most(1);
    const told = [...before, ...after];
    if (!died) expect(after, 'told again').to.deep.equal([]);
    if (told.length === 0) {
      // It died before the journal knew of the payment: nothing was sent.
      expect(entry).to.equal(undefined);
      expect(requests).to.deep.equal([]);
      return;
    }
    for (const each of told) expect(each).to.deep.equal(told[0]);
    const status = told[0]?.status;
    const net = (entry?.charged ?? 0) - (entry?.refunded ?? 0);
    expect(status).to.be.oneOf(['paid', 'declined', 'failed', 'reversed']);
    expect(net, `told ${status}`).to.equal(status === 'paid' ? total_fee : 0);
  }
});
