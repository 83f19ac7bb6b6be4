// Writes the table of codes into the guide's two pages on errors: npm run docs:errors
import { readFileSync, writeFileSync } from 'node:fs';
import { errorRows } from './error-table.js';

// Compiled to build/<folder>/scripts/docs.
const guide = new URL('../../../../docs/guide/', import.meta.url);

for (const [path, language] of [
  ['04-errors.md', 'en'],
  ['zh/04-errors.md', 'zh'],
] as const) {
  const page = new URL(path, guide);
  // The page's only table.
  const text = readFileSync(page, 'utf8').replace(/^(?:\|.*\|\n)+/m, () => `${errorRows(language)}\n`);
  writeFileSync(page, text);
}
