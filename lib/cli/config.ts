import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { InitWxpayfaceParams } from '../face/commands.js';
import type { OpenOptions } from '../face/open.js';
import { PayClient } from '../pay/client.js';
import type { PayClientOptions } from '../pay/options.js';
import { PayClientV3 } from '../pay/v3/client.js';
import type { PayClientV3Options } from '../pay/v3/options.js';
import type { PaymentProcessorOptions } from '../payment/processor.js';
import type { FacePayOptions } from '../terminal/face-pay.js';
import { type Fields, isFields } from '../unknown.js';
import { english, type Saying } from '../words/cli/index.js';
import { checked, configFields, sourced } from './config-fields.js';
import { parseConfig, readConfigFile } from './config-file.js';
import { certificateOf, credentialsOf, v3Of } from './config-merchant.js';
import { choice, contents, type Reader, reader, type Values } from './config-values.js';
import { isUsage, sayingOf, UsageError } from './errors.js';

/** By API v2, or by v3, with what it needs of v2. */
export type MerchantClient = PayClient | PayClientV3;

/** What the commands run with. */
export interface Config {
  /** Where it came from, for messages. */
  readonly source: Saying;
  /** What a person should know of it, and do about it. */
  readonly warnings: ReadonlyArray<{ readonly says: Saying; readonly todo: Saying }>;
  /**
   * The merchant without what lies in files of its own; undefined if there is no credential at all: they may be on the
   * merchant's server.
   * @throws UsageError that names field and file, never a value. So do the next three.
   */
  credentials(): PayClientOptions | undefined;
  /** Whether anything of API v3 is configured. */
  readonly hasV3: boolean;
  /** The same merchant by API v3, with its keys read; undefined if nothing of it is configured. */
  v3(): PayClientV3Options | undefined;
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

const hosts = ['auto', 'in-process', 'host-process'] as const;
function terminalOf({ has, text, texts }: Reader): FacePayOptions['terminal'] | undefined {
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
  const authorities = () => {
    const ca = read.text('ca');
    return ca === undefined ? undefined : contents('ca', ca);
  };
  return from(source, () => {
    const library = read.text('library');
    const host = choice('host', hosts, read.text('host'));
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
      hasV3: read.has('v3'),
      v3: () => from(source, () => v3Of(values, authorities())),
      ca: () => from(source, authorities),
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
export function makeClient(config: Config, sub_mch_id?: string): MerchantClient {
  return from(config.source, () => {
    const [credentials, v3] = [config.credentials(), config.v3()];
    const sub = sub_mch_id === undefined ? {} : { sub_mch_id };
    const v2 = credentials && clientOfV2(config, { ...credentials, ...sub });
    if (v3 !== undefined) return new PayClientV3({ ...v3, ...sub, ...(v2 && { v2 }) });
    if (v2 !== undefined) return v2;
    throw new UsageError(({ usage }) => usage.credentialsMissing);
  });
}

function clientOfV2(config: Config, credentials: PayClientOptions): PayClient {
  const [certificate, ca] = [config.certificate(), config.ca()];
  return new PayClient({ ...credentials, ...(certificate && { certificate }), ...(ca && { ca }) });
}
