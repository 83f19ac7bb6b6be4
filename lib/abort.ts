/** Begins what nothing can end, and waits for it, but not beyond an abort: then throws the signal's reason. */
export async function unlessAborted<Result>(
  begin: () => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return begin();
  if (signal.aborted) throw signal.reason;
  let giveUp = () => {};
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([begin(), aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

const heardBy = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back at an abort, and returns what takes that back. However many wait for one signal, it gets one listener: the
 * Node.js of a till warns of a leak at the eleventh.
 */
export function onAbort(signal: AbortSignal, heard: () => void): () => void {
  let all = heardBy.get(signal);
  if (all === undefined) {
    const added = new Set<() => void>();
    all = added;
    heardBy.set(signal, added);
    signal.addEventListener('abort', () => {
      for (const each of added) each();
    });
  }
  all.add(heard);
  return () => all.delete(heard);
}
