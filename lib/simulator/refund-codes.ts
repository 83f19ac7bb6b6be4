interface RefundCode {
  readonly zh: { readonly description: string };
  readonly en: { readonly description: string };
}

const code = (zh: string, en: string): RefundCode => ({ zh: { description: zh }, en: { description: en } });

/** What a refund and its query can answer, in the vendor's words (docs/facts.md#refunds); the English ones are ours. */
export const refundCodes: Readonly<Record<string, RefundCode>> = {
  SYSTEMERROR: code('接口返回错误', 'System error'),
  BIZERR_NEED_RETRY: code('退款业务流程错误，需要商户触发重试来解决', 'To be sent again'),
  FREQUENCY_LIMITED: code('频率限制', 'The rate of calls is limited'),
  INVALID_REQ_TOO_MUCH: code('无效请求过多', 'Too many invalid requests'),
  TRADE_OVERDUE: code('订单已经超过退款期限', 'Paid more than a year ago'),
  NOTENOUGH: code('基本账户余额不足，请充值后重新发起', "The merchant's balance is too small"),
  USER_ACCOUNT_ABNORMAL: code('退款请求失败', "The customer's account is closed"),
  INVALID_TRANSACTIONID: code('无效transaction_id', 'Invalid transaction_id'),
  PARAM_ERROR: code('参数错误', 'Wrong parameter'),
  APPID_NOT_EXIST: code('APPID不存在', 'No such APPID'),
  MCHID_NOT_EXIST: code('MCHID不存在', 'No such MCHID'),
  ORDERNOTEXIST: code('订单号不存在', 'No such order'),
  ORDERPAID: code('订单已支付', 'The order is paid'),
  REFUNDNOTEXIST: code('退款订单查询失败', 'No such refund'),
  REFUND_FEE_MISMATCH: code('订单金额或退款金额与之前请求不一致，请核实后再试', 'Another amount than before'),
  TRADE_STATE_ERROR: code('订单状态错误', "The order's state forbids it"),
  INVALID_REQUEST: code('请求参数符合参数格式，但不符合业务规则', 'Against a rule'),
  ERROR: code('业务错误', 'Business error'),
};
