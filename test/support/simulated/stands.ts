import type { Random } from './random.js';
import { stillness, type TillClock } from './till-clock.js';

export type Place = 'written' | 'called' | 'answered' | 'deadline' | 'any';

const minute = 60_000;

/** Where the till's program stands still, and for how long. */
export class Stands {
  readonly #ahead: Array<{ readonly where: Place; readonly ms: number; readonly isSuspended: boolean }> = [];
  readonly #over: number[] = [];
  /** Whether it stands still at all. */
  readonly areAny: boolean;
  /** Whether the machine sleeps while it does. */
  readonly isSuspendable: boolean;

  constructor(random: Random, isCalm: boolean) {
    this.areAny = !isCalm && random.chance(0.4);
    for (let left = this.areAny ? random.between(1, 3) : 0; left > 0; left -= 1) {
      const isSuspended = random.chance(0.3);
      this.#ahead.push({
        where: random.pick(['written', 'called', 'answered', 'answered', 'answered', 'deadline', 'any']),
        ms: random.weighted([
          [random.between(1, stillness), 1],
          [random.between(stillness, 2_000), 2],
          [random.between(2_000, 60_000), 5],
          [random.between(minute, 20 * minute), 2],
        ]),
        isSuspended,
      });
    }
    this.isSuspendable = this.#ahead.some(({ isSuspended }) => isSuspended);
  }

  /** Milliseconds in all, until now. */
  get stood(): number {
    return this.#over.reduce((sum, ms) => sum + ms, 0);
  }

  /** Whether it is to stand still there. */
  isAhead(place: Place): boolean {
    return this.#ahead.some(({ where }) => where === place);
  }

  /** Stands still, if it is to do so there. */
  stand(clock: TillClock, place: Place): void {
    const index = this.#ahead.findIndex(({ where }) => where === place);
    if (index < 0) return;
    for (const { ms, isSuspended } of this.#ahead.splice(index, 1)) {
      this.#over.push(ms);
      clock.stand(ms, isSuspended);
    }
  }

  /** Whether it stood still for so little longer than a time-out that nothing tells. */
  mayPassFor(timeout: number): boolean {
    return this.#over.some((ms) => ms >= timeout && ms <= timeout + stillness);
  }
}
