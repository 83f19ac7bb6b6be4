import type { PaymentOutcome, RefundOutcome } from 'wxpay-face';
import type { Postgres } from '../support/postgres.js';
import type { Books } from '../support/simulator-child.js';
import { isRefused, type Told } from '../support/till.js';

/* What tills, database and gateway say of a sale, held against each other. */

/** One sale as its till knows it. */
export interface Sale {
  readonly till: number;
  readonly out_trade_no: string;
  readonly total_fee: number;
  /** All that it was told of the payment, by whichever server. */
  readonly told: Array<Told<PaymentOutcome>>;
  /** A cancel() was asked for; and it was answered. */
  isCancelled: boolean;
  isGivenUp: boolean;
  refund?: {
    readonly out_refund_no: string;
    readonly refund_fee: number;
    readonly told: Array<Told<RefundOutcome>>;
  };
  /** Its till wants nothing more of it just now. */
  isQuiet: boolean;
}

/** What the database says of a payment or a refund. */
export interface Row {
  readonly state: string;
  readonly finished: boolean;
  readonly revision: number;
}

/** By kind and number. */
export async function rowsOf(postgres: Postgres): Promise<Map<string, Row>> {
  const rows = await postgres.query('postgres', 'select kind, id, state, finished, revision from wxpay_face.record');
  return new Map(
    rows.map(({ kind, id, state, finished, revision }) => [
      `${kind} ${id}`,
      { state: String(state), finished: finished === true, revision: Number(revision) },
    ]),
  );
}

/** The states of an unfinished payment of which its till is told an outcome all the same. */
const undecided = 'reversing';

/** The last that was told, by its revision, since an older answer may come later. */
const lastOf = <Outcome extends { revision?: number }>(told: ReadonlyArray<Told<Outcome>>): Outcome | undefined =>
  told
    .flatMap((each) => (isRefused(each) ? [] : [each]))
    .sort((one, other) => (one.revision ?? 0) - (other.revision ?? 0))
    .at(-1);

/** What doesn't agree. @param rows Read before the gateway's books, of sales that were quiet before both. */
export function disagreements(sales: readonly Sale[], rows: ReadonlyMap<string, Row>, books: Books): string[] {
  const entries = new Map(books.ledger.map((entry) => [entry.out_trade_no, entry]));
  const refunds = new Map(books.refunds.map((refund) => [refund.out_refund_no, refund]));
  const wrong: string[] = [];
  for (const sale of sales) {
    const { out_trade_no, total_fee, told, isCancelled, isGivenUp, refund } = sale;
    const say = (what: string) => wrong.push(`${out_trade_no} ${what}`);
    const row = rows.get(`payment ${out_trade_no}`);
    const entry = entries.get(out_trade_no);
    for (const each of told) if (isRefused(each)) say(`was refused: ${each.refused}`);
    if (row === undefined) {
      say('is not in the database');
      continue;
    }
    const { state, finished } = row;
    if (state === 'attention') say('is in front of a person');
    if (isGivenUp && state === 'paid') say('was given up, and is paid');
    const last = lastOf(told);
    if (last !== undefined && last.status !== state && last.status !== undecided)
      say(`is ${state}, but its till was told ${last.status} at revision ${last.revision} of ${row.revision}`);
    const finals = new Set(told.flatMap((each) => (isRefused(each) || each.status === undecided ? [] : [each.status])));
    if (finals.size > 1 && !isCancelled) say(`was told as ${[...finals].join(' and ')}`);
    const times = books.payments.get(out_trade_no) ?? 0;
    if (times > 1) say(`was sent ${times} times`);
    if (refund !== undefined) {
      const end = refunds.get(refund.out_refund_no);
      const refundRow = rows.get(`refund ${refund.out_refund_no}`);
      const lastRefund = lastOf(refund.told);
      for (const each of refund.told) if (isRefused(each)) say(`had its refund refused: ${each.refused}`);
      if (refundRow === undefined) say('has a refund that is not in the database');
      if ((refundRow?.state === 'refunded') !== (end?.refund_status === 'SUCCESS') && refundRow?.finished)
        say(`has a refund that is ${refundRow.state}, and ${end?.refund_status} at the gateway`);
      if (lastRefund?.status === 'refunded' && refundRow?.state !== 'refunded')
        say(`has a refund that is ${refundRow?.state}, but its till was told refunded`);
    }
    if (!finished) continue;
    const given = refund !== undefined && refunds.get(refund.out_refund_no)?.refund_status === 'SUCCESS';
    const kept = entry === undefined ? 0 : entry.charged - entry.refunded;
    const expected = state === 'paid' ? total_fee - (given ? refund.refund_fee : 0) : 0;
    if (kept !== expected)
      say(`is ${state}, but the gateway has ${entry?.trade_state} with ${kept} fen, not ${expected}`);
  }
  return wrong;
}
