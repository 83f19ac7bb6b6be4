import { InvalidParameterError } from '../../errors.js';
import { checkFields, type FieldRule, type FieldTable, isAbsent } from '../../fields.js';
import { isFields } from '../../unknown.js';
import { maximumFen, micropayFields, orderFields, orderRefFields, unmappedAddress } from '../parameters.js';
import { refundFields } from '../refund.js';
import type { SettingsV3 } from './options.js';

/* What the calls take, in v2's names, as API v3's tables want it (docs/facts.md#api-v3). */

export type Params = Readonly<Record<string, unknown>>;
export type Body = Record<string, unknown>;

/** Where a parameter goes, and what it must be there. */
interface Part {
  /** The name in API v3, dotted if it's nested. Messages use it. */
  readonly to: string;
  readonly rule: FieldRule;
  /** What is sent for it. Default: the value. Undefined: nothing. */
  readonly as?: (value: string) => unknown;
}
type PartTable = Readonly<Record<string, Part>>;

const fen: FieldRule = { required: true, type: 'integer', minimum: 1, maximum: maximumFen };
const currency: FieldRule = { pattern: /^[A-Z]{3}$/, rule: 'must be three capital letters (ISO 4217)' };
const outTradeNo: FieldRule = {
  required: true,
  maxCharacters: 32,
  pattern: /^[0-9A-Za-z_*-]{6,}$/,
  rule: 'must have at least 6 characters, 0-9 A-Z a-z _ - * only',
};

/** v2's names in `detail`, if v3 has others. */
const detailNames: Readonly<Record<string, string>> = {
  receipt_id: 'invoice_id',
  goods_id: 'merchant_goods_id',
  wxpay_goods_id: 'wechatpay_goods_id',
  price: 'unit_price',
};

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [detailNames[name] ?? name, renamed(part)]));
}

const yes = (value: string): true | undefined => (value === 'Y' ? true : undefined);

/** Of v2's `scene_info`: the shop's own number, which stands in for the client's. */
function shopIn(text: string): unknown {
  const scene: unknown = JSON.parse(text);
  const store = isFields(scene) ? scene.store_info : undefined;
  return isFields(store) && typeof store.id === 'string' && store.id !== '' ? store.id : undefined;
}

const payment: PartTable = {
  body: { to: 'description', rule: { required: true, maxCharacters: 127 } },
  out_trade_no: { to: 'out_trade_no', rule: outTradeNo },
  attach: { to: 'attach', rule: { maxCharacters: 128 } },
  goods_tag: { to: 'goods_tag', rule: { maxCharacters: 32 } },
  receipt: { to: 'support_fapiao', rule: { values: ['Y', 'N'] }, as: yes },
  auth_code: { to: 'payer.auth_code', rule: micropayFields.auth_code ?? {} },
  total_fee: { to: 'amount.total', rule: fen },
  fee_type: { to: 'amount.currency', rule: currency },
  device_info: { to: 'scene_info.device_id', rule: { maxCharacters: 32 } },
  spbill_create_ip: { to: 'scene_info.device_ip', rule: orderFields.spbill_create_ip, as: unmappedAddress },
  scene_info: { to: 'scene_info.store_info.out_id', rule: orderFields.scene_info, as: shopIn },
  detail: { to: 'detail', rule: orderFields.detail, as: (text) => renamed(JSON.parse(text)) },
  profit_sharing: { to: 'settle_info.profit_sharing', rule: orderFields.profit_sharing, as: yes },
};

/** Parameters that mean something in v2 and have no place in API v3: to leave them out would change what was ordered. */
const unknownToV3: ReadonlySet<string> = new Set(['limit_pay', 'time_start', 'time_expire']);

/** v2's words for the account that a refund is taken from. */
const accounts: Readonly<Record<string, string>> = {
  REFUND_SOURCE_RECHARGE_FUNDS: 'AVAILABLE',
  REFUND_SOURCE_UNSETTLED_FUNDS: 'UNSETTLED',
};

