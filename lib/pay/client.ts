import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { ClosedError, InvalidParameterError, WxpayFaceError } from '../errors.js';
import { checkFields, isAbsent } from '../fields.js';
import { type Call, calls } from './calls.js';
import { cleanCause, PayProtocolError, PayResponseError, PaySignatureError, PayTransportError } from './errors.js';
import { mask, preview } from './mask.js';
import { type PayCall, payCalls } from './observability.js';
import { checkOptions, type Settings } from './options.js';
import { unmappedAddress } from './parameters.js';
import {
  checkIdentity,
  type Fields,
  readAuthinfo,
  readPayment,
  readQuery,
  readRefund,
  readReverse,
} from './results.js';
import { sign, verifySignature } from './sign.js';
import type { Post, Reply, TransportOptions } from './transport.js';
import type {
  AuthinfoParams,
  AuthinfoResponse,
  FacepayParams,
  MerchantIdentity,
  MicropayParams,
  OrderRef,
  PayClientOptions,
  PayResult,
  QueryResult,
  RefundParams,
  RefundResult,
  RequestOptions,
  ReverseResult,
  SignType,
} from './types.js';
import { checkXmlField } from './xml-text.js';

const sandboxPath = '/xdc/apiv2sandbox';
const sandboxKeyPath = '/xdc/apiv2getsignkey/sign/getsignkey';

// Of the customer and the terminal. No answer has a reason to bring them back, as it has for an openid.
const credentialFields = ['auth_code', 'face_code', 'rawdata', 'authinfo', 'face_sid'];

// Never quoted in an error, whatever a gateway echoes.
const secretFields = [...credentialFields, 'openid', 'sub_openid', 'sign'];

// The vendor's own words, whatever of them a secret may be (vendor page, field facts).
const returnCodes = ['FAIL', 'ERROR', 'PARAM_ERROR', 'SYSTEMERROR'];

// Its random bits are drawn in advance, for many at a time.
const nonce = (): string => randomUUID().replaceAll('-', '');

type Params = Readonly<Record<string, unknown>>;

/**
 * The merchant's side of WeChat Pay's signed XML API (v2), for face payments.
 *
 * Every call checks its parameters before anything is sent, signs, and believes an answer only when it's well-formed, signed
 * with the merchant's key and about this merchant, order and amount. A verified no (`result_code` FAIL) is a value. What
 * throws tells what is known: {@link InvalidParameterError} and {@link PayTransportError} with `sent` false mean that nothing
 * reached the gateway; each other error means *unknown*, so that a payment must be queried, then reversed.
 *
 * @example
 * const client = new PayClient({ appid: 'wx…', mch_id: '1900000109', key, certificate: { cert, key: privateKey } });
 * const result = await client.micropay({ body: 'coffee', out_trade_no: '20241123-0001', total_fee: 100, auth_code });
 * if (result.result_code === 'SUCCESS') console.log(result.transaction_id);
 */
export class PayClient {
  /** Who pays, without the secrets: what the face commands need. */
  readonly identity: MerchantIdentity;
  /** Milliseconds after which a request is given up at the latest: a connection to each host, and a response. */
  readonly requestTimeout: number;
  readonly #settings: Settings;
  #wire: ReturnType<typeof loadWire> | undefined;
  #sandboxKey: Promise<string> | undefined;
  #closed = false;

