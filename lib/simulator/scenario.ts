import { InvalidParameterError } from '../errors.js';
import type { GatewayCall } from './gateway-calls.js';
import { checkSettings } from './setting-rules.js';

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
export type SimulatorSettings = Required<Omit<ScenarioSettings, 'scenario'>>;

const success: SimulatorSettings = {
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
  'lost-response': { loseResponse: ['micropay', 'facepay'] },
  'certificate-refused': { payment: 'password', password: 'never', certificate: 'mismatch' },
  limited: { limited: ['micropay', 'facepay'] },
  'limited-unsigned': { limited: ['micropay', 'facepay'], limit: 'unsigned' },
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
} as const satisfies Record<string, Partial<SimulatorSettings>>;

/** The name of a scenario. */
export type ScenarioName = keyof typeof scenarios;

/** A scenario's name, or settings on top of one. */
export type Scenario = ScenarioName | (string & {}) | ScenarioSettings;

const isScenarioName = (name: unknown): name is ScenarioName =>
  typeof name === 'string' && Object.hasOwn(scenarios, name);

/** The name and what differs from it: the same as a scenario, for a change of one setting. */
export function asRecord(scenario: Scenario): Record<string, unknown> {
  return typeof scenario === 'string' ? { scenario } : { ...scenario };
}

/**
 * What a scenario means, in full.
 * @throws InvalidParameterError for an unknown name, an unknown setting, or a value out of range.
 */
export function settingsOf(scenario: Scenario): SimulatorSettings {
  const { scenario: name = 'success', ...changes } = asRecord(scenario);
  if (!isScenarioName(name))
    throw new InvalidParameterError('scenario', `must be one of ${Object.keys(scenarios).join(', ')}`);
  checkSettings(changes);
  return { ...success, ...scenarios[name], ...changes };
}
