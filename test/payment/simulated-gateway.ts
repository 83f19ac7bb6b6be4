import { paymentErrorCodes, reverseErrorCodes } from '../../lib/pay/error-codes.js';
import {
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
} from '../../lib/pay/errors.js';
import type { PayFailure, PayResult, QueryResult, ReverseResult } from '../../lib/pay/types.js';
import type { Random } from './random.js';
import type { SimulatedClock } from './simulated-clock.js';

/* A gateway with a book and with moods, behind a network that loses, delays and doubles. Amounts in fen, times in ms. */

export const merchant = { appid: 'wx8888888888888888', mch_id: '1900000109' };
const verified = { return_code: 'SUCCESS' as const, ...merchant };

type TradeState = 'SUCCESS' | 'REFUND' | 'NOTPAY' | 'CLOSED' | 'REVOKED' | 'USERPAYING' | 'PAYERROR';

interface Entry {
  state: TradeState;
  total_fee: number;
  charged: number;
  refunded: number;
  readonly isStrangers: boolean;
}

/** What the gateway does with a payment, beside the network's faults. */
export const fates = [
  ['paid', 8],
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
  ["another sale's number", 3],
  ["another sale's number and amount", 2],
  ['another amount', 2],
  ['key refused', 3],
  ['payment refused, but charged', 2],
  ['refunded by hand', 2],
  ['no longer reversible', 2],
] as const;
export type Fate = (typeof fates)[number][0];

/** Only here may a payment end before a person. */
const forPersons: ReadonlySet<Fate> = new Set([
  "another sale's number",
  "another sale's number and amount",
  'another amount',
  'key refused',
  'payment refused, but charged',
  'refunded by hand',
  'no longer reversible',
]);

const taken = ['ORDERPAID', 'OUT_TRADE_NO_USED'];
const listed = (payment: 'failed' | 'unknown') =>
  Object.values(paymentErrorCodes)
    .filter((code) => code.payment === payment)
    .map(({ err_code }) => err_code);
const declines = listed('failed').filter((err_code) => !taken.includes(err_code));
const unknowns = listed('unknown');
const unlisted = 'FREQUENCY_LIMITED';
const reverseNoise = [...Object.keys(reverseErrorCodes).filter((code) => code !== 'REVERSE_EXPIRE'), unlisted];
const passwordTime = 45_000;
export const requestTimeout = 20_000;

const failed = (err_code: string): PayFailure => ({
  ...verified,
  result_code: 'FAIL',
  err_code,
  err_code_des: `words for ${err_code}`,
});

export class SimulatedGateway {
  readonly identity = merchant;
  readonly requestTimeout = requestTimeout;
  readonly book = new Map<string, Entry>();
  /** Numbers whose payment was answered in a way that only a person can judge. */
  readonly #puzzling = new Set<string>();
  readonly #handled = new Map<string, PayResult>();
  readonly #fates = new Map<string, Fate>();
  readonly #sentAt = new Map<string, number>();
  readonly #refusals = new Map<string, Set<string>>();
  readonly #clock: SimulatedClock;
  readonly #random: Random;
  readonly #faults: number;
  /** After this, network and gateway do what they should. */
  readonly #calmAt: number;
  /** A request never arrives later than this after it was sent. */
  readonly #latest: number;

  constructor(clock: SimulatedClock, random: Random, options: { faults: number; calmAt: number; latest: number }) {
    this.#clock = clock;
    this.#random = random;
    this.#faults = options.faults;
    this.#calmAt = options.calmAt;
    this.#latest = options.latest;
  }

  expect(out_trade_no: string, total_fee: number, fate: Fate): void {
    this.#fates.set(out_trade_no, fate);
    if (fate === "another sale's number") this.#enter(out_trade_no, 'SUCCESS', total_fee, true);
    if (fate === "another sale's number and amount") this.#enter(out_trade_no, 'SUCCESS', total_fee + 1, true);
  }

