import { KnockError } from '../gateway-probe.js';
import { localDay } from '../time.js';
import { adviceOn, type Reached, type Trusted } from './reach.js';
import { fail, ok, type Patient, type Verdict } from './verdict.js';

export function checkTls({ gateway }: { gateway: Reached }, { now }: Patient): Verdict<Trusted> {
  const { answer, at } = gateway;
  if (answer instanceof KnockError) return fail(answer.says, adviceOn(answer, now()));
  return ok(({ doctor }) => doctor.tls(answer.protocol, localDay(answer.validTo)), { answer, at });
}
