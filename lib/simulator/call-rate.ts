import { performance } from 'node:perf_hooks';

const second = 1000;

/** How many calls the gateway took within the last second, of all tills of the merchant. */
export class CallRate {
  #taken: number[] = [];

  /** Whether one more call is within the limit; counts it if so. 0: there is no limit. */
  takes(callsPerSecond: number): boolean {
    const now = performance.now();
    this.#taken = this.#taken.filter((at) => now - at < second);
    if (callsPerSecond > 0 && this.#taken.length >= callsPerSecond) return false;
    this.#taken.push(now);
    return true;
  }
}
