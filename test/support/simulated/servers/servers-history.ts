import type { Journal, JournalFilter, JournalRecord } from '../../../../lib/journal/journal.js';
import { keyOf } from '../../../../lib/journal/journal.js';
import type { RefundParams } from '../../../../lib/pay/refund-types.js';
import type { PaymentOutcome } from '../../../../lib/payment/decision/outcomes.js';
import type { RefundOutcome } from '../../../../lib/payment/decision/refund/outcomes.js';
import { fromRecord } from '../../../../lib/payment/record.js';
import type { Network, Traits, Witness } from '../client.js';
import { SimulatedClock } from '../clock.js';
import { type Fate, fates, SimulatedGateway, type Span } from '../gateway.js';
import type { History, Program } from '../history.js';
import type { Mutation } from '../mutation.js';
import { Random } from '../random.js';
import { isFinalRefund, type Refund, Refunding } from '../refunding.js';
import { newSale, type Sale } from '../sale.js';
import { anyPolicies, anyTraits, ownTraits, type Policies } from '../settings.js';
import { decidedAt, isFinal, secret } from '../till.js';
import { Verdict } from '../verdict.js';
import { Watch } from '../watch.js';
import { type Row, SharedDatabase, type Watcher } from './database.js';
import type { Answer } from './front.js';
import type { Disturbance, StatementFate } from './line.js';
import type { Rule } from './rules.js';
import { Server } from './server.js';
import { Attempt, isExpected, type Reply } from './terminal.js';

/*
 * One seed, one history: two to four servers, each with the real processor, on one simulated database, before the simulated gateway;
 * terminals that ask whichever server answers. Servers die and stand still at any step, lines to the database lose statements and
 * answers, the database stops. At the end the database, the gateway's book and what the terminals were told are held against each other.
 */

/** A deliberate mistake: of payments, or a rule that is left out. */
export type ServersMutation = Mutation & { readonly without?: Rule };

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

/** How one server is disturbed: its line to the database is cut in these spans. */
interface Place {
  readonly wallError: number;
  readonly cuts: readonly Span[];
  server: Server | undefined;
}

const isWithin = (spans: readonly Span[], now: number): boolean =>
  spans.some(({ from, until }) => now >= from && now < until);

export class ServersHistory implements History, Disturbance, Watcher {
  readonly clock = new SimulatedClock();
  readonly random: Random;
  readonly network: Network;
  readonly database: SharedDatabase;
  readonly store: Journal;
  readonly states = new Map<string, string>();
  readonly sales: Sale[] = [];
  readonly violations: string[] = [];
  readonly policies: Policies;
  readonly refunding: Refunding | undefined;
  readonly traits: Traits;
  readonly isOwnClient: boolean;
  /** Of servers, milliseconds. */
  readonly lease: number;
  readonly journalTimeout: number;
  readonly notBefore: number;
  readonly settleAfter: number;
  readonly pollingTimeout: number;
  readonly faults: number;
  readonly isMistimed: boolean;
  readonly isJumpy: boolean;
  readonly dated = new Set<string>();
  readonly secret = secret;
  readonly without: Rule | undefined;
  // Whoever asks is never sure to be answered in time, and any number may be another server's by now.
  readonly hasJournalFaults = true;
  readonly hasCertificateFaults = false;
  readonly isPunctual = false;
  readonly hasRestarted = true;
  crashed = false;
  isLast = false;
  readonly stands: History['stands'];
  readonly #mutation: ServersMutation;
  readonly #watch: Watch;
  readonly #places: Place[] = [];
  readonly #servers = new Map<string, Server>();
  readonly #attempts: Attempt[] = [];
  /** The phases that were stored, by record and the revision at which each was decided. */
  readonly #decided = new Map<string, string>();
  readonly #refundParams = new Map<string, RefundParams>();
  /** Sales whose cancel() was answered. */
  readonly #cancelled = new Set<string>();
  /** When nothing befalls servers and their lines any more. */
  readonly #calmAt: number;
  #troubleUntil: number;
  readonly #away: readonly Span[];
  /** Share of statements that go wrong. */
  readonly #statementFaults: number;
  #crashesLeft: number;
  #freezesLeft: number;
  #stepsLeft = 0;
  #stood = 0;
  #writes = 0;
  #starts = 0;
  /** What was asked for, and has not happened yet. */
  #pending = 0;

