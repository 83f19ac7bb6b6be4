import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import {
  allPages,
  anchorsOf,
  chineseGuides,
  chineseReferences,
  guides,
  headingsOf,
  readPage,
  references,
  root,
  withoutCode,
} from './pages.js';

/** A line of Markdown without what has marks of its own: comments, code, the targets of links and pictures, tables' rules, numbers. */
const bare = (line: string): string =>
  line
    .replace(/<!--.*?-->/g, '')
    .replace(/`[^`]*`(?:, `[^`]*`)*/g, '')
    .replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, '$1')
    .replace(/^\|(?: ?-+ ?\|)+$/, '')
    .replace(/(?<=\d)[:,](?=\d)/g, '');

const withoutWords = (code: string): string => code.replace(/(\/\/|#).*$/gm, '').replaceAll("'zh'", "'en'");

const rowsOf = (text: string): string[] => withoutCode(text).match(/^\|.*\|$/gm) ?? [];

describe('the pages', () => {
  it('have links that lead somewhere', () => {
    const broken: string[] = [];
    for (const path of allPages) {
      for (const [, link = ''] of withoutCode(readPage(path).text).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : join(dirname(path), file);
        if (!existsSync(join(root, target))) broken.push(`${path}: ${link}`);
        else if (anchor !== undefined && !anchorsOf(target).includes(decodeURIComponent(anchor)))
          broken.push(`${path}: ${link}`);
      }
    }
    expect(broken).to.deep.equal([]);
  });

  it('show every picture that there is', () => {
    const shown = allPages.flatMap((path) =>
      [...readPage(path).text.matchAll(/!\[[^\]]+\]\(([^)\s]+)\)/g)].map(([, link = '']) => join(dirname(path), link)),
    );
    for (const name of readdirSync(join(root, 'docs', 'images')))
      expect(shown).to.include(join('docs', 'images', name));
  });

  it('are the same in Chinese as in English', () => {
    expect(guides).to.have.length.above(9);
    const names = (paths: readonly string[]) => paths.map((path) => path.split('/').pop());
    expect(names(chineseGuides)).to.deep.equal(names(guides));
    expect(names(chineseReferences)).to.deep.equal(names(references));
  });

  const pairs = [
    ['README.md', 'README.zh-CN.md'] as const,
    ...[...guides, ...references].map(
      (path, index) => [path, [...chineseGuides, ...chineseReferences][index] ?? ''] as const,
    ),
  ];
  for (const [path, chinesePath] of pairs)
    it(`say the same in both languages: ${path}`, () => {
      const english = readPage(path);
      const chinese = readPage(chinesePath);
      // README's comments, what it describes, the words in its diagram, and what a command prints, are in its own language.
      const code = ({ blocks }: typeof english) =>
        blocks
          .filter(({ info }) => !['mermaid', 'console'].includes(info))
          .map(({ info, code }) => ({ info, code: path === 'README.md' ? withoutWords(code) : code }));
      expect(code(chinese)).to.deep.equal(code(english));
      const levels = ({ text }: typeof english) => headingsOf(text).map(({ level }) => level);
      expect(levels(chinese)).to.deep.equal(levels(english));
      expect(rowsOf(chinese.text)).to.have.length(rowsOf(english.text).length);
      const items = ({ text }: typeof english) => withoutCode(text).match(/^(?:-|\d+\.) /gm)?.length ?? 0;
      expect(items(chinese)).to.equal(items(english));
      expect(chinese.text).to.match(/\p{Script=Han}/u);
    });

  for (const [, path] of pairs) {
    it(`have Chinese marks in their Chinese sentences: ${path}`, () => {
      const halfWidth = withoutCode(readPage(path).text)
        .split('\n')
        .filter((line) => /[,:;?!()]/.test(bare(line)));
      expect(halfWidth).to.deep.equal([]);
    });

    it(`call the journal 流水: ${path}`, () => {
      expect(readPage(path).text).not.to.include('日志');
    });
  }

  it('have the numbers of the benchmarks in both languages', () => {
    const script = join(root, 'scripts', 'docs', 'benchmarks.mjs');
    expect(spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).to.include({
      status: 0,
      stderr: '',
    });
  });
});
