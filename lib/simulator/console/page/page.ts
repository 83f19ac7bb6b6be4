import { type CustomerAction, customerActions } from '../../customer.js';
import type { Settings } from '../../scenario.js';
import { settingsOf } from '../../scenario.js';
import type { Snapshot } from '../snapshot.js';
import { choose, showSequence, tick } from './diagram.js';
import { byId } from './elements.js';
import { type RefundAction, showLedger } from './gateway.js';
import { makeActions, showActions, showScreen } from './screen.js';
import { makeSwitches } from './switches.js';
import { changeLanguage, label, words } from './words.js';

let snapshot: Snapshot | undefined;
let live = false;

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
const set = (changes: Partial<Record<keyof Settings, unknown>>): void => void send('settings', changes);

const actOnRefund: RefundAction = (out_refund_no, end) => void send('refund', { out_refund_no, ...(end && { end }) });
const notifyUrl = byId('notify-url', HTMLInputElement);
notifyUrl.addEventListener('change', () => void send('notify-url', { url: notifyUrl.value.trim() }));

const byHand = { face: 'waiting', password: 'waiting', confirm: 'never' } as const;
const byHandBox = byId('by-hand', HTMLInputElement);
byHandBox.addEventListener('change', () => {
  const { face, password, confirm } = settingsOf(snapshot?.scenario ?? 'success');
  set(byHandBox.checked ? byHand : { face, password, confirm });
});
const isByHand = ({ face, password, confirm }: Settings): boolean =>
  face === byHand.face && password === byHand.password && confirm === byHand.confirm;

let showSwitches = makeSwitches(set, setScenario);

function show(): void {
  const { page } = words();
  const connection = byId('connection', HTMLElement);
  connection.className = live ? 'live' : 'lost';
  connection.textContent = live ? page.live : page.lost;
  if (!snapshot) return;
  byId('gateway-address', HTMLElement).textContent = snapshot.gateway;
  byId('pipe-address', HTMLElement).textContent = snapshot.pipe;
  document.body.dataset.gateway = snapshot.settings.gateway;
  byHandBox.checked = isByHand(snapshot.settings);
  showScreen(snapshot);
  showActions(snapshot);
  showSequence(snapshot);
  showLedger(snapshot, actOnRefund);
  showSwitches(snapshot);
}

function inNewLanguage(): void {
  label();
  makeActions(act);
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

/** The digits press the customer's buttons, unless somebody is typing or choosing. */
document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if ((typing && event.target.id !== 'by-hand') || event.ctrlKey || event.altKey || event.metaKey || event.repeat)
    return;
  const action = customerActions[Number(event.key) - 1];
  if (action) act(action);
});

const events = new EventSource('events');
events.addEventListener('message', ({ data }) => {
  snapshot = JSON.parse(data);
  live = true;
  show();
});
events.addEventListener('error', () => {
  live = false;
  show();
});

setInterval(tick, 100);
inNewLanguage();
