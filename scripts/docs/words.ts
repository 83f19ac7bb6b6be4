// Writes docs/words.md, all that a cashier is told, and in Chinese: npm run docs:words
import { writeFileSync } from 'node:fs';
import { languages, pageOf } from './languages.js';
import { wordsPage } from './words-page.js';

for (const language of languages) writeFileSync(pageOf('words.md', language), wordsPage(language));
