import type { Settings } from '../../pay/options.js';
import type { Saying } from '../../words/cli/index.js';
import { type Knock, KnockError, knock } from '../gateway-probe.js';
import { localDay, localTime } from '../time.js';
import type { Merchant } from './merchant.js';
import { fail, type Good, ok, type Patient, skip, type Verdict, warn } from './verdict.js';

/** A host that was reached, whoever it is, and when, by this machine's clock. */
export interface Reached {
  readonly answer: Knock | KnockError;
  readonly at: number;
}

/** The same, and it is the gateway. */
export interface Trusted {
  readonly answer: Knock;
  readonly at: number;
}

export const networkAdvice: Saying = ({ doctor }) => doctor.network;

/** Who was reached, but can't be trusted, is not a matter of the network. */
const adviceOn = ({ inTls }: KnockError, now: number): Saying =>
  inTls ? ({ doctor }) => doctor.trust(localTime(now)) : networkAdvice;

const reach = async (origin: string, settings: Settings, { signal }: Patient): Promise<Knock | KnockError> =>
  knock(origin, settings, signal).catch((error: unknown) => {
    if (error instanceof KnockError) return error;
    throw error;
  });

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

export function checkTls({ gateway }: { gateway: Reached }, { now }: Patient): Verdict<Trusted> {
  const { answer, at } = gateway;
  if (answer instanceof KnockError) return fail(answer.says, adviceOn(answer, now()));
  return ok(({ doctor }) => doctor.tls(answer.protocol, localDay(answer.validTo)), { answer, at });
}

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
