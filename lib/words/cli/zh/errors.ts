import type { ErrorCode } from '../../../errors.js';
import type { TransportFailure } from '../../../pay/errors.js';
import type { RefundRule } from '../../../payment/decision/refund/rules.js';
import type { errors as English } from '../en/errors.js';
import type { ErrorFacts } from '../facts.js';
import { connections } from './connections.js';
import { damageInChinese } from './damage.js';
import { loadFailure } from './load-failure.js';
import { ruleInChinese } from './rules.js';
import { type Translations, translated } from './translated.js';
import { valuesOf } from './values.js';

const transports: Readonly<Record<TransportFailure, string>> = {
  aborted: '请求已取消',
  withdrawn: '请求已撤回',
  limit: '本程序的请求过多，排队已满',
  dns: '无法解析支付网关的域名：请检查网络和 DNS',
  unreachable: '无法连接支付网关：请检查网络',
  'connect-timeout': '连接支付网关超时：请检查网络',
  tls: '与支付网关的加密连接未能建立：请检查本机时钟、代理和杀毒软件',
  certificate: '支付网关拒绝商户证书：请更换商户证书',
  proxy: '代理无法使用：请检查配置项 proxy',
  internal: '本机或程序故障',
  'response-timeout': '支付网关没有及时应答',
  broken: '与支付网关的连接中断',
};

/** What a page in place of an answer said. */
const pages = {
  certificate: '支付网关拒绝商户证书：请更换商户证书',
  limit: '支付网关限制了调用频率：请稍后再试',
};

const brokenRules: Readonly<Record<RefundRule, string>> = {
  'not-paid': '据流水所知，这笔交易没有支付',
  'too-much': '连同已有的退款，会超过已支付的金额',
  'too-many': '这笔交易已有 50 次退款，不能再退',
  'too-old': '这笔交易是一年以前支付的，不能再退款',
  'given-up': '这笔交易已放弃，会全额撤销',
};

/** What the vendor's library returned. */
const returnValues: Readonly<Record<string, string>> = {
  '-1': '刷脸服务没有运行：请以管理员身份启动 WxpayFaceService 程序',
  '-3': 'WxpayFaceService 程序还没有应答就断开了连接',
  '-4': 'WxpayFaceService 程序在应答途中断开了连接',
};

const nameOf = <Key extends string>(
  table: Readonly<Record<Key, string>>,
  key: string | undefined,
): string | undefined => Object.entries<string>(table).find(([each]) => each === key)?.[1];

function transport({ why, sent, message, cause = '' }: ErrorFacts): string {
  const what = nameOf(transports, why) ?? '与支付网关的通信失败';
  const values = cause === '' ? valuesOf(message.replace(/;.*/s, '')) : `（${hostOf(message)}${connections(cause)}）`;
  return `${what}${values}；${sent ? '支付网关是否收到请求尚不清楚' : '什么都没有发送'}`;
}

const hostOf = (message: string): string => {
  const host = /^(?:https?:\/\/)?[\w.[\]-]+(?::\d+)?(?=: )/.exec(message)?.[0];
  return host === undefined ? '' : `${host}，`;
};

/** The folder that a message of the journal names. */
const journalIn = (message: string): string => {
  const folder = /journal in (.+?) (?:is|was|has|can)\b/.exec(message)?.[1];
  return folder === undefined ? '流水' : `${folder} 的流水`;
};

