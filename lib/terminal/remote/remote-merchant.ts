import { InvalidParameterError } from '../../errors.js';
import { PayTransportError } from '../../pay/errors.js';
import type { MerchantIdentity } from '../../pay/options.js';
import type { AuthinfoResponse } from '../../pay/results.js';
import { type Clock, systemClock } from '../../payment/clock.js';
import type { PaymentOutcome } from '../../payment/decision/outcomes.js';
import type { RefundOutcome } from '../../payment/decision/refund/outcomes.js';
import type { PaymentProcessor } from '../../payment/processor.js';
import { isFields, isNumber, isOptional, isString } from '../../unknown.js';
import type { Merchant } from '../merchant.js';
import { Connection, type Server } from './connection.js';
import { Line, type Patience, type Sight } from './line.js';
import { linesOf } from './lines.js';
import { isPaymentOutcome, isRefundOutcome, parsed } from './outcomes.js';
import { paymentPath, RemotePayments } from './payments.js';
import { type Patiences, Questions } from './questions.js';
import { RemoteRefunds, refundPath } from './refunds.js';

/** What a till does with a merchant server. */
export interface RemoteMerchant
  extends Merchant,
    Pick<PaymentProcessor, 'cancel' | 'refund' | 'refunds' | 'refundSettled' | 'settled' | 'acknowledge'> {
  /**
   * What has ended and was not acknowledged: this terminal's payments, and its store's refunds if it may make them. Ends when the
   * server has told all.
   */
  unacknowledged(): AsyncIterable<PaymentOutcome | RefundOutcome>;
  /** Whoever still waits gets a ClosedError; what the server has goes on there. */
  close(): Promise<void>;
}

const patiences: Patiences = { look: 10_000, unsent: 15_000, inDoubt: 120_000 };
const atOnce: Patience = { unsent: 0, inDoubt: 0 };

export interface Parts {
  readonly server: Server;
  /** What the options are called where they were given. */
  readonly names: Readonly<Record<'url' | 'token' | 'ca', string>>;
  readonly clock?: Clock | undefined;
  readonly patience?: Partial<Patiences> | undefined;
  readonly onSight?: (sight: Sight) => void;
}

const isIdentity = (value: unknown): value is MerchantIdentity =>
  isFields(value) &&
  isString(value.appid) &&
  isString(value.mch_id) &&
  isOptional(value.sub_appid, isString) &&
  isOptional(value.sub_mch_id, isString);

const isAuthinfo = (value: unknown): value is AuthinfoResponse =>
  isFields(value) && value.return_code === 'SUCCESS' && isString(value.authinfo) && isNumber(value.expires_in);

const valueIf =
  <Value>(is: (value: unknown) => value is Value) =>
  (value: unknown): Value | undefined =>
    is(value) ? value : undefined;

/** The merchant on a server, which may be away: whom it pays is known from its first answer on. */
export class ServerMerchant implements RemoteMerchant {
  readonly #line: Line;
  readonly #questions: Questions;
  readonly #payments: RemotePayments;
  readonly #refunds: RemoteRefunds;
  #identity: MerchantIdentity | undefined;

  /** @throws InvalidParameterError */
  constructor({ server, names, clock = systemClock, patience, onSight }: Parts) {
    this.#line = new Line({ connection: new Connection(server, names), clock, onSight });
    this.#questions = new Questions(this.#line, { ...patiences, ...patience }, names.token);
    this.#payments = new RemotePayments(this.#questions, clock);
    this.#refunds = new RemoteRefunds(this.#questions);
  }

