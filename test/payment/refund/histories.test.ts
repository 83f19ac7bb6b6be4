import { expect } from 'chai';
import type { Journal, JournalRecord } from '../../../lib/journal/journal.js';
import { MemoryJournal } from '../../../lib/journal/memory-journal.js';
import { PayTransportError } from '../../../lib/pay/errors.js';
import type { RefundParams, RefundResult } from '../../../lib/pay/refund.js';
import type { RefundQueryResult } from '../../../lib/pay/refundquery.js';
import type { PaymentClient } from '../../../lib/payment/client.js';
import { machineOf } from '../../../lib/payment/decision/refund/machine.js';
import type { RefundOutcome } from '../../../lib/payment/decision/refund/outcomes.js';
import type { RefundEventName, RefundPhase } from '../../../lib/payment/decision/refund/states.js';
import { type RefundRow, transitions } from '../../../lib/payment/decision/refund/transitions.js';
import { PaymentProcessor } from '../../../lib/payment/processor.js';
import { charged, failed, identity, isPaid, reversed, state } from '../../support/scripted/client.js';
import { day, noRefund, shown, taken } from '../../support/scripted/refunds.js';
import { code, order } from '../../support/scripted/till.js';
import { SimulatedClock } from '../../support/simulated/clock.js';
import { Random } from '../../support/simulated/random.js';

/*
 * One seed, one history: a sale that is refunded, in parts, doubled, given up in between, by a till that dies at any write or
 * call and comes back, before a gateway whose answers are lost, late, limited, or about nothing yet. At the end words and money
 * are held against each other.
 */

const minute = 60_000;

interface Made {
  readonly fee: number;
  readonly at: number;
  status: 'PROCESSING' | 'SUCCESS' | 'REFUNDCLOSE' | 'CHANGE';
}

/** What is done wrong, to see that it is noticed. */
interface Mistake {
  readonly rows?: readonly RefundRow[];
  readonly client?: (client: PaymentClient) => PaymentClient;
  readonly journal?: (journal: Journal) => Journal;
}

/** The gateway's book, and the network before it. */
class World {
  readonly clock = new SimulatedClock();
  readonly random: Random;
  readonly refunds = new Map<string, Made>();
  readonly violations: string[] = [];
  isReversed = false;
  /** By number, when its first request left, and by which run of the program. */
  readonly left = new Map<string, { readonly at: number; readonly run: unknown }>();

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  get givenBack(): number {
    const made = [...this.refunds.values()].filter(({ status }) => status === 'SUCCESS');
    return made.reduce((sum, { fee }) => sum + fee, 0);
  }

  #arrive({ out_refund_no, refund_fee }: RefundParams): RefundResult {
    const now = this.clock.monotonic();
    const known = this.refunds.get(out_refund_no);
    if (known !== undefined) return taken(out_refund_no, known.fee);
    if (this.isReversed) return failed('TRADE_OVERDUE');
    const latest = Math.max(...[...this.refunds.values()].map(({ at }) => at));
    if (now - latest < minute) return failed('FREQUENCY_LIMITED');
    const { random } = this;
    if (random.chance(0.15)) return failed(random.pick(['NOTENOUGH', 'USER_ACCOUNT_ABNORMAL', 'ERROR', 'PARAM_ERROR']));
    if (random.chance(0.15)) return failed(random.pick(['SYSTEMERROR', 'BIZERR_NEED_RETRY', 'INVALID_REQUEST']));
    const made: Made = { fee: refund_fee, at: now, status: 'PROCESSING' };
    this.refunds.set(out_refund_no, made);
    this.clock.at(random.pick([1_000, 20 * minute, 3 * day]) * (0.5 + random.next()), () => {
      made.status = random.chance(0.8) ? 'SUCCESS' : random.pick(['REFUNDCLOSE', 'CHANGE']);
    });
    if (random.chance(0.15)) return failed('SYSTEMERROR');
    return taken(out_refund_no, refund_fee);
  }

  #show(out_refund_no: string): RefundQueryResult {
    const made = this.refunds.get(out_refund_no);
    if (this.random.chance(0.1)) return failed(this.random.pick(['SYSTEMERROR', 'FREQUENCY_LIMITED']));
    return made === undefined ? noRefund : shown(made.status, out_refund_no, made.fee);
  }

  /** A request goes to the gateway and its answer back, unless one of them is lost or late. */
  async #travel<T>(arrive: () => T, isAlive: () => boolean): Promise<T> {
    const { clock, random } = this;
    if (random.chance(0.1)) throw new PayTransportError('refused', false, { why: 'unreachable' });
    await clock.sleep(random.next() * 500);
    if (!isAlive()) return new Promise(() => undefined);
    if (random.chance(0.12)) {
      // It lies somewhere, and arrives when nobody waits for it any more.
      if (random.chance(0.7)) clock.at(random.next() * 200_000, () => void arrive());
      await clock.sleep(15_000);
      throw new PayTransportError('no answer came in time', true, { why: 'response-timeout' });
    }
    const answer = arrive();
    await clock.sleep(random.next() * 500);
    if (random.chance(0.08)) throw new PayTransportError('broken off', true, { why: 'broken' });
    return answer;
  }

  client(isAlive: () => boolean): PaymentClient {
    return {
      identity,
      requestTimeout: 20_000,
      micropay: async () => charged('A1', 100),
      orderquery: async () => (this.isReversed ? state('REVOKED') : isPaid('A1', 100)),
      reverse: async () => {
        if ([...this.refunds.values()].some(({ status }) => status !== 'REFUNDCLOSE'))
          this.violations.push('reversed a sale with refunds');
        this.isReversed = true;
        return reversed();
      },
      refund: (params) => {
        if (!this.left.has(params.out_refund_no))
          this.left.set(params.out_refund_no, { at: this.clock.monotonic(), run: isAlive });
        return this.#travel(() => this.#arrive(params), isAlive);
      },
      refundquery: (ref) => this.#travel(() => this.#show('out_refund_no' in ref ? ref.out_refund_no : ''), isAlive),
    };
  }
}

