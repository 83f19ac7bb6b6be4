import { InvalidParameterError } from '../../errors.js';
import { type CustomerAction, customerActions } from '../customer.js';
import { type RefundEnd, refundEnds } from '../money.js';
import type { Snapshot } from './snapshot.js';
import type { ConsoleTill } from './till.js';

/** What the console shows and changes. */
export interface Controls {
  snapshot(): Snapshot;
  /** False if nothing asks for it. */
  act(action: CustomerAction): boolean;
  /** Both throw InvalidParameterError. */
  setScenario(name: string): void;
  set(changes: Record<string, unknown>): void;
  /** False if it isn't under way. */
  endRefund(out_refund_no: string, end: RefundEnd): boolean;
  /** False if it hasn't ended, or if there is no address. */
  notifyRefund(out_refund_no: string): boolean;
  /** Throws InvalidParameterError. */
  setNotifyUrl(notifyUrl: string): void;
  /** The gateway's bill of a day (yyyyMMdd), as it writes it; undefined if it has none. */
  bill(bill_date: string): string | undefined;
  /** The cashier's own program. */
  readonly till: Pick<ConsoleTill, 'pay' | 'scan' | 'abort' | 'cancel' | 'refund' | 'reconcile'>;
}

export type Body = Readonly<Record<string, unknown>>;

function textIn(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new InvalidParameterError(name, 'must be a string');
  return value;
}

function fenIn(body: Body, name: string): number {
  const value = body[name];
  if (!Number.isSafeInteger(value)) throw new InvalidParameterError(name, 'must be whole fen');
  return Number(value);
}

/** What is for sale. Whether the vendor takes it is the till's matter, and the cashier's to read. */
const saleIn = (body: Body): { out_trade_no: string; total_fee: number; body: string } => ({
  out_trade_no: textIn(body, 'out_trade_no'),
  total_fee: fenIn(body, 'total_fee'),
  body: textIn(body, 'body'),
});

/** POSTs by their paths. False if it isn't the moment for it. */
export const actions: Readonly<Record<string, (controls: Controls, body: Body) => boolean>> = {
  customer: (controls, { action }) => {
    const known = customerActions.find((name) => name === action);
    if (!known) throw new InvalidParameterError('action', `must be one of ${customerActions.join(', ')}`);
    return controls.act(known);
  },
  scenario: (controls, body) => {
    controls.setScenario(textIn(body, 'name'));
    return true;
  },
  settings: (controls, body) => {
    if ('scenario' in body) throw new InvalidParameterError('scenario', 'is no setting');
    controls.set(body);
    return true;
  },
  refund: (controls, body) => {
    const out_refund_no = textIn(body, 'out_refund_no');
    if (body.end === undefined) return controls.notifyRefund(out_refund_no);
    const end = refundEnds.find((name) => name === body.end);
    if (!end) throw new InvalidParameterError('end', `must be one of ${refundEnds.join(', ')}`);
    return controls.endRefund(out_refund_no, end);
  },
  'notify-url': (controls, body) => {
    controls.setNotifyUrl(textIn(body, 'url'));
    return true;
  },
  pay: ({ till }, body) => till.pay(saleIn(body)),
  scan: ({ till }, body) => till.scan(textIn(body, 'code'), saleIn(body)),
  abort: ({ till }) => till.abort(),
  cancel: ({ till }, body) => till.cancel(textIn(body, 'out_trade_no')),
  'give-back': ({ till }, body) => till.refund(textIn(body, 'out_trade_no'), fenIn(body, 'refund_fee')),
  reconcile: ({ till }, body) => till.reconcile(textIn(body, 'bill_date')),
};
