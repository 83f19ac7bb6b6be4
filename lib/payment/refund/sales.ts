import { call } from '../../concurrency.js';
import { JournalError, OrderExistsError } from '../../journal/errors.js';
import type { Journal, JournalRecord } from '../../journal/journal.js';
import { gatewayTimeOf, type PaymentClient } from '../client.js';
import type { Clock } from '../clock.js';
import { brokenRule, isReleased, type RefundRule, type ReservedRefund } from '../decision/refund/rules.js';
import { OrderUnknownError } from '../errors.js';
import type { Patience } from '../patience.js';
import { fromRecord, type KnownPayment } from '../record.js';
import { putNext } from '../record-writer.js';
import { unreadable } from '../runs.js';
import { type KnownRefund, knownRefund, refundRecord, type StoredRefund } from './record.js';

/** What is kept of sales and their refunds, and by which clock. */
interface Around {
  readonly client: PaymentClient;
  readonly journal: Journal;
  readonly patience: Patience;
  readonly clock: Clock;
}

/** A sale as its record tells it, with its refunds as theirs do. */
export interface Sale {
  readonly record: JournalRecord;
  readonly known: KnownPayment;
  /** Fen. */
  readonly total_fee: number;
  readonly refunds: readonly ReservedRefund[];
}

/** Milliseconds after which a reserved refund without a record is no longer on its way to one: its program has ended. */
const orphaned = 60_000;

/** Nothing more is heard of these. */
const isSettled = (refund: ReservedRefund): boolean =>
  refund.phase === 'refunded' || isReleased(refund) || (refund.elsewhere === true && refund.decidedAt === undefined);

/**
 * The records of sales, as far as refunds are concerned: each refund is reserved in its sale's record, by a put with the next
 * revision, before it has one of its own. So their rules hold for all callers, and for all servers on one journal.
 */
export class Sales {
  readonly #around: Around;

  constructor(around: Around) {
    this.#around = around;
  }

  /** Undefined if the journal doesn't know it. @throws JournalError if it can't be read. */
  async find(out_trade_no: string): Promise<Sale | undefined> {
    const { journal, patience } = this.#around;
    const record = await patience(call(() => journal.get('payment', out_trade_no)));
    if (record === undefined) return undefined;
    const known = fromRecord(record);
    if (known === undefined) throw new JournalError(unreadable(record));
    return saleOf(record, known);
  }

  /** A refund as its own record tells it, which a crash may have kept from being copied. Undefined if it has none yet. */
  async recorded(sale: Sale, refund: ReservedRefund): Promise<ReservedRefund | undefined> {
    if (isSettled(refund)) return refund;
    const record = await this.#stored(refund.out_refund_no);
    return record && withRecord(sale, refund, record);
  }

