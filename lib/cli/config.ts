import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidParameterError } from '../errors.js';
import type { InitWxpayfaceParams } from '../face/commands.js';
import type { OpenOptions } from '../face/open.js';
import { PayClient } from '../pay/client.js';
import type { PayClientOptions } from '../pay/types.js';
import type { PaymentProcessorOptions } from '../payment/processor.js';
import type { FacePayOptions } from '../terminal/face-pay.js';

interface Field {
  /** Default 'text'. 'path': of a file, relative to the configuration file's folder (from the environment: to this one). */
  readonly type?: 'text' | 'path' | 'number' | 'flag' | 'text or false';
  /** The environment variable that overrides the file. */
  readonly env?: string;
  /** Its file should not be for everybody to read. */
  readonly secret?: boolean;
}

/** Every field of a configuration file, dotted where it's nested. What their values must be, the parts themselves check. */
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
  /** Written by `simulate --write-config`: may be overwritten by the next. */
  simulator: { type: 'flag' },
};

/** What the commands run with. */
export interface Config {
  /** Where it came from, for messages. */
  readonly source: string;
  /** What a person should know of it, and do about it. */
  readonly warnings: ReadonlyArray<{ readonly says: string; readonly todo: string }>;
  /**
   * Reads the merchant's files; undefined where there is no credential at all: they may be on the merchant's server.
   * @throws InvalidParameterError that names field and file, never a value.
   */
  merchant(): PayClientOptions | undefined;
  readonly face: OpenOptions;
  readonly init: InitWxpayfaceParams;
  /** Absolute. */
  readonly journal?: string;
  readonly terminal?: FacePayOptions['terminal'];
  readonly policies: Pick<PaymentProcessorOptions, 'polling' | 'reversal'>;
}

type Values = ReadonlyMap<string, unknown>;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unreadable';

const defaultFile = 'wxpay-face.json';

/** The file's text without the mark that Windows' editors put in front; undefined where none is there and none was named. */
function readConfigFile(file: string, named: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    if (!named && codeOf(error) === 'ENOENT') return undefined;
    throw new InvalidParameterError('config', `can't be read: ${file} (${codeOf(error)})`);
  }
}

function parseConfig(file: string, text: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    // The parser's own words may quote what is in the file.
    const at = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const line = at === undefined ? '' : ` near line ${text.slice(0, Number(at)).split('\n').length}`;
    throw new InvalidParameterError('config', `is not JSON${line}: ${file}`);
  }
  if (!isRecord(parsed)) throw new InvalidParameterError('config', `must be a JSON object: ${file}`);
  return parsed;
}

/** Every leaf of the file under its dotted name; one that isn't listed is a spelling mistake. */
function leaves(record: Readonly<Record<string, unknown>>, source: string, prefix = ''): Array<[string, unknown]> {
  return Object.entries(record).flatMap(([name, value]): Array<[string, unknown]> => {
    const path = `${prefix}${name}`;
    if (Object.hasOwn(configFields, path)) return [[path, value]];
    const inner = Object.keys(configFields).filter((known) => known.startsWith(`${path}.`));
    if (inner.length === 0) {
      const known = [...new Set(Object.keys(configFields).map((field) => field.split('.')[0]))].join(', ');
      throw new InvalidParameterError(path, `is no field of the configuration; there are ${known} (${source})`);
    }
    if (!isRecord(value)) throw new InvalidParameterError(path, `must be an object (${source})`);
    return leaves(value, source, `${path}.`);
  });
}

const types: Readonly<Record<NonNullable<Field['type']>, { says: string; holds: (value: unknown) => boolean }>> = {
  text: { says: 'must be a text', holds: (value) => typeof value === 'string' },
  path: { says: 'must be the path of a file', holds: (value) => typeof value === 'string' },
  number: { says: 'must be a number', holds: (value) => typeof value === 'number' },
  flag: { says: 'must be true or false', holds: (value) => typeof value === 'boolean' },
  'text or false': { says: 'must be a text or false', holds: (value) => value === false || typeof value === 'string' },
};

function checked(source: string, name: string, value: unknown, folder: string): unknown {
  const type = configFields[name]?.type ?? 'text';
  if (!types[type].holds(value)) throw new InvalidParameterError(name, `${types[type].says} (${source})`);
  return type === 'path' ? resolve(folder, String(value)) : value;
}

/** A field's environment variable, where it is set. An empty one counts as absent. */
function variableOf(name: string): string | undefined {
  const env = Object.hasOwn(configFields, name) ? configFields[name]?.env : undefined;
  return env !== undefined && process.env[env] ? env : undefined;
}

function gather(file: string, record: Readonly<Record<string, unknown>>, source: string): Values {
  const values = new Map<string, unknown>();
  for (const [name, value] of leaves(record, source))
    if (value !== null && value !== '') values.set(name, checked(source, name, value, dirname(file)));
  for (const name of Object.keys(configFields)) {
    const env = variableOf(name);
    if (env !== undefined) values.set(name, checked(env, name, process.env[env], '.'));
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
    throw new InvalidParameterError(name, `can't be read: ${file} (${codeOf(error)})`);
  }
}

