/** Which day's bill. */
export interface BillParams {
  /** yyyyMMdd, a day in Beijing. The last one's is there after 10:00, for three months. */
  bill_date: string;
  /** Payments and refunds (ALL, the vendor's default), one of both, or refunds of recharges. */
  bill_type?: 'ALL' | 'SUCCESS' | 'REFUND' | 'RECHARGE_REFUND';
}

/** Which day's flow of money, of which account. */
export interface FundFlowParams {
  /** yyyyMMdd, a day in Beijing. */
  bill_date: string;
  account_type: 'Basic' | 'Operation' | 'Fees';
}

/**
 * A bill while it comes: nothing is kept of what was read. Read its rows, or its sums, or close it: until then it holds its
 * connection.
 */
export interface Bill {
  /**
   * The rows, once: a second iteration is refused (ERR_BILL). At their end they have been added up and compared with the
   * bill's own sums. Whoever leaves the loop early closes the bill.
   * @throws BillError for what is malformed, cut off, or doesn't add up; PayTransportError after silence or an abort;
   * ClosedError after `close()`.
   */
  rows: AsyncIterable<BillRow>;
  /**
   * The bill's own sums by the gateway's names, e.g. 总交易单数, 应结订单总金额; amounts in fen, of which fees can have a
   * fraction. Resolves when all rows were read: by whoever iterates them, else by this.
   * @throws what `rows` throws.
   */
  summary(): Promise<Record<string, number>>;
  /** Ends the download, and frees its connection. Idempotent. */
  close(): void;
}

/**
 * A row of a bill. Of a fund flow `time` is 记账时间, `transaction_id` 微信支付业务单号, `trade_type` 业务类型, `trade_state` 收支类型
 * and `total_fee` 收支金额; the other texts are empty.
 */
export interface BillRow {
  /** When it was paid, or the refund was asked for: `yyyy-MM-dd HH:mm:ss`, Beijing time. */
  time: string;
  mch_id: string;
  /** '0' if there is none. */
  sub_mch_id: string;
  transaction_id: string;
  out_trade_no: string;
  /** Of a face: MICROPAY or FACE. */
  trade_type: string;
  /** REVOKED is the row of a payment that was reversed, beside its SUCCESS. */
  trade_state: 'SUCCESS' | 'REFUND' | 'REVOKED' | (string & {});
  /** 订单金额, in the old format 总金额. Fen. */
  total_fee: number;
  /** 应结订单金额. Fen. Not in the old format. */
  settlement_total_fee?: number;
  /** Only rows about a refund have this field and the next three. */
  out_refund_no?: string;
  /** The vendor's number of the refund. */
  refund_id?: string;
  /** 申请退款金额, in the old format 退款金额. Fen. */
  refund_fee?: number;
  /** SUCCESS, PROCESSING or FAIL. */
  refund_status?: string;
  /** All other columns by the gateway's names, as they came. */
  columns: Readonly<Record<string, string>>;
}
