import type { journal as English } from '../en/journal.js';
import { damageInChinese } from './damage.js';

/** What the parts of a record are called. */
const fields: Readonly<Record<string, string>> = {
  schema: '格式版本',
  kind: '类别',
  id: '编号',
  revision: '修订号',
  state: '状态',
  finished: '已结束',
  acknowledged: '已处理',
  updatedAt: '变动时间（毫秒）',
  data: '内容',
  out_trade_no: '商户订单号',
  out_refund_no: '商户退款单号',
  transaction_id: '微信支付订单号',
  refund_id: '微信支付退款单号',
  total_fee: '总金额（分）',
  cash_fee: '现金支付金额（分）',
  refund_fee: '退款金额（分）',
  rail: '接口',
  merchant: '商户',
  appid: '公众账号',
  mch_id: '商户号',
  sub_mch_id: '子商户号',
  time_end: '支付时间（北京时间）',
  payment: '支付',
  response: '支付网关的应答',
  refunds: '退款',
  reason: '技术说明（英文）',
  failure: '失败原因',
  attention: '人工处理原因',
  decline: '拒绝',
  err_code: '错误码',
  err_code_des: '错误说明',
  openid: '顾客标识（已遮盖）',
  return_code: '返回码',
  return_msg: '返回信息',
  result_code: '业务结果',
  fee_type: '币种',
  trade_type: '交易类型',
  bank_type: '付款银行',
  is_subscribe: '是否关注公众账号',
  charged: '已扣款',
  reached: '已到达网关',
  decidedAt: '作出决定的修订号',
  endedAt: '结束时间（毫秒）',
  wall: '本机时间（毫秒）',
  gateway: '网关时间（毫秒）',
  monotonic: '计时（毫秒）',
  run: '进程编号',
  time: '时间（北京时间）',
  to: '退款去向',
};

/** Each value in a line of its own, behind its name. */
function lines(name: string, value: unknown): string[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([inner, each]) => lines(name === '' ? inner : `${name}.${inner}`, each));
  const field = name.split('.').pop() ?? '';
  const called = Object.hasOwn(fields, field) ? fields[field] : '字段';
  return [`  ${called} ${name}：${typeof value === 'string' ? value : JSON.stringify(value)}`];
}

export const journal: typeof English = {
  stands: { unfinished: '未完成', acknowledged: '已处理', notAcknowledged: '未处理' },
  refundOf: (number, sale) => `${number}（交易 ${sale}）`,
  asWritten: (records) => `与写入时一致，共 ${records} 条记录`,
  damaged: (reason, records) => `已损坏：${damageInChinese(reason)}；有 ${records} 条记录可读`,
  about: (folder, says) => `${folder}：${says}`,
  concerned: (numbers) => `涉及：${numbers.length > 0 ? numbers.join('、') : '无法判断'}`,
  salvage: '用“wxpay-face journal salvage”把可读的部分写到新目录，然后与账单核对',
  salvaged: (folder, says, target) => `${folder}：${says}；可读的记录已写入 ${target}。请把最近几天与账单核对`,
  noPayments: '没有支付',
  noRefunds: '没有退款',
  notThere: (number) => `流水中没有 ${number}`,
  contents: (json) => lines('', JSON.parse(json)).join('\n'),
  recovered: (told, attention, unfinished) => `已告知 ${told} 笔，需人工处理 ${attention} 笔，未完成 ${unfinished} 笔`,
};