const ours: Readonly<Record<ErrorCode, (facts: ErrorFacts) => string>> = {
  ERR_INVALID_PARAMETER: ({ parameter = '', rule = '' }) => `${parameter}：${ruleInChinese(rule)}`,
  ERR_INVALID_POLICY: ({ parameter = '', rule = '' }) => `${parameter}：${ruleInChinese(rule)}`,
  ERR_BUSY: () => '正在处理另一笔支付',
  ERR_ORDER_EXISTS: ({ out_trade_no = '', out_refund_no }) =>
    out_refund_no === undefined
      ? `流水中已有商户订单号 ${out_trade_no}：一个订单号只能用于一笔交易`
      : `流水中已有商户退款单号 ${out_refund_no}，但金额或交易不同`,
  ERR_ORDER_UNKNOWN: ({ out_trade_no = '', out_refund_no }) =>
    out_trade_no === '' && out_refund_no !== undefined
      ? `没有退款单号 ${out_refund_no} 的退款`
      : `没有商户订单号 ${out_trade_no} 的交易`,
  ERR_ORDER_FOREIGN: ({ out_trade_no = '' }) => `${out_trade_no} 属于另一个商户，或使用另一套接口：请用相应的配置处理`,
  ERR_ORDER_REFUNDED: ({ out_trade_no = '' }) => `${out_trade_no} 已有退款，不能再撤销：请退还余下的金额`,
  ERR_REFUND: ({ rule, out_trade_no = '', out_refund_no = '' }) =>
    `${out_trade_no} 不能退款（退款单号 ${out_refund_no}）：${nameOf(brokenRules, rule) ?? '不符合退款规则'}`,
  ERR_CLOSED: () => '程序正在关闭',
  ERR_LIBRARY_LOAD: loadFailure,
  ERR_SERVICE_CALL: ({ cmd = '', returnValue = '' }) =>
    `${cmd}：动态库返回 ${returnValue}${returnValue in returnValues ? `，${returnValues[returnValue]}` : ''}`,
  ERR_SERVICE_RESPONSE: ({ cmd = '' }) => `${cmd}：刷脸服务的应答不完整或无法读取`,
  ERR_SERVICE_COMMAND: ({ cmd = '', return_code = '', return_msg }) =>
    `${cmd}：刷脸服务返回 ${return_code}${return_msg === undefined ? '' : `（${return_msg}）`}`,
  ERR_HOST_PROCESS: ({ message }) => `运行动态库的宿主进程已结束或没有应答${valuesOf(message)}`,
  ERR_JOURNAL: ({ message, cause = '' }) =>
    `${journalIn(message)}无法打开、读取或写入${cause === '' ? valuesOf(message.replace(/journal in .+? (?=is|was|has|can)/, '')) : `（${cause}）`}`,
  ERR_JOURNAL_LOCKED: ({ message }) => `${journalIn(message)}已被另一个进程打开`,
  ERR_JOURNAL_DAMAGED: ({ message }) =>
    `${journalIn(message)}已损坏：${damageInChinese(message)}。没有做任何修改。请保留这个目录；用“wxpay-face journal check”查看哪些内容可读，用“wxpay-face journal salvage”把它们写到新目录，然后把最近几天与账单核对`,
  ERR_JOURNAL_LOST: () => '这条记录现在由另一个进程处理',
  ERR_PAY_TRANSPORT: transport,
  ERR_PAY_RESPONSE: ({ message, trouble }) =>
    `${nameOf(pages, trouble) ?? '支付网关的应答无法读取，或没有所需的内容'}${valuesOf(message)}`,
  ERR_PAY_SIGNATURE: () => '支付网关应答的签名不正确或缺失：请核对密钥',
  ERR_PAY_MISMATCH: ({ field = '' }) => `支付网关的应答与请求不符（${field}）`,
  ERR_PAY_PROTOCOL: ({ return_code = '', return_msg = '没有说明' }) => `支付网关返回 ${return_code}：${return_msg}`,
  ERR_BILL: ({ message }) => `账单无法读取、不完整，或与合计不符${valuesOf(message)}`,
  ERR_BILL_MISSING: () => '支付网关没有这一天的账单',
};

/** What the system says. */
const systems: Readonly<Record<string, string>> = {
  EADDRINUSE: '地址或端口已被占用',
  EADDRNOTAVAIL: '本机没有这个地址',
  EACCES: '没有权限',
  EPERM: '没有权限',
  ENOENT: '没有这个文件或目录',
  ENOTDIR: '路径中有一段不是目录',
  EISDIR: '这是目录，不是文件',
  EEXIST: '已经存在',
  ENOSPC: '磁盘空间不足',
  EROFS: '磁盘是只读的',
  EMFILE: '打开的文件过多',
};

/** What the library warns of. */
const warnings: Translations = [
  [/ has no certificate: it can pay/, () => '没有商户证书：可以收款，但不能撤销，也不能退款'],
  [/^The journal in (.*) is used;/, (folder) => `流水的两份副本不一致，已使用 ${folder} 中的一份`],
  [
    /calls of updateWxpayfacePayResult/,
    () => '刷脸服务没有应答显示结果的命令，顾客屏幕上不再显示结果：请重启 WxpayFaceService 程序',
  ],
  [
    /calls that do not come back were left behind/,
    () => '动态库的调用没有返回，已不再等待：请重启 WxpayFaceService 程序',
  ],
  [
    /^(.*) needs SDK (\S+), but (.*) is (\S+): it may be ignored/,
    (what, since, path, version) =>
      `${what} 需要 ${since} 版的动态库，而 ${path} 的版本是 ${version}：可能被忽略或拒绝`,
  ],
];

function foreign({ code, message, path, port }: ErrorFacts): string {
  const where = path ?? (port === undefined ? '' : `端口 ${port}`);
  if (Object.hasOwn(systems, code)) return `${systems[code]}（${[where, code].filter(Boolean).join('，')}）`;
  const said = [code, message].filter(Boolean).join('：');
  return `程序遇到意外的错误（${said}）`;
}

export const errors: typeof English = {
  of: (facts) => (Object.entries(ours).find(([code]) => code === facts.code)?.[1] ?? foreign)(facts),
  line: (says) => `wxpay-face：${says}`,
  warning: (message) => `警告：${translated(warnings, message, (unlisted) => `程序提示（${unlisted}）`)}`,
};
