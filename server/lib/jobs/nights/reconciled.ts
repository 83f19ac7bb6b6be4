import type { Difference } from 'wxpay-face';
import type { Connections, Statement } from '../../database/connections.js';
import { bodyOf } from '../webhooks/webhook.js';
import type { AskedDay } from './days.js';

/* What is kept of a day's bill. */

/** $1 merchant. */
const askedDays: Statement = {
  name: 'wxpay-face asked days',
  text: `
    select bill_date as "bill_date", asked_at as "askedAt", reconciled_at as "reconciledAt"
    from wxpay_face.reconciled_day where merchant = $1 order by bill_date desc limit 100`,
};

/** $1 merchant, $2 day, $3 when, $4 why. A day that was reconciled stays so. */
const inVain: Statement = {
  name: 'wxpay-face asked in vain',
  text: `
    insert into wxpay_face.reconciled_day as d (merchant, bill_date, asked_at, trouble) values ($1, $2, $3, $4)
    on conflict (merchant, bill_date) do update set asked_at = excluded.asked_at, trouble = excluded.trouble
    where d.reconciled_at is null`,
};

/**
 * $1 merchant, $2 day, $3 when, $4 to $10 the differences, $11 the bodies of what is told. In one commit: the day is marked if and only
 * if its differences are kept, and are on their way to whoever wants to be told.
 */
const reconciled: Statement = {
  name: 'wxpay-face reconciled',
  text: `
    with kept as (
      insert into wxpay_face.difference
        (merchant, bill_date, position, kind, out_trade_no, out_refund_no, transaction_id, here, there, state)
      select $1, $2, t.position, t.kind, t.out_trade_no, t.out_refund_no, t.transaction_id, t.here, t.there, t.state
      from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::float8[], $10::text[]) with ordinality
        as t (kind, out_trade_no, out_refund_no, transaction_id, here, there, state, position)
      on conflict (merchant, bill_date, position) do update set
        kind = excluded.kind, out_trade_no = excluded.out_trade_no, out_refund_no = excluded.out_refund_no,
        transaction_id = excluded.transaction_id, here = excluded.here, there = excluded.there, state = excluded.state
    ), gone as (
      delete from wxpay_face.difference where merchant = $1 and bill_date = $2 and position > cardinality($4::text[])
    ), told as (
      insert into wxpay_face.event (merchant, lane, type, body)
      select $1, 'bill ' || $2, 'bill.reconciled', body from unnest($11::text[]) with ordinality as t (body, part) order by part
    )
    insert into wxpay_face.reconciled_day (merchant, bill_date, asked_at, reconciled_at, differences)
    values ($1, $2, $3, $3, cardinality($4::text[]))
    on conflict (merchant, bill_date) do update set
      asked_at = excluded.asked_at, reconciled_at = excluded.reconciled_at, differences = excluded.differences, trouble = null`,
};

/** How many differences are told at once. */
const page = 200;

export function daysOf(connections: Connections, merchant: string): Promise<AskedDay[]> {
  return connections.query<AskedDay & Record<string, unknown>>(askedDays, [merchant]);
}

/** @param why No secret in it. */
export async function keepInVain(
  connections: Connections,
  { merchant, bill_date, now }: { merchant: string; bill_date: string; now: number },
  why: string,
): Promise<void> {
  await connections.query(inVain, [merchant, bill_date, new Date(now), why]);
}

function bodiesOf(merchant: string, bill_date: string, now: number, all: readonly Difference[]): string[] {
  const parts = Math.max(1, Math.ceil(all.length / page));
  return Array.from({ length: parts }, (_, index) => {
    const differences = all.slice(index * page, (index + 1) * page);
    const data = { merchant, bill_date, count: all.length, part: index + 1, parts, differences };
    return bodyOf('bill.reconciled', now, data);
  });
}

/** Marks a day as reconciled, with what differs. @param isTold Whether the merchant has a webhook. */
export async function keepReconciled(
  connections: Connections,
  { merchant, bill_date, now, isTold }: { merchant: string; bill_date: string; now: number; isTold: boolean },
  all: readonly Difference[],
): Promise<void> {
  const fields = ['kind', 'out_trade_no', 'out_refund_no', 'transaction_id', 'here', 'there', 'state'] as const;
  const columns = fields.map((field) => all.map((difference) => difference[field] ?? null));
  const bodies = isTold ? bodiesOf(merchant, bill_date, now, all) : [];
  await connections.query(reconciled, [merchant, bill_date, new Date(now), ...columns, bodies]);
}