function certificateOf({ text, has }: ReturnType<typeof reader>): PayClientOptions['certificate'] {
  const [p12, cert, key] = ['p12', 'cert', 'key'].map((name) => text(`certificate.${name}`));
  const passphrase = text('certificate.passphrase');
  const secret = passphrase === undefined ? {} : { passphrase };
  if (p12 !== undefined) {
    if (cert !== undefined || key !== undefined)
      throw new InvalidParameterError('certificate', 'must name either p12, or cert and key');
    // The vendor's passphrase for it is the mch_id (field facts).
    return { pfx: contents('certificate.p12', p12), passphrase: passphrase ?? text('mch_id') ?? '' };
  }
  if (cert !== undefined && key !== undefined)
    return { cert: contents('certificate.cert', cert), key: contents('certificate.key', key), ...secret };
  if (has('certificate')) throw new InvalidParameterError('certificate', 'must name either p12, or both cert and key');
  return undefined;
}

const signTypes = ['MD5', 'HMAC-SHA256'] as const;
const hosts = ['auto', 'in-process', 'host-process'] as const;

function choice<Word extends string>(name: string, words: readonly Word[], text: string | undefined): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (word === undefined) throw new InvalidParameterError(name, `must be one of ${words.join(', ')}`);
  return word;
}

function clientOf(values: Values): PayClientOptions | undefined {
  const read = reader(values);
  const { text, texts, numbers } = read;
  if (['appid', 'mch_id', 'key'].every((name) => text(name) === undefined)) return undefined;
  for (const name of ['appid', 'mch_id', 'key'])
    if (text(name) === undefined)
      throw new InvalidParameterError(name, `is required; environment variable ${configFields[name]?.env}`);
  const certificate = certificateOf(read);
  const sign_type = choice('sign_type', signTypes, text('sign_type'));
  const ca = text('ca');
  const optional = (name: string) => {
    const value = text(name);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    appid: text('appid') ?? '',
    mch_id: text('mch_id') ?? '',
    key: text('key') ?? '',
    ...optional('sub_appid'),
    ...optional('sub_mch_id'),
    ...optional('proxy'),
    ...optional('spbill_create_ip'),
    ...(sign_type && { sign_type }),
    ...(certificate && { certificate }),
    ...(ca !== undefined && { ca: contents('ca', ca) }),
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
    return mode & 0o004
      ? [{ says: `${path} holds a secret and can be read by everybody`, todo: `chmod 600 "${path}"` }]
      : [];
  });
}

/** Adds to an error of a value where that value came from: the environment, else what is named. */
function from<T>(otherwise: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof InvalidParameterError)) throw error;
    const source = variableOf(error.parameter) ?? otherwise;
    if (error.message.includes(source)) throw error;
    throw new InvalidParameterError(error.parameter, `${error.message.slice(error.parameter.length + 1)} (${source})`);
  }
}

/**
 * Reads the configuration file, and the environment over it.
 * @param option The path that was given, else the environment variable WXPAY_FACE_CONFIG's, else wxpay-face.json here.
 * @throws InvalidParameterError that names field and file, never a value.
 */
export function readConfig(option: string | undefined): Config {
  const named = option ?? (process.env.WXPAY_FACE_CONFIG || undefined);
  const file = resolve(named ?? defaultFile);
  const text = readConfigFile(file, named !== undefined);
  const source = text === undefined ? `the environment; there is no ${file}` : file;
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
    const journal = read.text('journal');
    const terminal = terminalOf(read);
    return {
      source,
      warnings:
        values.size > 0
          ? exposedSecrets(text === undefined ? undefined : file, values, inFile)
          : [{ says: `nothing is configured: there is no ${file}`, todo: 'name the file by --config' }],
      merchant: () => from(source, () => clientOf(values)),
      face: { ...(library !== undefined && { library }), ...(host && { host }) },
      init: { ...read.texts('init'), ...read.numbers('init') },
      ...(journal !== undefined && { journal }),
      ...(terminal && { terminal }),
      policies: {
        ...(read.has('polling') && { polling: read.numbers('polling') }),
        ...(read.has('reversal') && {
          reversal: { ...read.numbers('reversal'), backoff: read.numbers('reversal.backoff') },
        }),
      },
    };
  });
}

/**
 * The merchant's side, for a command that needs it.
 * @throws InvalidParameterError that names field and file.
 */
export function makeClient({ merchant, source }: Config): PayClient {
  return from(source, () => {
    const client = merchant();
    if (client === undefined) throw new InvalidParameterError('appid, mch_id and key', 'are required');
    return new PayClient(client);
  });
}

/** The folder of the journal: that of the option, else the configuration's. */
export function journalFolder(config: Config, option: string | undefined): string {
  const folder = option === undefined ? config.journal : resolve(option);
  if (folder === undefined)
    throw new InvalidParameterError(
      'journal',
      "is required: the folder of the payments' journal, in the configuration, in WXPAY_FACE_JOURNAL or by --journal",
    );
  return folder;
}
