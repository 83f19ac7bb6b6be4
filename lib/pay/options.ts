import { X509Certificate } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { types } from 'node:util';
import { InvalidParameterError } from '../errors.js';
import { checkFields, isAbsent } from '../fields.js';
import { type Certificate, checkCertificate } from './certificate.js';
import type { TransportOptions } from './http/agent.js';
import { checkCallsPerSecond } from './limiter.js';
import { ipAddress } from './parameters.js';
import type { SignType } from './sign.js';

/** What a {@link PayClient} needs to know. */
export interface PayClientOptions {
  /** The official account's or mini program's appid that the merchant is bound to. */
  appid: string;
  /** The merchant's number; in service-provider mode the provider's. */
  mch_id: string;
  /** Service-provider mode: the sub-merchant's appid. */
  sub_appid?: string;
  /** Service-provider mode: the sub-merchant's number. */
  sub_mch_id?: string;
  /** The merchant's API v2 key. Never logged, never in an error. */
  key: string;
  /** @default 'HMAC-SHA256' */
  sign_type?: SignType;
  /**
   * The merchant's client certificate, needed by `reverse`, `facepayreverse`, `refund` and `downloadFundFlow` only, and shown to no
   * other call.
   * A `.p12` of the merchant site has the mch_id as its passphrase; one with the old RC2/3DES encryption is refused by
   * Node.js 17 and later, while PEM always works.
   */
  certificate?:
    | { pfx: Uint8Array; passphrase?: string }
    | { cert: string | Uint8Array; key: string | Uint8Array; passphrase?: string };
  /**
   * Origins, `https://` only. Defaults: the vendor's, `https://api.mch.weixin.qq.com` with the backup
   * `https://api2.mch.weixin.qq.com`, and `https://payapp.weixin.qq.com` for getWxpayfaceAuthinfo. Another `pay` has no
   * backup unless it's named.
   */
  endpoints?: { pay?: string; payBackup?: string | false; face?: string };
  /** Extra trusted certificate authorities (PEM), for a private gateway or the simulator. */
  ca?: string | Uint8Array | Array<string | Uint8Array>;
  /**
   * Milliseconds. `connect` counts from the call to the end of the TLS handshake, for each host that is tried; `response`
   * from there to the response's last byte; of a bill, to its next piece. Defaults: 5000 and 15000.
   */
  timeout?: { connect?: number; response?: number };
  /** `http://`, `https://` or `socks5://` proxy, with user and password in it if needed. */
  proxy?: string;
  /** Uses the vendor's sandbox: its paths, MD5, and its key fetched with getsignkey. Not for getWxpayfaceAuthinfo. */
  sandbox?: boolean;
  /** The calling machine's address for orders that name none. Default: the first non-internal IPv4 of this machine, else 127.0.0.1. */
  spbill_create_ip?: string;
  /**
   * Calls a second that this client allows itself, payments first, then reversals and refunds, then queries. Default: none;
   * what the gateway limits slows it down by itself.
   */
  callsPerSecond?: number;
  /**
   * API v2 keys that were the merchant's until lately: an answer or a notification that was signed or enciphered with one of them is
   * believed, too. Nothing is signed with them. Never logged, never in an error.
   */
  formerKeys?: readonly string[];
}

/** Who pays, without the secrets. */
export interface MerchantIdentity {
  appid: string;
  mch_id: string;
  sub_appid?: string;
  sub_mch_id?: string;
}

const vendor = {
  pay: 'https://api.mch.weixin.qq.com',
  payBackup: 'https://api2.mch.weixin.qq.com',
  face: 'https://payapp.weixin.qq.com',
};

/** Who asks, and how the gateway is reached: of either API. */
export type ConnectionOptions = MerchantIdentity & {
  [Name in 'endpoints' | 'ca' | 'timeout' | 'proxy' | 'callsPerSecond']?: PayClientOptions[Name] | undefined;
};

/** ConnectionOptions, checked, with every default in its place. */
export interface ConnectionSettings {
  identity: MerchantIdentity;
  /** The host to ask, and its backup. */
  hosts: { pay: readonly string[]; face: readonly string[] };
  /** Undefined: no limit but the gateway's. */
  callsPerSecond: number | undefined;
  transport: TransportOptions;
}

/** PayClientOptions, the same. */
export interface Settings extends ConnectionSettings {
  key: string;
  formerKeys: readonly string[];
  sign_type: SignType;
  sandbox: boolean;
  spbill_create_ip: string;
}

const identityFields = {
  appid: { required: true, maxCharacters: 32 },
  mch_id: { required: true, maxCharacters: 32 },
  sub_appid: { maxCharacters: 32 },
  sub_mch_id: { maxCharacters: 32 },
};

const fields = {
  key: { required: true },
  sign_type: { values: ['MD5', 'HMAC-SHA256'] },
  spbill_create_ip: ipAddress,
};

function parseUrl(name: string, text: unknown): URL {
  try {
    return new URL(String(text));
  } catch {
    throw new InvalidParameterError(name, 'must be a URL');
  }
}

