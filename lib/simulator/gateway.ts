import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { paymentErrorCodes, queryErrorCodes, reportedErrorCodes, reverseErrorCodes } from '../pay/error-codes.js';
import { sign, verifySignature } from '../pay/sign.js';
import type { SignType } from '../pay/types.js';
import { buildXml, parseXml } from '../pay/xml.js';
import type { CallLog } from './call-log.js';
import type { CallRate } from './call-rate.js';
import type { Certificates } from './certificates.js';
import type { IssuedCodes } from './issued-codes.js';
import type { Ledger, Verdict } from './ledger.js';
import type { GatewayCall, Settings } from './scenario.js';

type Fields = Readonly<Record<string, string>>;

export interface SimulatedMerchant {
  readonly appid: string;
  readonly mch_id: string;
  readonly key: string;
  /** Signs in the vendor's sandbox, where getsignkey gives it out. */
  readonly sandboxKey: string;
}

interface GatewayContext {
  readonly merchant: SimulatedMerchant;
  readonly certificates: Certificates;
  readonly ledger: Ledger;
  readonly codes: IssuedCodes;
  readonly rate: CallRate;
  readonly log: CallLog;
  readonly settings: () => Settings;
}

interface Route {
  readonly call: GatewayCall;
  /** The vendor serves /secapi/ only to a client certificate. */
  readonly certificate?: boolean;
  readonly signType?: SignType;
  /** Which merchant's fields it takes and checks. */
  readonly identity: ReadonlyArray<'appid' | 'mch_id'>;
  readonly key: 'key' | 'sandboxKey';
  readonly required: readonly string[];
  readonly act: (fields: Fields, context: GatewayContext, now: number) => Verdict;
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
  // Field facts: with face_code_type "0", order and amount are fixed at the recognition.
  if (face.out_trade_no !== fields.out_trade_no || face.total_fee !== fields.total_fee)
    return { err_code: 'PARAM_ERROR' };
  return ledger.pay(fields, { code, openid: face.openid, trade_type: 'FACEPAY' }, settings(), now);
};

const query =
  (trade_type: string): Route['act'] =>
  (fields, { ledger, settings }, now) =>
    ledger.query(fields, trade_type, settings(), now);

