import { InvalidParameterError } from '../errors.js';
import { checkFields } from '../fields.js';
import { type Fields, isFields } from '../unknown.js';
import type { Command, FaceResponse } from './commands.js';
import { ServiceCommandError, ServiceResponseError } from './errors.js';
import { maximumMessage } from './library-access.js';

/** What the service answered; fields that this package doesn't know included. */
export type RawResponse = Record<string, unknown> & FaceResponse;

// The vendor's FAQ refuses characters outside the Basic Multilingual Plane; a lone surrogate isn't even text.
const surrogate = /[\ud800-\udfff]/;

function refuseUnsendable(key: string, value: unknown): unknown {
  if (surrogate.test(key) || (typeof value === 'string' && surrogate.test(value)))
    throw new InvalidParameterError(
      key,
      'must not contain an emoji or another character outside the Basic Multilingual Plane',
    );
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol')
    throw new InvalidParameterError(key, `must be a JSON value, not a ${typeof value}`);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new InvalidParameterError(key, 'must be a finite number');
  return value;
}

/**
 * Holds parameters against the vendor's table of a command.
 * @throws InvalidParameterError
 */
export function checkParams(command: Command, params: Fields): void {
  checkFields(command.fields, params);
  for (const { field, when, rule } of command.conditions)
    if ((params[field] ?? '') === '' && when(params)) throw new InvalidParameterError(field, rule);
}

/**
 * Freezes a request's parameters as they are now; the function makes the request, with the time of that moment.
 * `version` and `now` (vendor page, common request fields) are filled in if the parameters don't have them.
 * @throws InvalidParameterError for what JSON or the vendor's service can't carry
 */
export function prepareRequest(cmd: string, params: Fields): () => Uint8Array {
  if (typeof cmd !== 'string' || cmd === '' || surrogate.test(cmd))
    throw new InvalidParameterError('cmd', 'must be the name of a command');
  if (!isFields(params)) throw new InvalidParameterError('params', 'must be an object');
  const { cmd: _, ...fields } = params;
  let body: string | undefined;
  try {
    body = JSON.stringify(fields, refuseUnsendable);
  } catch (error) {
    if (error instanceof InvalidParameterError) throw error;
    throw new InvalidParameterError('params', 'must be JSON, without a circle in it');
  }
  // A toJSON among the parameters makes anything of them, or nothing.
  if (!body?.startsWith('{')) throw new InvalidParameterError('params', 'must be an object');
  return () => {
    const head = JSON.stringify({
      cmd,
      version: fields.version === undefined ? '1' : undefined,
      now: fields.now === undefined ? Math.floor(Date.now() / 1000) : undefined,
    });
    const request = Buffer.from(body === '{}' ? head : `${head.slice(0, -1)},${body.slice(1)}`);
    if (request.length > maximumMessage)
      throw new InvalidParameterError('params', `must be at most ${maximumMessage} bytes; they are ${request.length}`);
    return request;
  };
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

// JSON can write what UTF-8 can't: half a surrogate pair.
const escapedSurrogate = /\\u[dD][89a-fA-F]/;

const loneSurrogate = new Error('a lone surrogate');

function refuseLoneSurrogate(key: string, value: unknown): unknown {
  for (const text of [key, value]) if (typeof text === 'string' && /\p{Surrogate}/u.test(text)) throw loneSurrogate;
  return value;
}

const hasCode = (value: object) => 'return_code' in value && typeof value.return_code === 'string';

const isResponse = (value: object): value is RawResponse =>
  hasCode(value) && (!('return_msg' in value) || typeof value.return_msg === 'string');

/**
 * Reads a response as it came, byte for byte; it need not end in NUL.
 * @throws ServiceResponseError that says what is wrong with it, and nothing of what is in it
 */
export function parseResponse(cmd: string, bytes: Uint8Array): RawResponse {
  if (bytes.length === 0) throw new ServiceResponseError(cmd, 'is empty');
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch {
    throw new ServiceResponseError(cmd, `of ${bytes.length} bytes is not UTF-8`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text, escapedSurrogate.test(text) ? refuseLoneSurrogate : undefined);
  } catch (error) {
    // A function that looks at each value is called in as many levels as the response has.
    const inText = error instanceof RangeError ? 'is nested too deeply' : 'is not JSON';
    const problem = error === loneSurrogate ? 'has half a character' : inText;
    throw new ServiceResponseError(cmd, `of ${bytes.length} bytes ${problem}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ServiceResponseError(cmd, 'is not a JSON object');
  if ('return_msg' in value && value.return_msg === null) delete value.return_msg;
  if (!hasCode(value)) throw new ServiceResponseError(cmd, 'has no return_code in text');
  if (!isResponse(value)) throw new ServiceResponseError(cmd, 'has a return_msg that is not text');
  return value;
}

/**
 * Holds a response against its command's row.
 * @throws ServiceCommandError for a return_code that is not a value; ServiceResponseError for a SUCCESS without its fields
 */
export function assertAccepted<Result extends FaceResponse>(
  cmd: string,
  { goodCodes, fields, response: promised }: Command,
  params: Fields,
  response: RawResponse,
): asserts response is RawResponse & Result {
  if (!goodCodes.includes(response.return_code)) {
    // The vendor's words might repeat what was sent.
    const secrets = Object.entries(fields)
      .filter(([, field]) => field.secret)
      .map(([name]) => params[name])
      .filter((value): value is string => typeof value === 'string' && value !== '');
    const said = secrets.reduce((text, secret) => text?.split(secret).join('***'), response.return_msg);
    throw new ServiceCommandError(cmd, response.return_code, said);
  }
  if (response.return_code !== 'SUCCESS' || promised.when?.(params) === false) return;
  for (const name of promised.required)
    if (typeof response[name] !== 'string' || response[name] === '')
      throw new ServiceResponseError(cmd, `is a SUCCESS without ${name} in text`);
  for (const name of promised.optional) {
    if (response[name] === null) delete response[name];
    if (response[name] !== undefined && typeof response[name] !== 'string')
      throw new ServiceResponseError(cmd, `has a ${name} that is not text`);
  }
}
