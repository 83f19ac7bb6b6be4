import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { InvalidParameterError } from 'wxpay-face';
import { Database } from './database/database.js';
import { httpServer } from './http/http-server.js';
import { Jobs } from './jobs/jobs.js';
import { Merchants, type Place } from './merchants/merchants.js';
import type { MerchantServerOptions } from './merchants/options.js';
import { FileTerminals } from './terminals/file-terminals.js';
import { PostgresTerminals } from './terminals/postgres-terminals.js';
import { type NewTerminal, newTerminal } from './terminals/terminal.js';

/** A running merchant server. */
export interface MerchantServer {
  /** Where terminals ask. */
  readonly url: string;
  /** Of this start. */
  readonly id: string;
  /**
   * The token is shown once: what is kept is its hash. One of the same name that was added before is withdrawn.
   * @throws InvalidParameterError for a merchant that this server doesn't know, or a field that is no such thing.
   */
  addTerminal(terminal: NewTerminal): Promise<{ token: string }>;
  /** Withdraws it at once, on all servers. */
  removeTerminal(name: string): Promise<void>;
  /** What is under way is handed over to the other servers, or goes on after the next start. */
  close(): Promise<void>;
}

/** What tests replace, and nobody else. */
interface Internals {
  /** The time of day by which bills are asked for. Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Milliseconds. */
const usual = { lease: 15_000, settleAfter: 300_000 } as const;
/**
 * Milliseconds by which settleAfter exceeds the lease: a payment request that left a server in the moment when it lost the payment has
 * arrived by then, or its code has expired.
 */
const slack = 120_000;

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** @throws InvalidParameterError for options that would put money or secrets at risk. */
function check({ database, folder, listen, lease = usual.lease, reversal }: MerchantServerOptions): void {
  if ((database === undefined) === (folder === undefined))
    throw new InvalidParameterError('database', 'or folder is required, one of the two');
  const { host = '127.0.0.1', tls, behindProxy = false } = listen ?? {};
  if (!isLoopback(host) && tls === undefined && !behindProxy)
    throw new InvalidParameterError('listen.host', `is ${host}, which needs listen.tls, or listen.behindProxy: true`);
  const { settleAfter = usual.settleAfter } = reversal ?? {};
  if (database !== undefined && settleAfter < lease + slack)
    throw new InvalidParameterError(
      'reversal.settleAfter',
      `must be at least the lease and ${slack} ms, ${lease + slack}, on a database that servers share`,
    );
}

/**
 * Takes the payments of any number of tills. With a database any number of such servers share them, and each finishes what another
 * left; without one it's a server of its own, with its journal in a folder.
 *
 * @throws InvalidParameterError for options that would put money or secrets at risk.
 * @throws JournalError if the database can't be used, or the folder is another server's.
 * @example
 * const server = await startMerchantServer({ database: 'postgres://…', merchants: [{ name: 'tea', appid, mch_id, key, certificate }] });
 * const { token } = await server.addTerminal({ name: 'till 1', merchant: 'tea', store_id: '1', store_name: '茶馆' });
 */
export async function startMerchantServer(
  options: MerchantServerOptions,
  { now = Date.now }: Internals = {},
): Promise<MerchantServer> {
  check(options);
  const { listen: { host = '127.0.0.1', port = 0, tls, behindProxy = false } = {}, polling, reversal } = options;
  const policies = { ...(polling !== undefined && { polling }), ...(reversal !== undefined && { reversal }) };
  const place = await placeOf(options);
  const database = 'database' in place ? place.database : undefined;
  const end = () => database?.close() ?? Promise.resolve();
  try {
    const terminals =
      'database' in place ? new PostgresTerminals(place.database.connections) : await FileTerminals.open(place.folder);
    const merchants = await Merchants.open(options.merchants, place, policies);
    const canPay = () => database?.lease.isGood ?? true;
    const http = httpServer({ merchants, terminals, canPay, tls, behindProxy });
    try {
      const url = await http.listen({ host, port });
      const jobs = database && jobsOf(options, database, merchants, now);
      return {
        url,
        id: database?.lease.owner ?? randomUUID(),
        async addTerminal(given) {
          const { terminal, token } = newTerminal(given);
          if (merchants.get(terminal.merchant, terminal.sub_merchant) === undefined)
            throw new InvalidParameterError('merchant', 'is none of this server’s');
          await terminals.add(terminal);
          return { token };
        },
        async removeTerminal(name) {
          await terminals.remove(name);
        },
        async close() {
          // Those who wait are told nothing more: they ask again, another server or this one after its start.
          http.server.closeAllConnections();
          await Promise.all([http.close(), merchants.close(), jobs?.close()]);
          await end();
        },
      };
    } catch (error) {
      await merchants.close();
      throw error;
    }
  } catch (error) {
    await end();
    throw error;
  }
}

const jobsOf = (
  { database = '' }: MerchantServerOptions,
  { connections, lease }: Database,
  merchants: Merchants,
  now: () => number,
): Jobs => Jobs.start({ database, connections, server: lease.owner, merchants, now });

async function placeOf({ database, folder, lease }: MerchantServerOptions): Promise<Place> {
  if (database !== undefined) return { database: await Database.open(database, lease ?? usual.lease) };
  if (folder === undefined) throw new InvalidParameterError('folder', 'is required without a database');
  await mkdir(folder, { recursive: true });
  return { folder };
}
