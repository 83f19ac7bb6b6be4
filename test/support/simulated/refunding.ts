import { isDeepStrictEqual } from 'node:util';
import { OrderExistsError } from '../../../lib/journal/errors.js';
import type { JournalRecord } from '../../../lib/journal/journal.js';
import { PayProtocolError } from '../../../lib/pay/errors.js';
import type { RefundParams } from '../../../lib/pay/refund.js';
import { troubleOf } from '../../../lib/pay/trouble.js';
import type { RefundOutcome } from '../../../lib/payment/decision/refund/outcomes.js';
import type { RefundPolicy } from '../../../lib/payment/decision/refund/policy.js';
import { isReleased, mostRefunds, type ReservedRefund } from '../../../lib/payment/decision/refund/rules.js';
import { OrderUnknownError, RefundRefusedError } from '../../../lib/payment/errors.js';
import { fromRecord } from '../../../lib/payment/record.js';
import { knownRefund } from '../../../lib/payment/refund/record.js';
import { reservedOutcome } from '../../../lib/payment/refund/reserved.js';
import type { Fate, Kind, SimulatedGateway } from './gateway.js';
import type { History, Program } from './history.js';
import type { Random } from './random.js';
import { type MadeRefund, type RefundFate, refundFates } from './refund-book.js';

/*
 * What the tills of a history give back: planned, watched while it's sent and told, and held against the gateway's book at the
 * end.
 */

export interface Refund {
  readonly out_refund_no: string;
  readonly out_trade_no: string;
  readonly refund_fee: number;
  /** Of a sale that another program made. */
  readonly total_fee?: number;
  readonly fate: RefundFate;
  readonly told: RefundOutcome[];
  readonly heard: Set<number>;
  readonly acknowledged: Set<number>;
  last: { readonly revision: number; readonly at: number };
  /** Calls of refund(). */
  asks: number;
  /** What was sent first. */
  sent?: RefundParams;
  /** Since when, in this run of the till, the certificate is refused, or everything. */
  certificateSince?: number;
  refusedSince?: number;
  /** The same, of requests that are answered with codes that nobody has listed. */
  unlistedSince?: number;
  /** It was answered so, once. */
  isUnlisted?: true;
}

/** What the gateway answers, and docs/facts.md#refunds doesn't list. */
const unlisted: ReadonlySet<unknown> = new Set([
  'RULE_LIMIT_2031',
  'REFUND_FEE_MISMATCH',
  'INVALID_REQUEST',
  'TRADE_STATE_ERROR',
]);

/** A sale that can be refunded. */
export interface Refundable {
  readonly out_trade_no: string;
  readonly total_fee: number;
  /** Another program made it, so that the journal doesn't know it. */
  readonly isElsewhere: boolean;
}

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
/** Milliseconds that one takes longer than another until its first byte leaves. */
const connecting = 60;
/** That one takes longer than another between its reservation and its request, on a shared database. */
const writing = 30_000;
/** Milliseconds after which refund() has resolved. */
const patient = 15_000;

export const isFinalRefund = (status: string): boolean =>
  status === 'refunded' || status === 'refused' || status === 'failed' || status === 'attention';

export class Refunding {
  readonly policy: RefundPolicy;
  readonly refunds: Refund[] = [];
  /** The journal's records of refunds. */
  readonly records = new Map<string, JournalRecord>();
  /** What the journal's records of sales have of refunds. */
  readonly #reserved = new Map<string, readonly ReservedRefund[]>();
  /** When a refund of each sale was sent last, and by which run of the till. */
  readonly #sentLast = new Map<
    string,
    { readonly out_refund_no: string; readonly at: number; readonly till: Program }
  >();
  /** When a refund of each sale was sent for the first time, the last one. */
  readonly #sentFirst = new Map<string, { readonly at: number; readonly isLate: boolean }>();
  readonly #world: History;
  readonly #random: Random;
  /** Until when what is about refunds goes wrong. */
  readonly calmAt: number;

