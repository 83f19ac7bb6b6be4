import { onAbort } from '../../../lib/abort.js';

/** A sleep on a clock of the test's. @param setTimer Calls back in its time; returns what takes that back. */
export function sleepOn(setTimer: (ring: () => void) => () => void, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const takeBack = setTimer(() => {
      ignore();
      resolve();
    });
    const ignore = onAbort(signal, () => {
      takeBack();
      reject(signal?.reason);
    });
  });
}
