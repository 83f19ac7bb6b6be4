/** How a message is signed. */
export type SignType = 'MD5' | 'HMAC-SHA256';

/** What a {@link PayClient} needs to know. */
export interface PayClientOptions {
  /** The official account's or mini program's appid that the merchant is bound to. */
  appid: string;
  /** The merchant's number; in service-provider mode the provider's. */
  mch_id: string;
  /** Service-provider mode: the sub-merchant's appid. */
  sub_appid?: string;
  /** Service-provider mode: the sub-merchant's number. */
  sub_mch_id?: string;
  /** The merchant's API v2 key. Never logged, never in an error. */
  key: string;
  /** @default 'HMAC-SHA256' */
  sign_type?: SignType;
  /**
   * The merchant's client certificate, needed by `reverse`, `facepayreverse`, `refund` and `downloadFundFlow` only, and shown to no
   * other call.
   * A `.p12` of the merchant site has the mch_id as its passphrase; one with the old RC2/3DES encryption is refused by
   * Node.js 17 and later, while PEM always works.
   */
  certificate?:
    | { pfx: Uint8Array; passphrase?: string }
    | { cert: string | Uint8Array; key: string | Uint8Array; passphrase?: string };
  /**
   * Origins, `https://` only. Defaults: the vendor's, `https://api.mch.weixin.qq.com` with the backup
   * `https://api2.mch.weixin.qq.com`, and `https://payapp.weixin.qq.com` for getWxpayfaceAuthinfo. Another `pay` has no
   * backup unless it's named.
   */
  endpoints?: { pay?: string; payBackup?: string | false; face?: string };
  /** Extra trusted certificate authorities (PEM), for a private gateway or the simulator. */
  ca?: string | Uint8Array | Array<string | Uint8Array>;
  /**
   * Milliseconds. `connect` counts from the call to the end of the TLS handshake, for each host that is tried; `response`
   * from there to the response's last byte; of a bill, to its next piece. Defaults: 5000 and 15000.
   */
  timeout?: { connect?: number; response?: number };
  /** `http://`, `https://` or `socks5://` proxy, with user and password in it where needed. */
  proxy?: string;
  /** Uses the vendor's sandbox: its paths, MD5, and its key fetched with getsignkey. Not for getWxpayfaceAuthinfo. */
  sandbox?: boolean;
  /** The calling machine's address for orders that name none. Default: the first non-internal IPv4 of this machine, else 127.0.0.1. */
  spbill_create_ip?: string;
  /**
   * Calls a second that this client allows itself, payments first, then reversals and refunds, then queries. Default: none;
   * what the gateway limits slows it down by itself.
   */
  callsPerSecond?: number;
  /**
   * API v2 keys that were the merchant's until lately: an answer or a notification that was signed or enciphered with one of them is
   * believed, too. Nothing is signed with them. Never logged, never in an error.
   */
  formerKeys?: readonly string[];
}

/** Who pays, without the secrets. */
export interface MerchantIdentity {
  appid: string;
  mch_id: string;
  sub_appid?: string;
  sub_mch_id?: string;
}

/** Of a single call. */
export interface RequestOptions {
  /**
   * Gives the call up: it rejects with PayTransportError, whose `sent` tells whether the gateway may have got the request,
   * and its connection is reset.
   */
  signal?: AbortSignal;
  /**
   * Asked on a ready connection, right before the first byte would leave, for each host; nothing comes between its `true`
   * and that byte. False: the call rejects with PayTransportError, `sent` false, `why` 'withdrawn'.
   */
  mayLeave?: () => boolean;
  /**
   * Sends over a connection that is opened for this call. An ORDERNOTEXIST names no order: only its connection tells whose
   * answer it is (docs/facts.md#whose-answer-it-is).
   */
  fresh?: boolean;
  /** Sandbox only: the `Wechatpay-Negative-Test` header, the test case to play, e.g. 'MICROPAY_USERPAYING'. */
  negativeTest?: string;
}

