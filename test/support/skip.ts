/** Skips a test, or in a hook all tests of its suite: by name, the reason beside it in the report. */
export function skip(context: Mocha.Context, reason: string): never {
  const { test } = context;
  const addReason = (skipped: { title: string }): void => {
    skipped.title += ` (skipped: ${reason})`;
  };
  if (test && 'type' in test && test.type === 'hook') test.parent?.eachTest(addReason);
  else if (test) addReason(test);
  return context.skip();
}

/** A test that interrupts the command as Ctrl-C does. */
export function interruptible(title: string, test: Mocha.AsyncFunc): void {
  if (process.platform !== 'win32') it(title, test);
  else it.skip(`${title} (skipped: Node.js can send no other process a signal there, but only end it)`, test);
}
