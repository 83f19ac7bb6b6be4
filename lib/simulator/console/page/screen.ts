import { type CustomerAction, customerActions } from '../../customer.js';
import type { Snapshot } from '../snapshot.js';
import { yuan } from './amounts.js';
import { byId, element, icon, showList } from './elements.js';
import type { Sight } from './texts.js';
import { words } from './words.js';

function sightOf({ screen, password, settings }: Snapshot): Sight {
  if (password) return 'password';
  return settings.service === 'down' ? 'down' : screen.shows;
}

const amount = (fen: number | undefined): HTMLElement[] =>
  fen === undefined ? [] : [element('strong', { class: 'amount' }, yuan(fen))];

const key = (text: string, extra = ''): HTMLElement =>
  element('span', { class: `key ${extra}`, 'aria-hidden': 'true' }, text);

/** The picture on the till's screen; what it offers to touch is drawn, and done with the buttons below. */
function picture(sight: Sight): HTMLElement[] {
  const { actions } = words();
  switch (sight) {
    case 'idle':
      return [element('div', { class: 'emblem' }, icon('face'))];
    case 'looking':
      return [
        element('div', { class: 'viewfinder' }, icon('person'), element('i')),
        element('div', { class: 'keys' }, key(actions.scan), key(actions.cancel)),
      ];
    case 'paying':
      return [element('div', { class: 'spinner' })];
    case 'password': {
      const dots = Array.from({ length: 6 }, () => element('i'));
      const digits = [...'123456789', '', '0', '⌫'].map((digit) => key(digit, digit ? '' : 'none'));
      return [
        element('div', { class: 'dots', 'aria-hidden': 'true' }, ...dots),
        element('div', { class: 'keypad' }, ...digits),
      ];
    }
    case 'success':
      return [element('div', { class: 'mark good' }, icon('check')), key(actions.confirm, 'wide')];
    case 'failure':
      return [element('div', { class: 'mark bad' }, icon('cross')), key(actions.confirm, 'wide')];
    case 'down':
      return [element('div', { class: 'mark quiet' }, icon('off'))];
  }
}

/** What the customer sees. */
export function showScreen(snapshot: Snapshot): void {
  const { screen, password } = snapshot;
  const sight = sightOf(snapshot);
  const fen = password?.total_fee ?? screen.total_fee;
  const { sights, page } = words();
  const shown = { sight, fen, abandoned: screen.abandoned, sights };
  const place = byId('screen', HTMLElement);
  place.dataset.sight = sight;
  showList(
    place,
    [shown],
    () => 'screen',
    (content) => JSON.stringify(content),
    () =>
      element(
        'div',
        { class: `sight ${sight}` },
        element('p', { class: 'title' }, sights[sight]),
        ...(sight === 'idle' ? [] : amount(fen)),
        ...picture(sight),
        ...(screen.abandoned ? [element('p', { class: 'left' }, icon('door'), page.left)] : []),
      ),
  );
}

const icons = {
  'show-face': 'face',
  cancel: 'cross',
  scan: 'code',
  'enter-password': 'lock',
  confirm: 'check',
  'walk-away': 'door',
} as const;

/** One button for each thing that a customer can do, and the digit that presses it. */
export function makeActions(press: (action: CustomerAction) => void): void {
  const { actions } = words();
  const buttons = customerActions.map((action, index) => {
    const digit = String(index + 1);
    const attributes = { type: 'button', 'data-action': action, 'data-digit': digit, 'aria-disabled': 'true' };
    return element(
      'button',
      { ...attributes, click: () => press(action) },
      icon(icons[action]),
      element('span', { class: 'name' }, actions[action]),
      element('kbd', { 'aria-hidden': 'true' }, digit),
    );
  });
  byId('actions', HTMLElement).replaceChildren(...buttons);
}

/** Whether the digits press them. */
export function labelKeys(on: boolean): void {
  for (const button of byId('actions', HTMLElement).querySelectorAll('button')) {
    if (on) button.setAttribute('aria-keyshortcuts', button.dataset.digit ?? '');
    else button.removeAttribute('aria-keyshortcuts');
  }
  document.body.dataset.keys = on ? 'on' : 'off';
}

/** What isn't offered keeps its place and the focus. */
export function showActions({ offered }: Snapshot): void {
  for (const button of byId('actions', HTMLElement).querySelectorAll('button'))
    button.setAttribute('aria-disabled', String(!offered.some((action) => action === button.dataset.action)));
}