/**
 * An order, by the merchant's number or by the vendor's, each of at most 32 characters. Where both are given the vendor goes
 * by transaction_id.
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

/** Vendor page, 3: get_wxpayface_authinfo. Another `return_code` than SUCCESS is a PayProtocolError. */
export interface AuthinfoResponse {
  return_code: 'SUCCESS';
  return_msg?: string;
  /** The credential for getWxpayfaceCode. Up to 4096 characters. */
  authinfo: string;
  /** Seconds for which this terminal may use `authinfo` with the same parameters. */
  expires_in: number;
  appid?: string;
  mch_id?: string;
  sub_appid?: string;
  sub_mch_id?: string;
  nonce_str?: string;
  sign?: string;
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

/** What a client of one's own leaves out is optional; {@link PayClient}'s answers have what the vendor's tables require. */
export interface PayResponse {
  return_code?: 'SUCCESS';
  return_msg?: string;
  appid?: string;
  mch_id?: string;
  sub_appid?: string;
  sub_mch_id?: string;
  device_info?: string;
  nonce_str?: string;
  sign?: string;
  /** API v3: the answer as it came, without credentials. */
  response?: unknown;
  /** Fields that the vendor's tables don't list are kept. Amounts are numbers, all else strings. */
  [field: string]: unknown;
}

/** A verified no, which is a value. */
export interface PayFailure extends PayResponse {
  result_code: 'FAIL';
  err_code: string;
  /** The vendor's words, Chinese. */
  err_code_des?: string;
}

/** Of an order that was paid. Amounts are in fen. */
interface OrderFacts extends PayResponse {
  result_code: 'SUCCESS';
  openid?: string;
  /** 'Y' where the customer follows the official account. */
  is_subscribe?: string;
  sub_openid?: string;
  sub_is_subscribe?: string;
  trade_type?: string;
  bank_type?: string;
  fee_type?: string;
  /** Amount to be settled: the order's less the coupons that the merchant doesn't pre-pay. */
  settlement_total_fee?: number;
  coupon_fee?: number;
  [couponFee: `coupon_fee_${number}`]: number;
  [couponId: `coupon_id_${number}`]: string;
  /** CASH or NO_CASH. */
  [couponType: `coupon_type_${number}`]: string;
  coupon_count?: string;
  cash_fee?: number;
  cash_fee_type?: string;
  attach?: string;
  /** yyyyMMddHHmmss in Beijing time. */
  time_end?: string;
  /** A JSON text. */
  promotion_detail?: string;
}

/** Vendor page, 5: micropay. */
export interface PaySuccess extends OrderFacts {
  transaction_id: string;
  /** {@link PayClient} never answers without it. */
  out_trade_no?: string;
  /** Fen. {@link PayClient} never answers without it. */
  total_fee?: number;
}

/** What a payment call answered. SUCCESS is about the order that was sent, merchant, number and amount. */
export type PayResult = PaySuccess | PayFailure;

/** Vendor page, 6: orderquery. */
export interface QuerySuccess extends OrderFacts {
  /** SUCCESS, REFUND, NOTPAY, CLOSED, REVOKED, USERPAYING or PAYERROR; after facepay also ACCEPT. */
  trade_state: string;
  /** The vendor's words, Chinese. */
  trade_state_desc?: string;
  transaction_id?: string;
  out_trade_no?: string;
  /** Fen. There where trade_state is SUCCESS; the caller compares it with the order. */
  total_fee?: number;
}

/** What a query answered. The order is paid only where `trade_state` is SUCCESS. */
export type QueryResult = QuerySuccess | PayFailure;

/** Vendor page, 7: reverse. */
export interface ReverseSuccess extends PayResponse {
  result_code: 'SUCCESS';
  /** 'Y': the reversal must be called again. */
  recall?: string;
}

/** SUCCESS also comes for an order that doesn't exist (yet): only a later query tells that it's reversed. */
export type ReverseResult = ReverseSuccess | (PayFailure & { recall?: string });
