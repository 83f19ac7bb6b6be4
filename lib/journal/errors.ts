import { WxpayFaceError } from '../errors.js';

type JournalErrorCode = 'ERR_JOURNAL' | 'ERR_JOURNAL_LOCKED' | 'ERR_JOURNAL_DAMAGED' | 'ERR_JOURNAL_LOST';

/**
 * The journal can't be opened, read or written. ERR_JOURNAL_LOCKED: another process has it open. ERR_JOURNAL_DAMAGED: what
 * was stored is no longer there, or not as it was. ERR_JOURNAL_LOST: on a journal that several processes share, another one
 * has this record now.
 */
export class JournalError extends WxpayFaceError {
  declare readonly code: JournalErrorCode;

  constructor(message: string, options?: { code?: JournalErrorCode; cause?: unknown }) {
    super('JournalError', options?.code ?? 'ERR_JOURNAL', message, options);
  }
}

/**
 * Of a put on a journal that several processes share: a cancel() was written down that this record doesn't know of (see
 * {@link isGivenUp}). Its run hears of the cancel(), and decides again.
 */
export class CancelRequestedError extends JournalError {
  constructor(out_trade_no: string) {
    super(`A cancel() of ${out_trade_no} was written down, of which this record knows nothing`);
  }
}

/**
 * The journal already knows this out_trade_no: a number is never used for a second sale. Or it knows the out_refund_no, with
 * another amount or sale.
 */
export class OrderExistsError extends WxpayFaceError {
  declare readonly code: 'ERR_ORDER_EXISTS';
  readonly out_trade_no: string;
  /** Of a refund whose number is taken. */
  declare readonly out_refund_no?: string;

  constructor(out_trade_no: string, out_refund_no?: string) {
    const known =
      out_refund_no === undefined
        ? `out_trade_no ${out_trade_no}`
        : `out_refund_no ${out_refund_no}, with another amount or of another sale than ${out_trade_no}`;
    super('OrderExistsError', 'ERR_ORDER_EXISTS', `The journal already knows ${known}`);
    this.out_trade_no = out_trade_no;
    if (out_refund_no !== undefined) this.out_refund_no = out_refund_no;
  }
}