  constructor(seed: number, mutation: ServersMutation) {
    const random = new Random(seed ^ 0x3c6ef372);
    const refundRandom = new Random(seed ^ 0x1b873593);
    this.random = random;
    this.#mutation = mutation;
    this.without = mutation.without;
    this.database = new SharedDatabase(this.without, this);
    this.store = readOnly(this.database);
    this.#watch = new Watch(this);
    const isCalm = random.chance(0.08);
    this.isOwnClient = random.chance(0.85);
    this.traits = {
      ...(this.isOwnClient ? ownTraits : { ...anyTraits(random), asks: true, heeds: true }),
      api: 'v2',
      faceCodes: 'v2',
    };
    this.lease = random.pick([3, 5, 8, 12, 15, 20]) * second;
    this.journalTimeout = random.between(2_000, 15_000);
    const { polling, reversal } = anyPolicies(random);
    this.notBefore = reversal.notBefore;
    this.settleAfter = this.lease + 2 * minute + random.between(0, minute);
    this.pollingTimeout = polling.timeout;
    this.#calmAt = random.between(20_000, 200_000);
    this.#troubleUntil = this.#calmAt;
    this.faults = isCalm || random.chance(0.3) ? 0 : random.next() * 0.5;
    this.refunding = refundRandom.chance(0.25) ? new Refunding(this, refundRandom, this.#calmAt) : undefined;
    this.policies = {
      polling,
      reversal: { ...reversal, settleAfter: this.settleAfter, mode: 'background' },
      ...(this.refunding !== undefined && { refund: this.refunding.policy }),
    };
    const gateway = new SimulatedGateway(this.clock, random, refundRandom, {
      faults: this.faults,
      calmAt: random.between(0, 300_000),
      refundsCalmAt: this.refunding?.calmAt,
      certificate: undefined,
      limits: !isCalm && random.chance(0.05) ? { from: random.between(0, minute), until: 2 * minute } : undefined,
      clockError: random.chance(0.3) ? random.between(-hour, hour) : 0,
    });
    if (gateway.refunds !== undefined) gateway.refunds.onEnd = (refund) => this.refunding?.notify(refund);
    const { clock, faults, settleAfter } = this;
    this.network = { clock, gateway, random, refundRandom, faults, latest: settleAfter - 1, hasPortal: false };
    const isDisturbed = !isCalm && random.chance(0.7);
    const span = (longest: number): Span => {
      const from = random.between(0, this.#calmAt);
      return { from, until: Math.min(this.#calmAt, from + random.between(0, longest)) };
    };
    const spans = (count: number) =>
      Array.from({ length: isDisturbed ? count : 0 }, () =>
        span(random.pick([second, 2 * this.lease, 4 * this.lease])),
      );
    this.#away = spans(
      random.weighted([
        [0, 5],
        [1, 3],
        [2, 1],
      ]),
    );
    this.#statementFaults = isDisturbed && random.chance(0.6) ? random.next() * 0.3 : 0;
    this.#crashesLeft = isCalm
      ? 0
      : random.weighted([
          [0, 3],
          [1, 4],
          [2, 2],
          [4, 1],
        ]);
    this.#freezesLeft = isCalm
      ? 0
      : random.weighted([
          [0, 4],
          [1, 3],
          [2, 2],
          [4, 1],
        ]);
    this.isJumpy = !isCalm && random.chance(0.15);
    const isSuspendable = !this.isJumpy && random.chance(0.3);
    const history = this;
    this.stands = {
      areAny: this.#freezesLeft > 0,
      isSuspendable,
      get stood() {
        return history.#stood;
      },
      isAhead: () => false,
    };
    const isWrong = random.chance(0.4);
    this.isMistimed = isWrong || this.isJumpy;
    for (let count = random.between(2, 4); count > 0; count -= 1) {
      const wallError = isWrong
        ? Math.round(random.pick([second, 10 * minute, 3 * hour, 365 * day]) * 2 * (random.next() - 0.5))
        : 0;
      this.#places.push({
        wallError,
        cuts: spans(
          random.weighted([
            [0, 5],
            [1, 2],
            [2, 1],
          ]),
        ),
        server: undefined,
      });
    }
    this.#planSteps();
    for (const place of this.#places) this.#start(place);
  }

  violate(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  sale(out_trade_no: string): Sale {
    const sale = this.sales.find((each) => each.out_trade_no === out_trade_no);
    if (sale === undefined) throw new Error(`nobody sold ${out_trade_no}`);
    return sale;
  }

  refundable(out_trade_no: string): number {
    return this.sale(out_trade_no).total_fee;
  }

  decidedAt(out_trade_no: string): number {
    const row = this.database.row({ kind: 'payment', id: out_trade_no });
    return row === undefined ? 0 : decidedAt(row.record);
  }

  attemptOf(out_trade_no: string): unknown {
    return Object(this.database.row({ kind: 'payment', id: out_trade_no })?.record.data.note).attempt;
  }

  nextWrite(): number {
    this.#writes += 1;
    return this.#writes;
  }

  /** For how long a lease is asked for: where nothing can happen any more, for long. */
  get askedLease(): number {
    return this.clock.monotonic() > this.#troubleUntil + 3 * this.lease + minute ? 30 * day : this.lease;
  }

  // The lines to the database.

  isAway(server: Server): boolean {
    const now = this.clock.monotonic();
    const cuts = this.#places.find((place) => place.server === server)?.cuts ?? [];
    if (isWithin(cuts, now)) {
      server.troubledAt = now;
      return true;
    }
    return isWithin(this.#away, now);
  }

  statementFate(server: Server): StatementFate {
    const { random } = this;
    if (this.clock.monotonic() >= this.#calmAt || !random.chance(this.#statementFaults)) return 'done';
    server.troubledAt = this.clock.monotonic();
    return random.pick([
      'is slow',
      'is slow',
      'is refused',
      'is lost',
      'loses its answer',
      'loses its answer',
      'comes late',
    ]);
  }

  /** A server may die or stand still at any step. */
  passes(server: Server): boolean {
    if (!server.isAlive) return true;
    if (this.clock.monotonic() >= this.#calmAt || this.#crashesLeft + this.#freezesLeft === 0) return false;
    this.#stepsLeft -= 1;
    if (this.#stepsLeft > 0) return false;
    this.#planSteps();
    if (this.random.between(1, this.#crashesLeft + this.#freezesLeft) <= this.#crashesLeft) {
      this.#crashesLeft -= 1;
      this.#kill(server);
      return true;
    }
    this.#freezesLeft -= 1;
    this.#freeze(server);
    return false;
  }

  step(program: Program): boolean {
    return program instanceof Server ? this.passes(program) : false;
  }

  stand(): void {}

  abortNow(): void {}

  /** A payment is about to be written down. */
  beginning(_server: Server): void {
    if (this.random.chance(0.5)) this.endanger();
  }

  endanger(): void {
    this.#stepsLeft = Math.min(this.#stepsLeft, this.random.between(1, 14));
  }

  notify(owner: string): void {
    const server = this.#servers.get(owner);
    if (server === undefined || this.random.chance(0.4)) return;
    this.clock.at(this.random.between(1, 200), () =>
      server.clock.hear(() => void server.journal.poll().catch(() => undefined)),
    );
  }

  // What is seen of the database.

  changed({ record }: Row, before: Row | undefined, by: string): void {
    const { kind, id, state, revision, acknowledged } = record;
    const isTombstone = kind === 'payment' && Object.keys(record.data).length === 0;
    if (before !== undefined && record !== before.record && revision !== before.record.revision + 1)
      this.violate('a write was undone');
    const isWritten = before !== undefined && record.data !== before.record.data;
    if (isWritten && !before.record.finished && before.owner !== by)
      this.violate('written by a server that has not got it');
    if (before?.isGivenUp && !before.record.finished && state === 'paid')
      this.violate('paid was written over a cancel()');
    if (before === undefined || record !== before.record) this.#decide(record);
    if (kind === 'refund') {
      if (before?.record !== record) this.refunding?.stored(record, 'well');
      return;
    }
    this.states.set(id, state);
    this.refunding?.stored(record, 'well');
    if (isTombstone) return;
    const sale = this.sale(id);
    if (before === undefined && !sale.isElsewhere) {
      const begun = this.#servers.get(by)?.begun.get(id);
      if (begun !== undefined) sale.created = begun;
    }
    if (acknowledged && !before?.record.acknowledged && !sale.heard.has(decidedAt(record)) && !sale.isElsewhere)
      this.violate(`acknowledged unheard: ${state}`);
    if (fromRecord(record)?.stored.requested.gateway !== undefined) this.dated.add(id);
  }

  /** One phase a revision: whoever is told of a revision is told the same. */
  #decide(record: JournalRecord): void {
    const name = `${keyOf(record)} ${decidedAt(record)}`;
    const known = this.#decided.get(name);
    if (known !== undefined && known !== record.state)
      this.violate(`two phases of one revision: ${known}, ${record.state}`);
    this.#decided.set(name, record.state);
  }

  wasStored = (kind: JournalRecord['kind'], id: string, revision: number, state: string): boolean =>
    this.#decided.get(`${keyOf({ kind, id })} ${revision}`) === state;

  claimed(from: string, _by: string): void {
    const server = this.#servers.get(from);
    if (server === undefined || !server.isAlive || server.isClosing) return;
    if (server.journal.lease.isGood) this.violate('claimed from one whose lease is good');
    const now = this.clock.monotonic();
    // For so long that every lease was over.
    const absences = this.#away.filter(({ from, until }) => until <= now && until - from > this.lease);
    const back = Math.max(0, ...absences.map(({ until }) => until));
    if (back > 0 && server.clock.isAwake && server.troubledAt < back && now - back < this.lease)
      this.violate('claimed from a living one because the database was away');
  }

  witness(server: Server): Witness {
    const watch = this.#watch.witness(server);
    return {
      ...watch,
      refunding: (params) => void this.#refundParams.set(params.out_refund_no, params),
      left: (kind, number) => {
        if (kind === 'pay' || kind === 'refund') this.#moving(server, kind, number);
        watch.left(kind, number);
      },
    };
  }

  /** Money is about to be moved, and not by a reversal. */
  #moving(server: Server, kind: 'pay' | 'refund', id: string): void {
    const row = this.database.row({ kind: kind === 'pay' ? 'payment' : 'refund', id });
    if (row === undefined || row.record.finished || row.owner !== server.owner)
      this.violate(`${kind} was sent by a server that has not got it`);
    const params = kind === 'refund' ? this.#refundParams.get(id) : undefined;
    if (params !== undefined) this.refunding?.refunding(server, params);
  }

  mayReverse(program: Program, out_trade_no: string): boolean {
    const state = this.states.get(out_trade_no);
    if (state === 'reversing') return true;
    // One that has lost it to another, which has ended it: a reversal of what is given up changes nothing.
    const row = this.database.row({ kind: 'payment', id: out_trade_no });
    const isLost = program instanceof Server && row?.owner !== program.owner;
    return isLost && state !== 'paid' && isFinal(state);
  }

  // Servers.

  #start(place: Place): void {
    this.#starts += 1;
    this.#troubleUntil = Math.max(this.#troubleUntil, this.clock.monotonic());
    const server = new Server(this, `S${this.#starts}`, place.wallError, this.#mutation);
    place.server = server;
    this.#servers.set(server.owner, server);
  }

  #planSteps(): void {
    this.#stepsLeft = this.random.between(1, this.random.pick([20, 100, 400]));
  }

  #place(server: Server): Place | undefined {
    return this.#places.find((place) => place.server === server);
  }

  #kill(server: Server): void {
    this.crashed = true;
    this.#checkTakeOver(server);
    this.#giveUpSoon(server);
    server.die();
    this.#startLater(server);
  }

  #startLater(server: Server): void {
    const place = this.#place(server);
    if (place === undefined) return;
    const { random } = this;
    this.clock.at(random.between(0, random.pick([second, minute, 10 * minute])), () => this.#start(place));
  }

  #freeze(server: Server): void {
    const { random, lease } = this;
    const ms = random.weighted([
      [random.between(1, 2_000), 2],
      [random.between(1_000, lease), 2],
      [random.between(lease, 3 * lease), 4],
      [random.between(minute, 5 * minute), 1],
    ]);
    this.#stood += ms;
    this.crashed = true;
    this.#giveUpSoon(server);
    server.clock.stand(ms, this.stands.isSuspendable && random.chance(0.5));
    server.troubledAt = this.clock.monotonic() + ms;
    this.#troubleUntil = Math.max(this.#troubleUntil, server.troubledAt);
  }

  /** While nobody drives what this one has, a cashier grows impatient. */
  #giveUpSoon({ owner }: Server): void {
    for (const { kind, id } of this.database.ownOf(owner)) {
      const attempt = this.#attempts.find(({ sale }) => sale.out_trade_no === id);
      if (kind !== 'payment' || attempt === undefined || !this.random.chance(0.3)) continue;
      this.#later(this.random.between(0, 1.5 * this.lease), () => void this.#cancel(attempt));
    }
  }

  /** What a dead server had is another's within the lease and a few seconds, if nothing is amiss but its death. */
  #checkTakeOver(dead: Server): void {
    const isQuiet =
      this.#away.length === 0 && this.#statementFaults === 0 && this.#places.every(({ cuts }) => cuts.length === 0);
    if (!isQuiet || this.stands.areAny || this.isJumpy) return;
    const [now, names] = [this.clock.monotonic(), this.database.ownOf(dead.owner)];
    this.clock.at(1.25 * this.lease + 2 * second, () => {
      const isAnyAlive = [...this.#servers.values()].some(
        (each) => each.isAlive && !each.isClosing && each.startedAt <= now,
      );
      if (!isAnyAlive) return;
      for (const name of names) {
        const row = this.database.row(name);
        if (row?.owner === dead.owner && !row.record.finished)
          this.violate('what a dead server had was not taken up in time');
      }
    });
  }

