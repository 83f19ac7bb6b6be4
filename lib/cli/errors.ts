import { InvalidParameterError, WxpayFaceError } from '../errors.js';
import { type ErrorFacts, english, type Saying } from '../words/cli/index.js';

/** An error that can be told in whichever language; its message is English. */
export class ToldError extends WxpayFaceError {
  readonly says: Saying;

  constructor(code: WxpayFaceError['code'], says: Saying) {
    super('ToldError', code, says(english));
    this.says = says;
  }
}

/** Wrong arguments or configuration. */
export class UsageError extends ToldError {
  /** The argument or the field, if it is one. */
  readonly parameter: string | undefined;

  constructor(says: Saying, parameter?: string) {
    super('ERR_INVALID_PARAMETER', says);
    this.parameter = parameter;
  }
}

/** Whether arguments or configuration are at fault. */
export const isUsage = (error: unknown): error is UsageError | InvalidParameterError =>
  error instanceof UsageError || error instanceof InvalidParameterError;

const texts = [
  ...['parameter', 'rule', 'path', 'cmd', 'field', 'why', 'trouble', 'return_code', 'return_msg', 'returnValue'],
  ...['systemCode', 'out_trade_no', 'out_refund_no', 'port'],
] as const;

/** An error's; '' if it has none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

function factsOf(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const known = texts.flatMap((name): Array<[string, string]> => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [];
  });
  return {
    code: codeOf(error),
    message: error.message,
    ...Object.fromEntries(known),
    ...('sent' in error && { sent: error.sent === true }),
    ...(codeOf(error.cause) !== '' && { cause: codeOf(error.cause) }),
  };
}

/** What an error says to a person. */
export const sayingOf = (error: unknown): Saying =>
  error instanceof ToldError ? error.says : ({ errors }) => errors.of(factsOf(error));
