import type { Saying } from '../../words/cli/index.js';
import type { Trusted } from './reach.js';
import { fail, type Good, ok, type Verdict, warn } from './verdict.js';

/** Milliseconds by which a clock may differ: of what is harmless, and of what signed and timed requests bear. */
const limits = { harmless: 30_000, bearable: 300_000 };

export function checkClock({ tls: { answer, at } }: { tls: Trusted }): Verdict<Good> {
  if (answer.date === undefined)
    return warn(
      ({ doctor }) => doctor.clock.noDate,
      ({ doctor }) => doctor.clock.compare,
      true,
    );
  // The gateway's second began up to a second before it answered.
  const ahead = Math.round((at - answer.date - 500) / 1000);
  const seconds = Math.abs(ahead);
  const off = seconds * 1000;
  const says: Saying = ({ doctor: { clock } }) => (ahead < 0 ? clock.behind(seconds) : clock.ahead(seconds));
  const todo: Saying = ({ doctor }) => doctor.clock.set;
  if (off <= limits.harmless) return ok(says, true);
  return off <= limits.bearable ? warn(says, todo, true) : fail(says, todo);
}
