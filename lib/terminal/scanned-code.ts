import { InvalidParameterError } from '../errors.js';

/** Why what a scanner read can't pay: it is the code of another wallet, or no payment code at all. */
export type WrongCode = 'other-wallet' | 'not-a-code';

type Reading = { readonly auth_code: string } | { readonly wrong: WrongCode; readonly wallet?: string };

/** The customer's code of WeChat Pay (vendor page, 5: auth_code). */
const own = /^1[0-5]\d{16}$/;

/** Codes of other wallets that customers show by mistake, by length and first digits (docs/facts.md#codes-of-a-scanner). */
const others: ReadonlyArray<readonly [wallet: string, code: RegExp]> = [
  ['Alipay', /^(?:2[5-9]|30)\d{14,22}$/],
  ['UnionPay', /^62\d{17}$/],
  ['QQ Wallet', /^91\d{16}$/],
  ['e-CNY', /^01\d{17}$/],
];

/**
 * What a scanner that types like a keyboard adds, or an input method changes: CR, LF, tabs, blanks of any kind, and digits of
 * full width.
 */
const cleaned = (text: string): string => text.normalize('NFKC').replace(/[\s\p{Cc}\p{Cf}]/gu, '');

/** What a scanner read: the customer's code, or why it is none. */
export function readScan(text: unknown): Reading {
  const code = typeof text === 'string' ? cleaned(text) : '';
  if (own.test(code)) return { auth_code: code };
  const wallet = others.find(([, pattern]) => pattern.test(code))?.[0];
  return wallet === undefined ? { wrong: 'not-a-code' } : { wrong: 'other-wallet', wallet };
}

/**
 * The customer's code, cleaned.
 * @throws InvalidParameterError that names the other wallet, if it is one; never quotes the code
 */
export function scannedCode(text: unknown): { auth_code: string } {
  const reading = readScan(text);
  if ('auth_code' in reading) return reading;
  const { wallet } = reading;
  throw new InvalidParameterError(
    'auth_code',
    wallet === undefined
      ? 'must be a payment code of WeChat Pay: 18 digits, of which the first two are 10 to 15'
      : `is a payment code of another wallet (${wallet}), not of WeChat Pay`,
  );
}
