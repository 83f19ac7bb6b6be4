import { gatewayCalls } from '../../lib/simulator/gateway-calls.js';
import { type SimulatorSettings, settingsOf } from '../../lib/simulator/scenario.js';
import { type SettingRule, settingRules } from '../../lib/simulator/setting-rules.js';
import { code, type Language, table, type Words } from './languages.js';

/** What each setting of the simulator does. Its values and its default are the code's. */
const meanings: Readonly<Record<keyof SimulatorSettings, Words>> = {
  service: { en: 'WxpayFaceService; `down`: nobody listens on the pipe', zh: '刷脸服务；`down`：管道上没有人监听' },
  face: {
    en: 'what the customer does before the camera; `waiting`: nothing, until told so or stopped',
    zh: '顾客在摄像头前做什么；`waiting`：什么也不做，直到您操作或者识别被停止',
  },
  faceDelay: { en: 'how long the customer takes to do it', zh: '顾客要多久才做' },
  confirm: {
    en: 'whether the customer confirms the result on the screen; `never`: the call doesn’t return',
    zh: '顾客是否在屏幕上确认结果；`never`：这次调用不返回',
  },
  confirmDelay: { en: 'how long the customer takes to confirm', zh: '顾客要多久才确认' },
  payment: {
    en: 'the answer to a payment; `password` is USERPAYING',
    zh: '对支付的应答；`password` 即 USERPAYING',
  },
  charged: {
    en: 'with an err_code: whether the money moved all the same',
    zh: '应答是 err_code 时，钱是否照样扣了',
  },
  password: {
    en: 'with `password`: whether the customer enters it; `waiting`: when told so',
    zh: '`payment` 为 `password` 时，顾客是否输入密码；`waiting`：等您操作',
  },
  passwordQueries: { en: 'how many queries find the customer still typing', zh: '有几次查询看到顾客还在输入' },
  giveUpAfter: {
    en: 'how long the gateway waits for the password before it gives up',
    zh: '网关等待密码多久之后放弃',
  },
  numberUsed: {
    en: 'whether each payment’s number already belongs to another sale, paid an hour ago, and what the gateway answers then',
    zh: '每笔支付的订单号是否已属于另一笔一小时前支付的交易，以及这时网关怎样应答',
  },
  query: { en: 'the answer to every query; empty: the true one', zh: '对每次查询的应答；空：真实的应答' },
  reverse: { en: 'the answer to every reversal; empty: the true one', zh: '对每次撤销的应答；空：真实的应答' },
  refund: { en: 'the answer to a refund', zh: '对退款的应答' },
  refundTaken: {
    en: 'with an err_code: whether the refund was taken all the same',
    zh: '应答是 err_code 时，退款是否照样受理了',
  },
  refundEnd: {
    en: 'how a refund ends: given back, closed with nothing given back, left to be paid by hand; `waiting`: PROCESSING, until told so',
    zh: '退款怎样结束：已退回、关闭而没有退回、需要人工打款；`waiting`：一直 PROCESSING，等您操作',
  },
  refundDelay: { en: 'how long that takes, by the gateway’s clock', zh: '多久之后结束，按网关的时钟' },
  refundInterval: {
    en: 'how far apart two refunds of one order must be; others are FREQUENCY_LIMITED',
    zh: '同一订单的两次退款必须相隔多久；不够的得到 FREQUENCY_LIMITED',
  },
  refundquery: {
    en: 'the answer to every refundquery; empty: the true one',
    zh: '对每次退款查询的应答；空：真实的应答',
  },
  bill: {
    en: 'whether a day’s bill is there: from ten o’clock of the next day in Beijing, at once, or never (20002)',
    zh: '某天的账单有没有：次日北京时间十点起、当天就有，或者没有（20002）',
  },
  billFormat: { en: 'which of the vendor’s two formats a bill has', zh: '账单用微信的新格式还是旧格式' },
  certificate: {
    en: 'what the gateway makes of the merchant’s certificate at reversals and refunds: two pages of HTTP, or FAIL “certificate not match”',
    zh: '撤销和退款时网关怎样对待商户证书：两种 HTTP 页面，或者 `certificate not match` 的 FAIL',
  },
  gateway: {
    en: '`down`: connections end before TLS, so nothing was sent',
    zh: '`down`：连接在 TLS 之前就断开，所以什么都没有发送',
  },
  latency: { en: 'how long the gateway takes to answer', zh: '网关多久之后应答' },
  clock: {
    en: 'how far the gateway’s clock is ahead of this machine’s (negative: behind): its Date header, `time_end`, refunds and bills',
    zh: '网关的时钟比本机快多少（负数：慢）：Date 头、`time_end`、退款和账单都按它',
  },
  callsPerSecond: {
    en: 'how many calls a second are taken; the others are limited. 0: all',
    zh: '每秒受理几次调用，其余被限频；0：不限',
  },
  limited: { en: 'calls that are always limited', zh: '总是被限频的接口' },
  limit: {
    en: 'how a limit shows: FREQUENCY_LIMITED, or FAIL 频率限制 without a signature',
    zh: '限频怎样表现：FREQUENCY_LIMITED，或者没有签名的 FAIL 频率限制',
  },
  loseRequest: { en: 'calls whose request never arrives', zh: '请求到不了网关的接口' },
  loseResponse: {
    en: 'calls whose answer never arrives: the gateway has acted',
    zh: '应答到不了收银机的接口：网关已经处理',
  },
  sendTwice: { en: 'calls whose answer comes twice', zh: '应答来两次的接口' },
  omitNumber: { en: 'calls whose answer lacks the out_trade_no', zh: '应答里没有 out_trade_no 的接口' },
  signer: {
    en: 'API v3: what signs the answers, the public key, the platform certificate, or what the request asks for',
    zh: 'API v3：应答用微信支付公钥、平台证书，还是按请求的要求签名',
  },
  probe: { en: 'API v3: calls whose answer is signed wrongly on purpose', zh: 'API v3：应答故意签错的接口' },
  unsigned: { en: 'API v3: calls whose answer nobody has signed', zh: 'API v3：应答没有签名的接口' },
  stale: { en: 'API v3: calls whose answer was signed ten minutes ago', zh: 'API v3：应答是十分钟以前签名的接口' },
};

