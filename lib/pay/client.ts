import { InvalidParameterError } from '../errors.js';
import { billIn } from './bill/answer.js';
import type { Bill, BillParams, FundFlowParams } from './bill/bill.js';
import { type Format, fundFlow, tradeBill } from './bill/columns.js';
import { type Call, calls } from './calls.js';
import { Exchange, type SharedParts } from './exchange.js';
import { noteAnswer, observed } from './observability.js';
import { checkOptions, type MerchantIdentity, type PayClientOptions } from './options.js';
import type { AuthinfoParams, FacepayParams, MicropayParams, OrderRef } from './parameters.js';
import { type RefundParams, type RefundResult, readRefund } from './refund.js';
import { type RefundNotice, readRefundNotice } from './refund-notice.js';
import { allRefunds, isOfWholeOrder, type RefundQueryResult, type RefundRef, readRefundquery } from './refundquery.js';
import type { RequestOptions } from './request.js';
import {
  type AuthinfoResponse,
  type Fields,
  type PayResult,
  type QueryResult,
  type ReverseResult,
  readAuthinfo,
  readPayment,
  readQuery,
  readReverse,
} from './results.js';

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
  /** Milliseconds for a connection to one host, from the search for its address to the end of its TLS handshake. */
  readonly connectTimeout: number;
  /** Whether it can reverse and refund. The sandbox asks for no certificate. */
  readonly hasCertificate: boolean;
  readonly #exchange: Exchange;

  /**
   * Warns (WXPAY_FACE_NO_CERTIFICATE) if no certificate is given: such a client can pay, but can't reverse.
   *
   * @param shared Queue and connections of another client of this merchant (e.g. a provider's for another sub-merchant,
   * or with the key before this one): both then share one queue, limited by that client's `callsPerSecond`. Default:
   * its own.
   * @throws InvalidParameterError that names the wrong option.
   */
  constructor(options: PayClientOptions, shared: Partial<SharedParts> = {}) {
    const settings = checkOptions(options);
    const { hosts, transport, identity, sandbox } = settings;
    this.identity = Object.freeze(identity);
    this.connectTimeout = transport.timeout.connect;
    this.requestTimeout = hosts.pay.length * transport.timeout.connect + transport.timeout.response;
    this.#exchange = new Exchange(settings, shared);
    this.hasCertificate = transport.certificate !== undefined || sandbox;
    if (!this.hasCertificate)
      process.emitWarning(
        `The PayClient of merchant ${identity.mch_id} has no certificate: it can pay, but neither reverse nor refund`,
        { code: 'WXPAY_FACE_NO_CERTIFICATE' },
      );
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

  /**
   * Gives back all or a part of a paid order, with the merchant's certificate. SUCCESS means that it was accepted; how it ends,
   * {@link PayClient.refundquery} tells. After silence send the same again, never a new `out_refund_no`: that may refund twice.
   */
  async refund(params: RefundParams, options?: RequestOptions): Promise<RefundResult> {
    return this.#call('refund', calls.refund, params, options, readRefund);
  }

  /**
   * How refunds ended: one by `out_refund_no` or `refund_id`, or those of an order, all of them if no `offset` is given (a call
   * for each ten). An order without any is answered FAIL with REFUNDNOTEXIST; after silence that proves nothing.
   */
  async refundquery(params: RefundRef, options?: RequestOptions): Promise<RefundQueryResult> {
    const ask = (ref: RefundRef) => this.#call('refundquery', calls.refundquery, ref, options, readRefundquery);
    return isOfWholeOrder({ ...params }) ? allRefunds((offset) => ask({ ...params, offset })) : ask(params);
  }

  /**
   * A refund notification (the body that the vendor posts to `notify_url`), deciphered with the merchant's key; in the sandbox
   * also with the sandbox's, if a call has fetched it. Nobody has signed it, and it may come twice or never: a hint to ask
   * {@link PayClient.refundquery}, never a proof. Refused: more than 16 KB, another merchant's, another key's, what lacks a field.
   * @throws PayResponseError, PayMismatchError; neither quotes anything of it.
   */
  readRefundNotice(xml: string | Uint8Array): RefundNotice {
    return readRefundNotice(xml, this.identity, this.#exchange.keys);
  }

  /**
   * A day's bill as it comes: rows by the names of their columns, amounts in fen, then the bill's own sums, with which the rows
   * are compared. Nothing of it is kept, so that memory stays flat. A provider gets its own sub-merchant's with `sub_mch_id`.
   * @throws BillError: ERR_BILL_MISSING if the gateway has none; ERR_BILL for what is not a bill, here or while its
   * rows are read.
   *
   * @example
   * const bill = await client.downloadBill({ bill_date: '20241123' });
   * for await (const row of bill.rows) console.log(row.out_trade_no, row.trade_state, row.total_fee);
   * console.log((await bill.summary())['总交易单数']);
   */
  async downloadBill(params: BillParams, options?: RequestOptions): Promise<Bill> {
    return this.#bill('downloadBill', { bill_type: 'ALL', ...params }, options, tradeBill);
  }

  /**
   * What came into and went out of one of the merchant's accounts on a day, with the merchant's certificate. Its end is held
   * against the digest that came with it, too. See {@link BillRow} for its columns.
   * @throws BillError, as {@link PayClient.downloadBill}.
   */
  async downloadFundFlow(params: FundFlowParams, options?: RequestOptions): Promise<Bill> {
    return this.#bill('downloadFundFlow', params, options, fundFlow);
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
    const call: Call = { path, fields: {}, check, certificate: options?.certificate === true };
    return this.#call(isPath ? path : 'post', call, params, options, (fields) => ({ ...fields }));
  }

  /**
   * The gateway's time, milliseconds since the epoch: its last Date header, which counts whole seconds, carried on by the
   * monotonic clock. Undefined before its first answer.
   */
  gatewayTime(): number | undefined {
    return this.#exchange.gatewayTime();
  }

  /** Its queue of calls and its connections, for further clients of the same merchant. They stay open until this one is closed. */
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

  /**
   * Lets calls in flight end, closes idle connections, and refuses with ClosedError what comes later, or still waits for the
   * limit on calls: of that nothing was sent.
   */
  close(): void {
    this.#exchange.close();
  }

  /** Told to the observers when it has begun to come. */
  #bill(
    name: 'downloadBill' | 'downloadFundFlow',
    params: object,
    options: RequestOptions | undefined,
    format: Format,
  ): Promise<Bill> {
    return observed(name, (event) =>
      this.#exchange.download(name, calls[name], params, options ?? {}, event, (answer, secrets) =>
        billIn(name, secrets, answer, format),
      ),
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
    return observed(name, async (event) => {
      const fields = await this.#exchange.call(name, call, params, options ?? {}, event);
      const result = read(fields);
      noteAnswer(event, fields);
      return result;
    });
  }
}
