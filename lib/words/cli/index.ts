import { english } from './en.js';
import type { Words } from './words.js';
import { chinese } from './zh.js';

export { english } from './en.js';
export type { ErrorFacts } from './facts.js';
export type { Saying, Words } from './words.js';

/** What the command line speaks. */
export type Language = 'en' | 'zh';

export const languages: Readonly<Record<Language, Words>> = { en: english, zh: chinese };
