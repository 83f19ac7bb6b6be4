import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { paymentErrorCodes, queryErrorCodes, reportedErrorCodes, reverseErrorCodes } from '../pay/error-codes.js';
import { type SignType, sign, verifySignature } from '../pay/sign.js';
import { buildXml } from '../pay/xml.js';
import type { GatewayCall } from './gateway-calls.js';
import { refundCodes } from './refund-codes.js';
import type { Download, Fields, GatewayContext, Route } from './routes.js';
import type { SimulatorSettings } from './scenario.js';

const catalogues: Partial<Record<GatewayCall, Readonly<Record<string, { zh: { description: string } }>>>> = {
  orderquery: queryErrorCodes,
  facepayquery: queryErrorCodes,
  reverse: reverseErrorCodes,
  facepayreverse: reverseErrorCodes,
  refund: refundCodes,
  refundquery: refundCodes,
  closeorder: refundCodes,
};

export const describe = (call: GatewayCall, err_code: string): string =>
  ((catalogues[call] ?? paymentErrorCodes)[err_code] ?? reportedErrorCodes[err_code])?.zh.description ?? err_code;

/** An answer, as it goes over HTTP. */
export interface Reply {
  /** What the call log shows. */
  readonly answer: string;
  readonly fields: Fields;
  readonly status: number;
  readonly type: string;
  /** Bytes are sent as they are, without another packing. */
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export const page = (status: number, text: string): Reply => ({
  answer: `HTTP ${status}`,
  fields: {},
  status,
  type: 'text/html',
  body: `<html><head><title>${status} ${text}</title></head><body><center><h1>${status} ${text}</h1></center></body></html>`,
});

const xml = (answer: string, fields: Fields): Reply => ({
  answer,
  fields,
  status: 200,
  type: 'text/plain',
  body: buildXml(fields),
});

/** The vendor signs no answer whose return_code is not SUCCESS. */
export const refuse = (return_code: string, return_msg: string): Reply =>
  xml(`${return_code} ${return_msg}`, { return_code, return_msg });

/** The vendor's error_code if there is no bill (docs/facts.md#bills). */
const noBill = { return_code: 'FAIL', return_msg: 'No Bill Exist', error_code: '20002' };

/** With GZIP the body itself is a gzip stream, of which no Content-Encoding tells. */
function download({ text, digest }: Download, { tar_type }: Fields): Reply {
  if (text === undefined) return xml(`${noBill.return_code} ${noBill.return_msg}`, noBill);
  const sha1 = createHash('sha1').update(text).digest('hex');
  return {
    answer: 'SUCCESS',
    fields: {},
    status: 200,
    type: 'text/plain; charset=utf-8',
    body: tar_type === 'GZIP' ? gzipSync(text) : text,
    ...(digest ? { headers: { digest: `SHA=${sha1}` } } : {}),
  };
}

const signTypes: Readonly<Record<string, SignType>> = { MD5: 'MD5', 'HMAC-SHA256': 'HMAC-SHA256' };

/** The sandbox's failures on demand, e.g. 'micropay-SYSTEMERROR'. */
const demandedError = (route: Route, negativeTest: unknown): string | undefined =>
  route.key === 'sandboxKey' ? /-([A-Z][A-Z0-9_]*)$/.exec(String(negativeTest))?.[1] : undefined;

/** What is said of the merchant's certificate, if it's not accepted (docs/facts.md#certificates). */
export const certificateRefusals: Readonly<Record<Exclude<SimulatorSettings['certificate'], 'accepted'>, Reply>> = {
  missing: page(400, 'No required SSL certificate was sent'),
  error: page(400, 'The SSL certificate error'),
  mismatch: refuse('FAIL', 'certificate not match'),
};

/** Calls whose answers have no err_code. */
const withoutErrCode: readonly GatewayCall[] = [
  'get_wxpayface_authinfo',
  'getsignkey',
  'downloadbill',
  'downloadfundflow',
];

/** To a request that has arrived whole. */
export function answer(route: Route, fields: Fields, negativeTest: unknown, context: GatewayContext): Reply {
  const { merchant } = context;
  const key = merchant[route.key];
  const badCode = route.call === 'get_wxpayface_authinfo' ? 'PARAM_ERROR' : 'FAIL';
  const stranger = route.identity.find((name) => fields[name] !== merchant[name]);
  if (stranger) return refuse(badCode, `${stranger}不存在`);
  const signType = signTypes[fields.sign_type || 'MD5'];
  if (!signType || (route.signType && signType !== route.signType)) return refuse(badCode, '签名类型错误');
  if (!verifySignature(fields, key, signType)) return refuse(badCode, '签名错误');
  const { limit, limited, callsPerSecond, omitNumber } = context.settings();
  const isLimited = limited.includes(route.call) || !context.rate.takes(callsPerSecond);
  if (isLimited && (limit === 'unsigned' || withoutErrCode.includes(route.call))) return refuse('FAIL', '频率限制');
  const missing = ['nonce_str', ...route.required].find((name) => !fields[name]);
  if (missing) return refuse(badCode, `缺少参数${missing}`);

  const { sub_appid, sub_mch_id } = fields;
  const head = {
    return_code: 'SUCCESS',
    return_msg: 'OK',
    ...Object.fromEntries(route.identity.map((name) => [name, merchant[name]])),
    ...(sub_appid ? { sub_appid } : {}),
    ...(sub_mch_id ? { sub_mch_id } : {}),
    nonce_str: randomBytes(16).toString('hex'),
  };
  const demanded = isLimited ? 'FREQUENCY_LIMITED' : demandedError(route, negativeTest);
  const verdict = demanded ? { err_code: demanded } : route.act(fields, context, Date.now());
  if ('text' in verdict) return download(verdict, fields);
  const result =
    'ok' in verdict
      ? { result_code: 'SUCCESS', ...verdict.ok }
      : {
          result_code: 'FAIL',
          err_code: verdict.err_code,
          err_code_des: describe(route.call, verdict.err_code),
          ...verdict.fields,
        };
  const all: Fields = { ...head, ...result };
  const { out_trade_no, ...nameless } = all;
  const isNamed = out_trade_no !== undefined && !omitNumber.includes(route.call);
  const unsigned = isNamed ? all : nameless;
  const told = 'ok' in verdict ? (verdict.ok.trade_state ?? 'SUCCESS') : verdict.err_code;
  return xml(told, { ...unsigned, sign: sign(unsigned, key, signType) });
}
