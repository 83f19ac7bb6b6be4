import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  ClosedError,
  FileJournal,
  InvalidParameterError,
  type Journal,
  type MerchantIdentity,
  type PayClient,
  type PayClientV3,
  PaymentProcessor,
  type PaymentProcessorOptions,
} from 'wxpay-face';
import type { Database } from '../database/database.js';
import { toldOf, type Webhook, webhookOf } from '../jobs/webhooks/webhook.js';
import type { Outbox } from '../journal/outbox.js';
import { PostgresJournal } from '../journal/postgres-journal.js';
import { clientsOf, closeAll, type Former, formerFrom, Limits, type NamedClients, withFormer } from './clients.js';
import { Line } from './line.js';
import type { MerchantOptions } from './options.js';
import { ProgressHub } from './progress-hub.js';
import { RefundNotices } from './refund-notices.js';
import { takeUpUncertified } from './taking-up.js';

/** Whose money it is: a merchant, or one of a provider's sub-merchants. Each has a journal and a processor of its own. */
export interface Merchant {
  /** A sub-merchant's is provider/name. */
  readonly name: string;
  /** Of API v2: for what v3 doesn't have. It stands for the newest, also after a reload. */
  readonly client: PayClient;
  /** What takes payments by codes, and refunds: of API v3 if that is configured. */
  readonly paying: PayClient | PayClientV3;
  /** Whether codes are paid by API v3. */
  readonly isByV3: boolean;
  readonly journal: Journal;
  readonly processor: PaymentProcessor;
  /** Of the payments that run on this server. */
  readonly progress: ProgressHub;
  readonly notices: RefundNotices;
  readonly webhook: Webhook | undefined;
}

interface MerchantEntry extends Merchant {
  readonly line: Line;
  /** As it is configured now. */
  readonly told: { name: string; webhook: Webhook | undefined };
  /** With which what had ended because there was none was taken up. */
  certificate: MerchantOptions['certificate'];
}

/** Where journals are: in a database, or in a folder. */
export type Place = { readonly database: Database } | { readonly folder: string };

/** Of a journal: out_trade_no is unique for a mch_id, but each sub-merchant has its own records. */
export const keyOf = ({ mch_id, sub_mch_id }: MerchantIdentity): string =>
  sub_mch_id === undefined ? mch_id : `${mch_id}/${sub_mch_id}`;

/** What a configuration says, with its clients made. */
interface Configured {
  readonly options: MerchantOptions;
  readonly clients: NamedClients[];
  readonly webhook: Webhook | undefined;
}

/** Milliseconds. */
const later = 10_000;

type Policies = Pick<PaymentProcessorOptions, 'polling' | 'reversal'>;

/** The merchants of a server, by name. */
export class Merchants {
  readonly #place: Place;
  readonly #policies: Policies;
  readonly #limits = new Limits();
  /** By journal: also those that are configured no longer, whose unfinished payments go on. */
  readonly #entries = new Map<string, MerchantEntry>();
  /** The journals of those that are configured, by name. */
  #names = new Map<string, string>();
  #given: readonly MerchantOptions[] = [];
  /** By name: what was configured before. */
  readonly #formers = new Map<string, Former[]>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #changing: Promise<unknown> = Promise.resolve();
  readonly #life = new AbortController();
  #onTold: (merchant: string) => void = () => {};

  private constructor(place: Place, policies: Policies) {
    this.#place = place;
    this.#policies = policies;
  }

