import { shown } from '../../fields.js';
import { isFields } from '../../unknown.js';
import { InvalidPolicyError } from '../errors.js';
import { defaultRefundPolicy, type RefundPolicy } from './refund/policy.js';

/** How an unknown payment is queried. Milliseconds. */
export interface PollingPolicy {
  /**
   * Milliseconds before the first query of an unknown payment.
   * @default 5000
   */
  firstDelay: number;
  /**
   * Milliseconds between queries.
   * @default 5000
   */
  interval: number;
  /**
   * Milliseconds after the payment request at which polling gives up and reversal begins.
   * @default 30000
   */
  timeout: number;
}

/** How a payment is given up. Milliseconds. */
export interface ReversalPolicy {
  /**
   * Milliseconds after the payment request before which no reversal is sent (vendor page, reverse: at least 15 s).
   * @default 15000
   */
  notBefore: number;
  /**
   * 'background': pay() resolves with status 'reversing' when reversal begins; 'await': it resolves when the reversal is done.
   * @default 'background'
   */
  mode: 'background' | 'await';
  /**
   * Wait between attempts: `initial`, times `factor` each time, at most `maximum`, up to `jitter` (a share of the wait)
   * shorter or longer. There is no limit on attempts: only the gateway's REVERSE_EXPIRE, or settleAfter of nothing but refusals, ends
   * them.
   * @default { initial: 1000, factor: 2, maximum: 60000, jitter: 0.2 }
   */
  backoff: { initial: number; factor: number; maximum: number; jitter: number };
  /**
   * Milliseconds after the payment request before a missing order (ORDERNOTEXIST) can count as never paid; then one more
   * reversal and one more query decide. More than `notBefore` and than the time-outs of a request.
   * @default 300000
   */
  settleAfter: number;
}

/** What was given of them. */
export interface GivenPolicies {
  polling?: Partial<PollingPolicy>;
  reversal?: Partial<Omit<ReversalPolicy, 'backoff'>> & { backoff?: Partial<ReversalPolicy['backoff']> };
  refund?: Partial<Omit<RefundPolicy, 'backoff'>> & { backoff?: Partial<RefundPolicy['backoff']> };
}

/** All policies, complete and checked. */
export interface Policies {
  readonly polling: Readonly<PollingPolicy>;
  readonly reversal: Readonly<ReversalPolicy>;
  readonly refund: Readonly<RefundPolicy>;
}

/** The vendor's advice (vendor page, 5 and 7) if it gives any. Milliseconds. */
export const defaultPolicies: Policies = {
  polling: { firstDelay: 5_000, interval: 5_000, timeout: 30_000 },
  reversal: {
    notBefore: 15_000,
    mode: 'background',
    backoff: { initial: 1_000, factor: 2, maximum: 60_000, jitter: 0.2 },
    settleAfter: 300_000,
  },
  refund: defaultRefundPolicy,
};

// No wait makes sense beyond the seven days in which the vendor reverses; timers hold no more than 24.8 days anyway.
const week = 7 * 24 * 60 * 60 * 1000;

/** Field, least and greatest value. An interval or a backoff of 0 would spin. */
const limits: ReadonlyArray<readonly [field: string, minimum: number, maximum: number]> = [
  ['polling.firstDelay', 0, week],
  ['polling.interval', 1, week],
  ['polling.timeout', 0, week],
  ['reversal.notBefore', 0, week],
  ['reversal.settleAfter', 0, week],
  ['reversal.backoff.initial', 1, week],
  ['reversal.backoff.factor', 1, 100],
  ['reversal.backoff.maximum', 1, week],
  ['reversal.backoff.jitter', 0, 1],
  ['refund.firstQuery', 0, week],
  ['refund.backoff.initial', 1, week],
  ['refund.backoff.factor', 1, 100],
  ['refund.backoff.maximum', 1, week],
  ['refund.backoff.jitter', 0, 1],
];

/** @throws InvalidPolicyError if it is not a duration that a timer can hold. */
export function checkMilliseconds(field: string, value: unknown): void {
  if (typeof value !== 'number' || !(value >= 1 && value <= week))
    throw new InvalidPolicyError(field, `must be a number from 1 to ${week}, not ${shown(value)}`);
}

/** Lays what was given over the defaults; a field that the defaults don't have is a spelling mistake. */
function complete<T extends object>(field: string, defaults: T, given: unknown): T {
  if (given === undefined) return defaults;
  if (!isFields(given)) throw new InvalidPolicyError(field, 'must be an object');
  const result = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name))
      throw new InvalidPolicyError(`${field}.${name}`, `is unknown; known are ${Object.keys(defaults).join(', ')}`);
    if (value !== undefined) Object.assign(result, { [name]: value });
  }
  return result;
}

function valueAt(policies: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isFields(value) ? value[name] : undefined), policies);
}

/** The same for a policy that has a backoff in it. */
function completeWithBackoff<T extends { backoff: object }>(field: string, defaults: T, given: unknown): T {
  const policy = complete(field, defaults, given);
  const backoff = isFields(given) ? given.backoff : undefined;
  return { ...policy, backoff: complete(`${field}.backoff`, defaults.backoff, backoff) };
}

function checkBackoff(field: string, { initial, maximum }: ReversalPolicy['backoff']): void {
  if (maximum < initial)
    throw new InvalidPolicyError(`${field}.maximum`, `must be at least ${field}.initial (${initial}), not ${maximum}`);
}

/**
 * Completes the policies with their defaults and checks them, once.
 * @param requestTimeout Milliseconds after which the client gives up a request; `settleAfter` must be longer.
 * @throws InvalidPolicyError for the first field out of range: its name and its limits.
 */
export function resolvePolicies(given: GivenPolicies, requestTimeout = 0): Policies {
  const policies = {
    polling: complete('polling', defaultPolicies.polling, given.polling),
    reversal: completeWithBackoff('reversal', defaultPolicies.reversal, given.reversal),
    refund: completeWithBackoff('refund', defaultPolicies.refund, given.refund),
  };
  for (const [field, minimum, maximum] of limits) {
    const value = valueAt(policies, field);
    if (typeof value !== 'number' || !(value >= minimum && value <= maximum))
      throw new InvalidPolicyError(field, `must be a number from ${minimum} to ${maximum}, not ${shown(value)}`);
  }
  const { mode, notBefore, settleAfter, backoff } = policies.reversal;
  if (mode !== 'background' && mode !== 'await')
    throw new InvalidPolicyError('reversal.mode', `must be 'background' or 'await', not ${shown(mode)}`);
  checkBackoff('reversal.backoff', backoff);
  checkBackoff('refund.backoff', policies.refund.backoff);
  if (settleAfter <= notBefore)
    throw new InvalidPolicyError(
      'reversal.settleAfter',
      `must be more than reversal.notBefore (${notBefore}), not ${settleAfter}`,
    );
  if (settleAfter <= requestTimeout)
    throw new InvalidPolicyError(
      'reversal.settleAfter',
      `must be more than the client's time-outs together (${requestTimeout}), not ${settleAfter}`,
    );
  return policies;
}

/** Milliseconds to wait after the given number of attempts, before jitter: none before the first. */
export function backoff({ initial, factor, maximum }: ReversalPolicy['backoff'], attempts: number): number {
  return attempts === 0 ? 0 : Math.min(maximum, initial * factor ** (attempts - 1));
}

/** Spreads a wait by a share of itself, so that many tills don't come back at the same moment. `chance` is from 0 to 1. */
export function jittered(wait: number, jitter: number, chance: number): number {
  return wait * (1 + jitter * (2 * chance - 1));
}
