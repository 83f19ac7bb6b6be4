import { paymentErrorCodes, queryErrorCodes, reportedErrorCodes, reverseErrorCodes } from '../../../pay/error-codes.js';
import { gatewayCalls } from '../../gateway-calls.js';
import { refundCodes } from '../../refund-codes.js';
import { type ScenarioName, type SimulatorSettings, scenarios, settingsOf } from '../../scenario.js';
import { settingRules } from '../../setting-rules.js';
import type { Snapshot } from '../snapshot.js';
import { byId, element, showTitle } from './elements.js';
import type { Texts } from './texts.js';
import { currentLanguage, words } from './words.js';

type Name = keyof SimulatorSettings;
type Change = (changes: Partial<Record<Name, unknown>>) => void;

/** One setting's control on the page: shows a value, and tells when a person changed it. */
interface Control {
  readonly name: Name;
  readonly row: HTMLElement;
  show(value: unknown): void;
}

const groups: ReadonlyArray<readonly [group: keyof Texts['groups'], names: readonly Name[]]> = [
  [
    'payment',
    [
      'payment',
      'charged',
      'password',
      'passwordQueries',
      'giveUpAfter',
      'numberUsed',
      'query',
      'reverse',
      'certificate',
    ],
  ],
  [
    'refund',
    ['refund', 'refundTaken', 'refundEnd', 'refundDelay', 'refundInterval', 'refundquery', 'bill', 'billFormat'],
  ],
  ['network', ['gateway', 'latency', 'clock', 'callsPerSecond', 'limit', 'signer']],
  ['customer', ['service', 'face', 'faceDelay', 'confirm', 'confirmDelay']],
];

/** The vendor's codes for the settings that take one. */
const codes: Partial<
  Record<Name, Readonly<Record<string, { zh: { description: string }; en: { description: string } }>>>
> = {
  payment: { ...paymentErrorCodes, ...reportedErrorCodes },
  query: queryErrorCodes,
  reverse: reverseErrorCodes,
  refund: refundCodes,
  refundquery: refundCodes,
};

const idOf = (name: Name): string => `setting-${name}`;

/** A value's words, those of its setting first. */
function wordsFor(name: Name, value: string): string {
  const { values, valuesOf } = words();
  return valuesOf[name]?.[value] ?? values[value] ?? value;
}

function option(value: string, text: string): HTMLOptionElement {
  return element('option', { value }, text);
}

/** A value that the list doesn't offer was set by the program: it's shown all the same. */
function showInList(select: HTMLSelectElement, value: string): void {
  if (![...select.options].some((each) => each.value === value)) select.append(option(value, value));
  select.value = value;
  showTitle(select);
}

function choice(name: Name, choices: readonly string[], change: Change): Control {
  const { settings } = words();
  const select = element('select', { id: idOf(name) }, ...choices.map((value) => option(value, wordsFor(name, value))));
  select.addEventListener('change', () => change({ [name]: select.value }));
  return {
    name,
    row: element('div', { class: 'setting' }, element('label', { for: idOf(name) }, settings[name]), select),
    show: (value) => showInList(select, String(value)),
  };
}

function errCode(name: Name, besides: readonly string[], change: Change): Control {
  const { page } = words();
  const control = choice(name, [], change);
  const select = control.row.querySelector('select');
  const language = currentLanguage();
  const vendors = Object.entries(codes[name] ?? {}).map(([code, row]) =>
    option(code, `${code} ${row[language].description}`),
  );
  select?.append(...besides.map((word) => option(word, word === '' ? page.truth : wordsFor(name, word))));
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

function count(name: Name, unit: string, change: Change, least: number = 0): Control {
  const step = unit ? '100' : '1';
  const min = Number.isFinite(least) ? { min: String(least) } : {};
  const field = element('input', { type: 'number', ...min, step, id: idOf(name) });
  field.addEventListener('change', () => {
    if (field.value !== '' && field.valueAsNumber >= least) change({ [name]: field.valueAsNumber });
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
    case 'offset':
      return count(name, words().page.milliseconds, change, Number.NEGATIVE_INFINITY);
    default:
      return count(name, '', change);
  }
}

/** Settings that name calls: a table for each group of them, with a box for each call. */
const callTables = [
  ['lostMessages', ['loseRequest', 'loseResponse']],
  ['oddAnswers', ['limited', 'sendTwice', 'omitNumber']],
  ['oddSignatures', ['probe', 'unsigned', 'stale']],
] as const;
type CallSetting = (typeof callTables)[number][1][number];

function makeCallTable(
  title: (typeof callTables)[number][0],
  names: readonly CallSetting[],
  change: Change,
): { names: readonly CallSetting[]; table: HTMLElement; show(settings: SimulatorSettings): void } {
  const { settings: labels, page } = words();
  const box = (name: CallSetting, call: string): HTMLInputElement =>
    element('input', {
      type: 'checkbox',
      'data-setting': name,
      'data-call': call,
      'aria-label': `${page[title]}: ${call} ${labels[name]}`,
      change: () => change({ [name]: checked(name) }),
    });
  const rows = gatewayCalls.map((call) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, call),
      ...names.map((name) => element('td', {}, box(name, call))),
    ),
  );
  const head = element(
    'tr',
    {},
    ...[page.call, ...names.map((name) => labels[name])].map((text) => element('th', { scope: 'col' }, text)),
  );
  const badge = element('span', { class: 'badge' });
  const table = element(
    'details',
    { class: 'calls' },
    element('summary', {}, page[title], badge),
    element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)),
  );
  const boxes = [...table.querySelectorAll<HTMLInputElement>('input')];
  const checked = (name: string): string[] =>
    boxes
      .filter(({ dataset, checked }) => dataset.setting === name && checked)
      .map(({ dataset }) => dataset.call ?? '');
  return {
    names,
    table,
    show: (settings) => {
      for (const each of boxes)
        each.checked = names.some(
          (name) => each.dataset.setting === name && settings[name].some((call) => call === each.dataset.call),
        );
      const total = boxes.filter((each) => each.checked).length;
      badge.textContent = total > 0 ? String(total) : '';
    },
  };
}

const isScenario = (name: string): name is ScenarioName => Object.hasOwn(scenarios, name);

/** The gateway's and the customer's switches: made again for each language, then only shown. */
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
  const tables = callTables.map(([title, names]) => makeCallTable(title, names, change));
  const controls = groups.flatMap(([, settings]) => settings.map((name) => makeControl(name, change)));
  const fieldsets = groups.map(([group, settings]) =>
    element(
      'fieldset',
      {},
      element('legend', {}, groupNames[group]),
      ...controls.filter(({ name }) => settings.includes(name)).map(({ row }) => row),
      ...(group === 'network' ? tables.map(({ table }) => table) : []),
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
    for (const { names, table, show } of tables) {
      show(settings);
      table.classList.toggle('changed', names.some(differs));
      changes += names.filter(differs).length;
    }
    custom.hidden = changes === 0;
    custom.textContent = `${page.changed} ${changes} ↺`;
    custom.title = page.undo;
  };
}
