// npm run docs:field-mapping
import { writeFileSync } from 'node:fs';
import { languages, pageOf } from '../../scripts/docs/languages.js';
import { fieldMappingPages } from './field-mapping.js';

const pages = fieldMappingPages();
for (const language of languages) writeFileSync(pageOf('field-mapping.md', language), pages[language]);
