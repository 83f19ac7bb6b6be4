import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isDeepStrictEqual } from 'node:util';
import type { Journal, JournalRecord } from '../../../lib/journal/journal.js';
import { MemoryJournal } from '../../../lib/journal/memory-journal.js';
import type { PaymentOutcome } from '../../../lib/payment/decision/outcomes.js';
import { fromRecord } from '../../../lib/payment/record.js';
import type { Network, Traits, Witness } from './client.js';
import { SimulatedClock } from './clock.js';
import { Crashes } from './crashes.js';
import { SimulatedDisk } from './disk.js';
import { type Fate, fates, SimulatedGateway, type Span } from './gateway.js';
import type { History, Program } from './history.js';
import type { Mutation } from './mutation.js';
import { Random } from './random.js';
import { Refunding } from './refunding.js';
import { newSale, type Sale } from './sale.js';
import { anyPolicies, anyTraits, type Manners, ownTraits, type Policies } from './settings.js';
import { type Place, Stands } from './stands.js';
import { decidedAt, Till } from './till.js';
import { Verdict } from './verdict.js';
import { Watch } from './watch.js';

/*
 * One seed, one history: a till with the real machine, driver and processor, on a simulated clock, before a simulated
 * gateway, with its journal on a simulated disk, with faults of network, disk and clocks, a program that stands still, and
 * crashes at any step of the program or operation of the disk. After each the journal has what was told durable. At the end
 * the journal, the gateway's book and what the cashier was told are held against each other.
 */

type JournalFault = 'fails' | 'hangs' | 'is slow' | 'is stored, and fails' | 'is stored, and hangs';

const keyOf = ({ kind, id }: Pick<JournalRecord, 'kind' | 'id'>): string => `${kind} ${id}`;

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const channel = 'wxpay-face.payment.phase';
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
/** Whether the till of this seed pays by API v3, some from their first restart on. */
export const paysByV3 = (seed: number): boolean => seed % 2 === 0;
/** By which API a till pays, of a seed, without a draw. */
const apiOf = (seed: number, starts: number): Pick<Traits, 'api' | 'faceCodes'> => ({
  api: paysByV3(seed) && (seed % 5 !== 0 || starts > 1) ? 'v3' : 'v2',
  faceCodes: seed % 3 === 0 ? 'v2' : 'v3',
});

