import type { SignType } from '../pay/sign.js';
import { type Books, billOf } from './bill.js';
import type { CallLog } from './call-log.js';
import type { CallRate } from './call-rate.js';
import type { Certificates } from './certificates.js';
import { fundFlowOf } from './fund-flow.js';
import type { GatewayCall } from './gateway-calls.js';
import type { IssuedCodes } from './issued-codes.js';
import type { Ledger, LedgerResult } from './ledger.js';
import type { Refunds } from './refunds.js';
import type { SimulatorSettings } from './scenario.js';

/** Of a request or an answer. */
export type Fields = Readonly<Record<string, string>>;

export interface SimulatedMerchant {
  readonly appid: string;
  readonly mch_id: string;
  readonly key: string;
  /** Signs in the vendor's sandbox, in which getsignkey gives it out. */
  readonly sandboxKey: string;
}

/** What the gateway answers from. */
export interface GatewayContext {
  readonly merchant: SimulatedMerchant;
  readonly certificates: Certificates;
  readonly ledger: Ledger;
  readonly refunds: Refunds;
  readonly codes: IssuedCodes;
  readonly rate: CallRate;
  readonly log: CallLog;
  readonly settings: () => SimulatorSettings;
}

/** What a bill is asked for: neither XML nor signed. */
export interface Download {
  /** Undefined if there is none. */
  readonly text: string | undefined;
  /** Whether a header tells the text's digest. */
  readonly digest?: true;
}

/** What the gateway must know of one of its calls. */
export interface Route {
  readonly call: GatewayCall;
  /** The vendor serves /secapi/ only to a client certificate. */
  readonly certificate?: boolean;
  readonly signType?: SignType;
  /** Which merchant's fields it takes and checks. */
  readonly identity: ReadonlyArray<'appid' | 'mch_id'>;
  readonly key: 'key' | 'sandboxKey';
  readonly required: readonly string[];
  readonly act: (fields: Fields, context: GatewayContext, now: number) => LedgerResult | Download;
}

const payment = ['body', 'out_trade_no', 'total_fee', 'spbill_create_ip'];

const authinfo: Route['act'] = (_fields, { codes }) => ({
  ok: { authinfo: codes.newAuthinfo(), expires_in: '7200' },
});

const micropay: Route['act'] = (fields, { ledger, codes, settings }, now) => {
  const code = fields.auth_code ?? '';
  if (!/^1[0-5]\d{16}$/.test(code)) return { err_code: 'AUTH_CODE_INVALID' };
  return ledger.pay(fields, { code, openid: codes.openidOf(code), trade_type: 'MICROPAY' }, settings(), now);
};

const facepay: Route['act'] = (fields, { ledger, codes, settings }, now) => {
  const code = fields.face_code ?? '';
  const face = codes.face(code);
  if (!face) return { err_code: 'AUTH_CODE_INVALID' };
  // docs/facts.md#the-two-rails: with face_code_type "0", order and amount are fixed at the recognition.
  if (face.out_trade_no !== fields.out_trade_no || face.total_fee !== fields.total_fee)
    return { err_code: 'PARAM_ERROR' };
  return ledger.pay(fields, { code, openid: face.openid, trade_type: 'FACEPAY' }, settings(), now);
};

const query =
  (trade_type: string): Route['act'] =>
  (fields, { ledger, settings }, now) =>
    ledger.query(fields, trade_type, settings(), now);

const reverse: Route['act'] = (fields, { ledger, settings }, now) => ledger.reverse(fields, settings(), now);

/** With what is due by now. */
export const booksOf = ({ ledger, refunds, merchant, settings }: GatewayContext, now: number): Books => {
  refunds.settle(settings(), now);
  return { orders: ledger.orders, refunds: refunds.all, merchant };
};

const downloadbill: Route['act'] = (fields, context, now) => {
  const { bill_date = '', bill_type = 'ALL', sub_mch_id } = fields;
  return { text: billOf(booksOf(context, now), { bill_date, bill_type, sub_mch_id }, context.settings(), now) };
};

const downloadfundflow: Route['act'] = (fields, context, now) => {
  const { bill_date = '', account_type = '' } = fields;
  return {
    text: fundFlowOf(booksOf(context, now), { bill_date, account_type }, context.settings(), now),
    digest: true,
  };
};

const production: Readonly<Record<string, Partial<Route> & Pick<Route, 'call' | 'act'>>> = {
  '/face/get_wxpayface_authinfo': {
    call: 'get_wxpayface_authinfo',
    required: ['store_id', 'store_name', 'device_id', 'rawdata', 'now', 'version', 'sign_type'],
    act: authinfo,
  },
  '/pay/micropay': { call: 'micropay', required: [...payment, 'auth_code'], act: micropay },
  '/pay/orderquery': { call: 'orderquery', act: query('MICROPAY') },
  '/secapi/pay/reverse': { call: 'reverse', certificate: true, act: reverse },
  '/pay/facepay': { call: 'facepay', signType: 'HMAC-SHA256', required: [...payment, 'face_code'], act: facepay },
  '/pay/facepayquery': { call: 'facepayquery', signType: 'HMAC-SHA256', required: ['version'], act: query('FACEPAY') },
  '/secapi/pay/facepayreverse': {
    call: 'facepayreverse',
    certificate: true,
    signType: 'HMAC-SHA256',
    act: reverse,
  },
  '/secapi/pay/refund': {
    call: 'refund',
    certificate: true,
    required: ['out_refund_no', 'total_fee', 'refund_fee'],
    act: (fields, { refunds, settings }, now) => refunds.refund(fields, settings(), now),
  },
  '/pay/refundquery': {
    call: 'refundquery',
    act: (fields, { refunds, settings }, now) => refunds.query(fields, settings(), now),
  },
  '/pay/downloadbill': { call: 'downloadbill', required: ['bill_date'], act: downloadbill },
  '/pay/downloadfundflow': {
    call: 'downloadfundflow',
    certificate: true,
    signType: 'HMAC-SHA256',
    required: ['bill_date', 'account_type'],
    act: downloadfundflow,
  },
  '/pay/closeorder': {
    call: 'closeorder',
    required: ['out_trade_no'],
    act: (fields, { ledger }) => ledger.close(fields),
  },
  '/tools/authcodetoopenid': {
    call: 'authcodetoopenid',
    required: ['auth_code'],
    act: (fields, { codes }) => ({ ok: { openid: codes.openidOf(fields.auth_code ?? '') } }),
  },
};

const ordinary: Omit<Route, 'call' | 'act'> = { required: [], identity: ['appid', 'mch_id'], key: 'key' };

/** By path. The sandbox knows the same calls but no certificate, and a key of its own. */
export const routes: ReadonlyMap<string, Route> = new Map([
  ...Object.entries(production).flatMap(
    ([path, route]): Array<[string, Route]> => [
      [path, { ...ordinary, ...route }],
      [`/xdc/apiv2sandbox${path}`, { ...ordinary, ...route, certificate: false, key: 'sandboxKey' }],
    ],
  ),
  [
    '/xdc/apiv2getsignkey/sign/getsignkey',
    {
      ...ordinary,
      call: 'getsignkey',
      identity: ['mch_id'],
      act: (_fields, { merchant }) => ({ ok: { sandbox_signkey: merchant.sandboxKey } }),
    },
  ],
]);
