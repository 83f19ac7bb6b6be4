import type { Settings } from '../../pay/options.js';
import { type Knock, KnockError, knock } from '../gateway-probe.js';
import type { Merchant } from './merchant.js';
import { dateOf, fail, type Good, ok, type Patient, skip, type Verdict, warn } from './verdict.js';

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

export const networkAdvice =
  'look at the network cable, DNS, the firewall, and whether a `proxy` is needed; the shop’s router must let HTTPS out';

/** Who was reached, but can't be trusted, is no matter of the network. */
const adviceOn = ({ inTls }: KnockError, now: number): string =>
  inTls
    ? `set this machine’s clock (it says ${new Date(now).toISOString()}); a proxy or an antivirus program that opens HTTPS needs its authority in \`ca\``
    : networkAdvice;

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
  if (answer instanceof KnockError && !answer.inTls) return fail(answer.message, networkAdvice);
  return ok(`${origin} is reachable`, { answer, at: (began + patient.now()) / 2 });
}

export function checkTls({ gateway }: { gateway: Reached }, { now }: Patient): Verdict<Trusted> {
  const { answer, at } = gateway;
  if (answer instanceof KnockError) return fail(answer.message, adviceOn(answer, now()));
  return ok(`${answer.protocol}, the gateway’s certificate is good until ${dateOf(answer.validTo)}`, { answer, at });
}

export async function checkBackupGateway(
  { merchant: { settings } }: { merchant: Merchant },
  patient: Patient,
): Promise<Verdict<Good>> {
  const [, origin] = settings.hosts.pay;
  if (origin === undefined) return skip('none is configured');
  const answer = await reach(origin, settings, patient);
  if (!(answer instanceof KnockError)) return ok(`${origin} is reachable`, true);
  return warn(answer.message, `payments go on while the first host works; ${adviceOn(answer, patient.now())}`, true);
}

export async function checkFaceGateway(
  { merchant: { settings } }: { merchant: Merchant },
  patient: Patient,
): Promise<Verdict<Good>> {
  const [origin = ''] = settings.hosts.face;
  const answer = await reach(origin, settings, patient);
  return answer instanceof KnockError
    ? fail(answer.message, adviceOn(answer, patient.now()))
    : ok(`${origin} is reachable`, true);
}
