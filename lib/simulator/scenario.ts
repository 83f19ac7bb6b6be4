import { InvalidParameterError } from '../errors.js';

/** The calls of the simulated gateway, by the vendor's names; those that API v3 has, too, by v2's. */
export const gatewayCalls = [
  'get_wxpayface_authinfo',
  'micropay',
  'codepay',
  'orderquery',
  'reverse',
  'facepay',
  'facepayquery',
  'facepayreverse',
  'refund',
  'refundquery',
  'downloadbill',
  'tradebill',
  'downloadfundflow',
  'closeorder',
  'authcodetoopenid',
  'getsignkey',
] as const;
/** A call of the simulated gateway. */
export type GatewayCall = (typeof gatewayCalls)[number];

/**
 * How customer, service and gateway behave: what differs from a named scenario. Each field is one switch; milliseconds
 * throughout. The values in brackets are those of 'success'.
 */
export interface ScenarioSettings {
  /** The named scenario to start from ['success']. */
  scenario?: ScenarioName | (string & {});
  /** 'down': nobody listens on the pipe ['running']. */
  service?: 'running' | 'down';
  /** What the customer does before the camera; 'waiting': nothing, until told otherwise or stopped ['shown']. */
  face?: 'shown' | 'cancelled' | 'scan' | 'waiting';
  /** How long the customer takes to do it [300]. */
  faceDelay?: number;
  /** Whether the customer confirms the result on the screen; 'never': the call doesn't return ['confirmed']. */
  confirm?: 'confirmed' | 'never';
  /** How long the customer takes to confirm [100]. */
  confirmDelay?: number;
  /** What the gateway answers to a payment: 'paid', 'password' (USERPAYING), or an err_code by name ['paid']. */
  payment?: string;
  /** With an err_code, which API v3 tells with HTTP 4xx or 5xx: whether the customer's money moved all the same [false]. */
  charged?: boolean;
  /** With 'password': whether the customer enters it. 'waiting': when told so ['entered']. */
  password?: 'entered' | 'never' | 'waiting';
  /** How many queries find the customer still typing [1]. A count, not a time: the outcome must not depend on the till's pace. */
  passwordQueries?: number;
  /** How long the gateway waits for the password before it gives up (docs/facts.md#unknown-is-not-failed) [45000]. */
  giveUpAfter?: number;
  /**
   * Whether the number of each payment already belongs to another sale, which was paid an hour ago, and what the gateway
   * answers to it: one of its codes (INVALID_REQUEST with "201 商户订单号重复"), or 'SUCCESS' with the other sale's time_end.
   * 'free': it doesn't; a number that is paid twice is still refused ['free'].
   */
  numberUsed?: 'free' | 'ORDERPAID' | 'OUT_TRADE_NO_USED' | 'INVALID_REQUEST' | 'SUCCESS';
  /** Answer of every query, an err_code by name; '' for the true one ['']. */
  query?: string;
  /** Answer of every reversal, an err_code by name; '' for the true one ['']. */
  reverse?: string;
  /** What the gateway answers to a refund: 'accepted', or an err_code by name ['accepted']. */
  refund?: string;
  /** With an err_code: whether the refund was taken all the same, and goes its way [false]. */
  refundTaken?: boolean;
  /**
   * How a refund that was taken ends: given back, closed with nothing given back, or left to the merchant's hand, since the
   * card is gone; 'waiting': PROCESSING, until told otherwise ['SUCCESS'].
   */
  refundEnd?: 'SUCCESS' | 'REFUNDCLOSE' | 'CHANGE' | 'waiting';
  /** How long that takes, by the gateway's clock: PROCESSING until then [0]. */
  refundDelay?: number;
  /** How far apart the refunds of one order must be, by the gateway's clock; those between are FREQUENCY_LIMITED [60000]. */
  refundInterval?: number;
  /** Answer of every refundquery, an err_code by name; '' for the true one ['']. */
  refundquery?: string;
  /**
   * Whether a day's bill is there: from 'ten' o'clock of the next day in Beijing, by the gateway's clock; 'early': from the
   * day's beginning, with what has happened so far; 'none' (error_code 20002, as for a day without sales) ['ten'].
   */
  bill?: 'ten' | 'early' | 'none';
  /** 'old': 总金额 for 应结订单金额, and neither 订单金额 nor 申请退款金额 nor 费率备注 ['new']. */
  billFormat?: 'new' | 'old';
  /**
   * What the gateway makes of the merchant's certificate at reversals and refunds: 'missing' and 'error' are pages of HTTP
   * ("No required SSL certificate was sent", "The SSL certificate error"), 'mismatch' is FAIL "certificate not match"
   * ['accepted'].
   */
  certificate?: 'accepted' | 'missing' | 'error' | 'mismatch';
  /** 'down': connections end before TLS is established, so nothing can have been sent ['up']. */
  gateway?: 'up' | 'down';
  /** How long the gateway takes to answer [20]. */
  latency?: number;
  /**
   * How far the gateway's clock is ahead of this machine's, or behind it if negative: in its Date header and time_end, and in
   * all of refunds and bills. So a day passes for them when it's set a day ahead [0].
   */
  clock?: number;
  /** Calls a second that the gateway takes of the merchant; those above it are limited. 0: no limit [0]. */
  callsPerSecond?: number;
  /** Calls that are always limited: nothing is done, and the answer says so as `limit` tells [[]]. */
  limited?: readonly GatewayCall[];
  /** How a limit shows: 'signed' as err_code FREQUENCY_LIMITED, 'unsigned' as return_code FAIL with 频率限制 ['signed']. */
  limit?: 'signed' | 'unsigned';
  /** Calls whose request never arrives: the connection breaks before the gateway acts [[]]. */
  loseRequest?: readonly GatewayCall[];
  /** Calls whose answer never arrives: the connection breaks after the gateway acted [[]]. */
  loseResponse?: readonly GatewayCall[];
  /** Calls whose answer is sent twice, one behind the other [[]]. */
  sendTwice?: readonly GatewayCall[];
  /** Calls whose answer lacks the out_trade_no [[]]. */
  omitNumber?: readonly GatewayCall[];
  /**
   * What API v3's answers are signed with: its public key, its platform certificate, or as the request asks, as while a merchant
   * changes from one to the other ['asked'].
   */
  signer?: 'asked' | 'public-key' | 'certificate';
  /** Calls of API v3 whose answer is signed wrongly on purpose, to see that it's refused [[]]. */
  probe?: readonly GatewayCall[];
  /** Calls of API v3 whose answer nobody has signed [[]]. */
  unsigned?: readonly GatewayCall[];
  /** Calls of API v3 whose answer was signed ten minutes ago [[]]. */
  stale?: readonly GatewayCall[];
}

