import { beginOf, day, dayOf, spacedTime } from './beijing.js';
import type { StoredOrder } from './ledger.js';
import type { StoredRefund } from './refunds.js';
import type { SimulatorSettings } from './scenario.js';

/** What bills are written from. Refunds that are due have ended. */
export interface Books {
  readonly orders: readonly StoredOrder[];
  readonly refunds: readonly StoredRefund[];
  readonly merchant: { readonly appid: string; readonly mch_id: string };
}

type Row = Readonly<Record<string, string | number>>;

const hour = 60 * 60 * 1000;

const rate = '0.60%';
/** Hundred-thousandths of a yuan for each fen: 0.6 %. */
const feePerFen = 6;

export const yuan = (fen: number): string => (fen / 100).toFixed(2);
const fine = (hundredThousandths: number): string => (hundredThousandths / 100_000).toFixed(5);
export const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Columns in their order. Amounts in fen, 手续费 in hundred-thousandths of a yuan, until they are written. */
const columns = {
  trade: [
    ...['交易时间', '公众账号ID', '商户号', '特约商户号', '设备号', '微信订单号', '商户订单号', '用户标识', '交易类型'],
    ...['交易状态', '付款银行', '货币种类', '应结订单金额', '代金券金额'],
  ],
  refundTimes: ['退款申请时间', '退款成功时间'],
  refund: ['微信退款单号', '商户退款单号', '退款金额', '充值券退款金额', '退款类型', '退款状态'],
  goods: ['商品名称', '商户数据包', '手续费', '费率'],
  order: ['订单金额'],
  asked: ['申请退款金额'],
  note: ['费率备注'],
} as const;
type Part = keyof typeof columns;

const amounts = new Set(['应结订单金额', '代金券金额', '退款金额', '充值券退款金额', '订单金额', '申请退款金额']);

const partsOf: Readonly<Record<string, readonly Part[]>> = {
  ALL: ['trade', 'refund', 'goods', 'order', 'asked', 'note'],
  SUCCESS: ['trade', 'goods', 'order', 'note'],
  REFUND: ['trade', 'refundTimes', 'refund', 'goods', 'order', 'asked', 'note'],
};

/** What merchants of the old format don't get, and what they call otherwise (docs/facts.md#bills). */
const newParts: readonly Part[] = ['order', 'asked', 'note'];
const oldNames: Readonly<Record<string, string>> = {
  特约商户号: '子商户号',
  应结订单金额: '总金额',
  代金券金额: '代金券或立减优惠金额',
  充值券退款金额: '代金券或立减优惠退款金额',
  应结订单总金额: '总交易额',
  退款总金额: '总退款金额',
  充值券退款总金额: '总代金券或立减优惠退款金额',
};

/** The sums at the end, each of a column. */
const sums: ReadonlyArray<readonly [name: string, column: string, isNew?: true]> = [
  ['应结订单总金额', '应结订单金额'],
  ['退款总金额', '退款金额'],
  ['充值券退款总金额', '充值券退款金额'],
  ['手续费总金额', '手续费'],
  ['订单总金额', '订单金额', true],
  ['申请退款总金额', '申请退款金额', true],
];

const noRefund: Row = {
  微信退款单号: '0',
  商户退款单号: '0',
  退款金额: 0,
  充值券退款金额: 0,
  退款类型: '',
  退款状态: '',
  申请退款金额: 0,
};

function commonRow({ merchant }: Books, order: StoredOrder): Row {
  return {
    公众账号ID: merchant.appid,
    商户号: merchant.mch_id,
    特约商户号: order.sub_mch_id || '0',
    设备号: order.echo.device_info ?? '',
    微信订单号: order.transaction_id,
    商户订单号: order.out_trade_no,
    用户标识: order.openid,
    交易类型: order.trade_type === 'FACEPAY' ? 'FACE' : order.trade_type,
    付款银行: 'OTHERS',
    货币种类: order.echo.fee_type ?? 'CNY',
    代金券金额: 0,
    商品名称: order.body,
    商户数据包: order.echo.attach ?? '',
    费率: rate,
    费率备注: '',
  };
}

interface Dated {
  readonly at: number;
  readonly kind: 'SUCCESS' | 'REFUND' | 'REVOKED';
  readonly row: Row;
}

function paymentRow(books: Books, order: StoredOrder): Dated {
  const row = {
    ...commonRow(books, order),
    ...noRefund,
    交易时间: spacedTime(order.paidAt),
    交易状态: 'SUCCESS',
    应结订单金额: order.charged,
    手续费: order.charged * feePerFen,
    订单金额: order.charged,
  };
  return { at: order.paidAt, kind: 'SUCCESS', row };
}

const givenBack = (fee: number): Row => ({
  应结订单金额: 0,
  退款金额: fee,
  充值券退款金额: 0,
  退款类型: 'ORIGINAL',
  手续费: -fee * feePerFen,
  订单金额: 0,
  申请退款金额: fee,
});