  /** @throws InvalidParameterError that names the wrong option. */
  constructor(options: PayClientOptions) {
    this.#settings = checkOptions(options);
    this.identity = Object.freeze(this.#settings.identity);
    const { hosts, transport } = this.#settings;
    this.requestTimeout = hosts.pay.length * transport.timeout.connect + transport.timeout.response;
  }

  /**
   * The credential for getWxpayfaceCode (vendor page, 3). Goes to `endpoints.face`.
   * @throws PayProtocolError for any `return_code` but SUCCESS.
   */
  async getWxpayfaceAuthinfo(params: AuthinfoParams, options?: RequestOptions): Promise<AuthinfoResponse> {
    return this.#call('getWxpayfaceAuthinfo', calls.getWxpayfaceAuthinfo, params, options, readAuthinfo);
  }

  /** Pays an order with an 18-digit code (vendor page, 5). Never repeat it while its outcome is unknown: query. */
  async micropay(params: MicropayParams, options?: RequestOptions): Promise<PayResult> {
    return this.#call('micropay', calls.micropay, params, options, readPayment);
  }

  /** What became of an order (vendor page, 6). */
  async orderquery(params: OrderRef, options?: RequestOptions): Promise<QueryResult> {
    return this.#call('orderquery', calls.orderquery, params, options, readQuery);
  }

  /**
   * Closes or gives back an order (vendor page, 7), with the merchant's certificate: not before 15 seconds after the payment,
   * within 7 days. SUCCESS also comes for an order that doesn't exist yet: only a later query tells that it's reversed.
   */
  async reverse(params: OrderRef, options?: RequestOptions): Promise<ReverseResult> {
    return this.#call('reverse', calls.reverse, params, options, readReverse);
  }

  /** Pays an order with a face code of letters and digits; always signed with HMAC-SHA256. */
  async facepay(params: FacepayParams, options?: RequestOptions): Promise<PayResult> {
    return this.#call('facepay', calls.facepay, params, options, readPayment);
  }

  /** {@link PayClient.orderquery} for orders of {@link PayClient.facepay}. */
  async facepayquery(params: OrderRef, options?: RequestOptions): Promise<QueryResult> {
    return this.#call('facepayquery', calls.facepayquery, params, options, readQuery);
  }

  /** {@link PayClient.reverse} for orders of {@link PayClient.facepay}. */
  async facepayreverse(params: OrderRef, options?: RequestOptions): Promise<ReverseResult> {
    return this.#call('facepayreverse', calls.facepayreverse, params, options, readReverse);
  }

  /** Gives back all or a part of a paid order, with the merchant's certificate. `refundquery` tells how it ends. */
  async refund(params: RefundParams, options?: RequestOptions): Promise<RefundResult> {
    return this.#call('refund', calls.refund, params, options, readRefund);
  }

  /** How refunds ended, by out_trade_no, transaction_id, out_refund_no or refund_id. All fields as the strings that arrived. */
  async refundquery(params: Params, options?: RequestOptions): Promise<Record<string, string>> {
    return this.#call('refundquery', calls.refundquery, params, options, (fields) => ({ ...fields }));
  }

  /** Whose an 18-digit code is. All fields as the strings that arrived. */
  async authcodetoopenid(params: { auth_code: string }, options?: RequestOptions): Promise<Record<string, string>> {
    return this.#call('authcodetoopenid', calls.authcodetoopenid, params, options, (fields) => ({ ...fields }));
  }

  /**
   * Any other v2 call: adds appid, mch_id (sub_appid, sub_mch_id), nonce_str, sign_type and sign, verifies the response, and
   * returns its fields as the strings that arrived.
   *
   * @param path E.g. '/pay/closeorder'.
   * @param options `certificate`: the call needs the merchant's certificate.
   */
  async post(
    path: string,
    params: Params,
    options?: RequestOptions & { certificate?: boolean },
  ): Promise<Record<string, string>> {
    const isPath = typeof path === 'string' && /^(?:\/[\w-]+)+$/.test(path);
    const check = () => {
      if (!isPath) throw new InvalidParameterError('path', "must be a path of the gateway's, e.g. /pay/closeorder");
    };
    const call: Call = { path, fields: {}, check, connection: options?.certificate ? 'certificate' : 'kept' };
    return this.#call(isPath ? path : 'post', call, params, options, (fields) => ({ ...fields }));
  }

  /** Lets calls in flight end, closes idle connections, and refuses later calls with ClosedError. */
  close(): void {
    this.#closed = true;
    this.#wire?.then(
      ({ transport }) => transport.close(),
      () => {},
    );
  }

