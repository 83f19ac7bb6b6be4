import { InvalidParameterError, Limiter } from 'wxpay-face';
import type { Connections } from '../database/connections.js';
import { listDifferences, type ReconciledDay, reconciledDays, type StoredDifference } from '../jobs/index.js';
import { billDateOf, readyAt } from '../jobs/nights/days.js';
import { type NightParts, reconcileBill } from '../jobs/nights/night.js';
import { webhookOf } from '../jobs/webhooks/webhook.js';
import { JournalReader } from '../journal/reading.js';
import { clientsOf, closeAll, type NamedClients } from '../merchants/clients.js';
import { keyOf } from '../merchants/merchants.js';
import type { MerchantOptions, MerchantServerOptions } from '../merchants/options.js';
import { checkDate, differenceLine, withDatabase } from './jobs.js';

/* A day's bills reconciled now, by hand: what the night does, without waiting for it. */

export interface AskedBills {
  /** A merchant, or a provider with its sub-merchants, or one of them. Default: all. */
  readonly merchant: string | undefined;
  /** yyyyMMdd. Default: yesterday. */
  readonly date: string | undefined;
  /** Nothing was sold on that day: a bill that is missing has no rows. */
  readonly isWithoutSales: boolean;
}

/** 0: each fen agrees. 1: there is a day without a sound bill. 3: something differs. As the till's own command has it. */
export type ReconcileExit = 0 | 1 | 3;

/** Milliseconds. */
const day = 24 * 60 * 60 * 1_000;

/** @param now Milliseconds since the epoch. */
function dateOf({ date, isWithoutSales }: AskedBills, now: number): string {
  checkDate(date);
  const bill_date = date ?? billDateOf(now - day);
  if (isWithoutSales && now < readyAt(bill_date))
    throw new InvalidParameterError('--no-sales', 'can only be said after ten o’clock of the next morning in China');
  return bill_date;
}

/** Those whose bill is asked for, each with what it's configured with. */
function* asked(
  { merchants }: MerchantServerOptions,
  wanted: string | undefined,
  limiter: Limiter,
): Generator<{ clients: NamedClients; options: MerchantOptions }> {
  for (const options of merchants) {
    if (wanted !== undefined && wanted !== options.name && !wanted.startsWith(`${options.name}/`)) continue;
    for (const clients of clientsOf(options, limiter))
      if (wanted === undefined || wanted === options.name || wanted === clients.name) yield { clients, options };
      else closeAll(clients);
  }
}

/** A line each with tabs between its fields, as `differences` has them; beside them, what is to be said of each bill. */
export interface Reconciled {
  readonly lines: readonly string[];
  readonly said: string;
  readonly exit: ReconcileExit;
}

function reconciledAs(
  { merchant, bill_date, trouble }: ReconciledDay,
  isReconciled: boolean,
  differences: readonly StoredDifference[],
): Reconciled {
  const of = `${bill_date} ${merchant}`;
  if (!isReconciled) return { lines: [], said: `${of}: not reconciled: ${trouble}`, exit: 1 };
  if (differences.length === 0) return { lines: [], said: `${of}: each fen agrees`, exit: 0 };
  return { lines: differences.map(differenceLine), said: `${of}: differences: ${differences.length}`, exit: 3 };
}

async function reconcileOne(
  parts: NightParts,
  { clients, options }: { clients: NamedClients; options: MerchantOptions },
  bill_date: string,
  isWithoutSales: boolean,
): Promise<Reconciled> {
  const { connections } = parts;
  const { name, v2: client } = clients;
  const journal = new JournalReader(connections, {
    merchant: keyOf(client.identity),
    numbers: client.identity.mch_id,
  });
  const webhook = options.webhook && webhookOf(options.webhook);
  // A day that is long over is one without sales even if nobody says so.
  const isEmpty = isWithoutSales ? [true] : [];
  const isReconciled = await reconcileBill(parts, { name, client, journal, webhook }, bill_date, ...isEmpty);
  const filter = { merchants: [name], from: bill_date, to: bill_date };
  const [about] = await reconciledDays(connections, filter);
  if (about === undefined) throw new Error('a day that nobody kept');
  return reconciledAs(about, isReconciled, isReconciled ? await listDifferences(connections, filter) : []);
}

/**
 * Fetches bills, compares them, and keeps what differs, beside servers that run: webhooks and the page tell of it, and a restored
 * server takes new sales again once all its days are reconciled.
 * @throws InvalidParameterError for a merchant that isn't configured, or what is not a day.
 */
export function reconcileNow(
  config: MerchantServerOptions,
  wanted: AskedBills,
  tell: (reconciled: Reconciled) => void,
  now: () => number = Date.now,
): Promise<ReconcileExit> {
  return withDatabase(config, async (connections: Connections) => {
    const bill_date = dateOf(wanted, now());
    const limiter = new Limiter();
    const exits = new Set<ReconcileExit>();
    try {
      for (const each of asked(config, wanted.merchant, limiter)) {
        const parts = { connections, server: 'command', now };
        const reconciled = await reconcileOne(parts, each, bill_date, wanted.isWithoutSales).finally(() =>
          closeAll(each.clients),
        );
        exits.add(reconciled.exit);
        tell(reconciled);
      }
    } finally {
      limiter.close();
    }
    if (exits.size === 0) throw new InvalidParameterError('--merchant', 'is none of the configuration');
    // What is missing is worse than what differs: nobody knows yet.
    return exits.has(1) ? 1 : exits.has(3) ? 3 : 0;
  });
}
