import type { CallEntry, SimulatorEvent } from '../../call-log.js';
import { customerActions } from '../../customer.js';
import type { Snapshot } from '../snapshot.js';
import { yuan } from './amounts.js';
import { byId, element, icon, showList, showTitle } from './elements.js';
import { messageOf, moodOf, type Payment, paymentsOf, stateOf } from './sequence.js';
import { words } from './words.js';

/** One line of the diagram. */
interface Row {
  readonly key: string;
  /** Milliseconds since the payment's first event. */
  readonly after: number;
  readonly event?: SimulatorEvent;
  readonly entry?: CallEntry;
  readonly step?: 1 | 2 | 3 | 4;
  /** The customer's screen is open: the vendor's diagram activates the face service. */
  readonly active: boolean;
}

/** What the call log writes in place of a value. */
const masked = '***';

const openRows = new Set<string>();
let chosen = '';

function rowsOf({ events }: Payment, { calls }: Snapshot): Row[] {
  const rows: Row[] = [];
  const start = events[0]?.at ?? 0;
  let step: Row['step'];
  let active = false;
  events.forEach((event, index) => {
    const entry = 'call' in event ? calls[event.call] : undefined;
    // To a request that never arrived there is no answer.
    if (event.kind === 'response' && entry?.lost === 'request') return;
    const after = event.at - start;
    const message = entry && messageOf(entry.name);
    if (event.kind === 'request' && message?.step && message.step !== step) {
      step = message.step;
      rows.push({ key: `${index} step`, after, step, active });
    }
    const recognising = entry?.name === 'getWxpayfaceCode';
    if (event.kind === 'request' && recognising) active = true;
    rows.push({ key: String(index), after, event, active, ...(entry && { entry }) });
    if (event.kind === 'response' && recognising) active = entry?.answer === 'SUCCESS';
    if (event.kind === 'response' && entry && ['updateWxpayfacePayResult', 'releaseWxpayface'].includes(entry.name))
      active = false;
  });
  return rows;
}

function valueIn(name: string, value: string): string {
  if (value === masked) return `${name} •••`;
  return /^\d+$/.test(value) && name.endsWith('_fee') ? yuan(Number(value)) : value;
}

function parameters(fields: CallEntry['request'], names: readonly string[] = []): string {
  return names.flatMap((name) => (fields[name] === undefined ? [] : [valueIn(name, fields[name] ?? '')])).join(', ');
}

function fieldList(fields: CallEntry['request']): HTMLElement {
  const { page } = words();
  const rows = Object.entries(fields).flatMap(([name, value]) => [
    element('dt', {}, name),
    value === masked
      ? element('dd', { class: 'masked' }, '•••••• ', element('small', {}, page.masked))
      : element('dd', {}, value),
  ]);
  return rows.length > 0 ? element('dl', {}, ...rows) : element('p', { class: 'none' }, page.noFields);
}

/** The line between two lanes, with its label, that opens to the message's fields. */
function arrow(row: Row, event: SimulatorEvent & { kind: 'request' | 'response' }, entry: CallEntry): HTMLElement[] {
  const { page } = words();
  const { number, shows, answers } = messageOf(entry.name);
  const asked = event.kind === 'request';
  const fields = asked ? entry.request : (entry.response ?? {});
  const details = parameters(fields, asked ? shows : answers);
  const answer = (entry.answer ?? '').replace(/ ?\(.*\)$/, '');
  // Cut on the way that it was lost on.
  const isLost = entry.lost === event.kind;
  const lost = isLost
    ? [element('span', { class: 'answer bad' }, asked ? page.requestLost : page.responseLost), ' ']
    : [];
  const label = asked
    ? [
        element('b', {}, `${number === undefined ? '' : `${number}. `}${entry.name}`),
        ...(details ? [element('span', { class: 'details' }, `(${details})`)] : []),
        ' ',
        ...lost,
      ]
    : [
        ...(answer ? [element('span', { class: `answer ${moodOf(answer)}` }, answer), ' '] : []),
        ...lost,
        ...(details ? [element('span', { class: 'details' }, details)] : []),
      ];
  const classes = ['arrow', event.kind, ...(isLost ? ['cut'] : [])];
  const opened = openRows.has(row.key);
  const id = `fields-${row.key}`;
  const list = element('div', { id, class: 'fields', hidden: !opened }, fieldList(fields));
  const button = element(
    'button',
    {
      type: 'button',
      class: `message to-${entry.to}`,
      'aria-expanded': String(opened),
      'aria-controls': id,
      click: () => {
        const open = list.hidden;
        list.hidden = !open;
        button.setAttribute('aria-expanded', String(open));
        if (open) openRows.add(row.key);
        else openRows.delete(row.key);
      },
    },
    element('span', { class: 'label' }, ...label),
    element('i', { class: classes.join(' '), 'aria-hidden': 'true' }),
    element('span', { class: 'unseen' }, asked ? page.request : page.response),
  );
  return [button, list];
}

