import { paymentErrorCodes, queryErrorCodes, reverseErrorCodes } from '../../../pay/error-codes.js';
import { gatewayCalls, type ScenarioName, type Settings, scenarios, settingRules, settingsOf } from '../../scenario.js';
import type { Snapshot } from '../snapshot.js';
import { byId, element } from './elements.js';
import type { Texts } from './texts.js';
import { currentLanguage, words } from './words.js';

type Name = keyof Settings;
type Change = (changes: Partial<Record<Name, unknown>>) => void;

/** One setting's control on the page: shows a value, and tells when a person changed it. */
interface Control {
  readonly name: Name;
  readonly row: HTMLElement;
  show(value: unknown): void;
}

const groups: ReadonlyArray<readonly [group: keyof Texts['groups'], names: readonly Name[]]> = [
  ['payment', ['payment', 'charged', 'password', 'passwordQueries', 'giveUpAfter', 'query', 'reverse']],
  ['network', ['gateway', 'latency']],
  ['customer', ['service', 'face', 'faceDelay', 'confirm', 'confirmDelay']],
];

/** The vendor's codes for the settings that take one. */
const codes: Partial<
  Record<Name, Readonly<Record<string, { zh: { description: string }; en: { description: string } }>>>
> = {
  payment: paymentErrorCodes,
  query: queryErrorCodes,
  reverse: reverseErrorCodes,
};

const idOf = (name: Name): string => `setting-${name}`;

function option(value: string, text: string): HTMLOptionElement {
  return element('option', { value }, text);
}

/** A value that the list doesn't offer was set by the program: it's shown all the same. */
function showInList(select: HTMLSelectElement, value: string): void {
  if (![...select.options].some((each) => each.value === value)) select.append(option(value, value));
  select.value = value;
}

function choice(name: Name, choices: readonly string[], change: Change): Control {
  const { values, settings } = words();
  const select = element(
    'select',
    { id: idOf(name) },
    ...choices.map((value) => option(value, values[value] ?? value)),
  );
  select.addEventListener('change', () => change({ [name]: select.value }));
  return {
    name,
    row: element('div', { class: 'setting' }, element('label', { for: idOf(name) }, settings[name]), select),
    show: (value) => showInList(select, String(value)),
  };
}

function errCode(name: Name, besides: readonly string[], change: Change): Control {
  const { values, page } = words();
  const control = choice(name, [], change);
  const select = control.row.querySelector('select');
  const language = currentLanguage();
  const vendors = Object.entries(codes[name] ?? {}).map(([code, row]) =>
    option(code, `${code} ${row[language].description}`),
  );
  select?.append(...besides.map((word) => option(word, word === '' ? page.truth : (values[word] ?? word))));
  select?.append(element('optgroup', { label: 'err_code' }, ...vendors));
  return control;
}

function flag(name: Name, change: Change): Control {
  const box = element('input', { type: 'checkbox', class: 'switch', id: idOf(name) });
  box.addEventListener('change', () => change({ [name]: box.checked }));
  return {
    name,
    row: element('div', { class: 'setting' }, element('label', { for: idOf(name) }, words().settings[name]), box),
    show: (value) => {
      box.checked = value === true;
    },
  };
}

function count(name: Name, unit: string, change: Change): Control {
  const step = unit ? '100' : '1';
  const field = element('input', { type: 'number', min: '0', step, id: idOf(name) });
  field.addEventListener('change', () => {
    if (field.value !== '' && field.valueAsNumber >= 0) change({ [name]: field.valueAsNumber });
  });
  return {
    name,
    row: element(
      'div',
      { class: 'setting' },
      element('label', { for: idOf(name) }, words().settings[name]),
      element('span', { class: 'number' }, field, element('small', {}, unit)),
    ),
    // Not under the fingers of whoever is typing.
    show: (value) => {
      if (document.activeElement !== field) field.value = String(value);
    },
  };
}

