import { describe } from '../../../words/describe.js';
import type { Snapshot } from '../snapshot.js';
import type { Display, ReportedOutcome, Step, TillState } from '../till-state.js';
import { yuan } from './amounts.js';
import { byId, element, icon, showList } from './elements.js';
import { currentLanguage, words } from './words.js';

type Mood = 'good' | 'wait' | 'quiet' | 'bad';

/** By the status of an outcome; an error has none. */
const moods: Readonly<Record<string, Mood>> = {
  paid: 'good',
  refunded: 'good',
  processing: 'wait',
  reversing: 'wait',
  scan: 'quiet',
  cancelled: 'quiet',
  reversed: 'quiet',
};
const marks: Readonly<Record<Mood, string>> = { good: 'check', wait: 'clock', quiet: 'off', bad: 'cross' };

export const moodOfTold = (told: ReportedOutcome): Mood => ('status' in told ? (moods[told.status] ?? 'bad') : 'bad');

/** A sale's or a refund's end, in the words that a cashier is given. */
export const titleOf = (told: ReportedOutcome): string => describe(told, currentLanguage()).title;

/** What is told, and whether the goods may go: a refund says nothing of goods. */
function toldParts(told: ReportedOutcome): HTMLElement[] {
  const { handOver: deliver, keepGoods } = words().page;
  const { title, text, advice, handOver } = describe(told, currentLanguage());
  const mood = moodOfTold(told);
  const isRefund = 'kind' in told;
  return [
    element('div', { class: `mark ${mood}` }, icon(marks[mood])),
    element('p', { class: 'title' }, title),
    element('p', {}, text),
    element('p', { class: 'advice' }, advice),
    ...(isRefund
      ? []
      : [element('p', { class: `hand-over ${handOver ? 'good' : 'quiet'}` }, handOver ? deliver : keepGoods)]),
  ];
}

/** Of a code from the scanner that can't pay; the sale goes on. */
function wrongParts(code: NonNullable<Display['wrong']>): HTMLElement[] {
  const { title, advice } = describe({ code }, currentLanguage());
  return [element('p', { class: 'wrong' }, title), element('p', {}, advice)];
}

function toldNow(display: Display | undefined): HTMLElement[] {
  const { page, cashierSteps, deeds } = words();
  if (!display) return [element('p', { class: 'title' }, page.ready), element('p', {}, page.readyHint)];
  const { deed, out_trade_no, out_refund_no, fee, steps, wrong, told } = display;
  const step = steps.at(-1)?.step;
  return [
    element(
      'p',
      { class: 'sum' },
      element('strong', {}, yuan(fee)),
      element('small', {}, out_refund_no ?? out_trade_no),
    ),
    ...(told ? toldParts(told) : [element('p', { class: 'title' }, step ? cashierSteps[step] : deeds[deed])]),
    ...(told === undefined && wrong ? wrongParts(wrong) : []),
  ];
}

function stepItem({ step, at, attempt, until, trouble }: Step, next: Step | undefined): HTMLElement {
  const { cashierSteps, troubles } = words();
  return element(
    'li',
    next ? {} : { class: 'now' },
    element('span', {}, cashierSteps[step]),
    ...(attempt !== undefined && attempt > 1 ? [element('small', {}, `×${attempt}`)] : []),
    ...(trouble ? [element('small', { class: 'trouble' }, troubles[trouble])] : []),
    next
      ? element('small', { class: 'took' }, `${((next.at - at) / 1000).toFixed(1)} s`)
      : element('small', { class: 'took', ...(until !== undefined && { 'data-until': String(until) }) }),
  );
}

/** How long what goes on may still take. */
export function countDown(): void {
  for (const left of document.querySelectorAll<HTMLElement>('#steps [data-until]'))
    left.textContent = `≤ ${Math.max(0, Math.ceil((Number(left.dataset.until) - Date.now()) / 1000))} s`;
}

function showHealth({ health }: TillState): void {
  const { page, healthNames, cameraHealth, merchantHealth, warnings } = words();
  const lamp = (mood: Mood, text: string): HTMLElement => element('li', { class: `state ${mood}` }, text);
  const place = byId('health', HTMLElement);
  const moodOf = { unknown: 'quiet', ready: 'good', reachable: 'good', down: 'bad', unreachable: 'bad' } as const;
  const lamps = health
    ? [
        lamp(moodOf[health.camera], `${healthNames.camera} ${cameraHealth[health.camera]}`),
        lamp(moodOf[health.merchant], `${healthNames.merchant} ${merchantHealth[health.merchant]}`),
        ...(health.unfinished > 0 ? [lamp('wait', `${healthNames.unfinished} ${health.unfinished}`)] : []),
        ...health.warnings.map((warning) => lamp('wait', warnings[warning] ?? warning)),
      ]
    : [lamp('quiet', page.closedTill)];
  showList(
    place,
    lamps,
    ({ textContent }) => textContent ?? '',
    ({ className }) => className,
    (each) => each,
  );
}

/** What the cashier sees. */
export function showDisplay({ till }: Snapshot): void {
  const { display } = till;
  const shown = { ...display, steps: [], step: display?.steps.at(-1)?.step };
  const place = byId('display', HTMLElement);
  place.dataset.mood = display?.told ? moodOfTold(display.told) : till.running ? 'busy' : 'idle';
  showList(
    byId('told', HTMLElement),
    [shown],
    () => 'told',
    (content) => JSON.stringify([content, currentLanguage()]),
    () => element('div', {}, ...toldNow(display)),
  );
  const steps = display?.steps ?? [];
  showList(
    byId('steps', HTMLElement),
    steps.map((step, index) => ({ step, next: steps[index + 1] ?? (display?.told && step), index })),
    ({ index, step }) => `${display?.out_trade_no} ${index} ${step.at}`,
    (item) => JSON.stringify([item, currentLanguage()]),
    ({ step, next }) => stepItem(step, next),
  );
  showHealth(till);
  countDown();
}
