import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { InvalidParameterError } from 'wxpay-face';
import { adminServer } from './admin/admin-server.js';
import { Database } from './database/database.js';
import { Draining } from './http/draining.js';
import { httpServer } from './http/http-server.js';
import { Jobs } from './jobs/jobs.js';
import { Merchants, type Place } from './merchants/merchants.js';
import type { MerchantServerOptions } from './merchants/options.js';
import { checkRestored, Restoration } from './merchants/restoration.js';
import { noAudit, PostgresAudit, tokenLine } from './operation/audit.js';
import { tell } from './operation/events.js';
import { JournalLedger, PostgresLedger, RareLedger } from './operation/ledger.js';
import { Metrics } from './operation/metrics.js';
import { weaknessOf } from './operation/protection.js';
import { version } from './operation/version.js';
import { Watch } from './operation/watch.js';
import type { Intent } from './people/acts.js';
import { personEntry } from './people/audit-entry.js';
import { officeIn } from './people/office.js';
import { peoplePages } from './people/people.js';
import { type NewPerson, newPerson } from './people/person.js';
import { FileTerminals } from './terminals/file-terminals.js';
import { PostgresTerminals } from './terminals/postgres-terminals.js';
import { type NewTerminal, newTerminal } from './terminals/terminal.js';

