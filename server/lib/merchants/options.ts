import type { PayClientOptions, PaymentProcessorOptions } from 'wxpay-face';
import type { WebhookOptions } from '../jobs/webhooks/webhook.js';

/** A merchant that pays through the server: how it is known at the gateway, and by which name here. */
export type MerchantOptions = PayClientOptions & {
  /** As terminals name it. */
  readonly name: string;
  /**
   * PayClientV3's options, as far as they differ from those of API v2: payments by codes and refunds then go by v3. Of faces' codes and authinfo v2
   * takes care.
   */
  readonly v3?: Readonly<Record<string, unknown>>;
  /** Of a service provider: its sub-merchants, by name. */
  readonly sub_merchants?: Readonly<Record<string, { readonly sub_mch_id: string; readonly sub_appid?: string }>>;
  /** Final outcomes and the differences of bills are posted there until they are taken. Needs `database`. */
  readonly webhook?: WebhookOptions;
};

export interface Tls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

export interface MerchantServerOptions {
  /** postgres://…: any number of servers share it, and each finishes what another left. Default: a FileJournal in `folder`, one server. */
  readonly database?: string;
  readonly folder?: string;
  readonly merchants: readonly MerchantOptions[];
  /** Default: 127.0.0.1, any free port, plain HTTP. Another address needs `tls`, or `behindProxy: true`. */
  readonly listen?: {
    readonly host?: string;
    readonly port?: number;
    readonly tls?: Tls;
    readonly behindProxy?: boolean;
  };
  /**
   * Milliseconds after which a silent server's payments are taken over.
   * @default 15000
   */
  readonly lease?: number;
  /**
   * The database was restored to a moment of this day (yyyyMMdd, Beijing): numbers that were used since come back as unknown. No new sale is
   * taken, on any of its servers, until that day and those after it, today as well, were reconciled for each merchant. Needs `database`.
   */
  readonly restored?: string;
  readonly polling?: PaymentProcessorOptions['polling'];
  readonly reversal?: PaymentProcessorOptions['reversal'];
  /** /metrics and the page for people. Default: 127.0.0.1, any free port, plain HTTP. Another address needs `tls`. */
  readonly admin?: { readonly host?: string; readonly port?: number; readonly tls?: Tls };
}
