import type { RefundParams, RefundResult } from '../../../lib/pay/refund.js';
import type { RefundQueryResult } from '../../../lib/pay/refundquery.js';
import type { PayFailure } from '../../../lib/pay/results.js';
import {
  endRefund,
  newOrder,
  type Order,
  type Refund,
  type RefundEnd,
  takeRefund,
  whyNotRefunded,
} from '../../../lib/simulator/money.js';
import type { SimulatedClock } from './clock.js';
import type { Random } from './random.js';

/* The gateway's book of refunds (docs/facts.md#refunds). Amounts in fen, times in ms. */

/** What the gateway does with a refund, beside the network's faults. */
export const refundFates = [
  ['given back', 10],
  ['given back at once', 3],
  ['closed', 4],
  ['the card is gone', 3],
  ['refused', 3],
  ['refused at first', 4],
  ['refused, but given back', 3],
  ['by hand', 2],
  ['unclear, but given back', 3],
  ['unclear at first', 3],
  ['unlisted code', 1],
  ['unlisted code at first', 1],
  ['unlisted code, but given back', 1],
  ["another refund's number", 1],
] as const;
export type RefundFate = (typeof refundFates)[number][0];

export interface MadeRefund extends Refund {
  readonly isElsewhere: boolean;
}

type Answer = (RefundResult & { result_code: 'SUCCESS' }) | PayFailure;
type Refuse = (err_code: string, err_code_des?: string) => PayFailure;

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const noes = ['NOTENOUGH', 'TRADE_OVERDUE', 'PARAM_ERROR', 'INVALID_TRANSACTIONID', 'SIGNERROR'];
const again = ['SYSTEMERROR', 'BIZERR_NEED_RETRY'];
const handWork = ['USER_ACCOUNT_ABNORMAL', 'ERROR'];
export const tooMuch = ['FREQUENCY_LIMITED', 'INVALID_REQ_TOO_MUCH'];

const ends: Readonly<Partial<Record<RefundFate, RefundEnd>>> = {
  closed: 'REFUNDCLOSE',
  'the card is gone': 'CHANGE',
};

export class RefundBook {
  readonly made = new Map<string, MadeRefund>();
  /** Hears of each refund that has ended. */
  onEnd: (refund: MadeRefund) => void = () => undefined;
  readonly #fates = new Map<string, RefundFate>();
  readonly #late = new Set<string>();
  readonly #arrivals = new Map<string, number>();
  /** What a request was answered: its copies get the same. */
  readonly #answers = new WeakMap<object, Answer>();
  readonly #clock: SimulatedClock;
  readonly #random: Random;
  readonly #time: () => number;
  readonly #refuse: Refuse;
  /** What a sale shows whose only refund was closed. Written nowhere. */
  readonly #closedShows: 'SUCCESS' | 'REFUND';

  constructor(clock: SimulatedClock, random: Random, time: () => number, refuse: Refuse) {
    this.#clock = clock;
    this.#random = random;
    this.#time = time;
    this.#refuse = refuse;
    this.#closedShows = random.pick(['SUCCESS', 'REFUND']);
  }

