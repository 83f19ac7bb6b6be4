import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { allPages, anchorsOf, chineseGuides, guides, headingsOf, readPage, root, withoutCode } from './pages.js';

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

  it('are the same guides in Chinese as in English', () => {
    expect(guides).to.have.length.above(9);
    const names = (paths: readonly string[]) => paths.map((path) => path.split('/').pop());
    expect(names(chineseGuides)).to.deep.equal(names(guides));
  });

  const pairs = guides.map((path, index) => [path, chineseGuides[index] ?? ''] as const);
  for (const [path, chinesePath] of [['README.md', 'README.zh-CN.md'] as const, ...pairs])
    it(`say the same in both languages: ${path}`, () => {
      const english = readPage(path);
      const chinese = readPage(chinesePath);
      // README's comments, the words in its diagram, and what a command prints, are in its own language.
      const code = ({ blocks }: typeof english) =>
        blocks
          .filter(({ info }) => !['mermaid', 'console'].includes(info))
          .map(({ info, code }) => ({ info, code: path === 'README.md' ? code.replace(/(\/\/|#).*$/gm, '') : code }));
      expect(code(chinese)).to.deep.equal(code(english));
      const levels = ({ text }: typeof english) => headingsOf(text).map(({ level }) => level);
      expect(levels(chinese)).to.deep.equal(levels(english));
      expect(rowsOf(chinese.text)).to.have.length(rowsOf(english.text).length);
      const items = ({ text }: typeof english) => withoutCode(text).match(/^(?:-|\d+\.) /gm)?.length ?? 0;
      expect(items(chinese)).to.equal(items(english));
      expect(chinese.text).to.match(/\p{Script=Han}/u);
    });
});
