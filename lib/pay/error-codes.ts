/** What one row of the vendor's tables says of an err_code. */
export interface VendorErrorCode {
  err_code: string;
  /** The vendor's own words, Chinese, for the cashier. */
  zh: { description: string; reason: string; solution: string };
  /** An English rendering. */
  en: { description: string; reason: string; solution: string };
}

export interface PaymentErrorCode extends VendorErrorCode {
  /**
   * What the vendor's table says of the payment when this err_code comes back from a payment call: 支付确认失败 is 'failed',
   * 支付结果未知 is 'unknown'. An err_code that no table lists is 'unknown' as well.
   */
  payment: 'failed' | 'unknown';
}

/** By err_code, and by nothing else: what a gateway sends may be 'constructor'. */
function byCode<Row extends VendorErrorCode>(rows: readonly Row[]): Readonly<Record<string, Row>> {
  const table: Record<string, Row> = Object.create(null);
  for (const row of rows) {
    for (const part of [row, row.zh, row.en]) Object.freeze(part);
    table[row.err_code] = row;
  }
  return Object.freeze(table);
}

const paymentRows = [
  {
    err_code: 'SYSTEMERROR',
    payment: 'unknown',
    zh: {
      description: '接口返回错误',
      reason: '系统超时',
      solution: '请立即调用被扫订单结果查询API,查询当前订单状态,并根据订单的状态决定下一步的操作。',
    },
    en: {
      description: 'The interface returned an error',
      reason: 'The system timed out',
      solution: 'Query the order at once and decide by its state what to do next.',
    },
  },
  {
    err_code: 'PARAM_ERROR',
    payment: 'failed',
    zh: {
      description: '参数错误',
      reason: '请求参数未按指引进行填写',
      solution: '请根据接口返回的详细信息检查您的程序',
    },
    en: {
      description: 'Wrong parameter',
      reason: 'The request was not filled in as the guide says',
      solution: 'Check the program by the details that were returned',
    },
  },
  {
    err_code: 'ORDERPAID',
    payment: 'failed',
    zh: {
      description: '订单已支付',
      reason: '订单号重复',
      solution: '请确认该订单号是否重复支付,如果是新单,请使用新订单号提交',
    },
    en: {
      description: 'The order is paid already',
      reason: 'The order number came twice',
      solution: 'Check whether this order was paid twice; for a new sale use a new order number',
    },
  },
  {
    err_code: 'NOAUTH',
    payment: 'failed',
    zh: {
      description: '商户无权限',
      reason: '商户没有开通被扫支付权限',
      solution: '请开通商户号权限。请联系产品或商务申请',
    },
    en: {
      description: 'The merchant lacks a permission',
      reason: 'The merchant has not been granted payments by code',
      solution: 'Have the permission granted; ask your contact at the vendor',
    },
  },
  {
    err_code: 'AUTHCODEEXPIRE',
    payment: 'failed',
    zh: {
      description: '二维码已过期,请用户在微信上刷新后再试',
      reason: '用户的条码已经过期',
      solution: '请收银员提示用户,请用户在微信上刷新条码,然后请收银员重新扫码。 直接将错误展示给收银员',
    },
    en: {
      description: 'The code has expired; ask the customer to refresh it in WeChat',
      reason: "The customer's code has expired",
      solution:
        'Ask the customer to refresh the code in WeChat, then scan it again. Show this error to the cashier as it is',
    },
  },
  {
    err_code: 'NOTENOUGH',
    payment: 'failed',
    zh: {
      description: '余额不足',
      reason: '用户的零钱余额不足',
      solution:
        '请收银员提示用户更换当前支付的卡,然后请收银员重新扫码。建议:商户系统返回给收银台的提示为“用户余额不足.提示用户换卡支付”',
    },
    en: {
      description: 'Not enough money',
      reason: "The customer's balance is too small",
      solution:
        'Ask the customer to choose another card, then scan again. Suggested words for the till: "Not enough money. Ask the customer to pay with another card"',
    },
  },
  {
    err_code: 'NOTSUPORTCARD',
    payment: 'failed',
    zh: {
      description: '不支持卡类型',
      reason: '用户使用卡种不支持当前支付形式',
      solution: '请用户重新选择卡种 建议:商户系统返回给收银台的提示为“该卡不支持当前支付,提示用户换卡支付或绑新卡支付”',
    },
    en: {
      description: 'This kind of card is not supported',
      reason: "The customer's card can't be used for this kind of payment",
      solution:
        'Ask the customer to choose another card. Suggested words for the till: "This card can\'t be used here. Ask the customer to pay with another card or to add one"',
    },
  },
  {
    err_code: 'ORDERCLOSED',
    payment: 'failed',
    zh: { description: '订单已关闭', reason: '该订单已关', solution: '商户订单号异常,请重新下单支付' },
    en: {
      description: 'The order is closed',
      reason: 'This order was closed',
      solution: 'Something is wrong with the order number; pay with a new order',
    },
  },
  {
    err_code: 'ORDERREVERSED',
    payment: 'failed',
    zh: {
      description: '订单已撤销',
      reason: '当前订单已经被撤销',
      solution: '当前订单状态为“订单已撤销”,请提示用户重新支付',
    },
    en: {
      description: 'The order was reversed',
      reason: 'This order has been reversed',
      solution: 'The order\'s state is "reversed"; ask the customer to pay again',
    },
  },
  {
    err_code: 'BANKERROR',
    payment: 'unknown',
    zh: {
      description: '银行系统异常',
      reason: '银行端超时',
      solution: '请立即调用被扫订单结果查询API,查询当前订单的不同状态,决定下一步的操作。',
    },
    en: {
      description: "The bank's system failed",
      reason: 'The bank timed out',
      solution: 'Query the order at once and decide by its state what to do next.',
    },
  },
  {
    err_code: 'USERPAYING',
    payment: 'unknown',
    zh: {
      description: '用户支付中,需要输入密码',
      reason: '该笔交易因为业务规则要求,需要用户输入支付密码。',
      solution: '等待5秒,然后调用被扫订单结果查询API,查询当前订单的不同状态,决定下一步的操作。',
    },
    en: {
      description: 'The customer is paying and must enter the password',
      reason: "Business rules demand the customer's payment password for this payment.",
      solution: 'Wait 5 seconds, then query the order and decide by its state what to do next.',
    },
  },
  {
    err_code: 'AUTH_CODE_ERROR',
    payment: 'failed',
    zh: {
      description: '付款码参数错误',
      reason: '请求参数未按指引进行填写',
      solution: '每个二维码仅限使用一次,请刷新再试',
    },
    en: {
      description: 'Wrong payment code parameter',
      reason: 'The request was not filled in as the guide says',
      solution: 'Each code can be used once only; refresh it and try again',
    },
  },
  {
    err_code: 'AUTH_CODE_INVALID',
    payment: 'failed',
    zh: {
      description: '付款码检验错误',
      reason: '收银员扫描的不是微信支付的条码',
      solution: '请扫描微信支付被扫条码/二维码',
    },
    en: {
      description: 'The payment code failed its check',
      reason: 'What the cashier scanned is no payment code of WeChat',
      solution: "Scan the customer's WeChat payment code",
    },
  },
  {
    err_code: 'XML_FORMAT_ERROR',
    payment: 'failed',
    zh: { description: 'XML格式错误', reason: 'XML格式错误', solution: '请检查XML参数格式是否正确' },
    en: { description: 'Wrong XML', reason: 'The XML is not well formed', solution: 'Check the XML of the request' },
  },
  {
    err_code: 'REQUIRE_POST_METHOD',
    payment: 'failed',
    zh: { description: '请使用post方法', reason: '未使用post传递参数', solution: '请检查请求参数是否通过post方法提交' },
    en: {
      description: 'Use POST',
      reason: 'The parameters were not sent by POST',
      solution: 'Check that the request is sent by POST',
    },
  },
  {
    err_code: 'SIGNERROR',
    payment: 'failed',
    zh: {
      description: '签名错误',
      reason: '参数签名结果不正确',
      solution: '请检查签名参数和方法是否都符合签名算法要求',
    },
    en: {
      description: 'Wrong signature',
      reason: 'The signature of the parameters is wrong',
      solution: 'Check that the signed parameters and the method follow the signature rules',
    },
  },
  {
    err_code: 'LACK_PARAMS',
    payment: 'failed',
    zh: { description: '缺少参数', reason: '缺少必要的请求参数', solution: '请检查参数是否齐全' },
    en: {
      description: 'A parameter is missing',
      reason: 'A required parameter is missing',
      solution: 'Check that the parameters are complete',
    },
  },
  {
    err_code: 'NOT_UTF8',
    payment: 'failed',
    zh: { description: '编码格式错误', reason: '未使用指定编码格式', solution: '请使用UTF-8编码格式' },
    en: { description: 'Wrong encoding', reason: 'The demanded encoding was not used', solution: 'Use UTF-8' },
  },
  {
    err_code: 'BUYER_MISMATCH',
    payment: 'failed',
    zh: { description: '支付帐号错误', reason: '暂不支持同一笔订单更换支付方', solution: '请确认支付方是否相同' },
    en: {
      description: 'Wrong payer',
      reason: "An order can't be paid by another payer than the one who began",
      solution: 'Check that the payer is the same',
    },
  },
  {
    err_code: 'APPID_NOT_EXIST',
    payment: 'failed',
    zh: { description: 'APPID不存在', reason: '参数中缺少APPID', solution: '请检查APPID是否正确' },
    en: {
      description: "The APPID doesn't exist",
      reason: 'The parameters lack the APPID',
      solution: 'Check the APPID',
    },
  },
  {
    err_code: 'MCHID_NOT_EXIST',
    payment: 'failed',
    zh: { description: 'MCHID不存在', reason: '参数中缺少MCHID', solution: '请检查MCHID是否正确' },
    en: {
      description: "The MCHID doesn't exist",
      reason: 'The parameters lack the MCHID',
      solution: 'Check the MCHID',
    },
  },
  {
    err_code: 'OUT_TRADE_NO_USED',
    payment: 'failed',
    zh: { description: '商户订单号重复', reason: '同一笔交易不能多次提交', solution: '请核实商户订单号是否重复提交' },
    en: {
      description: "The merchant's order number was used before",
      reason: "One sale can't be submitted twice",
      solution: 'Check whether the order number was submitted twice',
    },
  },
  {
    err_code: 'APPID_MCHID_NOT_MATCH',
    payment: 'failed',
    zh: { description: 'appid和mch_id不匹配', reason: 'appid和mch_id不匹配', solution: '请确认appid和mch_id是否匹配' },
    en: {
      description: "appid and mch_id don't match",
      reason: "appid and mch_id don't match",
      solution: 'Check that appid and mch_id belong together',
    },
  },
  {
    err_code: 'INVALID_REQUEST',
    payment: 'failed',
    zh: {
      description: '无效请求',
      reason: '商户系统异常导致,商户权限异常、重复请求支付、证书错误、频率限制等',
      solution: '请确认商户系统是否正常,是否具有相应支付权限,确认证书是否正确,控制频率',
    },
    en: {
      description: 'Invalid request',
      reason:
        "A fault of the merchant's system: its permissions, a repeated payment request, a wrong certificate, too many requests, …",
      solution:
        "Check that the merchant's system works, has the permission to take payments and the right certificate, and limit the rate of requests",
    },
  },
  {
    err_code: 'TRADE_ERROR',
    payment: 'failed',
    zh: {
      description: '交易错误',
      reason: '业务错误导致交易失败、用户账号异常、风控、规则限制等',
      solution: '请确认帐号是否存在异常',
    },
    en: {
      description: 'The trade failed',
      reason: "A business error: the customer's account, risk control, a limit of the rules, …",
      solution: 'Check whether something is wrong with the account',
    },
  },
] as const satisfies readonly PaymentErrorCode[];

