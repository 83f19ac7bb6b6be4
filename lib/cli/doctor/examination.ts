import type { Words } from '../../words/cli/index.js';
import { named } from '../named.js';
import { type CheckName, type Finding, type Listener, type Patient, skip, type Verdict } from './verdict.js';

/** Facts of earlier checks by their names; undefined if a check provided none. */
type Perhaps<Needs> = { readonly [Name in keyof Needs]: Needs[Name] | undefined };

const areThere = <Needs extends object>(facts: Perhaps<Needs>): facts is Perhaps<Needs> & Needs =>
  Object.values(facts).every((fact) => fact !== undefined);

/** Runs checks, one after the other, and reports each. */
export class Examination {
  readonly findings: Finding[] = [];
  readonly #patient: Patient;
  readonly #listener: Listener;
  readonly #words: Words;

  /** @param words Of the findings. */
  constructor(patient: Patient, listener: Listener, words: Words) {
    this.#patient = patient;
    this.#listener = listener;
    this.#words = words;
  }

  /**
   * Runs a check, or skips it if it lacks a fact of an earlier one.
   * @returns the fact that it provides
   */
  async check<Needs extends object, Fact>(
    name: CheckName,
    facts: Perhaps<Needs>,
    run: (facts: Needs, patient: Patient) => Verdict<Fact> | Promise<Verdict<Fact>>,
  ): Promise<Fact | undefined> {
    const verdict = await this.#verdict(name, facts, run);
    this.report(name, verdict);
    return verdict.fact;
  }

  report(name: CheckName, verdict: Verdict<unknown>): void {
    const { status, says } = verdict;
    const todo = 'todo' in verdict && { todo: verdict.todo(this.#words) };
    const finding = { name, status, says: says(this.#words), ...todo };
    this.findings.push(finding);
    this.#listener.found(finding);
  }

  async #verdict<Needs extends object, Fact>(
    name: CheckName,
    facts: Perhaps<Needs>,
    run: (facts: Needs, patient: Patient) => Verdict<Fact> | Promise<Verdict<Fact>>,
  ): Promise<Verdict<Fact>> {
    const { signal } = this.#patient;
    if (signal.aborted) return skip(({ doctor }) => doctor.interrupted);
    if (!areThere(facts)) {
      const [missing = ''] = Object.entries(facts).find(([, fact]) => fact === undefined) ?? [];
      return skip(({ doctor }) => doctor.without(named(doctor.names, missing)));
    }
    const running = run(facts, this.#patient);
    if (running instanceof Promise) this.#listener.waits?.(name);
    const verdict = await running;
    // What was broken off has found nothing.
    return signal.aborted && verdict.status !== 'ok' ? skip(({ doctor }) => doctor.interrupted) : verdict;
  }
}