const kinds: Readonly<Record<Exclude<SettingRule['kind'], 'choice' | 'flag' | 'err_code'>, Words>> = {
  milliseconds: { en: 'milliseconds', zh: '毫秒' },
  offset: { en: 'milliseconds, also negative', zh: '毫秒，可以为负' },
  count: { en: 'a count', zh: '次数' },
  calls: { en: 'a list of calls', zh: '接口的列表' },
};

const texts = {
  heads: { en: ['Setting', 'Values', 'Default', 'What it does'], zh: ['设置', '取值', '默认值', '做什么'] },
  comma: { en: ', ', zh: '、' },
  errCode: { en: 'an err_code', zh: 'err_code' },
  calls: { en: 'The calls are ', zh: '接口有：' },
  end: { en: '.', zh: '。' },
} as const;

function valuesOf(rule: SettingRule, language: Language): string {
  const listed = (values: readonly unknown[]): readonly string[] => values.map((value) => code(JSON.stringify(value)));
  switch (rule.kind) {
    case 'choice':
      return listed(rule.choices).join(texts.comma[language]);
    case 'flag':
      return listed([true, false]).join(texts.comma[language]);
    case 'err_code':
      return [...listed(rule.besides), texts.errCode[language]].join(texts.comma[language]);
    default:
      return kinds[rule.kind][language];
  }
}

/** The guide's section, between its marks. */
export function settingsSection(language: Language): string {
  const defaults: Readonly<Record<string, unknown>> = settingsOf('success');
  const words: Readonly<Record<string, Words>> = meanings;
  const rows = Object.entries(settingRules).map(([name, rule]) => [
    code(name),
    valuesOf(rule, language),
    code(JSON.stringify(defaults[name])),
    words[name]?.[language] ?? '',
  ]);
  const calls = gatewayCalls.map(code).join(texts.comma[language]);
  return `${table(texts.heads[language], rows)}

${texts.calls[language]}${calls}${texts.end[language]}`;
}
