import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import fastify from 'fastify';
import { InvalidParameterError } from 'wxpay-face';
import { Database } from './database/database.js';
import { httpServer } from './http/http-server.js';
import { Merchants, type Place } from './merchants/merchants.js';
import type { MerchantServerOptions } from './merchants/options.js';
import type { Done } from './people/acts.js';
import { FilePeople } from './people/file-people.js';
import { FolderDesk } from './people/folder-desk.js';
import { peoplePages } from './people/people.js';
import { type NewPerson, newPerson } from './people/person.js';
import { PostgresDesk } from './people/postgres-desk.js';
import { PostgresPeople } from './people/postgres-people.js';
import { FileTerminals } from './terminals/file-terminals.js';
import { PostgresTerminals } from './terminals/postgres-terminals.js';
import { type NewTerminal, newTerminal } from './terminals/terminal.js';

/** A running merchant server. */
export interface MerchantServer {
  /** Where terminals ask. */
  readonly url: string;
  /** Where people look, and act: the page for them. */
  readonly adminUrl: string;
  /** Of this start. */
  readonly id: string;
  /**
   * The token is shown once: what is kept is its hash. One of the same name that was added before is withdrawn.
   * @throws InvalidParameterError for a merchant that this server doesn't know, or a field that is no such thing.
   */
  addTerminal(terminal: NewTerminal): Promise<{ token: string }>;
  /** Withdraws it at once, on all servers. */
  removeTerminal(name: string): Promise<void>;
  /**
   * Who may look at the page at `adminUrl`, or act there, for which merchants. The token is shown once: what is kept is its hash. One
   * of the same name that was added before is withdrawn, and its sessions end.
   * @throws InvalidParameterError for a merchant that this server doesn't know, or a field that is no such thing.
   */
  addPerson(person: NewPerson): Promise<{ token: string }>;
  /** What is under way is handed over to the other servers, or goes on after the next start. */
  close(): Promise<void>;
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
export async function startMerchantServer(options: MerchantServerOptions): Promise<MerchantServer> {
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
    const id = database?.lease.owner ?? randomUUID();
    const [people, desk] =
      'database' in place
        ? [new PostgresPeople(place.database.connections), new PostgresDesk(place.database.connections, id)]
        : [new FilePeople(place.folder), new FolderDesk(id)];
    const audit = async (_done: Done) => {};
    const admin = fastify().register(peoplePages({ merchants, terminals, people, desk, audit }));
    const canPay = () => database?.lease.isGood ?? true;
    const http = httpServer({ merchants, terminals, canPay, tls, behindProxy });
    try {
      const url = await http.listen({ host, port });
      return {
        url,
        adminUrl: await admin.listen({ host: '127.0.0.1', port: 0 }),
        id,
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
        async addPerson(given) {
          const { person, token } = newPerson(given, [...merchants.all.keys()]);
          await people.add(person);
          return { token };
        },
        async close() {
          await admin.close();
          // Those who wait are told nothing more: they ask again, another server or this one after its start.
          http.server.closeAllConnections();
          await Promise.all([http.close(), merchants.close()]);
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

async function placeOf({ database, folder, lease }: MerchantServerOptions): Promise<Place> {
  if (database !== undefined) return { database: await Database.open(database, lease ?? usual.lease) };
  if (folder === undefined) throw new InvalidParameterError('folder', 'is required without a database');
  await mkdir(folder, { recursive: true });
  return { folder };
}
