import type { CallEntry, SimulatorEvent } from '../../call-log.js';
import type { LedgerEntry } from '../../money.js';
import type { RefundEntry } from '../../refunds.js';
import type { Snapshot } from '../snapshot.js';

/** What happened for one payment, in order. */
export interface Payment {
  /** Place of its first event. */
  readonly id: string;
  out_trade_no?: string;
  /** A face or a code was asked for: what came before was preparation. */
  begun: boolean;
  readonly events: SimulatorEvent[];
}

/** What the vendor's diagram says of a call: the number of the message, the step, and what matters in it. */
interface Message {
  readonly number?: number;
  readonly step?: 1 | 2 | 3 | 4;
  readonly shows: readonly string[];
  readonly answers?: readonly string[];
}

const query = { number: 6, shows: [] };
const reverse = { number: 7, shows: [] };

const messages: Readonly<Record<string, Message>> = {
  initWxpayface: { number: 1, step: 1, shows: [] },
  getWxpayfaceRawdata: { number: 2, step: 2, shows: [], answers: ['rawdata'] },
  get_wxpayface_authinfo: { number: 3, step: 2, shows: ['rawdata'], answers: ['authinfo'] },
  getWxpayfaceCode: { number: 4, step: 3, shows: ['total_fee'], answers: ['face_code', 'openid'] },
  micropay: { number: 5, step: 3, shows: ['auth_code', 'total_fee'] },
  facepay: { number: 5, step: 3, shows: ['face_code', 'total_fee'] },
  orderquery: query,
  facepayquery: query,
  reverse,
  facepayreverse: reverse,
  updateWxpayfacePayResult: { number: 8, step: 4, shows: ['payresult'] },
  releaseWxpayface: { number: 9, shows: [] },
  refund: { shows: ['refund_fee'] },
  refundquery: { shows: [], answers: ['refund_status_0'] },
  downloadbill: { shows: ['bill_date'] },
  downloadfundflow: { shows: ['bill_date'] },
};

export const messageOf = (name: string): Message =>
  (Object.hasOwn(messages, name) ? messages[name] : undefined) ?? { shows: [] };

const preparations = new Set(['initWxpayface', 'getWxpayfaceRawdata', 'get_wxpayface_authinfo']);
const beginnings = ['getWxpayfaceCode', 'micropay', 'facepay'];
/** Calls about an order that may be an older one. */
const late = new Set([
  'orderquery',
  'reverse',
  'facepayquery',
  'facepayreverse',
  'refund',
  'refundquery',
  'closeorder',
]);

/** Sorts what happened by payments: by the order's number, or if a call has none, by the payment that is going on. */
export function paymentsOf({ events, calls }: Pick<Snapshot, 'events' | 'calls'>): Payment[] {
  const payments: Payment[] = [];
  const byOrder = new Map<string, Payment>();
  const byCall = new Map<number, Payment>();
  let current: Payment | undefined;

  const begin = (event: SimulatorEvent): Payment => {
    const payment = { id: String(event.at) + payments.length, begun: false, events: [] };
    payments.push(payment);
    return payment;
  };
  const find = (event: SimulatorEvent, { name, out_trade_no }: CallEntry): Payment => {
    const known = out_trade_no === undefined ? undefined : byOrder.get(out_trade_no);
    if (known) {
      // A till that prepared again for the same order, after a restart of the service.
      if (beginnings.includes(name) && current && !current.begun) {
        known.events.push(...current.events.splice(0));
        payments.splice(payments.indexOf(current), 1);
      }
      return known;
    }
    const another = out_trade_no !== undefined && (current?.out_trade_no !== undefined || late.has(name));
    const next = current?.begun && (name === 'getWxpayfaceCode' || preparations.has(name));
    return !current || another || next ? begin(event) : current;
  };

  for (const event of events) {
    const entry = 'call' in event ? calls[event.call] : undefined;
    if (event.kind === 'request' && entry) {
      const payment = find(event, entry);
      byCall.set(event.call, payment);
      if (entry.out_trade_no !== undefined) {
        payment.out_trade_no = entry.out_trade_no;
        byOrder.set(entry.out_trade_no, payment);
      }
      if (beginnings.includes(entry.name)) payment.begun = true;
      // What comes late for an older payment doesn't bring it back before the camera.
      if (!current || !late.has(entry.name)) current = payment;
      payment.events.push(event);
      continue;
    }
    const payment: Payment = ('call' in event ? byCall.get(event.call) : undefined) ?? current ?? begin(event);
    current ??= payment;
    payment.events.push(event);
  }
  return payments;
}

/** How a payment stands: a trade_state of the ledger, else what the till was told first, or told the screen, else nothing yet. */
export function stateOf(payment: Payment, { calls, ledger }: Pick<Snapshot, 'calls' | 'ledger'>): string {
  const order: LedgerEntry | undefined = ledger.find(({ out_trade_no }) => out_trade_no === payment.out_trade_no);
  if (order) return order.trade_state;
  const told = payment.events.flatMap((event) => {
    const entry = 'call' in event ? calls[event.call] : undefined;
    if (!entry) return [];
    if (event.kind === 'request') return entry.request.payresult === 'ERROR' ? ['PAYERROR'] : [];
    return entry.answer && beginnings.includes(entry.name) && entry.answer !== 'SUCCESS' ? [entry.answer] : [];
  });
  return told[0] ?? '';
}

/** Good, wait, ended without money, or trouble. */
export function moodOf(state: string): 'good' | 'wait' | 'quiet' | 'bad' {
  if (state === 'SUCCESS') return 'good';
  if (['USERPAYING', 'NOTPAY', ''].includes(state)) return 'wait';
  return ['USER_CANCEL', 'SCAN_PAYMENT', 'REVOKED', 'CLOSED', 'REFUND'].includes(state) ? 'quiet' : 'bad';
}

/** Of a refund. */
export const moodOfRefund = (status: RefundEntry['refund_status']): 'good' | 'wait' | 'quiet' | 'bad' =>
  (({ SUCCESS: 'good', PROCESSING: 'wait', REFUNDCLOSE: 'quiet', CHANGE: 'bad' }) as const)[status];
