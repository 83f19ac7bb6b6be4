import { dayOf, spacedTime } from './beijing.js';
import { type Books, isWritten, line, sum, text, yuan } from './bill.js';
import type { SimulatorSettings } from './scenario.js';

const columns = [
  ...[
    '记账时间',
    '微信支付业务单号',
    '资金流水单号',
    '业务名称',
    '业务类型',
    '收支类型',
    '收支金额(元)',
    '账户结余(元)',
  ],
  ...['资金变更提交申请人', '备注', '业务凭证号'],
];
const sums = ['资金流水总笔数', '收入笔数', '收入金额', '支出笔数', '支出金额'];

interface Flow {
  readonly at: number;
  readonly id: string;
  readonly name: '交易' | '退款';
  /** Fen; less than nothing is given out. */
  readonly fee: number;
  readonly voucher: string;
}

function flowsOf({ orders, refunds }: Books): Flow[] {
  const flows = [
    ...orders.flatMap((order): Flow[] => {
      const { transaction_id: id, out_trade_no: voucher } = order;
      const paid: Flow[] =
        order.charged > 0 ? [{ at: order.paidAt, id, name: '交易', fee: order.charged, voucher }] : [];
      return [...paid, ...order.reversals.map(({ at, fee }): Flow => ({ at, id, name: '退款', fee: -fee, voucher }))];
    }),
    ...refunds
      .filter(({ refund_status }) => refund_status !== 'REFUNDCLOSE')
      .map(({ requestedAt, refund_id, refund_fee, out_refund_no }): Flow => {
        return { at: requestedAt, id: refund_id, name: '退款', fee: -refund_fee, voucher: out_refund_no };
      }),
  ];
  return flows.sort((a, b) => a.at - b.at);
}

/** The day's flow of funds, of the account 'Basic'; the others have none. Undefined if there is none. */
export function fundFlowOf(
  books: Books,
  { bill_date, account_type }: { bill_date: string; account_type: string },
  { bill, clock }: SimulatorSettings,
  now: number,
): string | undefined {
  if (account_type !== 'Basic' || !isWritten(bill_date, bill, now + clock)) return undefined;
  let balance = 0;
  const rows: string[] = [];
  const ofDay: Flow[] = [];
  for (const flow of flowsOf(books)) {
    const { at, id, name, fee, voucher } = flow;
    balance += fee;
    if (dayOf(at) !== bill_date) continue;
    ofDay.push(flow);
    const way = fee > 0 ? '收入' : '支出';
    const number = `${id.slice(0, -2)}${String(ofDay.length).padStart(2, '0')}`;
    const amounts = [yuan(Math.abs(fee)), yuan(balance)];
    rows.push(
      line([spacedTime(at), id, number, name, name, way, ...amounts, `${books.merchant.mch_id}API`, '', voucher]),
    );
  }
  if (ofDay.length === 0) return undefined;
  const [income, expenditure] = [ofDay.filter(({ fee }) => fee > 0), ofDay.filter(({ fee }) => fee < 0)];
  const total = (flows: readonly Flow[]): string => yuan(Math.abs(sum(flows.map(({ fee }) => fee))));
  const totals = [income, expenditure].flatMap((flows) => [String(flows.length), total(flows)]);
  return text([columns.join(','), ...rows, sums.join(','), line([String(ofDay.length), ...totals])]);
}
