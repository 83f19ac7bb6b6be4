import { spacedTime } from './beijing.js';
import type { Ledger, LedgerResult, StoredOrder } from './ledger.js';
import { endRefund, type Refund, type RefundEnd, takeRefund, whyNotRefunded } from './money.js';
import type { SimulatorSettings } from './scenario.js';

/** One refund in the gateway's book. Amounts in fen. */
export interface RefundEntry extends Pick<Refund, 'out_refund_no' | 'refund_fee' | 'refund_status'> {
  readonly out_trade_no: string;
  readonly refund_id: string;
  /** What became of its last notification: the answer, e.g. 'HTTP 200', or why there was none, e.g. 'ECONNREFUSED'. */
  notice?: string;
}

/** A refund with all that answers, bills and notifications say of it. Times are the gateway's. */
export interface StoredRefund extends Refund, RefundEntry {
  readonly order: StoredOrder;
  readonly refund_account: string;
  readonly notify_url: string;
  /** How it ends by itself, and after how many milliseconds. */
  readonly end: SimulatorSettings['refundEnd'];
  readonly delay: number;
  endedAt: number;
}

type Fields = Readonly<Record<string, string>>;

const pageSize = 10;

const refuse = (err_code: string, err_code_des?: string): LedgerResult => ({
  err_code,
  ...(err_code_des === undefined ? {} : { fields: { err_code_des } }),
});

/** The gateway's book of refunds, beside that of orders. Knows no HTTP and no timer: what is due ends when it's next looked at. */
export class Refunds {
  readonly #ledger: Ledger;
  readonly #changed: (refund: StoredRefund) => void;
  readonly #refunds = new Map<string, StoredRefund>();
  readonly #processing = new Set<StoredRefund>();

  /** `changed` hears of each refund when it was taken, and when it ended. */
  constructor(ledger: Ledger, changed: (refund: StoredRefund) => void = () => undefined) {
    this.#ledger = ledger;
    this.#changed = changed;
  }

  get all(): readonly StoredRefund[] {
    return [...this.#refunds.values()];
  }

  get entries(): readonly RefundEntry[] {
    return this.all.map(({ out_refund_no, out_trade_no, refund_id, refund_fee, refund_status, notice }) => ({
      out_refund_no,
      out_trade_no,
      refund_id,
      refund_fee,
      refund_status,
      ...(notice === undefined ? {} : { notice }),
    }));
  }

  find(out_refund_no: string): StoredRefund | undefined {
    return this.#refunds.get(out_refund_no);
  }

  /** Ends what has taken its time. */
  settle(settings: SimulatorSettings, now: number): void {
    const at = now + settings.clock;
    for (const refund of this.#processing) {
      const { end, delay, requestedAt } = refund;
      // A clock that was set back must not leave a refund without an end.
      if (end !== 'waiting' && Math.abs(at - requestedAt) >= delay) this.#end(refund, end, at);
    }
  }

  /** Ends a refund now. False if it isn't under way. */
  end(out_refund_no: string, end: RefundEnd, settings: SimulatorSettings, now: number): boolean {
    this.settle(settings, now);
    const refund = this.#refunds.get(out_refund_no);
    if (!refund || !this.#processing.has(refund)) return false;
    this.#end(refund, end, now + settings.clock);
    return true;
  }

  #end(refund: StoredRefund, end: RefundEnd, at: number): void {
    this.#processing.delete(refund);
    endRefund(refund, end);
    refund.endedAt = at;
    this.#changed(refund);
  }

  #of(order: StoredOrder): StoredRefund[] {
    return this.all.filter((refund) => refund.order === order);
  }

  refund(fields: Fields, settings: SimulatorSettings, now: number): LedgerResult {
    this.settle(settings, now);
    const told = settings.refund === 'accepted' ? undefined : refuse(settings.refund);
    if (told && !settings.refundTaken) return told;
    const verdict = this.#refund(fields, settings, now);
    return told && 'ok' in verdict ? told : verdict;
  }

