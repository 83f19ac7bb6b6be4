/** What goes on until it is ended. Its signal is made only if somebody asks for it: thousands of them are expensive. */
export class Life {
  #controller: AbortController | undefined;
  #ended: { readonly reason: unknown } | undefined;

  get isOver(): boolean {
    return this.#ended !== undefined;
  }

  /** Aborts when it is over. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#ended) this.#controller.abort(this.#ended.reason);
    return this.#controller.signal;
  }

  /** The first reason counts. @param reason Default: an AbortError. */
  end(reason?: unknown): void {
    this.#ended ??= { reason };
    this.#controller?.abort(this.#ended.reason);
  }
}

interface Callback {
  readonly call: () => void;
}

/** Of each signal that somebody waits with. One listener serves them all: Node.js warns of more than ten on a signal. */
const waiting = new WeakMap<AbortSignal, { callbacks: Set<Callback>; listener: () => void }>();

const nothing = (): void => {};

/** Calls back when the signal aborts, at once if it has. Returns how to stop that. */
export function onAbort(signal: AbortSignal | undefined, call: () => void): () => void {
  // JavaScript callers may pass null for 'no signal', as fetch allows.
  if (!signal) return nothing;
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
  if (!signal) return begin();
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
