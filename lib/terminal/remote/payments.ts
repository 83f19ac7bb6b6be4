import { randomUUID } from 'node:crypto';
import { InvalidParameterError } from '../../errors.js';
import { OrderExistsError } from '../../journal/errors.js';
import { PayTransportError } from '../../pay/errors.js';
import type { Clock } from '../../payment/clock.js';
import { failureCode } from '../../payment/decision/answers.js';
import { cancelledBy, type PaymentOutcome } from '../../payment/decision/outcomes.js';
import { checkCode, checkOrder, type Order, type PaymentCode } from '../../payment/order.js';
import type { PayOptions } from '../../payment/progress.js';
import { type Patience, type Question, RefusedError, type Said } from './line.js';
import { paymentOf } from './outcomes.js';
import { ProgressTeller } from './progress.js';
import { type Questions, usualWait } from './questions.js';

/** One pay(), and the request that makes it: the same key again is the same attempt. */
interface Attempt {
  readonly out_trade_no: string;
  readonly question: Question<PaymentOutcome>;
  /** The server has said that the number is this attempt's. */
  isKnown: boolean;
}

/** How many attempts whose end is in doubt are remembered. */
const mostDoubtful = 100;

export const paymentPath = (out_trade_no: string, more = ''): string =>
  `/v1/payments/${encodeURIComponent(out_trade_no)}${more}`;

const isRefused = (error: unknown, ...statuses: number[]): error is RefusedError =>
  error instanceof RefusedError && statuses.includes(error.refusal.status);

/** The payments of one till on a merchant server: sent until they have arrived, believed if they are those of their attempt. */
export class RemotePayments {
  readonly #questions: Questions;
  readonly #clock: Clock;
  /** By number: attempts of which nobody knows whether they have arrived. */
  readonly #doubtful = new Map<string, Attempt>();

  constructor(questions: Questions, clock: Clock) {
    this.#questions = questions;
    this.#clock = clock;
  }

  async outcome(out_trade_no: string): Promise<PaymentOutcome | undefined> {
    const doubtful = this.#doubtful.get(out_trade_no);
    const { look } = this.#questions;
    const found = doubtful ? await this.#own(doubtful, look) : await this.#known(out_trade_no, look);
    return found !== undefined && 'value' in found ? found.value : undefined;
  }

  async pay(order: Order, code: PaymentCode, { signal, onProgress }: PayOptions): Promise<PaymentOutcome> {
    checkCode(code);
    checkOrder(order);
    this.#questions.line.ensureOpen();
    if (signal && typeof signal.addEventListener !== 'function')
      throw new InvalidParameterError('signal', 'must be an AbortSignal');
    const { out_trade_no } = order;
    const attempt = this.#attempt(order, code, signal);
    const teller = new ProgressTeller(this.#questions.line, this.#clock, out_trade_no, onProgress);
    if (!signal?.aborted) teller.begin();
    try {
      const outcome = await this.#submit(attempt, signal);
      teller.end(outcome);
      return outcome;
    } finally {
      teller.stop();
    }
  }

  async cancel(out_trade_no: string): Promise<PaymentOutcome> {
    const { patience } = this.#questions;
    const giving = this.#giveUp(out_trade_no, { unsent: patience.look, inDoubt: patience.inDoubt });
    return this.#questions.mapping(giving, { out_trade_no });
  }

  async settled(out_trade_no: string): Promise<PaymentOutcome> {
    const request = { method: 'GET', path: paymentPath(out_trade_no, '?until=final') } as const;
    const read = (body: unknown) => {
      const outcome = paymentOf(out_trade_no)(body);
      return outcome?.status === 'reversing' ? undefined : outcome;
    };
    return this.#questions.decided({ request, read }, { out_trade_no });
  }

  #attempt(order: Order, code: PaymentCode, signal: AbortSignal | undefined): Attempt {
    const { out_trade_no, total_fee } = order;
    const request = {
      method: 'PUT',
      path: paymentPath(out_trade_no),
      body: { order, code },
      key: randomUUID(),
      isFresh: true,
    } as const;
    const { patience } = this.#questions;
    const read = paymentOf(out_trade_no, total_fee);
    return { out_trade_no, isKnown: false, question: { request, patience, wait: usualWait, signal, read } };
  }

