import { createSign, createVerify, type KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { PaySignatureError } from '../errors.js';

/* API v3's signatures, SHA256 with RSA (docs/facts.md#api-v3): pure, but for the keys. */

/** What a request's signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** With its query, as it goes over the wire. */
  readonly path: string;
  /** Seconds since the epoch. */
  readonly timestamp: string;
  readonly nonce: string;
  /** '' if there is none. */
  readonly body: string;
}

/** The merchant's side of a signature. */
export interface Signer {
  readonly mch_id: string;
  /** Of the merchant's certificate. */
  readonly serial_no: string;
  readonly privateKey: KeyObject;
}

const lines = (...parts: string[]): string => parts.map((part) => `${part}\n`).join('');

export const requestText = ({ method, path, timestamp, nonce, body }: SignedRequest): string =>
  lines(method, path, timestamp, nonce, body);

/** The `Authorization` header of a request, and the signature in it. */
export function authorization(
  request: SignedRequest,
  { mch_id, serial_no, privateKey }: Signer,
): { header: string; value: string } {
  const value = createSign('RSA-SHA256').update(requestText(request)).sign(privateKey, 'base64');
  const { nonce, timestamp } = request;
  const header =
    `WECHATPAY2-SHA256-RSA2048 mchid="${mch_id}",nonce_str="${nonce}",timestamp="${timestamp}",` +
    `serial_no="${serial_no}",signature="${value}"`;
  return { header, value };
}

/** Of the gateway: its public keys by their ids, and those of its platform certificates by serial number. */
export type GatewayKeys = ReadonlyMap<string, KeyObject>;

/** The same serial number is written with and without zeros in front. */
export const serialOf = (text: string): string =>
  /^[\da-f]+$/i.test(text) ? text.replace(/^0+/, '').toUpperCase() : text;

/** What an answer says of its signature. */
interface SignedAnswer {
  readonly timestamp: string;
  readonly nonce: string;
  readonly serial: string;
  readonly signature: string;
}

const names = { timestamp: 'timestamp', nonce: 'nonce', serial: 'serial', signature: 'signature' } as const;

function signedAnswer(call: string, headers: Readonly<IncomingHttpHeaders>): SignedAnswer {
  const of = (name: keyof typeof names): string => {
    const value = headers[`wechatpay-${names[name]}`];
    if (typeof value !== 'string' || value === '')
      throw new PaySignatureError(`The response to ${call} has no signature: Wechatpay-${name} is missing`);
    return value;
  };
  return { timestamp: of('timestamp'), nonce: of('nonce'), serial: of('serial'), signature: of('signature') };
}

/** Whether an answer says that it's signed. What it says may be wrong. */
export const saysSigned = (headers: Readonly<IncomingHttpHeaders>): boolean =>
  headers['wechatpay-signature'] !== undefined;

/** For a message: what names a key, and nothing else. */
const shownSerial = (serial: string): string => (/^\w{1,64}$/.test(serial) ? serial : 'of no known form');

/**
 * Verifies an answer over the bytes that came, with the key that it names. The gateway also sends wrong signatures on purpose, to
 * see that they are refused: nothing tells them from a forgery.
 * @returns When it was signed, milliseconds since the epoch. How old it may be, `Freshness` says.
 * @throws PaySignatureError
 */
export function verify(call: string, headers: Readonly<IncomingHttpHeaders>, body: Buffer, keys: GatewayKeys): number {
  const { timestamp, nonce, serial, signature } = signedAnswer(call, headers);
  const key = keys.get(serialOf(serial));
  if (key === undefined)
    throw new PaySignatureError(
      `The response to ${call} is signed with the key ${shownSerial(serial)}, which the option verify doesn't have`,
    );
  if (!/^\d{1,12}$/.test(timestamp))
    throw new PaySignatureError(`The response to ${call} has no time of its signature`);
  const text = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
  if (!createVerify('RSA-SHA256').update(text).verify(key, signature, 'base64'))
    throw new PaySignatureError(`The signature of the response to ${call} is wrong`);
  return Number(timestamp) * 1000;
}