  constructor(world: History, random: Random, calmAt: number) {
    this.#world = world;
    this.#random = random;
    this.calmAt = Math.max(calmAt, random.pick([calmAt, 2 * hour, day]));
    const initial = random.between(1_000, 120_000);
    this.policy = {
      firstQuery: random.between(0, 5 * minute),
      backoff: {
        initial,
        factor: 1.5 + 2 * random.next(),
        maximum: random.between(hour, 12 * hour),
        jitter: random.next(),
      },
    };
  }

  /** A till may be armed to die soon, since a refund is about to be asked for. */
  get isDangerous(): boolean {
    return this.#random.chance(0.3);
  }

  /** More of the sales are paid here than elsewhere: of the others there is nothing to refund. */
  fateOf(fate: Fate): Fate {
    return this.#random.chance(0.7) ? 'paid' : fate;
  }

  /** A sale of another program, if there is one. `age`: milliseconds since it was paid. */
  elsewhere(): { out_trade_no: string; total_fee: number; age: number } | undefined {
    const random = this.#random;
    if (!random.chance(0.25)) return undefined;
    const age = random.pick([hour, 30 * day, random.chance(0.2) ? 400 * day : 200 * day]);
    return { out_trade_no: 'X0', total_fee: random.between(1, 1_000), age };
  }

  find(out_refund_no: string): Refund | undefined {
    return this.refunds.find((each) => each.out_refund_no === out_refund_no);
  }