  isForPersons(out_trade_no: string): boolean {
    return forPersons.has(this.#fate(out_trade_no)) || this.#puzzling.has(out_trade_no);
  }

  pay(out_trade_no: string, total_fee: number): Promise<PayResult> {
    this.#sentAt.set(out_trade_no, this.#clock.monotonic());
    return this.#call(out_trade_no, 'pay', () => {
      const answer = this.#submit(out_trade_no, total_fee);
      if (answer.result_code === 'SUCCESS' && answer.total_fee !== total_fee)
        throw new PayMismatchError('total_fee', 'another amount');
      return answer;
    });
  }

  query(out_trade_no: string): Promise<QueryResult> {
    return this.#call(out_trade_no, 'query', () => {
      if (this.#isNoisy())
        return this.#random.pick([failed('SYSTEMERROR'), failed(unlisted), this.#state(out_trade_no, 'UNLISTED')]);
      const entry = this.book.get(out_trade_no);
      if (entry === undefined) return failed('ORDERNOTEXIST');
      const { state, total_fee } = entry;
      if (state === 'USERPAYING') return this.#state(out_trade_no, this.#random.pick(['USERPAYING', 'ACCEPT']));
      if (state === 'SUCCESS') return { ...this.#charged(out_trade_no, total_fee), trade_state: 'SUCCESS' };
      return this.#state(out_trade_no, state);
    });
  }

  reverse(out_trade_no: string): Promise<ReverseResult> {
    return this.#call(out_trade_no, 'reverse', () => {
      const isNoisy = this.#isNoisy();
      const noise = failed(this.#random.pick(reverseNoise));
      if (isNoisy && this.#random.chance(0.5)) return noise;
      if (this.#fate(out_trade_no) === 'no longer reversible') return failed('REVERSE_EXPIRE');
      const entry = this.book.get(out_trade_no);
      // Field facts: reversing an order that doesn't exist answers SUCCESS.
      if (entry === undefined) return { ...verified, result_code: 'SUCCESS', recall: 'N' };
      if (entry.state === 'USERPAYING') return failed('USERPAYING');
      if (entry.state === 'REFUND') return failed('TRADE_ERROR');
      if (isNoisy && this.#random.chance(0.5)) return { ...verified, result_code: 'SUCCESS', recall: 'Y' };
      entry.refunded = entry.charged;
      entry.state = entry.state === 'CLOSED' ? 'CLOSED' : 'REVOKED';
      return isNoisy ? noise : { ...verified, result_code: 'SUCCESS', recall: 'N' };
    });
  }

  #fate(out_trade_no: string): Fate {
    return this.#fates.get(out_trade_no) ?? 'paid';
  }

  /** Whatever comes of a payment request has come by then. */
  #latestAt(out_trade_no: string): number {
    return (this.#sentAt.get(out_trade_no) ?? 0) + this.#latest;
  }

  #isCalm(): boolean {
    return this.#clock.monotonic() >= this.#calmAt;
  }

  #isNoisy(): boolean {
    return !this.#isCalm() && this.#random.chance(this.#faults / 2);
  }

  /** A call over the network. */
  #call<T>(out_trade_no: string, kind: 'pay' | 'query' | 'reverse', handle: () => T): Promise<T> {
    const [clock, random] = [this.#clock, this.#random];
    const latency = () => random.between(5, random.chance(0.1) ? 8_000 : 200);
    return new Promise((resolve, reject) => {
      const giveUp = clock.at(requestTimeout, () => reject(new PayTransportError('no answer came in time', true)));
      const fail = (error: Error, ms: number) =>
        clock.at(ms, () => {
          giveUp();
          reject(error);
        });
      const arrive = (isHeard: boolean) => {
        const answer = this.#answer(out_trade_no, kind, handle);
        answer.catch(() => undefined);
        if (!isHeard) return;
        clock.at(latency(), () => {
          giveUp();
          answer.then(resolve, reject);
        });
      };
      if (this.#isCalm() || !random.chance(this.#faults)) {
        clock.at(latency(), () => arrive(true));
        return;
      }
      const fault = random.pick([
        'unsent',
        'lost',
        'late',
        'unheard',
        'reset',
        'garbled',
        'foreign',
        'doubled',
        'refused',
      ]);
      if (fault === 'unsent') fail(new PayTransportError('connection refused', false), latency());
      if (fault === 'late') clock.at(random.between(0, this.#latest), () => arrive(random.chance(0.5)));
      if (fault === 'unheard' || fault === 'reset' || fault === 'garbled') clock.at(latency(), () => arrive(false));
      if (fault === 'reset') fail(new PayTransportError('connection reset', true), 500);
      if (fault === 'garbled')
        fail(
          random.pick([new PaySignatureError('wrong'), new PayResponseError('HTTP 502'), new TypeError('a bug')]),
          500,
        );
      if (fault === 'foreign') {
        clock.at(latency(), () => arrive(false));
        fail(new PayMismatchError('out_trade_no', 'a replay'), 500);
      }
      if (fault === 'doubled') {
        const isSecondHeard = random.chance(0.3);
        const [first, second] = [latency(), random.between(0, this.#latest)];
        clock.at(first, () => arrive(!isSecondHeard));
        clock.at(second, () => arrive(isSecondHeard));
        // The copy that is heard may come after the other: its own order's answer then says ORDERPAID.
        const isHeardLate = isSecondHeard || first > second;
        if (kind === 'pay' && isHeardLate) this.#puzzling.add(out_trade_no);
      }
      if (fault === 'refused') {
        if (random.chance(0.5)) clock.at(latency(), () => arrive(false));
        const refusals = (this.#refusals.get(out_trade_no) ?? new Set()).add(kind);
        this.#refusals.set(out_trade_no, refusals);
        if (kind === 'pay' || refusals.size > 1) this.#puzzling.add(out_trade_no);
        fail(new PayProtocolError(kind, 'FAIL', '系统繁忙'), 500);
      }
    });
  }

  async #answer<T>(out_trade_no: string, kind: 'pay' | 'query' | 'reverse', handle: () => T): Promise<T> {
    const fate = this.#fate(out_trade_no);
    if (fate === 'key refused') throw new PayProtocolError(kind, 'FAIL', '签名错误');
    if (kind === 'pay' && fate === 'payment refused, but charged') {
      handle();
      throw new PayProtocolError(kind, 'FAIL', '系统繁忙');
    }
    return handle();
  }

  #enter(out_trade_no: string, state: TradeState, total_fee: number, isStrangers = false): Entry {
    const entry = { state, total_fee, charged: state === 'SUCCESS' ? total_fee : 0, refunded: 0, isStrangers };
    this.book.set(out_trade_no, entry);
    return entry;
  }

  #charge(entry: Entry): void {
    if (entry.state === 'REVOKED' || entry.state === 'CLOSED') return;
    entry.state = 'SUCCESS';
    entry.charged = entry.total_fee;
  }

  #state(out_trade_no: string, trade_state: string): QueryResult {
    return { ...verified, result_code: 'SUCCESS', out_trade_no, trade_state };
  }

  #charged(out_trade_no: string, total_fee: number) {
    const transaction_id = `42000000000000000000${out_trade_no}`;
    return {
      ...verified,
      result_code: 'SUCCESS' as const,
      out_trade_no,
      transaction_id,
      total_fee,
      cash_fee: total_fee,
    };
  }

  /** The payment request arrives: the first time its fate, then what a gateway says to a number that it knows. */
  #submit(out_trade_no: string, total_fee: number): PayResult {
    const before = this.#handled.get(out_trade_no);
    if (before !== undefined)
      return before.result_code === 'FAIL' && !this.book.has(out_trade_no) ? before : failed(this.#random.pick(taken));
    const answer = this.#handle(out_trade_no, total_fee);
    this.#handled.set(out_trade_no, answer);
    return answer;
  }

  #handle(out_trade_no: string, total_fee: number): PayResult {
    const [clock, random] = [this.#clock, this.#random];
    const later = (ms: number, change: (entry: Entry) => void, entry: Entry) => clock.at(ms, () => change(entry));
    const asked = (): Entry => this.#enter(out_trade_no, 'USERPAYING', total_fee);
    const charge = (entry: Entry) => this.#charge(entry);
    const giveUp = (state: TradeState) => (entry: Entry) => {
      if (entry.state === 'USERPAYING') entry.state = state;
    };
    switch (this.#fate(out_trade_no)) {
      case 'paid':
      case 'payment refused, but charged':
        this.#enter(out_trade_no, 'SUCCESS', total_fee);
        return this.#charged(out_trade_no, total_fee);
      case 'refunded by hand': {
        const entry = this.#enter(out_trade_no, 'SUCCESS', total_fee);
        later(
          random.between(0, 60_000),
          (each) => {
            if (each.state !== 'SUCCESS') return;
            each.state = 'REFUND';
            each.refunded = each.charged;
          },
          entry,
        );
        return failed(random.pick(unknowns));
      }
      case 'no longer reversible':
      case 'password, then paid':
        later(random.between(0, passwordTime), charge, asked());
        return failed('USERPAYING');
      case 'password never entered':
        later(passwordTime, giveUp(random.pick(['NOTPAY', 'CLOSED', 'PAYERROR'])), asked());
        return failed('USERPAYING');
      case 'charged after a PAYERROR': {
        const entry = asked();
        later(random.between(0, passwordTime), giveUp('PAYERROR'), entry);
        later(random.between(passwordTime, 200_000), charge, entry);
        return failed('USERPAYING');
      }
      case 'unknown, but charged':
        this.#enter(out_trade_no, 'SUCCESS', total_fee);
        return failed(random.pick(unknowns));
      case 'unknown, charged later': {
        const seen = random.chance(0.5) ? this.#enter(out_trade_no, 'NOTPAY', total_fee) : undefined;
        clock.at(random.between(0, this.#latestAt(out_trade_no) - clock.monotonic()), () =>
          this.#charge(seen ?? this.#enter(out_trade_no, 'NOTPAY', total_fee)),
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
        later(random.between(0, 200_000), charge, this.#enter(out_trade_no, 'PAYERROR', total_fee));
        return failed(random.pick(declines));
      case 'declined, but the customer is still asked': {
        const entry = asked();
        if (random.chance(0.5)) later(random.between(0, passwordTime), charge, entry);
        else later(passwordTime, giveUp('PAYERROR'), entry);
        return failed(random.pick(declines));
      }
      case "another sale's number":
      case "another sale's number and amount":
        return failed(random.pick(taken));
      case 'another amount':
        this.#enter(out_trade_no, 'SUCCESS', total_fee + 1);
        return this.#charged(out_trade_no, total_fee + 1);
      default:
        return failed('SYSTEMERROR');
    }
  }
}
