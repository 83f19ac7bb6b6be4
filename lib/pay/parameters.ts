import { isIP, isIPv6 } from 'node:net';
import type { FieldRule, FieldTable } from '../fields.js';

/**
 * An order, by the merchant's number or by the vendor's, each of at most 32 characters. If both are given the vendor
 * goes by transaction_id.
 */
export type OrderRef =
  | { out_trade_no: string; transaction_id?: string }
  | { transaction_id: string; out_trade_no?: string };

/** Vendor page, 3: get_wxpayface_authinfo. */
export interface AuthinfoParams {
  /** The shop's number, given by the merchant, unique among the shops. At most 32 characters. */
  store_id: string;
  /** The shop's name, shown on the screen. At most 128 characters. */
  store_name: string;
  /** The terminal's number, given by the merchant. At most 32 characters. */
  device_id: string;
  /** What getWxpayfaceRawdata returned. A credential. At most 2048 characters. */
  rawdata: string;
  /** Additional data, a JSON text. */
  attach?: string;
}

/** What the two rails' payments have in common. Vendor page, 5: micropay. */
export interface PaymentParams {
  /** What is sold, e.g. 'image形象店-深圳腾大-QQ公仔'. At most 128 UTF-8 bytes. */
  body: string;
  /** The merchant's number of this sale, 1 to 32 of `0-9 A-Z a-z _ - | *`, never used for another sale. */
  out_trade_no: string;
  /** Fen, from 1 to 999,999,999,999,999, the most that an answer is read with. */
  total_fee: number;
  /**
   * The calling machine's IPv4 or IPv6 address, of at most 64 characters. An IPv4-mapped one (::ffff:1.2.3.4, as a server sees
   * its clients) is sent as IPv4. Default: the client's.
   */
  spbill_create_ip?: string | undefined;
  /** The terminal's number, e.g. the shop's. At most 32 characters. */
  device_info?: string | undefined;
  /** Goods in detail for discounts on single goods: a JSON text of at most 6000 characters. */
  detail?: string | undefined;
  /** Given back unchanged by queries. At most 127 characters. */
  attach?: string | undefined;
  /** Currency (ISO 4217), three letters. The vendor's default: CNY. */
  fee_type?: string | undefined;
  /** Marks the order for coupons and discounts. At most 32 characters. */
  goods_tag?: string | undefined;
  /** 'no_credit' refuses credit cards. At most 32 characters. */
  limit_pay?: string | undefined;
  /** When the order was made, yyyyMMddHHmmss in Beijing time. */
  time_start?: string | undefined;
  /** When the order ends, yyyyMMddHHmmss in Beijing time, more than a minute ahead. */
  time_expire?: string | undefined;
  /** 'Y' offers the customer an electronic invoice. At most 8 characters. */
  receipt?: string | undefined;
  /** `{"store_info":{"id":…,"name":…,"area_code":…,"address":…}}`, a JSON text of at most 256 characters. */
  scene_info?: string | undefined;
  /** 'Y': the amount will be shared with others. */
  profit_sharing?: 'Y' | 'N' | undefined;
}

/** Vendor page, 5: micropay. Takes the 18 digits that face_code_type "1" gives. Other fields are sent as they are. */
export interface MicropayParams extends PaymentParams {
  /** The customer's code: 18 digits that begin with 10 to 15. A credential. */
  auth_code: string;
}

/** The other rail: takes the letters and digits that face_code_type "0" gives. Other fields are sent as they are. */
export interface FacepayParams extends PaymentParams {
  /** What getWxpayfaceCode returned. A credential. At most 128 characters. */
  face_code: string;
  /** What getWxpayfaceCode returned beside it. At most 128 characters. */
  openid?: string;
}

