import { byId, labelElements } from '../../../../lib/simulator/console/page/elements.js';
import { keep } from '../../../../lib/simulator/console/page/preferences.js';
import type { Language, ShownCase, ShownRecord } from '../shown.js';
import { type Texts, texts } from './texts.js';

/** The server chose it: as the person once did, else by the browser's Accept-Language. */
let language: Language = document.documentElement.lang === 'en' ? 'en' : 'zh';

export const words = (): Texts => texts[language];

export const currentLanguage = (): Language => language;

/** Puts the page's words into every element that names them. */
export function label(): void {
  const { page, language: other } = words();
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = `wxpay-face ${page.title}`;
  const button = byId('language', HTMLButtonElement);
  button.textContent = other;
  button.lang = language === 'zh' ? 'en' : 'zh-CN';
  labelElements(page);
  byId('look-up-number', HTMLInputElement).placeholder = page.number;
}

export function changeLanguage(): void {
  language = language === 'zh' ? 'en' : 'zh';
  keep('language', language);
  label();
}

/** In the time of whoever looks: hours today, else with the day. */
export function timeOf(at: number): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false } as const;
  const day = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  return date.toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', isToday ? clock : { ...day, ...clock });
}

/** 20261127 as 2026-11-27. */
export const dayOf = (day: string): string => day.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');

export const stateOf = ({ kind, state }: Pick<ShownRecord, 'kind' | 'state'>): string => words()[kind][state] ?? state;

const moods: Readonly<Record<string, string>> = {
  paid: 'good',
  refunded: 'good',
  attention: 'bad',
  declined: 'quiet',
  failed: 'quiet',
  cancelled: 'quiet',
  reversed: 'quiet',
  refused: 'quiet',
};

/** How a state looks; what is under way waits. */
export const moodOf = (state: string): string => moods[state] ?? 'wait';

/** What to do about it: the cashier's sentence is for who stands before the customer, an attention is for who reads this. */
export const adviceOf = ({ kind, why, state, told }: ShownCase): string | undefined =>
  state === 'paid' ? undefined : (words().duties[kind][why ?? ''] ?? told.advice);