function origin(name: string, text: unknown): string {
  const url = parseUrl(name, text);
  if (url.protocol !== 'https:') throw new InvalidParameterError(name, 'must begin with https://');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new InvalidParameterError(name, 'must be an origin: https://, a host and perhaps a port, nothing behind it');
  return url.origin;
}

function milliseconds(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < 2 ** 31) return value;
  throw new InvalidParameterError(name, 'must be a whole number of milliseconds, at least 1');
}

function proxyUrl(text: unknown): URL | undefined {
  if (isAbsent(text)) return undefined;
  const url = parseUrl('proxy', text);
  if (!['http:', 'https:', 'socks5:', 'socks5h:'].includes(url.protocol))
    throw new InvalidParameterError('proxy', 'must begin with http://, https:// or socks5://');
  return url;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

/** Bytes in a copy of our own: what the caller does with theirs changes nothing. Undefined for what is neither. */
export function material(value: unknown): string | Buffer | undefined {
  if (types.isUint8Array(value)) return Buffer.from(value);
  return typeof value === 'string' ? value : undefined;
}

function authorities(ca: unknown): Array<string | Buffer> {
  if (ca === undefined) return [];
  return (Array.isArray(ca) ? ca : [ca]).map((item: unknown) => {
    const bundle = material(item);
    // Node.js skips without a word what is not PEM, and what follows a broken certificate.
    const certificates = String(bundle)
      .split(/^(?=-----BEGIN )/m)
      .filter((part) => part.startsWith('-----BEGIN '));
    if (bundle === undefined || certificates.length === 0 || !certificates.every(isCertificate))
      throw new InvalidParameterError('ca', 'must be certificates in PEM, as text or Uint8Array');
    return bundle;
  });
}

function certificateOf(value: PayClientOptions['certificate']): Certificate | undefined {
  if (value === undefined) return undefined;
  const certificate = certificateMaterial(value);
  if (certificate === undefined)
    throw new InvalidParameterError(
      'certificate',
      'must have a pfx (a Uint8Array), or a cert and a key (text or Uint8Array)',
    );
  checkCertificate(certificate);
  return certificate;
}

function certificateMaterial(value: Readonly<Record<string, unknown>> | null): Certificate | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!isAbsent(value.passphrase) && typeof value.passphrase !== 'string')
    throw new InvalidParameterError('certificate.passphrase', 'must be a string');
  const passphrase = typeof value.passphrase === 'string' ? { passphrase: value.passphrase } : {};
  if ('pfx' in value) return types.isUint8Array(value.pfx) ? { pfx: Buffer.from(value.pfx), ...passphrase } : undefined;
  const cert = material(value.cert);
  const key = material(value.key);
  return cert && key ? { cert, key, ...passphrase } : undefined;
}

export function firstAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

/** @throws InvalidParameterError that names the option; quotes no value. So do the next two. */
export function checkConnection(options: ConnectionOptions): ConnectionSettings {
  if (typeof options !== 'object' || options === null) throw new InvalidParameterError('options', 'must be an object');
  checkFields(identityFields, { ...options });
  const { appid, mch_id, sub_appid, sub_mch_id, endpoints = {}, timeout = {} } = options;
  for (const [name, value] of Object.entries({ endpoints, timeout }))
    if (typeof value !== 'object' || value === null) throw new InvalidParameterError(name, 'must be an object');
  const pay = origin('endpoints.pay', endpoints.pay ?? vendor.pay);
  // A private gateway's orders are none of the vendor's backup host's business.
  const payBackup = endpoints.payBackup ?? (pay === vendor.pay && vendor.payBackup);
  return {
    identity: { appid, mch_id, ...(sub_appid && { sub_appid }), ...(sub_mch_id && { sub_mch_id }) },
    hosts: {
      pay: payBackup === false ? [pay] : [pay, origin('endpoints.payBackup', payBackup)],
      face: [origin('endpoints.face', endpoints.face ?? vendor.face)],
    },
    callsPerSecond: checkCallsPerSecond(options.callsPerSecond),
    transport: {
      ca: authorities(options.ca),
      certificate: undefined,
      timeout: {
        connect: milliseconds('timeout.connect', timeout.connect, 5000),
        response: milliseconds('timeout.response', timeout.response, 15_000),
      },
      proxy: proxyUrl(options.proxy),
      mch_id,
    },
  };
}

export function checkOptions(options: PayClientOptions): Settings {
  const { transport, ...connection } = checkConnection(options);
  checkFields(fields, { ...options });
  const { key, formerKeys = [], sandbox = false } = options;
  if (!Array.isArray(formerKeys) || !formerKeys.every((former) => typeof former === 'string' && former !== ''))
    throw new InvalidParameterError('formerKeys', 'must be a list of keys');
  if (typeof sandbox !== 'boolean') throw new InvalidParameterError('sandbox', 'must be true or false');
  return {
    ...connection,
    key,
    formerKeys: [...formerKeys],
    sign_type: options.sign_type ?? 'HMAC-SHA256',
    sandbox,
    spbill_create_ip: options.spbill_create_ip ?? firstAddress(),
    transport: { ...transport, certificate: certificateOf(options.certificate) },
  };
}