/** Every row of the vendor's table for micropay, by err_code (vendor page, 5). facepay answers the same. */
export const paymentErrorCodes = byCode<PaymentErrorCode>(paymentRows);

const queryRows = [
  {
    err_code: 'ORDERNOTEXIST',
    zh: {
      description: '此交易订单号不存在',
      reason: '查询系统中不存在此交易订单号',
      solution: '该API只能查提交支付交易返回成功的订单,请商户检查需要查询的订单号是否正确',
    },
    en: {
      description: "This order number doesn't exist",
      reason: 'The system has no order of this number',
      solution: 'Only orders whose payment was submitted successfully can be queried; check the order number',
    },
  },
  {
    err_code: 'SYSTEMERROR',
    zh: { description: '系统错误', reason: '后台系统返回错误', solution: '系统异常,请再调用发起查询' },
    en: {
      description: 'System error',
      reason: 'The system behind the interface returned an error',
      solution: 'The system failed; query again',
    },
  },
] as const satisfies readonly VendorErrorCode[];

/** Every row of the vendor's table for orderquery, by err_code (vendor page, 6). */
export const queryErrorCodes = byCode<VendorErrorCode>(queryRows);

const reverseRows = [
  {
    err_code: 'SYSTEMERROR',
    zh: {
      description: '接口返回错误',
      reason: '系统超时',
      solution: '请立即调用被扫订单结果查询API,查询当前订单状态,并根据订单的状态决定下一步的操作。',
    },
    en: {
      description: 'The interface returned an error',
      reason: 'The system timed out',
      solution: 'Query the order at once and decide by its state what to do next.',
    },
  },
  {
    err_code: 'INVALID_TRANSACTIONID',
    zh: { description: '无效transaction_id', reason: '请求参数未按指引进行填写', solution: '参数错误,请重新检查' },
    en: {
      description: 'Invalid transaction_id',
      reason: 'The request was not filled in as the guide says',
      solution: 'A parameter is wrong; check it',
    },
  },
  {
    err_code: 'PARAM_ERROR',
    zh: {
      description: '参数错误',
      reason: '请求参数未按指引进行填写',
      solution: '请根据接口返回的详细信息检查您的程序',
    },
    en: {
      description: 'Wrong parameter',
      reason: 'The request was not filled in as the guide says',
      solution: 'Check the program by the details that were returned',
    },
  },
  {
    err_code: 'REQUIRE_POST_METHOD',
    zh: { description: '请使用post方法', reason: '未使用post传递参数', solution: '请检查请求参数是否通过post方法提交' },
    en: {
      description: 'Use POST',
      reason: 'The parameters were not sent by POST',
      solution: 'Check that the request is sent by POST',
    },
  },
  {
    err_code: 'SIGNERROR',
    zh: {
      description: '签名错误',
      reason: '参数签名结果不正确',
      solution: '请检查签名参数和方法是否都符合签名算法要求',
    },
    en: {
      description: 'Wrong signature',
      reason: 'The signature of the parameters is wrong',
      solution: 'Check that the signed parameters and the method follow the signature rules',
    },
  },
  {
    err_code: 'REVERSE_EXPIRE',
    zh: {
      description: '订单无法撤销',
      reason: '订单有7天的撤销有效期,过期将不能撤销',
      solution: '请检查需要撤销的订单是否超过可撤销有效期',
    },
    en: {
      description: "The order can't be reversed",
      reason: 'An order can be reversed for 7 days, not later',
      solution: 'Check whether the order is older than that',
    },
  },
  {
    err_code: 'INVALID_REQUEST',
    zh: {
      description: '无效请求',
      reason: '商户系统异常导致',
      solution: '请检查商户权限是否异常、重复请求支付、证书错误、频率限制等',
    },
    en: {
      description: 'Invalid request',
      reason: "A fault of the merchant's system",
      solution: "Check the merchant's permissions, repeated payment requests, the certificate, the rate of requests, …",
    },
  },
  {
    err_code: 'TRADE_ERROR',
    zh: {
      description: '订单错误',
      reason: '业务错误导致交易失败',
      solution: '请检查用户账号是否异常、被风控、是否符合规则限制等',
    },
    en: {
      description: 'The order failed',
      reason: 'A business error made the trade fail',
      solution: "Check the customer's account, risk control and the limits of the rules",
    },
  },
  {
    err_code: 'USERPAYING',
    zh: {
      description: '用户支付中',
      reason: '用户正在支付中的订单不允许撤销',
      solution: '用户正在支付中的订单不允许撤销,请稍后再试',
    },
    en: {
      description: 'The customer is paying',
      reason: "An order that the customer is paying can't be reversed",
      solution: "An order that the customer is paying can't be reversed; try again later",
    },
  },
] as const satisfies readonly VendorErrorCode[];

