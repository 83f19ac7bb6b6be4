/** Resolves behind what the event loop has in hand, so that what comes at once is taken together. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs what concerns one key one after the other, and different keys side by side. */
export class KeyedMutex {
  /** Those that wait behind the task that runs, of each key. */
  readonly #waiting = new Map<string, Array<() => void> | undefined>();

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    if (this.#waiting.has(key)) await this.#turn(key);
    else this.#waiting.set(key, undefined);
    try {
      return await task();
    } finally {
      const next = this.#waiting.get(key)?.shift();
      if (next === undefined) this.#waiting.delete(key);
      else next();
    }
  }

  #turn(key: string): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key);
      if (waiting === undefined) this.#waiting.set(key, [resolve]);
      else waiting.push(resolve);
    });
  }
}

/** At most `most` tasks at once; the others wait their turn. */
export function limit(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: Array<() => void> = [];
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** Begins a task of somebody else's: one that throws at once is one that rejects. */
export const call = async <T>(task: () => Promise<T>): Promise<T> => task();
