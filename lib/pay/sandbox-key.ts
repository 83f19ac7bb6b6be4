/** The sandbox's key: fetched once for all calls; again after a failure, or after it was renewed (docs/facts.md#signatures). */
export class SandboxKey {
  readonly #fetch: () => Promise<string>;
  #key: Promise<string> | undefined;
  #current: string | undefined;

  constructor(fetch: () => Promise<string>) {
    this.#fetch = fetch;
  }

  get(): Promise<string> {
    this.#key ??= this.#fetched();
    return this.#key;
  }

  async #fetched(): Promise<string> {
    try {
      this.#current = await this.#fetch();
      return this.#current;
    } catch (error) {
      this.#key = undefined;
      throw error;
    }
  }

  /** The last one that was fetched, for what can't wait for one. */
  get current(): string | undefined {
    return this.#current;
  }

  /** A signature with this key has failed. Another call may have seen it before. */
  forget(key: string): void {
    if (this.#current !== key) return;
    this.#key = undefined;
    this.#current = undefined;
  }
}
