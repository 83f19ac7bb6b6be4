import type { Connections, Statement } from '../../database/connections.js';

/* What is to be told, row by row: which of it is due, and what became of it. Times are the database's. */

/** The first of its lane, in somebody's hands now. */
export interface DueEvent {
  readonly position: string;
  /** The same in every attempt. */
  readonly id: string;
  readonly body: string;
}

/** What an attempt brought. */
export type DeliveryResult = { readonly position: string } & (
  | { readonly isTaken: true }
  | { readonly isTaken: false; readonly answer: string }
);

/** Seconds after which one that somebody had in hand is due again, because nothing more was heard of it. */
const inHand = 120;
/** Seconds before the next attempt: the first, how many times longer each, the longest; and by how much chance changes it. */
const backoff = { first: 5, factor: 3, longest: 3_600, jitter: 0.2 } as const;
/** After its first attempt, if none was taken: sent no more until it is replayed. */
const patience = '3 days';

/** Whose turn it is: what came earlier in the lane was taken. */
const isFirst = (row: string): string => `not exists (
  select from wxpay_face.event as earlier
  where earlier.merchant = ${row}.merchant and earlier.lane = ${row}.lane and earlier.position < ${row}.position)`;

/** $1 merchant, $2 how many, $3 the server. */
const claim: Statement = {
  name: 'wxpay-face events claim',
  text: `
    with due as materialized (
      select position from wxpay_face.event as e
      where merchant = $1 and dead_at is null and due_at <= now() and ${isFirst('e')}
      order by due_at limit $2 for update skip locked
    )
    update wxpay_face.event as e
    set due_at = now() + interval '${inHand} s', since = coalesce(e.since, now()), holder = $3
    from due where e.position = due.position
    returning e.position::text as "position", e.id::text as "id", e.body as "body"`,
};

/** $1 positions. */
const taken: Statement = {
  name: 'wxpay-face events taken',
  text: 'delete from wxpay_face.event where position = any ($1::bigint[])',
};

/** $1 positions, $2 answers. */
const refused: Statement = {
  name: 'wxpay-face events refused',
  text: `
    update wxpay_face.event as e
    set attempts = e.attempts + 1, answer = t.answer, holder = null,
        due_at = now() + least(${backoff.longest}, ${backoff.first} * ${backoff.factor} ^ least(e.attempts, 20))
          * (1 + ${backoff.jitter} * (2 * random() - 1)) * interval '1 s',
        dead_at = case when e.since < now() - interval '${patience}' then now() end
    from unnest($1::bigint[], $2::text[]) as t (position, answer)
    where e.position = t.position
    returning e.dead_at is not null as "isDead"`,
};

/** Those in the hands of servers that are dead, by their leases. */
const released: Statement = {
  name: 'wxpay-face events released',
  text: `
    update wxpay_face.event as e set due_at = now(), holder = null
    where holder is not null and dead_at is null
      and not exists (select from wxpay_face.server as s where s.id = e.holder and s.until > now())`,
};

/** $1 merchants. */
const waiting: Statement = {
  name: 'wxpay-face events due',
  text: `
    select m.merchant as "merchant" from unnest($1::text[]) as m (merchant)
    where exists (
      select from wxpay_face.event as e
      where e.merchant = m.merchant and e.dead_at is null and e.due_at <= now() and ${isFirst('e')})`,
};

/** Takes those in hand whose turn it is. Two servers never have the same. */
export function claimEvents(
  connections: Connections,
  server: string,
  merchant: string,
  most: number,
): Promise<DueEvent[]> {
  return connections.query<DueEvent & Record<string, unknown>>(claim, [merchant, most, server]);
}

/** @returns How many are sent no more from now on. */
export async function settleEvents(connections: Connections, answers: readonly DeliveryResult[]): Promise<number> {
  const done = answers.filter(({ isTaken }) => isTaken);
  if (done.length > 0) await connections.query(taken, [done.map(({ position }) => position)]);
  const open = answers.flatMap((each) => (each.isTaken ? [] : [each]));
  if (open.length === 0) return 0;
  const values = [open.map(({ position }) => position), open.map(({ answer }) => answer)];
  const rows = await connections.query<{ isDead: boolean }>(refused, values);
  return rows.filter(({ isDead }) => isDead).length;
}

/** Those of the merchants who are to be told something now. */
export async function withDueEvents(connections: Connections, merchants: readonly string[]): Promise<string[]> {
  await connections.query(released, []);
  const rows = await connections.query<{ merchant: string }>(waiting, [merchants]);
  return rows.map(({ merchant }) => merchant);
}
