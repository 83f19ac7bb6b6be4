import { KnockError } from '../gateway-probe.js';
import type { Merchant } from './merchant.js';
import { adviceOn, reach } from './reach.js';
import { fail, type Good, ok, type Patient, type Verdict } from './verdict.js';

export async function checkFaceGateway(
  { merchant: { settings } }: { merchant: Merchant },
  patient: Patient,
): Promise<Verdict<Good>> {
  const [origin = ''] = settings.hosts.face;
  const answer = await reach(origin, settings, patient);
  return answer instanceof KnockError
    ? fail(answer.says, adviceOn(answer, patient.now()))
    : ok(({ doctor }) => doctor.reachable(origin), true);
}