  /** One call, told to the observers. */
  #call<Result>(
    name: string,
    call: Call,
    params: object,
    options: RequestOptions | undefined,
    read: (fields: Fields) => Result,
  ): Promise<Result> {
    return told(name, async (event) => {
      const fields = await this.#exchange(name, call, params, options, event);
      const result = read(fields);
      event.outcome = fields.result_code ?? 'SUCCESS';
      if (fields.err_code) event.err_code = fields.err_code;
      if (fields.trade_state) event.trade_state = fields.trade_state;
      return result;
    });
  }

  /** From parameters to the verified fields of an answer that is about them. */
  async #exchange(
    name: string,
    call: Call,
    params: object,
    options: RequestOptions | undefined,
    event: PayCall,
  ): Promise<Fields> {
    if (this.#closed) throw new ClosedError('The pay client');
    const inSandbox = this.#settings.sandbox && call.host !== 'face';
    const sign_type = call.sign_type ?? (inSandbox ? 'MD5' : this.#settings.sign_type);
    const sent = this.#fields(call, params, sign_type);
    if (sent.out_trade_no !== undefined) event.out_trade_no = sent.out_trade_no;
    if (sent.transaction_id !== undefined) event.transaction_id = sent.transaction_id;
    this.#checkAllowed(call, options, inSandbox);
    // Checked where the request is built, too, but here its key would be asked for before.
    if (inSandbox) for (const [field, value] of Object.entries(sent)) checkXmlField(field, value);

    const key = inSandbox ? await unlessAborted(this.#fetchedSandboxKey(), options?.signal) : this.#settings.key;
    sent.sign = sign(sent, key, sign_type);
    const secrets = () => [this.#settings.key, key, ...secretFields.map((field) => sent[field] ?? '')];
    const negativeTest = options?.negativeTest;
    const received = await this.#post(name, secrets, sent, {
      hosts: this.#settings.hosts[call.host ?? 'pay'],
      path: inSandbox ? `${sandboxPath}${call.path}` : call.path,
      headers: negativeTest === undefined ? {} : { 'wechatpay-negative-test': negativeTest },
      connection: call.connection ?? 'kept',
      signal: options?.signal,
    });

    if (isAbsent(received.sign)) throw new PaySignatureError(`The response to ${name} has no signature`);
    if (!verifySignature(received, key, sign_type))
      throw new PaySignatureError(`The signature of the response to ${name} is wrong`);
    checkIdentity(name, call.about, sent, received);
    const credentials = [this.#settings.key, key, ...credentialFields.map((field) => sent[field] ?? '')];
    return withoutCredentials(received, sent, credentials);
  }

  #checkAllowed(call: Call, options: RequestOptions | undefined, inSandbox: boolean): void {
    // The sandbox moves no money and knows no certificate.
    if (call.connection === 'certificate' && !inSandbox && this.#settings.transport.certificate === undefined)
      throw new InvalidParameterError('certificate', `is required for ${call.path}: see the options of PayClient`);
    const negativeTest = options?.negativeTest;
    if (negativeTest === undefined) return;
    if (!inSandbox) throw new InvalidParameterError('negativeTest', 'is for the sandbox only');
    if (!/^[\w-]+$/.test(negativeTest))
      throw new InvalidParameterError('negativeTest', 'must be the name of a test case');
  }

  /** The fields of a request but its signature, as text. */
  #fields(call: Call, parameters: object, sign_type: SignType): Record<string, string> {
    if (typeof parameters !== 'object' || parameters === null)
      throw new InvalidParameterError('params', 'must be an object');
    const params: Params = { ...parameters };
    checkFields(call.fields, params);
    const fields: Record<string, string> = { ...this.identity, ...call.constants?.(), nonce_str: nonce(), sign_type };
    for (const name of Object.keys(params)) {
      const value = params[name];
      if (isAbsent(value)) continue;
      if (name === 'sign' || (Object.hasOwn(fields, name) && fields[name] !== value))
        throw new InvalidParameterError(name, 'is filled in by the client');
      // An assignment to it would be lost without a word.
      if (name === '__proto__') throw new InvalidParameterError(name, 'is not a field name');
      // What no table lists is sent as it is, but the rules for any text hold for it as well.
      if (!Object.hasOwn(call.fields, name))
        checkFields({ [name]: typeof value === 'number' ? { type: 'integer' } : {} }, params);
      fields[name] = String(value);
    }
    call.check?.(params);
    if (Object.hasOwn(call.fields, 'spbill_create_ip'))
      fields.spbill_create_ip = unmappedAddress(fields.spbill_create_ip ?? this.#settings.spbill_create_ip);
    return fields;
  }

  /** Sends, and reads what came back; nothing of it is verified but that the gateway took it. */
  async #post(name: string, secrets: () => readonly string[], fields: Fields, post: Post): Promise<Fields> {
    this.#wire ??= loadWire(this.#settings.transport);
    const { transport, buildXml, parseXml } = await this.#wire;
    const reply = await transport.send(post, buildXml(fields));
    const received = readReply(name, secrets, reply, parseXml);
    const { return_code, return_msg } = received;
    if (isAbsent(return_code) || return_code === undefined)
      throw new PayResponseError(`The response to ${name} has no return_code`);
    // Nobody has signed these: they are cut to what the vendor's tables give them.
    if (return_code !== 'SUCCESS')
      throw new PayProtocolError(
        name,
        returnCodes.includes(return_code) ? return_code : mask(return_code, secrets()).slice(0, 16),
        return_msg && mask(return_msg, secrets()).slice(0, 128),
        reply.certificateNote,
      );
    return received;
  }

  /** The sandbox's key: fetched once for all calls, with the merchant's own; again only after a failure. */
  #fetchedSandboxKey(): Promise<string> {
    this.#sandboxKey ??= told('getsignkey', () => this.#fetchSandboxKey()).catch((error: unknown) => {
      this.#sandboxKey = undefined;
      // Whatever went wrong here, of the call itself nothing was sent.
      throw new PayTransportError('Nothing was sent: the sandbox gave no key', false, { cause: cleanCause(error) });
    });
    return this.#sandboxKey;
  }

  async #fetchSandboxKey(): Promise<string> {
    const { key, identity, hosts } = this.#settings;
    const fields = { mch_id: identity.mch_id, nonce_str: nonce() };
    const sent = { ...fields, sign: sign(fields, key, 'MD5') };
    const received = await this.#post('getsignkey', () => [key], sent, {
      hosts: hosts.pay,
      path: sandboxKeyPath,
      headers: {},
      connection: 'kept',
      signal: undefined,
    });
    // The vendor's answer has no signature.
    if (!isAbsent(received.sign) && !verifySignature(received, key, 'MD5'))
      throw new PaySignatureError('The signature of the response to getsignkey is wrong');
    checkIdentity('getsignkey', undefined, { ...identity }, received);
    if (isAbsent(received.sandbox_signkey) || received.sandbox_signkey === undefined)
      throw new PayResponseError('The response to getsignkey has no sandbox_signkey');
    return received.sandbox_signkey;
  }
}

