import type { Connections } from '../../database/connections.js';
import type { Merchant } from '../../merchants/merchants.js';
import { reconcileDay } from '../../merchants/reconcile.js';
import { tell } from '../../operation/events.js';
import { isOverdue, openDays } from './days.js';
import { daysOf, keepInVain, keepReconciled } from './reconciled.js';

/* Each merchant's bill of a day, in the morning after it. */

export interface NightParts {
  readonly connections: Connections;
  /** Of this start. */
  readonly server: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A bill to be asked for now. */
export interface OpenBill {
  readonly merchant: string;
  readonly bill_date: string;
}

export async function openBills({ connections, now }: NightParts, merchants: readonly Merchant[]): Promise<OpenBill[]> {
  const bills: OpenBill[] = [];
  for (const { name } of merchants)
    for (const bill_date of openDays(await daysOf(connections, name), now())) bills.push({ merchant: name, bill_date });
  return bills;
}

/** Errors of this package have a code, and a message without secrets; of others the name says enough. */
function reasonOf(error: unknown): string {
  const { code, name, message } = Object(error);
  return typeof code === 'string' && code.startsWith('ERR_') ? `${code}: ${message}` : String(name);
}

/**
 * Reconciles a day, marks it, and keeps what differs. If it can't be, that is kept as well, and it's asked for again later.
 * @param isWithoutSales A bill that is missing is one without rows. Default: if it's two days late.
 * @returns Whether it is reconciled now.
 */
export async function reconcileBill(
  { connections, server, now }: NightParts,
  merchant: Pick<Merchant, 'name' | 'client' | 'journal' | 'webhook'>,
  bill_date: string,
  isWithoutSales = isOverdue(bill_date, now()),
): Promise<boolean> {
  const about = { merchant: merchant.name, bill_date, now: now() };
  try {
    const differences = await reconcileDay(merchant, bill_date, isWithoutSales);
    await keepReconciled(connections, { ...about, isTold: merchant.webhook !== undefined }, differences);
    const event = differences.length > 0 ? 'bill-differs' : 'bill-agrees';
    tell({ event, server, merchant: merchant.name, bill_date, differences: differences.length });
    return true;
  } catch (error) {
    const reason = reasonOf(error).slice(0, 500);
    await keepInVain(connections, about, reason);
    tell({ event: 'bill-open', server, merchant: merchant.name, bill_date, reason });
    return false;
  }
}
