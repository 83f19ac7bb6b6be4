import type { Language } from '../../lib/words/language.js';

export type { Language };

/** One sentence in both languages: a missing one does not compile. */
export type Words = Readonly<Record<Language, string>>;

export const languages: readonly Language[] = ['en', 'zh'];

/** Where a reference page is in each language. */
export const pageOf = (name: string, language: Language): string =>
  language === 'en' ? `docs/${name}` : `docs/zh/${name}`;

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** A table of Markdown. */
export const table = (head: readonly string[], rows: ReadonlyArray<readonly string[]>): string =>
  [head, head.map(() => '---'), ...rows].map(row).join('\n');

export const code = (text: string): string => `\`${text}\``;