  /** @throws PayTransportError while the server has never answered */
  get identity(): MerchantIdentity {
    if (this.#identity === undefined)
      throw new PayTransportError('the merchant server has not said yet who is paid', false, { why: 'unreachable' });
    return this.#identity;
  }

  /** Asks once whether the server is there, and who is paid. */
  look(): Promise<void> {
    return this.#ask(atOnce);
  }

  /** Asks who is paid, unless that is known. */
  async meet(): Promise<void> {
    if (this.#identity === undefined) await this.#ask(this.#questions.look);
  }

  getWxpayfaceAuthinfo: Merchant['getWxpayfaceAuthinfo'] = async (params, { signal } = {}) => {
    const request = { method: 'POST', path: '/v1/authinfo', body: params } as const;
    return this.#questions.ask({ request, patience: this.#questions.look, signal, read: valueIf(isAuthinfo) });
  };

  outcome: Merchant['outcome'] = async (out_trade_no) => {
    await this.meet();
    return this.#payments.outcome(out_trade_no);
  };

  pay: Merchant['pay'] = (order, code, options = {}) => this.#payments.pay(order, code, options);
  cancel: PaymentProcessor['cancel'] = (out_trade_no) => this.#payments.cancel(out_trade_no);
  settled: PaymentProcessor['settled'] = (out_trade_no) => this.#payments.settled(out_trade_no);
  refund: PaymentProcessor['refund'] = (out_trade_no, refund, options) =>
    this.#refunds.refund(out_trade_no, refund, options?.signal);
  refunds: PaymentProcessor['refunds'] = (out_trade_no) => this.#refunds.refunds(out_trade_no);
  refundSettled: PaymentProcessor['refundSettled'] = (out_refund_no) => this.#refunds.settled(out_refund_no);

  acknowledge: PaymentProcessor['acknowledge'] = async (outcome) => {
    const { out_trade_no, out_refund_no, revision } = Object(outcome);
    if (!isString(out_trade_no) || !isOptional(out_refund_no, isString) || !isOptional(revision, Number.isInteger))
      throw new InvalidParameterError('outcome', 'must be an outcome as it came, with its numbers and revision');
    // Nothing was ever written down.
    if (revision === undefined) return;
    const ofRefund = typeof out_refund_no === 'string';
    const path = ofRefund ? refundPath(out_refund_no, '/acknowledge') : paymentPath(out_trade_no, '/acknowledge');
    const request = { method: 'POST', path, body: { revision } } as const;
    const read = (body: unknown) => (body === undefined ? true : undefined);
    await this.#questions.ask(
      { request, patience: this.#questions.look, read },
      { out_trade_no, ...(ofRefund && { out_refund_no }) },
    );
  };

  /** @param options `wait`: seconds for which the server may wait until there is one. */
  async *unacknowledged({
    wait = 0,
    patience = this.#questions.look,
  } = {}): AsyncGenerator<PaymentOutcome | RefundOutcome, void, undefined> {
    const request = { method: 'GET', path: '/v1/unacknowledged' } as const;
    const opening = this.#line.open({ request, patience, wait }, 'application/x-ndjson');
    const { chunks, close } = await this.#questions.mapping(opening, {});
    try {
      for await (const text of linesOf(chunks)) {
        const outcome = parsed(text);
        if (isPaymentOutcome(outcome) || isRefundOutcome(outcome)) yield outcome;
      }
    } finally {
      close();
    }
  }

  /** For whoever asks from time to time; ends with close(). */
  pause(milliseconds: number): Promise<void> {
    return this.#line.pause(milliseconds);
  }

  async close(): Promise<void> {
    this.#line.close();
  }

  async #ask(patience: Patience): Promise<void> {
    const request = { method: 'GET', path: '/v1/identity' } as const;
    this.#identity = await this.#questions.ask({ request, patience, read: valueIf(isIdentity) });
  }
}

/** Where a merchant server is, and as which terminal it is asked. */
export interface RemoteMerchantServer {
  /** https://…, or http:// on this very machine. */
  url: string;
  /** The terminal's, as the server's addTerminal returned it. It goes into the requests' header, and nowhere else. */
  token: string;
  /** An extra trusted certificate authority (PEM), for a server whose certificate is of one's own. */
  ca?: string | Uint8Array;
}

/** What tests replace, and nobody else. */
interface Internals {
  readonly clock?: Clock;
  readonly patience?: Partial<Patiences>;
}

/**
 * A {@link Merchant} on a merchant server (package wxpay-face-server): a till without keys, for FacePay or a program of one's own. A
 * whole till is openTill with `merchant: { server, token }`.
 *
 * Each pay() has a key of its own, under which it's repeated over a broken line or a change of server: never paid twice, and no
 * outcome of another attempt is believed. While no request of it can have arrived for 15 s, it is 'failed', 'unreachable'. Once one
 * may have arrived, pay() waits for 2 minutes of silence, then throws PayTransportError, `sent` true: the sale may have been paid.
 * An abort sends nothing more, and is answered when the server has written it down.
 *
 * @throws InvalidParameterError for an address that is neither https nor this machine, or a token that the server doesn't know.
 * @throws PayTransportError if the server doesn't answer within 10 s.
 * @example
 * const merchant = await remoteMerchant({ url: 'https://pay.example.com', token });
 * const facePay = new FacePay({ face, merchant, terminal });
 * for await (const outcome of merchant.unacknowledged()) await merchant.acknowledge(outcome);
 */
export async function remoteMerchant(
  options: RemoteMerchantServer,
  internals: Internals = {},
): Promise<RemoteMerchant> {
  if (!isFields(options)) throw new InvalidParameterError('options', 'must be an object');
  const names = { url: 'url', token: 'token', ca: 'ca' };
  const merchant = new ServerMerchant({ server: options, names, ...internals });
  try {
    await merchant.meet();
    return merchant;
  } catch (error) {
    await merchant.close();
    throw error;
  }
}
