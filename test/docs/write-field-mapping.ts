// npm run docs:field-mapping
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldMappingPage } from './field-mapping.js';
import { root } from './pages.js';

writeFileSync(join(root, 'docs/field-mapping.md'), fieldMappingPage());
