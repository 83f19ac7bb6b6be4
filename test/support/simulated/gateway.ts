import { paymentErrorCodes, reverseErrorCodes } from '../../../lib/pay/error-codes.js';
import { PayMismatchError, PayProtocolError, PayTransportError } from '../../../lib/pay/errors.js';
import type { RefundParams, RefundResult } from '../../../lib/pay/refund.js';
import type { RefundQueryResult } from '../../../lib/pay/refundquery.js';
import type { PayFailure, PayResult, QueryResult, ReverseResult } from '../../../lib/pay/results.js';
import { charge, newOrder, type Order, reverse } from '../../../lib/simulator/money.js';
import type { SimulatedClock } from './clock.js';
import type { Random } from './random.js';
import { RefundBook, tooMuch, transactionId } from './refund-book.js';

/* A gateway that keeps the simulator's book of money, with moods, limits and a clock of its own. Amounts in fen, times in ms. */

export const merchant = { appid: 'wx8888888888888888', mch_id: '1900000109' };
const verified = { return_code: 'SUCCESS' as const, ...merchant };

type TradeState = Order['trade_state'];

interface Entry extends Order {
  readonly isStrangers: boolean;
}

export type Api = 'v2' | 'v3';
export type Kind = 'pay' | 'query' | 'reverse' | 'refund' | 'refundquery';
const isOfRefunds = (kind: Kind): boolean => kind === 'refund' || kind === 'refundquery';

/** From one moment of the simulated clock to another. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** What the gateway does with a payment, beside the network's faults. */
export const fates = [
  ['paid', 10],
  ['password, then paid', 6],
  ['password never entered', 6],
  ['charged after a PAYERROR', 4],
  ['unknown, but charged', 5],
  ['unknown, charged later', 4],
  ['unknown, never charged', 4],
  ['unlisted code', 3],
  ['unlisted code, but charged', 3],
  ['declined', 6],
  ['declined, but charged', 3],
  ['declined, then a PAYERROR that is charged', 3],
  ['declined, but the customer is still asked', 3],
  ["another sale's number", 5],
  ["another sale's number and amount", 2],
  ["another sale's number, and the request is lost", 3],
  ['another amount', 2],
  ['key refused', 3],
  ['payment refused, but charged', 2],
  ['refunded by hand', 2],
  ['no longer reversible', 2],
  ['limited', 4],
  ['limited, but charged', 2],
  ['limited, by its signed word', 4],
] as const;
export type Fate = (typeof fates)[number][0];

/** Only here may a payment end before a person. */
const forPersons: ReadonlySet<Fate> = new Set([
  "another sale's number",
  "another sale's number and amount",
  "another sale's number, and the request is lost",
  'another amount',
  'key refused',
  'payment refused, but charged',
  'refunded by hand',
  'no longer reversible',
]);

/** What says that a number belongs to another sale (docs/facts.md#a-number-of-another-sale). */
const taken: ReadonlyArray<readonly [err_code: string, err_code_des: string]> = [
  ['ORDERPAID', '该订单已支付'],
  ['OUT_TRADE_NO_USED', '商户订单号重复'],
  ['INVALID_REQUEST', '201 商户订单号重复'],
];
const isTaken = (err_code: string) => taken.some(([code]) => code === err_code);
const listed = (payment: 'failed' | 'unknown') =>
  Object.values(paymentErrorCodes)
    .filter((code) => code.payment === payment)
    .map(({ err_code }) => err_code);
const declines = listed('failed').filter((err_code) => !isTaken(err_code));
const unknowns = listed('unknown').filter((err_code) => !isTaken(err_code));
const limited = 'FREQUENCY_LIMITED';
const reverseNoise = [...Object.keys(reverseErrorCodes).filter((code) => code !== 'REVERSE_EXPIRE'), limited];
const refundNoise = ['SYSTEMERROR', 'BIZERR_NEED_RETRY'];
const passwordTime = 45_000;

export const failed = (err_code: string, err_code_des = `words for ${err_code}`): PayFailure => ({
  ...verified,
  result_code: 'FAIL',
  err_code,
  err_code_des,
});

/** The vendor's yyyyMMddHHmmss, Beijing. */
const beijing = (time: number): string => new Date(time + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);