/** A run of the till's program, which may die at a write. */
class Till {
  isAlive = true;
  readonly processor: PaymentProcessor;
  readonly #world: World;
  readonly #journal: Journal;

  constructor(world: World, journal: Journal, told: (outcome: RefundOutcome) => void, { rows, client }: Mistake) {
    this.#world = world;
    this.#journal = journal;
    this.processor = new PaymentProcessor(
      {
        client: client?.(world.client(() => this.isAlive)) ?? world.client(() => this.isAlive),
        journal: this.#mortal(),
        clock: {
          wall: () => world.clock.wall(),
          monotonic: () => world.clock.monotonic(),
          sleep: (ms, signal) => world.clock.sleep(ms, signal).then(() => this.#unlessDead(undefined)),
        },
        onOutcome: (outcome) => {
          if ('kind' in outcome) told(outcome);
        },
      },
      { random: world.random.next, refundTransition: machineOf(rows ?? transitions) },
    );
  }

  die(): void {
    this.isAlive = false;
    void this.processor.close();
  }

  #unlessDead<T>(value: T): Promise<T> {
    return this.isAlive ? Promise.resolve(value) : new Promise(() => undefined);
  }

  #mortal(): Journal {
    const journal = this.#journal;
    const { random } = this.#world;
    const write = async (task: () => Promise<void>) => {
      if (random.chance(0.04)) this.isAlive = false;
      await this.#unlessDead(undefined);
      await task();
      if (random.chance(0.04)) this.isAlive = false;
      await this.#unlessDead(undefined);
    };
    return {
      create: (record: JournalRecord) => write(() => journal.create(record)),
      put: (record: JournalRecord) => write(() => journal.put(record)),
      get: async (kind, id) => this.#unlessDead(await journal.get(kind, id)),
      list: (filter) => journal.list(filter),
      prune: (before) => journal.prune(before),
      close: () => journal.close(),
    };
  }
}

/** What is wrong in one history. */
async function violations(seed: number, mistake: Mistake = {}): Promise<string[]> {
  const world = new World(seed);
  const { clock, random, violations: found } = world;
  const journal = mistake.journal?.(new MemoryJournal()) ?? new MemoryJournal();
  const told = new Map<string, RefundOutcome>();
  const hear = (outcome: RefundOutcome) => {
    if (outcome.status === 'processing') return;
    told.set(outcome.out_refund_no, outcome);
  };
  const asked = new Map<string, number>();
  const paying = new Till(world, journal, hear, mistake);
  await clock.run(undefined, 0);
  await clock.run(undefined, 1_000);
  void paying.processor.pay(order, code).catch(() => undefined);
  await clock.run(undefined, 10_000);
  let till = paying;
  for (let step = 0; step < 8; step += 1) {
    if (!till.isAlive || random.chance(0.1)) {
      till.die();
      till = new Till(world, journal, hear, mistake);
    }
    const { processor } = till;
    const number = `R${Math.floor(random.next() * 5)}`;
    const refund_fee = asked.get(number) ?? 10 + Math.floor(random.next() * 60);
    const ask = () => processor.refund('A1', { out_refund_no: number, refund_fee }).then(hear, () => undefined);
    if (random.chance(0.08)) void processor.cancel('A1').catch(() => undefined);
    else {
      asked.set(number, refund_fee);
      void ask();
      if (random.chance(0.3)) void ask();
    }
    await clock.run(undefined, random.pick([100, 5_000, 2 * minute, 30 * minute]) * random.next());
  }
  // It is looked after until all has come to rest.
  for (let week = 0; week < 6; week += 1) {
    till.die();
    till = new Till(world, journal, hear, mistake);
    await clock.run(undefined, 5 * day);
    if (till.isAlive && week > 2) break;
  }
  const stands = await till.processor.refunds('A1');
  await till.processor.close();

  if (world.givenBack > 100) found.push(`gave back ${world.givenBack} of 100`);
  if (world.isReversed && world.givenBack > 0) found.push('reversed and refunded');
  for await (const record of journal.list({ kind: 'refund', finished: false })) found.push(`${record.id} has no end`);
  for (const [number, outcome] of told) {
    const status = world.refunds.get(number)?.status;
    if (outcome.status === 'refunded' && status !== 'SUCCESS') found.push(`${number} told refunded, but ${status}`);
    if (
      outcome.status !== 'refunded' &&
      outcome.status !== 'attention' &&
      (status === 'SUCCESS' || status === 'CHANGE')
    )
      found.push(`${number} told ${outcome.status}, but ${status}`);
    if (outcome.status === 'attention' && status === 'SUCCESS') found.push(`${number} is for a person, but ${status}`);
  }
  for (const [number, { status }] of world.refunds)
    if (status === 'SUCCESS' && told.get(number)?.status !== 'refunded')
      found.push(`${number} given back, and not told`);
  for (const stand of stands) {
    const last = told.get(stand.out_refund_no);
    if (last !== undefined && stand.status !== last.status)
      found.push(`${stand.out_refund_no} told ${last.status}, shown ${stand.status}`);
  }
  // A till that died twice between may be early: the gateway then says so.
  const leaving = [...world.left.values()].sort((one, other) => one.at - other.at);
  leaving.forEach(({ at, run }, index) => {
    const before = leaving[index - 1];
    if (before !== undefined && before.run === run && at - before.at < minute - 1)
      found.push(`two left ${at - before.at} ms apart`);
  });
  return found;
}

