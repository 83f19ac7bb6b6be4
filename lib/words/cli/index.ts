import type { Language } from '../language.js';
import { english } from './en.js';
import type { Words } from './words.js';
import { chinese } from './zh.js';

export { english } from './en.js';
export type { ErrorFacts } from './facts.js';
export type { Saying, Words } from './words.js';

export const languages: Readonly<Record<Language, Words>> = { en: english, zh: chinese };
