import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidParameterError } from '../errors.js';
import { isAbsent } from '../fields.js';

/** How a message is signed. */
export type SignType = 'MD5' | 'HMAC-SHA256';

const hashes: Readonly<Record<SignType, (text: string, key: string) => string>> = {
  MD5: (text) => createHash('md5').update(text).digest('hex'),
  'HMAC-SHA256': (text, key) => createHmac('sha256', key).update(text).digest('hex'),
};

function plain(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint' || Number.isFinite(value)) return String(value);
  throw new InvalidParameterError(name, `can't be signed: it must be a string or a number, not a ${typeof value}`);
}

/**
 * The vendor's v2 signature: all non-empty fields but `sign`, by name in byte order, as `name=value` joined by `&`, then
 * `&key=`; hashed, in upper-case hexadecimal.
 *
 * @param sign_type The vendor's default is MD5, and so is this one's. It's not read from `params`.
 * @throws InvalidParameterError for an empty key, an unknown sign_type, or a value that is neither text nor number.
 * @example
 * sign({ appid: 'wx…', mch_id: '1900000109', nonce_str: 'ibuaiVcKdpRxkhJA' }, key, 'HMAC-SHA256')
 */
export function sign(params: Record<string, unknown>, key: string, sign_type: SignType = 'MD5'): string {
  if (typeof key !== 'string' || key === '') throw new InvalidParameterError('key', 'is required');
  if (!Object.hasOwn(hashes, sign_type))
    throw new InvalidParameterError('sign_type', `must be one of ${Object.keys(hashes).join(', ')}`);
  let text = '';
  for (const name of Object.keys(params).sort()) {
    const value = params[name];
    if (name !== 'sign' && !isAbsent(value)) text += `${name}=${plain(name, value)}&`;
  }
  return hashes[sign_type](`${text}key=${key}`, key).toUpperCase();
}

/**
 * Whether `params.sign` is the signature of the other fields. False if it is missing. Takes the same time whatever
 * differs, so that a forger learns nothing from it.
 *
 * @param sign_type The one that the *request* was signed with. Default MD5, as the vendor's.
 */
export function verifySignature(params: Record<string, unknown>, key: string, sign_type: SignType = 'MD5'): boolean {
  const expected = Buffer.from(sign(params, key, sign_type));
  const actual = Buffer.from(typeof params.sign === 'string' ? params.sign : '');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
