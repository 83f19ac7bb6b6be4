import { InvalidParameterError } from 'wxpay-face';
import { Connections } from '../database/connections.js';
import { migrate } from '../database/migrations.js';
import {
  type DayFilter,
  listDeadLetters,
  listDifferences,
  reconciledDays,
  replay,
  type StoredDifference,
} from '../jobs/index.js';
import { isDay } from '../jobs/nights/days.js';
import type { MerchantServerOptions } from '../merchants/options.js';

/* What people ask of webhooks and bills on the command line: beside servers that run, a line each with tabs between its fields. */

export interface Asked {
  readonly merchant?: string;
  readonly date?: string;
}

export async function withDatabase<T>(
  { database }: MerchantServerOptions,
  use: (connections: Connections) => Promise<T>,
): Promise<T> {
  if (database === undefined)
    throw new InvalidParameterError('database', 'is required: webhooks and reconciled days are kept there');
  const connections = new Connections(database);
  try {
    await migrate(connections);
    return await use(connections);
  } finally {
    await connections.close();
  }
}

const only = (merchant: string | undefined): readonly string[] | undefined =>
  merchant === undefined ? undefined : [merchant];

const line = (fields: ReadonlyArray<string | number | undefined>): string =>
  fields.map((field) => field ?? '').join('\t');

/** Those that are sent no more: id, merchant, sale, type, when it was given up, attempts, the last answer, how many wait behind it. */
export function deadLetterLines(config: MerchantServerOptions, { merchant }: Asked): Promise<string[]> {
  return withDatabase(config, async (connections) => {
    const letters = await listDeadLetters(connections, only(merchant));
    return letters.map(({ id, merchant: whose, lane, type, diedAt, attempts, answer, waiting }) =>
      line([id, whose, lane, type, diedAt.toISOString(), attempts, answer, waiting]),
    );
  });
}

/** @param id 'all', or one that the list shows. @throws InvalidParameterError if it's that of no dead letter. */
export function replayed(config: MerchantServerOptions, id: string, { merchant }: Asked): Promise<number> {
  return withDatabase(config, async (connections) => {
    const count = await replay(connections, id === 'all' ? 'all' : [id], only(merchant));
    if (count === 0 && id !== 'all') throw new InvalidParameterError('--id', 'is that of no dead letter');
    return count;
  });
}

/** @throws InvalidParameterError for what is not a day. */
export function checkDate(date: string | undefined): void {
  if (date !== undefined && !isDay(date)) throw new InvalidParameterError('--date', 'must be a day as YYYYMMDD');
}

function rangeOf({ merchant, date }: Asked): DayFilter {
  checkDate(date);
  const merchants = only(merchant);
  return { ...(merchants && { merchants }), ...(date !== undefined && { from: date, to: date }) };
}

/** Day, merchant, kind, the numbers of sale, refund and vendor, fen here and there, state. */
export const differenceLine = ({ bill_date, merchant, kind, ...of }: StoredDifference): string =>
  line([bill_date, merchant, kind, of.out_trade_no, of.out_refund_no, of.transaction_id, of.here, of.there, of.state]);

export function differenceLines(config: MerchantServerOptions, asked: Asked): Promise<string[]> {
  return withDatabase(config, async (connections) => {
    return (await listDifferences(connections, rangeOf(asked))).map(differenceLine);
  });
}

/** Day, merchant, when it was reconciled or "open", how many differences, what kept it from being reconciled. */
export function dayLines(config: MerchantServerOptions, asked: Asked): Promise<string[]> {
  return withDatabase(config, async (connections) => {
    const days = await reconciledDays(connections, rangeOf(asked));
    return days.map(({ bill_date, merchant, reconciledAt, differences, trouble }) =>
      line([bill_date, merchant, reconciledAt?.toISOString() ?? 'open', differences, trouble]),
    );
  });
}
