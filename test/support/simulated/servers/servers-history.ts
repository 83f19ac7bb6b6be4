import { type Journal, type JournalFilter, type JournalRecord, keyOf } from '../../../../lib/journal/journal.js';
import type { RefundParams } from '../../../../lib/pay/refund.js';
import type { PaymentOutcome } from '../../../../lib/payment/decision/outcomes.js';
import type { RefundOutcome } from '../../../../lib/payment/decision/refund/outcomes.js';
import { fromRecord, isGivenUp } from '../../../../lib/payment/record.js';
import { dayOf } from '../../../../lib/simulator/beijing.js';
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
import { type Asking, type Row, SharedDatabase, type Watcher } from './database.js';
import type { Answer } from './front.js';
import type { Disturbance, StatementFate } from './line.js';
import type { Rule } from './rules.js';
import { type Branch, type Machine, Server } from './server.js';
import { Attempt, isExpected, isUnknown, type Reply } from './terminal.js';

/*
 * One seed, one history: two to four servers, each with the real processor, on one simulated database, before the simulated gateway;
 * terminals that ask whichever server answers. Servers die and stand still at any step, lines to the database lose statements and
 * answers, the database stops. At the end the database, the gateway's book and what the terminals were told are held against each other.
 */

/** A deliberate mistake: of payments, or a rule that is left out. */
export type ServersMutation = Mutation & { readonly without?: Rule };

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

/** A machine, and how it is disturbed: its line to the database is cut in these spans. */
interface Place {
  machine: Machine;
  readonly cuts: readonly Span[];
  server: Server | undefined;
}

