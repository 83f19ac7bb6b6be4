/** Chance of a seed: the same seed, the same decisions. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. Mulberry32. */
  number(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Whether something of this probability happens. */
  is(probability: number): boolean {
    return this.number() < probability;
  }

  /** A number between. */
  between(least: number, most: number): number {
    return least + this.number() * (most - least);
  }

  pick<T>(of: readonly T[]): T {
    const one = of[Math.floor(this.number() * of.length)];
    if (one === undefined) throw new Error('There is nothing to pick from');
    return one;
  }

  /** Another's, which this one's later draws leave alone. */
  fork(): Chance {
    return new Chance(Math.floor(this.number() * 2 ** 32));
  }
}
