import { isDeepStrictEqual } from 'node:util';
import type { UpdateWxpayfacePayResultParams } from '../../lib/face/commands.js';
import { FaceService } from '../../lib/face/service.js';
import { OrderExistsError } from '../../lib/journal/errors.js';
import type { Journal, JournalRecord } from '../../lib/journal/journal.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import type { PaymentClient } from '../../lib/payment/client.js';
import type { Clock } from '../../lib/payment/clock.js';
import { type Transition, transition } from '../../lib/payment/decision/machine.js';
import type { PaymentOutcome } from '../../lib/payment/decision/outcomes.js';
import type { PaymentProcessorOptions } from '../../lib/payment/processor.js';
import { PaymentProcessor } from '../../lib/payment/processor.js';
import { FacePay } from '../../lib/terminal/face-pay.js';
import { Random } from './random.js';
import { SimulatedClock } from './simulated-clock.js';
import { type Fate, fates, merchant, requestTimeout, SimulatedGateway } from './simulated-gateway.js';

/*
 * One seed, one history: a till with the real machine, driver and processor, on a simulated clock, before a simulated
 * gateway, with faults of the network, jumps of the wall clock, and crashes at any step. At its end the journal, the
 * gateway's book and what the cashier was told are held against each other.
 */

/** A deliberate mistake that the simulation must notice. */
export interface Mutation {
  readonly transition?: Transition;
  readonly journal?: (journal: Journal) => Journal;
  readonly clock?: (clock: Clock) => Clock;
  /** Whether the customer's screen is told such a result. */
  readonly tellsScreen?: (payresult: UpdateWxpayfacePayResultParams['payresult']) => boolean;
}

interface Sale {
  readonly out_trade_no: string;
  readonly total_fee: number;
  readonly rail: 'micropay' | 'facepay';
  readonly fate: Fate;
  readonly told: Array<PaymentOutcome>;
  sentAt?: number;
  requests: number;
  /** Answered ORDERPAID to a till that was alive to hear it. */
  isKnownTaken: boolean;
  isAborted: boolean;
  isCancelled: boolean;
}

const day = 24 * 60 * 60 * 1000;
const secret = 'secret-code';
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

class World {
  readonly clock = new SimulatedClock();
  readonly random: Random;
  readonly gateway: SimulatedGateway;
  readonly store = new MemoryJournal();
  readonly sales: Sale[] = [];
  readonly violations: string[] = [];
  readonly policies: Pick<PaymentProcessorOptions, 'polling' | 'reversal'>;
  readonly notBefore: number;
  readonly #mutation: Mutation;
  #till: Till | undefined;
  #steps: number;
  #crashes: number;
  crashed = false;

