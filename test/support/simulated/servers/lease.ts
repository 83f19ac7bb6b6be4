import { ClosedError } from '../../../../lib/errors.js';
import type { TillClock } from '../till-clock.js';
import type { Asking, SharedDatabase } from './database.js';
import type { DatabaseLine } from './line.js';
import type { Rule } from './rules.js';

/* One server's lease, and how it's kept. Milliseconds. */

/** The share that is not counted upon. */
const margin = 0.2;
const renewals = 4;
const again = 500;

export interface LeaseTerms {
  readonly asking: Asking;
  readonly duration: number;
  /** For how long it is asked for now: for long where nothing can happen any more, so that nobody has to play all renewals. */
  readonly asked: () => number;
  readonly without: Rule | undefined;
  /** @param others How many other servers live. */
  readonly onRenewed: (others: number) => void;
}

export class ServerLease {
  readonly #clock: TillClock;
  readonly #line: DatabaseLine;
  readonly #database: SharedDatabase;
  readonly #terms: LeaseTerms;
  #granted: { readonly wall: number; readonly monotonic: number; readonly duration: number } | undefined;
  /** How often it was over before it was renewed: what this server had before may be another's since. */
  gaps = 0;
  #asking: Array<{ resolve(): void; reject(error: Error): void }> = [];
  #isFailing = false;
  #isClosed = false;
  #wake: () => void = () => {};

  constructor(clock: TillClock, line: DatabaseLine, database: SharedDatabase, terms: LeaseTerms) {
    this.#clock = clock;
    this.#line = line;
    this.#database = database;
    this.#terms = terms;
    void this.#keep();
  }

  get isGood(): boolean {
    if (this.#granted === undefined || this.#isClosed) return false;
    const { wall, monotonic, duration } = this.#granted;
    const { without } = this.#terms;
    const byMonotonic = this.#clock.monotonic() - monotonic;
    const byBoth = Math.max(byMonotonic, this.#clock.wall() - wall);
    const counted = without === 'leaseHasMargin' ? duration : duration * (1 - margin);
    return (without === 'leaseByBothClocks' ? byMonotonic : byBoth) < counted;
  }

  /** Resolves when a renewal that began after this call has succeeded. @throws ClosedError after close(). */
  confirmed(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new ClosedError('The journal'));
    return new Promise((resolve, reject) => {
      this.#asking.push({ resolve, reject });
      if (!this.#isFailing) this.#wake();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
    for (const { reject } of this.#asking.splice(0)) reject(new ClosedError('The journal'));
  }

  async #keep(): Promise<void> {
    const { duration, asked, onRenewed } = this.#terms;
    while (!this.#isClosed) {
      const asking = this.#asking.splice(0);
      try {
        const others = await this.#renew(asked());
        this.#isFailing = false;
        for (const { resolve } of asking) resolve();
        onRenewed(others);
      } catch {
        this.#isFailing = true;
        this.#asking.push(...asking);
      }
      const interval = (this.#granted?.duration ?? duration) / renewals;
      await this.#pause(this.#isFailing ? Math.min(again, interval) : this.#asking.length > 0 ? 0 : interval);
    }
  }

  async #renew(duration: number): Promise<number> {
    const { asking, without } = this.#terms;
    const moment = () => ({ wall: this.#clock.wall(), monotonic: this.#clock.monotonic(), duration });
    const before = moment();
    const own = this.#clock.wall();
    const timeout = Math.min(5_000, this.#terms.duration / 3);
    const others = await this.#line.ask(
      (began) => this.#database.renew(asking, duration, without === 'leasesByDatabase' ? own : began),
      timeout,
    );
    if (others === undefined) throw new Error('the tables are newer than this server can read');
    // By when the answer came, not by when it was done: a claim may have come between.
    if (!this.isGood) this.gaps += 1;
    this.#granted = without === 'leaseFromSending' ? moment() : before;
    return others;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const takeBack = this.#clock.at(ms, resolve);
      this.#wake = () => {
        takeBack();
        resolve();
      };
    });
  }
}