/** One answer in one phase leads elsewhere. */
const withRow = (from: RefundPhase, on: RefundEventName, change: Pick<RefundRow, 'to' | 'next'>): Mistake => ({
  rows: [{ from, on: [on], ...change }, ...transitions],
});

const ended = (to: RefundPhase) => ({ to, next: 'end' as const });

const mistakes: Readonly<Record<string, Mistake>> = {
  'tells what was closed as refunded': withRow('accepted', 'query:REFUNDCLOSE', ended('refunded')),
  'believes that nothing is there after silence': {
    rows: [
      { from: 'sending', on: ['send:again'], to: 'sending', next: 'query now' },
      { from: 'sending', on: ['query:REFUNDNOTEXIST'], to: 'confirming', next: 'query now' },
      ...transitions.filter(({ when }) => when !== 'an earlier request may still arrive'),
    ],
  },
  'takes a no for the end while an earlier request may arrive': {
    rows: transitions.filter(({ when }) => when !== 'an earlier request may still arrive'),
  },
  'does not ask after a crash for what is under way': withRow('accepted', 'restart', {
    to: 'accepted',
    next: 'continue',
  }),
  'does not send again': withRow('sending', 'send:again', { to: 'sending', next: 'continue' }),
  'does not go on after a crash': withRow('sending', 'restart', { to: 'sending', next: 'continue' }),
  'does not keep the sum': {
    journal: (journal) => forgetful(journal, () => []),
  },
  'sends a new number after silence': {
    client: (client) => ({
      ...client,
      refund: async (params, options) => {
        const again = { ...params, out_refund_no: `${params.out_refund_no}-again` };
        const isSilent = (error: unknown) => error instanceof PayTransportError && error.sent;
        const answer = await client.refund?.(params, options).catch((error: unknown) => {
          if (!isSilent(error)) throw error;
          return client.refund?.(again, options);
        });
        return answer?.result_code === 'SUCCESS'
          ? { ...answer, out_refund_no: params.out_refund_no }
          : (answer ?? noRefund);
      },
    }),
  },
  'asks with another amount': {
    client: (client) => ({
      ...client,
      refund: async (params, options) =>
        (await client.refund?.({ ...params, refund_fee: params.refund_fee + 1 }, options)) ?? noRefund,
    }),
  },
};

/** A sale's record loses what it knows of refunds. */
function forgetful(journal: Journal, refunds: () => unknown[]): Journal {
  return {
    create: (record) => journal.create(record),
    put: (record) =>
      journal.put({ ...record, data: { ...record.data, ...('refunds' in record.data && { refunds: refunds() }) } }),
    get: (kind, id) => journal.get(kind, id),
    list: (filter) => journal.list(filter),
    prune: (before) => journal.prune(before),
    close: () => journal.close(),
  };
}

describe('A sale that is refunded, in hundreds of histories', function () {
  this.timeout(120_000);

  it('has words and money that agree', async () => {
    const found: string[] = [];
    for (let seed = 1; seed <= 150; seed += 1)
      found.push(...(await violations(seed)).map((each) => `seed ${seed}: ${each}`));
    expect(found).to.deep.equal([]);
  });

  for (const [name, mistake] of Object.entries(mistakes))
    it(`is noticed where it ${name}`, async () => {
      for (let seed = 1; seed <= 300; seed += 1) if ((await violations(seed, mistake)).length > 0) return;
      expect.fail('nobody noticed');
    });
});
