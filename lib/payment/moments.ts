import { gatewayTimeOf, type PaymentClient } from './client.js';
import type { Clock } from './clock.js';
import { byGateway, earliestOwn, type Now, type Requested } from './decision/request-time.js';
import type { Phase } from './decision/states.js';
import type { StoredPayment } from './record.js';

const day = 24 * 60 * 60 * 1000;

/** How long ago a payment was requested, by each clock that may know. Milliseconds. */
export class Moments {
  readonly #client: PaymentClient;
  readonly #clock: Clock;
  /** By the monotonic clock. */
  #requestedAt: number;
  /** By the monotonic clock, since when no byte of the payment request can leave any more. */
  #quietSince: number;
  /** Whether the payment was requested then, or only taken up. */
  readonly #isOfThisRun: boolean;

  /** @param requestedAt By the monotonic clock; now if that isn't known. */
  constructor(client: PaymentClient, clock: Clock, requestedAt: number | undefined) {
    this.#client = client;
    this.#clock = clock;
    // How long ago the request of a client without a bound came to its end is not known.
    this.#quietSince = clock.monotonic();
    this.#requestedAt = requestedAt ?? this.#quietSince;
    this.#isOfThisRun = requestedAt !== undefined;
  }

  get requestedAt(): number {
    return this.#requestedAt;
  }

  get elapsed(): number {
    return this.#clock.monotonic() - this.#requestedAt;
  }

  get #now(): Now {
    return { wall: this.#clock.wall(), gateway: gatewayTimeOf(this.#client) };
  }

  /** Of an event. @param isUnderWay Whether the payment request is. */
  now(isUnderWay: boolean): { elapsed: number; quiet: number } {
    const { elapsed } = this;
    if (this.#client.requestTimeout !== undefined) return { elapsed, quiet: elapsed };
    // A client without a bound may send for as long as its request is under way.
    return { elapsed, quiet: isUnderWay ? 0 : this.#clock.monotonic() - this.#quietSince };
  }

  /** The moment before which no payment can be ours, as far as it can be said now. Milliseconds since the epoch. */
  earliestOwn(requested: Requested): number | undefined {
    return earliestOwn(requested, this.#now);
  }

  /** The same, or with the days of its reversal. @param phase That which it is in now. */
  withReversal(stored: StoredPayment, phase: Phase): StoredPayment {
    const { requested, reversal } = stored;
    const now = () => Math.round(byGateway(this.#now, requested));
    if (phase === 'reversing' && reversal === undefined) return { ...stored, reversal: { from: now() } };
    if (phase !== 'reversed' || reversal?.to !== undefined) return stored;
    // One that was found reversed can have been since its request.
    const { from = requested.gateway ?? requested.wall } = reversal ?? {};
    return { ...stored, reversal: { from, to: now() } };
  }

  /** The payment is requested now. */
  request(): Pick<Requested, 'wall' | 'monotonic'> {
    this.#requestedAt = this.#clock.monotonic();
    return { wall: this.#clock.wall(), monotonic: this.#requestedAt };
  }

  /** The payment request has ended. */
  end(): void {
    this.#quietSince = this.#clock.monotonic();
  }

  /** The same, or with the time by the gateway's clock too, which is known at its first answer at the latest. */
  withGateway(stored: StoredPayment): StoredPayment {
    const { requested } = stored;
    if (requested.gateway !== undefined || !this.#isOfThisRun) return stored;
    const gateway = gatewayTimeOf(this.#client);
    if (gateway === undefined) return stored;
    const { elapsed } = this;
    // The monotonic clock of a machine that sleeps may stand still; a wall clock that is ahead by days was set.
    const slept = this.#clock.wall() - requested.wall - elapsed;
    const then = Math.round(gateway - elapsed - (slept > 0 && slept < day ? slept : 0));
    return { ...stored, requested: { ...requested, gateway: then } };
  }
}
