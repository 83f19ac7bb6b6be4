import { join } from 'node:path';
import {
  FileJournal,
  InvalidParameterError,
  type Journal,
  PayClient,
  PaymentProcessor,
  type PaymentProcessorOptions,
} from 'wxpay-face';
import type { Database } from '../database/database.js';
import { toldOf, type Webhook, webhookOf } from '../jobs/webhooks/webhook.js';
import type { Outbox } from '../journal/outbox.js';
import { PostgresJournal } from '../journal/postgres-journal.js';
import type { MerchantOptions } from './options.js';
import { ProgressHub } from './progress-hub.js';
import { RefundNotices } from './refund-notices.js';

/** Whose money it is: a merchant, or one of a provider's sub-merchants. Each has a journal and a processor of its own. */
export interface Merchant {
  /** A sub-merchant's is provider/name. */
  readonly name: string;
  readonly client: PayClient;
  readonly journal: Journal;
  readonly processor: PaymentProcessor;
  /** Of the payments that run on this server. */
  readonly progress: ProgressHub;
  readonly notices: RefundNotices;
  readonly webhook: Webhook | undefined;
}

/** Where journals are: in a database, or in a folder. */
export type Place = { readonly database: Database } | { readonly folder: string };

const nameOf = (merchant: string, sub_merchant: string | undefined): string =>
  sub_merchant === undefined ? merchant : `${merchant}/${sub_merchant}`;

/** The merchants of a server, by name. */
export class Merchants {
  readonly #merchants = new Map<string, Merchant>();
  #onTold: (merchant: string) => void = () => {};

  /** @throws InvalidParameterError for two of one name, or options that the client refuses. */
  static async open(
    all: readonly MerchantOptions[],
    place: Place,
    policies: Pick<PaymentProcessorOptions, 'polling' | 'reversal'>,
  ): Promise<Merchants> {
    const merchants = new Merchants();
    try {
      for (const { name, sub_merchants, webhook: given, ...options } of all) {
        const webhook = given && webhookOf(given);
        if (webhook !== undefined && !('database' in place))
          throw new InvalidParameterError(
            'merchants.webhook',
            'needs a database: without one nothing could be told again',
          );
        const each: Array<[string | undefined, object]> = [
          ...(sub_merchants === undefined ? [[undefined, {}] satisfies [undefined, object]] : []),
          ...Object.entries(sub_merchants ?? {}),
        ];
        for (const [sub, more] of each)
          await merchants.#add(nameOf(name, sub), new PayClient({ ...options, ...more }), place, policies, webhook);
      }
      return merchants;
    } catch (error) {
      await merchants.close();
      throw error;
    }
  }

  get(merchant: string, sub_merchant: string | undefined): Merchant | undefined {
    return this.#merchants.get(nameOf(merchant, sub_merchant));
  }

  /** All of them, sub-merchants one by one. */
  all(): readonly Merchant[] {
    return [...this.#merchants.values()];
  }

  /** A merchant, or a provider's sub-merchants; none if it's neither. */
  of(name: string): readonly Merchant[] {
    return this.all().filter((merchant) => merchant.name === name || merchant.name.startsWith(`${name}/`));
  }

  /** What is to be told to a webhook was stored: the listener hears whose. */
  onTold(listener: (merchant: string) => void): void {
    this.#onTold = listener;
  }

  /** The processors first: what is under way is handed over, or goes on after the next start. */
  async close(): Promise<void> {
    const all = [...this.#merchants.values()];
    for (const { notices } of all) notices.close();
    await Promise.all(all.map(({ processor }) => processor.close()));
    await Promise.all(all.map(({ journal }) => journal.close()));
    for (const { client } of all) client.close();
  }

  async #add(
    name: string,
    client: PayClient,
    place: Place,
    policies: Pick<PaymentProcessorOptions, 'polling' | 'reversal'>,
    webhook: Webhook | undefined,
  ): Promise<void> {
    if (this.#merchants.has(name)) throw new InvalidParameterError('merchants', `has two of the name ${name}`);
    const { mch_id, sub_mch_id } = client.identity;
    const outbox: Outbox | undefined = webhook && {
      toldOf: (record) => toldOf(name, webhook, record),
      wake: () => this.#onTold(name),
    };
    const whose = sub_mch_id === undefined ? mch_id : `${mch_id}/${sub_mch_id}`;
    const journal =
      'database' in place
        ? PostgresJournal.on(place.database, whose, mch_id, outbox)
        : await FileJournal.open(join(place.folder, mch_id, ...(sub_mch_id === undefined ? [] : [sub_mch_id])));
    // Whoever waits for the end asks for it.
    const reversal = { ...policies.reversal, mode: 'background' as const };
    const processor = new PaymentProcessor({ client, journal, ...policies, reversal });
    const notices = new RefundNotices(processor);
    if (journal instanceof PostgresJournal)
      journal.onRefundNotice((out_refund_no) => void notices.hear(out_refund_no).catch(() => undefined));
    this.#merchants.set(name, { name, client, journal, processor, progress: new ProgressHub(), notices, webhook });
    // In a database each server takes up by itself what nobody drives.
    if (!('database' in place)) void recover(processor);
  }
}

/** Terminals ask for the ends; here the unfinished only have to come to theirs. What fails is taken up when it's asked for. */
async function recover(processor: PaymentProcessor): Promise<void> {
  try {
    for await (const _ of processor.recover());
  } catch {}
}
