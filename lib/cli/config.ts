import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { InitWxpayfaceParams } from '../face/commands.js';
import type { OpenOptions } from '../face/open.js';
import { PayClient } from '../pay/client.js';
import type { PayClientOptions } from '../pay/types.js';
import type { PaymentProcessorOptions } from '../payment/processor.js';
import type { FacePayOptions } from '../terminal/face-pay.js';
import { type Fields, isFields } from '../unknown.js';
import { english, type Saying } from '../words/cli/index.js';
import { checked, configFields, sourced } from './config-fields.js';
import { parseConfig, readConfigFile } from './config-file.js';
import { codeOf, isUsage, sayingOf, UsageError } from './errors.js';

/** What the commands run with. */
export interface Config {
  /** Where it came from, for messages. */
  readonly source: Saying;
  /** What a person should know of it, and do about it. */
  readonly warnings: ReadonlyArray<{ readonly says: Saying; readonly todo: Saying }>;
  /**
   * The merchant without what lies in files of its own; undefined if there is no credential at all: they may be on the
   * merchant's server.
   * @throws UsageError that names field and file, never a value. So do the next two.
   */
  credentials(): PayClientOptions | undefined;
  /** Reads the merchant's certificate. */
  certificate(): PayClientOptions['certificate'];
  /** Reads the further authorities. */
  ca(): PayClientOptions['ca'];
  /** Service-provider mode: the sub-merchant's number. */
  readonly subMerchant: string | undefined;
  readonly face: OpenOptions;
  readonly init: InitWxpayfaceParams;
  /** Absolute. */
  readonly journal?: string;
  readonly terminal?: FacePayOptions['terminal'];
  readonly policies: Pick<PaymentProcessorOptions, 'polling' | 'reversal' | 'refund'>;
}

type Values = ReadonlyMap<string, unknown>;

const defaultFile = 'wxpay-face.json';

/** Every leaf of the file under its dotted name; one that isn't listed is a spelling mistake. */
function leaves(record: Fields, source: Saying, prefix = ''): Array<[string, unknown]> {
  return Object.entries(record).flatMap(([name, value]): Array<[string, unknown]> => {
    const path = `${prefix}${name}`;
    if (Object.hasOwn(configFields, path)) return [[path, value]];
    const inner = Object.keys(configFields).filter((known) => known.startsWith(`${path}.`));
    if (inner.length === 0) {
      const known = [...new Set(Object.keys(configFields).map((field) => field.replace(/\..*/, '')))];
      throw new UsageError(
        sourced(({ usage }) => usage.noField(path, known), source),
        path,
      );
    }
    if (!isFields(value))
      throw new UsageError(
        sourced(({ usage }) => usage.noObject(path), source),
        path,
      );
    return leaves(value, source, `${path}.`);
  });
}

/** A field's environment variable, if it is set. An empty one counts as absent. */
function variableOf(name: string): string | undefined {
  const env = Object.hasOwn(configFields, name) ? configFields[name]?.env : undefined;
  return env !== undefined && process.env[env] ? env : undefined;
}

function gather(file: string, record: Fields, source: Saying): Values {
  const values = new Map<string, unknown>();
  for (const [name, value] of leaves(record, source))
    if (value !== null && value !== '') values.set(name, checked(source, name, value, dirname(file)));
  for (const name of Object.keys(configFields)) {
    const env = variableOf(name);
    if (env !== undefined)
      values.set(
        name,
        checked(() => env, name, process.env[env], '.'),
      );
  }
  return values;
}

/** Typed access to what was gathered, whose types were checked by {@link checked}. */
function reader(values: Values) {
  const text = (name: string): string | undefined => {
    const value = values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const has = (prefix: string): boolean => [...values.keys()].some((name) => name.startsWith(`${prefix}.`));
  /** The fields right under a name. */
  const under = (prefix: string): Array<[string, unknown]> =>
    [...values].flatMap(([name, value]): Array<[string, unknown]> => {
      const field = name.slice(prefix.length + 1);
      return name.startsWith(`${prefix}.`) && !field.includes('.') ? [[field, value]] : [];
    });
  return {
    text,
    has,
    texts: (prefix: string): Record<string, string> =>
      Object.fromEntries(
        under(prefix).flatMap(
          ([name, value]): Array<[string, string]> => (typeof value === 'string' ? [[name, value]] : []),
        ),
      ),
    numbers: (prefix: string): Record<string, number> =>
      Object.fromEntries(
        under(prefix).flatMap(
          ([name, value]): Array<[string, number]> => (typeof value === 'number' ? [[name, value]] : []),
        ),
      ),
  };
}

function contents(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(({ usage }) => usage.fileUnreadable(name, file, codeOf(error)), name);
  }
}

function certificateOf({ text, has }: ReturnType<typeof reader>): PayClientOptions['certificate'] {
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
const hosts = ['auto', 'in-process', 'host-process'] as const;

function choice<Word extends string>(name: string, words: readonly Word[], text: string | undefined): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (word === undefined) throw new UsageError(({ usage }) => usage.oneOf(name, words), name);
  return word;
}

