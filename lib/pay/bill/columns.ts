import type { BillRow } from './bill.js';

/** A named field of a row, and the columns that may have it: the first that the bill has. */
export interface Field {
  readonly columns: readonly string[];
  /** A bill without it is another kind of text. */
  readonly needed?: true;
}

/** One of a bill's own sums. */
export interface Sum {
  /** What is added up: the first of these columns that the bill has. Without any: the rows are counted. */
  readonly columns?: readonly string[];
  /** Only rows that have this value in this column. */
  readonly where?: readonly [column: string, value: string];
}

/** What is known of the columns of one kind of bill. Whatever else it has is passed on as it is. */
export interface Format {
  readonly fields: Readonly<Record<RowField, Field>>;
  /** By the gateway's names. */
  readonly sums: Readonly<Record<string, Sum>>;
  /** The sum without which nothing says that the bill is whole. */
  readonly count: string;
  /** Its answers have a header `Digest`. */
  readonly hasDigest: boolean;
}

/** The named fields of a row. */
export type RowField = Exclude<keyof BillRow, 'columns'>;

const none: Field = { columns: [] };
const needs = (...columns: string[]): Field => ({ columns, needed: true });
const may = (...columns: string[]): Field => ({ columns });

/** Payments and refunds, in the new format and in the old one (docs/facts.md#bills). */
export const tradeBill: Format = {
  fields: {
    time: needs('交易时间'),
    mch_id: needs('商户号'),
    sub_mch_id: may('特约商户号', '子商户号'),
    transaction_id: needs('微信订单号'),
    out_trade_no: needs('商户订单号'),
    trade_type: needs('交易类型'),
    trade_state: needs('交易状态'),
    out_refund_no: may('商户退款单号'),
    refund_id: may('微信退款单号'),
    refund_status: may('退款状态'),
    total_fee: needs('订单金额', '总金额'),
    settlement_total_fee: may('应结订单金额'),
    refund_fee: may('申请退款金额', '退款金额'),
  },
  sums: {
    总交易单数: {},
    应结订单总金额: { columns: ['应结订单金额', '总金额'] },
    退款总金额: { columns: ['退款金额'] },
    充值券退款总金额: { columns: ['充值券退款金额'] },
    手续费总金额: { columns: ['手续费'] },
    订单总金额: { columns: ['订单金额', '总金额'] },
    申请退款总金额: { columns: ['申请退款金额'] },
    // The old format's names.
    总交易额: { columns: ['总金额'] },
    总退款金额: { columns: ['退款金额'] },
    总代金券或立减优惠退款金额: { columns: ['代金券或立减优惠退款金额'] },
    总企业红包退款金额: { columns: ['企业红包退款金额'] },
  },
  count: '总交易单数',
  hasDigest: false,
};

/** The flow of money of one account. */
export const fundFlow: Format = {
  fields: {
    time: needs('记账时间'),
    mch_id: none,
    sub_mch_id: none,
    transaction_id: needs('微信支付业务单号'),
    out_trade_no: none,
    trade_type: needs('业务类型'),
    trade_state: needs('收支类型'),
    out_refund_no: none,
    refund_id: none,
    refund_status: none,
    total_fee: needs('收支金额'),
    settlement_total_fee: none,
    refund_fee: none,
  },
  sums: {
    资金流水总笔数: {},
    收入笔数: { where: ['收支类型', '收入'] },
    收入金额: { columns: ['收支金额'], where: ['收支类型', '收入'] },
    支出笔数: { where: ['收支类型', '支出'] },
    支出金额: { columns: ['收支金额'], where: ['收支类型', '支出'] },
  },
  count: '资金流水总笔数',
  hasDigest: true,
};

/** 账户结余（元） is 账户结余. */
export const withoutUnit = (name: string): string => name.replace(/[（(]元[）)]$/, '');
