// Writes docs/payment-states.md and docs/refund-states.md, and both in Chinese: npm run docs:payment-states
import { writeFileSync } from 'node:fs';
import { languages, pageOf } from './languages.js';
import { statesPage } from './states-page.js';

for (const name of ['payment-states.md', 'refund-states.md'] as const)
  for (const language of languages) writeFileSync(pageOf(name, language), statesPage(name, language));
