import { byId } from './elements.js';
import { type Language, type Texts, texts } from './texts.js';

const isLanguage = (name: string | null): name is Language => name === 'zh' || name === 'en';

const kept = localStorage.getItem('language');
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
  localStorage.setItem('language', language);
}

export const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2)}`;
