import { randomUUID } from 'node:crypto';
import { InvalidParameterError } from '../errors.js';
import { checkFields, isAbsent } from '../fields.js';
import type { Call } from './calls.js';
import type { Settings } from './options.js';
import { unmappedAddress } from './parameters.js';
import type { SignType } from './sign.js';
import { checkXmlField } from './xml-text.js';

/** Of a single call. */
export interface RequestOptions {
  /**
   * Gives the call up: it rejects with PayTransportError, whose `sent` tells whether the gateway may have got the request,
   * and its connection is reset.
   */
  signal?: AbortSignal;
  /**
   * Asked on a ready connection, right before the first byte would leave, for each host; nothing comes between its `true`
   * and that byte. False: the call rejects with PayTransportError, `sent` false, `why` 'withdrawn'.
   */
  mayLeave?: () => boolean;
  /**
   * Sends over a connection that is opened for this call. An ORDERNOTEXIST names no order: only its connection tells whose
   * answer it is (docs/facts.md#whose-answer-it-is).
   */
  fresh?: boolean;
  /** Sandbox only: the `Wechatpay-Negative-Test` header, the test case to play, e.g. 'MICROPAY_USERPAYING'. */
  negativeTest?: string;
}

// Of the customer and the terminal. No answer has a reason to bring them back, as it has for an openid.
export const credentialFields = ['auth_code', 'face_code', 'rawdata', 'authinfo', 'face_sid'];

// Never quoted in an error, whatever a gateway echoes.
const secretFields = [...credentialFields, 'openid', 'sub_openid', 'sign'];

/** The values of a request that no message may show. */
export const secretsIn = (sent: Readonly<Record<string, string>>): string[] =>
  secretFields.map((field) => sent[field] ?? '');

// Its random bits are drawn in advance, for many at a time.
export const nonce = (): string => randomUUID().replaceAll('-', '');

/**
 * The fields of a request but its signature, as text.
 * @throws InvalidParameterError
 */
export function requestFields(
  call: Call,
  parameters: object,
  { identity, spbill_create_ip }: Settings,
  sign_type: SignType,
): Record<string, string> {
  if (typeof parameters !== 'object' || parameters === null)
    throw new InvalidParameterError('params', 'must be an object');
  const params: Readonly<Record<string, unknown>> = { ...parameters };
  checkFields(call.fields, params);
  const fields: Record<string, string> = { ...identity, ...call.constants?.(), nonce_str: nonce(), sign_type };
  for (const name of Object.keys(params)) {
    const value = params[name];
    if (isAbsent(value)) continue;
    if (name === 'sign' || (Object.hasOwn(fields, name) && fields[name] !== value))
      throw new InvalidParameterError(name, 'is filled in by the client');
    // An assignment to it would be lost without a word.
    if (name === '__proto__') throw new InvalidParameterError(name, 'is not a field name');
    // What no table lists is sent as it is, but the rules for any text hold for it as well.
    if (!Object.hasOwn(call.fields, name))
      checkFields({ [name]: typeof value === 'number' ? { type: 'integer' } : {} }, params);
    fields[name] = String(value);
  }
  call.check?.(params);
  if (Object.hasOwn(call.fields, 'spbill_create_ip'))
    fields.spbill_create_ip = unmappedAddress(fields.spbill_create_ip ?? spbill_create_ip);
  return fields;
}

/**
 * What doesn't depend on the call's own fields: the certificate that it needs, and what only the sandbox knows.
 * @throws InvalidParameterError
 */
export function checkAllowed(
  call: Call,
  options: RequestOptions | undefined,
  { transport }: Settings,
  inSandbox: boolean,
): void {
  // The sandbox moves no money and knows no certificate.
  if (call.certificate && !inSandbox && transport.certificate === undefined)
    throw new InvalidParameterError('certificate', `is required for ${call.path}: see the options of PayClient`);
  const negativeTest = options?.negativeTest;
  if (negativeTest === undefined) return;
  if (!inSandbox) throw new InvalidParameterError('negativeTest', 'is for the sandbox only');
  if (!/^[\w-]+$/.test(negativeTest))
    throw new InvalidParameterError('negativeTest', 'must be the name of a test case');
}

/** Checked when the request is built, too, but here the sandbox's key would be asked for before. */
export function checkText(fields: Readonly<Record<string, string>>): void {
  for (const [field, value] of Object.entries(fields)) checkXmlField(field, value);
}
