import { billDateOf } from '../../lib/bill/day.js';
import type { Difference } from '../../lib/bill/difference.js';
import { type ReconcileOptions, reconcile } from '../../lib/bill/reconcile.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import type { Bill, BillRow } from '../../lib/pay/bill/bill.js';
import { PayTransportError } from '../../lib/pay/errors.js';
import type { PaymentClient } from '../../lib/payment/client.js';
import { PaymentProcessor } from '../../lib/payment/processor.js';
import { charged, failed, identity, reversed, state } from '../support/scripted/client.js';
import { code } from '../support/scripted/till.js';
import { SimulatedClock } from '../support/simulated/clock.js';

/* A till's days before a gateway that keeps a book and writes bills. Fen, milliseconds. */

const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;

/** The clock begins at 08:00 in Beijing. */
export const today = '20241123';
export const tomorrow = '20241124';
export const untilMidnight = 16 * hour;

/** What becomes of a sale. 'charged late': charged, but shown as USERPAYING until the till has given it up. */
export type Fate = 'paid' | 'declined' | 'never paid' | 'charged late' | 'silent';

/** An order in the gateway's book; undefined where it didn't happen. */
export interface Entry {
  readonly out_trade_no: string;
  readonly transaction_id: string;
  total_fee: number;
  mch_id: string;
  sub_mch_id: string;
  paidAt: number | undefined;
  revokedAt: number | undefined;
}

/** A refund in the gateway's book. */
export interface RefundEntry {
  readonly out_trade_no: string;
  readonly out_refund_no: string;
  refund_fee: number;
  at: number;
  status: string;
}

const digits = (time: number): string => `${billDateOf(time)}${clockOf(time).replaceAll(':', '')}`;
const clockOf = (time: number): string => new Date(time + 8 * hour).toISOString().slice(11, 19);
const timeOf = (time: number): string => `${billDateOf(time).replace(/(....)(..)(..)/, '$1-$2-$3')} ${clockOf(time)}`;

/** A bill of these rows, and whether it was closed. */
export function billOf(rows: Iterable<BillRow> | AsyncIterable<BillRow>): Bill & { readonly isClosed: boolean } {
  let isClosed = false;
  return {
    rows: (async function* () {
      yield* rows;
    })(),
    summary: async () => ({}),
    close: () => {
      isClosed = true;
    },
    get isClosed() {
      return isClosed;
    },
  };
}

export class ShopDay {
  readonly clock = new SimulatedClock();
  readonly journal = new MemoryJournal();
  readonly processor: PaymentProcessor;
  readonly orders = new Map<string, Entry>();
  readonly refunds: RefundEntry[] = [];
  /** While it is set, nothing that says of a reversal arrives. */
  isSilent = false;
  readonly #fates = new Map<string, Fate>();
  readonly #silent = new Set<string>();
  readonly #identity: { appid: string; mch_id: string; sub_mch_id?: string };

