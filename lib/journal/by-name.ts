import type { RecordName } from './journal.js';

/** What belongs to records. Found without making a key of kind and number: a hundred thousand are read at an opening. */
export class ByName<T> {
  readonly #of = { payment: new Map<string, T>(), refund: new Map<string, T>() } as const;

  get({ kind, id }: RecordName): T | undefined {
    return this.#of[kind].get(id);
  }

  has({ kind, id }: RecordName): boolean {
    return this.#of[kind].has(id);
  }

  set({ kind, id }: RecordName, value: T): void {
    this.#of[kind].set(id, value);
  }

  delete({ kind, id }: RecordName): boolean {
    return this.#of[kind].delete(id);
  }

  *values(): Generator<T, void, undefined> {
    yield* this.#of.payment.values();
    yield* this.#of.refund.values();
  }
}
