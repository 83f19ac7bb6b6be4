import { unlessAborted } from '../abort.js';
import { OrderExistsError } from '../journal/errors.js';
import type { MerchantIdentity } from '../pay/options.js';
import type { AuthinfoParams } from '../pay/parameters.js';
import type { AuthinfoResponse } from '../pay/results.js';
import type { Clock } from '../payment/clock.js';
import type { PaymentOutcome } from '../payment/decision/outcomes.js';
import type { Order, PaymentCode } from '../payment/order.js';
import type { PayOptions } from '../payment/progress.js';
import type { Merchant } from './merchant.js';
import { unlessSilent, within } from './waiting.js';

/** Milliseconds that the merchant has for its answer if the payment was given up before it was asked. */
const lastMoment = 1000;

/** The merchant, who may be silent: nobody waits for it beyond an abort, or the end of the till. */
export class MerchantLine {
  readonly #merchant: Merchant;
  readonly #clock: Clock;
  readonly #closing: AbortSignal;

  constructor(merchant: Merchant, clock: Clock, closing: AbortSignal) {
    this.#merchant = merchant;
    this.#clock = clock;
    this.#closing = closing;
  }

  get identity(): MerchantIdentity {
    return this.#merchant.identity;
  }

  authinfo(params: AuthinfoParams, signal: AbortSignal | undefined): Promise<AuthinfoResponse> {
    return this.#unlessGivenUp(() => this.#merchant.getWxpayfaceAuthinfo(params, signal && { signal }), signal);
  }

  /**
   * What the merchant's journal knows of a number. Asked after an abort, too, if only for a moment: 'cancelled' must not be
   * said of a number that was paid.
   */
  async outcome(out_trade_no: string, signal: AbortSignal | undefined): Promise<PaymentOutcome | undefined> {
    const answer = async () => this.#merchant.outcome(out_trade_no);
    if (!signal?.aborted && !this.#closing.aborted) return this.#unlessGivenUp(answer, signal);
    return within(this.#clock, lastMoment, answer());
  }

  /** Pays a number that was new a moment ago. */
  async pay(order: Order, code: PaymentCode, options: PayOptions): Promise<PaymentOutcome> {
    try {
      return await this.#pay(order, code, options);
    } catch (error) {
      if (error instanceof OrderExistsError) throw error;
      // The way to a merchant server may have broken while the payment went on there. This number was new, so what its
      // journal says now is about this sale.
      const outcome = await this.outcome(order.out_trade_no, options.signal).catch(() => undefined);
      if (outcome) return outcome;
      throw error;
    }
  }

  #pay(order: Order, code: PaymentCode, { signal, onProgress }: PayOptions): Promise<PaymentOutcome> {
    return unlessSilent(
      (heard) =>
        this.#merchant.pay(order, code, {
          ...(signal && { signal }),
          onProgress: (progress) => {
            heard();
            return onProgress?.(progress);
          },
        }),
      [this.#closing, ...(signal ? [signal] : [])],
    );
  }

  /** Waits for the merchant, which may be silent for ever, before anything was sent. */
  #unlessGivenUp<Result>(begin: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    return unlessAborted(() => unlessAborted(begin, signal), this.#closing);
  }
}
