// docs/benchmarks.md, whose sections the benchmarks write, and the same page in Chinese.
import { readFileSync, writeFileSync } from 'node:fs';
import { inChinese } from './chinese.mjs';

const page = new URL('../docs/benchmarks.md', import.meta.url);
const chinesePage = new URL('../docs/zh/benchmarks.md', import.meta.url);
const read = (file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n');

/** Whether the Chinese page has what the English one has. */
export const isCurrent = () => read(chinesePage) === inChinese(read(page));

export const writeChinese = () => writeFileSync(chinesePage, inChinese(read(page)));

/** Puts a section between its marks, in place of the one that is there. */
export function writeSection(name, section) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const text = read(page);
  const block = `${begin}\n${section.trimEnd()}\n${end}`;
  const marked = new RegExp(`${begin}[\\s\\S]*${end}`);
  writeFileSync(page, marked.test(text) ? text.replace(marked, () => block) : `${text.trimEnd()}\n\n${block}\n`);
  writeChinese();
}
