import type { Context } from 'mocha';

/** mocha's, with --require: no test waits for longer, whatever its suite allows. Where a rule is left out, many would wait in vain. */
export const mochaHooks = {
  beforeEach(this: Context): void {
    this.currentTest?.timeout(20_000);
  },
};
