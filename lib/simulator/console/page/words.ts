import { byId } from './elements.js';
import { keep, recall } from './preferences.js';
import { type Language, type Texts, texts } from './texts.js';

const isLanguage = (name: string | undefined): name is Language => name === 'zh' || name === 'en';

const kept = recall('language');
let language: Language = isLanguage(kept) ? kept : navigator.language.startsWith('zh') ? 'zh' : 'en';

/** The page's words in the language of the person before it: by the browser's at first, then as chosen. */
export const words = (): Texts => texts[language];

/** For the err_codes' descriptions. */
export const currentLanguage = (): Language => language;

/** Puts its words into every element of the page that names them. */
export function label(): void {
  const { page, language: other } = words();
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = `wxpay-face ${page.simulator}`;
  byId('language', HTMLButtonElement).textContent = other;
  const textOf = (name: string | undefined): string =>
    Object.entries(page).find(([known]) => known === name)?.[1] ?? '';
  for (const marked of document.querySelectorAll<HTMLElement>('[data-text]'))
    marked.textContent = textOf(marked.dataset.text);
  for (const marked of document.querySelectorAll<HTMLElement>('[data-label]'))
    marked.setAttribute('aria-label', textOf(marked.dataset.label));
}

export function changeLanguage(): void {
  language = language === 'zh' ? 'en' : 'zh';
  keep('language', language);
}

/** As the cashier's sentences write it: ¥1,234.50. */
export const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2).replace(/\B(?=(?:\d{3})+\.)/g, ',')}`;

/** Whole fen of an amount in yuan as a person types it, or undefined. */
export function fenOf(text: string): number | undefined {
  const [, whole = '', part = ''] = /^(\d{1,8})(?:\.(\d{1,2}))?$/.exec(text.trim()) ?? [];
  return whole === '' ? undefined : Number(whole) * 100 + Number(part.padEnd(2, '0'));
}
