// Writes docs/error-codes.md, and in Chinese, from the catalogue in lib/pay/error-codes.ts: npm run docs:error-codes
import { writeFileSync } from 'node:fs';
import { errorCodesPage } from './error-codes-page.js';
import { languages, pageOf } from './languages.js';

for (const language of languages) writeFileSync(pageOf('error-codes.md', language), errorCodesPage(language));
