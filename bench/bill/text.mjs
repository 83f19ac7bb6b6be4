// A bill of any length, made as it's read: each row another number, names with commas and backticks in some.
const header =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const sums = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const goods = ['拿铁咖啡', '面包 "大", 牛奶', 'tea `green`', 'image形象店-深圳腾大-QQ公仔'];
const rowsPerChunk = 200;

function row(number) {
  const digits = String(number).padStart(10, '0');
  const isRefund = number % 20 === 0;
  const refund = isRefund
    ? `5030000${digits}2024112300001,\`R${digits},\`12.50,\`0.00,\`ORIGINAL,\`SUCCESS`
    : '0,`0,`0.00,`0.00,`,`';
  return (
    `\`2024-11-23 ${10 + (number % 10)}:15:30,\`wx2421b1c4370ec43b,\`1900000109,\`0,\`T1,\`42000${digits}20241123001,\`S-${digits},` +
    `\`oUpF8uN95-Ptaags6E_roPHg7AG0,\`MICROPAY,\`${isRefund ? 'REFUND' : 'SUCCESS'},\`CMB_DEBIT,\`CNY,\`${isRefund ? '0.00' : '12.50'},\`0.00,` +
    `\`${refund},\`${goods[number % goods.length]},\`,\`${isRefund ? '-0.07500' : '0.07500'},\`0.60%,\`${isRefund ? '0.00' : '12.50'},` +
    `\`${isRefund ? '12.50' : '0.00'},\`\r\n`
  );
}

const yuan = (fen) => (fen / 100).toFixed(2);

/** Bytes as they come from a connection. */
export async function* bill(rows) {
  yield Buffer.from(`\ufeff${header}\r\n`);
  for (let number = 1; number <= rows; number += rowsPerChunk) {
    let text = '';
    for (let next = number; next < number + rowsPerChunk && next <= rows; next++) text += row(next);
    yield Buffer.from(text);
  }
  const refunds = Math.floor(rows / 20);
  const paid = yuan(1250 * (rows - refunds));
  const given = yuan(1250 * refunds);
  const fees = ((7500 * (rows - 2 * refunds)) / 1e5).toFixed(5);
  yield Buffer.from(`${sums}\r\n\`${rows},\`${paid},\`${given},\`0.00,\`${fees},\`${paid},\`${given}\r\n`);
}
