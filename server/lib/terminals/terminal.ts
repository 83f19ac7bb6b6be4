import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { InvalidParameterError } from 'wxpay-face';
import type { RefundLimits } from './refund-limits.js';

/* Which terminals may ask, and for what. */

export const rights = ['pay', 'cancel', 'refund'] as const;
export type Right = (typeof rights)[number];

/** A terminal as it is added. */
export interface NewTerminal {
  /** As people call it; the vendor's device_id. */
  readonly name: string;
  readonly merchant: string;
  readonly sub_merchant?: string;
  readonly store_id: string;
  readonly store_name: string;
  /**
   * What it may do: pay, give its own sales up, refund the paid sales of its store.
   * @default ['pay', 'cancel']
   */
  readonly can?: readonly Right[];
  /** Fen that it may give back on a day (China's). Default: no limit but the sales'. */
  readonly refundLimit?: number;
}

/** A terminal as it is kept: its token's hash, never the token. */
export interface Terminal {
  /** Of this terminal alone: one of the same name that is added later is another. */
  readonly id: string;
  readonly name: string;
  readonly merchant: string;
  readonly sub_merchant: string | undefined;
  readonly store_id: string;
  readonly store_name: string;
  readonly can: readonly Right[];
  /** Fen a day. */
  readonly refundLimit?: number | undefined;
  readonly tokenHash: string;
}

/** Where terminals are kept. */
export interface Terminals {
  readonly refunds: RefundLimits;
  /** One of the same name is withdrawn. */
  add(terminal: Terminal): Promise<void>;
  /** False if there is none of that name. */
  remove(name: string): Promise<boolean>;
  find(tokenHash: string): Promise<Terminal | undefined>;
  list(): Promise<Terminal[]>;
}

/** What came back from a file. */
export const isTerminal = (value: unknown): value is Terminal => {
  const { id, name, merchant, sub_merchant, store_id, store_name, can, refundLimit, tokenHash } = Object(value);
  const texts = [id, name, merchant, sub_merchant ?? '', store_id, store_name, tokenHash];
  return (
    texts.every((text) => typeof text === 'string') &&
    (refundLimit === undefined || Number.isSafeInteger(refundLimit)) &&
    Array.isArray(can) &&
    can.every((right) => rights.includes(right))
  );
};

/** Bytes of a token. */
const length = 32;

/** A hash is enough, and needs no salt: the token is chance itself. */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= 128 && value.isWellFormed() && !/\p{Cc}/u.test(value);

/** @throws InvalidParameterError for a field that is unknown or invalid. */
export function newTerminal(given: NewTerminal): { terminal: Terminal; token: string } {
  const {
    name,
    merchant,
    sub_merchant,
    store_id,
    store_name,
    can = ['pay', 'cancel'],
    refundLimit,
    ...unknown
  } = given;
  for (const [field, value] of Object.entries({
    name,
    merchant,
    store_id,
    store_name,
    sub_merchant: sub_merchant ?? '-',
  }))
    if (!isText(value)) throw new InvalidParameterError(field, 'must be a text of 1 to 128 characters');
  if (!Array.isArray(can) || !can.every((right) => rights.includes(right)))
    throw new InvalidParameterError('can', `must be a list of ${rights.join(', ')}`);
  if (refundLimit !== undefined && !(Number.isSafeInteger(refundLimit) && refundLimit >= 0))
    throw new InvalidParameterError('refundLimit', 'must be a whole number of fen');
  // A limit that nobody keeps would be worse than none.
  for (const field of Object.keys(unknown)) throw new InvalidParameterError(field, 'is not known');
  const token = randomBytes(length).toString('base64url');
  const terminal = { id: randomUUID(), name, merchant, sub_merchant, store_id, store_name, can, refundLimit };
  return { terminal: { ...terminal, tokenHash: hashOf(token) }, token };
}
