import type { Connections } from '../../database/connections.js';
import type { Merchant } from '../../merchants/merchants.js';
import { reconcileDay } from '../../merchants/reconcile.js';
import { isOverdue, openDays } from './days.js';
import { daysOf, keepInVain, keepReconciled } from './reconciled.js';

/* Each merchant's bill of a day, in the morning after it. */

export interface NightParts {
  readonly connections: Connections;
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
 * @returns Whether it is reconciled now.
 */
export async function reconcileBill(
  { connections, now }: NightParts,
  merchant: Merchant,
  bill_date: string,
): Promise<boolean> {
  const about = { merchant: merchant.name, bill_date, now: now() };
  try {
    const differences = await reconcileDay(merchant, bill_date, isOverdue(bill_date, about.now));
    await keepReconciled(connections, { ...about, isTold: merchant.webhook !== undefined }, differences);
    return true;
  } catch (error) {
    await keepInVain(connections, about, reasonOf(error).slice(0, 500));
    return false;
  }
}
