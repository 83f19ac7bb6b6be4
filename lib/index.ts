export * from './bill/index.js';
export { ClosedError, type ErrorCode, InvalidParameterError, WxpayFaceError } from './errors.js';
export * from './face/index.js';
export * from './pay/index.js';
export * from './payment/index.js';
export * from './terminal/index.js';
export { type Description, describe } from './words/describe.js';
export type { Language } from './words/language.js';
