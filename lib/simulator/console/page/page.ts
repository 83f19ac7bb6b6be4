import { type CustomerAction, customerActions } from '../../customer.js';
import type { SimulatorSettings } from '../../scenario.js';
import { settingsOf } from '../../scenario.js';
import type { Snapshot } from '../snapshot.js';
import { labelCounter, makeCounter, showCounter } from './counter.js';
import { choose, showSequence, tick } from './diagram.js';
import { countDown, showDisplay } from './display.js';
import { byId, showTitles } from './elements.js';
import { type RefundAction, showLedger } from './gateway.js';
import { keep, recall } from './preferences.js';
import { labelKeys, makeActions, showActions, showScreen } from './screen.js';
import { makeSwitches } from './switches.js';
import { changeLanguage, label, words } from './words.js';

let snapshot: Snapshot | undefined;
/** Undefined until the first word of the simulator. */
let live: boolean | undefined;

const alert = byId('alert', HTMLElement);
let alertTimer: ReturnType<typeof setTimeout> | undefined;

function complain(text: string): void {
  alert.textContent = text;
  clearTimeout(alertTimer);
  alertTimer = setTimeout(() => {
    alert.textContent = '';
  }, 5000);
}

/** Tells the simulator. What comes of it arrives as a new snapshot; what it refuses is shown as it was. */
async function send(path: string, body: object): Promise<void> {
  const failed = words().page.failed;
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    // 409: the screen went on in the meantime.
    if (response.ok || response.status === 409) return;
    complain(`${failed}: ${await response.text()}`);
  } catch {
    complain(failed);
  }
  show();
}

const act = (action: CustomerAction): void => {
  if (snapshot?.offered.includes(action)) void send('customer', { action });
};
const setScenario = (name: string): void => void send('scenario', { name });
const set = (changes: Partial<Record<keyof SimulatorSettings, unknown>>): void => void send('settings', changes);

const actOnRefund: RefundAction = (out_refund_no, end) => void send('refund', { out_refund_no, ...(end && { end }) });
const notifyUrl = byId('notify-url', HTMLInputElement);
notifyUrl.addEventListener('change', () => void send('notify-url', { url: notifyUrl.value.trim() }));

const byHand = { face: 'waiting', password: 'waiting', confirm: 'never' } as const;
const byHandBox = byId('by-hand', HTMLInputElement);
byHandBox.addEventListener('change', () => {
  const { face, password, confirm } = settingsOf(snapshot?.scenario ?? 'success');
  set(byHandBox.checked ? byHand : { face, password, confirm });
});
const isByHand = ({ face, password, confirm }: SimulatorSettings): boolean =>
  face === byHand.face && password === byHand.password && confirm === byHand.confirm;

let showSwitches = makeSwitches(set, setScenario);

function show(): void {
  const { page } = words();
  const connection = byId('connection', HTMLElement);
  connection.hidden = live === undefined;
  connection.className = live ? 'live' : 'lost';
  connection.textContent = live ? page.live : page.lost;
  const ended = byId('ended', HTMLElement);
  ended.hidden = live !== false;
  ended.textContent = live === false ? page.ended : '';
  document.body.dataset.live = String(live);
  if (!snapshot) return;
  for (const [id, address] of [
    ['gateway-address', snapshot.gateway],
    ['pipe-address', snapshot.pipe],
  ] as const) {
    byId(id, HTMLElement).textContent = address;
    byId(id, HTMLElement).title = address;
  }
  document.body.dataset.gateway = snapshot.settings.gateway;
  byHandBox.checked = isByHand(snapshot.settings);
  showDisplay(snapshot);
  showCounter(snapshot);
  showScreen(snapshot);
  showActions(snapshot);
  showSequence(snapshot);
  showLedger(snapshot, actOnRefund);
  showSwitches(snapshot);
  showTitles();
}

function inNewLanguage(): void {
  label();
  labelCounter();
  makeActions(act);
  labelKeys(keysBox.checked);
  showSwitches = makeSwitches(set, setScenario);
  show();
}

byId('language', HTMLButtonElement).addEventListener('click', () => {
  changeLanguage();
  inNewLanguage();
});

const payments = byId('payments', HTMLSelectElement);
payments.addEventListener('change', () => {
  choose(payments.value);
  show();
});

/** Single keys may be in the way of whoever speaks to the browser, or of an assistive program: WCAG 2.1.4. */
const keysBox = byId('keys', HTMLInputElement);
keysBox.checked = recall('keys') !== 'off';
keysBox.addEventListener('change', () => {
  keep('keys', keysBox.checked ? 'on' : 'off');
  labelKeys(keysBox.checked);
});

const isTypedInto = (target: EventTarget | null): boolean =>
  target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== 'checkbox');

/** The digits press the customer's buttons, unless somebody is typing or choosing. */
document.addEventListener('keydown', (event) => {
  const { key, target, ctrlKey, altKey, metaKey, repeat } = event;
  if (!keysBox.checked || isTypedInto(target) || ctrlKey || altKey || metaKey || repeat) return;
  const action = customerActions[Number(key) - 1];
  if (action) act(action);
});

/**
 * A simulator that ended, or a connection that broke. The browser itself tries again, but not after an answer that is
 * not a stream.
 */
function listen(): void {
  const events = new EventSource('events');
  events.addEventListener('message', ({ data }) => {
    snapshot = JSON.parse(data);
    live = true;
    show();
  });
  events.addEventListener('error', () => {
    live = false;
    show();
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  });
}

// What scrolls must be within a keyboard's reach, even if nothing in it is.
for (const id of ['diagram', 'book', 'display']) byId(id, HTMLElement).tabIndex = 0;
for (const event of ['input', 'resize']) window.addEventListener(event, showTitles);
makeCounter((path, body) => void send(path, body));
inNewLanguage();
listen();
setInterval(() => {
  tick();
  countDown();
}, 100);
