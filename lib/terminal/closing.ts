/** What was opened, to be closed in the opposite order. */
export class Closing {
  readonly #parts: Array<() => Promise<void> | void> = [];
  #closed: Promise<void> | undefined;

  add(close: () => Promise<void> | void): void {
    this.#parts.push(close);
  }

  /**
   * Closes each part, whatever became of the others. Idempotent.
   * @throws the first error, after all
   */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const close of this.#parts.reverse())
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    if (errors.length > 0) throw errors[0];
  }
}
