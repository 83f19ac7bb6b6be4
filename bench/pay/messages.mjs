// What the benchmark's merchant and gateway say to each other. Needs the compiled lib (build/js).
import { randomBytes } from 'node:crypto';
import { sign } from '../../build/js/lib/pay/sign.js';

export const key = '192006250b4c09247ec02edce69f6a2d';
export const merchant = { appid: 'wx2421b1c4370ec43b', mch_id: '1900000109' };
export const nonce = () => randomBytes(16).toString('hex');

export const request = {
  ...merchant,
  attach: '订单额外描述',
  auth_code: '120269300684844649',
  body: '付款码支付测试',
  device_info: '1000',
  nonce_str: '8aaee146b1dee7cec9100add9b96cbe2',
  out_trade_no: '1415757673',
  spbill_create_ip: '14.17.22.52',
  total_fee: '1',
  sign_type: 'HMAC-SHA256',
};

export const answer = (out_trade_no) => ({
  return_code: 'SUCCESS',
  return_msg: 'OK',
  ...merchant,
  device_info: '1000',
  nonce_str: nonce(),
  result_code: 'SUCCESS',
  openid: 'oUpF8uN95-Ptaags6E_roPHg7AG0',
  is_subscribe: 'Y',
  trade_type: 'MICROPAY',
  trade_state: 'SUCCESS',
  bank_type: 'CCB_DEBIT',
  total_fee: '1',
  coupon_fee: '0',
  fee_type: 'CNY',
  transaction_id: '1008450740201411110005820873',
  out_trade_no,
  attach: '订单额外描述',
  time_end: '20141111170043',
});

/** By API v3. */
export const answerV3 = (out_trade_no) => ({
  appid: merchant.appid,
  mchid: merchant.mch_id,
  out_trade_no,
  transaction_id: '1008450740201411110005820873',
  trade_type: 'MICROPAY',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  bank_type: 'CCB_DEBIT',
  attach: '订单额外描述',
  success_time: '2014-11-11T17:00:43+08:00',
  payer: { openid: 'oUpF8uN95-Ptaags6E_roPHg7AG0' },
  amount: { total: 1, payer_total: 1, currency: 'CNY', payer_currency: 'CNY' },
});

/** As the vendor's gateway writes: CDATA, a line for each field. */
export function written(fields, sign_type = 'HMAC-SHA256') {
  const signed = { ...fields, sign: sign(fields, key, sign_type) };
  const lines = Object.entries(signed).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return Buffer.from(`<xml>${lines.join('\n')}\n</xml>`);
}
