import type { Trusted } from './gateway.js';
import { fail, type Good, ok, type Verdict, warn } from './verdict.js';

/** Milliseconds by which a clock may differ: of what is harmless, and of what signed and timed requests bear. */
const limits = { harmless: 30_000, bearable: 300_000 };

export function checkClock({ tls: { answer, at } }: { tls: Trusted }): Verdict<Good> {
  if (answer.date === undefined) return warn('the gateway’s answer has no Date', 'compare the clock by hand', true);
  // The gateway's second began up to a second before it answered.
  const ahead = Math.round((at - answer.date - 500) / 1000);
  const off = Math.abs(ahead) * 1000;
  const says = `${Math.abs(ahead)} s ${ahead < 0 ? 'behind' : 'ahead of'} the gateway`;
  const todo = 'let the system set its clock by itself (Windows: w32tm /resync), and look at its time zone';
  if (off <= limits.harmless) return ok(says, true);
  return off <= limits.bearable ? warn(says, todo, true) : fail(says, todo);
}
