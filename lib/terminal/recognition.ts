import type { Recognised } from './camera.js';

/** One wait for a face. It may be over long after it was stopped, and with a code all the same. */
export class Recognition {
  /** Never rejects. */
  readonly ended: Promise<{ readonly recognised: Recognised } | { readonly error: unknown }>;
  readonly #stopping = new AbortController();
  #isOver = false;

  /** @param look Waits for a face; the signal ends it by stopWxpayface. */
  constructor(look: (signal: AbortSignal) => Promise<Recognised>) {
    this.ended = look(this.#stopping.signal).then(
      (recognised) => this.#end({ recognised }),
      (error: unknown) => this.#end({ error }),
    );
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends it, unless a code has come: after that the vendor forbids a stop (page 9). */
  stop(): void {
    // An answer that has arrived is read first.
    setImmediate(() => {
      if (!this.#isOver) this.#stopping.abort();
    });
  }

  #end<End>(end: End): End {
    this.#isOver = true;
    return end;
  }
}
