import type { RefundWords } from '../words.js';

const again = '请稍后重新退款；再次出现时，请联系负责人。';
const keep = '请顾客稍等，把订单号告诉负责人；请不要再次退款，也不要付现金。';

export const refund: RefundWords = {
  refunded: {
    title: '退款成功',
    text: '已把钱退给顾客。',
    advice: '请告诉顾客：“钱已原路退回。”',
  },
  accepted: {
    title: '退款处理中',
    text: '微信支付已受理这笔退款。',
    advice: '请告诉顾客：“零钱约二十分钟到账，银行卡约三个工作日到账。”请不要再付现金。',
  },
  sending: {
    title: '退款提交中',
    text: '这笔退款正在提交，微信支付还没有答复。',
    advice: '收银机会继续办理；请不要重复退款，也不要付现金。',
  },
  refused: {
    SYSTEMERROR: { title: '退款系统超时', text: '微信支付系统超时。', advice: again },
    BIZERR_NEED_RETRY: {
      title: '退款需要重试',
      text: '微信支付要求重新提交这笔退款。',
      advice: '请重新办理这笔退款，金额不变。',
    },
    FREQUENCY_LIMITED: {
      title: '退款过于频繁',
      text: '本店退款过于频繁，这一次没有受理。',
      advice: '请过一分钟再退款。',
    },
    INVALID_REQ_TOO_MUCH: {
      title: '退款错误过多',
      text: '本店出错的退款过多，这一次没有受理。',
      advice: '请过几分钟再退款；再次出现时，请联系负责人。',
    },
    TRADE_OVERDUE: {
      title: '已过退款期限',
      text: '订单已经超过退款期限。',
      advice: '请负责人与顾客商量其他退款方式。',
    },
    NOTENOUGH: {
      title: '本店余额不足',
      text: '本店的账户余额不足，退不了这笔款。',
      advice: '请负责人给账户充值，然后重新退款；请告诉顾客：“退款要稍后办理。”',
    },
    USER_ACCOUNT_ABNORMAL: {
      title: '顾客账号异常',
      text: '顾客的账号异常或已注销，钱退不回去。',
      advice: '请负责人与顾客商量其他退款方式。',
    },
    INVALID_TRANSACTIONID: {
      title: '微信订单号有误',
      text: '收银机提交的微信支付订单号有误。',
      advice: '请核对要退款的订单，然后重新退款。',
    },
    PARAM_ERROR: {
      title: '退款内容有误',
      text: '收银机提交的退款内容有误，微信支付没有受理。',
      advice: '请核对订单号和金额，然后重新退款。',
    },
    APPID_NOT_EXIST: {
      title: '公众账号查不到',
      text: '微信支付查不到本店的公众账号。',
      advice: '请负责人核对公众账号，然后重新退款。',
    },
    MCHID_NOT_EXIST: {
      title: '商户号查不到',
      text: '微信支付查不到本店的商户号。',
      advice: '请负责人核对商户号，然后重新退款。',
    },
    ORDERNOTEXIST: {
      title: '查不到原订单',
      text: '微信支付查不到要退款的订单。',
      advice: '请核对订单号，然后重新退款。',
    },
    REQUIRE_POST_METHOD: {
      title: '退款提交方式有误',
      text: '收银机提交退款的方式有误，微信支付没有受理。',
      advice: '请负责人检查收银程序。',
    },
    SIGNERROR: {
      title: '密钥不符',
      text: '本店的密钥与微信支付的不符。',
      advice: '请负责人核对密钥，然后重新退款。',
    },
    XML_FORMAT_ERROR: {
      title: '退款格式有误',
      text: '收银机提交退款的格式有误，微信支付没有受理。',
      advice: '请负责人检查收银程序。',
    },
    ERROR: {
      title: '退款没有办成',
      text: '微信支付没有办理这笔退款，原因要由负责人查看。',
      advice: '请联系负责人，并告诉顾客：“退款要稍后办理。”',
    },
    REFUNDCLOSE: {
      title: '退款已关闭',
      text: '微信支付关闭了这笔退款。',
      advice: '请重新办理退款；再次关闭时，请联系负责人。',
    },
    REFUNDNOTEXIST: {
      title: '查不到退款',
      text: '微信支付查不到这笔退款。',
      advice: '请核对退款单号；顾客还要退款时，请重新办理。',
    },
    REFUND_FEE_MISMATCH: {
      title: '退款金额不一致',
      text: '订单金额或退款金额与之前提交的不一致。',
      advice: '请核实金额，然后重新退款。',
    },
    TRADE_STATE_ERROR: {
      title: '订单状态不能退款',
      text: '订单现在的状态不能退款。',
      advice: '请先查看这一单的结果，再决定是否退款。',
    },
    INVALID_REQUEST: {
      title: '退款请求无效',
      text: '这笔退款不符合微信支付的规定，没有受理。',
      advice: '请核对订单和金额；再次出现时，请联系负责人。',
    },
    unlisted: {
      title: '退款没有成功',
      text: '微信支付没有同意这笔退款。',
      advice: '请联系负责人，并告诉顾客：“退款还没有办好。”',
    },
  },
  failed: {
    dns: {
      title: '找不到微信支付',
      text: '收银机没有连上网络，退款没有发出，没有退钱。',
      advice: '请检查网络，然后重新退款。',
    },
    unreachable: {
      title: '连不上微信支付',
      text: '微信支付暂时连不上，退款没有发出，没有退钱。',
      advice: '请稍后重新退款；一直连不上时，请检查网络。',
    },
    'connect-timeout': {
      title: '连接超时',
      text: '网络太慢，没有及时连上微信支付，没有退钱。',
      advice: '请重新退款；再次超时，请检查网络。',
    },
    tls: {
      title: '安全连接失败',
      text: '没能与微信支付建立安全连接，没有退钱。',
      advice: '请核对收银机的日期和时间，然后重新退款。',
    },
    proxy: {
      title: '店内网络不通',
      text: '店内的上网设置不通，退款没有发出，没有退钱。',
      advice: '请负责人检查上网设置，然后重新退款。',
    },
    certificate: {
      title: '本店证书不可用',
      text: '退款要用本店的证书，但证书缺失或不可用，没有退钱。',
      advice: '请负责人装好证书，然后重新退款。',
    },
    parameter: {
      title: '退款内容有误',
      text: '这笔退款填写的内容不符合要求，没有发出，没有退钱。',
      advice: '请核对订单号和退款金额，然后重新退款。',
    },
    late: {
      title: '退款未及时发出',
      text: '收银机停顿太久，这笔退款已作废，没有退钱。',
      advice: '请重新退款。',
    },
    limit: {
      title: '排队太久',
      text: '等待处理的请求太多，这笔退款没有发出，没有退钱。',
      advice: '请稍等片刻，然后重新退款。',
    },
    closed: {
      title: '收款程序已关闭',
      text: '收款程序正在关闭，这笔退款没有发出，没有退钱。',
      advice: '请重新打开收款程序，然后重新退款。',
    },
    internal: {
      title: '收银机出现故障',
      text: '收银机出现故障，这笔退款没有发出，没有退钱。',
      advice: '请重新退款；再次出现时，请联系负责人。',
    },
    unlisted: {
      title: '退款没有发出',
      text: '这笔退款没有发出，没有退钱。',
      advice: '请重新退款；再次出现时，请联系负责人。',
    },
  },
  attention: {
    'by-hand': {
      title: '需要人工退款',
      text: '微信支付不能把钱原路退回，要由负责人办理。',
      advice: '请把订单号告诉负责人，并告诉顾客：“退款要由负责人办理，请稍等。”',
    },
    'not-ours': {
      title: '查到的不是这笔退款',
      text: '微信支付查到的退款金额、订单或商户与这一笔不符。',
      advice: keep,
    },
    refused: {
      title: '退款不予受理',
      text: '微信支付不受理本店的退款，这一笔是否已退还不知道。',
      advice: keep,
    },
    certificate: {
      title: '证书不可用',
      text: '微信支付不接受本店的证书，这笔退款还没有办成。',
      advice: '请负责人更换证书，再用同一个退款单号退款；请不要付现金。',
    },
    unreadable: {
      title: '退款流水读不出来',
      text: '这笔退款的流水读不出来，是否已退还不知道。',
      advice: keep,
    },
    'other-merchant': {
      title: '属于其他商户',
      text: '这笔退款的流水属于另一个商户，在这里查不到结果。',
      advice: keep,
    },
    unlisted: {
      title: '退款需要人工处理',
      text: '这笔退款需要负责人处理，是否已退还不知道。',
      advice: keep,
    },
  },
};
