import type { Difference } from '../bill/difference.js';
import { InvalidParameterError } from '../errors.js';
import type { MerchantIdentity } from '../pay/options.js';
import type { Clock } from '../payment/clock.js';
import type { PaymentOutcome } from '../payment/decision/outcomes.js';
import type { RefundOutcome } from '../payment/decision/refund/outcomes.js';
import type { PaymentProcessor } from '../payment/processor.js';
import { OutcomeTeller } from '../payment/teller.js';
import { isFields } from '../unknown.js';
import type { HealthBoard } from './health.js';
import type { TillParts } from './local-till-merchant.js';
import type { Merchant } from './merchant.js';
import type { Sight } from './remote/line.js';
import { forEver } from './remote/questions.js';
import { ServerMerchant } from './remote/remote-merchant.js';
import type { RemoteMerchantOptions } from './till.js';
import type { TillMerchant } from './till-merchant.js';

type Outcome = PaymentOutcome | RefundOutcome;

/** Seconds for which the server may wait until something has ended that nobody was told. */
const wait = 15;
/** Milliseconds until the server is asked again, if it told what is told already, or is waited for here. */
const quiet = 5_000;
/** Milliseconds. After a limit, requests were fewer for so long. */
const limitLasts = 60_000;
/** How many outcomes are remembered as told. */
const mostTold = 10_000;

const keyOf = (outcome: { out_trade_no: string; out_refund_no?: string }): string =>
  outcome.out_refund_no === undefined ? `payment ${outcome.out_trade_no}` : `refund ${outcome.out_refund_no}`;

/**
 * The merchant's side on a server. Nothing is opened, nor asked, yet.
 * @throws InvalidParameterError
 */
export function remoteTillMerchant({
  merchant,
  ...others
}: RemoteMerchantOptions): (parts: TillParts) => Promise<TillMerchant> {
  if (!isFields(merchant)) throw new InvalidParameterError('merchant', 'must be { server, token, ca }');
  for (const name of ['journal', 'polling', 'reversal'])
    if (Reflect.get(others, name) !== undefined)
      throw new InvalidParameterError(name, 'is the merchant server’s matter, and no option of a till without keys');
  const { server: url, token, ca } = merchant;
  const names = { url: 'merchant.server', token: 'merchant.token', ca: 'merchant.ca' };
  let hear = (_: Sight): void => {};
  const open = (clock?: Clock): ServerMerchant =>
    new ServerMerchant({
      server: { url, token, ...(ca !== undefined && { ca }) },
      names,
      clock,
      onSight: (sight) => hear(sight),
    });
  // What is wrong is said before anything is opened.
  void open().close();
  return async (parts) => {
    const server = open(parts.clock);
    parts.closing.add(() => server.close());
    const till = new RemoteTillMerchant(server, parts);
    hear = (sight) => till.see(sight);
    return till;
  };
}

