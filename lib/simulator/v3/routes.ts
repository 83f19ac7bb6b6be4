import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { billOf } from '../bill.js';
import type { GatewayCall } from '../gateway-calls.js';
import type { LedgerResult } from '../ledger.js';
import { describe, page, type Reply } from '../replies.js';
import { booksOf, type Fields, type GatewayContext, routes as v2 } from '../routes.js';
import { errorOf, fieldsOf, orderBody, refundBody } from './messages.js';
import { type SignedRequest, signatureOf, wrongSignature } from './signatures.js';

type Json = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** v2's, which the scenario's switches use. */
  readonly call: GatewayCall;
  /** Default: `call`. */
  readonly name?: string;
  /** v2's names of what must be there, and v3's. */
  readonly required: Readonly<Record<string, string>>;
  /** Of the path's last part. */
  readonly names?: string;
  readonly act: (fields: Fields, context: GatewayContext, now: number) => LedgerResult;
  readonly body: (asked: Fields, ok: Fields) => Json;
}

const byV2 =
  (path: string): Route['act'] =>
  (fields, context, now) => {
    const verdict = v2.get(path)?.act(fields, context, now);
    return verdict === undefined || 'text' in verdict ? { err_code: 'SYSTEMERROR' } : verdict;
  };

const transactions = '^/v3/pay(?:/partner)?/transactions';
const number = '([^/]+)';

const codepay: Route['act'] = (fields, context, now) => {
  if (!/^[0-9A-Za-z_*-]{6,32}$/.test(fields.out_trade_no ?? '')) return { err_code: 'PARAM_ERROR' };
  if (!/^[1-9]\d*$/.test(fields.total_fee ?? '')) return { err_code: 'PARAM_ERROR' };
  const verdict = byV2('/pay/micropay')(fields, context, now);
  return 'ok' in verdict ? { ok: { ...verdict.ok, trade_state: 'SUCCESS' } } : verdict;
};

const tradebill: Route['act'] = (fields, context, now) => {
  const { bill_date = '', bill_type = 'ALL', sub_mch_id } = fields;
  const text = billOf(booksOf(context, now), { bill_date, bill_type, sub_mch_id }, context.settings(), now);
  if (text === undefined) return { err_code: 'NO_STATEMENT_EXIST', fields: { err_code_des: '账单文件不存在' } };
  const query = new URLSearchParams({
    bill_date,
    bill_type,
    ...(sub_mch_id && { sub_mch_id }),
    tar_type: fields.tar_type ?? '',
  });
  return { ok: { hash_value: createHash('sha1').update(text).digest('hex'), query: String(query) } };
};

const order = { path: (rest: string) => new RegExp(`${transactions}/${rest}$`) };

const table: readonly Route[] = [
  {
    method: 'POST',
    path: order.path('codepay'),
    name: 'codepay',
    call: 'micropay',
    required: {
      body: 'description',
      out_trade_no: 'out_trade_no',
      total_fee: 'amount.total',
      auth_code: 'payer.auth_code',
      store_id: 'scene_info.store_info',
    },
    act: codepay,
    body: orderBody,
  },
  {
    method: 'GET',
    path: order.path(`out-trade-no/${number}`),
    call: 'orderquery',
    required: {},
    names: 'out_trade_no',
    act: byV2('/pay/orderquery'),
    body: orderBody,
  },
  {
    method: 'GET',
    path: order.path(`id/${number}`),
    call: 'orderquery',
    required: {},
    names: 'transaction_id',
    act: byV2('/pay/orderquery'),
    body: orderBody,
  },
  {
    method: 'POST',
    path: order.path(`out-trade-no/${number}/reverse`),
    call: 'reverse',
    required: {},
    names: 'out_trade_no',
    act: byV2('/secapi/pay/reverse'),
    body: ({ out_trade_no, ...asked }) => orderBody(asked, { ...(out_trade_no !== undefined && { out_trade_no }) }),
  },
  {
    method: 'POST',
    path: /^\/v3\/refund\/domestic\/refunds$/,
    call: 'refund',
    required: { out_refund_no: 'out_refund_no', total_fee: 'amount.total', refund_fee: 'amount.refund' },
    act: byV2('/secapi/pay/refund'),
    body: refundBody,
  },
  {
    method: 'GET',
    path: new RegExp(`^/v3/refund/domestic/refunds/${number}$`),
    call: 'refundquery',
    required: {},
    names: 'out_refund_no',
    act: byV2('/pay/refundquery'),
    body: refundBody,
  },
  {
    method: 'GET',
    path: /^\/v3\/bill\/tradebill$/,
    name: 'tradebill',
    call: 'downloadbill',
    required: { bill_date: 'bill_date' },
    act: tradebill,
    body: (_asked, { hash_value, query, host }) => ({
      hash_type: 'SHA1',
      hash_value,
      download_url: `https://${host}${download}?${query}`,
    }),
  },
];