  /** @throws InvalidParameterError for two of one name or number, or options that the client refuses. */
  static async open(given: readonly MerchantOptions[], place: Place, policies: Policies): Promise<Merchants> {
    const merchants = new Merchants(place, policies);
    try {
      await merchants.reload(given);
    } catch (error) {
      await merchants.close();
      throw error;
    }
    if ('database' in place) place.database.onRenewed(() => merchants.#share());
    return merchants;
  }

  get(merchant: string, sub_merchant: string | undefined): Merchant | undefined {
    const key = this.#names.get(sub_merchant === undefined ? merchant : `${merchant}/${sub_merchant}`);
    return key === undefined ? undefined : this.#entries.get(key);
  }

  /** Those that are configured, by name. */
  *[Symbol.iterator](): IterableIterator<[string, Merchant]> {
    for (const [name, key] of this.#names) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) yield [name, entry];
    }
  }

  /**
   * Changes keys, certificates, merchants and sub-merchants, all or none. A call that is under way ends as it began. Answers by a key that
   * is no longer configured are believed for 24 hours. One that is configured no longer takes nothing new; its unfinished payments go on.
   * @throws InvalidParameterError, JournalError: nothing has changed.
   */
  reload(given: readonly MerchantOptions[]): Promise<void> {
    const done = this.#changing.then(() => this.#reload(given));
    this.#changing = done.catch(() => undefined);
    return done;
  }

  /** All of them, sub-merchants one by one; also those that are configured no longer, whose payments still end. */
  all(): readonly Merchant[] {
    return [...this.#entries.values()];
  }

  /** A merchant, or a provider's sub-merchants; none if it's neither. */
  of(name: string): readonly Merchant[] {
    return Array.from(this, ([, merchant]) => merchant).filter(
      (merchant) => merchant.name === name || merchant.name.startsWith(`${name}/`),
    );
  }

  /** What is to be told to a webhook was stored: the listener hears whose. */
  onTold(listener: (merchant: string) => void): void {
    this.#onTold = listener;
  }

  /** The processors first: what is under way is handed over, or goes on after the next start. */
  async close(): Promise<void> {
    this.#life.abort();
    await this.#changing;
    for (const timer of this.#timers) clearTimeout(timer);
    const all = [...this.#entries.values()];
    for (const { notices } of all) notices.close();
    await Promise.all(all.map(({ processor }) => processor.close()));
    await Promise.all(all.map(({ journal }) => journal.close()));
    for (const { line } of all) line.close();
    this.#limits.close();
  }

  async #reload(given: readonly MerchantOptions[]): Promise<void> {
    if (this.#life.signal.aborted) throw new ClosedError('The server');
    const now = performance.now();
    const changed: Configured[] = [];
    const opened: MerchantEntry[] = [];
    try {
      for (const options of given) if (this.#isChanged(options)) changed.push(this.#configure(options, now));
      const names = this.#namesAfter(given, changed);
      for (const { options, webhook, clients } of changed)
        for (const each of clients) {
          const key = keyOf(each.v2.identity);
          const entry = this.#entries.get(key);
          if (entry === undefined) opened.push(await this.#open(key, each, options, webhook));
          else if (each.v3 === undefined && entry.line.isByV3)
            throw new InvalidParameterError('v3', `of ${each.name} can't be left out before a restart`);
        }
      this.#apply(changed, opened, names, given, now);
    } catch (error) {
      for (const { processor, journal } of opened) {
        await processor.close();
        await journal.close();
      }
      for (const { clients } of changed) for (const each of clients) closeAll(each);
      throw error;
    }
  }

  #isChanged(options: MerchantOptions): boolean {
    return !this.#given.some((before) => isDeepStrictEqual(before, options));
  }

  #configure(options: MerchantOptions, now: number): Configured {
    const before = this.#given.find(({ name }) => name === options.name);
    const formers = [...this.#formersOf(options.name), ...(before ? [formerFrom(before, now)] : [])];
    const webhook = options.webhook && webhookOf(options.webhook);
    if (webhook !== undefined && !('database' in this.#place))
      throw new InvalidParameterError('merchants.webhook', 'needs a database: in a folder nothing is told again');
    return { options, webhook, clients: clientsOf(withFormer(options, formers, now), this.#limits.of(options.mch_id)) };
  }

  #formersOf(name: string): readonly Former[] {
    return this.#formers.get(name) ?? [];
  }

  /** @throws InvalidParameterError for two of one name or number. */
  #namesAfter(given: readonly MerchantOptions[], changed: readonly Configured[]): Map<string, string> {
    const names = new Map<string, string>();
    for (const options of given) {
      const made = changed.find((each) => each.options === options)?.clients;
      const all = made?.map(({ name, v2 }) => [name, keyOf(v2.identity)] as const) ?? this.#namesOf(options.name);
      for (const [name, key] of all) {
        if (names.has(name)) throw new InvalidParameterError('merchants', `has two of the name ${name}`);
        if ([...names.values()].includes(key))
          throw new InvalidParameterError('merchants', `has two of the number ${key}`);
        names.set(name, key);
      }
    }
    return names;
  }

  #namesOf(merchant: string): Array<readonly [string, string]> {
    return [...this.#names].filter(([name]) => name === merchant || name.startsWith(`${merchant}/`));
  }

  #apply(
    changed: readonly Configured[],
    opened: readonly MerchantEntry[],
    names: Map<string, string>,
    given: readonly MerchantOptions[],
    now: number,
  ): void {
    this.#remember(given, now);
    for (const { options, webhook, clients } of changed)
      for (const each of clients) {
        const entry = this.#entries.get(keyOf(each.v2.identity));
        if (entry === undefined) continue;
        entry.line.exchange(each);
        Object.assign(entry.told, { name: each.name, webhook });
        if (isDeepStrictEqual(entry.certificate, options.certificate)) continue;
        entry.certificate = options.certificate;
        void this.#takeUp(entry);
      }
    for (const entry of opened) {
      this.#entries.set(keyOf(entry.client.identity), entry);
      // In a database each server takes up by itself what nobody drives.
      if (!('database' in this.#place)) void recover(entry.processor);
      void this.#takeUp(entry);
    }
    this.#names = names;
    this.#given = given;
    this.#share();
  }

  /** What is configured no longer is believed for a while. */
  #remember(given: readonly MerchantOptions[], now: number): void {
    for (const before of this.#given) {
      if (given.some((options) => isDeepStrictEqual(options, before))) continue;
      const { name } = before;
      const former = formerFrom(before, now);
      this.#formers.set(name, [...this.#formersOf(name).filter(({ until }) => until > now), former]);
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#forget(name);
      }, former.until - now).unref();
      this.#timers.add(timer);
    }
  }

  /** Believes no longer what was configured before. */
  #forget(name: string): void {
    const options = this.#given.find((each) => each.name === name);
    if (options === undefined) return;
    const { clients } = this.#configure(options, performance.now());
    for (const each of clients) this.#entries.get(keyOf(each.v2.identity))?.line.exchange(each);
  }

  #share(): void {
    const servers = 'database' in this.#place ? this.#place.database.lease.servers : 1;
    this.#limits.share(this.#given, servers);
  }

  /** A certificate that wasn't there before may be a good one. A journal that can't be read now is read later. */
  async #takeUp({ client, processor, journal }: MerchantEntry): Promise<void> {
    const { signal } = this.#life;
    while (client.hasCertificate && !signal.aborted) {
      try {
        return await takeUpUncertified(processor, journal);
      } catch {
        await sleep(later, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  async #open(
    key: string,
    clients: NamedClients,
    { certificate }: MerchantOptions,
    webhook: Webhook | undefined,
  ): Promise<MerchantEntry> {
    const { mch_id, sub_mch_id } = clients.v2.identity;
    const told: MerchantEntry['told'] = { name: clients.name, webhook };
    const outbox: Outbox = {
      toldOf: (record) => told.webhook && toldOf(told.name, told.webhook, record),
      wake: () => this.#onTold(told.name),
    };
    const journal =
      'database' in this.#place
        ? PostgresJournal.on(this.#place.database, key, mch_id, outbox)
        : await FileJournal.open(join(this.#place.folder, mch_id, ...(sub_mch_id === undefined ? [] : [sub_mch_id])));
    try {
      const line = new Line(clients);
      // Whoever waits for the end asks for it.
      const reversal = { ...this.#policies.reversal, mode: 'background' as const };
      const processor = new PaymentProcessor({ client: line.paying, journal, ...this.#policies, reversal });
      const notices = new RefundNotices(processor);
      if (journal instanceof PostgresJournal)
        journal.onRefundNotice((out_refund_no) => void notices.hear(out_refund_no).catch(() => undefined));
      return {
        told,
        get name() {
          return told.name;
        },
        get webhook() {
          return told.webhook;
        },
        line,
        client: line.v2,
        paying: line.paying,
        get isByV3() {
          return line.isByV3;
        },
        journal,
        processor,
        progress: new ProgressHub(),
        notices,
        certificate,
      };
    } catch (error) {
      await journal.close();
      throw error;
    }
  }
}

/** Terminals ask for the ends; here the unfinished only have to come to theirs. What fails is taken up when it's asked for. */
async function recover(processor: PaymentProcessor): Promise<void> {
  try {
    for await (const _ of processor.recover());
  } catch {}
}
