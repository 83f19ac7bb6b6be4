import type { Transition } from '../../../lib/payment/decision/machine.js';
import type { AttentionCode } from '../../../lib/payment/decision/outcomes.js';
import { defaultPolicies } from '../../../lib/payment/decision/policies.js';
import {
  type EventName,
  finalPhases,
  newMemory,
  type PaymentEvent,
  type PaymentState,
  type Phase,
} from '../../../lib/payment/decision/states.js';
import type { Age } from './world.js';

/* What the machine can have in mind, with time as ages instead of milliseconds, and counts forgotten: they only make it wait. */

/** Since something: never began, less than `settleAfter`, at least `settleAfter`. */
type Since = 'never' | 'lately' | 'long';

export interface Mind {
  readonly phase: Phase;
  readonly isDeclined: boolean;
  readonly wasCharged: boolean;
  readonly wasRefused: boolean;
  readonly isGivenUp: boolean;
  readonly attention: AttentionCode | 'none';
  readonly isResumable: boolean;
  readonly queryRefused: boolean;
  readonly reversalRefused: boolean;
  readonly refused: Since;
  readonly confirmed: boolean;
  readonly missing: boolean;
  readonly reversedSince: boolean;
  readonly certificate: Since;
  readonly isLimited: boolean;
  readonly isOverdue: boolean;
}

/** An event as the model tells it. */
export interface Told {
  readonly on: EventName;
  readonly age: Age;
  readonly isQuiet: boolean;
  readonly verified?: boolean;
  readonly fresh?: boolean;
  readonly late?: boolean;
}

/** What the driver is to do. */
export interface Step {
  readonly mind: number;
  readonly do: 'continue' | 'end' | 'submit' | 'query' | 'reverse';
  readonly mustWait: 'no' | 'for the request' | 'for both';
  readonly isFresh: 0 | 1;
}

const policies = defaultPolicies;
const { settleAfter } = policies.reversal;
/** A moment of each age, in ms. */
const moments: Readonly<Record<Age, number>> = {
  early: 1_000,
  reversible: policies.reversal.notBefore + 1_000,
  overdue: policies.polling.timeout + 1_000,
  settled: 3 * settleAfter,
};

const decline = { err_code: 'NOTENOUGH' };
const payment = { transaction_id: '42', total_fee: 100, response: {} };

const momentOf = (since: Since, elapsed: number): number | undefined =>
  since === 'never' ? undefined : elapsed - (since === 'long' ? settleAfter : 0);

const sinceOf = (moment: number | undefined, elapsed: number): Since => {
  if (moment === undefined) return 'never';
  return elapsed - moment >= settleAfter ? 'long' : 'lately';
};

function stateOf(mind: Mind, elapsed: number): PaymentState {
  const refusedSince = momentOf(mind.refused, elapsed);
  const certificateSince = momentOf(mind.certificate, elapsed);
  return {
    phase: mind.phase,
    facts: {
      ...(mind.isDeclined && { decline }),
      ...(mind.phase === 'paid' && { payment }),
      ...(mind.wasCharged && { charged: true }),
      ...(mind.wasRefused && { refusal: 'SIGNERROR' }),
      ...(mind.isGivenUp && { givenUp: true }),
      ...(mind.attention !== 'none' && { attention: mind.attention, reason: '' }),
      ...(mind.isResumable && { resumable: true }),
    },
    memory: {
      ...newMemory,
      queryRefused: mind.queryRefused,
      reversalRefused: mind.reversalRefused,
      confirmed: mind.confirmed,
      missing: mind.missing,
      reversedSince: mind.reversedSince,
      isLimited: mind.isLimited,
      isOverdue: mind.isOverdue,
      ...(refusedSince !== undefined && { refusedSince }),
      ...(certificateSince !== undefined && { certificateSince }),
    },
  };
}

function mindOf({ phase, facts, memory }: PaymentState, elapsed: number): Mind {
  // Whoever takes it up after its end remembers nothing.
  const known = finalPhases.has(phase) ? newMemory : memory;
  return {
    phase,
    isDeclined: facts.decline !== undefined,
    wasCharged: facts.charged === true,
    wasRefused: facts.refusal !== undefined,
    isGivenUp: facts.givenUp === true,
    attention: facts.attention ?? 'none',
    isResumable: facts.resumable === true,
    queryRefused: known.queryRefused,
    reversalRefused: known.reversalRefused,
    refused: sinceOf(known.refusedSince, elapsed),
    confirmed: known.confirmed,
    missing: known.missing,
    reversedSince: known.reversedSince,
    certificate: sinceOf(known.certificateSince, elapsed),
    isLimited: known.isLimited,
    isOverdue: known.isOverdue,
  };
}

/** Every mind that was met, by number, and what the real machine makes of each event in it. */
export class Minds {
  readonly #transition: Transition;
  readonly #numbers = new Map<string, number>();
  readonly #minds: Mind[] = [];
  readonly #steps: Array<Map<string, Step>> = [];

  constructor(transition: Transition) {
    this.#transition = transition;
  }

  /** The number of what a payment begins with. */
  add(state: PaymentState): number {
    return this.#number(mindOf(state, 0));
  }

  get count(): number {
    return this.#minds.length;
  }

  mind(number: number): Mind {
    const mind = this.#minds[number];
    if (mind === undefined) throw new Error(`No mind ${number}`);
    return mind;
  }

  hear(number: number, told: Told): Step {
    const { on, age, isQuiet, verified = false, fresh = false, late = false } = told;
    const key = `${on} ${age} ${isQuiet} ${verified} ${fresh} ${late}`;
    const steps = this.#steps[number];
    const known = steps?.get(key);
    if (known !== undefined) return known;
    const elapsed = moments[age];
    const event: PaymentEvent = {
      on,
      elapsed,
      quiet: isQuiet ? moments.settled : 0,
      verified,
      fresh,
      late,
      payment,
      decline,
      failure: 'unreachable',
      by: 'cashier',
      detail: on === 'submit:unclear' && verified ? 'SYSTEMERROR' : on,
    };
    const { state, next } = this.#transition(stateOf(this.mind(number), elapsed), event, policies);
    const notBefore = 'notBefore' in next ? next.notBefore : undefined;
    const mustWait = notBefore === undefined ? 'no' : notBefore > 0 ? 'for both' : 'for the request';
    const isFresh = next.do === 'query' && next.fresh ? 1 : 0;
    const step: Step = { mind: this.#number(mindOf(state, elapsed)), do: next.do, mustWait, isFresh };
    steps?.set(key, step);
    return step;
  }

  /** Time passes: what was refused lately was refused long ago. */
  older(number: number, what: 'refused' | 'certificate'): number {
    const mind = this.mind(number);
    return mind[what] === 'lately' ? this.#number({ ...mind, [what]: 'long' }) : number;
  }

  /** The program died: what is written down is all that is known. */
  forgetful(number: number): number {
    const mind = this.mind(number);
    return this.#number(mindOf({ ...stateOf(mind, 0), memory: newMemory }, 0));
  }

  #number(mind: Mind): number {
    const key = JSON.stringify(mind);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#minds.length;
    this.#numbers.set(key, number);
    this.#minds.push(mind);
    this.#steps.push(new Map());
    return number;
  }
}
