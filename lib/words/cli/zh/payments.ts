import type { AttentionCode, FailureCode } from '../../../payment/decision/outcomes.js';
import type { RefundAttentionCode } from '../../../payment/decision/refund/outcomes.js';
import type { payments as English } from '../en/payments.js';
import { valuesOf } from './values.js';

const failures: Readonly<Record<FailureCode, string>> = {
  dns: '无法解析支付网关的域名，什么都没有发送：请检查网络和 DNS',
  unreachable: '无法连接支付网关，什么都没有发送：请检查网络',
  'connect-timeout': '连接支付网关超时，什么都没有发送：请检查网络',
  tls: '与支付网关的加密连接未能建立，什么都没有发送：请检查本机时钟、代理和杀毒软件',
  proxy: '代理无法使用，什么都没有发送：请检查配置项 proxy',
  certificate: '商户证书不可用，什么都没有发送：请更换商户证书',
  parameter: '参数不正确，什么都没有发送',
  late: '耽搁太久，已不再发送：什么都没有发送',
  limit: '请求过于频繁，什么都没有发送：请稍后再试',
  closed: '程序已关闭，什么都没有发送',
  internal: '本机或程序故障，什么都没有发送',
};

const attentions: Readonly<Record<AttentionCode, string>> = {
  'number-taken':
    '支付网关说这个商户订单号属于另一笔交易；没有撤销，以免退掉那笔交易。再次收款前，请先在商户平台查询这个订单号，并换用新的订单号',
  'not-ours': '查询到的支付与本订单不符；没有再撤销。请在商户平台查询这个订单号',
  'refunded-elsewhere': '支付网关显示有一笔不是本程序发起的退款。请在商户平台核对是否已全额退款',
  refused: '支付网关拒绝本商户的所有请求：请检查密钥和商户号。是否已扣款尚不清楚，改正后请查询或撤销这笔订单',
  certificate: '商户证书不可用，无法撤销。请在商户平台查询是否已扣款，更换证书后再次撤销',
  'reverse-expired': '支付网关已不能撤销这笔支付。如果已扣款，请人工退款',
  denied: '支付网关不承认一笔它曾确认已扣款的订单。请在商户平台查询这个订单号',
  unreadable: '流水中的这条记录由其他版本的程序写入，无法读取。请人工核对',
  'other-merchant': '流水中的这条记录属于另一个商户。请用那个商户的配置处理',
};

const refundAttentions: Readonly<Record<RefundAttentionCode, string>> = {
  'by-hand': '支付网关无法原路退款：请在商户平台人工处理，或按网关的说明解决',
  'not-ours': '查询到的退款与本笔退款不符。再次退款前，请在商户平台查询，并换用新的退款单号',
  refused:
    '支付网关拒绝退款请求：请检查密钥和商户号，或查明网关的说明。是否已退款尚不清楚，解决后请用同一退款单号再次退款',
  certificate: '商户证书不可用，无法退款。更换证书后，请用同一退款单号再次退款',
  unreadable: attentions.unreadable,
  'other-merchant': attentions['other-merchant'],
};

/** What a query shows. */
const tradeStates: Readonly<Record<string, string>> = {
  SUCCESS: '已支付',
  REFUND: '已转入退款',
  NOTPAY: '未支付',
  CLOSED: '已关闭',
  REVOKED: '已撤销',
  USERPAYING: '用户支付中',
  ACCEPT: '已接收，等待扣款',
  PAYERROR: '支付失败',
  ORDERNOTEXIST: '没有这笔订单',
};
const refundStates: Readonly<Record<string, string>> = {
  SUCCESS: '退款成功',
  PROCESSING: '退款处理中',
  REFUNDCLOSE: '退款关闭',
  CHANGE: '退款异常',
};

/** In the place of a state. */
const nothing = '没有这笔退款';

const coded = (table: Readonly<Record<string, string>>, code: string): string =>
  `${Object.hasOwn(table, code) ? table[code] : '其他状态'}（${code}）`;

const statuses: (typeof English)['statuses'] = {
  paid: '已支付',
  declined: '被拒绝',
  failed: '失败',
  cancelled: '已取消',
  scan: '改用付款码',
  reversed: '已撤销',
  reversing: '撤销中',
  attention: '需人工处理',
  refunded: '已退款',
  processing: '退款处理中',
  refused: '退款被拒绝',
};

/** Details of a step that are words of ours, and no codes. */
const details: Readonly<Record<string, string>> = { query: '查询', ...statuses };
const detailOf = (detail: string): string => {
  if (detail === '') return '';
  if (Object.hasOwn(details, detail)) return `：${details[detail]}`;
  return /^\w+$/.test(detail) ? `（${detail}）` : valuesOf(detail);
};