  constructor(seed: number, mutation: Mutation) {
    this.random = new Random(seed);
    const { random } = this;
    this.#mutation = mutation;
    this.#crashes = random.weighted([
      [0, 5],
      [1, 3],
      [2, 1],
      [3, 1],
    ]);
    this.#steps = random.between(1, 30);
    this.notBefore = random.between(0, 20_000);
    const settleAfter = Math.max(this.notBefore, requestTimeout) + random.between(1, 280_000);
    const initial = random.between(100, 5_000);
    this.policies = {
      polling: {
        firstDelay: random.between(0, 8_000),
        interval: random.between(500, 8_000),
        timeout: random.between(0, 60_000),
      },
      reversal: {
        notBefore: this.notBefore,
        mode: random.pick(['background', 'await']),
        settleAfter,
        backoff: {
          initial,
          factor: 1 + 2 * random.next(),
          maximum: initial + random.between(0, 60_000),
          jitter: random.next(),
        },
      },
    };
    this.gateway = new SimulatedGateway(this.clock, random, {
      faults: random.chance(0.3) ? 0 : random.next() * 0.7,
      calmAt: random.between(0, 600_000),
      latest: settleAfter - 1,
    });
  }

  violate(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  sale(out_trade_no: string): Sale {
    const sale = this.sales.find((each) => each.out_trade_no === out_trade_no);
    if (sale === undefined) throw new Error(`nobody sold ${out_trade_no}`);
    return sale;
  }

  /** Goes by one step; true where the till dies at it. */
  step(till: Till): boolean {
    if (!till.isAlive) return true;
    this.#steps -= 1;
    if (this.#steps > 0 || this.#crashes === 0) return false;
    this.crashed = true;
    this.#crashes -= 1;
    this.#steps = this.random.between(1, 60);
    till.isAlive = false;
    this.clock.at(this.random.between(0, this.random.chance(0.1) ? 8 * day : 600_000), () => this.start());
    return true;
  }

  start(): Till {
    this.#till = new Till(this, this.#mutation);
    this.#till.recover();
    return this.#till;
  }

  async run(): Promise<string[]> {
    const { random, clock } = this;
    this.start();
    for (let index = 0, count = random.between(1, 2); index < count; index += 1) this.#plan(`N${index}`);
    if (random.chance(0.3)) clock.at(random.between(0, 120_000), () => clock.jump(random.between(-10, 10) * 365 * day));
    if (random.chance(0.1)) clock.at(random.between(0, 120_000), () => void this.#restart());
    // A history that ends waits for no more than some hundred timers; three crashes take no more than 24 days.
    let waits = 0;
    const isEndless = () => {
      waits += 1;
      return waits > 3_000;
    };
    await clock.run(isEndless, 30 * day);
    if (waits > 3_000) this.violate('unfinished for ever');
    await this.#checkFinished();
    this.#crashes = 0;
    await this.#till?.stop();
    await this.#tellTheRest();
    for (const sale of this.sales) await this.#check(sale);
    return this.violations;
  }

  #plan(out_trade_no: string): void {
    const { random, clock } = this;
    const sale: Sale = {
      out_trade_no,
      total_fee: random.between(1, 1_000),
      rail: random.pick(['micropay', 'facepay']),
      fate: random.weighted<Fate>(fates),
      told: [],
      requests: 0,
      isKnownTaken: false,
      isAborted: false,
      isCancelled: false,
    };
    this.sales.push(sale);
    this.gateway.expect(out_trade_no, sale.total_fee, sale.fate);
    const abort = new AbortController();
    clock.at(random.between(0, 5_000), () => {
      this.#till?.sell(sale, abort.signal);
      if (random.chance(0.1)) this.#till?.sell(sale, abort.signal);
    });
    if (random.chance(0.2)) clock.at(random.between(0, 60_000), () => void this.#abort(sale, abort));
    if (random.chance(0.15)) clock.at(random.between(0, 200_000), () => this.#till?.cancel(sale));
    if (random.chance(0.2)) clock.at(random.between(0, 200_000), () => this.#till?.settled(sale));
    // A cashier who tries the same number again.
    if (random.chance(0.1)) clock.at(random.between(1_000, 100_000), () => this.#till?.sell(sale, abort.signal));
  }

  async #abort(sale: Sale, abort: AbortController): Promise<void> {
    const till = this.#till;
    if (till?.isAlive && till.selling.has(sale.out_trade_no) && !till.writingPaid.has(sale.out_trade_no)) {
      const record = await this.store.get('payment', sale.out_trade_no);
      if (till.isAlive && record?.finished === false && !till.writingPaid.has(sale.out_trade_no)) sale.isAborted = true;
    }
    abort.abort();
  }

  async #restart(): Promise<void> {
    const till = this.#till;
    if (!till?.isAlive) return;
    await till.stop();
    this.start();
  }

  /** A last, quiet start: whatever was not told yet is told now. */
  async #tellTheRest(): Promise<void> {
    const till = this.start();
    await this.clock.run(undefined, day);
    await this.#checkFinished();
    till.isAlive = false;
  }

  async #checkFinished(): Promise<void> {
    for await (const { state } of this.store.list({ finished: false })) this.violate(`unfinished for ever: ${state}`);
  }

  async #check(sale: Sale): Promise<void> {
    const { out_trade_no, told, fate } = sale;
    const record = await this.store.get('payment', out_trade_no);
    const entry = this.gateway.book.get(out_trade_no);
    const violate = (what: string) => this.violate(what);
    if (sale.requests > 1) violate('two payment requests for one order');
    if (record === undefined) {
      if (sale.requests > 0) violate('sent without a trace in the journal');
      return;
    }
    if (JSON.stringify(record).includes(secret)) violate('a code in the journal');
    const finals = told.filter(({ status }) => status !== 'reversing');
    const last = finals.at(-1);
    if (last === undefined) return violate(`never told: ${record.state}`);
    if (last.status !== record.state) violate(`told ${last.status}, journalled ${record.state}`);
    const reversingAt = told.findIndex(({ status }) => status === 'reversing');
    if (reversingAt >= 0 && told.slice(reversingAt).some(({ status }) => status === 'paid'))
      violate('told paid after it was told reversing');
    for (const earlier of finals)
      if (!isDeepStrictEqual(earlier, last)) {
        const isVoided = sale.isCancelled && (earlier.status === 'paid' || earlier.status === 'attention');
        if (!isVoided) violate(`told ${earlier.status}, then ${last.status}`);
      }
    // A till that dies at once takes the abort with it.
    if (sale.isAborted && !this.crashed && finals.some(({ status }) => status === 'paid'))
      violate('told paid after it was aborted');
    const net = entry === undefined ? 0 : entry.charged - entry.refunded;
    if (entry?.isStrangers) {
      // Whether the till ever heard that the number is taken is up to the network.
      if (sale.isKnownTaken && !this.crashed && last.status !== 'attention')
        violate(`another sale's number told as ${last.status}`);
      if (sale.isKnownTaken && !this.crashed && entry.refunded > 0) violate("another sale's payment was reversed");
      return;
    }
    if (last.status === 'attention' && !this.gateway.isForPersons(out_trade_no))
      violate(`attention for nothing: ${fate}`);
    if (last.status === 'paid' && net !== sale.total_fee && fate !== 'refunded by hand')
      violate('told paid, not charged');
    if (last.status !== 'paid' && last.status !== 'attention' && net !== 0) violate(`told ${last.status}, but charged`);
    if (last.status === 'failed' && entry !== undefined) violate('told failed, though the gateway got it');
  }
}

