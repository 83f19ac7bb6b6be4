import { call } from '../concurrency.js';
import { ClosedError } from '../errors.js';
import type { PayResult, RequestOptions } from '../pay/types.js';
import { callsOf, type PaymentClient } from './client.js';
import {
  type Answer,
  type Asked,
  queryAnswer,
  queryError,
  reverseAnswer,
  reverseError,
  submitAnswer,
  submitError,
} from './decision/answers.js';
import type { Rail } from './order.js';

/* A payment's calls to the gateway: the answer, or the lack of it, is an event. */

/** A client that is closed ends the run; every other error is an answer. */
export const orEnd =
  <Told>(answerOf: (error: unknown) => Told) =>
  (error: unknown): Told => {
    if (error instanceof ClosedError) throw error;
    return answerOf(error);
  };

/** @param asked What the answer is held against, when it has come. */
export const submit = (send: () => Promise<PayResult>, asked: () => Asked): Promise<Answer> =>
  call(send)
    .then((answer) => submitAnswer(answer, asked()))
    .catch(submitError);

/** @param asked What the answer is held against, when it has come. */
export const query = (
  client: PaymentClient,
  { rail, ...order }: { rail: Rail; out_trade_no: string },
  options: RequestOptions,
  asked: () => Asked,
): Promise<Answer> =>
  call(() => callsOf(client, rail).query(order, options))
    .then((answer) => queryAnswer(answer, asked()))
    .catch(orEnd(queryError));

export const reverse = (
  client: PaymentClient,
  { rail, ...order }: { rail: Rail; out_trade_no: string },
  options: RequestOptions,
): Promise<Answer> =>
  call(() => callsOf(client, rail).reverse(order, options))
    .then(reverseAnswer)
    .catch(orEnd(reverseError));