  /** @param isLate Its first request lies somewhere before it arrives. */
  expect(out_refund_no: string, refund_fee: number, fate: RefundFate, isLate: boolean): void {
    this.#fates.set(out_refund_no, fate);
    if (isLate) this.#late.add(out_refund_no);
    if (fate !== "another refund's number") return;
    this.made.set(out_refund_no, {
      order: newOrder('Z', refund_fee + 1),
      ...{ out_refund_no, refund_fee: refund_fee + 1, requestedAt: this.#time(), isElsewhere: true },
      refund_status: this.#random.pick(['PROCESSING', 'SUCCESS']),
    });
  }

  /** Whether the network keeps a request of this number: the first, if it does. */
  delays(out_refund_no: string): boolean {
    return this.#late.delete(out_refund_no);
  }

  fate(out_refund_no: string): RefundFate {
    return this.#fates.get(out_refund_no) ?? 'given back';
  }

  of(out_trade_no: string): MadeRefund[] {
    return [...this.made.values()].filter(({ order }) => order.out_trade_no === out_trade_no);
  }

  /** @param request One and the same for its copies. */
  refund(order: Order | undefined, params: RefundParams, request: object): Answer {
    const { out_refund_no, refund_fee, total_fee } = params;
    const known = this.made.get(out_refund_no);
    if (known !== undefined) {
      const isSame = known.order === order && known.refund_fee === refund_fee && order.total_fee === total_fee;
      return isSame ? this.#accepted(known) : this.#refuse('REFUND_FEE_MISMATCH');
    }
    const answer = this.#answers.get(request) ?? this.#judge(order, params);
    this.#answers.set(request, answer);
    return answer;
  }

  query(ref: { out_refund_no?: string; out_trade_no?: string }): RefundQueryResult {
    const { out_refund_no, out_trade_no = '' } = ref;
    const one = out_refund_no === undefined ? undefined : this.made.get(out_refund_no);
    const found = out_refund_no === undefined ? this.of(out_trade_no) : one === undefined ? [] : [one];
    const [first] = found;
    if (first === undefined) return this.#refuse('REFUNDNOTEXIST');
    return {
      result_code: 'SUCCESS',
      out_trade_no: first.order.out_trade_no,
      total_fee: first.order.total_fee,
      refunds: found.map((each) => ({
        out_refund_no: each.out_refund_no,
        refund_id: `50${each.out_refund_no}`,
        refund_fee: each.refund_fee,
        refund_status: each.refund_status,
      })),
    };
  }

  /** Another program refunds: by a number that the till doesn't know. */
  refundElsewhere(order: Order, out_refund_no: string, refund_fee: number): boolean {
    if (this.#rule(order, refund_fee) !== undefined) return false;
    this.#make(order, out_refund_no, refund_fee, this.#random.pick(['given back', 'given back at once']), true);
    return true;
  }

  #judge(order: Order | undefined, { out_refund_no, refund_fee, total_fee }: RefundParams): Answer {
    const random = this.#random;
    const refuse = this.#refuse;
    if (order === undefined) return refuse('ORDERNOTEXIST');
    if (order.total_fee !== total_fee) return refuse('REFUND_FEE_MISMATCH');
    const fate = this.fate(out_refund_no);
    const arrivals = (this.#arrivals.get(out_refund_no) ?? 0) + 1;
    this.#arrivals.set(out_refund_no, arrivals);
    if (fate === 'refused' || (fate === 'refused at first' && arrivals === 1)) return refuse(random.pick(noes));
    if (fate === 'by hand') return refuse(random.pick(handWork));
    if (fate === 'unclear at first' && arrivals < 3) return refuse(random.pick(again));
    if (fate === 'unlisted code' || (fate === 'unlisted code at first' && arrivals < 3))
      return refuse('RULE_LIMIT_2031');
    const rule = this.#rule(order, refund_fee);
    if (rule !== undefined) return rule;
    const made = this.#make(order, out_refund_no, refund_fee, fate, false);
    if (fate === 'refused, but given back') return refuse(random.pick(noes));
    if (fate === 'unclear, but given back') return refuse(random.pick(again));
    if (fate === 'unlisted code, but given back') return refuse('RULE_LIMIT_2031');
    return this.#accepted(made);
  }

  #rule(order: Order, refund_fee: number): PayFailure | undefined {
    const why = whyNotRefunded(order, this.of(order.out_trade_no), refund_fee, this.#time(), minute);
    if (why === undefined) return undefined;
    const [err_code, err_code_des] = why;
    return this.#refuse(err_code === 'FREQUENCY_LIMITED' ? this.#random.pick(tooMuch) : err_code, err_code_des);
  }

  #make(order: Order, out_refund_no: string, refund_fee: number, fate: RefundFate, isElsewhere: boolean): MadeRefund {
    const made: MadeRefund = {
      ...{ order, out_refund_no, refund_fee, requestedAt: this.#time(), isElsewhere },
      refund_status: 'PROCESSING',
    };
    this.made.set(out_refund_no, made);
    takeRefund(made);
    const end = () => {
      endRefund(made, ends[fate] ?? 'SUCCESS');
      if (made.refund_status === 'REFUNDCLOSE' && order.reserved === 0) order.trade_state = this.#closedShows;
      this.onEnd(made);
    };
    const random = this.#random;
    const longest = random.weighted([
      [2_000, 3],
      [20 * minute, 5],
      [3 * hour, 2],
      [3 * day, 1],
    ]);
    if (fate === 'given back at once') end();
    else this.#clock.at(random.between(0, longest), end);
    return made;
  }

  #accepted({ out_refund_no, order, refund_fee }: MadeRefund): Answer {
    const { out_trade_no, total_fee } = order;
    return {
      result_code: 'SUCCESS',
      ...{ out_trade_no, out_refund_no, total_fee, refund_fee },
      transaction_id: transactionId(out_trade_no),
      refund_id: `50${out_refund_no}`,
    };
  }
}

export const transactionId = (out_trade_no: string): string => `42000000000000000000${out_trade_no}`;