/** One run of the till's program, from its start to its death. After that nothing that it waits for happens. */
class Till {
  isAlive = true;
  readonly processor: PaymentProcessor;
  readonly selling = new Set<string>();
  readonly writingPaid = new Set<string>();
  readonly #world: World;
  readonly #mutation: Mutation;

  constructor(world: World, mutation: Mutation) {
    this.#world = world;
    this.#mutation = mutation;
    const clock = this.#clock();
    const journal = this.#journal();
    this.processor = new PaymentProcessor(
      {
        client: this.#client(),
        journal: mutation.journal?.(journal) ?? journal,
        clock: mutation.clock?.(clock) ?? clock,
        ...world.policies,
      },
      { transition: mutation.transition ?? transition, random: world.random.next },
    );
  }

  async stop(): Promise<void> {
    await this.processor.close();
    this.isAlive = false;
  }

  sell(sale: Sale, signal: AbortSignal): void {
    const { out_trade_no, total_fee, rail } = sale;
    if (!this.isAlive || signal.aborted) return;
    this.selling.add(out_trade_no);
    const screen = { waiting: 0 };
    const facePay = new FacePay({
      face: this.#face(rail, screen),
      merchant: {
        identity: merchant,
        getWxpayfaceAuthinfo: async () => ({ return_code: 'SUCCESS', authinfo: 'authinfo', expires_in: 3600 }),
        pay: (...given) => this.processor.pay(...given),
        outcome: (number) => this.processor.outcome(number),
      },
      terminal: { store_id: 'S1', store_name: 'Shop', device_id: 'T1' },
      rail,
    });
    const sold = facePay.pay({ out_trade_no, total_fee, body: 'Tea' }, { signal });
    const check = () => {
      if (this.isAlive && screen.waiting !== 0) this.#world.violate('the screen was left waiting');
    };
    sold.then(check, check);
    this.#hear(
      sold.then((outcome) => {
        if (outcome.status === 'scan') throw new Error('nobody chose to scan');
        return outcome;
      }),
    );
  }

  /** A service that finds a face at once, and whose screen then waits until it is told. */
  #face(rail: Sale['rail'], screen: { waiting: number }): FaceService {
    const success = { return_code: 'SUCCESS' as const };
    const done = async () => success;
    return Object.assign(Object.create(FaceService.prototype), {
      initWxpayface: done,
      releaseWxpayface: done,
      getWxpayfaceRawdata: async () => ({ ...success, rawdata: 'rawdata' }),
      getWxpayfaceCode: async () => {
        screen.waiting += 1;
        return { ...success, face_code: rail === 'micropay' ? '120061098828009406' : secret, openid: 'someone' };
      },
      updateWxpayfacePayResult: async ({ payresult }: UpdateWxpayfacePayResultParams) => {
        if (this.#mutation.tellsScreen?.(payresult) ?? true) screen.waiting -= 1;
        return success;
      },
    });
  }

  cancel(sale: Sale): void {
    if (!this.isAlive) return;
    sale.isCancelled = true;
    this.#hear(this.processor.cancel(sale.out_trade_no));
  }

  settled(sale: Sale): void {
    if (this.isAlive) this.#hear(this.processor.settled(sale.out_trade_no));
  }

  recover(): void {
    const outcomes = this.processor.recover();
    void (async () => {
      try {
        for await (const outcome of outcomes) await this.#tell(outcome);
      } catch (error) {
        this.#world.violate(`recover: ${error}`);
      }
    })();
  }

  #hear(outcome: Promise<PaymentOutcome>): void {
    void outcome.then(
      (told) => this.#tell(told),
      (error: unknown) => {
        const isExpected =
          error instanceof OrderExistsError ||
          (error instanceof Error && /closed|not in the journal/.test(error.message));
        if (!isExpected) this.#world.violate(`thrown: ${error}`);
      },
    );
  }

  async #tell(outcome: PaymentOutcome): Promise<void> {
    const world = this.#world;
    const record = this.isAlive ? await world.store.get('payment', outcome.out_trade_no) : undefined;
    if (world.step(this)) return;
    const isJournalled =
      record === undefined
        ? outcome.status === 'cancelled'
        : record.state === outcome.status || record.state === 'reversing' || outcome.status === 'reversing';
    if (!isJournalled) world.violate(`told ${outcome.status} while the journal says ${record?.state}`);
    world.sale(outcome.out_trade_no).told.push(outcome);
    if (world.step(this) || outcome.status === 'reversing' || world.random.chance(0.2)) return;
    await this.processor.acknowledge(outcome);
  }

  /** Its monotonic clock begins somewhere, and its waits end with it. */
  #clock(): Clock {
    const { clock, random } = this.#world;
    const offset = random.between(-1_000_000, 1_000_000);
    return {
      wall: () => clock.wall(),
      monotonic: () => clock.monotonic() + offset,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        if (!this.isAlive) await never();
      },
    };
  }

  /** Dies before or after a write. */
  #journal(): Journal {
    const world = this.#world;
    const { store } = world;
    const write = async (record: JournalRecord, how: () => Promise<void>): Promise<void> => {
      if (world.step(this)) return never();
      if (record.state === 'paid') this.writingPaid.add(record.id);
      await how();
      if (world.step(this)) return never();
    };
    return {
      create: (record) => write(record, () => store.create(record)),
      put: (record) => write(record, () => store.put(record)),
      get: (kind, id) => (this.isAlive ? store.get(kind, id) : never()),
      list: (filter) => store.list(filter),
      prune: (before) => store.prune(before),
      close: () => store.close(),
    };
  }

  /** Dies before a request, after it has left, or at its answer. */
  #client(): PaymentClient {
    const world = this.#world;
    const { gateway } = world;
    const request = async <T>(send: () => Promise<T>): Promise<T> => {
      if (world.step(this)) return never();
      const answer = send();
      answer.catch(() => undefined);
      if (world.step(this)) return never();
      try {
        const heard = await answer;
        return world.step(this) ? never<T>() : heard;
      } catch (error) {
        if (world.step(this)) return never();
        throw error;
      }
    };
    const pay = async ({ out_trade_no, total_fee }: { out_trade_no: string; total_fee: number }) => {
      const sale = world.sale(out_trade_no);
      const record = await world.store.get('payment', out_trade_no);
      return request(async () => {
        sale.requests += 1;
        sale.sentAt = world.clock.monotonic();
        if (record === undefined) world.violate('sent before it was journalled');
        const answer = await gateway.pay(out_trade_no, total_fee);
        if (this.isAlive && answer.result_code === 'FAIL' && /ORDERPAID|OUT_TRADE_NO_USED/.test(answer.err_code))
          sale.isKnownTaken = true;
        return answer;
      });
    };
    const number = ({ out_trade_no }: { out_trade_no?: string }): string => out_trade_no ?? '';
    const query = (order: { out_trade_no?: string }) => request(() => gateway.query(number(order)));
    const reverse = async (order: { out_trade_no?: string }) => {
      const sale = world.sale(number(order));
      const record = await world.store.get('payment', number(order));
      return request(() => {
        if (record?.state !== 'reversing') world.violate(`reversed while the journal says ${record?.state}`);
        if (sale.sentAt !== undefined && world.clock.monotonic() - sale.sentAt < world.notBefore)
          world.violate('reversed before notBefore');
        return gateway.reverse(number(order));
      });
    };
    return {
      identity: merchant,
      requestTimeout,
      micropay: pay,
      facepay: pay,
      orderquery: query,
      facepayquery: query,
      reverse,
      facepayreverse: reverse,
    };
  }
}

/** @returns What went wrong in the history of this seed; nothing, where all is well. */
export function simulate(seed: number, mutation: Mutation = {}): Promise<string[]> {
  return new World(seed, mutation).run();
}
