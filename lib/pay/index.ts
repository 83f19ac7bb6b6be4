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
export type {
  Refund,
  RefundNotice,
  RefundParams,
  RefundQueryResult,
  RefundQuerySuccess,
  RefundRef,
  RefundResult,
  RefundSuccess,
} from './refund-types.js';
export { sign, verifySignature } from './sign.js';
export type {
  AuthinfoParams,
  AuthinfoResponse,
  FacepayParams,
  MerchantIdentity,
  MicropayParams,
  OrderRef,
  PayClientOptions,
  PayFailure,
  PaymentParams,
  PayResult,
  PaySuccess,
  QueryResult,
  QuerySuccess,
  RequestOptions,
  ReverseResult,
  ReverseSuccess,
  SignType,
} from './types.js';
export { PayClientV3 } from './v3/client.js';
export type { GatewayKey, PayClientV3Options, Store } from './v3/options.js';
