import { PayTransportError } from '../../../lib/pay/errors.js';
import type { RequestOptions } from '../../../lib/pay/request.js';
import type { AuthinfoResponse, PayResult, QueryResult, ReverseResult } from '../../../lib/pay/results.js';
import type { PaymentClient } from '../../../lib/payment/client.js';
import type { SimulatedClock } from './clock.js';
import { failed, merchant } from './gateway.js';
import type { Random } from './random.js';

/* A gateway and the merchant's client of it, as far as sales need them: the payments' own faults have a simulation of their own. */

export interface Booked {
  readonly total_fee: number;
  /** How many payment requests came, and with which codes. */
  readonly codes: string[];
  charged: number;
  isReversed: boolean;
}

const fates = [
  ['paid', 12],
  ['declined', 3],
  ['unsent', 2],
  ['lost, but charged', 2],
  ['lost', 2],
  ['password never entered', 1],
] as const;

export class ShopClient implements PaymentClient {
  readonly identity = merchant;
  readonly requestTimeout = 20_000;
  readonly book = new Map<string, Booked>();
  readonly #clock: SimulatedClock;
  readonly #random: Random;
  readonly #faults: number;

  constructor(clock: SimulatedClock, random: Random, faults: number) {
    this.#clock = clock;
    this.#random = random;
    this.#faults = faults;
  }

  async getWxpayfaceAuthinfo(): Promise<AuthinfoResponse> {
    await this.#clock.sleep(this.#random.between(10, 2_000));
    if (this.#random.chance(this.#faults / 20)) throw new PayTransportError('no way', false, { why: 'unreachable' });
    return { return_code: 'SUCCESS', authinfo: `authinfo ${this.#clock.monotonic()}`, expires_in: 7200 };
  }

  async micropay(
    { out_trade_no, total_fee, auth_code }: { out_trade_no: string; total_fee: number; auth_code: string },
    { mayLeave }: RequestOptions = {},
  ): Promise<PayResult> {
    const [fate, latency] = [this.#random.weighted(fates), this.#random.between(10, 4_000)];
    await this.#clock.sleep(this.#random.between(0, 300));
    if (mayLeave?.() === false) throw new PayTransportError('withdrawn', false, { why: 'withdrawn' });
    if (fate === 'unsent') throw new PayTransportError('refused', false, { why: 'unreachable' });
    const booked = this.book.get(out_trade_no) ?? { total_fee, codes: [], charged: 0, isReversed: false };
    this.book.set(out_trade_no, booked);
    booked.codes.push(auth_code);
    await this.#clock.sleep(latency);
    if (fate === 'paid' || fate === 'lost, but charged') booked.charged += total_fee;
    if (fate === 'declined') return failed('NOTENOUGH');
    if (fate === 'password never entered') return failed('USERPAYING');
    if (fate !== 'paid') throw new PayTransportError('reset', true);
    return this.#charged(out_trade_no, total_fee);
  }

  async orderquery({ out_trade_no = '' }: { out_trade_no?: string }): Promise<QueryResult> {
    await this.#clock.sleep(this.#random.between(10, 500));
    const booked = this.book.get(out_trade_no);
    if (booked === undefined) return failed('ORDERNOTEXIST');
    const state = booked.isReversed ? 'REVOKED' : booked.charged > 0 ? 'SUCCESS' : 'NOTPAY';
    if (state !== 'SUCCESS') return { ...this.#verified, out_trade_no, trade_state: state };
    return { ...this.#charged(out_trade_no, booked.total_fee), trade_state: state };
  }

  async reverse({ out_trade_no = '' }: { out_trade_no?: string }): Promise<ReverseResult> {
    await this.#clock.sleep(this.#random.between(10, 500));
    const booked = this.book.get(out_trade_no);
    if (booked !== undefined) [booked.charged, booked.isReversed] = [0, true];
    return { ...this.#verified, recall: 'N' };
  }

  gatewayTime(): number {
    return this.#clock.real();
  }

  get #verified() {
    return { return_code: 'SUCCESS' as const, result_code: 'SUCCESS' as const, ...merchant };
  }

  #charged(out_trade_no: string, total_fee: number) {
    return { ...this.#verified, out_trade_no, total_fee, cash_fee: total_fee, transaction_id: `42${out_trade_no}` };
  }
}