/** Sub-merchants of one mch_id, whose numbers are one. */
const merchants = ['A', 'B'] as const;
/** Milliseconds for which a machine stands still with both of its clocks: a code lives no longer, nor does a connection. */
const longestPause = 90_000;
/** Milliseconds over which calls are counted. */
const countedFor = 20_000;

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
  /** Calls a second of the merchant number, if it has a limit. */
  readonly quota: number | undefined;
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
  /** All that were ever stored, also what a restore has taken back. */
  readonly #wereStored = new Set<string>();
  readonly #refundParams = new Map<string, RefundParams>();
  /** Sales whose cancel() was answered. */
  readonly #cancelled = new Set<string>();
  /** What each owner has lost to another. */
  readonly #lostOnce = new Set<string>();
  /** What a restore has taken back, wholly or in part, and whether it goes on. */
  readonly #lost = new Map<string, boolean>();
  /** Numbers that another shop tries to sell as well. */
  readonly #merchants = new Map<string, string>();
  /** When calls left, lately. */
  #left: number[] = [];
  /** When what a server may know of the others' number was last disturbed. */
  #unevenAt = 0;
  #outdatedAt = Number.POSITIVE_INFINITY;
  /** When nothing befalls servers and their lines any more. */
  readonly #calmAt: number;
  #troubleUntil: number;
  readonly #away: readonly Span[];
  /** Whether both clocks of a machine may stand still with it. */
  readonly #isPausable: boolean;
  readonly #isQuiet: boolean;
  /** Share of what is on its way between terminals and servers for long. */
  readonly #slowAnswers: number;
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
      // What is on its way to the gateway when its server is lost has to have an end.
      ...(this.isOwnClient ? ownTraits : { ...anyTraits(random), isBounded: true, asks: true, heeds: true }),
      api: random.chance(0.3) ? 'v3' : 'v2',
      faceCodes: random.pick(['v2', 'v3']),
    };
    this.quota = random.chance(0.1) ? 0.3 + 0.5 * random.next() : undefined;
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
    this.#isQuiet = !isDisturbed || (this.#away.length === 0 && this.#statementFaults === 0);
    this.#slowAnswers = random.pick([0.1, 0.1, 0.5]);
    this.#isPausable = !isCalm && random.chance(0.1);
    this.isJumpy = !isCalm && (this.#isPausable || random.chance(0.15));
    const isSuspendable = this.#isPausable || (!this.isJumpy && random.chance(0.3));
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
    const slowness =
      !isCalm && random.chance(0.15) ? { rate: 0.85 + 0.15 * random.next(), until: this.#calmAt } : undefined;
    const hasBranch = random.chance(0.3);
    const count = random.between(2, 4);
    const isUpgraded = !isCalm && random.chance(0.15);
    for (let index = 0; index < count; index += 1) {
      const wallError = isWrong
        ? Math.round(random.pick([second, 10 * minute, 3 * hour, 365 * day]) * 2 * (random.next() - 0.5))
        : 0;
      this.#places.push({
        machine: {
          wallError,
          slowness: random.chance(0.5) ? slowness : undefined,
          version: isUpgraded && random.chance(0.8) ? 1 : 2,
          // One has all of them.
          merchants: new Set(!hasBranch || (index > 0 && random.chance(0.3)) ? ['A'] : merchants),
        },
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

  /** Whether a restore has taken something of it back. */
  isLost = (out_trade_no: string): boolean => this.#lost.has(out_trade_no);

  attemptOf(out_trade_no: string): unknown {
    return Object(this.database.row({ kind: 'payment', id: out_trade_no })?.record.data.note).attempt;
  }

  /** Whose sale it is: where two shops want the number, whose came first. */
  merchantOf = (out_trade_no: string): string => {
    const row = this.database.row({ kind: 'payment', id: out_trade_no });
    return row?.merchant ?? this.#merchants.get(out_trade_no) ?? 'A';
  };

  get era(): number {
    return this.database.era;
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
    if (server.standsNext) {
      server.standsNext = false;
      this.#freeze(server, this.random.between(this.lease, 3 * this.lease));
      return false;
    }
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
  beginning(server: Server): void {
    if (this.random.chance(0.5)) this.endanger();
    if (this.stands.areAny && this.random.chance(0.1))
      this.clock.at(this.random.between(1, 2_000), () => {
        if (this.clock.monotonic() < this.#calmAt)
          this.#freeze(server, this.random.between(this.lease, 2 * this.lease));
      });
  }

  endanger(): void {
    this.#stepsLeft = Math.min(this.#stepsLeft, this.random.between(1, 14));
  }

  notify(owner: string): void {
    const server = this.#servers.get(owner);
    if (server === undefined || this.random.chance(0.4)) return;
    this.clock.at(this.random.between(1, 200), () =>
      server.clock.hear(() => void server.care.poll().catch(() => undefined)),
    );
  }

  // What is seen of the database.

  changed({ record, isGivenUp: isFlagged }: Row, before: Row | undefined, by: string): void {
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
    if (isFlagged && before !== undefined && !before.isGivenUp) this.#checkHeard(record, before.owner);
    if (kind === 'refund') {
      if (before?.record !== record) this.refunding?.stored(record, 'well');
      return;
    }
    this.states.set(id, state);
    this.refunding?.stored(record, 'well');
    if (before === undefined && this.database.lostSales.has(id)) this.violate('what only the bills have was taken');
    if (isTombstone) return;
    const sale = this.sale(id);
    if (before === undefined && !sale.isElsewhere) {
      const begun = this.#servers.get(by)?.begun.get(id);
      if (begun !== undefined) sale.created = begun;
      if (begun?.hadLease === false && !record.finished) this.violate('begun without a good lease');
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
    this.#wereStored.add(`${name} ${record.state}`);
  }

  wasStored = (kind: JournalRecord['kind'], id: string, revision: number, state: string): boolean =>
    this.#wereStored.has(`${keyOf({ kind, id })} ${revision} ${state}`);

  /** An owner hears of a cancel() with its next renewal, if it was not called. */
  #checkHeard({ id }: JournalRecord, owner: string): void {
    const server = this.#servers.get(owner);
    if (!this.#isUndisturbed || server === undefined || server.isClosing || !server.isAlive) return;
    // By then they hold leases that need no renewal for long.
    if (this.askedLease > this.lease) return;
    const look = () => this.database.row({ kind: 'payment', id });
    this.clock.at(0.3 * this.lease + 4 * second, () => {
      const row = look();
      if (row === undefined || row.owner !== owner || row.record.finished) return;
      // One that can't read the tables any more renews no lease, and loses it.
      if (!server.isAlive || server.isClosing || this.database.readableFrom > server.machine.version) return;
      if (!isGivenUp(row.record)) this.violate('a cancel() was not heard in time');
    });
  }

  /** Nothing befalls the database, its lines, and the clocks. */
  get #isUndisturbed(): boolean {
    const isSlow = this.#places.some(({ machine }) => machine.slowness !== undefined);
    const isCut = this.#places.some(({ cuts }) => cuts.length > 0);
    return this.#isQuiet && !isCut && !isSlow && !this.stands.areAny && !this.isJumpy;
  }

  claimed({ record, owner, schema, merchant }: Row, by: Asking): void {
    // What its owner heard, and could not write down, is lost with it.
    if (record.kind === 'payment' && Object.keys(record.data).length > 0) this.sale(record.id).isKnownTaken = false;
    this.#lostOnce.add(`${owner} ${keyOf(record)}`);
    if (schema > by.version) this.violate('claimed what its schema is not known of');
    if (!by.merchants.has(merchant)) this.violate('claimed for a merchant that it has not');
    const claimer = this.#servers.get(by.owner);
    if (claimer !== undefined && this.clock.monotonic() < this.#calmAt && this.stands.areAny)
      claimer.standsNext ||= this.random.chance(0.1);
    const server = this.#servers.get(owner);
    if (server === undefined || !server.isAlive || server.isClosing || server.isBlind) return;
    if (server.care.lease.isGood) this.violate('claimed from one whose lease is good');
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
        this.#count();
        watch.left(kind, number);
        // Of what leaves when nobody could expect it no other server can know.
        if (kind === 'pay' && server.isBlind) delete this.sale(number).leftAt;
      },
      called: (kind, number) => {
        watch.called(kind, number);
        if (kind === 'pay' && server.isBlind) delete this.sale(number).calledAt;
      },
    };
  }

  /** Money is about to be moved, and not by a reversal. */
  #moving(server: Server, kind: 'pay' | 'refund', id: string): void {
    const row = this.database.row({ kind: kind === 'pay' ? 'payment' : 'refund', id });
    const isIts = row !== undefined && !row.record.finished && row.owner === server.owner;
    // One whose clocks stood still with it can't know: there the code's life counts, and the record's revision.
    if (!isIts && !server.isBlind) this.violate(`${kind} was sent by a server that has not got it`);
    const isOutdated = this.database.readableFrom > server.machine.version;
    if (isOutdated && !server.isBlind && this.clock.monotonic() > this.#outdatedAt + 1.3 * this.lease)
      this.violate(`${kind} was sent by a server that can not read the tables`);
    const params = kind === 'refund' ? this.#refundParams.get(id) : undefined;
    // A run from before it was lost, and claimed back, may send the same number again.
    const wasLost = this.#lostOnce.has(`${server.owner} refund ${id}`);
    if (params !== undefined && !wasLost && !server.isBlind) this.refunding?.refunding(server, params);
  }

  /** All servers together call no more often than the merchant number may, once each knows how many they are. */
  #count(): void {
    if (this.quota === undefined || !this.#isUndisturbed) return;
    const now = this.clock.monotonic();
    this.#left = [...this.#left.filter((at) => now - at < countedFor), now];
    // One that can't read the tables any more, and counts as dead, asks on for what it has.
    const { readableFrom } = this.database;
    if (this.#places.some(({ server }) => server?.isAlive && server.machine.version < readableFrom))
      this.#unevenAt = now;
    const isEven = now - countedFor > this.#unevenAt + this.lease / 2;
    // Each may have had one due.
    if (isEven && this.#left.length > (this.quota * countedFor) / second + this.#places.length + 1)
      this.violate('more calls than the merchant number may make');
  }

  mayReverse(program: Program, out_trade_no: string): boolean {
    const state = this.states.get(out_trade_no);
    if (state === 'reversing') return true;
    if (!(program instanceof Server) || state === 'paid' || !isFinal(state)) return false;
    // Another, or its own write of which it hears later, has ended it: a reversal of what is given up changes nothing.
    const name = { kind: 'payment', id: out_trade_no } as const;
    return this.database.row(name)?.owner !== program.owner || program.isWriting(name);
  }

  // Servers.

  #start(place: Place): void {
    this.#starts += 1;
    this.#troubleUntil = Math.max(this.#troubleUntil, this.clock.monotonic());
    this.#unevenAt = this.clock.monotonic();
    const server = new Server(this, `S${this.#starts}`, place.machine, this.#mutation);
    place.server = server;
    // It may have died at its first step.
    if (!server.isAlive) this.#startLater(server);
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

  #freeze(server: Server, length?: number): void {
    const { random, lease } = this;
    if (!server.isAlive || !server.clock.isAwake) return;
    const isPaused = this.#isPausable && random.chance(0.6);
    const drawn = random.weighted([
      [random.between(1, 2_000), 2],
      [random.between(1_000, lease), 2],
      [random.between(lease, 3 * lease), 4],
      [random.between(minute, 5 * minute), 1],
    ]);
    const ms = Math.min(length ?? drawn, isPaused ? longestPause : 5 * minute);
    this.#stood += ms;
    this.crashed = true;
    this.#giveUpSoon(server);
    server.clock.stand(ms, isPaused || (this.stands.isSuspendable && random.chance(0.5)));
    if (isPaused) {
      server.clock.jump(-ms);
      server.isBlind = true;
    }
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
    if (!this.#isUndisturbed) return;
    const [now, names] = [this.clock.monotonic(), this.database.ownOf(dead.owner)];
    this.clock.at(1.25 * this.lease + 2 * second, () => {
      const alive = [...this.#servers.values()].filter(
        ({ isAlive, isClosing, startedAt }) => isAlive && !isClosing && startedAt <= now,
      );
      for (const name of names) {
        const row = this.database.row(name);
        if (row?.owner !== dead.owner || row.record.finished) continue;
        const { readableFrom } = this.database;
        const isAnybodys = alive.some(
          ({ machine: { version, merchants: known } }) =>
            version >= row.schema && version >= readableFrom && known.has(row.merchant),
        );
        if (isAnybodys) this.violate('what a dead server had was not taken up in time');
      }
    });
  }

  restart(server = this.#anyServer()): void {
    if (server === undefined || server.isClosing || !server.isAlive) return;
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

  #anyServer(merchant = 'A'): Server | undefined {
    const alive = this.#places.flatMap(({ server }) =>
      server?.isAlive && !server.isClosing && server.of(merchant) !== undefined ? [server] : [],
    );
    return alive.length === 0 ? undefined : this.random.pick(alive);
  }

  /** Whether no server lives that has this merchant, though there is one. */
  #isMissing(merchant: string): boolean {
    return (
      this.#places.some(({ machine }) => machine.merchants.has(merchant)) && this.#anyServer(merchant) === undefined
    );
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
  request(merchant: string, wait: number, ask: (server: Server, branch: Branch) => Promise<Answer>): Promise<Reply> {
    const { clock, random } = this;
    const isCalm = clock.monotonic() >= this.#calmAt;
    const latency = () => random.between(1, !isCalm && random.chance(this.#slowAnswers) ? 10_000 : 60);
    const { server } = random.pick(this.#places);
    return new Promise((resolve) => {
      clock.at(wait + 10_000, () => resolve(undefined));
      const branch = server?.of(merchant);
      if (!server?.isAlive || server.isClosing || branch === undefined)
        return void clock.at(10, () => resolve(undefined));
      if (!isCalm && random.chance(0.1)) return;
      clock.at(latency(), () =>
        server.clock.hear(() => {
          const reply = (what: Reply) => {
            if (isCalm || random.chance(0.9)) clock.at(latency(), () => resolve(what));
          };
          ask(server, branch).then(
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
  async cancelAt(server: Server, { front }: Branch, sale: Sale): Promise<Answer> {
    sale.isCancelled = true;
    const answer = await front
      .cancel(sale.out_trade_no, this.random.pick([0, 5_000, 20_000]))
      .catch((error: unknown) => {
        if (server.isAlive && this.era === 0 && isUnknown(error) && !this.#isKnown(sale.out_trade_no))
          this.violate('a cancel() of a number that has not come was refused');
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
        this.expect(server, this.#acknowledge(program, refund, outcome)),
      );
  }

  async #acknowledge(program: Program, { out_trade_no }: Refund, outcome: RefundOutcome): Promise<void> {
    if (program instanceof Server) await program.for(out_trade_no)?.processor.acknowledge(outcome);
  }

  // The history.

  async run(): Promise<string[]> {
    const { random, clock } = this;
    const sales = random.between(1, 3) + (this.quota === undefined ? 0 : 6);
    for (let index = 0; index < sales; index += 1) this.#plan(`N${index}`);
    this.#planElsewhere();
    if (this.isJumpy && !this.#isPausable)
      for (const place of this.#places)
        clock.at(random.between(0, this.#calmAt), () =>
          place.server?.clock.jump(random.pick([minute, hour, 365 * day]) * 2 * (random.next() - 0.5)),
        );
    if (random.chance(0.2)) clock.at(random.between(0, this.#calmAt), () => this.restart());
    let most = this.refunding === undefined ? 20_000 : 60_000;
    this.#planStands();
    this.#planUpgrade();
    if (this.refunding === undefined && random.chance(0.1)) {
      this.#planRestore();
      most = 60_000;
    }
    let waits = 0;
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
    const drawn = random.pick(['micropay', 'facepay'] as const);
    const [total_fee, rail] = [random.between(1, 1_000), this.traits.api === 'v3' ? 'micropay' : drawn];
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
    const merchant = this.#places.some(({ machine }) => machine.merchants.has('B')) ? random.pick(merchants) : 'A';
    this.#merchants.set(out_trade_no, merchant);
    const at = random.between(0, random.pick([2_000, minute, this.quota === undefined ? minute : 20_000]));
    const attempt = this.#begin(sale, `${out_trade_no}-1`, at);
    // A cashier who sells the number once more, by another code.
    if (random.chance(0.15))
      this.#begin(sale, `${out_trade_no}-2`, at + random.between(0, random.pick([100, 5_000, 2 * minute])));
    // Another shop of the same mch_id, whose till counts as this one does.
    if (merchant === 'B' && random.chance(0.3))
      this.#begin(sale, `${out_trade_no}-of A`, at + random.between(-500, 2_000), 'A');
    const cancels = random.weighted([
      [0, 5],
      [1, 4],
      [2, 1],
    ]);
    for (let index = 0; index < cancels; index += 1)
      this.#later(random.between(0, at + random.pick([500, 10_000, 2 * minute])), () => void this.#cancel(attempt));
  }

  /** @param ms Until then. @param merchant Default: whose it is. */
  #begin(sale: Sale, key: string, ms: number, merchant = this.#merchants.get(sale.out_trade_no) ?? 'A'): Attempt {
    const attempt = new Attempt(this, sale, { key, merchant });
    this.#attempts.push(attempt);
    this.#later(ms, () => void attempt.sell());
    return attempt;
  }

  /** The cashier gives it up, until somebody says that it's written down. */
  async #cancel(attempt: Attempt): Promise<void> {
    for (let tries = 0; tries < 5; tries += 1) {
      const reply = await this.request(attempt.merchant, 20_000, (server, branch) =>
        this.cancelAt(server, branch, attempt.sale),
      );
      if (reply === undefined || 'error' in reply) continue;
      if (reply.answer !== 'pending') attempt.hear(reply.answer);
      return;
    }
  }

  /** At any moment, and for short, as a collection of garbage takes. */
  #planStands(): void {
    const { random, clock } = this;
    if (!this.stands.areAny) return;
    const someone = () => this.#anyServer();
    for (let left = random.between(0, 2); left > 0; left -= 1)
      clock.at(random.between(0, this.#calmAt), () => {
        const server = someone();
        if (server !== undefined) this.#freeze(server);
      });
    for (let left = random.pick([0, 0, 5]); left > 0; left -= 1)
      clock.at(random.between(0, this.#calmAt), () => {
        const server = someone();
        if (server !== undefined) this.#freeze(server, random.between(10, 800));
      });
  }

  /** Machine by machine, a newer program; the tables are changed so that the older can't read them, perhaps before the last has gone. */
  #planUpgrade(): void {
    const { random, clock } = this;
    const older = this.#places.filter(({ machine }) => machine.version === 1);
    if (older.length === 0) return;
    this.#troubleUntil = Math.max(this.#troubleUntil, this.#calmAt + minute);
    for (const place of older)
      clock.at(random.between(this.#calmAt / 4, this.#calmAt + minute), () => {
        place.machine = { ...place.machine, version: 2 };
        if (place.server !== undefined) this.restart(place.server);
      });
    clock.at(random.between(0, this.#calmAt), () => {
      this.database.readableFrom = 2;
      this.#outdatedAt = clock.monotonic();
    });
  }

  /** All servers end, and the database is put back to an older moment. */
  #planRestore(): void {
    const { random, clock } = this;
    const at = random.between(5_000, this.#calmAt);
    const reconciledAt = at + 20 * minute;
    const since = dayOf(clock.real());
    this.#troubleUntil = Math.max(this.#troubleUntil, reconciledAt);
    clock.at(random.between(at - 60_000, at), () => {
      const copy = this.database.copy();
      clock.at(Math.max(0, at - clock.monotonic()), () => {
        for (const { server } of this.#places) if (server?.isAlive) this.#kill(server);
        this.#forget(this.database.restore(copy));
      });
    });
    clock.at(reconciledAt, () => {
      this.#reconcile(since);
      this.database.isRestored = false;
    });
  }

  /**
   * The bills from this day on tell which of the lost numbers were sold: they stay refused. Of the others nothing has come, and nothing
   * will: they are as new. Some are sold once more, or given up.
   */
  #reconcile(since: string): void {
    const { random } = this;
    const { book } = this.network.gateway;
    for (const { out_trade_no, charged, paidAt } of book.values())
      if (charged > 0 && dayOf(paidAt) >= since && !this.#isKnown(out_trade_no))
        this.database.lostSales.add(out_trade_no);
    for (const id of this.#lost.keys()) {
      if (this.#isKnown(id)) continue;
      const sale = this.sale(id);
      if (!this.database.lostSales.has(id)) {
        sale.requests = 0;
        this.#lost.set(id, true);
      }
      if (random.chance(0.5)) continue;
      const attempt = this.#begin(sale, `${id}-${random.pick([1, 'again'])}`, random.between(0, minute));
      if (random.chance(0.5)) this.#later(random.between(0, minute), () => void this.#cancel(attempt));
    }
  }

  #isKnown(out_trade_no: string): boolean {
    return this.database.row({ kind: 'payment', id: out_trade_no }) !== undefined;
  }

  #forget(lost: readonly Row[]): void {
    for (const { record } of lost) {
      const { id } = record;
      const left = this.database.row({ kind: 'payment', id });
      if (left === undefined || fromRecord(left.record)?.stored.requested.gateway === undefined) this.dated.delete(id);
      this.#lost.set(id, left?.record.finished === false);
      if (left === undefined) this.states.delete(id);
      else this.states.set(id, left.record.state);
      for (const name of [...this.#decided.keys()])
        if (name.startsWith(`${keyOf(record)} `)) this.#decided.delete(name);
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
    for (const merchant of merchants)
      for (let place = 5 * this.#places.length; place > 0 && this.#isMissing(merchant); place -= 1)
        await this.clock.run(undefined, 10 * minute);
    for (const sale of this.sales) {
      const { out_trade_no } = sale;
      const branch = this.#anyServer(this.merchantOf(out_trade_no))?.for(out_trade_no);
      if (branch === undefined) return this.violate('no server lives that has the merchant');
      const { processor } = branch;
      const outcome = await this.clock.until(processor.outcome(out_trade_no));
      if (outcome !== undefined) this.told(sale, outcome);
      for (const refund of await this.clock.until(processor.refunds(out_trade_no))) {
        const asked = this.refunding?.find(refund.out_refund_no);
        if (asked !== undefined && isFinalRefund(refund.status)) asked.told.push(refund);
      }
      const isPaid = outcome?.status === 'paid' && this.refunding === undefined && !this.#lost.has(out_trade_no);
      if (isPaid && this.random.chance(0.1)) await this.#giveUpLate(sale);
    }
  }

  /** Long after it was paid, at whichever server. */
  async #giveUpLate(sale: Sale): Promise<void> {
    const server = this.#anyServer(this.merchantOf(sale.out_trade_no));
    const branch = server?.for(sale.out_trade_no);
    if (server === undefined || branch === undefined) return;
    let isAnswered = false;
    this.cancelAt(server, branch, sale).then(
      (answer) => {
        isAnswered = true;
        if (answer !== 'pending') this.told(sale, answer);
      },
      () => undefined,
    );
    await this.clock.run(() => isAnswered && this.database.unfinished === 0, 2 * day);
    if (!isAnswered) return this.violate('a cancel() was never answered');
    const outcome = await this.clock.until(branch.processor.outcome(sale.out_trade_no));
    if (outcome !== undefined) this.told(sale, outcome);
  }

  async #judge(): Promise<void> {
    const verdict = new Verdict(this);
    await verdict.finished();
    for (const { believed, highest, sale } of this.#attempts) {
      const record = this.database.row({ kind: 'payment', id: sale.out_trade_no })?.record;
      if (this.#lost.has(sale.out_trade_no)) continue;
      if ((believed?.revision ?? 0) < highest)
        this.violate('a terminal believes what was decided before what it was told');
      // Who has heard of the end believes it, whatever came after it.
      if (record !== undefined && highest === decidedAt(record) && believed?.status !== record.state)
        this.violate(`a terminal believes ${believed?.status}, and was told ${record.state}`);
    }
    for (const sale of this.sales) {
      // They come from several servers, in any order.
      sale.told.sort((one, other) => (one.revision ?? 0) - (other.revision ?? 0));
      if (this.#lost.has(sale.out_trade_no)) {
        this.#judgeLost(sale);
        continue;
      }
      await verdict.sale(sale);
      if (this.#cancelled.has(sale.out_trade_no) && this.states.get(sale.out_trade_no) === 'paid')
        this.violate('paid, though a cancel() was answered');
    }
    for (const { told } of this.refunding?.refunds ?? [])
      told.sort((one, other) => (one.revision ?? 0) - (other.revision ?? 0));
    this.refunding?.check(this.network.gateway);
    await verdict.bill();
  }

  /**
   * Of what a restore has taken back nobody can say what was told. No money moves twice, and what goes on ends as it is at the
   * gateway; of all else the bill shows what differs.
   */
  #judgeLost({ out_trade_no, total_fee, requests, fate }: Sale): void {
    if (requests > 1) this.violate('two payment requests for one order');
    if (!this.#lost.get(out_trade_no)) return;
    const { gateway } = this.network;
    const entry = gateway.book.get(out_trade_no);
    const state = this.states.get(out_trade_no);
    if (state === undefined || state === 'attention' || entry?.isStrangers) return;
    const net = entry === undefined ? 0 : gateway.kept(entry);
    const owed = state === 'paid' && fate !== 'refunded by hand' ? total_fee : 0;
    if (net !== owed) this.violate(`restored as ${state}, charged ${net}`);
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
