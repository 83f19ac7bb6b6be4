import { type Finding, type Listener, type Patient, skip, type Verdict } from './verdict.js';

/** Facts of earlier checks by their names; undefined if a check provided none. */
type Perhaps<Facts> = { readonly [Name in keyof Facts]: Facts[Name] | undefined };

const areThere = <Facts extends object>(facts: Perhaps<Facts>): facts is Perhaps<Facts> & Facts =>
  Object.values(facts).every((fact) => fact !== undefined);

/** Runs checks, one after the other, and reports each. */
export class Examination {
  readonly findings: Finding[] = [];
  readonly #patient: Patient;
  readonly #listener: Listener;

  constructor(patient: Patient, listener: Listener) {
    this.#patient = patient;
    this.#listener = listener;
  }

  /**
   * Runs a check, or skips it if it lacks a fact of an earlier one.
   * @returns the fact that it provides
   */
  async check<Facts extends object, Fact>(
    name: string,
    facts: Perhaps<Facts>,
    run: (facts: Facts, patient: Patient) => Verdict<Fact> | Promise<Verdict<Fact>>,
  ): Promise<Fact | undefined> {
    const verdict = await this.#verdict(name, facts, run);
    this.report(name, verdict);
    return verdict.fact;
  }

  report(name: string, { fact: _, ...verdict }: Verdict<unknown>): void {
    const finding = { name, ...verdict };
    this.findings.push(finding);
    this.#listener.found(finding);
  }

  async #verdict<Facts extends object, Fact>(
    name: string,
    facts: Perhaps<Facts>,
    run: (facts: Facts, patient: Patient) => Verdict<Fact> | Promise<Verdict<Fact>>,
  ): Promise<Verdict<Fact>> {
    const { signal } = this.#patient;
    if (signal.aborted) return skip('interrupted');
    if (!areThere(facts)) {
      const [missing] = Object.entries(facts).find(([, fact]) => fact === undefined) ?? [];
      return skip(`without ${missing} it has no meaning`);
    }
    const running = run(facts, this.#patient);
    if (running instanceof Promise) this.#listener.waits?.(name);
    const verdict = await running;
    // What was broken off has found nothing.
    return signal.aborted && verdict.status !== 'ok' ? skip('interrupted') : verdict;
  }
}
