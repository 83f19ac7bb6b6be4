import { KnockError } from '../gateway-probe.js';
import type { Merchant } from './merchant.js';
import { adviceOn, reach } from './reach.js';
import { type Good, ok, type Patient, skip, type Verdict, warn } from './verdict.js';

export async function checkBackupGateway(
  { merchant: { settings } }: { merchant: Merchant },
  patient: Patient,
): Promise<Verdict<Good>> {
  const [, origin] = settings.hosts.pay;
  if (origin === undefined) return skip(({ doctor }) => doctor.noBackup);
  const answer = await reach(origin, settings, patient);
  if (!(answer instanceof KnockError)) return ok(({ doctor }) => doctor.reachable(origin), true);
  const advice = adviceOn(answer, patient.now());
  return warn(answer.says, (words) => words.doctor.firstHostWorks(advice(words)), true);
}