function makeControl(name: Name, change: Change): Control {
  const rule = settingRules[name];
  switch (rule.kind) {
    case 'choice':
      return choice(name, rule.choices, change);
    case 'err_code':
      return errCode(name, rule.besides, change);
    case 'flag':
      return flag(name, change);
    case 'milliseconds':
      return count(name, words().page.milliseconds, change);
    default:
      return count(name, '', change);
  }
}

const lossNames = ['loseRequest', 'loseResponse'] as const;

/** A box for each call and direction. */
function makeLosses(change: Change): { table: HTMLElement; show(settings: Settings): void } {
  const { settings, page } = words();
  const box = (name: (typeof lossNames)[number], call: string): HTMLInputElement =>
    element('input', {
      type: 'checkbox',
      'data-loss': name,
      'data-call': call,
      'aria-label': `${page.lostMessages}: ${call} ${settings[name]}`,
      change: () => change({ [name]: checked(name) }),
    });
  const rows = gatewayCalls.map((call) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, call),
      ...lossNames.map((name) => element('td', {}, box(name, call))),
    ),
  );
  const head = element(
    'tr',
    {},
    ...[page.call, ...lossNames.map((name) => settings[name])].map((text) => element('th', { scope: 'col' }, text)),
  );
  const badge = element('span', { class: 'badge' });
  const table = element(
    'details',
    { class: 'losses' },
    element('summary', {}, page.lostMessages, badge),
    element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)),
  );
  const boxes = [...table.querySelectorAll<HTMLInputElement>('input')];
  const checked = (name: string): string[] =>
    boxes.filter(({ dataset, checked }) => dataset.loss === name && checked).map(({ dataset }) => dataset.call ?? '');
  return {
    table,
    show: ({ loseRequest, loseResponse }) => {
      const lost = { loseRequest, loseResponse };
      for (const each of boxes)
        each.checked = lossNames.some(
          (name) => each.dataset.loss === name && lost[name].some((call) => call === each.dataset.call),
        );
      const total = loseRequest.length + loseResponse.length;
      badge.textContent = total > 0 ? String(total) : '';
    },
  };
}

const isScenario = (name: string): name is ScenarioName => Object.hasOwn(scenarios, name);

/** The gateway's and the customer's switches: made anew for each language, then only shown. */
export function makeSwitches(change: Change, setScenario: (name: string) => void): (snapshot: Snapshot) => void {
  const { page, groups: groupNames, scenarios: scenarioTexts } = words();
  const names = Object.keys(scenarios).filter(isScenario);
  const scenario = element(
    'select',
    { id: 'scenario' },
    ...names.map((name) => option(name, `${scenarioTexts[name]} · ${name}`)),
  );
  scenario.addEventListener('change', () => setScenario(scenario.value));
  const custom = element('button', { type: 'button', class: 'badge', click: () => setScenario(scenario.value) });
  const losses = makeLosses(change);
  const controls = groups.flatMap(([, settings]) => settings.map((name) => makeControl(name, change)));
  const fieldsets = groups.map(([group, settings]) =>
    element(
      'fieldset',
      {},
      element('legend', {}, groupNames[group]),
      ...controls.filter(({ name }) => settings.includes(name)).map(({ row }) => row),
      ...(group === 'network' ? [losses.table] : []),
    ),
  );
  const top = element(
    'div',
    { class: 'scenario' },
    element('label', { for: 'scenario' }, page.scenario),
    custom,
    scenario,
  );
  byId('switches', HTMLElement).replaceChildren(top, ...fieldsets);

  return ({ settings, scenario: name }) => {
    showInList(scenario, name);
    const base = settingsOf(name);
    let changes = 0;
    const differs = (setting: Name): boolean => JSON.stringify(settings[setting]) !== JSON.stringify(base[setting]);
    for (const control of controls) {
      control.show(settings[control.name]);
      control.row.classList.toggle('changed', differs(control.name));
      if (differs(control.name)) changes += 1;
    }
    losses.show(settings);
    losses.table.classList.toggle('changed', lossNames.some(differs));
    changes += lossNames.filter(differs).length;
    custom.hidden = changes === 0;
    custom.textContent = `${page.changed} ${changes} ↺`;
    custom.setAttribute('aria-label', page.undo);
  };
}
