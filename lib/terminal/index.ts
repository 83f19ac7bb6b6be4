export { BusyError } from './errors.js';
export type { FacePayOptions, FacePayOutcome, FacePayPayOptions } from './face-pay.js';
export { FacePay } from './face-pay.js';
export type { Merchant } from './merchant.js';
export { localMerchant } from './merchant.js';
export { openTill } from './open-till.js';
export { type RemoteMerchant, type RemoteMerchantServer, remoteMerchant } from './remote/remote-merchant.js';
export type { WrongCode } from './scanned-code.js';
export type {
  LocalMerchantOptions,
  RemoteMerchantOptions,
  Till,
  TillHealth,
  TillOptions,
  TillPayOptions,
} from './till.js';