const reverse: Route['act'] = (fields, { ledger, settings }) => ledger.reverse(fields, settings());

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
    act: (fields, { ledger }, now) => ledger.refund(fields, now),
  },
  '/pay/refundquery': { call: 'refundquery', act: (fields, { ledger }) => ledger.refundquery(fields) },
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
const routes: ReadonlyMap<string, Route> = new Map([
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

/** What the vendor's tables, which don't describe refunds and closing, leave out. */
const refundDescriptions: Readonly<Record<string, string>> = {
  NOTENOUGH: '余额不足',
  REFUNDNOTEXIST: '退款订单查询失败',
  TRADE_STATE_ERROR: '订单状态错误',
  ORDERNOTEXIST: '此交易订单号不存在',
};

const catalogues: Partial<Record<GatewayCall, Readonly<Record<string, { zh: { description: string } }>>>> = {
  orderquery: queryErrorCodes,
  facepayquery: queryErrorCodes,
  reverse: reverseErrorCodes,
  facepayreverse: reverseErrorCodes,
};

const describe = (call: GatewayCall, err_code: string): string =>
  ((catalogues[call] ?? paymentErrorCodes)[err_code] ?? reportedErrorCodes[err_code])?.zh.description ??
  refundDescriptions[err_code] ??
  err_code;

interface Reply {
  /** What the call log shows. */
  readonly answer: string;
  readonly fields: Fields;
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const page = (status: number, text: string): Reply => ({
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
const refuse = (return_code: string, return_msg: string): Reply =>
  xml(`${return_code} ${return_msg}`, { return_code, return_msg });

const signTypes: Readonly<Record<string, SignType>> = { MD5: 'MD5', 'HMAC-SHA256': 'HMAC-SHA256' };

/** The sandbox's failures on demand, e.g. 'micropay-SYSTEMERROR'. */
const demandedError = (route: Route, negativeTest: unknown): string | undefined =>
  route.key === 'sandboxKey' ? /-([A-Z][A-Z0-9_]*)$/.exec(String(negativeTest))?.[1] : undefined;

/** What is said of the merchant's certificate, where it's not accepted (field facts). */
const refusedCertificates: Readonly<Record<Exclude<Settings['certificate'], 'accepted'>, () => Reply>> = {
  missing: () => page(400, 'No required SSL certificate was sent'),
  error: () => page(400, 'The SSL certificate error'),
  mismatch: () => refuse('FAIL', 'certificate not match'),
};

function refusedCertificate(request: IncomingMessage, { certificate }: Settings): Reply | undefined {
  if (!(request.socket instanceof TLSSocket && request.socket.authorized)) return refusedCertificates.missing();
  return certificate === 'accepted' ? undefined : refusedCertificates[certificate]();
}

/** Calls whose answers have no err_code. */
const withoutErrCode: readonly GatewayCall[] = ['get_wxpayface_authinfo', 'getsignkey'];

function answer(route: Route, fields: Fields, negativeTest: unknown, context: GatewayContext): Reply {
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

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function fieldsOf(body: Buffer): Fields | undefined {
  try {
    return parseXml(body);
  } catch {
    return undefined;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body }: Reply,
  times: 'once' | 'twice' = 'once',
): void {
  // As a server that no longer trusts the connection.
  if (status === 400) response.shouldKeepAlive = false;
  const zip = /\bgzip\b/.test(String(request.headers['accept-encoding']));
  response.writeHead(status, { 'content-type': type, ...(zip ? { 'content-encoding': 'gzip' } : {}) });
  response.end(zip ? gzipSync(body) : body);
  if (times === 'once') return;
  const head = `HTTP/1.1 ${status} \r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  request.socket.write(head + body);
}

async function serve(request: IncomingMessage, response: ServerResponse, context: GatewayContext): Promise<void> {
  const body = await bodyOf(request);
  response.setHeader('date', new Date(Date.now() + context.settings().clock).toUTCString());
  const fields = fieldsOf(body);
  const { method = '', url = '' } = request;
  const route = routes.get(url);
  // Without a query, which may hold anything.
  const entry = context.log.begin('pay', route?.call ?? `${method} ${url.replace(/\?.*/s, '')}`, fields ?? {});
  if (!route || method !== 'POST') {
    const reply = route ? refuse('FAIL', '请使用post方法') : page(404, 'Not Found');
    entry.end(reply.answer, reply.fields);
    return send(request, response, reply);
  }
  const { loseRequest, loseResponse, sendTwice, latency } = context.settings();
  await pause(latency);
  if (loseRequest.includes(route.call)) {
    entry.end('(request lost)', {}, 'request');
    request.socket.destroy();
    return;
  }
  const reply =
    (route.certificate && refusedCertificate(request, context.settings())) ||
    (fields
      ? answer(route, fields, request.headers['wechatpay-negative-test'], context)
      : refuse('FAIL', 'XML格式错误'));
  // A till that had no more patience, or whose connection was cut in the meantime, doesn't hear it either.
  if (loseResponse.includes(route.call) || request.socket.destroyed) {
    entry.end(`${reply.answer} (response lost)`, reply.fields, 'response');
    request.socket.destroy();
    return;
  }
  entry.end(reply.answer, reply.fields);
  send(request, response, reply, sendTwice.includes(route.call) ? 'twice' : 'once');
}

/** The payment gateway over real TLS on loopback. */
export class Gateway {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(context: GatewayContext) {
    const { ca, server } = context.certificates;
    this.#server = createServer(
      { key: server.key, cert: server.cert, ca, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
      (request, response) => {
        // A till that goes away in the middle is its own affair.
        serve(request, response, context).catch(() => request.socket.destroy());
      },
    );
    this.#server.on('connection', (socket) => {
      if (context.settings().gateway === 'down') {
        context.log.refused();
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async listen(context: GatewayContext, port: number): Promise<Gateway> {
    const gateway = new Gateway(context);
    await new Promise<void>((resolve, reject) => {
      gateway.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return gateway;
  }

  get origin(): string {
    const address = this.#server.address();
    return `https://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  }

  /** Ends every connection, as a gateway that goes down does. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.disconnect();
    await closed;
  }
}
