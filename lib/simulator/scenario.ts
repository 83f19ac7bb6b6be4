import { InvalidParameterError } from '../errors.js';

/** The calls of the simulated gateway, by the vendor's names. */
export const gatewayCalls = [
  'get_wxpayface_authinfo',
  'micropay',
  'orderquery',
  'reverse',
  'facepay',
  'facepayquery',
  'facepayreverse',
  'refund',
  'refundquery',
  'authcodetoopenid',
  'getsignkey',
] as const;
export type GatewayCall = (typeof gatewayCalls)[number];

/** How customer, service and gateway behave. Each field is one switch; milliseconds throughout. */
export interface Settings {
  /** 'down': nobody listens on the pipe. */
  service: 'running' | 'down';
  /** What the customer does before the camera; 'waiting': nothing, until told otherwise or stopped. */
  face: 'shown' | 'cancelled' | 'scan' | 'waiting';
  /** How long the customer takes to do it. */
  faceDelay: number;
  /** Whether the customer confirms the result on the screen; 'never': the call doesn't return. */
  confirm: 'confirmed' | 'never';
  confirmDelay: number;
  /** What the gateway answers to a payment: 'paid', 'password' (USERPAYING), or an err_code by name. */
  payment: string;
  /** With an err_code: whether the customer's money moved all the same. */
  charged: boolean;
  /** With 'password': whether the customer enters it. 'waiting': when told so. */
  password: 'entered' | 'never' | 'waiting';
  /** How many queries find the customer still typing. A count, not a time: the outcome must not depend on the till's pace. */
  passwordQueries: number;
  /** How long the gateway itself waits for the password before it gives up (field facts: about 45 s). */
  giveUpAfter: number;
  /** Answer of every query, an err_code by name; '' for the true one. */
  query: string;
  /** Answer of every reversal, an err_code by name; '' for the true one. */
  reverse: string;
  /** 'down': connections end before TLS is established, so nothing can have been sent. */
  gateway: 'up' | 'down';
  /** How long the gateway takes to answer. */
  latency: number;
  /** Calls whose request never arrives: the connection breaks before the gateway acts. */
  loseRequest: readonly GatewayCall[];
  /** Calls whose answer never arrives: the connection breaks after the gateway acted. */
  loseResponse: readonly GatewayCall[];
}

const success: Settings = {
  service: 'running',
  face: 'shown',
  faceDelay: 300,
  confirm: 'confirmed',
  confirmDelay: 100,
  payment: 'paid',
  charged: false,
  password: 'entered',
  passwordQueries: 1,
  giveUpAfter: 45_000,
  query: '',
  reverse: '',
  gateway: 'up',
  latency: 20,
  loseRequest: [],
  loseResponse: [],
};

/** Every named scenario: what it changes of `success`. */
export const scenarios = {
  success: {},
  'userpaying-then-paid': { payment: 'password' },
  'userpaying-forever': { payment: 'password', password: 'never' },
  'not-enough': { payment: 'NOTENOUGH' },
  'system-error-but-paid': { payment: 'SYSTEMERROR', charged: true },
  'lost-response': { loseResponse: ['micropay', 'facepay'] },
  'gateway-down': { gateway: 'down' },
  'user-cancel': { face: 'cancelled' },
  'scan-payment': { face: 'scan' },
  'service-down': { service: 'down' },
} as const satisfies Record<string, Partial<Settings>>;

export type ScenarioName = keyof typeof scenarios;

/** A scenario's name; or a record of {@link Settings}, with `scenario` naming the one to start from (default 'success'). */
export type Scenario = string | Record<string, unknown>;

const errCode = /^[A-Z][A-Z0-9_]*$/;
const oneOf =
  (...values: string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && values.includes(value);
const milliseconds = (value: unknown): boolean => typeof value === 'number' && value >= 0 && Number.isFinite(value);
const calls = (value: unknown): boolean => Array.isArray(value) && value.every(oneOf(...gatewayCalls));
const errCodeOrNone = (value: unknown): boolean => typeof value === 'string' && (value === '' || errCode.test(value));

const rules: Record<keyof Settings, [(value: unknown) => boolean, string]> = {
  service: [oneOf('running', 'down'), "must be 'running' or 'down'"],
  face: [oneOf('shown', 'cancelled', 'scan', 'waiting'), "must be 'shown', 'cancelled', 'scan' or 'waiting'"],
  faceDelay: [milliseconds, 'must be milliseconds'],
  confirm: [oneOf('confirmed', 'never'), "must be 'confirmed' or 'never'"],
  confirmDelay: [milliseconds, 'must be milliseconds'],
  payment: [
    (value) => value === 'paid' || value === 'password' || (value !== '' && errCodeOrNone(value)),
    "must be 'paid', 'password' or an err_code",
  ],
  charged: [(value) => typeof value === 'boolean', 'must be true or false'],
  password: [oneOf('entered', 'never', 'waiting'), "must be 'entered', 'never' or 'waiting'"],
  passwordQueries: [(value) => Number.isSafeInteger(value) && Number(value) >= 0, 'must be a count'],
  giveUpAfter: [milliseconds, 'must be milliseconds'],
  query: [errCodeOrNone, "must be an err_code or ''"],
  reverse: [errCodeOrNone, "must be an err_code or ''"],
  gateway: [oneOf('up', 'down'), "must be 'up' or 'down'"],
  latency: [milliseconds, 'must be milliseconds'],
  loseRequest: [calls, `must be a list of ${gatewayCalls.join(', ')}`],
  loseResponse: [calls, `must be a list of ${gatewayCalls.join(', ')}`],
};

const isScenarioName = (name: unknown): name is ScenarioName =>
  typeof name === 'string' && Object.hasOwn(scenarios, name);

function checkSettings(changes: Record<string, unknown>): asserts changes is Partial<Settings> {
  for (const [name, value] of Object.entries(changes)) {
    const rule = Object.entries(rules).find(([known]) => known === name)?.[1];
    if (!rule)
      throw new InvalidParameterError(name, `is no setting of a scenario; there are ${Object.keys(rules).join(', ')}`);
    const [good, demand] = rule;
    if (!good(value)) throw new InvalidParameterError(name, demand);
  }
}

/**
 * What a scenario means, in full.
 * @throws InvalidParameterError for an unknown name, an unknown setting, or a value out of range.
 */
export function settingsOf(scenario: Scenario): Settings {
  const { scenario: name = 'success', ...changes } = typeof scenario === 'string' ? { scenario } : scenario;
  if (!isScenarioName(name))
    throw new InvalidParameterError('scenario', `must be one of ${Object.keys(scenarios).join(', ')}`);
  checkSettings(changes);
  return { ...success, ...scenarios[name], ...changes };
}
