import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Compiled to build/<folder>/test/docs. */
export const root = fileURLToPath(new URL('../../../../', import.meta.url));

export interface Block {
  /** The fence's word: a language. */
  readonly info: string;
  readonly code: string;
  /** The line that its code begins in. */
  readonly line: number;
}

export interface Page {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** A page of Markdown by its path in the project. */
export function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n');
  const blocks = [...text.matchAll(/^```(\S[^\n]*)\n([\s\S]*?)^```$/gm)].map(
    ({ 1: info = '', 2: code = '', index }): Block => ({
      info,
      code,
      line: text.slice(0, index).split('\n').length + 1,
    }),
  );
  return { path, text, blocks };
}

/** GitHub's name of a heading's anchor. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/`/g, '')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

export const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '');
export const headingsOf = (text: string) =>
  [...withoutCode(text).matchAll(/^(#+) (.*)$/gm)].map(({ 1: level = '', 2: words = '' }) => ({ level, words }));

/** Of a page's headings. */
export const anchorsOf = (path: string): string[] =>
  headingsOf(readPage(path).text).map(({ words }) => anchorOf(words));

const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `${folder}/${name}`);

export const guides = markdownIn('docs/guide');
export const chineseGuides = markdownIn('docs/guide/zh');
/** What is looked up, rather than read from beginning to end. */
export const references = markdownIn('docs');
export const chineseReferences = markdownIn('docs/zh');
export const allPages = [
  'README.md',
  'README.zh-CN.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'examples/README.md',
  ...references,
  ...chineseReferences,
  ...guides,
  ...chineseGuides,
];
