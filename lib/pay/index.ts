export { PayClient } from './client.js';
export {
  type PaymentErrorCode,
  paymentErrorCodes,
  queryErrorCodes,
  reverseErrorCodes,
  type VendorErrorCode,
} from './error-codes.js';
export {
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
  type TransportFailure,
} from './errors.js';
export type { PayCall } from './observability.js';
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
  RefundParams,
  RefundResult,
  RefundSuccess,
  RequestOptions,
  ReverseResult,
  ReverseSuccess,
  SignType,
} from './types.js';