export class World implements History {
  readonly clock = new SimulatedClock(() => this.#till.isBusy);
  readonly random: Random;
  readonly network: Network;
  /** What the journal was told to have, or was found to have at a start. */
  readonly store = new MemoryJournal();
  readonly disk: SimulatedDisk;
  readonly #diskRandom: Random;
  /** Operations of the disk at which a crash may fall. */
  operations = 0;
  /** What the journal has of each number. */
  readonly states = new Map<string, string>();
  readonly sales: Sale[] = [];
  readonly violations: string[] = [];
  readonly policies: Policies;
  /** Undefined in most histories: these take a moment longer. */
  readonly refunding: Refunding | undefined;
  readonly journalTimeout: number;
  readonly hasJournalFaults: boolean;
  readonly notBefore: number;
  readonly settleAfter: number;
  readonly pollingTimeout: number;
  readonly #mutation: Mutation;
  readonly #watch = new Watch(this);
  readonly #verdict = new Verdict(this);
  readonly #seed: number;
  #starts = 0;
  readonly traits: Manners;
  readonly isOwnClient: boolean;
  /** The numbers whose record holds the request's time by the gateway's clock. */
  readonly dated = new Set<string>();
  readonly #aborts = new Map<string, AbortController>();
  readonly stands: Stands;
  readonly hasCertificateFaults: boolean;
  /** The till's clock may be wrong. */
  isMistimed = false;
  readonly isJumpy: boolean;
  readonly faults: number;
  #till: Till;
  readonly #crashes: Crashes;
  hasHandler: boolean;
  crashed = false;
  hasRestarted = false;
  #isEnding = false;
  isLast = false;

  /** @param crashAt The operation of the disk, from 1, at which the one crash happens. By default chance says. */
  constructor(seed: number, mutation: Mutation, crashAt?: number) {
    this.#seed = seed;
    this.random = new Random(seed);
    const { random } = this;
    // What the disk does changes nothing else in the history of a seed.
    this.#diskRandom = new Random(seed ^ 0x5bd1e995);
    this.disk = new SimulatedDisk(this.#diskRandom);
    this.#mutation = mutation;
    const refundRandom = refundRandomOf(seed);
    const isCalm = random.chance(0.12);
    this.#crashes = new Crashes(random, this.#diskRandom, isCalm, crashAt);
    this.isOwnClient = random.chance(0.6);
    this.traits = this.isOwnClient ? ownTraits : anyTraits(random);
    const { polling, reversal } = anyPolicies(random);
    this.notBefore = reversal.notBefore;
    this.settleAfter = reversal.settleAfter;
    this.pollingTimeout = polling.timeout;
    this.faults = isCalm || random.chance(0.2) ? 0 : random.next() * 0.7;
    const span = (probability: number, longest: number): Span | undefined => {
      if (isCalm || !random.chance(probability)) return undefined;
      const from = random.between(0, 60_000);
      return { from, until: from + random.between(0, longest) };
    };
    const forEver = random.chance(0.5) ? { from: 0, until: Number.POSITIVE_INFINITY } : undefined;
    const certificate = span(0.2, 2 * this.settleAfter) && (forEver ?? span(1, 2 * this.settleAfter));
    this.hasCertificateFaults = certificate !== undefined;
    const calmAt = random.between(0, 600_000);
    this.refunding = isRefunding(refundRandom) ? new Refunding(this, refundRandom, calmAt) : undefined;
    this.policies = { polling, reversal, ...(this.refunding !== undefined && { refund: this.refunding.policy }) };
    const gateway = new SimulatedGateway(this.clock, random, refundRandom, {
      faults: this.faults,
      calmAt,
      refundsCalmAt: this.refunding?.calmAt,
      certificate,
      limits: span(0.1, 3 * minute),
      clockError: random.chance(0.3) ? random.between(-hour, hour) : 0,
    });
    const { clock } = this;
    if (gateway.refunds !== undefined) gateway.refunds.onEnd = (refund) => this.refunding?.notify(refund);
    const hasPortal = this.faults > 0 && paysByV3(seed) && new Random(seed ^ 0x3c6ef372).chance(0.3);
    this.network = {
      clock,
      gateway,
      random,
      refundRandom,
      faults: this.faults,
      hasPortal,
      latest: this.settleAfter - 1,
    };
    this.hasJournalFaults = !isCalm && random.chance(0.2);
    this.journalTimeout = random.between(1_000, 20_000);
    this.stands = new Stands(random, isCalm);
    // A till's clock that is wrong from the beginning.
    if (random.chance(0.3)) {
      clock.jump(random.pick([10 * minute, 3 * hour, 365 * day]) * 2 * (random.next() - 0.5));
      this.isMistimed = true;
    }
    this.isJumpy = random.chance(0.3);
    this.isMistimed ||= this.isJumpy;
    this.hasHandler = random.chance(0.5);
    this.#till = this.#start();
  }

  violate(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  sale(out_trade_no: string): Sale {
    const sale = this.sales.find((each) => each.out_trade_no === out_trade_no);
    if (sale === undefined) throw new Error(`nobody sold ${out_trade_no}`);
    return sale;
  }

  /** Fen that may be given back of a sale. */
  refundable(out_trade_no: string): number {
    return this.sale(out_trade_no).total_fee;
  }

  /** Whether whoever asks is answered in time: no journal fails, no program stands still, and its client is ours. */
  get isPunctual(): boolean {
    return this.isOwnClient && !this.hasJournalFaults && !this.stands.areAny;
  }

  /** What the cashier does is heard when the program goes on. */
  click(ms: number, act: (till: Till) => void): void {
    this.clock.at(ms, () => {
      const till = this.#till;
      till.clock.hear(() => act(till));
    });
  }

  /** The till dies soon. */
  endanger(): void {
    if (!this.#isEnding && this.network.faults > 0) this.#crashes.hasten();
  }

  /** Goes by one step of the program; true where the till dies at it. */
  mayReverse(_program: Program, out_trade_no: string): boolean {
    return this.states.get(out_trade_no) === 'reversing';
  }

  step(till: Till): boolean {
    if (!till.isAlive) return true;
    if (!this.#diesAt('step', till)) return false;
    this.disk.crash();
    return true;
  }

  /** What befalls an operation of the till's disk. It never fails when the journal is opened: the till would not start. */
  befalls(till: Till, isOpen: boolean): 'crash' | 'failure' | undefined {
    if (!this.#isEnding) this.operations += 1;
    if (this.#diesAt('operation', till)) return 'crash';
    const mayFail = isOpen && this.hasJournalFaults && !this.network.gateway.isCalm();
    return mayFail && this.#diskRandom.chance(0.02) ? 'failure' : undefined;
  }

  #diesAt(what: 'step' | 'operation', till: Till): boolean {
    if (!this.#crashes.fallsOn(what)) return false;
    this.crashed = true;
    till.die();
    this.clock.at(this.random.between(0, this.random.chance(0.1) ? 8 * day : 600_000), () => this.#start());
    return true;
  }

  /** What was told durable is in the till's file, with at most the write that was under way. That is what is known from now on. */
  async read(file: Journal): Promise<void> {
    const found = new Map<string, JournalRecord>();
    for await (const record of file.list()) found.set(keyOf(record), record);
    for await (const record of this.store.list())
      if ((found.get(keyOf(record))?.revision ?? 0) < record.revision)
        this.violate(`the journal forgot ${record.state}`);
    for (const record of found.values()) {
      const { kind, id, revision, state } = record;
      const known = await this.store.get(kind, id);
      if (isDeepStrictEqual(record, known)) continue;
      if (revision !== (known?.revision ?? 0) + 1) {
        this.violate(`the journal has what was never written: ${state}`);
        continue;
      }
      await (known === undefined ? this.store.create(record) : this.store.put(record));
      this.refunding?.stored(record, 'found');
      if (kind === 'refund') continue;
      this.states.set(id, state);
      const sale = this.sale(id);
      if (sale.begun !== undefined) sale.created ??= sale.begun;
    }
  }

  /** The till's program stands still, if it is to do so there. */
  stand(till: Till, where: Place): void {
    if (!this.#isEnding) this.stands.stand(till.clock, where);
  }

  /** Whether the journal may be thought silent: it is, or the till stood still so little longer that nothing tells. */
  get mayBeSilent(): boolean {
    return this.hasJournalFaults || this.stands.mayPassFor(this.journalTimeout);
  }

  journalFault(): JournalFault | undefined {
    const { random } = this;
    if (!this.hasJournalFaults || this.network.gateway.isCalm() || !random.chance(0.25)) return undefined;
    return random.pick(['fails', 'hangs', 'is slow', 'is slow', 'is stored, and fails', 'is stored, and hangs']);
  }

  /** Until the next start. */
  hang(till: Till, out_trade_no: string): Promise<never> {
    const isPayingOnce = () =>
      this.sales.some((sale) => sale.out_trade_no === out_trade_no && sale.sells === 1) && till.isPaying(out_trade_no);
    // A refund() that hangs has the sale's pay() wait for it.
    if (isPayingOnce() && !this.stands.areAny && this.refunding === undefined)
      this.clock.at(this.journalTimeout + 1, () => {
        if (till.isAlive && isPayingOnce()) this.violate('a pay() waits for a journal that hangs');
      });
    this.crashed = true;
    this.clock.at(this.random.between(1_000, hour), () => void this.#restart(till));
    return never();
  }

  stored(till: Till, record: JournalRecord, isWell: boolean): void {
    const { kind, id, state, acknowledged } = record;
    this.refunding?.stored(record, isWell ? 'well' : 'somehow');
    if (kind === 'refund') return;
    this.states.set(id, state);
    const sale = this.sale(id);
    if (sale.isElsewhere && state === 'paid') return;
    if (acknowledged) {
      const revision = decidedAt(record);
      if (!sale.heard.has(revision)) this.violate(`acknowledged unheard: ${state}`);
      if (isWell) sale.acknowledged.add(revision);
    }
    const known = fromRecord(record);
    if (known?.facts.attention === 'certificate' && !acknowledged) this.#checkPatience(sale);
    if (known?.stored.requested.gateway !== undefined) this.dated.add(id);
    else if (sale.created?.till === till && till.knowsGatewayTime && !acknowledged && !this.hasJournalFaults)
      this.violate("the record lacks the request's time by the gateway's clock");
  }

  /** A refused certificate is put before a person no earlier than settleAfter after its first refusal in this run. */
  #checkPatience({ certificateSince }: Sale): void {
    if (certificateSince === undefined || this.clock.monotonic() - certificateSince < this.settleAfter - 1)
      this.violate('attention for a certificate too early');
  }

  told(till: Till, sale: Sale, { status, ...rest }: PaymentOutcome): void {
    const isOwn = this.isOwnClient && !this.crashed && !this.hasRestarted && !this.hasJournalFaults;
    if (isOwn && sale.isGivenUpUnsent && ['reversing', 'reversed', 'paid'].includes(status))
      this.violate(`told ${status} what was given up before it left`);
    if (status !== 'attention' || !('code' in rest) || rest.code !== 'certificate') return;
    if (this.isLast || this.random.chance(0.3)) return;
    this.clock.at(this.random.between(0, hour), () => {
      this.network.gateway.renewCertificate();
      if (till !== this.#till) return;
      till.clock.hear(() => {
        sale.isTakenUp = true;
        till.cancel(sale);
      });
    });
  }

  witness(till: Till): Witness {
    return this.#watch.witness(till);
  }

  #start(): Till {
    this.#starts += 1;
    const till = new Till(this, this.#mutation, { ...this.traits, ...apiOf(this.#seed, this.#starts) });
    this.#till = till;
    for (const sale of this.sales) delete sale.certificateSince;
    this.refunding?.begin();
    return till;
  }

  async run(): Promise<string[]> {
    const { random, clock } = this;
    for (let index = 0, count = random.between(1, 2); index < count; index += 1) this.#plan(`N${index}`);
    this.#planElsewhere();
    if (this.isJumpy) clock.at(random.between(0, 120_000), () => clock.jump(random.between(-10, 10) * 365 * day));
    if (random.chance(0.1)) clock.at(random.between(0, 120_000), () => void this.#restart());
    clock.at(random.between(0, 120_000), () => this.stand(this.#till, 'any'));
    const isAborting = this.sales.some(({ abortAt }) => abortAt?.where === 'channel');
    if (isAborting) subscribe(channel, this.#onProgress);
    // A history that ends waits for no more than some hundred timers; three crashes take no more than 24 days.
    const most = this.refunding === undefined ? 3_000 : 6_000;
    let waits = 0;
    const isEndless = () => {
      waits += 1;
      return waits > most;
    };
    await clock.run(isEndless, 30 * day);
    if (isAborting) unsubscribe(channel, this.#onProgress);
    if (waits > most) this.violate('unfinished for ever');
    this.#crashes.end();
    this.#isEnding = true;
    await this.#verdict.finished();
    if (this.hasHandler && this.#till.isAlive) await this.#verdict.told();
    await this.#restart();
    await this.#tellTheRest();
    for (const sale of this.sales) await this.#verdict.sale(sale);
    this.refunding?.check(this.network.gateway);
    await this.#verdict.bill();
    return this.violations;
  }

  #plan(out_trade_no: string): void {
    const { random } = this;
    const where = random.weighted([
      ['nowhere', 8],
      ['progress', 1],
      ['channel', 1],
      ['client', 1],
    ] as const);
    const { refunding } = this;
    const [total_fee, drawn] = [random.between(1, 1_000), random.pick(['micropay', 'facepay'] as const)];
    // Else few payments would go by API v3.
    const rail = paysByV3(this.#seed) ? 'micropay' : drawn;
    const fate = random.weighted<Fate>(fates);
    const sale = newSale({ out_trade_no, total_fee, rail, fate: refunding?.fateOf(fate) ?? fate, isElsewhere: false });
    if (where !== 'nowhere') sale.abortAt = { where, step: random.between(1, 8) };
    this.sales.push(sale);
    refunding?.plan(sale);
    const age = random.pick([minute / 4, 3 * minute, 2 * hour, 30 * day]) * (1 + random.next());
    this.network.gateway.expect(out_trade_no, sale.total_fee, sale.fate, age);
    const abort = new AbortController();
    this.#aborts.set(out_trade_no, abort);
    const click = (ms: number, act: (till: Till) => void) => this.click(ms, act);
    const sell = (till: Till) => till.sell(sale, abort);
    click(random.between(0, 5_000), (till) => {
      sell(till);
      if (random.chance(0.1)) sell(till);
    });
    if (random.chance(0.2)) click(random.between(0, random.pick([7_000, 60_000])), (till) => till.abort(sale, abort));
    if (random.chance(0.25)) click(random.between(0, 200_000), (till) => till.cancel(sale));
    if (random.chance(0.2)) click(random.between(0, 200_000), (till) => till.settled(sale));
    // A cashier who tries the same number again.
    if (random.chance(0.1)) click(random.between(1_000, 100_000), sell);
  }

  /** A sale that the journal doesn't know is refunded here, now and then. */
  #planElsewhere(): void {
    const { refunding } = this;
    const sold = refunding?.elsewhere();
    if (refunding === undefined || sold === undefined) return;
    const sale = newSale({ ...sold, rail: 'micropay', fate: 'paid', isElsewhere: true });
    this.sales.push(sale);
    this.network.gateway.sellElsewhere(sale.out_trade_no, sale.total_fee, sold.age);
    refunding.plan(sale);
  }

  readonly #onProgress = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('out_trade_no' in message)) return;
    const sale = this.sales.find((each) => each.out_trade_no === message.out_trade_no);
    if (sale?.abortAt?.where === 'channel' && this.random.chance(0.3)) this.abortNow(this.#till, sale);
  };

  abortNow(till: Till, sale: Sale): void {
    const abort = this.#aborts.get(sale.out_trade_no);
    if (abort && !abort.signal.aborted) till.abort(sale, abort);
  }

  restart(): void {
    void this.#restart();
  }

  /** @param which Only if that is the till which runs. */
  async #restart(which: Till = this.#till): Promise<void> {
    const till = this.#till;
    if (!till.isAlive || which !== till) return;
    await till.clock.awake();
    // A write that fails is not tried again after close().
    if (this.hasJournalFaults) this.crashed = true;
    let isClosed = false;
    const closed = till.stop().then((wasAlive) => {
      isClosed = true;
      return wasAlive;
    });
    this.clock.at(this.journalTimeout + 1, () => {
      if (!isClosed && till.isAlive && !this.stands.areAny) this.violate('close() waits for a journal that hangs');
    });
    if (this.#isEnding) {
      await this.clock.run(() => isClosed, 2 * this.journalTimeout);
      return;
    }
    this.hasRestarted = true;
    if (await closed) this.#start();
  }

  /** A last, quiet start: whatever was not told yet is told now. */
  async #tellTheRest(): Promise<void> {
    this.isLast = true;
    if (this.#till.isAlive) {
      this.#till.die();
      this.disk.crash();
    }
    const till = this.#start();
    await this.clock.run(undefined, day);
    await this.#verdict.finished();
    await this.refunding?.checkRead(till);
    till.die();
  }
}

const refundRandomOf = (seed: number): Random => new Random(seed ^ 0x2c1b3c6d);
const isRefunding = (random: Random): boolean => random.chance(0.3);

/** Whether the history of this seed has refunds. */
export const hasRefunds = (seed: number): boolean => isRefunding(refundRandomOf(seed));

/** @returns What went wrong in the history of this seed; nothing, where all is well. */
export function simulate(seed: number, mutation: Mutation = {}): Promise<string[]> {
  return new World(seed, mutation).run();
}

/** A history without a crash, then the same that dies at each operation of the disk in turn. */
export async function crashEverywhere(seed: number): Promise<{ crashes: number; violations: string[] }> {
  const whole = new World(seed, {}, Number.POSITIVE_INFINITY);
  const violations = await whole.run();
  for (let crashAt = 1; crashAt <= whole.operations; crashAt += 1) {
    const found = await new World(seed, {}, crashAt).run();
    violations.push(...found.map((each) => `crash at ${crashAt}: ${each}`));
  }
  return { crashes: whole.operations, violations };
}