  /** The same with its refunds as their own records tell them. One without a record that can't get one any more has failed. */
  async refreshed(sale: Sale): Promise<Sale> {
    const refunds: ReservedRefund[] = [];
    for (const refund of sale.refunds) refunds.push(await this.#refreshed(sale, refund));
    return { ...sale, refunds };
  }

  /** Which rule a refund of a refreshed sale would break. */
  brokenRule({ known, total_fee, refunds }: Sale, refund_fee: number): RefundRule | undefined {
    const { client, clock } = this.#around;
    const sale = { ...known, requested: known.stored.requested, total_fee, refunds };
    return brokenRule(sale, refund_fee, gatewayTimeOf(client) ?? clock.wall());
  }

  /** The same, refreshed. @throws OrderUnknownError if a refund of it has given something back, or may yet. */
  async notRefunded(found: Sale): Promise<Sale> {
    const sale = await this.refreshed(found);
    const refund = sale.refunds.find((each) => !isReleased(each));
    if (refund === undefined) return sale;
    const [out_trade_no, { out_refund_no }] = [sale.record.id, refund];
    throw new OrderUnknownError(
      'ERR_ORDER_REFUNDED',
      `${out_trade_no} is refunded by ${out_refund_no}, so that it can't be given up: refund what is left`,
      { out_trade_no, out_refund_no },
    );
  }

  /** Writes the sale's refunds down. False if its record has gone on: it's to be read again. */
  async write({ record }: Sale, refunds: readonly ReservedRefund[]): Promise<boolean> {
    const next = {
      ...record,
      revision: record.revision + 1,
      updatedAt: this.#around.clock.wall(),
      data: { ...record.data, refunds },
    };
    return putNext(this.#around, next);
  }

  /** Has the sale's record tell what its refund's does. */
  async copy(out_refund_no: string, { stored, phase, facts, decidedAt }: KnownRefund): Promise<void> {
    for (;;) {
      const sale = await this.find(stored.out_trade_no);
      const refund = sale?.refunds.find((each) => each.out_refund_no === out_refund_no);
      if (sale === undefined || refund === undefined || !sale.record.finished) return;
      if ((refund.decidedAt ?? 0) >= decidedAt) return;
      const refunds = sale.refunds.map((each) => (each === refund ? { ...each, phase, facts, decidedAt } : each));
      if (await this.write(sale, refunds)) return;
    }
  }

  /**
   * Of a reserved refund whose number is in use: either another process has written it down just now, or a merchant with whom numbers
   * are shared has a refund of it. Then nothing of this one was sent, and what it held is free again.
   * @throws OrderExistsError if it is another merchant's.
   */
  async ensureOurs(out_trade_no: string, out_refund_no: string): Promise<void> {
    if ((await this.#stored(out_refund_no)) !== undefined) return;
    for (let isFree = false; !isFree; ) {
      const sale = await this.find(out_trade_no);
      const refunds = sale?.refunds.filter((each) => each.out_refund_no !== out_refund_no || each.elsewhere === true);
      isFree =
        sale === undefined ||
        refunds === undefined ||
        refunds.length === sale.refunds.length ||
        (await this.write(sale, refunds));
    }
    throw new OrderExistsError(out_trade_no, out_refund_no);
  }

  #stored(out_refund_no: string): Promise<JournalRecord | undefined> {
    const { journal, patience } = this.#around;
    return patience(call(() => journal.get('refund', out_refund_no)));
  }

  async #refreshed(sale: Sale, refund: ReservedRefund): Promise<ReservedRefund> {
    const recorded = await this.recorded(sale, refund);
    if (recorded !== undefined) return recorded;
    if (Math.abs(this.#around.clock.wall() - refund.at) < orphaned) return refund;
    return this.#release(sale, refund);
  }

  /**
   * A refund that was reserved and never written down: its program died between the two. It gets a record that has failed, so
   * that whoever is still about to write it down can't, and nothing of it is sent any more.
   */
  async #release(sale: Sale, refund: ReservedRefund): Promise<ReservedRefund> {
    const { journal, patience, clock } = this.#around;
    const reason = 'The program ended before the refund was written down: nothing of it was sent';
    const known = {
      stored: storedRefund(sale, refund, { wall: refund.at, run: '' }),
      phase: 'failed' as const,
      facts: { failure: 'late' as const, reason },
      decidedAt: 1,
    };
    const record = refundRecord(refund.out_refund_no, 1, clock.wall(), known);
    try {
      await patience(call(() => journal.create(record)));
      return withRecord(sale, refund, record);
    } catch (error) {
      if (!(error instanceof OrderExistsError)) throw error;
      return (await this.recorded(sale, refund)) ?? taken(refund, 'another merchant');
    }
  }
}

export function saleOf(record: JournalRecord, known: KnownPayment): Sale {
  const { total_fee = known.facts.payment?.total_fee ?? 0, refunds = [] } = known.stored;
  return { record, known, total_fee, refunds };
}

/** What is kept of a refund of this sale. */
export function storedRefund(
  { record, known, total_fee }: Sale,
  { refund_fee, ...more }: Pick<StoredRefund, 'refund_fee' | 'refund_desc' | 'refund_account' | 'notify_url'>,
  requested: StoredRefund['requested'],
): StoredRefund {
  const { refund_desc, refund_account, notify_url } = more;
  return {
    out_trade_no: record.id,
    total_fee,
    refund_fee,
    ...(refund_desc !== undefined && { refund_desc }),
    ...(refund_account !== undefined && { refund_account }),
    ...(notify_url !== undefined && { notify_url }),
    merchant: known.stored.merchant,
    requested,
  };
}

function withRecord(sale: Sale, refund: ReservedRefund, record: JournalRecord): ReservedRefund {
  const known = knownRefund(record);
  // Whatever it is, it may give money back.
  if (known === undefined) return { ...refund, decidedAt: refund.decidedAt ?? record.revision };
  const { stored, phase, facts, decidedAt } = known;
  if (stored.out_trade_no === sale.record.id) return { ...refund, phase, facts, decidedAt };
  // Two sales asked for one number at once: the other had it.
  return taken(refund, stored.out_trade_no);
}

/** @param by Whose refund has the number. */
function taken(refund: ReservedRefund, by: string): ReservedRefund {
  const reason = `The number belongs to a refund of ${by}: nothing of this one was sent`;
  return { ...refund, phase: 'failed', facts: { failure: 'parameter', reason }, decidedAt: 1 };
}