function lineOf(row: Row): HTMLElement[] {
  const { page, done } = words();
  const { event, entry } = row;
  if (event && 'call' in event && entry) return arrow(row, event, entry);
  if (event?.kind === 'customer') {
    const action = customerActions.find((name) => name === event.action);
    const lane = action === 'enter-password' ? 'gateway' : 'service';
    return [element('span', { class: `note at-${lane}` }, icon('person'), action ? done[action] : event.action)];
  }
  return [
    element(
      'span',
      { class: 'message to-pay' },
      element('span', { class: 'label' }, element('span', { class: 'answer bad' }, page.refused)),
      element('i', { class: 'arrow request cut', 'aria-hidden': 'true' }),
    ),
  ];
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)}`;

function makeRow(row: Row): HTMLElement {
  const { steps } = words();
  if (row.step)
    return element(
      'li',
      { class: row.active ? 'step active' : 'step' },
      element('span', { class: 'step-title' }, steps[row.step]),
    );
  const { event, entry } = row;
  const running = event?.kind === 'request' && entry !== undefined && entry.answer === undefined;
  const classes = ['row', event?.kind ?? '', ...(row.active ? ['active'] : []), ...(running ? ['running'] : [])];
  return element(
    'li',
    { class: classes.join(' ') },
    element('time', {}, `+${seconds(row.after)} s`),
    ...lineOf(row),
    ...(running ? [element('span', { class: `elapsed at-${entry.to}`, 'data-since': String(entry.at) })] : []),
  );
}

/** How long the calls that go on have taken. */
export function tick(): void {
  for (const elapsed of document.querySelectorAll<HTMLElement>('.elapsed'))
    elapsed.textContent = `${((Date.now() - Number(elapsed.dataset.since)) / 1000).toFixed(1)} s`;
}

function nameOf(payment: Payment, snapshot: Snapshot): string {
  const { states, page } = words();
  const state = stateOf(payment, snapshot);
  if (!payment.begun && !payment.out_trade_no) return page.preparing;
  return `${payment.out_trade_no ?? '–'} · ${states[state] ?? state}`;
}

/** Draws the payment that was chosen, else the newest. */
export function showSequence(snapshot: Snapshot): void {
  const { page, lanes } = words();
  const payments = paymentsOf(snapshot);
  const latest = payments.at(-1);
  const payment = payments.find(({ id }) => id === chosen) ?? latest;

  const select = byId('payments', HTMLSelectElement);
  showList(
    select,
    [
      { id: '', name: latest ? `${page.latest} · ${nameOf(latest, snapshot)}` : page.latest },
      ...payments.map((each) => ({ id: each.id, name: nameOf(each, snapshot) })).reverse(),
    ],
    ({ id }) => id,
    ({ name }) => name,
    ({ id, name }) => element('option', { value: id }, name),
  );
  select.value = payment && payment.id === chosen ? chosen : '';
  showTitle(select);

  showList(
    byId('lanes', HTMLElement),
    lanes.map((name, lane) => ({ name, lane: String(lane) })),
    ({ lane }) => lane,
    ({ name }) => name,
    ({ name }) => element('span', { class: 'lane' }, name),
  );

  const area = byId('diagram', HTMLElement);
  const atEnd = area.scrollHeight - area.scrollTop - area.clientHeight < 48;
  const rows = payment ? rowsOf(payment, snapshot) : [];
  showList(
    byId('rows', HTMLElement),
    rows.map((row) => ({ ...row, key: `${payment?.id}-${row.key}` })),
    ({ key }) => key,
    (row) => JSON.stringify([row, page.request]),
    makeRow,
  );
  byId('no-rows', HTMLElement).hidden = rows.length > 0;
  if (atEnd) area.scrollTop = area.scrollHeight;
  tick();
}

export function choose(payment: string): void {
  chosen = payment;
}
