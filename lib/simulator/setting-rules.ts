import { InvalidParameterError } from '../errors.js';
import { gatewayCalls } from './gateway-calls.js';
import type { SimulatorSettings } from './scenario.js';

/** What a value must be, as data: for the check of a scenario, and for the console's switches. */
export type SettingRule =
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'flag' | 'milliseconds' | 'offset' | 'count' | 'calls' }
  /** An err_code by name, or one of the words besides. */
  | { readonly kind: 'err_code'; readonly besides: readonly string[] };

export const settingRules: Readonly<Record<keyof SimulatorSettings, SettingRule>> = {
  service: { kind: 'choice', choices: ['running', 'down'] },
  face: { kind: 'choice', choices: ['shown', 'cancelled', 'scan', 'waiting'] },
  faceDelay: { kind: 'milliseconds' },
  confirm: { kind: 'choice', choices: ['confirmed', 'never'] },
  confirmDelay: { kind: 'milliseconds' },
  payment: { kind: 'err_code', besides: ['paid', 'password'] },
  charged: { kind: 'flag' },
  password: { kind: 'choice', choices: ['entered', 'never', 'waiting'] },
  passwordQueries: { kind: 'count' },
  giveUpAfter: { kind: 'milliseconds' },
  numberUsed: { kind: 'choice', choices: ['free', 'ORDERPAID', 'OUT_TRADE_NO_USED', 'INVALID_REQUEST', 'SUCCESS'] },
  query: { kind: 'err_code', besides: [''] },
  reverse: { kind: 'err_code', besides: [''] },
  refund: { kind: 'err_code', besides: ['accepted'] },
  refundTaken: { kind: 'flag' },
  refundEnd: { kind: 'choice', choices: ['SUCCESS', 'REFUNDCLOSE', 'CHANGE', 'waiting'] },
  refundDelay: { kind: 'milliseconds' },
  refundInterval: { kind: 'milliseconds' },
  refundquery: { kind: 'err_code', besides: [''] },
  bill: { kind: 'choice', choices: ['ten', 'early', 'none'] },
  billFormat: { kind: 'choice', choices: ['new', 'old'] },
  certificate: { kind: 'choice', choices: ['accepted', 'missing', 'error', 'mismatch'] },
  gateway: { kind: 'choice', choices: ['up', 'down'] },
  latency: { kind: 'milliseconds' },
  clock: { kind: 'offset' },
  callsPerSecond: { kind: 'count' },
  limited: { kind: 'calls' },
  limit: { kind: 'choice', choices: ['signed', 'unsigned'] },
  loseRequest: { kind: 'calls' },
  loseResponse: { kind: 'calls' },
  sendTwice: { kind: 'calls' },
  omitNumber: { kind: 'calls' },
  signer: { kind: 'choice', choices: ['asked', 'public-key', 'certificate'] },
  probe: { kind: 'calls' },
  unsigned: { kind: 'calls' },
  stale: { kind: 'calls' },
};

const farthestOffset = 100 * 365 * 24 * 60 * 60 * 1000;

const errCode = /^[A-Z][A-Z0-9_]*$/;

/** What is wrong with a value, as the end of a sentence that begins with the setting's name. */
function brokenRule(rule: SettingRule, value: unknown): string | undefined {
  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(', ');
  const isOneOf = (words: readonly string[], word: unknown): boolean =>
    typeof word === 'string' && words.includes(word);
  switch (rule.kind) {
    case 'choice':
      return isOneOf(rule.choices, value) ? undefined : `must be one of ${quoted(rule.choices)}`;
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'milliseconds':
      // A timer takes no more than 31 bits.
      return typeof value === 'number' && value >= 0 && value < 2 ** 31 ? undefined : 'must be milliseconds';
    case 'offset':
      return Number.isSafeInteger(value) && Math.abs(Number(value)) < farthestOffset
        ? undefined
        : 'must be whole milliseconds, less than a hundred years';
    case 'count':
      return Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : 'must be a count';
    case 'calls':
      return Array.isArray(value) && value.every((name) => isOneOf(gatewayCalls, name))
        ? undefined
        : `must be a list of ${gatewayCalls.join(', ')}`;
    case 'err_code':
      return isOneOf(rule.besides, value) || (typeof value === 'string' && errCode.test(value))
        ? undefined
        : `must be an err_code or one of ${quoted(rule.besides)}`;
  }
}

/** @throws InvalidParameterError for an unknown setting, or a value out of range. */
export function checkSettings(changes: Record<string, unknown>): asserts changes is Partial<SimulatorSettings> {
  for (const [name, value] of Object.entries(changes)) {
    const rule = Object.entries(settingRules).find(([known]) => known === name)?.[1];
    if (!rule) {
      const known = Object.keys(settingRules).join(', ');
      throw new InvalidParameterError(name, `is no setting of a scenario; there are ${known}`);
    }
    const broken = brokenRule(rule, value);
    if (broken !== undefined) throw new InvalidParameterError(name, broken);
  }
}