/** Milliseconds since the epoch of the vendor's yyyyMMddHHmmss, which is Beijing time; NaN for what is not a time. */
export function parseTime(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (parts === null) return Number.NaN;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const local = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date.UTC takes the 31st of February for a day in March.
  if (local.toISOString().replace(/\D/g, '').slice(0, 14) !== text) return Number.NaN;
  return local.getTime() - 8 * 60 * 60 * 1000;
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

export function isHttps(text: string): boolean {
  try {
    return new URL(text).protocol === 'https:';
  } catch {
    return false;
  }
}

const isJsonObject = (text: string): boolean => isJson(text) && !Array.isArray(JSON.parse(text));

const time: FieldRule = {
  maxCharacters: 14,
  check: (value) => !Number.isNaN(parseTime(value)),
  rule: 'must be a time as yyyyMMddHHmmss',
};
const json: FieldRule = { check: isJson, rule: 'must be JSON' };
const jsonObject: FieldRule = { check: isJsonObject, rule: 'must be a JSON object' };
export const currency: FieldRule = { pattern: /^[A-Z]{3}$/, rule: 'must be three capital letters (ISO 4217)' };
/** The most that an answer is read with. */
export const maximumFen = 999_999_999_999_999;
export const fen: FieldRule = { required: true, type: 'integer', minimum: 1, maximum: maximumFen };

/** Of the till. A zone (%eth0) would mean something on this machine only. */
export const ipAddress: FieldRule = {
  maxCharacters: 64,
  check: (value) => isIP(value) !== 0 && !value.includes('%'),
  rule: 'must be an IPv4 or IPv6 address',
};

/** An IPv4 address in the clothes of IPv6 (::ffff:1.2.3.4), as a server that listens on both sees its clients, as IPv4. */
export function unmappedAddress(address: string): string {
  if (!isIPv6(address)) return address;
  // A URL writes every spelling of it the same way.
  const mapped = /^\[::ffff:([\da-f]+):([\da-f]+)]$/.exec(new URL(`http://[${address}]`).hostname);
  if (mapped === null) return address;
  const bytes = mapped.slice(1).map((word) => Number.parseInt(word, 16));
  return bytes.flatMap((word) => [word >> 8, word & 255]).join('.');
}

/** What every order has, whichever code pays it (vendor page, 5: micropay; lengths are the page's). */
export const orderFields = {
  body: { required: true, maxBytes: 128 },
  out_trade_no: {
    required: true,
    maxCharacters: 32,
    pattern: /^[0-9A-Za-z_|*-]+$/,
    rule: 'must be made of 0-9 A-Z a-z _ - | * only',
  },
  total_fee: fen,
  spbill_create_ip: ipAddress,
  device_info: { maxCharacters: 32 },
  detail: { ...json, maxCharacters: 6000 },
  attach: { maxCharacters: 127 },
  fee_type: currency,
  goods_tag: { maxCharacters: 32 },
  limit_pay: { maxCharacters: 32 },
  time_start: time,
  time_expire: {
    maxCharacters: 14,
    check: (value) => parseTime(value) > Date.now() + 60_000,
    rule: 'must be a time as yyyyMMddHHmmss (Beijing time) more than a minute ahead',
  },
  receipt: { maxCharacters: 8 },
  scene_info: { ...jsonObject, maxCharacters: 256 },
  profit_sharing: { values: ['Y', 'N'] },
} satisfies FieldTable;

const authCode: FieldRule = {
  required: true,
  pattern: /^1[0-5]\d{16}$/,
  rule: 'must be 18 digits that begin with 10 to 15',
};

export const micropayFields: FieldTable = { ...orderFields, auth_code: authCode };

export const facepayFields: FieldTable = {
  ...orderFields,
  face_code: { required: true, maxCharacters: 128 },
  openid: { maxCharacters: 128 },
};

export const vendorNumber: FieldRule = {
  maxCharacters: 32,
  pattern: /^[0-9A-Za-z]+$/,
  rule: 'must be made of digits and letters',
};

/** Vendor page, 6: orderquery, 7: reverse. A query also takes the @ of numbers that other systems gave. */
export const orderRefFields: FieldTable = {
  out_trade_no: {
    maxCharacters: 32,
    pattern: /^[0-9A-Za-z_|*@-]+$/,
    rule: 'must be made of 0-9 A-Z a-z _ - | * @ only',
  },
  transaction_id: vendorNumber,
};

/** Vendor page, 3: get_wxpayface_authinfo. */
export const authinfoFields: FieldTable = {
  store_id: { required: true, maxCharacters: 32 },
  store_name: { required: true, maxCharacters: 128 },
  device_id: { required: true, maxCharacters: 32 },
  attach: json,
  rawdata: { required: true, maxCharacters: 2048 },
};

export const refundNumber: FieldRule = {
  maxCharacters: 64,
  pattern: /^[0-9A-Za-z_|*@-]+$/,
  rule: 'must be made of 0-9 A-Z a-z _ - | * @ only',
};

const day: FieldRule = {
  required: true,
  check: (value) => /^\d{8}$/.test(value) && !Number.isNaN(parseTime(`${value}000000`)),
  rule: 'must be a day as yyyyMMdd',
};

/** The vendor's bills (pay/downloadbill, pay/downloadfundflow). */
export const billFields: FieldTable = {
  bill_date: day,
  bill_type: { values: ['ALL', 'SUCCESS', 'REFUND', 'RECHARGE_REFUND'] },
};

export const fundFlowFields: FieldTable = {
  bill_date: day,
  account_type: { required: true, values: ['Basic', 'Operation', 'Fees'] },
};

export const authcodetoopenidFields: FieldTable = { auth_code: authCode };