/**
 * Even a signed answer may echo its request, and goes on into journals and logs. Left alone is what the caller sent as
 * something else as well, e.g. as the order's number; and what is too short to be a credential, and may be part of any word.
 */
function withoutCredentials(received: Fields, sent: Fields, credentials: readonly string[]): Fields {
  const hidden = credentials.filter((credential) => credential.length >= 8);
  let clean: Record<string, string> | undefined;
  for (const name of Object.keys(received)) {
    const value = received[name] ?? '';
    if (!hidden.some((credential) => value.includes(credential))) continue;
    const isCredential = credentialFields.includes(name);
    // An answer's own authinfo is what was asked for, whatever it is made of.
    if (isCredential ? name === 'authinfo' && sent.authinfo === undefined : value === sent[name]) continue;
    clean ??= { ...received };
    clean[name] = mask(value, hidden);
  }
  return clean ?? received;
}

async function told<Result>(name: string, work: (event: PayCall) => Promise<Result>): Promise<Result> {
  const event: PayCall = { name, startTime: Date.now(), duration: 0, outcome: 'SUCCESS' };
  const started = performance.now();
  try {
    return await work(event);
  } catch (error) {
    event.outcome = error instanceof WxpayFaceError ? error.code : 'ERR_UNEXPECTED';
    if (error instanceof PayTransportError) event.sent = error.sent;
    throw error;
  } finally {
    event.duration = performance.now() - started;
    payCalls.publish(event);
  }
}

/** What only a call needs is longest to load: it waits for the first. */
async function loadWire(settings: TransportOptions) {
  const [{ Transport }, { buildXml, parseXml }] = await Promise.all([import('./transport.js'), import('./xml.js')]);
  return { transport: new Transport(settings), buildXml, parseXml };
}

/** What a call waits for before it sends anything; what it waits for goes on, others may need it. */
async function unlessAborted<Value>(wait: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return wait;
  let giveUp = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(new PayTransportError('Aborted before anything was sent', false));
  });
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([aborted, wait]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function readReply(
  name: string,
  secrets: () => readonly string[],
  reply: Reply,
  parseXml: (body: Buffer) => Fields,
): Fields {
  const { status, contentType, body, certificateNote } = reply;
  const seen = () => `HTTP ${status}, ${contentType || 'no content type'}, ${preview(body, secrets())}`;
  if (status !== 200)
    // Some servers in front of a gateway refuse a certificate with a page of HTTP instead of TLS's alert.
    throw new PayResponseError(
      [`The response to ${name} is none of the gateway's: ${seen()}`, certificateNote]
        .filter((part) => part !== '')
        .join('; '),
    );
  try {
    return parseXml(body);
  } catch (error) {
    if (!(error instanceof PayResponseError)) throw error;
    throw new PayResponseError(`The response to ${name} can't be read: ${error.message}; ${seen()}`);
  }
}
