import type { Difference } from 'wxpay-face';
import type { Connections, Statement } from '../database/connections.js';

/* What the bills said, day by day. Numbers and kinds: no personal data. */

/** A difference between a day's bill and the journal, see reconcile. */
export interface StoredDifference extends Difference {
  /** By its name; a sub-merchant as provider/name. */
  readonly merchant: string;
  /** yyyyMMdd, Beijing. */
  readonly bill_date: string;
}

/** A day's bill: reconciled, or asked for in vain so far. */
export interface ReconciledDay {
  readonly merchant: string;
  /** yyyyMMdd, Beijing. */
  readonly bill_date: string;
  readonly askedAt: Date;
  /** Undefined as long as there is no bill. */
  readonly reconciledAt: Date | undefined;
  /** How many there are; 0 before it is reconciled. */
  readonly differences: number;
  /** Why it could not be reconciled when it was last asked for. */
  readonly trouble: string | undefined;
}

/** Which days, of whom. */
export interface DayFilter {
  /** By name. Default: all. */
  readonly merchants?: readonly string[];
  /** yyyyMMdd: the first and the last one. */
  readonly from?: string;
  readonly to?: string;
}

const range = `
  where ($1::text[] is null or merchant = any ($1)) and bill_date between coalesce($2, '') and coalesce($3, '99999999')`;

const values = ({ merchants, from, to }: DayFilter): unknown[] => [merchants ?? null, from ?? null, to ?? null];

const listOfDifferences: Statement = {
  name: 'wxpay-face differences',
  text: `
    select json_strip_nulls(json_build_object(
             'merchant', merchant, 'bill_date', bill_date, 'kind', kind, 'out_trade_no', out_trade_no, 'out_refund_no', out_refund_no,
             'transaction_id', transaction_id, 'here', here, 'there', there, 'state', state)) as "difference"
    from wxpay_face.difference ${range} order by bill_date desc, merchant, position limit 10000`,
};

const listOfDays: Statement = {
  name: 'wxpay-face reconciled days',
  text: `
    select merchant as "merchant", bill_date as "bill_date", asked_at as "askedAt", reconciled_at as "reconciledAt",
           coalesce(differences, 0) as "differences", trouble as "trouble"
    from wxpay_face.reconciled_day ${range} order by bill_date desc, merchant limit 10000`,
};

/** The latest day first, 10,000 at most. */
export async function listDifferences(connections: Connections, filter: DayFilter = {}): Promise<StoredDifference[]> {
  const rows = await connections.query<{ difference: StoredDifference }>(listOfDifferences, values(filter));
  return rows.map(({ difference }) => difference);
}

/** The latest day first, 10,000 at most. */
export async function reconciledDays(connections: Connections, filter: DayFilter = {}): Promise<ReconciledDay[]> {
  const rows = await connections.query<DayRow>(listOfDays, values(filter));
  return rows.map(({ reconciledAt, trouble, ...row }) => ({
    ...row,
    reconciledAt: reconciledAt ?? undefined,
    trouble: trouble ?? undefined,
  }));
}

interface DayRow {
  readonly merchant: string;
  readonly bill_date: string;
  readonly askedAt: Date;
  readonly reconciledAt: Date | null;
  readonly differences: number;
  readonly trouble: string | null;
  [column: string]: unknown;
}
