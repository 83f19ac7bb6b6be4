import { performance } from 'node:perf_hooks';
import { PaySignatureError } from '../errors.js';

/** Milliseconds by which an answer's time of signature may differ from now (the vendor's guide to API v3). */
const longest = 5 * 60_000;

/** Milliseconds: since the epoch, and of the monotonic clock. */
export interface Clocks {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

const systemClocks: Clocks = { wall: Date.now, monotonic: () => performance.now() };

/**
 * Refuses what was signed long ago: it may be an old answer, sent again. By this machine's clock; if that is wrong, by the last
 * time that an answer was verified with, carried on by the monotonic clock.
 */
export class Freshness {
  readonly #clocks: Clocks;
  #last: { readonly signedAt: number; readonly heardAt: number } | undefined;

  constructor(clocks: Clocks = systemClocks) {
    this.#clocks = clocks;
  }

  /** The gateway's time by its signatures; undefined before the first. */
  now(): number | undefined {
    return this.#last && this.#last.signedAt + this.#clocks.monotonic() - this.#last.heardAt;
  }

  /**
   * @param signedAt Of a signature that was verified. Milliseconds since the epoch.
   * @throws PaySignatureError
   */
  check(call: string, signedAt: number): void {
    const wall = this.#clocks.wall();
    const isFresh = [wall, this.now()].some((now) => now !== undefined && Math.abs(now - signedAt) <= longest);
    if (!isFresh) {
      const seconds = Math.round((wall - signedAt) / 1000);
      throw new PaySignatureError(
        `The response to ${call} was signed ${seconds} seconds before this machine's time: it is an old one, or the clock is wrong`,
      );
    }
    // An older one, within the five minutes, must not set the time back.
    if (this.#last === undefined || signedAt >= this.#last.signedAt)
      this.#last = { signedAt, heardAt: this.#clocks.monotonic() };
  }
}
