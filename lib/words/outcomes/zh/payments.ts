import type { PaymentWords } from '../words.js';

const keep = '请顾客稍等，把订单号告诉负责人；请暂不交付商品，也不要再次收款。';

export const payment: PaymentWords = {
  paid: (amount) => ({
    title: '收款成功',
    text: `已收到顾客的付款：${amount}。`,
    advice: '请交付商品，并告诉顾客：“付款成功，谢谢。”',
  }),
  failed: {
    dns: {
      title: '找不到微信支付',
      text: '收银机没有连上网络，付款没有发出，没有扣款。',
      advice: '请检查网络，然后重新收款；也可以改收现金。',
    },
    unreachable: {
      title: '连不上微信支付',
      text: '微信支付暂时连不上，付款没有发出，没有扣款。',
      advice: '请稍后重新收款；一直连不上时，请检查网络。',
    },
    'connect-timeout': {
      title: '连接超时',
      text: '网络太慢，没有及时连上微信支付，没有扣款。',
      advice: '请重新收款；再次超时，请检查网络。',
    },
    tls: {
      title: '安全连接失败',
      text: '没能与微信支付建立安全连接，没有扣款。',
      advice: '请核对收银机的日期和时间，然后重新收款。',
    },
    proxy: {
      title: '店内网络不通',
      text: '店内的上网设置不通，付款没有发出，没有扣款。',
      advice: '请换一种方式收款，并请负责人检查上网设置。',
    },
    certificate: {
      title: '本店证书不可用',
      text: '本店的证书不能使用，付款没有发出，没有扣款。',
      advice: '请换一种方式收款，并请负责人检查证书。',
    },
    parameter: {
      title: '付款内容有误',
      text: '这一单填写的内容不符合要求，没有发出，没有扣款。',
      advice: '请检查金额和付款码，然后重新收款。',
    },
    late: {
      title: '付款未及时发出',
      text: '收银机停顿太久，这笔付款已作废，没有扣款。',
      advice: '请重新收款。',
    },
    limit: {
      title: '排队太久',
      text: '等待处理的收款太多，这一笔没有发出，没有扣款。',
      advice: '请稍等片刻，然后重新收款。',
    },
    closed: {
      title: '收款程序已关闭',
      text: '收款程序正在关闭，这一笔没有发出，没有扣款。',
      advice: '请重新打开收款程序，然后重新收款。',
    },
    internal: {
      title: '收银机出现故障',
      text: '收银机出现故障，这一笔没有发出，没有扣款。',
      advice: '请重新收款；再次出现时，请联系负责人。',
    },
    unlisted: {
      title: '付款没有发出',
      text: '这笔付款没有发出，没有扣款。',
      advice: '请重新收款，或者换一种方式收款。',
    },
  },
  cancelled: {
    customer: {
      title: '顾客取消了付款',
      text: '顾客取消了付款，没有扣款。',
      advice: '请问顾客是否换一种方式付款。',
    },
    cashier: {
      title: '收款已取消',
      text: '收银员取消了这次收款，没有扣款。',
      advice: '还要收这一单时，请重新收款。',
    },
    timeout: {
      title: '等待超时',
      text: '等待的时间到了，顾客还没有付款，没有扣款。',
      advice: '请问顾客是否还要付款；要付款时，请重新收款。',
    },
    unlisted: {
      title: '收款已取消',
      text: '这次收款已取消，没有扣款。',
      advice: '要继续收款时，请重新下单。',
    },
  },
  reversed: {
    unknown: {
      title: '付款已撤销',
      text: '付款结果一直不明，已经撤销：没有扣款，或者已退回顾客。',
      advice: '请不要按这次付款交付商品。顾客还要买时，请重新下单收款。',
    },
    'given-up': {
      title: '收款已撤销',
      text: '已按要求撤销这笔收款：没有扣款，或者已退回顾客。',
      advice: '请不要交付商品，并告诉顾客：“这笔已经取消，如已扣款，钱已退回。”',
    },
    payerror: {
      title: '顾客支付失败',
      text: '顾客支付失败，已经撤销：没有扣款，或者已退回顾客。',
      advice: '请不要交付商品。请顾客换一张卡或换一种方式付款，并重新下单收款。',
    },
    unlisted: {
      title: '付款已撤销',
      text: '这笔付款已经撤销：没有扣款，或者已退回顾客。',
      advice: '请不要交付商品。顾客还要买时，请重新下单收款。',
    },
  },
  reversing: {
    unknown: {
      title: '付款正在撤销',
      text: '付款结果一直不明，这一单不再收款，正在撤销。',
      advice: '请不要交付商品，并告诉顾客：“这笔没有收成，如已扣款会退回。”顾客还要买时，请重新下单收款。',
    },
    'given-up': {
      title: '收款正在撤销',
      text: '已按要求放弃这笔收款，正在撤销。',
      advice: '请不要交付商品，并告诉顾客：“这笔已取消，如已扣款会退回。”',
    },
    payerror: {
      title: '支付失败，正在撤销',
      text: '顾客支付失败，这一单不再收款，正在撤销。',
      advice: '请不要交付商品。如已扣款会退回顾客；请顾客换一种方式付款，并重新下单。',
    },
    unlisted: {
      title: '付款正在撤销',
      text: '这一单不再收款，正在撤销。',
      advice: '请不要交付商品。如已扣款会退回顾客；顾客还要买时，请重新下单收款。',
    },
  },
  attention: {
    'number-taken': {
      title: '订单号已被占用',
      text: '这个订单号属于另一笔交易，那一笔不能算这一单的收款。',
      advice: keep,
    },
    'not-ours': {
      title: '查到的不是这一单',
      text: '微信支付查到的金额、商户或时间与这一单不符。',
      advice: keep,
    },
    'refunded-elsewhere': {
      title: '已在别处退款',
      text: '这一单有一笔退款，不是从这里办理的。',
      advice: keep,
    },
    refused: {
      title: '微信支付不予受理',
      text: '微信支付不接受本店的密钥或商户号，这一单是否扣款还不知道。',
      advice: keep,
    },
    certificate: {
      title: '暂时无法撤销',
      text: '本店的证书不可用，这一单还没能撤销，顾客可能已被扣款。',
      advice: keep,
    },
    'reverse-expired': {
      title: '已过撤销期限',
      text: '这一单没有撤销成，而且已过撤销期限，顾客可能已被扣款。',
      advice: '请顾客稍等，把订单号告诉负责人，由负责人核实后退款；请暂不交付商品。',
    },
    denied: {
      title: '订单查不到了',
      text: '微信支付确认过这一单，现在却查不到了。',
      advice: keep,
    },
    unreadable: {
      title: '收款流水读不出来',
      text: '这一单的收款流水读不出来，是否收到款还不知道。',
      advice: keep,
    },
    'other-merchant': {
      title: '属于其他商户',
      text: '这一单的收款流水属于另一个商户，在这里查不到结果。',
      advice: keep,
    },
    unlisted: {
      title: '需要负责人处理',
      text: '这一单需要负责人处理，是否收到款还不知道。',
      advice: keep,
    },
  },
  scan: {
    title: '顾客选择扫码支付',
    text: '顾客想用付款码支付，还没有扣款。',
    advice: '请顾客在微信上打开付款码，然后扫码收款。',
  },
};
