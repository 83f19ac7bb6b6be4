import type { Bill, BillRow } from '../../lib/pay/bill/bill.js';

/** The text of a row, by its columns. */
export type Line = Readonly<Record<string, string>>;

const split = (names: string): string[] => names.split(',');

// The vendor's documentation of downloadbill: the new format, the old one, and what the types lack or add.
export const newFormat = split(
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注',
);
export const oldFormat = newFormat
  .slice(0, -3)
  .map((name) => (name === '应结订单金额' ? '总金额' : name === '代金券金额' ? '企业红包金额' : name));
export const successFormat = newFormat.filter((name) => !name.includes('退款'));
export const refundFormat = newFormat.flatMap((name) =>
  name === '微信退款单号' ? ['退款申请时间', '退款成功时间', name] : [name],
);

const sumsOfNew = {
  应结订单总金额: '应结订单金额',
  退款总金额: '退款金额',
  充值券退款总金额: '充值券退款金额',
  手续费总金额: '手续费',
  订单总金额: '订单金额',
  申请退款总金额: '申请退款金额',
};
const sumsOfOld = { 总交易额: '总金额', 总退款金额: '退款金额', 手续费总金额: '手续费' };

export const payment: Line = {
  交易时间: '2024-11-23 10:15:30',
  公众账号ID: 'wx2421b1c4370ec43b',
  商户号: '1900000109',
  特约商户号: '0',
  设备号: 'T1',
  微信订单号: '4200002468202411230000000001',
  商户订单号: 'S-0001',
  用户标识: 'oUpF8uN95-Ptaags6E_roPHg7AG0',
  交易类型: 'FACE',
  交易状态: 'SUCCESS',
  付款银行: 'CMB_DEBIT',
  货币种类: 'CNY',
  应结订单金额: '12.00',
  总金额: '12.50',
  代金券金额: '0.50',
  企业红包金额: '0.00',
  退款申请时间: '',
  退款成功时间: '',
  微信退款单号: '0',
  商户退款单号: '0',
  退款金额: '0.00',
  充值券退款金额: '0.00',
  退款类型: '',
  退款状态: '',
  商品名称: '拿铁, 大杯 `热`',
  商户数据包: '{"a":1,"b":"`"}',
  手续费: '0.07500',
  费率: '0.60%',
  订单金额: '12.50',
  申请退款金额: '0.00',
  费率备注: '',
};

export const refunded: Line = {
  ...payment,
  交易状态: 'REFUND',
  应结订单金额: '0.00',
  总金额: '0.00',
  订单金额: '0.00',
  微信退款单号: '50300002468202411230000000001',
  商户退款单号: 'R1-S-0001',
  退款金额: '4.90',
  申请退款金额: '5.00',
  退款类型: 'ORIGINAL',
  退款状态: 'SUCCESS',
  手续费: '-0.03000',
};

/** Hundred-thousandths of a yuan. */
const units = (amount: string): bigint => {
  const [, sign = '', whole = '0', places = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(amount) ?? [];
  return BigInt(`${sign}${whole}${places.padEnd(5, '0')}`);
};

function yuan(sum: bigint, places: number): string {
  const digits = String(sum < 0n ? -sum : sum).padStart(6, '0');
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -5)}.${digits.slice(-5, digits.length - 5 + places)}`;
}

export interface BillText {
  columns?: readonly string[];
  lines: readonly Line[];
  newline?: '\n' | '\r\n';
  /** In place of what the lines come to. */
  sums?: Line;
}

/** A bill as the gateway writes it, without a BOM. */
export function writeBill({ columns = newFormat, lines, newline = '\r\n', sums = {} }: BillText): string {
  const known = columns.includes('总金额') ? sumsOfOld : sumsOfNew;
  const own: Record<string, string> = { 总交易单数: String(lines.length) };
  for (const [name, column] of Object.entries(known)) {
    const sum = lines.reduce((before, line) => before + units(line[column] || '0'), 0n);
    own[name] = columns.includes(column) ? yuan(sum, column === '手续费' ? 5 : 2) : '0.00';
  }
  Object.assign(own, sums);
  const values = (of: readonly string[]) => of.map((value) => `\`${value}`).join(',');
  return [
    columns.join(','),
    ...lines.map((line) => values(columns.map((column) => line[column] ?? ''))),
    Object.keys(own).join(','),
    values(Object.values(own)),
    '',
  ].join(newline);
}

/** Bytes in pieces of these sizes, and again. */
export async function* inPieces(text: string | Buffer, sizes: readonly number[] = [65_536]): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = sizes[piece % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export async function rowsOf({ rows }: Bill): Promise<BillRow[]> {
  const read: BillRow[] = [];
  for await (const row of rows) read.push(row);
  return read;
}