function credentialsOf(values: Values): PayClientOptions | undefined {
  const { text, texts, numbers } = reader(values);
  if (['appid', 'mch_id', 'key'].every((name) => text(name) === undefined)) return undefined;
  for (const name of ['appid', 'mch_id', 'key'])
    if (text(name) === undefined)
      throw new UsageError(({ usage }) => usage.credentialMissing(name, configFields[name]?.env ?? ''), name);
  const sign_type = choice('sign_type', signTypes, text('sign_type'));
  const optional = (name: string) => (values.has(name) ? { [name]: values.get(name) } : {});
  return {
    appid: text('appid') ?? '',
    mch_id: text('mch_id') ?? '',
    key: text('key') ?? '',
    ...optional('sub_appid'),
    ...optional('sub_mch_id'),
    ...optional('proxy'),
    ...optional('spbill_create_ip'),
    ...optional('callsPerSecond'),
    ...(sign_type && { sign_type }),
    endpoints: {
      ...texts('endpoints'),
      ...(values.get('endpoints.payBackup') === false && { payBackup: false as const }),
    },
    timeout: numbers('timeout'),
    sandbox: values.get('sandbox') === true,
  };
}

function terminalOf({ has, text, texts }: ReturnType<typeof reader>): FacePayOptions['terminal'] | undefined {
  if (!has('terminal')) return undefined;
  const [store_id = '', store_name = '', device_id = ''] = ['store_id', 'store_name', 'device_id'].map((name) =>
    text(`terminal.${name}`),
  );
  return { ...texts('terminal'), store_id, store_name, device_id };
}

/** Which files with secrets anybody on this machine can read. Windows has no such bits. */
function exposedSecrets(file: string | undefined, values: Values, inFile: ReadonlySet<string>): Config['warnings'] {
  if (process.platform === 'win32') return [];
  const secrets = Object.entries(configFields).flatMap(([name, { secret }]) => {
    const path = values.get(name);
    return secret && typeof path === 'string' ? [path] : [];
  });
  if (file !== undefined && ['key', 'certificate.passphrase'].some((name) => inFile.has(name))) secrets.push(file);
  return secrets.flatMap((path) => {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
    return mode & 0o004 ? [{ says: ({ usage }) => usage.exposed(path), todo: ({ usage }) => usage.hide(path) }] : [];
  });
}

/** Adds to an error of a value where that value came from: the environment, else what is named. */
function from<T>(otherwise: Saying, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!isUsage(error)) throw error;
    const variable = error.parameter === undefined ? undefined : variableOf(error.parameter);
    const source = variable === undefined ? otherwise : () => variable;
    if (error.message.includes(source(english))) throw error;
    throw new UsageError(sourced(sayingOf(error), source), error.parameter);
  }
}

/**
 * Reads the configuration file, and the environment over it.
 * @param option The path that was given, else the environment variable WXPAY_FACE_CONFIG's, else wxpay-face.json here.
 * @throws UsageError that names field and file, never a value.
 */
export function readConfig(option: string | undefined): Config {
  const named = option ?? (process.env.WXPAY_FACE_CONFIG || undefined);
  const file = resolve(named ?? defaultFile);
  const text = readConfigFile(file, named !== undefined);
  const source: Saying = text === undefined ? ({ usage }) => usage.environment(file) : () => file;
  const record = text === undefined ? {} : parseConfig(file, text);
  const values = gather(file, record, source);
  const inFile = new Set(leaves(record, source).map(([name]) => name));
  const read = reader(values);
  // What the stub library of the simulator asks the environment for.
  const pipe = read.text('pipe');
  if (pipe !== undefined) process.env.WXPAY_FACE_PIPE = pipe;
  return from(source, () => {
    const library = read.text('library');
    const host = choice('host', hosts, read.text('host'));
    const ca = read.text('ca');
    const journal = read.text('journal');
    const terminal = terminalOf(read);
    return {
      source,
      warnings:
        values.size > 0
          ? exposedSecrets(text === undefined ? undefined : file, values, inFile)
          : [{ says: ({ usage }) => usage.nothingConfigured(file), todo: ({ usage }) => usage.nameConfig }],
      credentials: () => from(source, () => credentialsOf(values)),
      certificate: () => from(source, () => certificateOf(read)),
      ca: () => from(source, () => (ca === undefined ? undefined : contents('ca', ca))),
      subMerchant: read.text('sub_mch_id'),
      face: { ...(library !== undefined && { library }), ...(host && { host }) },
      init: { ...read.texts('init'), ...read.numbers('init') },
      ...(journal !== undefined && { journal }),
      ...(terminal && { terminal }),
      policies: {
        ...(read.has('polling') && { polling: read.numbers('polling') }),
        ...(read.has('reversal') && {
          reversal: { ...read.numbers('reversal'), backoff: read.numbers('reversal.backoff') },
        }),
        ...(read.has('refund') && { refund: { ...read.numbers('refund'), backoff: read.numbers('refund.backoff') } }),
      },
    };
  });
}

/**
 * The merchant's side, for a command that needs it.
 * @param sub_mch_id Service-provider mode: another sub-merchant than the configured one.
 * @throws UsageError that names field and file.
 */
export function makeClient(config: Config, sub_mch_id?: string): PayClient {
  return from(config.source, () => {
    const credentials = config.credentials();
    if (credentials === undefined) throw new UsageError(({ usage }) => usage.credentialsMissing);
    const [certificate, ca] = [config.certificate(), config.ca()];
    return new PayClient({
      ...credentials,
      ...(sub_mch_id !== undefined && { sub_mch_id }),
      ...(certificate && { certificate }),
      ...(ca && { ca }),
    });
  });
}
