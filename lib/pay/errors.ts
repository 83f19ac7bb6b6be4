import { WxpayFaceError } from '../errors.js';

/**
 * Why no usable response came, as far as it is known. 'withdrawn': `mayLeave` said no. 'limit': the client's own queue was
 * too long. 'internal': a part of this package could not be loaded, or a fault of its own.
 */
export type TransportFailure =
  | 'aborted'
  | 'withdrawn'
  | 'limit'
  | 'dns'
  | 'unreachable'
  | 'connect-timeout'
  | 'tls'
  | 'certificate'
  | 'proxy'
  | 'internal'
  | 'response-timeout'
  | 'broken';

/** No usable response came. */
export class PayTransportError extends WxpayFaceError {
  declare readonly code: 'ERR_PAY_TRANSPORT';
  /** 'certificate': the gateway refuses the merchant's certificate. Undefined if nobody said. */
  declare readonly why?: TransportFailure;
  /**
   * False only if nothing can have reached the gateway: no address, refused, not connected in time, a failed TLS
   * handshake, an abort before the connection was ready. True means unknown: the payment may have been made.
   */
  readonly sent: boolean;
  /** True if it went over a connection that had been kept, and may have been dead: which says nothing of the request. */
  declare readonly kept?: true;

  constructor(message: string, sent: boolean, options?: { cause?: unknown; why?: TransportFailure; kept?: boolean }) {
    super('PayTransportError', 'ERR_PAY_TRANSPORT', message, options);
    this.sent = sent;
    if (options?.why !== undefined) this.why = options.why;
    if (options?.kept) this.kept = true;
  }
}

/** A response that is not well-formed XML of the expected shape. The payment's state is unknown. */
export class PayResponseError extends WxpayFaceError {
  declare readonly code: 'ERR_PAY_RESPONSE';
  /** What a page of HTTP in place of a response said: the merchant's certificate is refused; too many calls. */
  declare readonly trouble?: 'certificate' | 'limit';

  constructor(message: string, trouble?: 'certificate' | 'limit') {
    super('PayResponseError', 'ERR_PAY_RESPONSE', message);
    if (trouble !== undefined) this.trouble = trouble;
  }
}

/** The response's signature is missing or wrong: not one of its fields may be believed. */
export class PaySignatureError extends WxpayFaceError {
  declare readonly code: 'ERR_PAY_SIGNATURE';

  constructor(message: string) {
    super('PaySignatureError', 'ERR_PAY_SIGNATURE', message);
  }
}

/** A verified response about another merchant, order or amount than was asked for. */
export class PayMismatchError extends WxpayFaceError {
  declare readonly code: 'ERR_PAY_MISMATCH';
  /** The field that differs, or that is missing although it must not be. */
  readonly field: string;

  constructor(field: string, message: string) {
    super('PayMismatchError', 'ERR_PAY_MISMATCH', message);
    this.field = field;
  }
}

/**
 * `return_code` was not SUCCESS. Such a response carries no signature, so that it proves nothing: after a payment it means
 * unknown.
 */
export class PayProtocolError extends WxpayFaceError {
  declare readonly code: 'ERR_PAY_PROTOCOL';
  /** At most 16 characters. */
  readonly return_code: string;
  /** The vendor's words, Chinese, without the secrets; at most 128 characters. */
  readonly return_msg?: string;

  /** @param note What else may be said of the reason, or ''. */
  constructor(call: string, return_code: string, return_msg: string | undefined, note = '') {
    const said = `${call} was answered ${return_code}: ${return_msg ?? 'no return_msg'}`;
    super('PayProtocolError', 'ERR_PAY_PROTOCOL', note === '' ? said : `${said}; ${note}`);
    this.return_code = return_code;
    if (return_msg !== undefined) this.return_msg = return_msg;
  }
}

/** A bill that is missing, malformed, or whose rows don't add up. Nothing of the money it's about has changed. */
export class BillError extends WxpayFaceError {
  /** ERR_BILL_MISSING: the gateway has none, e.g. not yet, or nothing was sold that day. */
  declare readonly code: 'ERR_BILL' | 'ERR_BILL_MISSING';

  constructor(code: 'ERR_BILL' | 'ERR_BILL_MISSING', message: string, options?: { cause?: unknown }) {
    super('BillError', code, message, options);
  }
}

/** What is fit to be seen of an error that holds requests, options and sockets: its name, code and message. */
export function cleanCause(error: unknown): Error & { code?: string } {
  if (!(error instanceof Error)) return new Error(typeof error === 'string' ? error : 'unknown');
  // A host with several addresses: one error for each, and no message of its own.
  const parts =
    error.message === '' && error instanceof AggregateError
      ? error.errors.map((part) => cleanCause(part).message)
      : [error.message];
  const clean: Error & { code?: string } = new Error(parts.join(', '));
  Object.defineProperty(clean, 'name', { value: error.name, configurable: true });
  if ('code' in error && typeof error.code === 'string') clean.code = error.code;
  return clean;
}
