import type { Recognised } from './camera.js';

type End = { readonly recognised: Recognised } | { readonly error: unknown };

/** One wait for a face. It may be over long after it was stopped, and with a code all the same. */
export class Recognition {
  /** Never rejects. */
  readonly ended: Promise<End>;
  readonly #stopping = new AbortController();
  #end: (end: End) => void = () => {};
  #isOver = false;
  #isAbandoned = false;

  /** @param look Waits for a face; the signal ends it by stopWxpayface. */
  constructor(look: (signal: AbortSignal) => Promise<Recognised>) {
    this.ended = new Promise((resolve) => {
      this.#end = (end) => {
        this.#isOver = true;
        resolve(end);
      };
    });
    look(this.#stopping.signal).then(
      (recognised) => this.#end({ recognised }),
      (error: unknown) => this.#end({ error }),
    );
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nobody waits for it any more. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#end({ error: new Error('the recognition was given up') });
  }

  /** Ends it, unless a code has come: after that the vendor forbids a stop (page 9). */
  stop(): void {
    // An answer that has arrived is read first.
    setImmediate(() => {
      if (!this.#isOver) this.#stopping.abort();
    });
  }
}
