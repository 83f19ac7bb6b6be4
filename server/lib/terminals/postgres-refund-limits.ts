import { type Connections, isRefusal, type Statement } from '../database/connections.js';
import type { RefundLimits, Spending } from './refund-limits.js';

/** The sum is held against the limit by the table itself: what breaks that is undone as a whole. $6 the limit. */
const spend: Statement = {
  name: 'wxpay-face refund spend',
  text: `
    with spent as (
      insert into wxpay_face.refund_spent (terminal, numbers, out_trade_no, out_refund_no, fen, day)
      values ($1, $2, $3, $4, $5::bigint, (now() at time zone 'UTC' + interval '8 hours')::date)
      on conflict (terminal, numbers, out_trade_no, out_refund_no, fen) do update set is_shared = true
      returning is_shared, day
    )
    insert into wxpay_face.refund_day as today (terminal, day, fen, most)
    select $1, day, $5::bigint, $6::bigint from spent where not is_shared
    on conflict (terminal, day) do update set fen = today.fen + excluded.fen, most = excluded.most
    returning true as "isCounted"`,
};

const release: Statement = {
  name: 'wxpay-face refund release',
  text: `
    with gone as (
      delete from wxpay_face.refund_spent
      where terminal = $1 and numbers = $2 and out_trade_no = $3 and out_refund_no = $4 and fen = $5::bigint and not is_shared
      returning terminal, day, fen
    )
    update wxpay_face.refund_day as today set fen = today.fen - gone.fen
    from gone where today.terminal = gone.terminal and today.day = gone.day`,
};

/** SQLSTATE of a check that a row doesn't pass. */
const checkViolation = '23514';

const valuesOf = ({ terminal, numbers, out_trade_no, out_refund_no, fen }: Spending): unknown[] => [
  terminal,
  numbers,
  out_trade_no,
  out_refund_no,
  fen,
];

/** By the database's clock, one sum for all servers. */
export class PostgresRefundLimits implements RefundLimits {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async spend(spending: Spending): Promise<'counted' | 'known' | 'beyond'> {
    try {
      const rows = await this.#connections.query(spend, [...valuesOf(spending), spending.limit]);
      return rows.length > 0 ? 'counted' : 'known';
    } catch (error) {
      if (isRefusal(error) && error.code === checkViolation) return 'beyond';
      throw error;
    }
  }

  async release(spending: Spending): Promise<void> {
    await this.#connections.query(release, valuesOf(spending));
  }
}
