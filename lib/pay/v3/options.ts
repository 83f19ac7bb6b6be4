import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { InvalidParameterError } from '../../errors.js';
import { checkFields } from '../../fields.js';
import { isFields } from '../../unknown.js';
import type { PayClient } from '../client.js';
import {
  type ConnectionSettings,
  checkConnection,
  firstAddress,
  type MerchantIdentity,
  material,
  type PayClientOptions,
} from '../options.js';
import { type GatewayKeys, type Signer, serialOf } from './signature.js';

/** One of the gateway's keys: a public key with its id, or a platform certificate. PEM. */
export type GatewayKey = { id: string; publicKey: string | Uint8Array } | { certificate: string | Uint8Array };

/** The shop, which API v3 wants to know of every payment. */
export interface Store {
  /** The merchant's own number of it. At most 32 characters. */
  out_id: string;
  /** WeChat Pay's number of it. At most 32 characters. */
  id?: string;
}

/** What a {@link PayClientV3} needs to know. */
export interface PayClientV3Options extends MerchantIdentity {
  /** The merchant's private key (PEM): the file apiclient_key.pem of the merchant site. Never logged, never in an error. */
  privateKey: string | Uint8Array;
  /** The serial number of the merchant's certificate, in hexadecimal. */
  serial_no: string;
  /**
   * What the gateway signs with: its public key (of the merchant site, with its id `PUB_KEY_ID_…`), platform certificates, or both
   * while the merchant changes from one to the other. The first public key is the one that the gateway is asked to sign with,
   * else the certificate that ends last.
   */
  verify: GatewayKey[];
  /** The shop that sells. */
  store: Store;
  /**
   * The same merchant's client of API v2: for authinfo and, unless `faceCodes` is 'v3', for the codes of faces. It stays its
   * owner's: `close()` doesn't close it.
   */
  v2?: PayClient;
  /** Which API takes the codes of 18 digits that a face gives. Nothing says that API v3 does. @default 'v2', if `v2` is given */
  faceCodes?: 'v2' | 'v3';
  /** Origins, `https://` only; `face` is not used. See {@link PayClientOptions}, as for the next four. */
  endpoints?: PayClientOptions['endpoints'];
  ca?: PayClientOptions['ca'];
  timeout?: PayClientOptions['timeout'];
  proxy?: string;
  callsPerSecond?: number;
}

/** PayClientV3Options, checked, with every default in its place. */
export interface SettingsV3 extends ConnectionSettings {
  readonly signer: Signer;
  readonly keys: GatewayKeys;
  /** The serial number or id of the key that the gateway is asked to sign with. */
  readonly askedSerial: string;
  readonly store: Readonly<Store>;
  readonly device_ip: string;
  readonly v2: PayClient | undefined;
  readonly faceCodes: 'v2' | 'v3';
}

const fields = {
  serial_no: { required: true, pattern: /^[0-9A-Fa-f]{1,64}$/, rule: 'must be a serial number in hexadecimal' },
  faceCodes: { values: ['v2', 'v3'] },
};
const storeFields = { out_id: { required: true, maxCharacters: 32 }, id: { maxCharacters: 32 } };

/** @param read Reads it; throws what may quote it. */
function rsaKey(name: string, value: unknown, what: string, read: (pem: string | Buffer) => KeyObject): KeyObject {
  const pem = material(value);
  try {
    const key = pem === undefined ? undefined : read(pem);
    if (key?.asymmetricKeyType === 'rsa') return key;
  } catch {
    // OpenSSL's words may quote it.
  }
  throw new InvalidParameterError(name, `must be ${what} in PEM, as text or Uint8Array`);
}

interface NamedKey {
  readonly id: string;
  readonly key: KeyObject;
  /** When it ends, milliseconds since the epoch; that of a public key is not known. */
  readonly until: number;
}

function gatewayKey(given: unknown): NamedKey {
  if (!isFields(given))
    throw new InvalidParameterError('verify', 'must be a list of { id, publicKey } and { certificate }');
  if ('certificate' in given) return platformCertificate(given.certificate);
  const { id, publicKey } = given;
  if (typeof id !== 'string' || !/^\w{1,64}$/.test(id))
    throw new InvalidParameterError('verify', "must have the public key's id (PUB_KEY_ID_…)");
  return {
    id,
    key: rsaKey('verify', publicKey, 'an RSA public key', createPublicKey),
    until: Number.POSITIVE_INFINITY,
  };
}

function platformCertificate(given: unknown): NamedKey {
  let certificate: X509Certificate | undefined;
  const key = rsaKey('verify', given, 'a platform certificate with an RSA key', (pem) => {
    certificate = new X509Certificate(pem);
    return certificate.publicKey;
  });
  return { id: certificate?.serialNumber ?? '', key, until: Date.parse(certificate?.validTo ?? '') };
}

function checkV2(v2: unknown, { mch_id, sub_mch_id }: MerchantIdentity): void {
  if (v2 === undefined) return;
  const identity = isFields(v2) ? v2.identity : undefined;
  if (!isFields(v2) || !isFields(identity) || typeof v2.micropay !== 'function')
    throw new InvalidParameterError('v2', 'must be a PayClient');
  if (identity.mch_id !== mch_id || identity.sub_mch_id !== sub_mch_id)
    throw new InvalidParameterError('v2', "must be the same merchant's: its mch_id or sub_mch_id is another one");
}

/** @throws InvalidParameterError that names the option; quotes no value. */
export function checkOptionsV3(options: PayClientV3Options): SettingsV3 {
  const connection = checkConnection(options);
  checkFields(fields, { ...options });
  const { identity } = connection;
  if (identity.sub_appid !== undefined && identity.sub_mch_id === undefined)
    throw new InvalidParameterError('sub_mch_id', 'is required with sub_appid');
  const { store, verify, serial_no, v2, faceCodes } = options;
  if (!isFields(store)) throw new InvalidParameterError('store', 'is required: { out_id }, the shop that sells');
  for (const [name, rule] of Object.entries(storeFields))
    checkFields({ [`store.${name}`]: rule }, { [`store.${name}`]: store[name] });
  if (!Array.isArray(verify) || verify.length === 0)
    throw new InvalidParameterError(
      'verify',
      "is required: the gateway's public key with its id, or platform certificates",
    );
  const keys = verify.map(gatewayKey);
  const [asked] = [...keys].sort((one, other) => (one.until === other.until ? 0 : other.until - one.until));
  checkV2(v2, identity);
  if (faceCodes === 'v2' && v2 === undefined)
    throw new InvalidParameterError('v2', "is required with faceCodes 'v2': the client that takes the codes of faces");
  return {
    ...connection,
    signer: {
      mch_id: identity.mch_id,
      serial_no,
      privateKey: rsaKey('privateKey', options.privateKey, "the merchant's RSA private key", createPrivateKey),
    },
    keys: new Map(keys.map(({ id, key }) => [serialOf(id), key])),
    askedSerial: asked?.id ?? '',
    store: { out_id: store.out_id, ...(store.id && { id: store.id }) },
    device_ip: firstAddress(),
    v2,
    faceCodes: faceCodes ?? (v2 === undefined ? 'v3' : 'v2'),
  };
}