  plan(sale: Refundable): void {
    const random = this.#random;
    const { out_trade_no, total_fee } = sale;
    let at = 0;
    for (let index = 0, count = random.pick([1, 1, 2, 2, 3]); index < count; index += 1) {
      // Two numbers at once, now and then.
      if (index === 0 || random.chance(0.6))
        at += random.weighted([
          [random.between(0, 100_000), 3],
          [random.between(0, 20 * minute), 3],
          [random.between(0, 5 * hour), 2],
          [random.between(0, 3 * day), 2],
        ]);
      this.#planOne(sale, `R${index}-${out_trade_no}`, at);
    }
    const gateway = this.#world.network.gateway;
    if (random.chance(0.1))
      this.#world.clock.at(random.between(0, at + hour), () => {
        const entry = gateway.book.get(out_trade_no);
        if (entry === undefined || entry.isStrangers) return;
        const refund_fee = random.chance(0.5) ? total_fee : random.between(1, total_fee);
        if (gateway.refunds?.refundElsewhere(entry, `E-${out_trade_no}`, refund_fee))
          gateway.puzzling.add(out_trade_no);
      });
    // One sale in fifty, by its amount: so that the other histories are by their seeds what they were.
    if (total_fee > mostRefunds && total_fee % 50 === 0) this.#planMany(sale);
  }

  /** More than the gateway takes, fen by fen. */
  #planMany(sale: Refundable): void {
    for (let index = 0; index < mostRefunds + 2; index += 1) {
      const refund = this.#expect(sale, `M${index}-${sale.out_trade_no}`, 1, 'given back', false);
      this.#world.click(this.#random.between(0, hour), (till) => till.refund(refund));
    }
  }

  #planOne(sale: Refundable, out_refund_no: string, at: number): void {
    const random = this.#random;
    const { out_trade_no, total_fee } = sale;
    const part = random.between(1, random.chance(0.7) ? Math.max(1, Math.floor(total_fee / 2)) : total_fee);
    const isLate = this.#world.network.faults > 0 && random.chance(0.2);
    const fate = isLate && random.chance(0.4) ? 'refused at first' : random.weighted<RefundFate>(refundFates);
    const refund_fee = random.chance(0.25) ? total_fee : part;
    const refund = this.#expect(sale, out_refund_no, refund_fee, fate, isLate);
    const click = (ms: number, act: (till: Program) => void) => this.#world.click(ms, act);
    const ask = (till: Program) => till.refund(refund);
    click(at, (till) => {
      if (this.isDangerous) this.#world.endanger();
      ask(till);
      if (random.chance(0.15)) ask(till);
    });
    // A cashier who tries again: the same, another amount.
    if (random.chance(0.3)) click(at + random.between(0, random.pick([20_000, 10 * minute, day])), ask);
    if (random.chance(0.05))
      click(at + random.between(0, hour), (till) => till.refund({ ...refund, refund_fee: refund.refund_fee + 1 }));
    if (random.chance(0.2))
      click(at + random.between(0, random.pick([minute, hour])), (till) => till.giveUp(out_trade_no));
    if (random.chance(0.15)) click(at + random.between(0, hour), (till) => till.followRefund(out_refund_no));
    if (random.chance(0.15)) click(at + random.between(0, day), (till) => till.notice(out_refund_no));
    if (random.chance(0.15)) this.#world.clock.at(at + random.between(0, 2 * hour), () => this.#world.restart());
  }

  /** @param isLate Its first request lies somewhere before it arrives. */
  #expect(
    { out_trade_no, total_fee, isElsewhere }: Refundable,
    out_refund_no: string,
    refund_fee: number,
    fate: RefundFate,
    isLate: boolean,
  ): Refund {
    const refund: Refund = {
      out_refund_no,
      out_trade_no,
      refund_fee,
      ...(isElsewhere && { total_fee: this.#random.chance(0.9) ? total_fee : total_fee + 1 }),
      fate,
      told: [],
      heard: new Set(),
      acknowledged: new Set(),
      last: { revision: 0, at: 0 },
      asks: 0,
    };
    this.refunds.push(refund);
    this.#world.network.gateway.refunds?.expect(out_refund_no, refund_fee, fate, isLate);
    return refund;
  }

  /** The gateway tells of an end, perhaps twice, perhaps never. */
  notify({ out_refund_no }: MadeRefund): void {
    for (let left = this.#random.pick([0, 1, 2]); left > 0; left -= 1)
      this.#world.click(this.#random.between(0, minute), (till) => till.notice(out_refund_no));
  }

  /** Another run of the till begins. */
  begin(): void {
    for (const refund of this.refunds) {
      delete refund.certificateSince;
      delete refund.refusedSince;
      delete refund.unlistedSince;
    }
  }

  /** The journal has it. @param how 'found': as it is at a start of the till. */
  stored(record: JournalRecord, how: 'well' | 'somehow' | 'found'): void {
    const { kind, id, state, acknowledged } = record;
    if (kind === 'payment') {
      this.#reserved.set(id, fromRecord(record)?.stored.refunds ?? []);
      return;
    }
    this.records.set(id, record);
    const refund = this.find(id);
    const known = knownRefund(record);
    if (refund === undefined || known === undefined) {
      this.#world.violate('a refund that nobody asked for');
      return;
    }
    if (acknowledged) {
      if (!refund.heard.has(known.decidedAt)) this.#world.violate(`acknowledged a refund unheard: ${state}`);
      if (how === 'well') refund.acknowledged.add(known.decidedAt);
      return;
    }
    if (how === 'found') return;
    const { attention } = known.facts;
    const now = this.#world.clock.monotonic();
    const isEarly = (since: number | undefined) => since === undefined || now - since < this.#world.settleAfter - 1;
    if (attention === 'certificate' && isEarly(refund.certificateSince))
      this.#world.violate('attention for a certificate too early: refund');
    if (attention === 'refused' && isEarly(refund.refusedSince) && isEarly(refund.unlistedSince))
      this.#world.violate('attention for refusals too early: refund');
  }

  /** What of a sale was reserved or written down, and may have given something back, or may yet. */
  open(out_trade_no: string): Array<Pick<Refund, 'out_refund_no' | 'refund_fee'>> {
    const released = new Set<string>();
    const open = new Map<string, number>();
    for (const [id, record] of this.records) {
      const known = knownRefund(record);
      if (known?.stored.out_trade_no !== out_trade_no) continue;
      if (isReleased(known)) released.add(id);
      else open.set(id, known.stored.refund_fee);
    }
    for (const { out_refund_no, refund_fee, ...state } of this.#reserved.get(out_trade_no) ?? [])
      if (!released.has(out_refund_no) && !isReleased(state)) open.set(out_refund_no, refund_fee);
    return [...open].map(([out_refund_no, refund_fee]) => ({ out_refund_no, refund_fee }));
  }

  /** The till is about to have one sent. */
  refunding(till: Program, params: RefundParams): void {
    const { out_trade_no = '', out_refund_no } = params;
    const world = this.#world;
    const refund = this.find(out_refund_no);
    const record = this.records.get(out_refund_no);
    if (record === undefined) world.violate('a refund was sent before it was written down');
    else if (record.state !== 'sending') world.violate(`a refund was sent while the journal says ${record.state}`);
    if (refund === undefined) {
      world.violate('a refund was sent that nobody asked for');
      return;
    }
    const sale = world.states.get(out_trade_no);
    if (sale !== 'paid') world.violate(`a refund was sent while the journal says of its sale: ${sale}`);
    const reserved = this.#reserved.get(out_trade_no) ?? [];
    if (!reserved.some((each) => each.out_refund_no === out_refund_no))
      world.violate('a refund was sent before it was reserved');
    const open = this.open(out_trade_no);
    if (open.length > mostRefunds) world.violate('more than 50 refunds of a sale');
    const sum = open.reduce((fen, { refund_fee }) => fen + refund_fee, 0);
    if (sum > world.refundable(out_trade_no)) world.violate('refunds beyond what was paid are sent');
    const planned = record && knownRefund(record)?.stored.requested.wall;
    if (refund.sent === undefined) this.#sendFirst(out_trade_no, planned);
    refund.sent ??= params;
    if (!isDeepStrictEqual(refund.sent, params)) world.violate('a refund was sent again with other parameters');
    const now = world.clock.monotonic();
    const last = this.#sentLast.get(out_trade_no);
    if (
      last !== undefined &&
      last.till === till &&
      world.quota === undefined &&
      last.out_refund_no !== out_refund_no &&
      now - last.at < minute - connecting - world.stands.stood
    )
      world.violate('two refunds of a sale were sent less than a minute apart');
    this.#sentLast.set(out_trade_no, { out_refund_no, at: now, till });
  }

  /**
   * By whichever program: where all clocks are right, and nothing waits, those of a sale are a minute apart. What was sent later than it was
   * planned moves those that wait on its own server alone: the others know the plan.
   * @param planned By the wall clock.
   */
  #sendFirst(out_trade_no: string, planned = 0): void {
    const world = this.#world;
    const now = world.clock.monotonic();
    const before = this.#sentFirst.get(out_trade_no);
    const isLate = world.clock.wall() - planned > writing;
    this.#sentFirst.set(out_trade_no, { at: now, isLate });
    if (before === undefined || now - before.at >= minute - writing || world.quota !== undefined) return;
    if (isLate || before.isLate) return;
    // Where many wait, what is sent again moves them, too.
    const isCrowded = this.refunds.filter((each) => each.out_trade_no === out_trade_no).length > 3;
    if (!world.isMistimed && !world.stands.areAny && !isCrowded)
      world.violate('the first requests of two refunds of a sale were sent less than a minute apart');
  }

  /** A sale's reversal leaves. */
  reversing(out_trade_no: string): void {
    if (this.open(out_trade_no).length > 0) this.#world.violate('a sale was reversed that is refunded');
  }

  heard(kind: Kind, number: string, reply: { readonly result_code: string }): void {
    const refund = this.find(number);
    if (refund === undefined) return;
    if (kind === 'refund') delete refund.certificateSince;
    // What says nothing of our refund is no answer.
    const isNameless = 'refunds' in reply && JSON.stringify(reply.refunds).includes('"Y"');
    if (!isNameless) delete refund.refusedSince;
    if (kind !== 'refund') return;
    if ('err_code' in reply && unlisted.has(reply.err_code)) {
      refund.unlistedSince ??= this.#world.clock.monotonic();
      refund.isUnlisted = true;
    } else delete refund.unlistedSince;
  }

  failed(kind: Kind, number: string, error: unknown): void {
    const refund = this.find(number);
    if (refund === undefined) return;
    const now = this.#world.clock.monotonic();
    if (kind === 'refund' && troubleOf(error) === 'certificate') refund.certificateSince ??= now;
    else if (error instanceof PayProtocolError && troubleOf(error) === undefined) refund.refusedSince ??= now;
  }

  /** Somebody is told. */
  told(till: Program, refund: Refund, outcome: RefundOutcome): void {
    const world = this.#world;
    const { status, revision = 0 } = outcome;
    const record = this.records.get(refund.out_refund_no);
    const state = record?.state ?? '';
    const isAccepted = state === 'accepted' || isFinalRefund(state);
    const isJournalled =
      status === 'processing'
        ? !outcome.accepted || isAccepted
        : (world.wasStored?.('refund', refund.out_refund_no, revision, status) ?? state === status);
    if (!isJournalled) world.violate(`told of a refund ${status} while the journal says ${state}`);
    const made = world.network.gateway.refunds?.made.get(refund.out_refund_no);
    const isOurs = made !== undefined && made.order.out_trade_no === refund.out_trade_no;
    if (status === 'refunded' && made?.refund_status !== 'SUCCESS')
      world.violate('told refunded before it was given back');
    if (status === 'processing' && outcome.accepted && !isOurs) world.violate('told accepted what the gateway has not');
    const now = world.clock.monotonic();
    if (world.wasStored === undefined && revision < refund.last.revision && now > refund.last.at)
      world.violate('told an outcome of a refund after a later one');
    if (revision > refund.last.revision) refund.last = { revision, at: now };
    refund.told.push(outcome);
    if (status !== 'attention' || world.isLast || this.#random.chance(0.3)) return;
    if (outcome.code !== 'certificate' && outcome.code !== 'refused') return;
    world.clock.at(this.#random.between(0, hour), () => {
      world.network.gateway.renewCertificate();
      till.clock.hear(() => till.refund(refund));
    });
  }

  /** Whether refund() may throw it. */
  isExpected({ out_trade_no, refund_fee, total_fee }: Refund, error: unknown): boolean {
    const world = this.#world;
    const isAdopting = total_fee !== undefined;
    if (error instanceof RefundRefusedError) {
      const { rule } = error;
      const sum = this.open(out_trade_no).reduce((fen, each) => fen + each.refund_fee, refund_fee);
      // Of a sale that is only adopted its record may not be there at all.
      if (rule === 'too-much') return sum > world.refundable(out_trade_no);
      if (rule === 'too-many') return this.open(out_trade_no).length >= mostRefunds;
      if (rule === 'not-paid' || rule === 'given-up') return isAdopting || world.states.get(out_trade_no) !== 'paid';
      return rule === 'too-old' && (world.isMistimed || isAdopting);
    }
    if (error instanceof OrderExistsError) return true;
    if (error instanceof OrderUnknownError) return world.states.get(out_trade_no) === undefined || isAdopting;
    // What the gateway is asked for first may go wrong.
    return isAdopting;
  }

  /** Whoever asks hears something in 15 seconds. */
  impatience(till: Program, asked: Promise<unknown>): void {
    const world = this.#world;
    if (!world.isPunctual) return;
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    asked.then(over, over);
    world.clock.at(patient + 100, () => {
      if (!isOver && till.isAlive) world.violate('refund() waits for longer than 15 seconds');
    });
  }

  /** A till with a handler needs no other start to hear of what nobody waits for. */
  checkTold(): void {
    for (const [id, record] of this.records) {
      const known = knownRefund(record);
      const isTold = this.find(id)?.told.some(({ revision }) => revision === known?.decidedAt);
      // What a refund that was never written down came to: the next start tells.
      const isReleased = known?.stored.requested.run === '';
      if (record.finished && !isTold && !isReleased)
        this.#world.violate(`a refund not told before another start: ${record.state}`);
    }
  }

  /** What is told of a sale's refunds is what their own records do, and so is what the sale's record has, once they are acknowledged. */
  async checkRead(till: Program): Promise<void> {
    for (const out_trade_no of this.#reserved.keys()) {
      // A journal that can't be opened answers nothing.
      if (!till.isAlive) return;
      const told = await till.processor.refunds(out_trade_no).catch(() => []);
      this.#checkCopies('refunds() tells', out_trade_no, told);
      const reserved = this.#reserved.get(out_trade_no) ?? [];
      const copies = reserved.flatMap((each) => reservedOutcome(out_trade_no, each) ?? []);
      this.#checkCopies("the sale's record tells", out_trade_no, copies);
    }
  }

  #checkCopies(who: string, out_trade_no: string, outcomes: readonly RefundOutcome[]): void {
    for (const { out_refund_no, status } of outcomes) {
      const record = this.records.get(out_refund_no);
      const isSame = !record?.acknowledged || knownRefund(record)?.stored.out_trade_no !== out_trade_no;
      if (!isSame && record.state !== status) this.#world.violate(`${who} ${status} of what is ${record.state}`);
    }
  }

  check(gateway: SimulatedGateway): void {
    const world = this.#world;
    for (const refund of this.refunds) this.#check(refund);
    if (gateway.sentByBoth.size > 0) world.violate('a refund was sent by both APIs');
    for (const { charged, refunded } of gateway.book.values())
      if (refunded > charged) world.violate(`given back ${refunded} of ${charged}`);
    for (const { out_refund_no, isElsewhere } of gateway.refunds?.made.values() ?? [])
      if (!isElsewhere && this.records.get(out_refund_no) === undefined)
        world.violate('given back by a number that the journal does not know');
  }

  #check(refund: Refund): void {
    const { out_refund_no, out_trade_no, told, fate } = refund;
    const world = this.#world;
    const { gateway } = world.network;
    const made = gateway.refunds?.made.get(out_refund_no);
    const isOurs = made !== undefined && made.order.out_trade_no === out_trade_no && !made.isElsewhere;
    const isGivenBack = isOurs && made.refund_status === 'SUCCESS';
    const record = this.records.get(out_refund_no);
    if (record === undefined) {
      if (refund.sent !== undefined) world.violate('a refund sent without a trace in the journal');
      return;
    }
    const known = knownRefund(record);
    const finals = told.filter(({ status }) => isFinalRefund(status));
    if (!record.finished || known === undefined) return;
    const last = finals.at(-1);
    if (last === undefined) {
      world.violate(`a refund never told: ${record.state}`);
      return;
    }
    if (last.status !== record.state) world.violate(`told of a refund ${last.status}, journalled ${record.state}`);
    for (const earlier of finals) {
      const isResumable = earlier.status === 'attention';
      if (!isResumable && !isDeepStrictEqual(earlier, last))
        world.violate(`told of a refund ${earlier.status}, then ${last.status}`);
    }
    if ((last.status === 'refunded') !== isGivenBack) {
      const isUnclear = last.status === 'attention' && (last.code === 'refused' || last.code === 'certificate');
      if (!isUnclear)
        world.violate(`told of a refund ${last.status}, at the gateway ${made?.refund_status ?? 'nothing'} (${fate})`);
    }
    if (last.status === 'attention' && !this.#isForPersons(refund, last.code))
      world.violate(`attention for nothing, of a refund: ${last.code} (${fate})`);
  }

  #isForPersons({ out_refund_no, out_trade_no, fate, isUnlisted }: Refund, code: string): boolean {
    const { puzzling, refunds } = this.#world.network.gateway;
    if (code === 'certificate') return this.#world.hasCertificateFaults;
    if (code === 'refused') return puzzling.has(out_refund_no) || isUnlisted === true;
    if (code === 'not-ours') return fate === "another refund's number";
    const isHandWork = fate === 'by hand' || fate === 'the card is gone';
    // What another program gave back is not left for us.
    const isShared = refunds?.of(out_trade_no).some(({ isElsewhere }) => isElsewhere);
    return code === 'by-hand' && (isHandWork || isShared === true);
  }
}

export const noticeOf = ({ out_trade_no, out_refund_no, refund_fee }: Refund) => ({
  ...{ out_trade_no, out_refund_no, refund_fee, total_fee: refund_fee },
  refund_id: `50${out_refund_no}`,
  refund_status: 'SUCCESS',
});
