import { InvalidParameterError } from '../errors.js';
import { checkFields, type FieldTable, isAbsent } from '../fields.js';
import { facepayFields, micropayFields, orderFields } from '../pay/parameters.js';
import { isFields } from '../unknown.js';

/** One sale, in the vendor's field names (vendor page, micropay). The code that pays it comes apart, as {@link PaymentCode}. */
export interface Order {
  /** The merchant's own number: 1 to 32 of `0-9 A-Z a-z _ - | *`. Unique for ever: a number is never used for a second sale. */
  out_trade_no: string;
  /** Amount in fen, a whole number of at least 1. */
  total_fee: number;
  /** What is sold, as the customer sees it; at most 128 UTF-8 bytes. */
  body: string;
  /** Address of the calling machine. Default: the client's. */
  spbill_create_ip?: string | undefined;
  /** Comes back unchanged in the answers. */
  attach?: string | undefined;
  /** Single-item discounts, JSON text. */
  detail?: string | undefined;
  goods_tag?: string | undefined;
  /** `no_credit`: credit cards can't be used. */
  limit_pay?: string | undefined;
  /** Three-letter currency. Default at the gateway: CNY. */
  fee_type?: string | undefined;
  device_info?: string | undefined;
  /** yyyyMMddHHmmss, China Standard Time. */
  time_start?: string | undefined;
  /** yyyyMMddHHmmss, China Standard Time; more than a minute after the start. */
  time_expire?: string | undefined;
  /** `Y` offers the customer an invoice. */
  receipt?: string | undefined;
  /** JSON text of `{ "store_info": … }`. */
  scene_info?: string | undefined;
  /** `Y` if the takings are shared (分账). */
  profit_sharing?: 'Y' | 'N' | undefined;
  /** Fields that this package does not know, sent as they are. */
  extra?: Record<string, string> | undefined;
}

/**
 * What the face recognition gave, or a scanner. `auth_code` (18 digits; of a face: face_code_type "1") goes to micropay, or to
 * API v3's codepay; `face_code` (face_code_type "0") to facepay. A credential: it is sent once and kept nowhere.
 * `from`: an auth_code that a face gave. A client of API v3 sends those by v2, unless it's told otherwise.
 */
export type PaymentCode = { auth_code: string; from?: 'face' | undefined } | { face_code: string; openid?: string };

/** Which of the vendor's two sets of calls takes a face's code. */
export type Rail = 'micropay' | 'facepay';

/** Which calls took a payment, so that its queries go the same way: codepay is API v3's. */
export type RecordedRail = Rail | 'codepay';

/** Which codes there are, by the field that they're in. */
type CodeField = 'auth_code' | 'face_code';

const withoutOrder = (table: FieldTable): FieldTable =>
  Object.fromEntries(Object.entries(table).filter(([name]) => !Object.hasOwn(orderFields, name)));

const codeFields: Readonly<Record<CodeField, FieldTable>> = {
  auth_code: { ...withoutOrder(micropayFields), from: { values: ['face'] } },
  face_code: withoutOrder(facepayFields),
};

// What PayClient fills in, and what decides the payment: never through the back door of `extra`.
const reserved = new Set([
  ...Object.keys(orderFields),
  ...['auth_code', 'face_code', 'openid', 'appid', 'mch_id', 'sub_appid', 'sub_mch_id'],
  ...['nonce_str', 'sign', 'sign_type', 'key'],
]);

/**
 * Holds an order against the vendor's rules, before anything is sent.
 * @throws InvalidParameterError for the first field that the gateway would refuse.
 */
export function checkOrder(order: Order): void {
  if (!isFields(order)) throw new InvalidParameterError('order', 'must be an object');
  checkFields(orderFields, order);
  for (const name of Object.keys(order))
    if (name !== 'extra' && !Object.hasOwn(orderFields, name) && !isAbsent(order[name]))
      throw new InvalidParameterError(
        name,
        'is not a field of an order; `extra` takes what this package does not know',
      );
  if (order.extra === undefined) return;
  if (!isFields(order.extra)) throw new InvalidParameterError('extra', 'must be an object of strings');
  for (const name of Object.keys(order.extra))
    if (reserved.has(name))
      throw new InvalidParameterError(`extra.${name}`, 'is a field that this package sets itself');
  checkFields(Object.fromEntries(Object.keys(order.extra).map((name) => [name, {}])), order.extra);
}

/**
 * Holds a payment code against the vendor's rules.
 * @throws InvalidParameterError if it is neither an auth_code nor a face_code, or both. Never quotes the code.
 */
export function checkCode(code: PaymentCode): void {
  if (!isFields(code)) throw new InvalidParameterError('code', 'must be an object with auth_code or face_code');
  const isAuthCode = 'auth_code' in code && !isAbsent(code.auth_code);
  const isFaceCode = 'face_code' in code && !isAbsent(code.face_code);
  if (isAuthCode === isFaceCode)
    throw new InvalidParameterError('code', 'must have either auth_code (micropay) or face_code (facepay)');
  checkFields(codeFields[isAuthCode ? 'auth_code' : 'face_code'], code);
}
