import { KnockError } from '../gateway-probe.js';
import type { Merchant } from './merchant.js';
import { networkAdvice, type Reached, reach } from './reach.js';
import { fail, ok, type Patient, type Verdict } from './verdict.js';

export async function checkGateway(
  { merchant: { settings } }: { merchant: Merchant },
  patient: Patient,
): Promise<Verdict<Reached>> {
  const [origin = ''] = settings.hosts.pay;
  const began = patient.now();
  const answer = await reach(origin, settings, patient);
  if (answer instanceof KnockError && !answer.inTls) return fail(answer.says, networkAdvice);
  return ok(({ doctor }) => doctor.reachable(origin), { answer, at: (began + patient.now()) / 2 });
}