/** A running merchant server. */
export interface MerchantServer {
  /** Where terminals ask. */
  readonly url: string;
  /** Where people and Prometheus ask: the page, and /metrics. */
  readonly adminUrl: string;
  /** Of this start. */
  readonly id: string;
  /**
   * The token is shown once: what is kept is its hash. One of the same name that was added before is withdrawn.
   * @throws InvalidParameterError for a merchant that this server doesn't know, or a field that is unknown or invalid.
   */
  addTerminal(terminal: NewTerminal): Promise<{ token: string }>;
  /** Withdraws it at once, on all servers. */
  removeTerminal(name: string): Promise<void>;
  /**
   * Who may look at the page at `adminUrl`, or act there, for which merchants. The token is shown once: what is kept is its hash. One
   * of the same name that was added before is withdrawn, and its sessions end.
   * @throws InvalidParameterError for a merchant that this server doesn't know, or a field that is unknown or invalid.
   */
  addPerson(person: NewPerson): Promise<{ token: string }>;
  /**
   * Changed keys, certificates, merchants and sub-merchants, without a restart: all of it, or none. Calls that are under way end as they began.
   * Answers by a key that is no longer configured are believed for 24 hours; a new certificate takes up what had ended as
   * `attention` because there was none. A merchant that is left out takes nothing new, and its unfinished payments go
   * on.
   * @throws InvalidParameterError, JournalError: nothing has changed.
   */
  reload(merchants: MerchantServerOptions['merchants']): Promise<void>;
  /**
   * Takes nothing new, and answers who waits; a payment that is under way has some seconds to come to its end. What is unfinished then
   * is handed over to the other servers, or goes on after the next start. Idempotent.
   */
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
function check({
  database,
  folder,
  listen,
  admin,
  lease = usual.lease,
  reversal,
  restored,
}: MerchantServerOptions): void {
  if ((database === undefined) === (folder === undefined))
    throw new InvalidParameterError('database', 'or folder is required, one of the two');
  const { host = '127.0.0.1', tls, behindProxy = false } = listen ?? {};
  if (!isLoopback(host) && tls === undefined && !behindProxy)
    throw new InvalidParameterError('listen.host', `is ${host}, which needs listen.tls, or listen.behindProxy: true`);
  if (admin?.host !== undefined && !isLoopback(admin.host) && admin.tls === undefined)
    throw new InvalidParameterError('admin.host', `is ${admin.host}, which needs admin.tls`);
  if (restored !== undefined) {
    checkRestored(restored);
    if (database === undefined)
      throw new InvalidParameterError(
        'restored',
        'needs a database: a journal in a folder notices by itself that it is an older copy',
      );
  }
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
    const id = database?.lease.owner ?? randomUUID();
    const audit = database === undefined ? noAudit : new PostgresAudit(database.connections, id);
    const draining = new Draining();
    const names = () => Array.from(merchants, ([name]) => name);
    const configured = () => Array.from(merchants, ([, merchant]) => merchant);
    const restoration = database && new Restoration(database.connections, configured);
    await restoration?.begin(options.restored).catch(async (error: unknown) => {
      await merchants.close();
      throw error;
    });
    database?.onRenewed(() => restoration?.lookAgain());
    // While sales wait for bills, what is known is still asked for here.
    const isThere = () => !draining.isDraining && (database?.lease.isGood ?? true);
    const health = () => ({
      canPay: isThere() && restoration?.open === undefined,
      isReady: isThere() && !(database?.lease.isOutdated ?? false),
    });
    const ledger = new RareLedger(
      database === undefined ? new JournalLedger(merchants) : new PostgresLedger(database.connections, merchants),
    );
    const isLeaseGood = database && (() => database.lease.isGood);
    const metrics = new Metrics({ server: id, version, ledger, health, isLeaseGood });
    const watch = new Watch(id);
    const onAnswer = (method: string, route: string, status: number) => {
      metrics.answered(method, route, status);
      watch.answered(status);
    };
    const http = httpServer({
      merchants,
      terminals,
      audit,
      health,
      draining,
      restoration,
      onAnswer,
      tls,
      behindProxy,
    });
    const { people, desk } = officeIn(place, id);
    const tellAudit = (intent: Intent) => audit.write(personEntry(intent));
    const unreconciled = () => restoration?.open;
    const pages = peoplePages({ merchants, terminals, people, desk, audit: tellAudit, unreconciled });
    const admin = adminServer({ tls: options.admin?.tls, health, metrics, plugins: [pages] });
    let jobs: Jobs | undefined;
    const stop = async () => {
      // Who is still connected asks again, another server or this one after its start.
      for (const { server } of [http, admin]) server.closeAllConnections();
      await Promise.all([http.close(), admin.close(), merchants.close(), jobs?.close()]);
      metrics.close();
      watch.close();
      await end();
    };
    let closed: Promise<void> | undefined;
    try {
      const { host: adminHost = '127.0.0.1', port: adminPort = 0 } = options.admin ?? {};
      const adminUrl = await admin.listen({ host: adminHost, port: adminPort });
      const url = await http.listen({ host, port });
      tell({ event: 'started', server: id, url, adminUrl, version });
      const why = database && (await weaknessOf(database.connections));
      if (why !== undefined) tell({ event: 'audit-unprotected', server: id, why });
      jobs = database && jobsOf(options, database, merchants, now);
      return {
        url,
        adminUrl,
        id,
        async addTerminal(given) {
          const { terminal, token } = newTerminal(given);
          if (merchants.get(terminal.merchant, terminal.sub_merchant) === undefined)
            throw new InvalidParameterError('merchant', 'is none of this server’s');
          await audit.write(tokenLine('terminal-added', terminal, { kind: 'program' }));
          await terminals.add(terminal);
          return { token };
        },
        async removeTerminal(name) {
          await audit.write(tokenLine('terminal-removed', { name }, { kind: 'program' }));
          await terminals.remove(name);
        },
        async addPerson(given) {
          const { person, token } = newPerson(given, names());
          await audit.write(tokenLine('person-added', person, { kind: 'program' }));
          await people.add(person);
          return { token };
        },
        async reload(given) {
          await merchants.reload(given);
          tell({ event: 'merchants-reloaded', server: id, merchants: given.length });
        },
        close() {
          closed ??= (async () => {
            const began = performance.now();
            tell({ event: 'stopping', server: id });
            await draining.drain();
            await stop();
            tell({ event: 'stopped', server: id, milliseconds: Math.round(performance.now() - began) });
          })();
          return closed;
        },
      };
    } catch (error) {
      await stop();
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
