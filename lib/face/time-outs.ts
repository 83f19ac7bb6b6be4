import type { CommandRequest } from './library-access.js';

/** Milliseconds; what they mean is in OpenOptions. */
export interface TimeOuts {
  readonly callTimeout?: number | undefined;
  readonly humanTimeout?: number | undefined;
  /** For the loading of the library, and the start of the program that loads it. */
  readonly loadTimeout?: number | undefined;
}

// An antivirus program may look at the library, or the host, for long before it lets it start.
const shortestLoadTimeout = 10_000;

/** The time-outs that follow from those that are given. */
export const allTimeOuts = ({ callTimeout, humanTimeout }: TimeOuts): TimeOuts => ({
  callTimeout,
  humanTimeout,
  loadTimeout: callTimeout === undefined ? undefined : Math.max(callTimeout, shortestLoadTimeout),
});

/** '10 s', '250 ms'. */
export const inWords = (milliseconds: number): string =>
  milliseconds % 1000 === 0 ? `${milliseconds / 1000} s` : `${milliseconds} ms`;

/**
 * Watches over a call: reports to `late`, once, what did not happen in time, as the end of a sentence. If the call waits for a
 * person, stopWxpayface is asked for first.
 * @returns Ends the watch.
 */
export function watch(
  { cmd, person }: CommandRequest,
  { callTimeout, humanTimeout: usual }: TimeOuts,
  late: (problem: string) => void,
): () => void {
  const humanTimeout = person?.timeout ?? usual;
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const after = (milliseconds: number | undefined, act: () => void) => {
    if (milliseconds === undefined) return;
    // After a pause of this process itself the answer may be there, not read yet: the immediate lets it be read first.
    timer = setTimeout(() => setImmediate(() => over || act()), milliseconds);
  };
  const said = (milliseconds: number | undefined) => `did not answer ${cmd} within ${inWords(milliseconds ?? 0)}`;
  if (person === undefined) after(callTimeout, () => late(said(callTimeout)));
  else
    after(humanTimeout, () => {
      if (!person.awaited()) return;
      after(callTimeout, () => {
        if (person.awaited()) late(`${said(humanTimeout)}, nor ${inWords(callTimeout ?? 0)} after stopWxpayface`);
      });
      person.stop();
    });
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
