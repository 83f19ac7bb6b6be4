import type { LedgerEntry } from '../../ledger.js';
import type { Snapshot } from '../snapshot.js';
import { byId, element, showList } from './elements.js';
import { moodOf } from './sequence.js';
import { words, yuan } from './words.js';

function orderRow({ out_trade_no, trade_state, total_fee, charged, refunded }: LedgerEntry): HTMLElement {
  const { states } = words();
  const money = (fen: number): HTMLElement =>
    element('td', { class: fen === 0 ? 'money none' : 'money' }, fen === 0 ? '–' : yuan(fen));
  return element(
    'tr',
    { title: `${out_trade_no} · ${trade_state} · ${yuan(total_fee)}` },
    element('th', { scope: 'row' }, out_trade_no),
    element('td', {}, element('span', { class: `state ${moodOf(trade_state)}` }, states[trade_state] ?? trade_state)),
    money(charged),
    money(refunded),
  );
}

/** The gateway's book, newest order first. */
export function showLedger({ ledger }: Snapshot): void {
  const { states } = words();
  showList(
    byId('ledger', HTMLElement),
    [...ledger].reverse(),
    ({ out_trade_no }) => out_trade_no,
    (order) => JSON.stringify([order, states.SUCCESS]),
    orderRow,
  );
  byId('no-orders', HTMLElement).hidden = ledger.length > 0;
}
