import type { Snapshot } from '../snapshot.js';
import type { DayReport, SoldEntry } from '../till-state.js';
import { fenOf, yuan } from './amounts.js';
import { moodOfTold, titleOf } from './display.js';
import { byId, element, showList, showTitle } from './elements.js';
import { currentLanguage, words } from './words.js';

/** Tells the simulator. */
export type Send = (path: string, body: object) => void;

const field = (id: string): HTMLInputElement => byId(id, HTMLInputElement);

/** What codes look like, for the scanner: digits that are random but for how they begin, and one that isn't a code. */
const codeKinds = {
  wechat: () => `13${digits(16)}`,
  alipay: () => `28${digits(16)}`,
  unionpay: () => `62${digits(17)}`,
  goods: () => `69${digits(11)}`,
} as const;
export type CodeKind = keyof typeof codeKinds;
const kinds: readonly CodeKind[] = ['wechat', 'alipay', 'unionpay', 'goods'];

function digits(count: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte % 10).join('');
}

function newCode(): void {
  const kind = kinds.find((each) => each === byId('code-kind', HTMLSelectElement).value) ?? 'wechat';
  field('code').value = codeKinds[kind]();
  showTitle(byId('code-kind', HTMLSelectElement));
}

/** Fen of an amount's field; what is not an amount is said there. */
function fenIn(id: string): number | undefined {
  const input = field(id);
  const fen = fenOf(input.value);
  input.setCustomValidity(fen === undefined ? words().page.noAmount : '');
  return input.reportValidity() ? fen : undefined;
}

function sale(): { out_trade_no: string; total_fee: number; body: string } | undefined {
  const total_fee = fenIn('amount');
  if (total_fee === undefined || !byId('sale', HTMLFormElement).reportValidity()) return undefined;
  return { out_trade_no: field('number').value.trim(), total_fee, body: field('goods').value };
}

/** The number that was made for the next sale, until somebody types another. */
let suggested = '';

/** What is sold, until somebody types something else. */
let goods = '';

function onSubmit(form: string, act: () => void): void {
  byId(form, HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    act();
  });
}

const isOff = (id: string): boolean => byId(id, HTMLButtonElement).getAttribute('aria-disabled') === 'true';
const onClick = (id: string, act: () => void): void =>
  byId(id, HTMLButtonElement).addEventListener('click', () => {
    if (!isOff(id)) act();
  });

/** The vendor's yyyyMMdd. */
const billDate = (): string => field('bill-date').value.replaceAll('-', '');

function pointToBill(): void {
  byId('bill', HTMLAnchorElement).href = `bill-${billDate()}.txt`;
}

/** The cashier's hands. */
export function makeCounter(send: Send): void {
  onSubmit('sale', () => {
    const begun = sale();
    if (begun && !isOff('pay')) send('pay', begun);
  });
  onSubmit('scanner', () => {
    const begun = sale();
    if (!begun || isOff('scan')) return;
    send('scan', { ...begun, code: field('code').value });
    newCode();
  });
  onClick('abort', () => send('abort', {}));
  byId('code-kind', HTMLSelectElement).addEventListener('change', newCode);
  const chosen = (): string => byId('sold', HTMLSelectElement).value;
  onSubmit('after', () => {
    const refund_fee = fenIn('refund-amount');
    if (refund_fee !== undefined && !isOff('refund')) send('give-back', { out_trade_no: chosen(), refund_fee });
  });
  onClick('cancel', () => send('cancel', { out_trade_no: chosen() }));
  onSubmit('day', () => send('reconcile', { bill_date: billDate() }));
  field('bill-date').addEventListener('change', pointToBill);
  for (const id of ['amount', 'refund-amount'])
    field(id).addEventListener('input', () => field(id).setCustomValidity(''));
}

/** In a new language. */
export function labelCounter(): void {
  const { page, codeKinds: names } = words();
  const select = byId('code-kind', HTMLSelectElement);
  const before = select.value;
  select.replaceChildren(...kinds.map((kind) => element('option', { value: kind }, names[kind])));
  select.value = before || 'wechat';
  showTitle(select);
  if (field('code').value === '') newCode();
  if (field('goods').value === goods) field('goods').value = page.latte;
  goods = page.latte;
}