interface Moods {
  /** Share of calls that go wrong. */
  readonly faults: number;
  /** After this, the gateway does what it should. */
  readonly calmAt: number;
  /** The same of refunds, which come later; undefined where there are none. */
  readonly refundsCalmAt: number | undefined;
  /** When it refuses the merchant's certificate. */
  readonly certificate: Span | undefined;
  /** When it limits all calls. */
  readonly limits: Span | undefined;
  /** How far its clock is from the world's. */
  readonly clockError: number;
}

export class SimulatedGateway {
  readonly book = new Map<string, Entry>();
  /** The numbers whose payment requests came. */
  readonly received = new Set<string>();
  /** By which API they came. Another one doesn't know them: that it does, nobody promises. */
  readonly takenBy = new Map<string, Api>();
  /** The same of refunds. */
  readonly refundsTakenBy = new Map<string, Api>();
  /** Refunds that were sent by both APIs. */
  readonly sentByBoth = new Set<string>();
  /** Numbers whose payment was answered in a way that only a person can judge. */
  readonly puzzling = new Set<string>();
  /** What is refunded: undefined where nothing is. */
  readonly refunds: RefundBook | undefined;
  readonly #limited = new Set<string>();
  readonly #handled = new Map<string, PayResult>();
  readonly #fates = new Map<string, Fate>();
  readonly #clock: SimulatedClock;
  readonly #random: Random;
  readonly #moods: Moods;
  readonly #refundRandom: Random;
  /** What a paid sale shows that was reversed. Written nowhere. */
  readonly #reversedShows: 'REVOKED' | 'REFUND';
  #certificate: Span | undefined;

  /** @param refundRandom What becomes of refunds changes nothing else. */
  constructor(clock: SimulatedClock, random: Random, refundRandom: Random, moods: Moods) {
    this.#clock = clock;
    this.#random = random;
    this.#moods = moods;
    this.#certificate = moods.certificate;
    this.#refundRandom = refundRandom;
    const isRefunding = moods.refundsCalmAt !== undefined;
    this.#reversedShows = isRefunding ? refundRandom.pick(['REVOKED', 'REFUND']) : 'REVOKED';
    if (isRefunding) this.refunds = new RefundBook(clock, refundRandom, () => this.time(), failed);
  }

  /** @param age How long before now another sale of that number was paid. */
  expect(out_trade_no: string, total_fee: number, fate: Fate, age: number): void {
    this.#fates.set(out_trade_no, fate);
    if (!fate.startsWith("another sale's number")) return;
    const isOtherAmount = fate === "another sale's number and amount";
    this.#enter(out_trade_no, 'SUCCESS', isOtherAmount ? total_fee + 1 : total_fee, this.time() - age);
  }

  /** Milliseconds since the epoch. */
  time(): number {
    return this.#clock.real() + this.#moods.clockError;
  }

