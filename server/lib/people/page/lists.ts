import { yuan } from '../../../../lib/simulator/console/page/amounts.js';
import { byId, element, showList } from '../../../../lib/simulator/console/page/elements.js';
import type {
  ActName,
  Shown,
  ShownCase,
  ShownDay,
  ShownDeadLetter,
  ShownDifference,
  ShownRecord,
  ShownServer,
  ShownTerminal,
} from '../shown.js';
import { adviceOf, currentLanguage, dayOf, moodOf, stateOf, timeOf, words } from './words.js';

/* What is there, as lists that change while one looks. */

export type Which = Pick<ShownRecord, 'merchant' | 'kind' | 'id'>;

/** What a person opens from a list. */
export interface Openers {
  /** @param act To be confirmed at once. */
  open(which: Which, act?: ActName): void;
  /** Asks first. */
  decide(deed: 'replay' | 'settle', what: { readonly merchant: string; readonly id: string }, about: string): void;
}

/** As a list item, what needs a person. */
type Need =
  | { readonly is: 'case'; readonly of: ShownCase }
  | { readonly is: 'difference'; readonly of: ShownDifference }
  | { readonly is: 'letter'; readonly of: ShownDeadLetter };

const list = <Item>(
  id: string,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  make: (item: Item) => HTMLElement,
) => showList(byId(id, HTMLElement), items, keyOf, (item) => JSON.stringify([item, currentLanguage()]), make);

const button = (name: string, about: string, press: () => void, kind = ''): HTMLElement =>
  element('button', { type: 'button', class: kind, 'aria-label': `${name}: ${about}`, click: press }, name);

export const stateBadge = (record: Pick<ShownRecord, 'kind' | 'state'>): HTMLElement =>
  element('span', { class: `state ${moodOf(record.state)}` }, stateOf(record));

/** Where and when, in small letters. */
function origin({ merchant, terminal, store, at }: ShownRecord): HTMLElement {
  const parts = [timeOf(at), merchant, terminal ?? store].filter((part) => part !== undefined);
  return element('small', {}, parts.join(' · '));
}

function saleRow(sale: ShownRecord, { open }: Openers): HTMLElement {
  const { id, amount, given_back = 0 } = sale;
  const { page } = words();
  const back =
    given_back > 0 ? [element('small', { title: page.givenBack }, `${page.givenBackShort} ${yuan(given_back)}`)] : [];
  return element(
    'tr',
    { class: sale.kind },
    element(
      'th',
      { scope: 'row' },
      element('button', { type: 'button', class: 'number', click: () => open(sale) }, id),
      origin(sale),
    ),
    element('td', {}, stateBadge(sale)),
    element('td', { class: 'money' }, amount === undefined ? '–' : yuan(amount), ...back),
  );
}

function caseItem(each: ShownCase, mayAct: boolean, { open }: Openers): HTMLElement {
  const { told, can, id } = each;
  const acts = mayAct ? can.map((act) => button(words().acts[act].name, id, () => open(each, act))) : [];
  return element(
    'li',
    { class: 'case' },
    element('h3', {}, told.title),
    origin(each),
    element('p', {}, told.text),
    element('p', { class: 'advice' }, adviceOf(each) ?? ''),
    element(
      'div',
      { class: 'buttons' },
      button(words().page.lookUp, id, () => open(each)),
      ...acts,
    ),
  );
}

function differenceItem(difference: ShownDifference, mayAct: boolean, { open, decide }: Openers): HTMLElement {
  const { merchant, day, kind, out_trade_no, out_refund_no, here, there } = difference;
  const { page, differenceKinds, unlistedDifference } = words();
  const { title, advice } = differenceKinds[kind] ?? unlistedDifference;
  const number = out_refund_no ?? out_trade_no;
  const sum = (name: string, fen: number | undefined) => (fen === undefined ? [] : [`${name} ${yuan(fen)}`]);
  return element(
    'li',
    { class: 'case difference' },
    element('h3', {}, title),
    element('small', {}, [dayOf(day), merchant, number].join(' · ')),
    element('p', {}, [...sum(page.here, here), ...sum(page.there, there)].join(' · ')),
    element('p', { class: 'advice' }, advice),
    element(
      'div',
      { class: 'buttons' },
      button(page.lookUp, number, () => open({ merchant, kind: 'payment', id: out_trade_no })),
      ...(mayAct ? [button(words().acts.acknowledge.name, number, () => decide('settle', difference, number))] : []),
    ),
  );
}