export const payments: typeof English = {
  statuses,
  states: {
    submitting: '提交中',
    polling: '查询中',
    confirming: '确认中',
    reversing: '撤销中',
    paid: '已支付',
    declined: '被拒绝',
    failed: '失败',
    cancelled: '已取消',
    reversed: '已撤销',
    attention: '需人工处理',
    sending: '退款发送中',
    accepted: '退款已受理',
    refunded: '已退款',
    refused: '退款被拒绝',
  },
  steps: {
    camera: '准备摄像头',
    credential: '获取调用凭证',
    looking: '等待顾客刷脸',
    scanning: '顾客改用付款码',
    sending: '发送支付请求',
    password: '顾客正在输入密码',
    unknown: '查询支付结果',
    confirming: '确认结果',
    reversing: '撤销',
    finished: '结束',
  },
  troubles: {
    certificate: '支付网关拒绝商户证书：请换上有效的证书',
    refused: '支付网关拒绝密钥或商户',
    limit: '支付网关限制了调用频率',
    silence: '支付网关没有应答',
    journal: '流水无法写入',
  },
  reversals: {
    unknown: '支付结果未知的时间过长',
    'given-up': '这笔支付已放弃',
    payerror: '支付网关返回支付失败（PAYERROR）',
  },
  cancellers: { customer: '由顾客取消', cashier: '由收银员取消', timeout: '因超时取消' },
  line: (status, number, says) => `${status} ${number}：${says}`,
  refundLine: (status, number, sale, amount, says) => `${status} ${number}（交易 ${sale}）：${amount}；${says}`,
  paid: (amount, transaction_id) => `${amount}，微信支付订单号 ${transaction_id}`,
  no: (err_code, says) => `支付网关拒绝：${[err_code, says].filter(Boolean).join(' ')}`,
  failed: (code, reason) => `${failures[code]}${valuesOf(reason)}`,
  attention: (code, reason) => `${attentions[code]}${valuesOf(reason)}`,
  refundAttention: (code, reason) => `${refundAttentions[code]}${valuesOf(reason)}`,
  scan: '顾客想用付款码支付：请用 wxpay-face pay --auth-code-stdin',
  nothingCharged: '没有扣款，或已退回',
  recovery: '用“wxpay-face journal recover”处理到结束',
  refunded: (refund_id, time, to) =>
    [`微信支付退款单号 ${refund_id}`, time, to && `退至${to}`].filter(Boolean).join('，'),
  accepted: '支付网关已受理',
  notAnswered: '支付网关尚未应答',
  goesOn: '用“wxpay-face journal recover”继续处理',
  both: (parts) => parts.join('；'),
  unfinished: (number, why, then) => `未完成 ${number}：${why}；${then}`,

  till: (step, attempt, detail, trouble) =>
    `收银机    ${step}${attempt === '' ? '' : `（第 ${attempt} 次）`}${detailOf(detail)}${trouble === '' ? '' : `：${trouble}`}`,
  camera: (cmd, answer, took) => `摄像头    ${cmd} →${answer === '' ? '' : ` ${answer}`}${took}`,
  gateway: (call, answer, took) => `支付网关  ${call} →${answer === '' ? '' : ` ${answer}`}${took}`,
  took: (milliseconds) => `，${milliseconds} 毫秒`,
  waiting: (seconds) => `          … 已等待 ${seconds} 秒`,

  order: (number, amount) => `订单 ${number}，${amount}`,
  scanNow: '请扫描顾客的付款码：',
  seen: {
    line: (number, seen) => `${number}：${seen}`,
    state: (code) => coded(tradeStates, code),
    transactionId: (id) => `微信支付订单号 ${id}`,
    paidAt: (time) => `支付时间 ${time}`,
    all: (parts) => parts.join('，'),
  },
  reverse: {
    question: (number, seen) => `确认撤销 ${number} 吗（${seen}）？`,
    inBoth: (state, atGateway) => `流水中：${state}；支付网关：${atGateway}`,
    notKnown: '未知',
    line: (number, status, says) => `${number}：${status}，${says}`,
    isReversed: '这笔订单已经撤销',
    isClosed: '这笔订单已关闭，没有扣款',
    isRefunded: '这笔订单已有退款，至少退了一部分：请在商户平台查看',
    isUnknown: '支付网关没有这笔订单',
    interrupted: '撤销时被中断',
    repeat: '是否已撤销尚不清楚：请重复这条命令',
  },
  kept: '保持不变',
  interrupted: '已中断',
  notConfirmed: '没有得到确认',
  yesOrNo: '[是(y)/否(N)]',
  refund: {
    question: (amount, sale, number) => `确认退款 ${amount} 吗（交易 ${sale}，退款单号 ${number}）？`,
    costing: (sale, amount) => `${sale}，共 ${amount}`,
    aMinuteApart: '同一笔交易的两次退款须间隔一分钟：正在等待',
    unknownSale: (number) => `流水中没有 ${number}：请用 --total 给出交易的总金额，随后会向支付网关核实`,
    unknownNumber: (number) => `流水和支付网关都没有 ${number}`,
  },
  refunds: {
    gatewayShows: (line, state) => `${line}；支付网关显示：${state === nothing ? nothing : coded(refundStates, state)}`,
    nothing,
    elsewhere: (number, sale, amount, state) =>
      `他处退款 ${number}（交易 ${sale}）：${amount}；支付网关显示：${coded(refundStates, state)}`,
    none: (sale) => `${sale} 没有退款`,
    cannotAsk: (why) => `无法询问支付网关：${why}`,
  },
  interruptions: {
    pay: {
      first: '正在放弃这笔支付，等待它的结果。再按一次 Ctrl-C 立即结束。',
      second: '已立即结束。如果支付请求已经发出，这笔支付在流水中尚未完成：用“wxpay-face journal recover”处理到结束。',
    },
    query: { first: '正在放弃查询。', second: '已立即结束。' },
    reverse: { first: '正在停止。已作出的决定仍然有效。', second: '已立即结束。重复同一条命令是安全的。' },
    refund: {
      first: '正在停止。已写入流水的退款，会在下一次“journal recover”时继续。',
      second: '已立即结束。重复同一条命令是安全的：要求的是同一笔退款。',
    },
    recover: {
      first: '正在停止。未完成的仍在流水中。',
      second: '已立即结束。未完成的仍在流水中。',
    },
    reconcile: { first: '正在放弃对账。', second: '已立即结束。' },
    doctor: { first: '正在停止。', second: '已立即结束。' },
    demo: { first: '正在停止演示。', second: '已立即结束。' },
    simulate: { first: '正在停止模拟器。', second: '已立即结束。' },
  },
};
