import type { reconcile as English } from '../en/reconcile.js';

export const reconcile: typeof English = {
  kinds: {
    'charged-not-told-paid': '已扣款但未告知',
    'paid-not-in-bill': '已支付但账单没有',
    amount: '支付金额不符',
    'reversed-still-charged': '已撤销但仍扣款',
    'reversal-not-in-bill': '撤销不在账单中',
    'refund-not-in-bill': '退款不在账单中',
    'refund-unknown-here': '不知来源的退款',
    'refund-amount': '退款金额不符',
    'unknown-here': '流水中没有',
    undecided: '尚未结束',
  },
  meanings: {
    'charged-not-told-paid': '顾客已被扣款，但收银程序得知的是其他结果：请退款，或把商品交给顾客',
    'paid-not-in-bill': '收银程序得知已支付，但账单没有这笔交易，或记为已撤销：请查询这笔订单；货款并未收到',
    amount: '收银程序得知已支付，但金额与账单不同：请查询这笔订单，并与顾客结清差额',
    'reversed-still-charged': '收银程序得知已撤销，但账单有扣款而没有撤销：请查询这笔订单，并退还余下的金额',
    'reversal-not-in-bill': '收银程序得知当天已撤销，但账单没有记录：请先看交易当天的账单，再查询这笔订单',
    'refund-not-in-bill': '支付网关已受理这笔退款，但账单没有记录，或记为失败：请用“wxpay-face refunds”查看进展',
    'refund-unknown-here': '钱已退回，但不是从这里退的，或这里得知的是被拒绝：请询问在商户平台退款的人',
    'refund-amount': '退款金额与账单不同：请在商户平台查询',
    'unknown-here': '不是这份流水中的交易：可能来自其他收银机或其他渠道，或者流水曾经丢失',
    undecided: '尚未结束：用“wxpay-face journal recover”继续处理',
  },
  head: { kind: '差异', here: '流水', there: '账单', what: '交易、退款、状态' },
  meaning: (kind, says) => `  ${kind}：${says}`,
  read: (count) => `已读取账单 ${count} 行`,
  rows: (count) => `账单共 ${count} 行`,
  downloading: (day) => `正在下载 ${day} 的账单`,
  reading: (file, day) => `正在读取 ${day} 的账单文件 ${file}`,
  noBill: '支付网关没有这一天的账单',
  found: (day, differences, what) =>
    `${day}：${differences === 0 ? '每一分钱都对得上' : `有 ${differences} 处差异`}，${what}`,
  notYet: (day) => `支付网关还没有 ${day} 的账单：前一天的账单在北京时间 10:00 之后提供`,
};
