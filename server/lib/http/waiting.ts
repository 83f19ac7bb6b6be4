import { setTimeout as sleep } from 'node:timers/promises';
import { invalid } from './refusals.js';

/** Until when a request waits, by the monotonic clock; it ends earlier if whoever asked has left. */
export interface Deadline {
  readonly at: number;
  readonly signal: AbortSignal;
}

/** Seconds. */
const longest = 60;

/** @param given Seconds, as in the address. */
export function deadlineOf(given: string | undefined, usual: number, signal: AbortSignal): Deadline {
  const seconds = given === undefined ? usual : Number(given);
  if (!(seconds >= 0 && seconds <= longest)) throw invalid(`wait must be 0 to ${longest} seconds`);
  return { at: performance.now() + seconds * 1_000, signal };
}

/** What comes first: the result, or the deadline, which is undefined. */
export async function before<T>(work: Promise<T>, { at, signal }: Deadline): Promise<T | undefined> {
  const stop = new AbortController();
  const end = sleep(Math.max(0, at - performance.now()), undefined, {
    signal: AbortSignal.any([stop.signal, signal]),
  }).catch(() => undefined);
  try {
    return await Promise.race([work, end]);
  } finally {
    stop.abort();
    // What goes on is heard by nobody here.
    work.catch(() => undefined);
  }
}

/** Milliseconds between looks at what another server may be doing. */
const looks = { first: 50, longest: 1_000 } as const;

/** Calls back when it may be worth a look. @returns Ends it. */
export type Watch = (wake: () => void) => () => void;

/** Looks until there is something, or the deadline has passed. @param watch Shortens the pauses between looks. */
export async function lookUntil<T>(
  look: () => Promise<T | undefined>,
  { at, signal }: Deadline,
  watch: Watch = () => () => {},
): Promise<T | undefined> {
  let woken = new AbortController();
  const stop = watch(() => woken.abort());
  try {
    for (let pause: number = looks.first; ; pause = Math.min(looks.longest, pause * 1.5)) {
      const found = await look();
      const left = at - performance.now();
      if (found !== undefined || left <= 0 || signal.aborted) return found;
      const early = AbortSignal.any([signal, woken.signal]);
      await sleep(Math.min(pause, left), undefined, { signal: early }).catch(() => undefined);
      if (woken.signal.aborted) woken = new AbortController();
    }
  } finally {
    stop();
  }
}