function letterItem(letter: ShownDeadLetter, mayAct: boolean, { decide }: Openers): HTMLElement {
  const { merchant, number, type, answer, attempts, at } = letter;
  const { page } = words();
  const act = () => decide('replay', letter, number);
  return element(
    'li',
    { class: 'case letter' },
    element('h3', {}, page.deadLetter),
    element('small', {}, [timeOf(at), merchant, number].join(' · ')),
    element('p', {}, `${type} · ${page.attempts}${attempts} · ${answer}`),
    element('p', { class: 'advice' }, page.deadLetterText),
    element('div', { class: 'buttons' }, ...(mayAct ? [button(page.replay, number, act)] : [])),
  );
}

const terminalRow = ({ name, merchant, store_id, store_name, can }: ShownTerminal): HTMLElement =>
  element(
    'tr',
    {},
    element('th', { scope: 'row' }, name, element('small', {}, merchant)),
    element('td', {}, store_name, element('small', {}, store_id)),
    element('td', {}, can.map((right) => words().rights[right] ?? right).join(' · ')),
  );

function serverRow({ id, isThis, since, lease, underWay }: ShownServer): HTMLElement {
  const { page } = words();
  const [mood, said] =
    since === undefined
      ? ['quiet', page.noLease]
      : lease === undefined
        ? ['bad', page.leaseOver]
        : ['good', page.leaseGood];
  const seconds = lease === undefined ? '' : ` ${Math.round(lease / 1_000)} s`;
  return element(
    'tr',
    {},
    element(
      'th',
      { scope: 'row', title: id },
      id.slice(0, 8),
      element(
        'small',
        {},
        [...(isThis ? [page.thisServer] : []), ...(since === undefined ? [] : [timeOf(since)])].join(' · '),
      ),
    ),
    element('td', {}, element('span', { class: `state ${mood}` }, `${said}${seconds}`)),
    element('td', { class: 'money' }, String(underWay)),
  );
}

const dayRow = ({ merchant, day, differences }: ShownDay): HTMLElement =>
  element(
    'tr',
    {},
    element('th', { scope: 'row' }, dayOf(day)),
    element('td', {}, merchant),
    element(
      'td',
      { class: 'money' },
      element(
        'span',
        { class: `state ${differences ? 'bad' : 'good'}` },
        differences === undefined ? '–' : String(differences),
      ),
    ),
  );

export function showLists(shown: Shown, openers: Openers): void {
  const { person, sales, needs, terminals, servers, nights } = shown;
  const { page } = words();
  const mayAct = person.role === 'act';
  const all: Need[] = [
    ...needs.map((of) => ({ is: 'case' as const, of })),
    ...(nights?.differences ?? []).map((of) => ({ is: 'difference' as const, of })),
    ...(nights?.deadLetters ?? []).map((of) => ({ is: 'letter' as const, of })),
  ];
  list(
    'needs',
    all,
    ({ is, of }) => `${is} ${of.merchant} ${'kind' in of ? of.kind : ''} ${of.id} ${mayAct}`,
    (need) => {
      if (need.is === 'case') return caseItem(need.of, mayAct, openers);
      return need.is === 'difference' ? differenceItem(need.of, mayAct, openers) : letterItem(need.of, mayAct, openers);
    },
  );
  byId('no-needs', HTMLElement).hidden = all.length > 0;
  byId('needs-count', HTMLElement).textContent = all.length > 0 ? String(all.length) : '';
  const keyOf = ({ merchant, kind, id }: Which) => `${merchant} ${kind} ${id}`;
  list('sales', sales, keyOf, (sale) => saleRow(sale, openers));
  byId('no-sales', HTMLElement).hidden = sales.length > 0;
  byId('folder-hint', HTMLElement).hidden = nights !== undefined;
  list('days', nights?.days ?? [], ({ merchant, day }) => `${merchant} ${day}`, dayRow);
  const noDays = byId('no-days', HTMLElement);
  noDays.hidden = (nights?.days.length ?? 0) > 0;
  noDays.textContent = nights === undefined ? page.needsDatabase : page.noDays;
  byId('days-table', HTMLElement).classList.toggle('bare', !noDays.hidden);
  list('terminals', terminals, ({ name }) => name, terminalRow);
  byId('no-terminals', HTMLElement).hidden = terminals.length > 0;
  list('servers', servers, ({ id }) => id, serverRow);
}