class RemoteTillMerchant implements TillMerchant {
  readonly #server: ServerMerchant;
  readonly #board: HealthBoard;
  readonly #clock: Clock;
  readonly #teller: OutcomeTeller<Outcome>;
  /** How many calls wait for a number, which will tell its outcome. */
  readonly #awaited = new Map<string, number>();
  /** Those that were told to go on in the background. */
  readonly #open = new Set<string>();
  /** The revision of what was told, by number. */
  readonly #told = new Map<string, number>();
  #limitedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(server: ServerMerchant, { board, clock, closing, onOutcome }: TillParts) {
    this.#server = server;
    this.#board = board;
    this.#clock = clock;
    this.#teller = new OutcomeTeller(onOutcome, clock, {
      keyOf,
      isUntold: async (outcome) => !this.#isTold(outcome),
      acknowledge: async (outcome) => {
        await server.acknowledge(outcome);
        this.#note(outcome);
      },
    });
    closing.add(() => {
      this.#isClosed = true;
      this.#teller.close();
    });
    void this.#listen();
  }

  get identity(): MerchantIdentity {
    return this.#server.identity;
  }

  getWxpayfaceAuthinfo: Merchant['getWxpayfaceAuthinfo'] = (...given) => this.#server.getWxpayfaceAuthinfo(...given);
  outcome: Merchant['outcome'] = (out_trade_no) => this.#server.outcome(out_trade_no);
  refunds: PaymentProcessor['refunds'] = (out_trade_no) => this.#server.refunds(out_trade_no);
  acknowledge: PaymentProcessor['acknowledge'] = (outcome) => this.#server.acknowledge(outcome);
  pay: Merchant['pay'] = (order, code, options) => this.#telling(order, () => this.#server.pay(order, code, options));
  cancel: PaymentProcessor['cancel'] = (out_trade_no) =>
    this.#telling({ out_trade_no }, () => this.#server.cancel(out_trade_no));
  settled: PaymentProcessor['settled'] = (out_trade_no) =>
    this.#telling({ out_trade_no }, () => this.#server.settled(out_trade_no));
  refund: PaymentProcessor['refund'] = (out_trade_no, refund, options) =>
    this.#telling({ out_trade_no, out_refund_no: refund.out_refund_no }, () =>
      this.#server.refund(out_trade_no, refund, options),
    );
  refundSettled: PaymentProcessor['refundSettled'] = (out_refund_no) =>
    this.#telling({ out_trade_no: '', out_refund_no }, () => this.#server.refundSettled(out_refund_no));

  // biome-ignore lint/correctness/useYield: there is nothing that it could yield.
  async *reconcile(): AsyncGenerator<Difference, void, undefined> {
    throw new InvalidParameterError('merchant', 'must be in this process to be reconciled: a server does it by itself');
  }

  /** Also whether the token is still good. */
  async look(): Promise<void> {
    await this.#server.look().catch(() => undefined);
    this.#board.warn('limit', this.#clock.monotonic() - this.#limitedAt < limitLasts);
  }

  see({ isReachable, isLimited, isTokenRefused }: Sight): void {
    this.#board.set({ merchant: isReachable ? 'reachable' : 'unreachable' });
    if (isReachable) this.#board.warn('merchant-refused', isTokenRefused);
    if (!isLimited) return;
    this.#limitedAt = this.#clock.monotonic();
    this.#board.warn('limit', true);
  }

  /** What has ended and nobody was told, for as long as the till is open. */
  async #listen(): Promise<void> {
    while (!this.#isClosed) {
      // A terminal may have few requests that wait: those of its sales come first.
      const isBusy = this.#awaited.size > 0;
      let isQuiet = isBusy;
      try {
        for await (const outcome of this.#server.unacknowledged({ wait: isBusy ? 0 : wait, patience: forEver }))
          if (!this.#tellLater(outcome)) isQuiet = true;
      } catch {
        // A refused token, or a line that broke while it told.
        isQuiet = true;
      }
      if (isQuiet) await this.#server.pause(quiet);
    }
  }

  /** Whether it was news. */
  #tellLater(outcome: Outcome): boolean {
    if (this.#awaited.has(keyOf(outcome)) || this.#isTold(outcome)) return false;
    this.#settle(outcome);
    this.#teller.tell(outcome);
    return true;
  }

  /** What a call is waiting for is told by it, and not again. */
  async #telling<Reported extends Outcome>(
    number: { out_trade_no: string; out_refund_no?: string },
    task: () => Promise<Reported>,
  ): Promise<Reported> {
    const key = keyOf(number);
    this.#awaited.set(key, (this.#awaited.get(key) ?? 0) + 1);
    this.#count();
    try {
      const outcome = await task();
      this.#note(outcome);
      this.#settle(outcome);
      return outcome;
    } finally {
      const left = (this.#awaited.get(key) ?? 1) - 1;
      if (left > 0) this.#awaited.set(key, left);
      else this.#awaited.delete(key);
      this.#count();
    }
  }

  #isTold(outcome: Outcome): boolean {
    return (this.#told.get(keyOf(outcome)) ?? -1) >= (outcome.revision ?? 0);
  }

  #note(outcome: Outcome): void {
    const key = keyOf(outcome);
    const revision = Math.max(outcome.revision ?? 0, this.#told.get(key) ?? 0);
    this.#told.delete(key);
    this.#told.set(key, revision);
    const [oldest] = this.#told.keys();
    if (this.#told.size > mostTold && oldest !== undefined) this.#told.delete(oldest);
  }

  #settle(outcome: Outcome): void {
    if (outcome.status === 'reversing' || outcome.status === 'processing') this.#open.add(keyOf(outcome));
    else this.#open.delete(keyOf(outcome));
    this.#count();
  }

  #count(): void {
    this.#board.set({ unfinished: new Set([...this.#awaited.keys(), ...this.#open]).size });
  }
}
