/** Every code of this package's errors. What each means and what to do about it: docs/guide/04-errors.md. */
export type ErrorCode =
  | 'ERR_INVALID_PARAMETER'
  | 'ERR_INVALID_POLICY'
  | 'ERR_BUSY'
  | 'ERR_ORDER_EXISTS'
  | 'ERR_ORDER_UNKNOWN'
  | 'ERR_ORDER_FOREIGN'
  | 'ERR_ORDER_REFUNDED'
  | 'ERR_REFUND'
  | 'ERR_CLOSED'
  | 'ERR_LIBRARY_LOAD'
  | 'ERR_SERVICE_CALL'
  | 'ERR_SERVICE_RESPONSE'
  | 'ERR_SERVICE_COMMAND'
  | 'ERR_HOST_PROCESS'
  | 'ERR_JOURNAL'
  | 'ERR_JOURNAL_LOCKED'
  | 'ERR_JOURNAL_DAMAGED'
  | 'ERR_JOURNAL_LOST'
  | 'ERR_PAY_TRANSPORT'
  | 'ERR_PAY_RESPONSE'
  | 'ERR_PAY_SIGNATURE'
  | 'ERR_PAY_MISMATCH'
  | 'ERR_PAY_PROTOCOL'
  | 'ERR_BILL'
  | 'ERR_BILL_MISSING';

/**
 * Base of all errors of this package. `code` is stable, messages may change.
 * No error carries a key, a payment code, an authinfo, raw data, a passphrase or a certificate; a `cause` neither.
 */
export class WxpayFaceError extends Error {
  readonly code: ErrorCode;

  constructor(name: string, code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    // Not enumerable, like the built-in errors' names, and right even if a bundler renames the classes.
    Object.defineProperty(this, 'name', { value: name, configurable: true, writable: true });
  }
}

/** The service, the processor or the journal was closed. */
export class ClosedError extends WxpayFaceError {
  declare readonly code: 'ERR_CLOSED';

  constructor(what: string) {
    super('ClosedError', 'ERR_CLOSED', `${what} was closed`);
  }
}

/** A parameter that the vendor would refuse: which one, and why. Thrown before anything is sent. */
export class InvalidParameterError extends WxpayFaceError {
  declare readonly code: 'ERR_INVALID_PARAMETER' | 'ERR_INVALID_POLICY';
  readonly parameter: string;
  /** What is wrong, as the end of a sentence that begins with the parameter's name. */
  readonly rule: string;

  /** @param rule Never quotes the value. */
  constructor(
    parameter: string,
    rule: string,
    kind: readonly [name: string, code: 'ERR_INVALID_PARAMETER' | 'ERR_INVALID_POLICY'] = [
      'InvalidParameterError',
      'ERR_INVALID_PARAMETER',
    ],
  ) {
    super(...kind, `${parameter} ${rule}`);
    this.parameter = parameter;
    this.rule = rule;
  }
}
