import type { PayClientOptions } from '../pay/options.js';
import type { PayClientV3Options } from '../pay/v3/options.js';
import { configFields } from './config-fields.js';
import { choice, contents, type Reader, reader, type Values } from './config-values.js';
import { UsageError } from './errors.js';

/* The merchant's side of a configuration. All throw a UsageError that names the field. */

export function certificateOf({ text, has }: Reader): PayClientOptions['certificate'] {
  const [p12, cert, key] = ['p12', 'cert', 'key'].map((name) => text(`certificate.${name}`));
  const passphrase = text('certificate.passphrase');
  const secret = passphrase === undefined ? {} : { passphrase };
  if (p12 !== undefined) {
    if (cert !== undefined || key !== undefined)
      throw new UsageError(({ usage }) => usage.certificateBoth, 'certificate');
    // The vendor's passphrase for it is the mch_id (docs/facts.md#certificates).
    return { pfx: contents('certificate.p12', p12), passphrase: passphrase ?? text('mch_id') ?? '' };
  }
  if (cert !== undefined && key !== undefined)
    return { cert: contents('certificate.cert', cert), key: contents('certificate.key', key), ...secret };
  if (has('certificate')) throw new UsageError(({ usage }) => usage.certificateForms, 'certificate');
  return undefined;
}

const signTypes = ['MD5', 'HMAC-SHA256'] as const;
const apis = ['v2', 'v3'] as const;

function needed(values: Values, ...names: string[]): void {
  for (const name of names)
    if (!values.has(name))
      throw new UsageError(({ usage }) => usage.credentialMissing(name, configFields[name]?.env ?? ''), name);
}

export function credentialsOf(values: Values): PayClientOptions | undefined {
  const { text, has } = reader(values);
  if (['appid', 'mch_id', 'key'].every((name) => text(name) === undefined)) return undefined;
  // A merchant of API v3 may have no key of v2.
  if (has('v3') && text('key') === undefined) return undefined;
  needed(values, 'appid', 'mch_id', 'key');
  const sign_type = choice('sign_type', signTypes, text('sign_type'));
  return {
    ...connectionOf(values),
    key: text('key') ?? '',
    ...(values.has('spbill_create_ip') && { spbill_create_ip: text('spbill_create_ip') ?? '' }),
    ...(sign_type && { sign_type }),
    sandbox: values.get('sandbox') === true,
  };
}

/** Who asks, and how the gateway is reached: of either API. */
function connectionOf(values: Values) {
  const { text, texts, numbers } = reader(values);
  const optional = (name: string) => (values.has(name) ? { [name]: values.get(name) } : {});
  return {
    appid: text('appid') ?? '',
    mch_id: text('mch_id') ?? '',
    ...optional('sub_appid'),
    ...optional('sub_mch_id'),
    ...optional('proxy'),
    ...optional('callsPerSecond'),
    endpoints: {
      ...texts('endpoints'),
      ...(values.get('endpoints.payBackup') === false && { payBackup: false as const }),
    },
    timeout: numbers('timeout'),
  };
}

export function v3Of(values: Values, ca: PayClientOptions['ca']): PayClientV3Options | undefined {
  const { text, texts, has } = reader(values);
  if (!has('v3')) return undefined;
  needed(values, 'appid', 'mch_id', 'v3.privateKey', 'v3.serial_no', 'v3.store.out_id');
  const file = (name: string): Buffer | undefined => {
    const path = text(name);
    return path === undefined ? undefined : contents(name, path);
  };
  const [publicKey, certificate] = [file('v3.publicKey'), file('v3.platformCertificate')];
  if (publicKey !== undefined) needed(values, 'v3.publicKeyId');
  if (publicKey === undefined && certificate === undefined) needed(values, 'v3.publicKey');
  const faceCodes = choice('v3.faceCodes', apis, text('v3.faceCodes'));
  return {
    ...connectionOf(values),
    privateKey: file('v3.privateKey') ?? '',
    serial_no: text('v3.serial_no') ?? '',
    verify: [
      ...(publicKey === undefined ? [] : [{ id: text('v3.publicKeyId') ?? '', publicKey }]),
      ...(certificate === undefined ? [] : [{ certificate }]),
    ],
    store: { ...texts('v3.store'), out_id: text('v3.store.out_id') ?? '' },
    ...(faceCodes && { faceCodes }),
    ...(ca && { ca }),
  };
}