const refund: PartTable = {
  transaction_id: { to: 'transaction_id', rule: refundFields.transaction_id ?? {} },
  out_trade_no: { to: 'out_trade_no', rule: refundFields.out_trade_no ?? {} },
  out_refund_no: { to: 'out_refund_no', rule: refundFields.out_refund_no ?? {} },
  refund_desc: { to: 'reason', rule: { maxCharacters: 80 } },
  notify_url: { to: 'notify_url', rule: refundFields.notify_url ?? {} },
  refund_account: { to: 'funds_account', rule: { values: Object.keys(accounts) }, as: (value) => accounts[value] },
  refund_fee: { to: 'amount.refund', rule: fen },
  total_fee: { to: 'amount.total', rule: fen },
  refund_fee_type: { to: 'amount.currency', rule: currency },
};

export const bill: FieldTable = { bill_type: { values: ['ALL', 'SUCCESS', 'REFUND'] } };

/** At a dotted name, whose parts are objects that were made here. */
function put(body: Body, to: string, value: unknown): void {
  const [name = '', ...rest] = to.split('.');
  if (rest.length === 0) {
    body[name] = value;
    return;
  }
  const inner: Body = { ...(isFields(body[name]) ? body[name] : {}) };
  put(inner, rest.join('.'), value);
  body[name] = inner;
}

/**
 * Parameters in API v3's form, on top of what each request has.
 * @throws InvalidParameterError
 */
function bodyOf(table: PartTable, params: Params, base: Body): Body {
  const body = { ...base };
  for (const [name, { to, rule, as }] of Object.entries(table)) {
    const value = params[name];
    checkFields({ [to]: rule }, { [to]: value });
    if (isAbsent(value)) continue;
    const sent = as === undefined ? value : as(String(value));
    if (sent !== undefined) put(body, to, sent);
  }
  for (const [name, value] of Object.entries(params)) {
    if (Object.hasOwn(table, name) || isAbsent(value)) continue;
    if (unknownToV3.has(name)) throw new InvalidParameterError(name, 'is not known to API v3');
    if (Object.hasOwn(body, name) || ['appid', 'mchid', 'mch_id', '__proto__'].includes(name))
      throw new InvalidParameterError(name, 'is filled in by the client');
    // What no table lists is sent as it is, but the rules for any text hold for it as well.
    checkFields({ [name]: typeof value === 'number' ? { type: 'integer' } : {} }, params);
    body[name] = value;
  }
  return body;
}

/** Who pays, in API v3's names. */
export const identityBody = ({
  identity: { appid, mch_id, sub_appid, sub_mch_id },
}: SettingsV3): Record<string, string> =>
  sub_mch_id === undefined
    ? { appid, mchid: mch_id }
    : { sp_appid: appid, sp_mchid: mch_id, ...(sub_appid !== undefined && { sub_appid }), sub_mchid: sub_mch_id };

/** @throws InvalidParameterError */
export function paymentBody(params: Params, settings: SettingsV3): Body {
  const { store, device_ip } = settings;
  const scene_info = { device_ip, store_info: { ...store } };
  return bodyOf(payment, params, { ...identityBody(settings), amount: { currency: 'CNY' }, scene_info });
}

/** @throws InvalidParameterError */
export function refundBody(params: Params, { identity: { sub_mch_id } }: SettingsV3): Body {
  checkOrderRef(params);
  if (Number(params.refund_fee) > Number(params.total_fee))
    throw new InvalidParameterError('amount.refund', 'must not be more than amount.total');
  const { out_trade_no, ...byId } = params;
  // v2 goes by transaction_id if both are given; API v3 takes one of them.
  const one = isAbsent(params.transaction_id) ? params : byId;
  return bodyOf(refund, one, { ...(sub_mch_id && { sub_mchid: sub_mch_id }), amount: { currency: 'CNY' } });
}

/** @throws InvalidParameterError */
export function checkOrderRef(params: Params): void {
  checkFields(orderRefFields, params);
  if (isAbsent(params.out_trade_no) && isAbsent(params.transaction_id))
    throw new InvalidParameterError('out_trade_no', 'is required, or transaction_id');
}
