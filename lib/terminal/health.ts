import { isDeepStrictEqual } from 'node:util';
import type { TillHealth } from './till.js';

/** In the order in which they are told. */
const warnings = [
  'no-certificate',
  'certificate-refused',
  'merchant-refused',
  'limit',
  'clock',
  'sdk-too-old',
] as const;

export type Warning = (typeof warnings)[number];

type State = Omit<TillHealth, 'warnings'>;

/** How a till is: knows, and tells what has changed. */
export class HealthBoard {
  readonly #tell: ((health: TillHealth) => void) | undefined;
  readonly #warned = new Set<Warning>();
  #state: State = { camera: 'unknown', merchant: 'unknown', unfinished: 0 };
  #told: TillHealth | undefined;
  #isTelling = false;

  constructor(onHealth: ((health: TillHealth) => void) | undefined) {
    this.#tell = onHealth;
  }

  get health(): TillHealth {
    return Object.freeze({
      ...this.#state,
      warnings: Object.freeze(warnings.filter((warning) => this.#warned.has(warning))),
    });
  }

  /** Tells how it is at the start, and each change from then on. */
  begin(): void {
    this.#isTelling = true;
    this.#changed();
  }

  end(): void {
    this.#isTelling = false;
  }

  set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    this.#changed();
  }

  warn(warning: Warning, isOn: boolean): void {
    if (isOn) this.#warned.add(warning);
    else this.#warned.delete(warning);
    this.#changed();
  }

  #changed(): void {
    if (!this.#isTelling) return;
    const { health } = this;
    if (isDeepStrictEqual(health, this.#told)) return;
    this.#told = health;
    // A lamp must not disturb a sale, whether it throws at once or later.
    void (async () => this.#tell?.(health))().catch(() => undefined);
  }
}
