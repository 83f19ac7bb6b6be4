import { JournalError } from '../journal/errors.js';
import { Alarm, type Sleeper } from './alarm.js';
import type { Clock } from './clock.js';

/** Nobody waits longer than this for the journal; what was begun goes on. */
export type Patience = <T>(work: Promise<T>) => Promise<T>;

/** A journal that did not answer in time. */
export class SilentJournalError extends JournalError {}

/** @param timeout Milliseconds. */
export function patienceOf(clock: Clock, timeout: number): Patience {
  const alarm = new Alarm(clock, timeout);
  return (work) =>
    new Promise((resolve, reject) => {
      const sleeper: Sleeper = {
        due: 0,
        wake: (isLate) => {
          // The answer may have come while the program stood still.
          if (isLate) alarm.set(sleeper);
          else
            reject(new SilentJournalError(`The journal did not answer within ${timeout} ms; what was begun goes on`));
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
