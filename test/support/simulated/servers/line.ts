import type { SimulatedClock } from '../clock.js';
import type { Random } from '../random.js';
import type { TillClock } from '../till-clock.js';

/* The line between one server and the database, on which statements are lost and late, and answers, too. Milliseconds. */

/** No answer came. */
export class NoAnswerError extends Error {
  /** Whether the statement may have been done, or may yet be. */
  readonly sent: boolean;

  constructor(sent: boolean) {
    super('the database did not answer');
    this.sent = sent;
  }
}

export type StatementFate = 'done' | 'is slow' | 'is refused' | 'is lost' | 'loses its answer' | 'comes late';

/** What a history does with a line. */
export interface Disturbance {
  readonly clock: SimulatedClock;
  readonly random: Random;
  /** Of one statement that a server sends now. */
  statementFate(server: object): StatementFate;
  /** The database is stopped, or can't be reached from there. */
  isAway(server: object): boolean;
  /** How often the database was put back to an older moment: what was on its way is lost. */
  readonly era: number;
  /** Goes by a step of a server: true where it dies at it. It may stand still there. */
  passes(server: object): boolean;
}

/** The longest that a statement which nobody waits for any more may take. */
const latest = 60_000;

export class DatabaseLine {
  readonly #server: { readonly clock: TillClock };
  readonly #world: Disturbance;

  constructor(server: { readonly clock: TillClock }, world: Disturbance) {
    this.#server = server;
    this.#world = world;
  }

  /**
   * @param statement Done at one moment. `began`: by the database's clock, when it arrived, if it was done later than that.
   * @throws NoAnswerError if no answer came in time. It may be done all the same, also later.
   */
  ask<T>(statement: (began: number) => T, timeout: number): Promise<T> {
    const { clock, random } = this.#world;
    const program = this.#server.clock;
    return new Promise((resolve, reject) => {
      const hear = (what: () => void) =>
        program.hear(() => {
          if (!this.#world.passes(this.#server)) program.hear(what);
        });
      const fail = (sent: boolean, after: number) => clock.at(after, () => hear(() => reject(new NoAnswerError(sent))));
      const answer = (after: number, began: number) => {
        const result = statement(began);
        clock.at(after, () => hear(() => resolve(result)));
      };
      const send = () => {
        if (this.#world.isAway(this.#server))
          return fail(random.chance(0.3), random.between(1, random.pick([20, timeout])));
        const began = clock.monotonic();
        const { era } = this.#world;
        const doneAfter = (wait: number, isHeard: boolean) =>
          clock.at(wait, () => {
            if (this.#world.era !== era) return;
            if (this.#world.isAway(this.#server)) return isHeard ? fail(true, 1) : undefined;
            if (isHeard) answer(1, began);
            else statement(began);
          });
        switch (this.#world.statementFate(this.#server)) {
          case 'done':
            return answer(random.between(1, 30), began);
          case 'is slow':
            return doneAfter(random.between(20, timeout - 1), true);
          case 'is refused':
            return fail(false, random.between(1, 100));
          case 'is lost':
            return fail(true, random.between(1, timeout));
          case 'loses its answer':
            statement(began);
            return fail(true, random.between(1, timeout));
          default:
            doneAfter(random.between(1, latest), false);
            return fail(true, random.between(1, timeout));
        }
      };
      if (!this.#world.passes(this.#server)) program.hear(send);
    });
  }
}