  /** One of its many machines writes the Date header. */
  date(): number {
    return Math.floor((this.time() + this.#random.between(-20_000, 20_000)) / 1_000) * 1_000;
  }

  isForPersons(out_trade_no: string): boolean {
    // A sale may show REFUND although nothing was given back.
    const isClosed =
      this.refunds?.of(out_trade_no).some(({ refund_status }) => refund_status === 'REFUNDCLOSE') ?? false;
    // API v3 can't tell which refunds a sale has.
    const { trade_state, reversals = [] } = this.book.get(out_trade_no) ?? {};
    const isUnlisted = this.takenBy.get(out_trade_no) === 'v3' && trade_state === 'REFUND' && reversals.length > 0;
    return isClosed || isUnlisted || forPersons.has(this.#fate(out_trade_no)) || this.puzzling.has(out_trade_no);
  }

  /** A sale of another program. @param age How long ago it was paid. */
  sellElsewhere(out_trade_no: string, total_fee: number, age: number): void {
    this.#enter(out_trade_no, 'SUCCESS', total_fee).paidAt = this.time() - age;
  }

  /** Fen that were charged and not given back otherwise than by refunds. */
  kept({ out_trade_no, charged, refunded }: Order): number {
    const ended = this.refunds?.of(out_trade_no).filter(({ refund_status }) => refund_status === 'SUCCESS') ?? [];
    return ended.reduce((fen, { refund_fee }) => fen + refund_fee, charged - refunded);
  }

  isCalm(kind: Kind = 'query'): boolean {
    const { calmAt, refundsCalmAt = calmAt } = this.#moods;
    return this.#clock.monotonic() >= (isOfRefunds(kind) ? refundsCalmAt : calmAt);
  }

  isCertificateRefused(): boolean {
    return this.#isWithin(this.#certificate);
  }

  /** The till has got a new one. */
  renewCertificate(): void {
    this.#certificate = undefined;
  }

  /** It limits no calls but for their fate. */
  get isUnlimited(): boolean {
    return this.#moods.limits === undefined;
  }

  losesPayment(out_trade_no: string): boolean {
    return this.#fate(out_trade_no) === "another sale's number, and the request is lost";
  }

  /** @param latestAt Whatever comes of the request has come by then. */
  pay(out_trade_no: string, total_fee: number, latestAt: number): PayResult {
    this.received.add(out_trade_no);
    this.#ensureWilling(out_trade_no, 'pay');
    if (this.#isLimiting()) this.#limited.add(out_trade_no);
    // Its copy, too.
    if (this.#limited.has(out_trade_no)) return this.limit('pay');
    const answer = this.#submit(out_trade_no, total_fee, latestAt);
    const fate = this.#fate(out_trade_no);
    if (fate === 'payment refused, but charged') throw new PayProtocolError('pay', 'FAIL', '系统繁忙');
    if (fate === 'limited' || fate === 'limited, but charged') throw new PayProtocolError('pay', 'FAIL', '频率限制');
    if (answer.result_code === 'SUCCESS' && answer.total_fee !== total_fee)
      throw new PayMismatchError('total_fee', 'another amount');
    return answer;
  }

  query(out_trade_no: string): QueryResult {
    this.#ensureWilling(out_trade_no, 'query');
    if (this.#isLimiting()) return this.limit('query');
    if (this.#isNoisy())
      return this.#random.pick([failed('SYSTEMERROR'), failed(limited), this.#state(out_trade_no, 'UNLISTED')]);
    const entry = this.book.get(out_trade_no);
    if (entry === undefined) return failed('ORDERNOTEXIST');
    const { trade_state } = entry;
    if (trade_state === 'USERPAYING') return this.#state(out_trade_no, this.#random.pick(['USERPAYING', 'ACCEPT']));
    if (trade_state === 'SUCCESS' || (trade_state === 'REFUND' && this.refunds !== undefined))
      return { ...this.#charged(out_trade_no, entry), trade_state };
    return this.#state(out_trade_no, trade_state);
  }

  reverse(out_trade_no: string, api: Api): ReverseResult {
    this.#ensureWilling(out_trade_no, 'reverse');
    this.#ensureCertificate('reverse', api);
    if (this.#isLimiting()) return this.limit('reverse');
    const isNoisy = this.#isNoisy();
    const noise = failed(this.#random.pick(reverseNoise));
    if (isNoisy && this.#random.chance(0.5)) return noise;
    if (this.#fate(out_trade_no) === 'no longer reversible') return failed('REVERSE_EXPIRE');
    const entry = this.book.get(out_trade_no);
    // docs/facts.md#reversals: reversing an order that doesn't exist answers SUCCESS.
    if (entry === undefined) return { ...verified, result_code: 'SUCCESS', recall: 'N' };
    if (entry.trade_state === 'USERPAYING') return failed('USERPAYING');
    const isRefunded = entry.trade_state === 'REFUND' && entry.reversals.length === 0;
    if (isRefunded && (this.refunds === undefined || entry.reserved > 0)) return failed('TRADE_ERROR');
    if (isNoisy && this.#random.chance(0.5)) return { ...verified, result_code: 'SUCCESS', recall: 'Y' };
    if (entry.trade_state !== 'CLOSED')
      reverse(entry, this.time(), entry.charged > 0 ? this.#reversedShows : 'REVOKED');
    return isNoisy ? noise : { ...verified, result_code: 'SUCCESS', recall: 'N' };
  }

  /** @param request One and the same for its copies. */
  refund(params: RefundParams, request: object, api: Api): RefundResult {
    const { out_refund_no } = params;
    if ((this.refundsTakenBy.get(out_refund_no) ?? api) !== api) this.sentByBoth.add(out_refund_no);
    this.refundsTakenBy.set(out_refund_no, api);
    this.#ensureCertificate('refund', api);
    if (this.#isLimiting()) return this.limit('refund');
    const noise = failed(this.#refundRandom.pick([...refundNoise, ...tooMuch]));
    const isNoisy = this.#isNoisy('refund');
    if (isNoisy && this.#refundRandom.chance(0.5)) return noise;
    const answer = this.#refundsOf().refund(this.book.get(params.out_trade_no ?? ''), params, request);
    return isNoisy && answer.result_code === 'SUCCESS' ? noise : { ...verified, ...answer };
  }

  refundquery(ref: { out_refund_no?: string; out_trade_no?: string }, api: Api): RefundQueryResult {
    if (this.#isLimiting()) return this.limit('refundquery');
    if (this.#isNoisy('refundquery')) return failed(this.#refundRandom.pick(['SYSTEMERROR', limited]));
    const { out_refund_no } = ref;
    const isKnown = out_refund_no === undefined || (this.refundsTakenBy.get(out_refund_no) ?? api) === api;
    return isKnown ? { ...verified, ...this.#refundsOf().query(ref) } : failed('REFUNDNOTEXIST');
  }

  #refundsOf(): RefundBook {
    if (this.refunds === undefined) throw new Error('nobody was to refund here');
    return this.refunds;
  }

  /** API v3 asks for none. */
  #ensureCertificate(kind: Kind, api: Api): void {
    if (api === 'v3' || !this.isCertificateRefused()) return;
    throw this.#random.pick([
      new PayTransportError('HTTP 400, The SSL certificate error', true, { why: 'certificate' }),
      new PayProtocolError(kind, 'FAIL', 'certificate not match'),
    ]);
  }

  /** Its two words for too many calls. @throws PayProtocolError the unsigned one. */
  limit(kind: Kind): PayFailure {
    if (this.#random.chance(0.5)) throw new PayProtocolError(kind, 'FAIL', '频率限制');
    return failed(limited);
  }

  #ensureWilling(out_trade_no: string, kind: Kind): void {
    if (this.#fate(out_trade_no) === 'key refused') throw new PayProtocolError(kind, 'FAIL', '签名错误');
  }

  #isWithin(span: Span | undefined): boolean {
    const now = this.#clock.monotonic();
    return span !== undefined && now >= span.from && now < span.until;
  }

  #isLimiting(): boolean {
    return this.#isWithin(this.#moods.limits);
  }

  #fate(out_trade_no: string): Fate {
    return this.#fates.get(out_trade_no) ?? 'paid';
  }

  #isNoisy(kind: Kind = 'query'): boolean {
    const random = isOfRefunds(kind) ? this.#refundRandom : this.#random;
    return !this.isCalm(kind) && random.chance(this.#moods.faults / 2);
  }

  /** @param strangersAt When another sale was paid. */
  #enter(out_trade_no: string, state: TradeState, total_fee: number, strangersAt?: number): Entry {
    const entry: Entry = { ...newOrder(out_trade_no, total_fee), isStrangers: strangersAt !== undefined };
    if (state === 'SUCCESS') charge(entry, strangersAt ?? this.time());
    else entry.trade_state = state;
    this.book.set(out_trade_no, entry);
    return entry;
  }

  #state(out_trade_no: string, trade_state: string): QueryResult {
    return { ...verified, result_code: 'SUCCESS', out_trade_no, trade_state };
  }

  #charged(out_trade_no: string, { total_fee, paidAt }: Entry) {
    return {
      ...verified,
      result_code: 'SUCCESS' as const,
      out_trade_no,
      transaction_id: transactionId(out_trade_no),
      total_fee,
      cash_fee: total_fee,
      time_end: beijing(paidAt),
    };
  }

  /** The payment request arrives: the first time its fate, then what a gateway says to a number that it knows. */
  #submit(out_trade_no: string, total_fee: number, latestAt: number): PayResult {
    const before = this.#handled.get(out_trade_no);
    if (before !== undefined)
      return before.result_code === 'FAIL' && !this.book.has(out_trade_no)
        ? before
        : failed(...this.#random.pick(taken));
    const answer = this.#handle(out_trade_no, total_fee, latestAt);
    this.#handled.set(out_trade_no, answer);
    return answer;
  }

  #handle(out_trade_no: string, total_fee: number, latestAt: number): PayResult {
    const [clock, random] = [this.#clock, this.#random];
    const later = (ms: number, change: (entry: Entry) => void, entry: Entry) => clock.at(ms, () => change(entry));
    const asked = (): Entry => this.#enter(out_trade_no, 'USERPAYING', total_fee);
    const pay = (entry: Entry) => charge(entry, this.time());
    const giveUp = (state: TradeState) => (entry: Entry) => {
      if (entry.trade_state === 'USERPAYING') entry.trade_state = state;
    };
    switch (this.#fate(out_trade_no)) {
      case 'paid':
      case 'payment refused, but charged':
      case 'limited, but charged':
        return this.#charged(out_trade_no, this.#enter(out_trade_no, 'SUCCESS', total_fee));
      case 'refunded by hand': {
        const entry = this.#enter(out_trade_no, 'SUCCESS', total_fee);
        later(
          random.between(0, 60_000),
          (each) => {
            if (each.trade_state !== 'SUCCESS') return;
            if (this.refunds?.refundElsewhere(each, `H-${out_trade_no}`, each.charged)) return;
            each.trade_state = 'REFUND';
            each.refunded = each.reserved = each.charged;
          },
          entry,
        );
        return failed(random.pick(unknowns));
      }
      case 'no longer reversible':
      case 'password, then paid':
        later(random.between(0, passwordTime), pay, asked());
        return failed('USERPAYING');
      case 'password never entered':
        later(passwordTime, giveUp(random.pick(['NOTPAY', 'CLOSED', 'PAYERROR'])), asked());
        return failed('USERPAYING');
      case 'charged after a PAYERROR': {
        const entry = asked();
        later(random.between(0, passwordTime), giveUp('PAYERROR'), entry);
        later(random.between(passwordTime, 200_000), pay, entry);
        return failed('USERPAYING');
      }
      case 'unknown, but charged':
        this.#enter(out_trade_no, 'SUCCESS', total_fee);
        return failed(random.pick(unknowns));
      case 'unknown, charged later': {
        const seen = random.chance(0.5) ? this.#enter(out_trade_no, 'NOTPAY', total_fee) : undefined;
        clock.at(random.between(0, Math.max(0, latestAt - clock.monotonic())), () =>
          pay(seen ?? this.#enter(out_trade_no, 'NOTPAY', total_fee)),
        );
        return failed(random.pick(unknowns));
      }
      case 'unknown, never charged':
        if (random.chance(0.5)) this.#enter(out_trade_no, 'NOTPAY', total_fee);
        return failed(random.pick(unknowns));
      case 'unlisted code':
        if (random.chance(0.5)) this.#enter(out_trade_no, 'NOTPAY', total_fee);
        return failed('RULE_LIMIT_2031');
      case 'unlisted code, but charged':
        this.#enter(out_trade_no, 'SUCCESS', total_fee);
        return failed('RULE_LIMIT_2031');
      case 'declined':
        if (random.chance(0.3)) this.#enter(out_trade_no, random.pick(['NOTPAY', 'CLOSED', 'REVOKED']), total_fee);
        return failed(random.pick(declines));
      case 'declined, but charged':
        this.#enter(out_trade_no, 'SUCCESS', total_fee);
        return failed(random.pick(declines));
      case 'declined, then a PAYERROR that is charged':
        later(random.between(0, 200_000), pay, this.#enter(out_trade_no, 'PAYERROR', total_fee));
        return failed(random.pick(declines));
      case 'declined, but the customer is still asked': {
        const entry = asked();
        if (random.chance(0.5)) later(random.between(0, passwordTime), pay, entry);
        else later(passwordTime, giveUp('PAYERROR'), entry);
        return failed(random.pick(declines));
      }
      case "another sale's number":
      case "another sale's number and amount":
        return failed(...random.pick(taken));
      case 'another amount':
        return this.#charged(out_trade_no, this.#enter(out_trade_no, 'SUCCESS', total_fee + 1));
      case 'limited, by its signed word':
        return failed(limited);
      default:
        return failed('SYSTEMERROR');
    }
  }
}
