import type { english } from './en.js';

/** All that the command line says, in one language. English has every sentence; another that lacks one doesn't compile. */
export type Words = typeof english;

/** A sentence in whichever language. */
export type Saying = (words: Words) => string;
