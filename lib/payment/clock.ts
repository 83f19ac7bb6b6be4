import { performance } from 'node:perf_hooks';
import { onAbort } from '../abort.js';

/**
 * `wall` is for records and the wire; waiting is measured by `monotonic`, since a till's clock may jump by years. After a
 * restart the waits of a payment start again; wall time may only lengthen a wait. Both in milliseconds.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Milliseconds since some fixed moment of this process; never goes back. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` when the signal aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Milliseconds by which a timer comes late only if the program stood still: what came meanwhile may lie unread. */
export const stillness = 50;

/**
 * The system's clock. Its timers keep the process alive: a payment that is not yet settled holds up the end of the
 * program until close() is called.
 */
export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        ignore();
        resolve();
      }, ms);
      const ignore = onAbort(signal, () => {
        clearTimeout(timer);
        reject(signal?.reason);
      });
    }),
};