const download = '/v3/billdownload/file';

/** If a merchant's number is given, it must be its own. */
const ofOther = ({ appid, mch_id }: Fields, { merchant }: GatewayContext): boolean =>
  (appid !== undefined && appid !== merchant.appid) || (mch_id !== undefined && mch_id !== merchant.mch_id);

function verdictOf(route: Route, fields: Fields, context: GatewayContext): LedgerResult {
  const { limited, callsPerSecond } = context.settings();
  if (limited.includes(route.call) || !context.rate.takes(callsPerSecond)) return { err_code: 'FREQUENCY_LIMITED' };
  const missing = Object.keys(route.required).find((name) => !fields[name]);
  if (missing !== undefined)
    return { err_code: 'PARAM_ERROR', fields: { err_code_des: `缺少参数${route.required[missing]}` } };
  if (ofOther(fields, context)) return { err_code: 'APPID_MCHID_NOT_MATCH' };
  return route.act(fields, context, Date.now());
}

/** A request of API v3, as far as it can be told before it's answered. */
export interface AskedV3 {
  readonly name: string;
  readonly call: GatewayCall | undefined;
  readonly fields: Fields;
  answer(): Reply;
}

function parsed(body: Buffer): Json {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** A caller whose signature isn't verified gets no signed answer. */
const refused = (message: string): Reply => ({
  answer: 'SIGN_ERROR',
  fields: { err_code: 'SIGN_ERROR', err_code_des: message },
  status: 401,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify({ code: 'SIGN_ERROR', message }),
});

/** What lies behind a download_url: nobody signs it. */
function billAt(query: URLSearchParams, context: GatewayContext): Reply {
  const asked = Object.fromEntries(query);
  const { bill_date = '', bill_type = 'ALL', sub_mch_id, tar_type } = asked;
  const now = Date.now();
  const text = billOf(booksOf(context, now), { bill_date, bill_type, sub_mch_id }, context.settings(), now);
  if (text === undefined) return page(404, 'Not Found');
  return {
    answer: 'SUCCESS',
    fields: {},
    status: 200,
    type: 'text/plain; charset=utf-8',
    body: tar_type === 'GZIP' ? gzipSync(text) : Buffer.from(text),
  };
}

/** The gateway's API v3, on the book of v2. */
export function askedOfV3(request: SignedRequest, context: GatewayContext): AskedV3 {
  const { method, url, headers, body } = request;
  const { pathname, searchParams } = new URL(url, 'https://gateway');
  const wrong = () => {
    const now = Date.now();
    const clocks = [now, now + context.settings().clock];
    return wrongSignature(request, context.merchant.mch_id, context.certificates.v3(), clocks);
  };
  if (method === 'GET' && pathname === download)
    return {
      name: 'downloadbill',
      call: 'downloadbill',
      fields: {},
      answer: () => {
        const said = wrong();
        return said === undefined ? billAt(searchParams, context) : refused(said);
      },
    };
  const route = table.find((each) => each.method === method && each.path.test(pathname));
  if (route === undefined)
    return { name: `${method} ${pathname}`, call: undefined, fields: {}, answer: () => page(404, 'Not Found') };
  const named =
    route.names === undefined ? {} : { [route.names]: decodeURIComponent(route.path.exec(pathname)?.[1] ?? '') };
  const fields = { ...fieldsOf({ ...Object.fromEntries(searchParams), ...parsed(body) }), ...named };
  const answer = (): Reply => {
    const said = wrong();
    if (said !== undefined) return refused(said);
    const verdict = verdictOf(route, fields, context);
    const settings = context.settings();
    const { appid, mch_id } = context.merchant;
    const ours = { appid, mch_id };
    const { status, body: told } =
      'ok' in verdict
        ? { status: 200, body: route.body({ ...ours, ...fields }, { ...verdict.ok, host: headers.host ?? '' }) }
        : errorOf(verdict, describe(route.call, verdict.err_code));
    const { out_trade_no, ...nameless } = told as Json;
    const json = JSON.stringify(settings.omitNumber.includes(route.call) ? nameless : told);
    const isLimitUnsigned = status === 429 && settings.limit === 'unsigned';
    const signature = isLimitUnsigned
      ? {}
      : signatureOf(route.call, json, headers['wechatpay-serial'], settings, context.certificates.v3());
    return {
      answer: 'ok' in verdict ? (verdict.ok.trade_state ?? 'SUCCESS') : verdict.err_code,
      fields: 'ok' in verdict ? verdict.ok : { err_code: verdict.err_code, ...verdict.fields },
      status,
      type: 'application/json; charset=utf-8',
      body: json,
      headers: signature,
    };
  };
  return { name: route.name ?? route.call, call: route.call, fields, answer };
}
