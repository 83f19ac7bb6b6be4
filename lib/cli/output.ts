import { WxpayFaceError } from '../errors.js';
import { exitCodes, exitOfError } from './exit.js';

/**
 * Where a command tells what it has to tell. As text: results on stdout, everything else on stderr. With --json: stdout has
 * one JSON document a line, each with its `type`, the last one 'result' or 'error'; stderr has notes for people.
 */
export interface Output {
  readonly json: boolean;
  /** A result for people. */
  say(text: string): void;
  /** A step of a long wait, for people. */
  step(text: string): void;
  /** What a person must know in either case: a warning, what Ctrl-C does. */
  note(text: string): void;
  /** A document for programs. */
  emit(type: string, document: object): void;
}

// Personal data of the customer (docs/facts.md#secrets-and-personal-data), of no use to a cashier.
const personal = new Set(['openid', 'sub_openid', 'face_sid']);

const withoutPersonal = (name: string, value: unknown): unknown => (personal.has(name) ? '***' : value);

export const toJson = (document: object, indent?: number): string => JSON.stringify(document, withoutPersonal, indent);

export function makeOutput(json: boolean): Output {
  const nothing = (): void => undefined;
  return {
    json,
    say: json ? nothing : (text) => void process.stdout.write(`${text}\n`),
    step: json ? nothing : (text) => void process.stderr.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    emit: json ? (type, document) => void process.stdout.write(`${toJson({ type, ...document })}\n`) : nothing,
  };
}

/** Tells an error; resolves with the exit code. The package's own errors carry no secret. */
export function tellError(output: Output, error: unknown): number {
  const exitCode = exitCodes[exitOfError(error)].code;
  const known = error instanceof Error && 'code' in error && typeof error.code === 'string';
  const message = error instanceof Error ? error.message : String(error);
  if (output.json) output.emit('error', { code: known ? error.code : 'ERR_UNEXPECTED', message, exitCode });
  else output.note(`wxpay-face: ${message}`);
  // A bug: where it is.
  if (!known && !(error instanceof WxpayFaceError) && error instanceof Error) output.note(error.stack ?? '');
  return exitCode;
}

export const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2)}`;
