// Mocha's reporter of npm test: a line for each part that is done, with how much of all that is and how long it took, and
// each failure at once. CommonJS, since mocha requires it. `npx mocha -R spec` shows every sentence instead.
'use strict';
const { performance } = require('node:perf_hooks');
const Mocha = require('mocha');

const clockOf = (ms) => {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

module.exports = class Progress extends Mocha.reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    const began = performance.now();
    let done = 0;
    const { EVENT_TEST_END, EVENT_TEST_FAIL, EVENT_SUITE_END, EVENT_RUN_END } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_END, () => {
      done += 1;
    });
    runner.on(EVENT_TEST_FAIL, (test) => console.log(`  failed: ${test.fullTitle()}`));
    runner.on(EVENT_SUITE_END, ({ parent, title }) => {
      if (!parent?.root) return;
      const share = `${Math.floor((100 * done) / Math.max(runner.total, 1))} %`;
      console.log(`${share.padStart(5)}  ${clockOf(performance.now() - began).padStart(5)}  ${title}`);
    });
    runner.once(EVENT_RUN_END, () => this.epilogue());
  }
};
