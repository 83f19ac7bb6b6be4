import { createRequire } from 'node:module';

/** Compiled to build/lib/operation. */
const { version: ours } = Object(createRequire(import.meta.url)('../../../package.json'));

/** Of this package. */
export const version = String(ours);
