import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InvalidParameterError } from 'wxpay-face';
import type { MerchantServerOptions } from '../merchants/options.js';

/*
 * A server's configuration: MerchantServerOptions as JSON. In the place of any value may stand where it is, so that no secret has to
 * lie among the rest: { "file": "key.txt" }, { "bytes": "cert.p12" }, { "env": "NAME" }. Paths are relative to the configuration's folder.
 */

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Each has one field, which says where the value is. */
const sources: Readonly<Record<string, (place: string, folder: string, field: string) => Promise<unknown>>> = {
  // An editor's line end is not a part of a key.
  file: async (place, folder, field) => (await read(resolve(folder, place), field)).toString('utf8').trimEnd(),
  bytes: (place, folder, field) => read(resolve(folder, place), field),
  env: async (place, _folder, field) => {
    const value = process.env[place];
    if (value === undefined) throw new InvalidParameterError(field, `comes from ${place}, which is not set`);
    return value;
  },
};

async function read(path: string, field: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InvalidParameterError(field, `can't be read: ${path} (${String(Object(error).code)})`);
  }
}

async function resolved(value: unknown, folder: string, field: string): Promise<unknown> {
  if (Array.isArray(value))
    return Promise.all(value.map((each, index) => resolved(each, folder, `${field}[${index}]`)));
  if (!isFields(value)) return value;
  const entries = Object.entries(value);
  const [[name, place] = ['', undefined]] = entries;
  const source = entries.length === 1 && typeof place === 'string' ? sources[name] : undefined;
  if (source !== undefined && typeof place === 'string') return source(place, folder, field);
  const fields = entries.map(async ([key, each]) => [
    key,
    await resolved(each, folder, field === '' ? key : `${field}.${key}`),
  ]);
  return Object.fromEntries(await Promise.all(fields));
}

/** @throws InvalidParameterError that names field and file, and quotes no value. */
export async function readConfig(path: string): Promise<MerchantServerOptions> {
  const text = (await read(path, 'config')).toString('utf8').replace(/^\ufeff/, '');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new InvalidParameterError('config', `is no JSON: ${path}`);
  }
  const folder = dirname(resolve(path));
  const config = await resolved(parsed, folder, '');
  if (!isFields(config) || !isOptions(config))
    throw new InvalidParameterError('merchants', `must be a list, each with a name (${path})`);
  const { folder: journals } = config;
  return { ...config, ...(typeof journals === 'string' && { folder: resolve(folder, journals) }) };
}

/** The rest is held against what it must be by whoever uses it. */
const isOptions = (value: Fields): value is Fields & MerchantServerOptions =>
  Array.isArray(value.merchants) &&
  value.merchants.length > 0 &&
  value.merchants.every((merchant) => isFields(merchant) && typeof merchant.name === 'string');
