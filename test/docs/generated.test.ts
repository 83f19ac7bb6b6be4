import { expect } from 'chai';
import { errorCodesPage } from '../../scripts/docs/error-codes-page.js';
import { languages, pageOf } from '../../scripts/docs/languages.js';
import { statesPage } from '../../scripts/docs/states-page.js';
import { wordsPage } from '../../scripts/docs/words-page.js';
import { readPage } from './pages.js';

describe('the pages that are made of tables of the code', () => {
  for (const language of languages) {
    for (const name of ['payment-states.md', 'refund-states.md'] as const)
      it(`are what the transitions say: ${pageOf(name, language)}`, () => {
        expect(readPage(pageOf(name, language)).text, 'npm run docs:payment-states').to.equal(
          statesPage(name, language),
        );
      });

    it(`are what the catalogue of error codes says: ${pageOf('error-codes.md', language)}`, () => {
      expect(readPage(pageOf('error-codes.md', language)).text, 'npm run docs:error-codes').to.equal(
        errorCodesPage(language),
      );
    });

    it(`are what a cashier is told: ${pageOf('words.md', language)}`, () => {
      expect(readPage(pageOf('words.md', language)).text, 'npm run docs:words').to.equal(wordsPage(language));
    });
  }
});