/** Every row of the vendor's table for reverse, by err_code (vendor page, 7). */
export const reverseErrorCodes = byCode<VendorErrorCode>(reverseRows);

const reportedRows = [
  {
    err_code: 'FREQUENCY_LIMITED',
    payment: 'failed',
    zh: {
      description: '频率限制',
      reason: '商户号的请求过于频繁,本次支付未被受理',
      solution: '请稍后再试,并降低请求频率',
    },
    en: {
      description: 'The rate of calls is limited',
      reason: "There were too many calls under the merchant's number, and this payment was not taken",
      solution: 'Try again a little later, and make fewer calls',
    },
  },
] as const satisfies readonly PaymentErrorCode[];

/** What no table of the vendor's lists, but the gateway answers to a payment (docs/facts.md#quotas); the words are ours. */
export const reportedErrorCodes = byCode<PaymentErrorCode>(reportedRows);

/** Every err_code of these tables. */
export type ListedErrorCode = (
  | typeof paymentRows
  | typeof queryRows
  | typeof reverseRows
  | typeof reportedRows
)[number]['err_code'];

/** What a verified err_code says of the payment that it answers. What nobody has listed is unknown, not failed. */
export const paymentAfter = (err_code: string): PaymentErrorCode['payment'] =>
  (paymentErrorCodes[err_code] ?? reportedErrorCodes[err_code])?.payment ?? 'unknown';
