import { expect } from 'chai';
import { settingsSection } from '../../scripts/docs/setting-table.js';
import { readPage } from './pages.js';

describe('the guide to the simulator', () => {
  for (const [path, language] of [
    ['docs/guide/09-simulator.md', 'en'],
    ['docs/guide/zh/09-simulator.md', 'zh'],
  ] as const)
    it(`has every setting with its values and its default (${path})`, () => {
      const [, section] = /<!-- settings:begin -->\n([\s\S]*)\n<!-- settings:end -->/.exec(readPage(path).text) ?? [];
      expect(section, 'npm run docs:settings').to.equal(settingsSection(language));
    });
});
