import type { LedgerEntry } from '../../money.js';
import { type RefundEnd, refundEnds } from '../../money.js';
import type { RefundEntry } from '../../refunds.js';
import type { Snapshot } from '../snapshot.js';
import { yuan } from './amounts.js';
import { byId, element, showList } from './elements.js';
import { moodOf, moodOfRefund } from './sequence.js';
import { words } from './words.js';

/** What a person does with a refund: ends it, or without an end sends its notification again. */
export type RefundAction = (out_refund_no: string, end?: RefundEnd) => void;

const state = (mood: string, text: string): HTMLElement =>
  element('td', {}, element('span', { class: `state ${mood}` }, text));

const money = (fen: number): HTMLElement =>
  element('td', { class: fen === 0 ? 'money none' : 'money' }, fen === 0 ? '–' : yuan(fen));

function orderRow({ out_trade_no, trade_state, total_fee, charged, refunded }: LedgerEntry): HTMLElement {
  const { states } = words();
  return element(
    'tr',
    { title: `${out_trade_no} · ${trade_state} · ${yuan(total_fee)}` },
    element('th', { scope: 'row' }, out_trade_no),
    state(moodOf(trade_state), states[trade_state] ?? trade_state),
    money(charged),
    money(refunded),
  );
}

function refundRow({ out_refund_no, refund_id, refund_status, refund_fee }: RefundEntry): HTMLElement {
  return element(
    'tr',
    { class: 'refund', title: `${out_refund_no} · ${refund_id} · ${refund_status}` },
    element('th', { scope: 'row' }, out_refund_no),
    state(moodOfRefund(refund_status), words().refundStates[refund_status]),
    element('td', { colspan: '2', class: 'money' }, yuan(refund_fee)),
  );
}

/** The buttons of a refund that is under way, or whose end may be told once more. */
function actionsRow({ out_refund_no, refund_status, notice }: RefundEntry, act: RefundAction): HTMLElement {
  const { refundEnds: ends, page } = words();
  const button = (text: string, press: () => void): HTMLElement =>
    element(
      'button',
      { type: 'button', class: 'refund-action', 'aria-label': `${text}: ${out_refund_no}`, click: press },
      text,
    );
  const buttons =
    refund_status === 'PROCESSING'
      ? refundEnds.map((end) => button(ends[end], () => act(out_refund_no, end)))
      : [button(page.notify, () => act(out_refund_no))];
  const told = notice === undefined ? [] : [element('small', {}, `${page.noticeSent}: ${notice}`)];
  return element('tr', { class: 'refund-actions' }, element('td', { colspan: '4' }, ...buttons, ...told));
}

interface Row {
  readonly key: string;
  readonly content: string;
  make(): HTMLElement;
}

/** The gateway's book, newest order first, its refunds below each. */
export function showLedger({ ledger, refunds, notifyUrl }: Snapshot, act: RefundAction): void {
  const { states } = words();
  const row = (key: string, shown: object, make: () => HTMLElement): Row => ({
    key,
    content: JSON.stringify([shown, states.SUCCESS]),
    make,
  });
  const refundRows = (refund: RefundEntry): Row[] => {
    const { out_refund_no, refund_status, notice } = refund;
    const canAct = refund_status === 'PROCESSING' || notifyUrl !== '' || notice !== undefined;
    return [
      row(`refund ${out_refund_no}`, refund, () => refundRow(refund)),
      ...(canAct ? [row(`actions ${out_refund_no}`, refund, () => actionsRow(refund, act))] : []),
    ];
  };
  const rows = [...ledger]
    .reverse()
    .flatMap((order) => [
      row(`order ${order.out_trade_no}`, order, () => orderRow(order)),
      ...refunds.filter(({ out_trade_no }) => out_trade_no === order.out_trade_no).flatMap(refundRows),
    ]);
  showList(
    byId('ledger', HTMLElement),
    rows,
    ({ key }) => key,
    ({ content }) => content,
    ({ make }) => make(),
  );
  byId('no-orders', HTMLElement).hidden = ledger.length > 0;
  const field = byId('notify-url', HTMLInputElement);
  // Not under the fingers of whoever is typing.
  if (document.activeElement !== field) field.value = notifyUrl;
}
