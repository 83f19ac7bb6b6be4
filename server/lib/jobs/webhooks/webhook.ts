import { isIP } from 'node:net';
import { Webhook as Signer } from 'standardwebhooks';
import {
  InvalidParameterError,
  type JournalRecord,
  type PaymentOutcome,
  type RefundOutcome,
  recordedOutcome,
} from 'wxpay-face';
import type { OutboxEvent } from '../../journal/outbox.js';

/* Where a merchant wants to be told, and what it is told. */

/** As a merchant's options have it. */
export interface WebhookOptions {
  /** https://…, or http:// on loopback. */
  readonly url: string;
  /**
   * whsec_…: the Standard Webhooks scheme's, base64. While a receiver changes to another one: both, with a blank in between. Each event
   * is then signed by both.
   */
  readonly secret: string;
  /**
   * Whether the customer's openid, and the account that a refund went to, are told. They are personal data.
   * @default false
   */
  readonly includeOpenid?: boolean;
}

export interface Webhook {
  readonly url: string;
  readonly signers: readonly Signer[];
  readonly includeOpenid: boolean;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

function signersOf(secret: unknown): Signer[] {
  try {
    return String(secret)
      .split(' ')
      .map((each) => new Signer(each));
  } catch {
    throw new InvalidParameterError('merchants.webhook.secret', 'must be whsec_ and base64');
  }
}

/** @throws InvalidParameterError that quotes neither address nor secret: both may hold one. */
export function webhookOf({ url, secret, includeOpenid = false }: WebhookOptions): Webhook {
  const parsed = URL.parse(url);
  if (
    parsed === null ||
    !(parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopback(parsed.hostname)))
  )
    throw new InvalidParameterError('merchants.webhook.url', 'must be https://, or http:// on loopback');
  if (parsed.username !== '' || parsed.password !== '')
    throw new InvalidParameterError(
      'merchants.webhook.url',
      'must have no user and no password: the signature is the proof',
    );
  if (typeof includeOpenid !== 'boolean')
    throw new InvalidParameterError('merchants.webhook.includeOpenid', 'must be true or false');
  return { url: parsed.href, signers: signersOf(secret), includeOpenid };
}

/** What is told of an outcome; anything else in it stays where it is. */
const told = [
  ...[
    'revision',
    'status',
    'out_trade_no',
    'out_refund_no',
    'transaction_id',
    'refund_id',
    'total_fee',
    'cash_fee',
    'refund_fee',
  ],
  ...['time_end', 'time', 'why', 'by', 'code', 'reason', 'err_code', 'err_code_des'],
] as const;
const personal = ['openid', 'to'] as const;

const picked = (fields: object, names: readonly string[]): Array<[string, unknown]> =>
  Object.entries(fields).filter(([name]) => names.includes(name));

function personalFields(outcome: PaymentOutcome | RefundOutcome): Array<[string, unknown]> {
  const sub = 'response' in outcome ? picked(outcome.response, ['sub_openid']) : [];
  return [...picked(outcome, personal), ...sub];
}

/** An event's body, as the Standard Webhooks scheme suggests. */
export const bodyOf = (type: string, at: number, data: object): string =>
  JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });

/**
 * What a merchant is told with this write of a record: only if it is the one that decided a final outcome. Later ones (an
 * acknowledgement, a refund's reservation) decide nothing.
 * @param merchant By its name.
 */
export function toldOf(merchant: string, { includeOpenid }: Webhook, record: JournalRecord): OutboxEvent | undefined {
  if (!record.finished) return undefined;
  const outcome = recordedOutcome(record);
  if (outcome === undefined || outcome.revision !== record.revision) return undefined;
  const type = `${record.kind}.${outcome.status}`;
  const data = Object.fromEntries([
    ['merchant', merchant],
    ...picked(outcome, told),
    ...(includeOpenid ? personalFields(outcome) : []),
  ]);
  return { merchant, lane: outcome.out_trade_no, type, body: bodyOf(type, record.updatedAt, data) };
}