  constructor(sub_mch_id?: string) {
    this.#identity = { ...identity, ...(sub_mch_id !== undefined && { sub_mch_id }) };
    this.processor = this.till(this.#identity);
  }

  /** Another till on this journal, of another merchant perhaps. */
  till(merchant: { appid: string; mch_id: string; sub_mch_id?: string }): PaymentProcessor {
    const { clock, journal } = this;
    return new PaymentProcessor({ client: this.#client(merchant), clock, journal, reversal: { mode: 'await' } });
  }

  /** Sells; the sale goes on to its end unless the gateway is silent. */
  async sell(
    out_trade_no: string,
    fate: Fate = 'paid',
    { total_fee = 100, processor = this.processor }: { total_fee?: number; processor?: PaymentProcessor } = {},
  ): Promise<void> {
    this.#fates.set(out_trade_no, fate);
    const paying = processor.pay({ out_trade_no, total_fee, body: 'Tea' }, code);
    if (fate === 'silent') return this.wait(10 * second);
    await this.clock.until(paying);
  }

  async cancel(out_trade_no: string): Promise<void> {
    await this.clock.until(this.processor.cancel(out_trade_no));
  }

  /** The till has acted on the outcome. */
  async acknowledge(out_trade_no: string): Promise<void> {
    const outcome = await this.processor.outcome(out_trade_no);
    if (outcome === undefined) throw new Error(`${out_trade_no} has no outcome`);
    await this.processor.acknowledge(outcome);
  }

  wait(ms: number): Promise<void> {
    return this.clock.run(() => false, ms);
  }

  /** Makes a sale at the gateway that this journal knows nothing of. */
  sellElsewhere(out_trade_no: string, total_fee = 100): Entry {
    return this.#enter(out_trade_no, total_fee, this.#identity, this.clock.real());
  }

  /** Gives back, to the end; or, if the gateway says nothing to it, as far as that. */
  async refund(
    out_trade_no: string,
    out_refund_no: string,
    refund_fee: number,
    isSilent = false,
  ): Promise<RefundEntry> {
    if (isSilent) this.#silent.add(out_refund_no);
    await this.clock.until(this.processor.refund(out_trade_no, { out_refund_no, refund_fee }));
    if (!isSilent) await this.clock.until(this.processor.refundSettled(out_refund_no));
    const entry = this.refunds.find((each) => each.out_refund_no === out_refund_no);
    if (entry === undefined) throw new Error(`the gateway has no ${out_refund_no}`);
    return entry;
  }

  /**
   * The rows of a day's bill in the order of their times.
   * @param reversedOn Whose day's bill has the row of a reversal: the vendor doesn't say.
   */
  rows(bill_date: string, reversedOn: 'payment' | 'reversal' = 'reversal'): BillRow[] {
    const rows: Array<readonly [time: number, row: BillRow]> = [];
    for (const entry of this.orders.values()) {
      const { paidAt, revokedAt } = entry;
      if (paidAt === undefined) continue;
      if (billDateOf(paidAt) === bill_date) rows.push([paidAt, rowOf(entry, 'SUCCESS', paidAt)]);
      if (revokedAt === undefined) continue;
      const shownAt = reversedOn === 'payment' ? paidAt : revokedAt;
      if (billDateOf(shownAt) === bill_date)
        rows.push([revokedAt, { ...rowOf(entry, 'REVOKED', paidAt), total_fee: 0 }]);
    }
    for (const { out_trade_no, out_refund_no, refund_fee, at, status } of this.refunds) {
      const entry = this.orders.get(out_trade_no);
      if (entry === undefined || billDateOf(at) !== bill_date) continue;
      const refund = { out_refund_no, refund_id: `5${out_refund_no}`, refund_fee, refund_status: status };
      rows.push([at, { ...rowOf(entry, 'REFUND', at), ...refund }]);
    }
    return rows.sort(([one], [other]) => one - other).map(([, row]) => row);
  }

  /** What reconcile() finds in a day's bill. */
  async differences(
    bill_date: string,
    options: Partial<ReconcileOptions> & { reversedOn?: 'payment' | 'reversal' } = {},
  ): Promise<Difference[]> {
    const { reversedOn, ...rest } = options;
    const bill = billOf(this.rows(bill_date, reversedOn));
    const found = [];
    for await (const difference of reconcile({ bill, journal: this.journal, bill_date, ...rest }))
      found.push(difference);
    return found;
  }

  #enter(
    out_trade_no: string,
    total_fee: number,
    { mch_id, sub_mch_id = '0' }: { mch_id: string; sub_mch_id?: string },
    paidAt: number | undefined,
  ): Entry {
    const transaction_id = `42${out_trade_no}`;
    const entry = { out_trade_no, transaction_id, total_fee, mch_id, sub_mch_id, paidAt, revokedAt: undefined };
    this.orders.set(out_trade_no, entry);
    return entry;
  }

  #client(merchant: { appid: string; mch_id: string; sub_mch_id?: string }): PaymentClient {
    const { orders, clock } = this;
    const fateOf = (out_trade_no: string): Fate => this.#fates.get(out_trade_no) ?? 'paid';
    const success = ({ out_trade_no, total_fee, transaction_id }: Entry, paidAt: number) => ({
      ...charged(out_trade_no, total_fee),
      ...merchant,
      transaction_id,
      time_end: digits(paidAt),
    });
    const lost = new PayTransportError('no answer came in time', true);
    return {
      identity: merchant,
      requestTimeout: 20_000,
      gatewayTime: () => clock.real(),
      micropay: async ({ out_trade_no, total_fee }) => {
        const fate = fateOf(out_trade_no);
        await clock.sleep(2 * second);
        if (fate === 'declined') return failed('NOTENOUGH');
        const entry = this.#enter(out_trade_no, total_fee, merchant, undefined);
        if (fate === 'silent') throw lost;
        const charge = (): number => {
          entry.paidAt = clock.real();
          return entry.paidAt;
        };
        if (fate === 'paid') return success(entry, charge());
        if (fate === 'charged late') clock.at(20 * second, charge);
        return failed('USERPAYING');
      },
      orderquery: async ({ out_trade_no = '' }) => {
        const entry = orders.get(out_trade_no);
        const isUnheard = this.isSilent && entry?.revokedAt !== undefined;
        if (isUnheard || fateOf(out_trade_no) === 'silent') throw lost;
        if (entry === undefined) return failed('ORDERNOTEXIST');
        if (entry.revokedAt !== undefined) return { ...state('REVOKED', out_trade_no), ...merchant };
        if (entry.paidAt === undefined || fateOf(out_trade_no) === 'charged late')
          return { ...state('USERPAYING', out_trade_no), ...merchant };
        return { ...success(entry, entry.paidAt), trade_state: 'SUCCESS' };
      },
      reverse: async ({ out_trade_no = '' }) => {
        const entry = orders.get(out_trade_no);
        if (entry !== undefined) entry.revokedAt ??= clock.real();
        if (this.isSilent) throw lost;
        return reversed();
      },
      refund: async ({ out_trade_no = '', out_refund_no, refund_fee, total_fee }) => {
        const known = this.refunds.find((each) => each.out_refund_no === out_refund_no);
        const entry = { out_trade_no, out_refund_no, refund_fee, at: clock.real(), status: 'SUCCESS' };
        if (known === undefined) this.refunds.push(entry);
        if (this.#silent.has(out_refund_no)) throw lost;
        const { result_code } = reversed();
        const numbers = {
          out_trade_no,
          out_refund_no,
          refund_id: `5${out_refund_no}`,
          transaction_id: `42${out_trade_no}`,
        };
        return { result_code, ...numbers, refund_fee, total_fee };
      },
      refundquery: async (asked) => {
        const entries = this.refunds.filter((each) =>
          'out_refund_no' in asked
            ? each.out_refund_no === asked.out_refund_no
            : 'out_trade_no' in asked && each.out_trade_no === asked.out_trade_no,
        );
        const [first] = entries;
        if (first === undefined) return failed('REFUNDNOTEXIST');
        const { out_trade_no } = first;
        const total_fee = orders.get(out_trade_no)?.total_fee ?? 0;
        const refunds = entries.map(({ out_refund_no, refund_fee, status }) => {
          return { out_refund_no, refund_id: `5${out_refund_no}`, refund_fee, refund_status: status };
        });
        return { result_code: 'SUCCESS', out_trade_no, total_fee, refunds };
      },
    };
  }
}

function rowOf({ paidAt: _, revokedAt: __, ...entry }: Entry, trade_state: string, time: number): BillRow {
  const { total_fee } = entry;
  const rest = { trade_type: 'MICROPAY', settlement_total_fee: total_fee, columns: {} };
  return { ...entry, time: timeOf(time), trade_state, ...rest };
}
