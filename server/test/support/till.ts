import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, PaymentOutcome, RefundOutcome } from 'wxpay-face';
import { type Answer, Client } from './client.js';

/** How a till gets through. */
export interface Line {
  /** The server that is asked next, by its place. */
  readonly choose: (servers: number) => number;
  /** Milliseconds that the next request lives. */
  readonly patience: () => number;
  /** Told when a request has brought no answer, and goes to another server. */
  readonly onBroken?: () => void;
  /** The till gives up. */
  readonly isOver?: () => boolean;
}

/** What a till is told: an outcome, or why there is none. */
export type Told<Outcome> = Outcome | { readonly refused: string };

export const isRefused = <Outcome extends object>(told: Told<Outcome>): told is { readonly refused: string } =>
  'refused' in told;

/** Milliseconds before it asks again. */
const pause = 100;

/** Seconds that the server is asked to wait. */
const wait = 2;

/** The request didn't arrive whole, e.g. at a process that stood still meanwhile; or too many were asked. */
const isForLater = [408, 429];

/** A till that knows several servers, and asks another one if one doesn't answer: the same number, under the same key. */
export class Till {
  readonly #clients: readonly Client[];
  readonly #line: Line;

  constructor(urls: readonly string[], token: string, line: Line) {
    this.#clients = urls.map((url) => new Client(url, token));
    this.#line = line;
  }

  pay({ out_trade_no, ...order }: Order, auth_code: string, key: string): Promise<Told<PaymentOutcome>> {
    const body = { order, code: { auth_code } };
    return this.#told(async () => {
      const path = `/v1/payments/${out_trade_no}`;
      const answer = await this.#ask('PUT', `${path}?wait=${wait}`, body, { 'idempotency-key': key });
      // A number that was given up before it came is nobody's attempt.
      return answer.status === 409 ? this.#ask('GET', `${path}?wait=${wait}`) : answer;
    });
  }

  cancel(out_trade_no: string): Promise<Told<PaymentOutcome>> {
    return this.#told(() => this.#ask('DELETE', `/v1/payments/${out_trade_no}?wait=${wait}`));
  }

  refund(out_trade_no: string, out_refund_no: string, refund_fee: number): Promise<Told<RefundOutcome>> {
    const body = { out_trade_no, refund_fee };
    return this.#told(() => this.#ask('PUT', `/v1/refunds/${out_refund_no}?wait=${wait}`, body));
  }

  /** What it is in the end: of a payment or a refund. */
  settled(kind: 'payments' | 'refunds', number: string): Promise<Told<PaymentOutcome | RefundOutcome>> {
    return this.#told(() => this.#ask('GET', `/v1/${kind}/${number}?until=final&wait=${wait}`));
  }

  async acknowledge(out_trade_no: string, revision: number): Promise<void> {
    await this.#ask('POST', `/v1/payments/${out_trade_no}/acknowledge`, { revision });
  }

  /** Asks until it's decided. */
  async #told<Outcome>(ask: () => Promise<Answer>): Promise<Told<Outcome>> {
    for (;;) {
      const { status, body } = await ask();
      if (status === 200) return Object(body);
      if (status !== 202) return { refused: String(body.code) };
      if (this.#line.isOver?.()) return { refused: 'undecided' };
    }
  }

  /** Asks until a server answers that can. */
  async #ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    for (;;) {
      const client = this.#clients[this.#line.choose(this.#clients.length)];
      const end = AbortSignal.timeout(Math.round(this.#line.patience()));
      const answer = await client?.ask(method, path, body, headers, end).catch(() => undefined);
      if (answer !== undefined && answer.status < 500 && !isForLater.includes(answer.status)) return answer;
      if (this.#line.isOver?.()) return { status: 503, body: { code: 'no answer' }, lines: [], headers: new Headers() };
      this.#line.onBroken?.();
      await sleep(pause);
    }
  }
}
