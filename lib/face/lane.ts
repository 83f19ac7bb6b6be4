import { onAbort } from '../abort.js';

/** One at a time, in the order of arrival. */
export class Lane {
  #taken = false;
  readonly #waiting: Array<() => void> = [];

  /**
   * Resolves when it is the caller's turn, with the function that ends the turn, once however often it is called.
   * @throws signal.reason, at once, if the signal aborts before; the place in the queue is given up.
   */
  async enter(signal?: AbortSignal): Promise<() => void> {
    if (this.#taken)
      await new Promise<void>((resolve, reject) => {
        const turn = () => {
          ignore();
          resolve();
        };
        this.#waiting.push(turn);
        const ignore = onAbort(signal, () => {
          this.#waiting.splice(this.#waiting.indexOf(turn), 1);
          reject(signal?.reason);
        });
      });
    this.#taken = true;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken = false;
      else next();
    };
  }
}
