import { InvalidParameterError } from '../../errors.js';
import { checkFields, isAbsent } from '../../fields.js';
import type { Bill, BillParams } from '../bill/bill.js';
import type { PayClient } from '../client.js';
import { PayResponseError } from '../errors.js';
import type { SharedParts } from '../exchange.js';
import type { Message } from '../http/message.js';
import { noteAnswer, observed } from '../observability.js';
import type { MerchantIdentity } from '../options.js';
import {
  type AuthinfoParams,
  billFields,
  type FacepayParams,
  type MicropayParams,
  type OrderRef,
} from '../parameters.js';
import type { RefundParams, RefundResult } from '../refund.js';
import { type RefundQueryResult, type RefundRef, refundqueryFields } from '../refundquery.js';
import type { RequestOptions } from '../request.js';
import type { AuthinfoResponse, PayResult, QueryResult, ReverseResult } from '../results.js';
import { billOf, placeOf } from './bill.js';
import { type CallV3, calls, told } from './calls.js';
import { ExchangeV3, type RequestV3 } from './exchange.js';
import { checkOptionsV3, type PayClientV3Options, type SettingsV3 } from './options.js';
import { bill, checkOrderRef, type Params } from './parameters.js';

const methods: ReadonlySet<string> = new Set<Message['method']>(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const isMethod = (method: unknown): method is Message['method'] => typeof method === 'string' && methods.has(method);

/**
 * The merchant's side of WeChat Pay's API v3, behind the same calls as {@link PayClient}, so that a PaymentProcessor takes either.
 * Codes of 18 digits are paid by codepay; answers have v2's names, and the original is their `response`. What API v3 doesn't have
 * (authinfo, codes of letters and digits, and unless `faceCodes` is 'v3' the codes of faces) `v2` does.
 *
 * An answer is believed only if it's signed by one of the gateway's keys, lately, and about this merchant, order and amount.
 * Errors as of {@link PayClient}; a PayProtocolError is HTTP 401: the gateway refuses the merchant's signature.
 *
 * @example
 * const client = new PayClientV3({
 *   appid: 'wx…', mch_id: '1900000109', privateKey, serial_no: '5157F09E…',
 *   verify: [{ id: 'PUB_KEY_ID_0119…', publicKey }], store: { out_id: 'S1' }, v2: new PayClient({ … }),
 * });
 * const processor = new PaymentProcessor({ client, journal });
 */
export class PayClientV3 {
  /** Who pays, without the secrets: what the face commands need. */
  readonly identity: MerchantIdentity;
  /** Milliseconds after which a request is given up at the latest: a connection to each host, and a response. */
  readonly requestTimeout: number;
  /** Milliseconds for a connection to one host, from the search for its address to the end of its TLS handshake. */
  readonly connectTimeout: number;
  /** Which calls take codes of 18 digits. It's written down with each payment: its queries must go the same way. */
  readonly rail: 'codepay';
  /** The client of v2 that it was given. */
  readonly v2: PayClient | undefined;
  /** Which API takes the codes of faces that have 18 digits. */
  readonly faceCodes: 'v2' | 'v3';
  readonly #settings: SettingsV3;
  readonly #exchange: ExchangeV3;

  /**
   * @param shared See {@link PayClient}: of a client of either API.
   * @throws InvalidParameterError that names the wrong option.
   */
  constructor(options: PayClientV3Options, shared: Partial<SharedParts> = {}) {
    const settings = checkOptionsV3(options);
    const { hosts, transport, identity, v2, faceCodes } = settings;
    this.identity = Object.freeze(identity);
    this.connectTimeout = transport.timeout.connect;
    this.requestTimeout = hosts.pay.length * transport.timeout.connect + transport.timeout.response;
    // Not beside its declaration: the bundler takes a class's name for that.
    this.rail = 'codepay';
    this.v2 = v2;
    this.faceCodes = faceCodes;
    this.#settings = settings;
    this.#exchange = new ExchangeV3(settings, shared);
  }

  /** Whether what it pays can be reversed: API v3 asks for no certificate, `v2` does. */
  get hasCertificate(): boolean {
    return this.faceCodes === 'v3' || this.v2?.hasCertificate !== false;
  }

  /** By `v2`: see {@link PayClient.getWxpayfaceAuthinfo}. @throws InvalidParameterError without it. So do the next three. */
  async getWxpayfaceAuthinfo(params: AuthinfoParams, options?: RequestOptions): Promise<AuthinfoResponse> {
    return this.#byV2('get_wxpayface_authinfo').getWxpayfaceAuthinfo(params, options);
  }

  /** By `v2`: API v3 has no call for codes of letters and digits. */
  async facepay(params: FacepayParams, options?: RequestOptions): Promise<PayResult> {
    return this.#byV2('facepay').facepay(params, options);
  }

  /** By `v2`. */
  async facepayquery(params: OrderRef, options?: RequestOptions): Promise<QueryResult> {
    return this.#byV2('facepayquery').facepayquery(params, options);
  }

  /** By `v2`. */
  async facepayreverse(params: OrderRef, options?: RequestOptions): Promise<ReverseResult> {
    return this.#byV2('facepayreverse').facepayreverse(params, options);
  }

  /**
   * Pays an order with a code of 18 digits by codepay. Never repeat it while its outcome is unknown: query. A FAIL may have charged
   * all the same: only a query tells. USERPAYING is one of them: the customer types the password.
   *
   * `out_trade_no` has at least 6 characters, without `|`. `limit_pay`, `time_start` and `time_expire` have no place in API v3.
   */
  async micropay(params: MicropayParams, options?: RequestOptions): Promise<PayResult> {
    return this.#call('micropay', calls.micropay, { ...params }, options);
  }

  /** What became of an order of {@link PayClientV3.micropay}. ORDERNOTEXIST counts only with the option `fresh`. */
  async orderquery(params: OrderRef, options?: RequestOptions): Promise<QueryResult> {
    checkOrderRef({ ...params });
    return this.#call('orderquery', calls.orderquery, { ...params }, options);
  }

  /**
   * Closes or gives back such an order, without a certificate. Its SUCCESS proves nothing: only a later query tells that the order is
   * reversed. API v3 takes the merchant's number only: for a transaction_id alone the order is queried first.
   */
  async reverse(params: OrderRef, options?: RequestOptions): Promise<ReverseResult> {
    checkOrderRef({ ...params });
    const { out_trade_no } = params;
    if (!isAbsent(out_trade_no)) return this.#call('reverse', calls.reverse, { out_trade_no }, options);
    const order = await this.orderquery(params, options);
    if (order.result_code === 'FAIL') return order;
    if (order.out_trade_no === undefined) throw new PayResponseError('The order has no out_trade_no');
    return this.#call('reverse', calls.reverse, { out_trade_no: order.out_trade_no }, options);
  }

  /** See {@link PayClient.refund}; without a certificate. */
  async refund(params: RefundParams, options?: RequestOptions): Promise<RefundResult> {
    return this.#call('refund', calls.refund, { ...params }, options);
  }

  /** How a refund ended, by its `out_refund_no`. API v3 knows no other number: with another one `v2` is asked. */
  async refundquery(params: RefundRef, options?: RequestOptions): Promise<RefundQueryResult> {
    checkFields(refundqueryFields, { ...params });
    if (!('out_refund_no' in params) || isAbsent(params.out_refund_no)) {
      if (this.v2 === undefined)
        throw new InvalidParameterError(
          'out_refund_no',
          'is required: API v3 finds refunds by no other number, and there is no v2 to ask',
        );
      return this.v2.refundquery(params, options);
    }
    return this.#call('refundquery', calls.refundquery, { ...params }, options);
  }

  /**
   * A day's bill as it comes, see {@link PayClient.downloadBill}. Its text is also held against the SHA1 that the gateway told, and
   * fetched from the gateway's own hosts only. There is no RECHARGE_REFUND.
   */
  async downloadBill(params: BillParams, options?: RequestOptions): Promise<Bill> {
    checkFields({ ...billFields, ...bill }, { ...params });
    const { bill_date, bill_type = 'ALL' } = params;
    const { identity, hosts } = this.#settings;
    const query = new URLSearchParams({
      bill_date: bill_date.replace(/(....)(..)(..)/, '$1-$2-$3'),
      bill_type,
      tar_type: 'GZIP',
      ...(identity.sub_mch_id !== undefined && { sub_mchid: identity.sub_mch_id }),
    });
    return observed('downloadBill', async (event) => {
      const asked = await this.#exchange.ask(
        'tradebill',
        { method: 'GET', path: `/v3/bill/tradebill?${query}` },
        options ?? {},
        event,
      );
      const { host, path, digest } = placeOf(asked, hosts.pay);
      const request: RequestV3 = { method: 'GET', path, fresh: true, hosts: [host] };
      return this.#exchange.download(request, options ?? {}, event, (answer) => billOf(answer, digest));
    });
  }

  /**
   * Any other v3 call: signed, and its answer verified, whatever its status (but 401).
   *
   * @param path With its query, e.g. '/v3/certificates'.
   * @param body What becomes JSON.
   */
  async request(
    method: string,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<{ status: number; body: unknown }> {
    if (!isMethod(method)) throw new InvalidParameterError('method', `must be one of ${[...methods].join(', ')}`);
    if (typeof path !== 'string' || !/^\/v3\/[\w\-./~%?&=+:;,@!$'()*|]*$/.test(path))
      throw new InvalidParameterError('path', "must be a path of the gateway's, e.g. /v3/certificates");
    if (method === 'GET' && body !== undefined) throw new InvalidParameterError('body', 'is not for a GET');
    const name = path.replace(/\?.*/s, '');
    return observed(name, (event) => this.#exchange.ask(name, { method, path, body }, options ?? {}, event));
  }

  /** See {@link PayClient.gatewayTime}. */
  gatewayTime(): number | undefined {
    return this.#exchange.gatewayTime();
  }

  /** See {@link PayClient.shared}. */
  get shared(): SharedParts {
    return this.#exchange.shared;
  }

  /** How many calls a second this client allows itself; undefined: none but the gateway's limits. It can be changed at any time. */
  get callsPerSecond(): number | undefined {
    return this.#exchange.limiter.callsPerSecond;
  }

  /** @throws InvalidParameterError for what is not a number above 0. */
  set callsPerSecond(value: number | undefined) {
    this.#exchange.limiter.callsPerSecond = value;
  }

  /** See {@link PayClient.close}. `v2` stays open: whoever made it closes it. */
  close(): void {
    this.#exchange.close();
  }

  #byV2(call: string): PayClient {
    if (this.v2 !== undefined) return this.v2;
    throw new InvalidParameterError('v2', `is required for ${call}, which API v3 doesn't have`);
  }

  /** One call, told to the observers. */
  #call<Result extends object>(
    name: string,
    call: CallV3<Result>,
    params: Params,
    options: RequestOptions | undefined,
  ): Promise<Result> {
    return observed(name, async (event) => {
      const { out_trade_no, transaction_id } = params;
      if (typeof out_trade_no === 'string') event.out_trade_no = out_trade_no;
      if (typeof transaction_id === 'string') event.transaction_id = transaction_id;
      const answer = await this.#exchange.ask(name, call.request(params, this.#settings), options ?? {}, event);
      const { fields, result } = told(name, call, params, this.#settings, answer);
      noteAnswer(event, fields);
      return { ...result, response: answer.body };
    });
  }
}
