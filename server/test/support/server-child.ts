// One server of several: a processor on a PostgresJournal, told by its parent what to do.
import {
  JournalError,
  type Order,
  PayClient,
  type PayClientOptions,
  type PaymentOutcome,
  PaymentProcessor,
  type RefundOutcome,
} from 'wxpay-face';
import { PostgresJournal } from '../../lib/index.js';

export interface Start {
  readonly client: PayClientOptions;
  readonly database: string;
  /** Milliseconds. */
  readonly lease: number;
}

export type Errand =
  | { readonly do: 'pay'; readonly order: Order; readonly code: string }
  | { readonly do: 'cancel' | 'settled' | 'outcome'; readonly out_trade_no: string };

export type Said =
  | { readonly ready: true }
  | { readonly id: number; readonly outcome: PaymentOutcome | undefined }
  | { readonly id: number; readonly code: string; readonly message: string }
  | { readonly told: PaymentOutcome | RefundOutcome };

const say = (said: Said): void => void process.send?.(said);

async function begin({ client: options, database, lease }: Start): Promise<(errand: Errand) => Promise<unknown>> {
  const client = new PayClient({ ...options, timeout: { connect: 500, response: 1_000 } });
  const journal = await PostgresJournal.open({ database, merchant: options.mch_id, lease });
  const processor = new PaymentProcessor({
    client,
    journal,
    onOutcome: (told) => say({ told }),
    polling: { firstDelay: 50, interval: 100, timeout: 1_500 },
    reversal: {
      notBefore: 300,
      mode: 'await',
      settleAfter: 4_000,
      backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 },
    },
  });
  return (errand) =>
    errand.do === 'pay'
      ? processor.pay(errand.order, { auth_code: errand.code })
      : processor[errand.do](errand.out_trade_no);
}

let work: Promise<(errand: Errand) => Promise<unknown>> | undefined;

process.on('message', (message: Start | { id: number; errand: Errand }) => {
  if (!('id' in message)) {
    work = begin(message);
    work.then(
      () => say({ ready: true }),
      (error: unknown) => {
        // A database that fails just now is what the test wants.
        if (!(error instanceof JournalError)) console.error(error);
        process.exit(1);
      },
    );
    return;
  }
  const { id, errand } = message;
  void work
    ?.then((perform) => perform(errand))
    .then(
      (outcome) => say({ id, outcome: Object(outcome).status === undefined ? undefined : Object(outcome) }),
      (error: unknown) => say({ id, code: String(Object(error).code), message: String(error) }),
    );
});
process.on('disconnect', () => process.exit(0));