function reversalRows(books: Books, order: StoredOrder): Dated[] {
  return order.reversals.map(({ at, fee }) => ({
    at,
    kind: 'REVOKED',
    row: {
      ...commonRow(books, order),
      ...givenBack(fee),
      交易时间: spacedTime(at),
      交易状态: 'REVOKED',
      微信退款单号: '0',
      商户退款单号: '0',
      退款状态: 'SUCCESS',
    },
  }));
}

/** Bills have words of their own (vendor's page of them): SUCCESS, PROCESSING, FAIL. */
const statusInBill: Readonly<Record<StoredRefund['refund_status'], string>> = {
  SUCCESS: 'SUCCESS',
  PROCESSING: 'PROCESSING',
  REFUNDCLOSE: 'FAIL',
  CHANGE: 'FAIL',
};

function refundRow(books: Books, refund: StoredRefund, bill_type: string): Dated {
  const { order, refund_fee, refund_id, out_refund_no, refund_status, requestedAt, endedAt } = refund;
  const row = {
    ...commonRow(books, order),
    ...givenBack(refund_fee),
    // In the bill of refunds alone, which has their times beside it, this is the payment's.
    交易时间: spacedTime(bill_type === 'REFUND' ? order.paidAt : requestedAt),
    交易状态: 'REFUND',
    退款申请时间: spacedTime(requestedAt),
    退款成功时间: refund_status === 'SUCCESS' ? spacedTime(endedAt) : '',
    微信退款单号: refund_id,
    商户退款单号: out_refund_no,
    退款状态: statusInBill[refund_status],
  };
  return { at: requestedAt, kind: 'REFUND', row };
}

// A line's end in a name would end the row.
const tidy = (value: string): string => value.replace(/[\r\n]+/g, ' ');

function cell(row: Row, column: string): string {
  const value = row[column] ?? '';
  if (typeof value === 'string') return tidy(value);
  return amounts.has(column) ? yuan(value) : fine(value);
}

/** A backtick before each value, and commas between them. */
export const line = (values: readonly string[]): string => values.map((value) => `\`${value}`).join(',');

/** With the byte-order mark and the line ends of the vendor's. */
export const text = (lines: readonly string[]): string => `\ufeff${lines.map((each) => `${each}\r\n`).join('')}`;

/** Whether the bill of a day is there at a time of the gateway's: from ten o'clock of the next day. */
export function isWritten(bill_date: string, bill: SimulatorSettings['bill'], at: number): boolean {
  const begin = beginOf(bill_date);
  if (bill === 'none' || Number.isNaN(begin)) return false;
  return at >= (bill === 'early' ? begin : begin + day + 10 * hour);
}

/** What is asked of a bill. */
export interface BillRequest {
  readonly bill_date: string;
  readonly bill_type: string;
  /** A service provider may ask for one sub-merchant. */
  readonly sub_mch_id?: string | undefined;
}

/** The day's bill as the vendor writes it; undefined if there is none. */
export function billOf(
  books: Books,
  request: BillRequest,
  settings: SimulatorSettings,
  now: number,
): string | undefined {
  const { bill_date, bill_type, sub_mch_id } = request;
  if (!isWritten(bill_date, settings.bill, now + settings.clock)) return undefined;
  const isOld = settings.billFormat === 'old';
  const isOurs = (order: StoredOrder): boolean => !sub_mch_id || order.sub_mch_id === sub_mch_id;
  const orders = books.orders.filter((order) => order.charged > 0 && isOurs(order));
  const all: Dated[] = [
    ...orders.map((order) => paymentRow(books, order)),
    ...orders.flatMap((order) => reversalRows(books, order)),
    ...books.refunds.filter(({ order }) => isOurs(order)).map((refund) => refundRow(books, refund, bill_type)),
  ];
  const rows = all
    .filter(({ at, kind }) => dayOf(at) === bill_date && (bill_type === 'ALL' || kind === bill_type))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
  const parts = partsOf[bill_type];
  if (!parts || rows.length === 0) return undefined;

  const named = (name: string): string => (isOld ? (oldNames[name] ?? name) : name);
  const names = parts
    .filter((part) => !isOld || !newParts.includes(part))
    .flatMap((part): string[] => [...columns[part]]);
  const shownSums = sums.filter(([, , isNew]) => !isOld || !isNew);
  const totals = shownSums.map(([, column]) => {
    const total = sum(rows.map((row) => Number(row[column])));
    return cell({ [column]: total }, column);
  });
  return text([
    names.map(named).join(','),
    ...rows.map((row) => line(names.map((name) => cell(row, name)))),
    ['总交易单数', ...shownSums.map(([name]) => named(name))].join(','),
    line([String(rows.length), ...totals]),
  ]);
}
