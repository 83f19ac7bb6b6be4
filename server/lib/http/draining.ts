import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from './refusals.js';

/** Milliseconds that a payment has to come to its end here, before it's handed over; and an answer to leave. */
const patience = { payment: 5_000, answer: 1_000 } as const;
/** Milliseconds between looks. */
const look = 20;

/** The requests that are under way, and how they end if the server is to. */
export class Draining {
  readonly #underWay = new Map<AbortController, { readonly isWork: boolean }>();
  #isDraining = false;

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * A request begins. Aborted when it needs no waiting any more.
   * @param isWork It pays or refunds; others only look.
   * @throws RefusedError if the server is about to end: the same may be asked of another.
   */
  begin(isWork: boolean): AbortController {
    if (this.#isDraining)
      throw new RefusedError({
        status: 503,
        code: 'ERR_CLOSED',
        message: 'This server is about to end: ask again',
        retryAfter: 1,
      });
    const request = new AbortController();
    this.#underWay.set(request, { isWork });
    return request;
  }

  end(request: AbortController): void {
    this.#underWay.delete(request);
    request.abort();
  }

  /** Nothing new begins. Resolves when all are answered: who only waits at once, who pays when it has paid, within a time. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const [request, { isWork }] of this.#underWay) if (!isWork) request.abort();
    await this.#until(() => [...this.#underWay.values()].every(({ isWork }) => !isWork), patience.payment);
    for (const [request] of this.#underWay) request.abort();
    await this.#until(() => this.#underWay.size === 0, patience.answer);
  }

  async #until(isSo: () => boolean, most: number): Promise<void> {
    for (const until = performance.now() + most; !isSo() && performance.now() < until; ) await sleep(look);
  }
}
