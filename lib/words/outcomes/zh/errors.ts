import type { ErrorWords } from '../words.js';

const wait = '请顾客稍等，先查看这一单的结果；此前不要交付商品，也不要重复收款。';
const scanInstead = '请改用付款码收款，并请负责人检查刷脸服务。';

export const errors: ErrorWords = {
  codes: {
    ERR_INVALID_PARAMETER: {
      title: '填写内容有误',
      text: '填写的内容不符合要求，没有提交。',
      advice: '请检查金额、订单号和付款码；再次出现时，请联系负责人。',
    },
    ERR_INVALID_POLICY: {
      title: '收款设置有误',
      text: '收银机的收款设置不符合要求，没有采用。',
      advice: '请联系负责人改正设置。',
    },
    ERR_BUSY: {
      title: '上一笔还没有结束',
      text: '上一笔收款还没有结束，这一笔还没有开始。',
      advice: '请等上一笔结束，再收这一笔。',
    },
    ERR_ORDER_EXISTS: {
      title: '单号已经用过',
      text: '这个单号以前用过，这一次没有提交。',
      advice: '请先查看原来那一笔的结果；如果是新的一笔，请换新的单号。',
    },
    ERR_ORDER_UNKNOWN: {
      title: '没有这一单',
      text: '收款流水里没有这个单号。',
      advice: '请核对单号，并确认是这台收银机办理的。',
    },
    ERR_ORDER_FOREIGN: {
      title: '属于其他商户',
      text: '这个订单号属于另一个商户，在这里不能办理。',
      advice: '请联系负责人，由收款的商户办理。',
    },
    ERR_ORDER_REFUNDED: {
      title: '这一单已退过款',
      text: '这一单已经退过款，不能再整单撤销。',
      advice: '还要退钱时，请把剩下的金额退款。',
    },
    ERR_CLOSED: {
      title: '收款程序已关闭',
      text: '收款程序已经关闭，这一笔的结果还不知道。',
      advice: '请重新打开收款程序并查看结果；此前不要交付商品，也不要重复收款。',
    },
    ERR_LIBRARY_LOAD: {
      title: '刷脸组件打不开',
      text: '刷脸组件打不开，暂时不能刷脸。刷脸这一步不会扣款。',
      advice: scanInstead,
    },
    ERR_SERVICE_CALL: {
      title: '刷脸服务没有响应',
      text: '刷脸服务没有响应，可能没有启动。刷脸这一步不会扣款。',
      advice: scanInstead,
    },
    ERR_SERVICE_RESPONSE: {
      title: '刷脸服务应答有误',
      text: '刷脸服务的应答有误。刷脸这一步不会扣款。',
      advice: scanInstead,
    },
    ERR_SERVICE_COMMAND: {
      title: '刷脸没有成功',
      text: '刷脸服务没有办成这一步。刷脸这一步不会扣款。',
      advice: '请顾客再刷一次脸，或者改用付款码收款。',
    },
    ERR_HOST_PROCESS: {
      title: '刷脸程序中断',
      text: '刷脸程序中断了，会自动重新启动。刷脸这一步不会扣款。',
      advice: '请稍后再试，或者改用付款码收款。',
    },
    ERR_JOURNAL: {
      title: '收款流水出错',
      text: '收款流水不能读写，这一笔的结果还不知道。',
      advice: '请不要交付商品，也不要重复收款；请联系负责人检查收银机的硬盘。',
    },
    ERR_JOURNAL_LOCKED: {
      title: '收款程序重复打开',
      text: '收款流水正由另一个程序使用，没有收款。',
      advice: '请关闭另一个收款程序，再重新打开这一个。',
    },
    ERR_JOURNAL_DAMAGED: {
      title: '收款流水损坏',
      text: '收款流水有缺损，没有办完的收款结果不明。',
      advice: '请暂停收款，不要删除任何文件，立即联系负责人。',
    },
    ERR_JOURNAL_LOST: {
      title: '已由别处接手',
      text: '这一笔已由另一台机器接手办理，结果还不知道。',
      advice: wait,
    },
    ERR_PAY_RESPONSE: {
      title: '答复无法读取',
      text: '微信支付的答复无法读取，结果还不知道。',
      advice: wait,
    },
    ERR_PAY_SIGNATURE: {
      title: '答复不可信',
      text: '收到的答复不能确认来自微信支付，结果还不知道。',
      advice: '请不要交付商品，也不要重复收款；请联系负责人核对密钥。',
    },
    ERR_PAY_MISMATCH: {
      title: '答复不是这一单的',
      text: '收到的答复不是这一单的，结果还不知道。',
      advice: wait,
    },
    ERR_PAY_PROTOCOL: {
      title: '微信支付不予受理',
      text: '微信支付没有受理这次请求，结果还不知道。',
      advice: '请不要交付商品，也不要重复收款；请联系负责人核对商户号和密钥。',
    },
    ERR_BILL: {
      title: '账单不可用',
      text: '下载的账单不完整或有错误，没有采用。',
      advice: '请重新下载账单；再次出现时，请联系负责人。',
    },
    ERR_BILL_MISSING: {
      title: '没有账单',
      text: '微信支付还没有这一天的账单，或者当天没有交易。',
      advice: '请在第二天上午十点以后下载账单。',
    },
  },
  transport: {
    sent: {
      title: '没有收到答复',
      text: '没有收到微信支付的答复，是否扣款还不知道。',
      advice: wait,
    },
    'not-sent': {
      title: '没有连上微信支付',
      text: '没有连上微信支付，请求没有发出，没有扣款。',
      advice: '请检查网络，然后重试。',
    },
  },
  token: {
    title: '收银机没有权限',
    text: '商户服务器不认可这台收银机，或者不允许这项操作，没有提交。',
    advice: '请联系负责人检查这台收银机的权限和令牌。',
  },
  refund: {
    'not-paid': {
      title: '没有收款，不能退款',
      text: '流水里没有这一单的收款，所以没有退款。',
      advice: '请核对订单号。',
    },
    'too-much': {
      title: '退款金额过大',
      text: '退款合计超过了这一单收到的金额，没有退款。',
      advice: '请核对金额，减少后重新退款。',
    },
    'too-many': {
      title: '退款次数已满',
      text: '这一单已经退了五十次，不能再退，没有退款。',
      advice: '请负责人与顾客商量其他退款方式。',
    },
    'too-old': {
      title: '已过退款期限',
      text: '这一单付款已经超过一年，没有退款。',
      advice: '请负责人与顾客商量其他退款方式。',
    },
    'given-up': {
      title: '这一单已撤销',
      text: '这一单已经整单撤销，不用再退款。',
      advice: '请告诉顾客：“如已扣款，会全部退回。”',
    },
    unlisted: {
      title: '不能退款',
      text: '这一单不能这样退款，没有退款。',
      advice: '请核对订单号和金额；再次出现时，请联系负责人。',
    },
  },
};
