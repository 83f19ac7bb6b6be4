import { WxpayFaceError } from '../errors.js';

/** The journal can't be opened, read or written. ERR_JOURNAL_LOCKED: another process has it open. */
export class JournalError extends WxpayFaceError {
  declare readonly code: 'ERR_JOURNAL' | 'ERR_JOURNAL_LOCKED';

  constructor(message: string, options?: { code?: 'ERR_JOURNAL' | 'ERR_JOURNAL_LOCKED'; cause?: unknown }) {
    super('JournalError', options?.code ?? 'ERR_JOURNAL', message, options);
  }
}

/** The journal already knows this out_trade_no: a number is never used for a second sale. */
export class OrderExistsError extends WxpayFaceError {
  declare readonly code: 'ERR_ORDER_EXISTS';
  readonly out_trade_no: string;

  constructor(out_trade_no: string) {
    super('OrderExistsError', 'ERR_ORDER_EXISTS', `The journal already knows out_trade_no ${out_trade_no}`);
    this.out_trade_no = out_trade_no;
  }
}

/** A policy field out of range: which one, and its limits. */
export class InvalidPolicyError extends WxpayFaceError {
  declare readonly code: 'ERR_INVALID_POLICY';
  /** Dotted path, such as `reversal.backoff.factor`. */
  readonly field: string;

  /** @param rule What is wrong, as the end of a sentence that begins with the field's name. */
  constructor(field: string, rule: string) {
    super('InvalidPolicyError', 'ERR_INVALID_POLICY', `${field} ${rule}`);
    this.field = field;
  }
}
