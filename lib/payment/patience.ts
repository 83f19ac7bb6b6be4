import { JournalError } from '../journal/errors.js';
import { Alarm, type Sleeper } from './alarm.js';
import type { Clock } from './clock.js';

/**
 * Nobody waits longer than this for the journal; what was begun goes on.
 * @param goOn Asked when the time is over: true to wait all the same, however long.
 */
export type Patience = <T>(work: Promise<T>, goOn?: (error: SilentJournalError) => boolean) => Promise<T>;

/** A journal that did not answer in time. */
export class SilentJournalError extends JournalError {}

/** @param timeout Milliseconds. */
export function patienceOf(clock: Clock, timeout: number): Patience {
  const alarm = new Alarm(clock, timeout);
  return (work, goOn) =>
    new Promise((resolve, reject) => {
      const sleeper: Sleeper = {
        due: 0,
        wake: (isLate) => {
          // The answer may have come while the program stood still.
          if (isLate) return alarm.set(sleeper);
          const error = new SilentJournalError(
            `The journal did not answer within ${timeout} ms; what was begun goes on`,
          );
          if (!goOn?.(error)) reject(error);
        },
      };
      alarm.set(sleeper);
      work.then(
        (result) => {
          alarm.stop(sleeper);
          resolve(result);
        },
        (error: unknown) => {
          alarm.stop(sleeper);
          reject(error);
        },
      );
    });
}
