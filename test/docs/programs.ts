import { type Block, guides, type Page, readPage } from './pages.js';

/** A block of code that a reader runs as it is, under the name that the page gives it. */
export interface Program {
  readonly title: string;
  readonly page: string;
  readonly line: number;
  readonly name: string;
  readonly code: string;
}

/** What the other examples import: `till.mjs` and `parts.mjs`. */
const isModule = ({ name }: Program): boolean => name === 'till.mjs' || name === 'parts.mjs';

/** Blocks in which a test stands in for what a reader has: Electron, electron-forge. */
const isForElsewhere = ({ code }: Block): boolean => /require\('electron'\)|packagerConfig/.test(code);

/** The name in the line before its fence; else one of its kind. */
function nameOf({ text }: Page, { code, line }: Block): string {
  const lead = text
    .split('\n')
    .slice(Math.max(0, line - 5), line - 2)
    .join('\n');
  const named = /`(\w+\.[cm]js)`/.exec(lead)?.[1];
  return named ?? (/\brequire\(/.test(code) ? 'example.cjs' : 'example.mjs');
}

const programsOf = (page: Page): Program[] =>
  page.blocks
    .filter((block) => /^(?:ts|js)\b/.test(block.info) && !isForElsewhere(block))
    .map((block) => ({
      title: `${page.path}:${block.line}`,
      page: page.path,
      line: block.line,
      name: nameOf(page, block),
      code: block.code,
    }));

const all = ['README.md', 'README.zh-CN.md', ...guides].map(readPage).flatMap(programsOf);

export const modules = all.filter(isModule);
export const programs = all.filter((program) => !isModule(program));
