import { WxpayFaceError } from '../errors.js';

/** FacePay is in the middle of another payment. */
export class BusyError extends WxpayFaceError {
  declare readonly code: 'ERR_BUSY';

  constructor(out_trade_no: string) {
    super('BusyError', 'ERR_BUSY', `FacePay is in the middle of payment ${out_trade_no}; it takes one at a time`);
  }
}
