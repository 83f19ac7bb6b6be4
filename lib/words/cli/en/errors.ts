import type { ErrorFacts } from '../facts.js';

/** What a command could not do. */
export const errors = {
  /** Messages are English already. */
  of: ({ message }: ErrorFacts) => message,
  line: (says: string) => `wxpay-face: ${says}`,
  /** What the library warns of. */
  warning: (message: string) => `warning: ${message}`,
};
