import { InvalidParameterError } from '../errors.js';
import { checkFields, type FieldTable, isAbsent } from '../fields.js';
import { facepayFields, micropayFields, orderFields } from '../pay/parameters.js';
import type { Order, PaymentCode, Rail } from './types.js';

const withoutOrder = (table: FieldTable): FieldTable =>
  Object.fromEntries(Object.entries(table).filter(([name]) => !Object.hasOwn(orderFields, name)));

const codeFields: Readonly<Record<Rail, FieldTable>> = {
  micropay: withoutOrder(micropayFields),
  facepay: withoutOrder(facepayFields),
};

// What PayClient fills in, and what decides the payment: never through the back door of `extra`.
const reserved = new Set([
  ...Object.keys(orderFields),
  ...['auth_code', 'face_code', 'openid', 'appid', 'mch_id', 'sub_appid', 'sub_mch_id'],
  ...['nonce_str', 'sign', 'sign_type', 'key'],
]);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Holds an order against the vendor's rules, before anything is sent.
 * @throws InvalidParameterError for the first field that the gateway would refuse on this rail.
 */
export function checkOrder(order: Order, rail: Rail): void {
  if (!isRecord(order)) throw new InvalidParameterError('order', 'must be an object');
  checkFields(orderFields, order);
  for (const [name, value] of Object.entries(order))
    if (name !== 'extra' && !Object.hasOwn(orderFields, name) && !isAbsent(value))
      throw new InvalidParameterError(
        name,
        'is not a field of an order; `extra` takes what this package does not know',
      );
  if (order.extra === undefined) return;
  if (!isRecord(order.extra)) throw new InvalidParameterError('extra', 'must be an object of strings');
  for (const name of Object.keys(order.extra))
    if (reserved.has(name))
      throw new InvalidParameterError(`extra.${name}`, 'is a field that this package sets itself');
  checkFields(Object.fromEntries(Object.keys(order.extra).map((name) => [name, {}])), order.extra);
}

/**
 * Holds a payment code against the vendor's rules and says which rail takes it.
 * @throws InvalidParameterError where it is neither an auth_code nor a face_code, or both. Never quotes the code.
 */
export function checkCode(code: PaymentCode): Rail {
  if (!isRecord(code)) throw new InvalidParameterError('code', 'must be an object with auth_code or face_code');
  const isAuthCode = 'auth_code' in code && !isAbsent(code.auth_code);
  const isFaceCode = 'face_code' in code && !isAbsent(code.face_code);
  if (isAuthCode === isFaceCode)
    throw new InvalidParameterError('code', 'must have either auth_code (micropay) or face_code (facepay)');
  const rail = isAuthCode ? 'micropay' : 'facepay';
  checkFields(codeFields[rail], code);
  return rail;
}
