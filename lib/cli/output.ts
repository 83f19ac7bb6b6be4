import { english, type Saying, type Words } from '../words/cli/index.js';
import { codeOf, sayingOf } from './errors.js';
import { exitCodes, exitOfError } from './exit.js';

/**
 * Where a command tells what it has to tell. As text: results on stdout, everything else on stderr, in the language of whoever
 * reads it. With --json: stdout has one JSON document a line, each with its `type`, the last one 'result' or 'error'; stderr has
 * notes for people. Both are English then, whatever the language.
 */
export interface Output {
  readonly json: boolean;
  /** In which language people are told. */
  readonly words: Words;
  /** A result for people. */
  say(saying: Saying): void;
  /** A step of a long wait, for people. */
  step(saying: Saying): void;
  /** What a person must know in either case: a warning, what Ctrl-C does. */
  note(saying: Saying): void;
  /** A document for programs. */
  emit(type: string, document: object): void;
}

// Personal data of the customer (docs/facts.md#secrets-and-personal-data), of no use to a cashier.
const personal = new Set(['openid', 'sub_openid', 'face_sid']);

const withoutPersonal = (name: string, value: unknown): unknown => (personal.has(name) ? '***' : value);

export const toJson = (document: object, indent?: number): string => JSON.stringify(document, withoutPersonal, indent);

/** @param language The words of whoever reads the text. */
export function makeOutput(json: boolean, language: Words): Output {
  const words = json ? english : language;
  const nothing = (): void => undefined;
  return {
    json,
    words,
    say: json ? nothing : (saying) => void process.stdout.write(`${saying(words)}\n`),
    step: json ? nothing : (saying) => void process.stderr.write(`${saying(words)}\n`),
    note: (saying) => void process.stderr.write(`${saying(words)}\n`),
    emit: json ? (type, document) => void process.stdout.write(`${toJson({ type, ...document })}\n`) : nothing,
  };
}

/** Tells an error; resolves with the exit code. The package's own errors carry no secret. */
export function tellError(output: Output, error: unknown): number {
  const exitCode = exitCodes[exitOfError(error)].code;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (output.json) output.emit('error', { code: code === '' ? 'ERR_UNEXPECTED' : code, message, exitCode });
  else output.note((words) => words.errors.line(sayingOf(error)(words)));
  // A bug: where it is. What it is was told.
  if (code === '' && error instanceof Error) output.note(() => error.stack?.replace(/^.*?(?=\n {4}at )\n/s, '') ?? '');
  return exitCode;
}
