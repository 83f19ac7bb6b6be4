import type { Life } from '../abort.js';
import { ClosedError } from '../errors.js';
import type { RequestOptions } from '../pay/request.js';
import type { PayResult } from '../pay/results.js';
import { type PaymentClient, queryOf, reverseOf } from './client.js';
import {
  type Answer,
  type Asked,
  queryAnswer,
  queryError,
  returnedAnswer,
  reverseAnswer,
  reverseError,
  submitAnswer,
  submitError,
} from './decision/answers.js';
import type { ReservedRefund } from './decision/refund/rules.js';
import type { RecordedRail } from './order.js';

/* A payment's calls to the gateway: the answer, or the lack of it, is an event. */

/** Those of a call that ends with a life. */
export class CallOptions implements RequestOptions {
  declare readonly signal: AbortSignal;
  declare readonly fresh?: boolean;
  declare readonly mayLeave?: () => boolean;
  readonly #life: Life;

  /** A property of each, so that a client of one's own may spread it; by one function, so that all have one shape. */
  static readonly #signal = {
    enumerable: true,
    get(this: CallOptions): AbortSignal {
      return this.#life.signal;
    },
  };

  constructor(life: Life, more: Pick<RequestOptions, 'fresh' | 'mayLeave'>) {
    this.#life = life;
    Object.defineProperty(this, 'signal', CallOptions.#signal);
    Object.assign(this, more);
  }
}

/** A client that is closed ends the run; every other error is an answer. */
export const orEnd =
  <Value>(answerOf: (error: unknown) => Value) =>
  (error: unknown): Value => {
    if (error instanceof ClosedError) throw error;
    return answerOf(error);
  };

/** @param asked What the answer is held against, when it has come. */
export async function submit(
  send: (options: RequestOptions) => Promise<PayResult>,
  options: RequestOptions,
  asked: () => Asked,
): Promise<Answer> {
  try {
    return submitAnswer(await send(options), asked());
  } catch (error) {
    return submitError(error);
  }
}

/** @param asked What the answer is held against, when it has come. */
export async function query(
  client: PaymentClient,
  rail: RecordedRail,
  order: { out_trade_no: string },
  options: RequestOptions,
  asked: () => Asked,
): Promise<Answer> {
  try {
    return queryAnswer(await queryOf(client, rail, order, options), asked());
  } catch (error) {
    return orEnd(queryError)(error);
  }
}

/**
 * Of a sale that is reversed: a REFUND is looked into, if the client can.
 * @param refunds Those that this package made.
 */
export async function queryReversed(
  client: PaymentClient,
  rail: RecordedRail,
  order: { out_trade_no: string },
  options: RequestOptions,
  asked: () => Asked,
  refunds: readonly ReservedRefund[] = [],
): Promise<Answer> {
  const answer = await query(client, rail, order, options, asked);
  // API v3 can't say which refunds an order has, and whether v2 sees all of them is not known: a person looks.
  if (answer.on !== 'query:REFUND' || client.refundquery === undefined || rail === 'codepay') return answer;
  const ours = new Set(refunds.map(({ out_refund_no }) => out_refund_no));
  try {
    return returnedAnswer(await client.refundquery(order, options), asked(), ours);
  } catch (error) {
    return orEnd(queryError)(error);
  }
}

export async function reverse(
  client: PaymentClient,
  rail: RecordedRail,
  order: { out_trade_no: string },
  options: RequestOptions,
): Promise<Answer> {
  try {
    return reverseAnswer(await reverseOf(client, rail, order, options));
  } catch (error) {
    return orEnd(reverseError)(error);
  }
}