/** All settings, each with a value. */
export type Settings = Required<Omit<ScenarioSettings, 'scenario'>>;

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
  numberUsed: 'free',
  query: '',
  reverse: '',
  refund: 'accepted',
  refundTaken: false,
  refundEnd: 'SUCCESS',
  refundDelay: 0,
  refundInterval: 60_000,
  refundquery: '',
  bill: 'ten',
  billFormat: 'new',
  certificate: 'accepted',
  gateway: 'up',
  latency: 20,
  clock: 0,
  callsPerSecond: 0,
  limited: [],
  limit: 'signed',
  loseRequest: [],
  loseResponse: [],
  sendTwice: [],
  omitNumber: [],
  signer: 'asked',
  probe: [],
  unsigned: [],
  stale: [],
};

/** Every named scenario: what it changes of `success`. */
export const scenarios = {
  success: {},
  'userpaying-then-paid': { payment: 'password' },
  'userpaying-forever': { payment: 'password', password: 'never' },
  'not-enough': { payment: 'NOTENOUGH' },
  'system-error-but-paid': { payment: 'SYSTEMERROR', charged: true },
  'number-taken': { numberUsed: 'INVALID_REQUEST' },
  'not-ours': { numberUsed: 'SUCCESS' },
  'lost-response': { loseResponse: ['micropay', 'codepay', 'facepay'] },
  'certificate-refused': { payment: 'password', password: 'never', certificate: 'mismatch' },
  limited: { limited: ['micropay', 'codepay', 'facepay'] },
  'limited-unsigned': { limited: ['micropay', 'codepay', 'facepay'], limit: 'unsigned' },
  'too-many-calls': { callsPerSecond: 1 },
  'refund-pending': { refundEnd: 'waiting' },
  'refund-closed': { refundEnd: 'REFUNDCLOSE' },
  'refund-by-hand': { refundEnd: 'CHANGE' },
  'refund-lost-response': { loseResponse: ['refund'] },
  'refund-system-error-but-taken': { refund: 'SYSTEMERROR', refundTaken: true },
  'refund-empty-balance': { refund: 'NOTENOUGH' },
  'refund-account-abnormal': { refund: 'USER_ACCOUNT_ABNORMAL' },
  'refund-limited': { limited: ['refund'] },
  'gateway-down': { gateway: 'down' },
  'user-cancel': { face: 'cancelled' },
  'scan-payment': { face: 'scan' },
  'service-down': { service: 'down' },
} as const satisfies Record<string, Partial<Settings>>;

/** The name of a scenario. */
export type ScenarioName = keyof typeof scenarios;

/** A scenario's name, or settings on top of one. */
export type Scenario = ScenarioName | (string & {}) | ScenarioSettings;

/** What a value must be, as data: for the check of a scenario, and for the console's switches. */
export type SettingRule =
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'flag' | 'milliseconds' | 'offset' | 'count' | 'calls' }
  /** An err_code by name, or one of the words besides. */
  | { readonly kind: 'err_code'; readonly besides: readonly string[] };

export const settingRules: Readonly<Record<keyof Settings, SettingRule>> = {
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

const isScenarioName = (name: unknown): name is ScenarioName =>
  typeof name === 'string' && Object.hasOwn(scenarios, name);

function checkSettings(changes: Record<string, unknown>): asserts changes is Partial<Settings> {
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

/** The name and what differs from it: the same as a scenario, for a change of one setting. */
export function asRecord(scenario: Scenario): Record<string, unknown> {
  return typeof scenario === 'string' ? { scenario } : { ...scenario };
}

/**
 * What a scenario means, in full.
 * @throws InvalidParameterError for an unknown name, an unknown setting, or a value out of range.
 */
export function settingsOf(scenario: Scenario): Settings {
  const { scenario: name = 'success', ...changes } = asRecord(scenario);
  if (!isScenarioName(name))
    throw new InvalidParameterError('scenario', `must be one of ${Object.keys(scenarios).join(', ')}`);
  checkSettings(changes);
  return { ...success, ...scenarios[name], ...changes };
}