  async #submit(attempt: Attempt, signal: AbortSignal | undefined): Promise<PaymentOutcome> {
    const { out_trade_no, question } = attempt;
    try {
      const said = await this.#questions.line.ask(question);
      if ('value' in said) return said.value;
      attempt.isKnown = true;
      return await this.#followed(attempt);
    } catch (error) {
      // 409: it is another attempt's, so that nothing of this one can have been taken.
      if (isRefused(error, 409) || (error instanceof RefusedError && !attempt.isKnown && !error.inDoubt))
        throw this.#questions.mapped(error, attempt);
      if (!(error instanceof RefusedError) && !(error instanceof PayTransportError)) throw error;
      const isInDoubt = attempt.isKnown || (error instanceof RefusedError ? error.inDoubt : error.sent);
      if (isInDoubt && signal?.aborted) return this.#withdraw(attempt, signal.reason);
      if (isInDoubt) throw this.#inDoubt(attempt, error);
      if (signal?.aborted) return { status: 'cancelled', out_trade_no, by: cancelledBy(signal.reason) };
      return { status: 'failed', out_trade_no, code: failureCode(error), reason: error.message };
    }
  }

  /** Its number is known to be this attempt's. */
  #followed({ out_trade_no, question }: Attempt): Promise<PaymentOutcome> {
    const { inDoubt } = this.#questions.patience;
    const request = { method: 'GET', path: paymentPath(out_trade_no, '?until=decided') } as const;
    return this.#questions.line.askUntilDecided({ ...question, request, patience: { unsent: inDoubt, inDoubt } });
  }

  /** The cashier gave it up, and it may have arrived: nothing is said before that is written down there. */
  async #withdraw(attempt: Attempt, reason: unknown): Promise<PaymentOutcome> {
    const { out_trade_no } = attempt;
    const { inDoubt } = this.#questions.patience;
    const patience = { unsent: inDoubt, inDoubt };
    try {
      // What was decided before stays so; and another attempt's sale must not be given up.
      const found = await this.#own(attempt, patience);
      if (found !== undefined && 'value' in found) return found.value;
      const outcome = await this.#giveUp(out_trade_no, patience);
      return outcome.status === 'cancelled' ? { ...outcome, by: cancelledBy(reason) } : outcome;
    } catch (error) {
      // Another terminal's number: nothing of this attempt was ever taken.
      if (isRefused(error, 404)) throw new OrderExistsError(out_trade_no);
      if (error instanceof RefusedError || error instanceof PayTransportError) throw this.#inDoubt(attempt, error);
      throw error;
    }
  }

  /**
   * What the server has of this very attempt; undefined if it has nothing of the number.
   * @throws OrderExistsError if the number is another attempt's
   */
  async #own(attempt: Attempt, patience: Patience): Promise<Said<PaymentOutcome> | undefined> {
    const { out_trade_no, question } = attempt;
    let found = await this.#known(out_trade_no, patience);
    if (found !== undefined && !attempt.isKnown) {
      // The number is in use, so that nothing can be paid by this; whose it is, only the key says.
      const again = { ...question, patience, wait: 0, signal: undefined };
      found = await this.#questions.mapping(this.#questions.line.ask(again), attempt);
      attempt.isKnown = true;
    }
    if (found !== undefined && 'value' in found) this.#doubtful.delete(out_trade_no);
    return found;
  }

  async #known(out_trade_no: string, patience: Patience): Promise<Said<PaymentOutcome> | undefined> {
    const request = { method: 'GET', path: paymentPath(out_trade_no) } as const;
    try {
      return await this.#questions.line.ask({ request, patience, wait: 0, read: paymentOf(out_trade_no) });
    } catch (error) {
      if (isRefused(error, 404)) return undefined;
      throw this.#questions.mapped(error, { out_trade_no });
    }
  }

  /** Durable when it's answered, and asked again until it has an outcome. */
  #giveUp(out_trade_no: string, patience: Patience): Promise<PaymentOutcome> {
    const request = { method: 'DELETE', path: paymentPath(out_trade_no) } as const;
    const question = { request, patience, wait: usualWait, read: paymentOf(out_trade_no) };
    return this.#questions.line.askUntilDecided(question);
  }

  #inDoubt(attempt: Attempt, { message }: Error): PayTransportError {
    const [oldest] = this.#doubtful.keys();
    if (this.#doubtful.size >= mostDoubtful && oldest !== undefined) this.#doubtful.delete(oldest);
    this.#doubtful.set(attempt.out_trade_no, attempt);
    const text = `${message}; whether ${attempt.out_trade_no} was paid is unknown`;
    return new PayTransportError(text, true, { why: 'response-timeout' });
  }
}
