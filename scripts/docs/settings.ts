// Writes the table of the simulator's settings into the guide's two pages: npm run docs:settings
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsSection } from './setting-table.js';

for (const [path, language] of [
  ['docs/guide/09-simulator.md', 'en'],
  ['docs/guide/zh/09-simulator.md', 'zh'],
] as const) {
  const text = readFileSync(path, 'utf8').replace(
    /(?<=<!-- settings:begin -->\n)[\s\S]*(?=\n<!-- settings:end -->)/,
    () => settingsSection(language),
  );
  writeFileSync(path, text);
}
