import { resolve } from 'node:path';
import type { Saying } from '../words/cli/index.js';
import { UsageError } from './errors.js';

interface Field {
  /** Default 'text'. 'path': of a file, relative to the configuration file's folder (from the environment: to this one). */
  readonly type?: 'text' | 'path' | 'number' | 'flag' | 'text or false';
  /** The environment variable that overrides the file. */
  readonly env?: string;
  /** Its file should not be for everybody to read. */
  readonly secret?: boolean;
}

/** Every field of a configuration file, dotted if it's nested. What their values must be, the parts themselves check. */
export const configFields: Readonly<Record<string, Field>> = {
  appid: { env: 'WXPAY_FACE_APPID' },
  mch_id: { env: 'WXPAY_FACE_MCH_ID' },
  sub_appid: { env: 'WXPAY_FACE_SUB_APPID' },
  sub_mch_id: { env: 'WXPAY_FACE_SUB_MCH_ID' },
  key: { env: 'WXPAY_FACE_KEY' },
  sign_type: { env: 'WXPAY_FACE_SIGN_TYPE' },
  'certificate.cert': { type: 'path', env: 'WXPAY_FACE_CERT' },
  'certificate.key': { type: 'path', env: 'WXPAY_FACE_CERT_KEY', secret: true },
  'certificate.p12': { type: 'path', env: 'WXPAY_FACE_CERT_P12', secret: true },
  'certificate.passphrase': { env: 'WXPAY_FACE_CERT_PASSPHRASE' },
  ca: { type: 'path', env: 'WXPAY_FACE_CA' },
  'endpoints.pay': { env: 'WXPAY_FACE_PAY_ENDPOINT' },
  'endpoints.payBackup': { type: 'text or false' },
  'endpoints.face': { env: 'WXPAY_FACE_FACE_ENDPOINT' },
  'timeout.connect': { type: 'number' },
  'timeout.response': { type: 'number' },
  proxy: { env: 'WXPAY_FACE_PROXY' },
  sandbox: { type: 'flag' },
  spbill_create_ip: {},
  callsPerSecond: { type: 'number' },
  'v3.privateKey': { type: 'path', env: 'WXPAY_FACE_V3_KEY', secret: true },
  'v3.serial_no': { env: 'WXPAY_FACE_V3_SERIAL_NO' },
  'v3.publicKey': { type: 'path', env: 'WXPAY_FACE_V3_PUBLIC_KEY' },
  'v3.publicKeyId': { env: 'WXPAY_FACE_V3_PUBLIC_KEY_ID' },
  'v3.platformCertificate': { type: 'path', env: 'WXPAY_FACE_V3_PLATFORM_CERT' },
  'v3.store.out_id': { env: 'WXPAY_FACE_V3_STORE' },
  'v3.store.id': {},
  'v3.faceCodes': {},
  library: { type: 'path', env: 'WXPAY_FACE_SDK' },
  host: {},
  pipe: { env: 'WXPAY_FACE_PIPE' },
  journal: { type: 'path', env: 'WXPAY_FACE_JOURNAL' },
  'terminal.store_id': { env: 'WXPAY_FACE_STORE_ID' },
  'terminal.store_name': { env: 'WXPAY_FACE_STORE_NAME' },
  'terminal.device_id': { env: 'WXPAY_FACE_DEVICE_ID' },
  'terminal.attach': {},
  'init.ip': {},
  'init.port': {},
  'init.user': {},
  'init.passwd': {},
  'init.proxy_type': { type: 'number' },
  'init.camera_rotation': { type: 'number' },
  'polling.firstDelay': { type: 'number' },
  'polling.interval': { type: 'number' },
  'polling.timeout': { type: 'number' },
  'reversal.notBefore': { type: 'number' },
  'reversal.settleAfter': { type: 'number' },
  'reversal.backoff.initial': { type: 'number' },
  'reversal.backoff.factor': { type: 'number' },
  'reversal.backoff.maximum': { type: 'number' },
  'reversal.backoff.jitter': { type: 'number' },
  'refund.firstQuery': { type: 'number' },
  'refund.backoff.initial': { type: 'number' },
  'refund.backoff.factor': { type: 'number' },
  'refund.backoff.maximum': { type: 'number' },
  'refund.backoff.jitter': { type: 'number' },
  /** Written by `simulate --write-config`: may be overwritten by the next. */
  simulator: { type: 'flag' },
};

const holds: Readonly<Record<NonNullable<Field['type']>, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  path: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  flag: (value) => typeof value === 'boolean',
  'text or false': (value) => value === false || typeof value === 'string',
};

/** Adds to a sentence on a value where that value came from. */
export const sourced =
  (says: Saying, source: Saying): Saying =>
  (words) =>
    words.usage.sourced(says(words), source(words));

/**
 * A field's value as it is used: a path absolute.
 * @throws UsageError
 */
export function checked(source: Saying, name: string, value: unknown, folder: string): unknown {
  const type = configFields[name]?.type ?? 'text';
  if (!holds[type](value))
    throw new UsageError(
      sourced(({ usage }) => usage.wrongType[type](name), source),
      name,
    );
  return type === 'path' ? resolve(folder, String(value)) : value;
}
