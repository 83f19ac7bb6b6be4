export type { Bill, BillParams, BillRow, FundFlowParams } from './bill/bill.js';
export { PayClient } from './client.js';
export {
  type PaymentErrorCode,
  paymentErrorCodes,
  queryErrorCodes,
  reverseErrorCodes,
  type VendorErrorCode,
} from './error-codes.js';
export {
  BillError,
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
  type TransportFailure,
} from './errors.js';
export type { SharedParts } from './exchange.js';
export { Limiter } from './limiter.js';
export type { PayCall } from './observability.js';
export type { MerchantIdentity, PayClientOptions } from './options.js';
export type { AuthinfoParams, FacepayParams, MicropayParams, OrderRef, PaymentParams } from './parameters.js';
export type { RefundParams, RefundResult, RefundSuccess } from './refund.js';
export type { RefundNotice } from './refund-notice.js';
export type { Refund, RefundQueryResult, RefundQuerySuccess, RefundRef } from './refundquery.js';
export type { RequestOptions } from './request.js';
export type {
  AuthinfoResponse,
  PayFailure,
  PayResult,
  PaySuccess,
  QueryResult,
  QuerySuccess,
  ReverseResult,
  ReverseSuccess,
} from './results.js';
export type { SignType } from './sign.js';
export { sign, verifySignature } from './sign.js';
export { PayClientV3 } from './v3/client.js';
export type { GatewayKey, PayClientV3Options, Store } from './v3/options.js';
