import type { Connections, Statement } from '../database/connections.js';

/* What no webhook took for days, and what waits behind it. */

/** An event that is sent no more until it is replayed. Later ones of the same sale wait for it. */
export interface DeadLetter {
  /** The webhook-id that its receiver was shown. */
  readonly id: string;
  /** By its name; a sub-merchant as provider/name. */
  readonly merchant: string;
  /** What is ordered: an out_trade_no, or the day of a bill. */
  readonly lane: string;
  /** payment.paid, refund.refused, bill.reconciled, … */
  readonly type: string;
  readonly createdAt: Date;
  readonly diedAt: Date;
  readonly attempts: number;
  /** What the last attempt brought: "HTTP 500", "ECONNREFUSED". */
  readonly answer: string;
  /** How many later ones of its lane wait. */
  readonly waiting: number;
}

/** $1 merchants, or null for all. */
const list: Statement = {
  name: 'wxpay-face dead letters',
  text: `
    select id::text as "id", merchant as "merchant", lane as "lane", type as "type", created_at as "createdAt",
           dead_at as "diedAt", attempts as "attempts", coalesce(answer, '') as "answer",
           (select count(*)::int from wxpay_face.event as later
            where later.merchant = e.merchant and later.lane = e.lane and later.position > e.position) as "waiting"
    from wxpay_face.event as e
    where dead_at is not null and ($1::text[] is null or merchant = any ($1))
    order by position limit 1000`,
};

/** $1 ids, or null for all, $2 merchants, or null for all. */
const revive: Statement = {
  name: 'wxpay-face replay',
  text: `
    update wxpay_face.event set dead_at = null, since = null, attempts = 0, due_at = now()
    where dead_at is not null and ($1::uuid[] is null or id = any ($1)) and ($2::text[] is null or merchant = any ($2))
    returning true as "isRevived"`,
};

/** @param merchants Only theirs, by name (see {@link DeadLetter.merchant}). The oldest first, 1,000 at most. */
export function listDeadLetters(connections: Connections, merchants?: readonly string[]): Promise<DeadLetter[]> {
  return connections.query<DeadLetter & Record<string, unknown>>(list, [merchants ?? null]);
}

const isId = (text: string): boolean => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);

/**
 * Sends dead letters again, as if they were new; also twice at once it's once.
 * @param ids 'all', or those of {@link DeadLetter}. What is not a dead letter is passed over.
 * @returns How many there were.
 */
export async function replay(
  connections: Connections,
  ids: readonly string[] | 'all',
  merchants?: readonly string[],
): Promise<number> {
  const given = ids === 'all' ? null : ids.filter(isId);
  return (await connections.query(revive, [given, merchants ?? null])).length;
}
