import type { Random } from './random.js';

/** When the till dies: each time at a step of the program, or at an operation of the disk. */
export class Crashes {
  /** How many are to come. */
  #left: number;
  #at: 'step' | 'operation' = 'step';
  #rest = 0;
  readonly #isOne: boolean;
  readonly #random: Random;
  readonly #diskRandom: Random;

  /** @param crashAt The operation of the disk, from 1, at which the one crash happens. By default chance says. */
  constructor(random: Random, diskRandom: Random, isCalm: boolean, crashAt?: number) {
    this.#random = random;
    this.#diskRandom = diskRandom;
    this.#isOne = crashAt !== undefined;
    this.#left = isCalm
      ? 0
      : random.weighted([
          [0, 5],
          [1, 3],
          [2, 1],
          [3, 1],
        ]);
    this.#plan(30);
    if (crashAt !== undefined) [this.#left, this.#at, this.#rest] = [1, 'operation', crashAt];
  }

  #plan(most: number): void {
    this.#rest = this.#random.between(1, most);
    this.#at = this.#diskRandom.chance(0.3) ? 'operation' : 'step';
    // A write takes four operations, an opening some twenty.
    if (this.#at === 'operation') this.#rest = this.#diskRandom.between(1, 80);
  }

  /** One soon, if none is to come and chance says when. */
  hasten(): void {
    if (this.#isOne || this.#left > 0) return;
    this.#left = 1;
    this.#plan(12);
  }

  end(): void {
    this.#left = 0;
  }

  /** Goes by one of these; true if a crash falls on it. */
  fallsOn(what: 'step' | 'operation'): boolean {
    if (this.#left === 0 || this.#at !== what) return false;
    this.#rest -= 1;
    if (this.#rest > 0) return false;
    this.#left -= 1;
    this.#plan(60);
    return true;
  }
}
