import { expect } from 'chai';
import { errorRows } from '../../scripts/docs/error-table.js';
import { readPage } from './pages.js';

describe('the guide to errors', () => {
  for (const [path, language] of [
    ['docs/guide/04-errors.md', 'en'],
    ['docs/guide/zh/04-errors.md', 'zh'],
  ] as const)
    it(`is what the table of codes says (${path})`, () => {
      expect(
        readPage(path)
          .text.match(/^\|.*\|$/gm)
          ?.join('\n'),
        'npm run docs:errors',
      ).to.equal(errorRows(language));
    });
});
