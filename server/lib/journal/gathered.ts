import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that the first of a batch waits for others. */
const patience = 50;
const most = 100;

interface Waiting<Item> {
  readonly item: Item;
  readonly done: PromiseWithResolvers<void>;
}

/** Does in one go what many ask for at about the same time, one batch after the other. */
export class Gathered<Item> {
  readonly #doAll: (items: readonly Item[]) => Promise<ReadonlyArray<Error | undefined>>;
  #waiting: Array<Waiting<Item>> = [];
  #isWorking = false;

  /** @param doAll Resolves with what each has failed for. */
  constructor(doAll: (items: readonly Item[]) => Promise<ReadonlyArray<Error | undefined>>) {
    this.#doAll = doAll;
  }

  do(item: Item): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ item, done });
    if (!this.#isWorking) void this.#work();
    return done.promise;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < most) await sleep(patience);
      const batch = this.#waiting.splice(0, most);
      try {
        const errors = await this.#doAll(batch.map(({ item }) => item));
        for (const [index, { done }] of batch.entries()) {
          const error = errors[index];
          if (error === undefined) done.resolve();
          else done.reject(error);
        }
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    this.#isWorking = false;
  }
}
