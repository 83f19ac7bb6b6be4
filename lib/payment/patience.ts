import { JournalError } from '../journal/errors.js';
import { type Clock, stillness } from './clock.js';

/** Nobody waits longer than this for the journal; what was begun goes on. */
export type Patience = <T>(work: Promise<T>) => Promise<T>;

/** A journal that did not answer in time. */
export class SilentJournalError extends JournalError {}

/** One for all: the error that abort() would make, with its stack, is expensive. */
const answered = new Error('answered');

/** @param timeout Milliseconds. */
export const patienceOf =
  (clock: Clock, timeout: number): Patience =>
  async (work) => {
    const timer = new AbortController();
    const late = async (): Promise<never> => {
      const due = clock.monotonic() + timeout;
      await clock.sleep(timeout, timer.signal);
      // The answer may have come while the program stood still.
      if (clock.monotonic() > due + stillness) return late();
      throw new SilentJournalError(`The journal did not answer within ${timeout} ms; what was begun goes on`);
    };
    try {
      return await Promise.race([work, late()]);
    } finally {
      timer.abort(answered);
    }
  };
