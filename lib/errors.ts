/**
 * Base of all errors of this package. `code` is stable, messages may change.
 * No error carries a key, a payment code, an authinfo, raw data, a passphrase or a certificate; a `cause` neither.
 */
export class WxpayFaceError extends Error {
  readonly code: string;

  constructor(name: string, code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    // Not enumerable, like the built-in errors' names, and right even where a bundler renames the classes.
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
