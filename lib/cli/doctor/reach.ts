import { PayTransportError } from '../../pay/errors.js';
import type { Settings } from '../../pay/options.js';
import type { Saying } from '../../words/cli/index.js';
import { type Knock, KnockError, knock } from '../gateway-probe.js';
import { localTime } from '../time.js';
import type { Patient } from './verdict.js';

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
export const adviceOn = ({ inTls }: KnockError, now: number): Saying =>
  inTls ? ({ doctor }) => doctor.trust(localTime(now)) : networkAdvice;

/** Nothing usable came back; but an alert within TLS is the gateway's own word, and the network is good. */
export function isNetworkFault(error: unknown): boolean {
  if (!(error instanceof PayTransportError)) return false;
  const { cause } = error;
  return !(cause instanceof Error && 'code' in cause && /^ERR_SSL_.*_ALERT_/.test(String(cause.code)));
}

export const reach = async (origin: string, settings: Settings, { signal }: Patient): Promise<Knock | KnockError> =>
  knock(origin, settings, signal).catch((error: unknown) => {
    if (error instanceof KnockError) return error;
    throw error;
  });