const givenBack = ({ refunds }: SoldEntry): number =>
  refunds
    .filter(({ told }) => 'status' in told && ['refunded', 'processing'].includes(told.status))
    .reduce((sum, { refund_fee }) => sum + refund_fee, 0);

/** The sale that the refund's fields were filled for. */
let filledFor = '';

function showSold({ sold, running }: Snapshot['till']): void {
  byId('after', HTMLFormElement).hidden = sold.length === 0;
  const select = byId('sold', HTMLSelectElement);
  const before = select.value;
  const newest = sold.at(-1)?.out_trade_no ?? '';
  const wasNewest = before === '' || before === select.options[0]?.value;
  showList(
    select,
    [...sold].reverse(),
    ({ out_trade_no }) => out_trade_no,
    (entry) => JSON.stringify([entry.told, currentLanguage()]),
    ({ out_trade_no, told }) =>
      element('option', { value: out_trade_no }, `${out_trade_no}${told ? ` · ${titleOf(told)}` : ''}`),
  );
  select.value = wasNewest ? newest : before;
  showTitle(select);
  const entry = sold.find(({ out_trade_no }) => out_trade_no === select.value);
  for (const id of ['refund', 'cancel'])
    byId(id, HTMLButtonElement).setAttribute('aria-disabled', String(running !== undefined || !entry));
  const rest = entry ? entry.total_fee - givenBack(entry) : 0;
  const key = `${entry?.out_trade_no} ${rest}`;
  if (entry && filledFor !== key) field('refund-amount').value = (rest / 100).toFixed(2);
  filledFor = key;
  showList(
    byId('refunds', HTMLElement),
    entry?.refunds ?? [],
    ({ out_refund_no }) => out_refund_no,
    (refund) => JSON.stringify([refund, currentLanguage()]),
    ({ out_refund_no, refund_fee, told }) =>
      element(
        'li',
        {},
        element('span', { class: 'of-order' }, out_refund_no),
        element('span', {}, yuan(refund_fee)),
        element('span', { class: `state ${moodOfTold(told)}` }, titleOf(told)),
      ),
  );
}

function dayLines({ bill_date, differences, state }: DayReport): HTMLElement[] {
  const { page, differenceKinds } = words();
  const money = (fen: number | undefined): string => (fen === undefined ? '–' : yuan(fen));
  const lines = differences.map(({ kind, out_trade_no, out_refund_no, here, there }) =>
    element(
      'li',
      {},
      element('span', { class: 'state bad' }, differenceKinds[kind]),
      element('span', { class: 'of-order' }, out_refund_no ?? out_trade_no),
      element('small', {}, `${page.here} ${money(here)} · ${page.there} ${money(there)}`),
    ),
  );
  if (state === 'running') return [element('p', {}, page.running)];
  if (state !== 'done') return [element('p', {}, titleOf(state)), element('small', {}, page.billHint)];
  const sum = differences.length === 0 ? page.allAgree : `${page.differences}${differences.length}`;
  return [
    element('p', { class: differences.length === 0 ? 'good' : 'bad' }, `${bill_date} ${sum}`),
    element('ul', {}, ...lines),
  ];
}

function showDay({ till, settings }: Snapshot): void {
  const { day } = till;
  const date = field('bill-date');
  // Beijing's day, by the gateway's clock.
  if (date.value === '') date.value = new Date(Date.now() + settings.clock + 8 * 3_600_000).toISOString().slice(0, 10);
  pointToBill();
  showList(
    byId('differences', HTMLElement),
    day ? [day] : [],
    () => 'day',
    (shown) => JSON.stringify([shown, currentLanguage()]),
    (shown) => element('div', {}, ...dayLines(shown)),
  );
}

/** What the cashier can do now. */
export function showCounter(snapshot: Snapshot): void {
  const { next, running, scanning } = snapshot.till;
  const number = field('number');
  // Not under the fingers of whoever is typing.
  if (number.value === suggested && document.activeElement !== number) number.value = next;
  if (number.value === next) suggested = next;
  const busy = running !== undefined;
  const off = { pay: busy, abort: running !== 'sale', scan: busy && !scanning };
  for (const [id, value] of Object.entries(off))
    byId(id, HTMLButtonElement).setAttribute('aria-disabled', String(value));
  showSold(snapshot.till);
  showDay(snapshot);
}
