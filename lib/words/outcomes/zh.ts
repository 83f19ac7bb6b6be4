import type { OutcomeWords } from './words.js';
import { codes } from './zh/codes.js';
import { errors } from './zh/errors.js';
import { payment } from './zh/payments.js';
import { refund } from './zh/refunds.js';

export const zh: OutcomeWords = {
  payment,
  refund,
  codes,
  errors,
  addition: {
    space: '',
    declined: '本次没有扣款。',
    refused: '本次没有退款。',
    order: (number) => `订单号：${number}。`,
    refund: (number) => `退款单号：${number}。`,
    refundAmount: (amount) => `退款金额：${amount}。`,
    trouble: {
      certificate: { text: '微信支付不接受本店的证书，要等更换后才能办完。', advice: '请负责人更换证书。' },
      refused: { text: '微信支付不接受本店的密钥或商户号，暂时办不完。', advice: '请负责人核对密钥和商户号。' },
      limit: { text: '本店收退款过于频繁，要多等一会儿。', advice: '收银机会继续办理。' },
      silence: { text: '微信支付一直没有答复。', advice: '请检查网络。' },
      journal: { text: '收款流水暂时写不进去。', advice: '请负责人检查收银机的硬盘。' },
    },
  },
  unknown: {
    title: '结果暂时不明',
    text: '收银机遇到意外情况，还不能确定结果。',
    advice: '请顾客稍等，先查看这一单的结果；此前不要交付商品，也不要重复收款或退款。需要时，请联系负责人。',
  },
};
