import { byId, labelElements } from './elements.js';
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
  labelElements(page);
}

export function changeLanguage(): void {
  language = language === 'zh' ? 'en' : 'zh';
  keep('language', language);
}
