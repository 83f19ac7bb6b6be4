import { JournalError } from '../journal/errors.js';
import type { Clock } from './clock.js';

/** Nobody waits longer than this for the journal; what was begun goes on. */
export type Patience = <T>(work: Promise<T>) => Promise<T>;

/** A journal that did not answer in time. */
export class SilentJournalError extends JournalError {}

/** One for all: the error that abort() would make, with its stack, is expensive. */
const answered = new Error('answered');
const never = (): Promise<never> => new Promise(() => undefined);

/** @param timeout Milliseconds. */
export const patienceOf =
  (clock: Clock, timeout: number): Patience =>
  async (work) => {
    const timer = new AbortController();
    const late = clock.sleep(timeout, timer.signal).then(() => {
      throw new SilentJournalError(`The journal did not answer within ${timeout} ms; what was begun goes on`);
    }, never);
    try {
      return await Promise.race([work, late]);
    } finally {
      timer.abort(answered);
    }
  };
