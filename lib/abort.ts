interface Callback {
  readonly call: () => void;
}

/** Of each signal that somebody waits with. One listener serves them all: Node.js warns of more than ten on a signal. */
const waiting = new WeakMap<AbortSignal, { callbacks: Set<Callback>; listener: () => void }>();

const nothing = (): void => {};

/** Calls back when the signal aborts, at once if it has. Returns how to stop that. */
export function onAbort(signal: AbortSignal | undefined, call: () => void): () => void {
  if (signal === undefined) return nothing;
  if (signal.aborted) {
    call();
    return nothing;
  }
  let shared = waiting.get(signal);
  if (shared === undefined) {
    const callbacks = new Set<Callback>();
    shared = {
      callbacks,
      listener: () => {
        waiting.delete(signal);
        for (const callback of callbacks) callback.call();
      },
    };
    waiting.set(signal, shared);
    signal.addEventListener('abort', shared.listener, { once: true });
  }
  const { callbacks, listener } = shared;
  const callback = { call };
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || waiting.get(signal)?.listener !== listener) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}

/** Begins what nothing can end, and waits for it, but not beyond an abort: then throws the signal's reason. */
export async function unlessAborted<Result>(
  begin: () => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return begin();
  if (signal.aborted) throw signal.reason;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([begin(), aborted]);
  } finally {
    stop();
  }
}
