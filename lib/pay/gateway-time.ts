import { performance } from 'node:perf_hooks';

/** The gateway's clock, by the last Date header, which counts whole seconds; carried on by the monotonic clock. */
export class GatewayTime {
  #last: { time: number; receivedAt: number } | undefined;

  /** @param date The header, milliseconds since the epoch, and when it came, by performance.now(). */
  note(date: { time: number; receivedAt: number } | undefined): void {
    if (date === undefined || (this.#last !== undefined && date.receivedAt < this.#last.receivedAt)) return;
    this.#last = date;
  }

  now(): number | undefined {
    return this.#last && Math.round(this.#last.time + performance.now() - this.#last.receivedAt);
  }
}