  #refund(fields: Fields, settings: SimulatorSettings, now: number): LedgerResult {
    const { out_refund_no = '', transaction_id } = fields;
    const total_fee = Number(fields.total_fee);
    const refund_fee = Number(fields.refund_fee);
    if (!Number.isSafeInteger(refund_fee) || refund_fee < 1 || refund_fee > total_fee) return refuse('PARAM_ERROR');
    const order = this.#ledger.find(fields);
    if (!order) return refuse(transaction_id ? 'INVALID_TRANSACTIONID' : 'ORDERNOTEXIST');
    if (total_fee !== order.total_fee) return refuse('REFUND_FEE_MISMATCH');
    const before = this.#refunds.get(out_refund_no);
    if (before) {
      const isSame = before.order === order && before.refund_fee === refund_fee;
      return isSame ? { ok: this.#taken(before) } : refuse('REFUND_FEE_MISMATCH');
    }
    const at = now + settings.clock;
    const why = whyNotRefunded(order, this.#of(order), refund_fee, at, settings.refundInterval);
    if (why) return refuse(...why);
    const refund: StoredRefund = {
      out_refund_no,
      out_trade_no: order.out_trade_no,
      refund_id: this.#ledger.newId('50000', at),
      refund_fee,
      refund_status: 'PROCESSING',
      order,
      refund_account: fields.refund_account || 'REFUND_SOURCE_UNSETTLED_FUNDS',
      notify_url: fields.notify_url ?? '',
      requestedAt: at,
      end: settings.refundEnd,
      delay: settings.refundDelay,
      endedAt: 0,
    };
    this.#refunds.set(out_refund_no, refund);
    this.#processing.add(refund);
    takeRefund(refund);
    this.#changed(refund);
    this.settle(settings, now);
    return { ok: this.#taken(refund) };
  }

  #taken({ out_refund_no, refund_id, order, refund_fee }: StoredRefund): Record<string, string> {
    return {
      transaction_id: order.transaction_id,
      out_trade_no: order.out_trade_no,
      out_refund_no,
      refund_id,
      refund_fee: String(refund_fee),
      coupon_refund_fee: '0',
      total_fee: String(order.total_fee),
      fee_type: order.echo.fee_type ?? 'CNY',
      cash_fee: String(order.total_fee),
      cash_refund_fee: String(refund_fee),
      coupon_refund_count: '0',
    };
  }

  query(fields: Fields, settings: SimulatorSettings, now: number): LedgerResult {
    this.settle(settings, now);
    if (settings.refundquery) return refuse(settings.refundquery);
    const { refund_id, out_refund_no, offset = '0' } = fields;
    if (!/^\d{1,3}$/.test(offset)) return refuse('PARAM_ERROR');
    const isOne = Boolean(refund_id || out_refund_no);
    const all = isOne ? this.#one(refund_id, out_refund_no) : this.#ofOrder(fields);
    const [first] = all;
    if (!first) return refuse('REFUNDNOTEXIST');
    const found = isOne ? all : all.slice(Number(offset), Number(offset) + pageSize);
    if (found.length === 0) return refuse('PARAM_ERROR');
    const { order } = first;
    const ok: Record<string, string> = {
      transaction_id: order.transaction_id,
      out_trade_no: order.out_trade_no,
      total_fee: String(order.total_fee),
      fee_type: order.echo.fee_type ?? 'CNY',
      cash_fee: String(order.total_fee),
      refund_count: String(found.length),
      ...(isOne ? {} : { total_refund_count: String(all.length) }),
    };
    found.forEach((refund, n) => {
      for (const [name, value] of Object.entries(toldOf(refund))) ok[`${name}_${n}`] = value;
    });
    return { ok };
  }

  /** refund_id counts, if both are given. */
  #one(refund_id: string | undefined, out_refund_no: string | undefined): StoredRefund[] {
    return this.all.filter((refund) =>
      refund_id ? refund.refund_id === refund_id : refund.out_refund_no === out_refund_no,
    );
  }

  #ofOrder(fields: Fields): StoredRefund[] {
    const order = this.#ledger.find(fields);
    return order ? this.#of(order) : [];
  }
}

/** Where the money goes. */
export const receiver = '支付用户零钱';

/** What a refundquery says of one refund, without the numbers at the names' ends. */
function toldOf(refund: StoredRefund): Record<string, string> {
  const { out_refund_no, refund_id, refund_fee, refund_status, refund_account, endedAt } = refund;
  return {
    out_refund_no,
    refund_id,
    refund_channel: 'ORIGINAL',
    refund_fee: String(refund_fee),
    settlement_refund_fee: String(refund_fee),
    refund_status,
    refund_account,
    // The vendor's spelling.
    refund_recv_accout: receiver,
    ...(refund_status === 'SUCCESS' ? { refund_success_time: spacedTime(endedAt) } : {}),
  };
}