  restart(): void {
    const server = this.#anyServer();
    if (server === undefined || server.isClosing) return;
    this.crashed = true;
    this.#troubleUntil = Math.max(this.#troubleUntil, this.clock.monotonic() + this.lease);
    void server.stop().then(() => this.#startLater(server));
    // close() of a frozen program ends nothing.
    this.clock.at(minute, () => {
      if (!server.isAlive) return;
      server.die();
      this.#startLater(server);
    });
  }

  #anyServer(): Server | undefined {
    const alive = this.#places.flatMap(({ server }) => (server?.isAlive && !server.isClosing ? [server] : []));
    return alive.length === 0 ? undefined : this.random.pick(alive);
  }

  // Terminals, and their lines to the servers.

  click(ms: number, act: (program: Program) => void): void {
    this.#later(ms, () => {
      const server = this.#anyServer();
      if (server !== undefined) server.clock.hear(() => act(server));
    });
  }

  #later(ms: number, act: () => void): void {
    this.#pending += 1;
    this.clock.at(ms, () => {
      this.#pending -= 1;
      act();
    });
  }

  /** Undefined if no answer comes. @param wait Milliseconds that the server may take. */
  request(wait: number, ask: (server: Server) => Promise<Answer>): Promise<Reply> {
    const { clock, random } = this;
    const isCalm = clock.monotonic() >= this.#calmAt;
    const latency = () => random.between(1, !isCalm && random.chance(0.1) ? 10_000 : 60);
    const { server } = random.pick(this.#places);
    return new Promise((resolve) => {
      clock.at(wait + 10_000, () => resolve(undefined));
      if (!server?.isAlive || server.isClosing) return void clock.at(10, () => resolve(undefined));
      if (!isCalm && random.chance(0.1)) return;
      clock.at(latency(), () =>
        server.clock.hear(() => {
          const reply = (what: Reply) => {
            if (isCalm || random.chance(0.9)) clock.at(latency(), () => resolve(what));
          };
          ask(server).then(
            (answer) => {
              if (server.isAlive) reply({ answer });
            },
            (error: unknown) => {
              if (!server.isAlive) return;
              if (!isExpected(error)) this.violate(`thrown: ${error}`);
              reply({ error });
            },
          );
        }),
      );
    });
  }

  /** A server's work for somebody: it may fail only as servers may. */
  expect(server: Server, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (server.isAlive && !isExpected(error)) this.violate(`thrown: ${error}`);
    });
  }

  /** Gives a sale up at this server. */
  async cancelAt(server: Server, sale: Sale): Promise<Answer> {
    sale.isCancelled = true;
    const answer = await server.front
      .cancel(sale.out_trade_no, this.random.pick([0, 5_000, 20_000]))
      .catch((error: unknown) => {
        if (server.isAlive && !isExpected(error)) this.violate(`thrown: ${error}`);
        throw error;
      });
    if (!server.isAlive) return new Promise(() => undefined);
    this.#cancelled.add(sale.out_trade_no);
    if (answer !== 'pending' && answer.status === 'paid') this.violate('a cancel() was answered that it is paid');
    return answer;
  }

  told(sale: Sale, outcome: PaymentOutcome): void {
    const { status, revision, out_trade_no } = outcome;
    if (revision === undefined || !this.wasStored('payment', out_trade_no, revision, status))
      this.violate(`told ${status}, which was not stored`);
    sale.told.push(outcome);
  }

  tellRefund(server: Server, refund: Refund, outcome: RefundOutcome): void {
    if (!server.isAlive) return;
    this.refunding?.told(server, refund, outcome);
    if (!isFinalRefund(outcome.status)) return;
    refund.heard.add(outcome.revision ?? 0);
    if (this.random.chance(0.7))
      this.click(this.random.between(0, minute), (program) =>
        this.expect(server, program.processor.acknowledge(outcome)),
      );
  }

  // The history.

  async run(): Promise<string[]> {
    const { random, clock } = this;
    for (let index = 0, count = random.between(1, 3); index < count; index += 1) this.#plan(`N${index}`);
    this.#planElsewhere();
    if (this.isJumpy)
      for (const place of this.#places)
        clock.at(random.between(0, this.#calmAt), () =>
          place.server?.clock.jump(random.pick([minute, hour, 365 * day]) * 2 * (random.next() - 0.5)),
        );
    if (random.chance(0.2)) clock.at(random.between(0, this.#calmAt), () => this.restart());
    let waits = 0;
    const most = this.refunding === undefined ? 20_000 : 60_000;
    const isOver = () => {
      waits += 1;
      if (waits > most) return true;
      const isQuiet = this.#pending === 0 && this.database.unfinished === 0;
      return isQuiet && this.#attempts.every((attempt) => attempt.isOver) && clock.monotonic() > this.#troubleUntil;
    };
    // What was asked for last may be on its way into the database.
    do {
      await clock.run(isOver, 20 * day);
      if (waits <= most) await clock.run(undefined, 5 * minute);
    } while (waits <= most && clock.monotonic() < 20 * day && !isOver());
    if (waits > most) this.violate('unfinished for ever');
    this.isLast = true;
    await this.#lastLooks();
    await this.#judge();
    return this.violations;
  }

  #plan(out_trade_no: string): void {
    const { random, refunding } = this;
    const [total_fee, rail] = [random.between(1, 1_000), random.pick(['micropay', 'facepay'] as const)];
    const fate = random.weighted<Fate>(fates);
    const sale = newSale({ out_trade_no, total_fee, rail, fate: refunding?.fateOf(fate) ?? fate, isElsewhere: false });
    this.sales.push(sale);
    refunding?.plan(sale);
    this.network.gateway.expect(
      out_trade_no,
      total_fee,
      sale.fate,
      random.pick([minute, 2 * hour, 30 * day]) * (1 + random.next()),
    );
    const begin = (ms: number, key: string) => {
      const attempt = new Attempt(this, sale, key);
      this.#attempts.push(attempt);
      this.#later(ms, () => void attempt.sell());
      return attempt;
    };
    const at = random.between(0, random.pick([2_000, minute]));
    const attempt = begin(at, `${out_trade_no}-1`);
    // A cashier who sells the number once more, by another code.
    if (random.chance(0.15)) begin(at + random.between(0, random.pick([100, 5_000, 2 * minute])), `${out_trade_no}-2`);
    const cancels = random.weighted([
      [0, 5],
      [1, 4],
      [2, 1],
    ]);
    for (let index = 0; index < cancels; index += 1)
      this.#later(random.between(0, at + random.pick([500, 10_000, 2 * minute])), () => void this.#cancel(attempt));
  }

  /** The cashier gives it up, until somebody says that it's written down. */
  async #cancel(attempt: Attempt): Promise<void> {
    for (let tries = 0; tries < 5; tries += 1) {
      const reply = await this.request(20_000, (server) => this.cancelAt(server, attempt.sale));
      if (reply === undefined || 'error' in reply) continue;
      if (reply.answer !== 'pending') attempt.hear(reply.answer);
      return;
    }
  }

  #planElsewhere(): void {
    const { refunding } = this;
    const sold = refunding?.elsewhere();
    if (refunding === undefined || sold === undefined) return;
    const sale = newSale({ ...sold, rail: 'micropay', fate: 'paid', isElsewhere: true });
    this.sales.push(sale);
    this.network.gateway.sellElsewhere(sale.out_trade_no, sale.total_fee, sold.age);
    refunding.plan(sale);
  }

  /** Whoever was told nothing yet asks now. */
  async #lastLooks(): Promise<void> {
    for (let place = this.#places.length; place > 0 && this.#anyServer() === undefined; place -= 1)
      await this.clock.run(undefined, 10 * minute);
    const server = this.#anyServer();
    if (server === undefined) return this.violate('no server lives');
    for (const sale of this.sales) {
      const outcome = await this.clock.until(server.processor.outcome(sale.out_trade_no));
      if (outcome !== undefined) this.told(sale, outcome);
      for (const refund of await this.clock.until(server.processor.refunds(sale.out_trade_no))) {
        const asked = this.refunding?.find(refund.out_refund_no);
        if (asked !== undefined && isFinalRefund(refund.status)) asked.told.push(refund);
      }
    }
  }

  async #judge(): Promise<void> {
    const verdict = new Verdict(this);
    await verdict.finished();
    for (const { believed, highest, sale } of this.#attempts) {
      const record = this.database.row({ kind: 'payment', id: sale.out_trade_no })?.record;
      // Who has heard of the end believes it, whatever came after it.
      if (record !== undefined && highest === decidedAt(record) && believed?.status !== record.state)
        this.violate(`a terminal believes ${believed?.status}, and was told ${record.state}`);
    }
    for (const sale of this.sales) {
      // They come from several servers, in any order.
      sale.told.sort((one, other) => (one.revision ?? 0) - (other.revision ?? 0));
      await verdict.sale(sale);
      if (this.#cancelled.has(sale.out_trade_no) && this.states.get(sale.out_trade_no) === 'paid')
        this.violate('paid, though a cancel() was answered');
    }
    for (const { told } of this.refunding?.refunds ?? [])
      told.sort((one, other) => (one.revision ?? 0) - (other.revision ?? 0));
    this.refunding?.check(this.network.gateway);
    await verdict.bill();
  }
}

/** What is in the database, for whoever only looks. */
function readOnly(database: SharedDatabase): Journal {
  const refuse = () => Promise.reject(new Error('nobody writes here'));
  return {
    get: async (kind, id) => database.row({ kind, id })?.record,
    list: async function* (filter?: JournalFilter) {
      yield* [...database.list(filter)];
    },
    create: refuse,
    put: refuse,
    prune: refuse,
    close: refuse,
  };
}

/** @returns What went wrong in the history of this seed; nothing, where all is well. */
export function simulateServers(seed: number, mutation: ServersMutation = {}): Promise<string[]> {
  return new ServersHistory(seed, mutation).run();
}
