import type { RefundParams, RefundResult } from '../../../lib/pay/refund.js';
import type { RefundQueryResult, RefundRef } from '../../../lib/pay/refundquery.js';
import type { RequestOptions } from '../../../lib/pay/request.js';
import type {
  PayFailure,
  PayResult,
  PaySuccess,
  QueryResult,
  QuerySuccess,
  ReverseResult,
  ReverseSuccess,
} from '../../../lib/pay/results.js';
import type { PaymentClient } from '../../../lib/payment/client.js';

export const identity = { appid: 'wx8888888888888888', mch_id: '1900000109' };

const verified = { return_code: 'SUCCESS' as const, ...identity, nonce_str: 'nonce', sign: 'sign' };

export const charged = (out_trade_no: string, total_fee: number): PaySuccess => ({
  ...verified,
  result_code: 'SUCCESS',
  out_trade_no,
  total_fee,
  transaction_id: '1008450740201411110005820873',
  openid: 'oUpF8uN95-Ptaags6E_roPHg7AG0',
  cash_fee: total_fee,
  time_end: '20241123120000',
});
export const failed = (err_code: string, err_code_des = `${err_code} in words`): PayFailure => ({
  ...verified,
  result_code: 'FAIL',
  err_code,
  err_code_des,
});
export const state = (trade_state: string, out_trade_no = 'A1'): QuerySuccess => ({
  ...verified,
  result_code: 'SUCCESS',
  trade_state,
  out_trade_no,
});
export const isPaid = (out_trade_no: string, total_fee: number): QuerySuccess => ({
  ...charged(out_trade_no, total_fee),
  trade_state: 'SUCCESS',
});
export const reversed = (recall: 'Y' | 'N' = 'N'): ReverseSuccess => ({ ...verified, result_code: 'SUCCESS', recall });

/** An answer that is made when the call comes. */
export class Made<T, P = unknown> {
  readonly make: (options: RequestOptions, params: P) => Promise<T>;

  constructor(make: (options: RequestOptions, params: P) => Promise<T>) {
    this.make = make;
  }
}

type Script<T, P = unknown> = ReadonlyArray<T | Error | 'never' | Made<T, P>>;
export interface Scripts {
  micropay?: Script<PayResult>;
  orderquery?: Script<QueryResult>;
  reverse?: Script<ReverseResult>;
  facepay?: Script<PayResult>;
  facepayquery?: Script<QueryResult>;
  facepayreverse?: Script<ReverseResult>;
  refund?: Script<RefundResult, RefundParams>;
  refundquery?: Script<RefundQueryResult, RefundRef>;
}
export interface Call {
  readonly method: keyof Scripts;
  readonly params: object;
  readonly at: number;
}

/** A gateway that answers each call by a script at once; the last answer of a script is repeated. */
export function scriptedClient(
  now: () => number,
  scripts: Scripts,
): PaymentClient & Required<Pick<PaymentClient, 'refund' | 'refundquery'>> & { readonly calls: Call[] } {
  const calls: Call[] = [];
  const method =
    <T, P extends object>(name: keyof Scripts, script: Script<T, P> = []) =>
    async (params: P, options: RequestOptions = {}): Promise<T> => {
      const turn = calls.filter((call) => call.method === name).length;
      calls.push({ method: name, params, at: now() });
      const answer = script[Math.min(turn, script.length - 1)];
      if (answer === undefined) throw new Error(`nobody expected ${name}`);
      if (answer instanceof Error) throw answer;
      if (answer instanceof Made) return answer.make(options, params);
      return answer === 'never' ? new Promise(() => undefined) : answer;
    };
  return {
    identity,
    requestTimeout: 20_000,
    calls,
    micropay: method('micropay', scripts.micropay),
    orderquery: method('orderquery', scripts.orderquery),
    reverse: method('reverse', scripts.reverse),
    facepay: method('facepay', scripts.facepay),
    facepayquery: method('facepayquery', scripts.facepayquery),
    facepayreverse: method('facepayreverse', scripts.facepayreverse),
    refund: method('refund', scripts.refund),
    refundquery: method('refundquery', scripts.refundquery),
  };
}

/** When a method was called. */
export const times = (calls: readonly Call[], method: keyof Scripts): number[] =>
  calls.filter((call) => call.method === method).map(({ at }) => at);
